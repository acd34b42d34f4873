"""The page for people who run buses says what the program does."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from adapters.bus import NOTES, BusBody, BusPolicy
from adapters.contract import ScanBody
from adapters.policies import read_draft
from codeservice.dispute import CLAIM_COLUMNS, DisputeReason, Fault
from codeservice.policy import ScenePolicy
from codeservice.statement import COLUMNS
from codeservice.tariff import Concession, Line, Tariff

PAGE = (Path(__file__).parents[2] / "docs" / "scenes" / "bus.md").read_text()


def table(under: str) -> set[str]:
    """Return the names in the first column of the first table behind a heading or sentence."""
    rows = re.findall(r"^\|(.+?)\|", PAGE.split(under, 1)[1].split("\n\n|", 1)[1].split("\n\n", 1)[0], re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}


@pytest.mark.parametrize(
    ("under", "schema"), [("### The tariff", Tariff), ("\nA line:", Line), ("\nA class:", Concession)]
)
def test_every_field_of_a_tariff_is_on_the_page(under: str, schema: type[msgspec.Struct]) -> None:
    assert table(under) == set(schema.__struct_fields__)


def test_every_field_of_a_scan_and_of_a_row_is_on_the_page() -> None:
    assert table("### The scan") == set(BusBody.__struct_fields__) - set(ScanBody.__struct_fields__)
    assert set(BusPolicy.__struct_fields__) - set(ScenePolicy.__struct_fields__) == {"tariff"}
    assert set(COLUMNS) <= set(re.findall(r"`([a-z_]+)`", PAGE))


def test_the_example_is_a_good_policy() -> None:
    example = next(block for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if '"tariff"' in block)
    json.loads(example)
    assert read_draft(example.encode()).name == "bus"


def test_words_reasons_and_faults_are_on_the_page() -> None:
    assert all(f"{words.zh} · {words.en}" in PAGE for words in NOTES.values())
    assert all(f"`{name.value}`" in PAGE for name in (*DisputeReason, *Fault))
    assert ",".join(CLAIM_COLUMNS) in PAGE
