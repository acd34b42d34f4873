"""The documents say what the program does."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from codeservice.entitlement import Entitlement
from codeservice.reason import MESSAGES, Reason
from codeservice.scene import SCENES
from codeservice.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    for field in fields(Settings):
        name = "REDIS_URL" if field.name == "redis" else f"CITY_{field.name.upper()}"
        assert f"`{name}`" in text, name


def test_every_reason_has_words_for_both_sides_in_both_languages() -> None:
    assert MESSAGES.keys() == set(Reason)
    for message, advice in MESSAGES.values():
        assert all((message.zh, message.en, advice.zh, advice.en))


def test_every_picture_and_page_that_a_document_names_exists() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), (page, link)


def test_every_command_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`?make ([a-z]+)", text)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_core_and_one_adapter_load_without_web_sql_and_redis() -> None:
    """Keys, verifier and an adapter run on a bus validator."""
    program = (
        "import sys, codeservice.verifier, codeservice.issuer, adapters.bus, keys.keyring;"
        "print(sorted({'flask', 'sqlalchemy', 'redis', 'alembic', 'gunicorn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_worked_example_is_a_vector() -> None:
    """Every byte that the format explains is a byte of the vector, in its order."""
    text = (ROOT / "docs/format.md").read_text()
    block = text.split("## 8 Worked example")[1].split("```")[1]
    # Two spaces or more end the bytes of a line and begin its words.
    shown = "".join("".join(re.split(r" {2,}", line.strip())[0].split()) for line in block.splitlines())
    vector = json.loads((ROOT / "tests/vectors/good/device.json").read_text())
    assert shown == vector["stages"]["cose"]
    assert vector["text"].startswith("9137229055713910872")


def test_the_format_names_every_reason_scene_and_entitlement() -> None:
    text = (ROOT / "docs/format.md").read_text()
    for reason in Reason:
        assert f"`{reason}`" in text, reason
    for entitlement in Entitlement:
        assert f"\n| {int(entitlement)} |" in text
    for scene in SCENES.values():
        assert f"{scene.name.replace('_', ' ')} {scene.mask}" in text or scene.name == "government"
