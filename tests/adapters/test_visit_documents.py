"""The pages of venues and scenic spots name every field that there is, and none that there is not."""

import re
from pathlib import Path

import pytest

from adapters.contract import ScanBody
from adapters.scenic_spot import ScenicSpotBody
from adapters.venue import Admission, VenueBody, VenuePolicy
from codeservice.policy import ScenePolicy
from codeservice.visit import ScenicSpotPolicy

PAGES = Path(__file__).resolve().parents[2] / "docs/scenes"


def table(page: str, begins: str) -> set[str]:
    """Return the names in the first column of the first table behind some words."""
    text = (PAGES / page).read_text().split(begins)[1].split("\n\n|")[1].split("\n\n")[0]
    cells = [line.split("|")[0] if line.startswith(" ") else line.split("|")[1] for line in text.splitlines()]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("page", "begins", "schema", "base"),
    [
        pytest.param("venue.md", "## What a policy says", VenuePolicy, ScenePolicy, id="policy of a venue"),
        pytest.param("venue.md", "A row of `admits`:", Admission, None, id="row of a venue"),
        pytest.param("venue.md", "## The scan", VenueBody, ScanBody, id="scan of a venue"),
        pytest.param("scenic-spot.md", "## What a policy says", ScenicSpotPolicy, ScenePolicy, id="policy of a spot"),
        pytest.param("scenic-spot.md", "## At the gate", ScenicSpotBody, ScanBody, id="scan of a spot"),
    ],
)
def test_the_tables_name_the_fields(page: str, begins: str, schema: type, base: type | None) -> None:
    fields = set(schema.__struct_fields__) - (set() if base is None else set(base.__struct_fields__))  # type: ignore[attr-defined]
    assert table(page, begins) == fields
