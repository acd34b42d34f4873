"""Cells for spreadsheets: no text is a formula, and each comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.spreadsheet import SpreadsheetError, read_rows, write_rows

_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_calculate_begins_with_an_apostrophe(cell: str) -> None:
    assert f"'{cell}".encode() in write_rows([[cell]])


@given(st.lists(st.lists(_CELLS, min_size=2, max_size=4)), st.booleans())
def test_every_row_comes_back(rows: list[list[str]], bom: bool) -> None:  # noqa: FBT001 -- drawn
    assert [cells for _, cells in read_rows(write_rows(rows, bom=bom))] == rows


@pytest.mark.parametrize("data", [b"\xff", b'a,"b'])
def test_what_is_no_csv_is_refused(data: bytes) -> None:
    with pytest.raises(SpreadsheetError):
        list(read_rows(data))
