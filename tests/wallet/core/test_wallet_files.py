"""What the wallet needs to open without network is kept, and every word of both pages exists in both languages."""

import json
import re
import subprocess

import pytest

from tests.running import ROOT
from tests.wallet.core.javascript import FOLDERS, node

IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["']([^"']+\.js)["'];""", re.MULTILINE | re.DOTALL)
TRANSLATIONS = ["wallet/static/translations", "adapters/scanner/static/translations"]


def file_of(address: str) -> str:
    """Return the text of the file at an address."""
    prefix = next(prefix for prefix in FOLDERS if address.startswith(prefix))
    return (ROOT / FOLDERS[prefix] / address.removeprefix(prefix)).read_text()


def reached(start: str) -> set[str]:
    """Return the addresses of a module and of all that it imports."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        found.add(address)
        folder = address.rpartition("/")[0]
        for name in IMPORT.findall(file_of(address)):
            parts = (name if name.startswith("/") else f"{folder}/{name}").replace("/./", "/").split("/")
            while ".." in parts:
                at = parts.index("..")
                del parts[at - 1 : at + 1]
            waiting.append("/".join(parts))
    return found


def test_the_service_worker_keeps_exactly_what_the_wallet_loads() -> None:
    script = (ROOT / "wallet" / "static" / "service-worker.js").read_text()
    listing = "globalThis.self = { addEventListener() {} };" + script + "console.log(JSON.stringify(FILES));"
    done = subprocess.run([node(), "-e", listing], capture_output=True, text=True, check=True)
    kept = json.loads(done.stdout)
    assert len(kept) == len(set(kept))
    assert {name for name in kept if name.endswith(".js")} == reached("/wallet/static/app.js")
    assert {name for name in kept if not name.endswith(".js")} == {
        "/wallet/",
        *(f"/wallet/static/{name}" for name in ("tokens.css", "wallet.css", "icon.svg", "manifest.webmanifest")),
    }


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
