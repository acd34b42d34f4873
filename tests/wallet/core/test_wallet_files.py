"""What the wallet needs to open without network is kept, and every word of both pages exists in both languages."""

import json
import re
import subprocess

import pytest

from tests.running import ROOT
from tests.wallet.core.javascript import FOLDERS, node

LATER = re.compile(r"""(?<![{|<])\bimport\(["']([^"']+\.js)["']\)""")
IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["']([^"']+\.js)["'];""", re.MULTILINE | re.DOTALL)
TRANSLATIONS = ["wallet/core/translations", "wallet/miniprogram/translations", "adapters/scanner/static/translations"]


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
        waiting += [resolved(address, name) for name in IMPORT.findall(file_of(address))]
    return found


def resolved(address: str, name: str) -> str:
    """Return the address of what a module imports under a name."""
    folder = address.rpartition("/")[0]
    parts = (name if name.startswith("/") else f"{folder}/{name}").replace("/./", "/").split("/")
    while ".." in parts:
        at = parts.index("..")
        del parts[at - 1 : at + 1]
    return "/".join(parts)


def listed(expression: str) -> list[str]:
    """Return a list of addresses as the service worker has it."""
    script = (ROOT / "wallet" / "static" / "service-worker.js").read_text()
    listing = f"globalThis.self = {{ addEventListener() {{}} }};{script}console.log(JSON.stringify({expression}));"
    done = subprocess.run([node(), "-e", listing], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_the_service_worker_keeps_exactly_what_the_wallet_loads() -> None:
    kept = listed("FILES")
    assert len(kept) == len(set(kept))
    assert {name for name in kept if name.endswith(".js")} == reached("/wallet/static/app.js")
    assert {name for name in kept if not name.endswith(".js")} == {
        "/wallet/",
        *(
            f"/wallet/static/{name}"
            for name in ("tokens.css", "wallet.css", "pages.css", "icon.svg", "manifest.webmanifest")
        ),
    }


def test_the_service_worker_keeps_what_the_wallet_loads_later_once_it_is_loaded() -> None:
    at_once = reached("/wallet/static/app.js")
    later = {resolved(address, name) for address in at_once for name in LATER.findall(file_of(address))}
    later |= {resolved(address, name) for address in later for name in LATER.findall(file_of(address))}
    found = {module for address in later for module in reached(address)}
    assert set(listed("LATER")) == found - at_once
    assert set(listed("[...KEPT]")) == set(listed("FILES")) | set(listed("LATER"))


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
