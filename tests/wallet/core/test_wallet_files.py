"""What the wallet needs to open without network is kept, and every word of both pages exists in both languages."""

import json
import re
import subprocess

import pytest

from tests.running import ROOT
from tests.wallet.core.javascript import node

LATER = re.compile(r"""\bimport\(["']\./([^"']+\.js)["']\)""")
IMPORT = re.compile(r"""\bfrom\s*["']\./([^"']+\.js)["']""")
LINKED = re.compile(r"""<(?:link|script)\b[^>]*(?:href|src)="([^"]+)\"""")
TRANSLATIONS = ["wallet/core/translations", "wallet/miniprogram/translations", "adapters/scanner/static/translations"]
WORKER = "globalThis.self = { addEventListener() {} }; globalThis.importScripts = () => {};"
"""What a service worker finds around it, as far as its lists need it."""
LIBRARIES = ROOT / "wallet" / "lib"
SCANNER = "adapters/scanner/static/service-worker.js"


def listed(expression: str, worker: str = "wallet/static/service-worker.js") -> list[str]:
    """Return a list of addresses as a service worker has it."""
    script = (ROOT / worker).read_text()
    listing = f"{WORKER}{script}console.log(JSON.stringify({expression}));"
    done = subprocess.run([node(), "-e", listing], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_the_service_worker_keeps_exactly_what_the_page_loads() -> None:
    page = (ROOT / "wallet" / "templates" / "wallet.html").read_text()
    kept = listed("FILES")
    assert sorted(kept) == sorted(["/wallet/", *LINKED.findall(page)])
    joined = (LIBRARIES / "wallet.js").read_text()
    assert IMPORT.findall(joined) == [], "the script asks for more before it starts"


def test_the_service_worker_keeps_what_the_wallet_loads_later_once_it_is_loaded() -> None:
    later = loaded_later((LIBRARIES / "wallet.js").read_text())
    assert set(listed("LATER")) == {f"/wallet/lib/{name}" for name in [*later, "zxing_reader.wasm"]}


def test_the_scanners_service_worker_keeps_all_that_the_scanner_ever_loads() -> None:
    """A terminal that starts without network cannot fetch anything later, and any page of a scene may be the one."""
    joined = (LIBRARIES / "scanner.js").read_text()
    assert IMPORT.findall(joined) == [], "the script asks for more before it starts"
    page = (ROOT / "adapters" / "scanner" / "scanner.html").read_text()
    later = {f"/wallet/lib/{name}" for name in [*loaded_later(joined), "zxing_reader.wasm"]}
    assert sorted(listed("FILES", SCANNER)) == sorted({*LINKED.findall(page), *later})
    asked = ["/scanner/bus", "/scanner/scenic_spot", "/scanner/service-worker.js", "/scan/v1/bus"]
    assert listed(f"{asked}.filter((address) => PAGE.test(address))", SCANNER) == asked[:2]


def loaded_later(joined: str) -> set[str]:
    """Return the libraries that a script loads when they are needed, and what those load."""
    later = set(LATER.findall(joined))
    return later | {name for module in later for name in IMPORT.findall((LIBRARIES / module).read_text())}


@pytest.mark.parametrize("folder", TRANSLATIONS)
def test_both_languages_have_the_same_words_and_none_is_empty(folder: str) -> None:
    script = f"""Promise.all(["zh", "en"].map((name) => import(`{ROOT / folder}/${{name}}.js`)))
      .then((tables) => console.log(JSON.stringify(tables.map((table) => table.default))));"""
    done = subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True)
    chinese, english = json.loads(done.stdout)
    assert chinese.keys() == english.keys()
    for key, words in chinese.items():
        assert words
        assert english[key]
        assert set(re.findall(r"\{\w+\}", words)) == set(re.findall(r"\{\w+\}", english[key])), key
