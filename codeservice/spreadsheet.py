"""Files that spreadsheets open: CSV (RFC 4180) in UTF-8, whose cells are never taken for formulas. No I/O."""

import csv
import io
from collections.abc import Iterable, Iterator

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"


class SpreadsheetError(ValueError):
    """A file cannot be read; the message names the line and what is wrong with it."""


def write_rows(rows: Iterable[Iterable[object]], *, bom: bool = False) -> bytes:
    """Write rows; a text that a spreadsheet would take for a formula gets an apostrophe before it.

    `bom` puts a byte order mark in front, without which some spreadsheets guess another encoding.
    """
    out = io.StringIO(newline="")
    if bom:
        out.write(_BOM)
    writer = csv.writer(out)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def read_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Read rows with the numbers of their last lines, without the apostrophes that `write_rows` puts before formulas.

    Empty lines are left out. Raises SpreadsheetError.
    """
    try:
        text = data.decode().removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise SpreadsheetError("the file is not UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, [_read(cell) for cell in cells]
    except csv.Error as error:
        raise SpreadsheetError(f"line {reader.line_num}: {error}") from error


def _written(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and _is_escaped(value) else value


def _read(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _is_escaped(cell[1:]) else cell


def _is_escaped(text: str) -> bool:
    # Apostrophes in front count too: what is read is what was written.
    return text.lstrip("'").startswith(_FORMULA)
