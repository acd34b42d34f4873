"""The mini-program's files are what WeChat's developer tools take: they find each other, and need no browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup.miniprogram import prepare
from tests.miniprogram.host import NODE_MODULES, PROGRAM

IMPORT = re.compile(r"""^(?:import\b|export [*{])[^;"']*["']([^"']+)["'];""", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.MULTILINE | re.DOTALL)
HANDLER = re.compile(r"""\s(?:bind|catch|capture-bind|capture-catch):\w+=["'](\w+)["']""")
OLD_HANDLER = re.compile(r"\s(?:bind|catch)[a-z]+=")
LARGEST_PACKAGE = 2 * 1024 * 1024
"""Bytes; WeChat takes no larger main package."""

COPIED = ("core/", "lib/")
PARTS = "templates/"
"""Where templates lie that pages share; their handlers are those of every page."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every file of the project by its path in it, with what set-up copies."""
    copied = tmp_path_factory.mktemp("copied")
    prepare(NODE_MODULES, copied)
    own = {name: file for name, file in _under(PROGRAM) if not name.startswith(COPIED)}
    return own | dict(_under(copied))


def _under(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file


def scripts(files: dict[str, Path]) -> dict[str, str]:
    """Return the code of every script, without comments."""
    return {name: COMMENT.sub("", file.read_text()) for name, file in files.items() if name.endswith(".js")}


def test_every_page_has_its_files_and_every_folder_of_a_page_is_named(files: dict[str, Path]) -> None:
    pages = json.loads(files["app.json"].read_text())["pages"]
    for page in pages:
        assert {f"{page}.js", f"{page}.json", f"{page}.wxml"} <= files.keys()
    templates = {name.removesuffix(".wxml") for name in files if name.endswith(".wxml") and not name.startswith(PARTS)}
    assert templates == set(pages)


def test_every_import_is_a_file_of_the_project(files: dict[str, Path]) -> None:
    """WeChat looks up no package, and nothing outside the project."""
    for name, code in scripts(files).items():
        for wanted in IMPORT.findall(code):
            assert wanted.startswith("."), (name, wanted)
            parts = [*name.split("/")[:-1]]
            for part in wanted.split("/"):
                if part == "..":
                    parts.pop()
                elif part != ".":
                    parts.append(part)
            assert "/".join(parts) in files, (name, wanted)


def test_no_script_has_what_the_developer_tools_cannot_translate(files: dict[str, Path]) -> None:
    """They make `import()` a fault, and of a power of whole numbers past 2^53 `Math.pow`, which takes none."""
    for name, code in scripts(files).items():
        assert not re.search(r"\bimport\(", code), name
        assert not re.search(r"\dn\s*\*\*|\)\s*\*\*\s*BigInt|\*\*\s*\d+n", code), name


def test_every_handler_that_a_template_names_exists(files: dict[str, Path]) -> None:
    code = scripts(files)
    for name, file in files.items():
        if not name.endswith(".wxml"):
            continue
        text = file.read_text()
        assert not OLD_HANDLER.search(text), name
        own = "" if name.startswith(PARTS) else code[name.replace(".wxml", ".js")]
        methods = own + code["screen.js"]
        for handler in HANDLER.findall(text):
            assert re.search(rf"^\s+(?:async )?{handler}\(", methods, re.MULTILINE), (name, handler)


def test_every_word_that_a_template_names_exists_in_the_table(files: dict[str, Path]) -> None:
    words = "".join(file.read_text() for name, file in files.items() if "translations/" in name)
    known = {re.sub(r"[^a-z0-9]", "_", key) for key in re.findall(r'^  "?([\w.-]+)"?:', words, re.MULTILINE)}
    for name, file in files.items():
        if name.endswith(".wxml"):
            assert set(re.findall(r"\bt\.(\w+)", file.read_text())) <= known, name


def test_the_package_is_small_enough(files: dict[str, Path]) -> None:
    assert sum(file.stat().st_size for file in files.values()) < LARGEST_PACKAGE / 2
