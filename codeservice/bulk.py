"""Bulk files of authorities: rows of CSV or JSON lines become statements, or faults with their reason. No I/O.

One line is one row: a quoted cell has no line break in it. The text is UTF-8, a byte order mark in front is allowed.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from codeservice.authority import Fault, Statement, StatementError, read_statement
from codeservice.claims import claim_names

MAX_ROW = 8192
"""Bytes of the longest row."""

FIXED = ("type", "number", "id_number", "name", "state", "valid_from", "valid_until", "region", "phone")
"""Columns that are no claims; the claims of a CSV file are columns such as `claims.kind`."""

_NEEDED = ("type", "number", "id_number", "name", "valid_from")
_CLAIM = "claims."
_ESCAPED = ("=", "+", "-", "@", "\t", "\r")
_BOM = b"\xef\xbb\xbf"


class HeaderError(ValueError):
    """The first line of a CSV file is no header of ours."""


class Csv:
    """Reads rows under one header."""

    def __init__(self, header: bytes) -> None:
        """Read the header; raises HeaderError."""
        try:
            (names,) = csv.reader([_text(header.removeprefix(_BOM))], strict=True)
        except (csv.Error, StatementError, ValueError) as error:
            raise HeaderError("the first line is no header in UTF-8") from error
        known = {*FIXED, *(_CLAIM + name for name in claim_names())}
        if unknown := [name for name in names if name not in known]:
            raise HeaderError(f"unknown columns: {', '.join(sorted(unknown))[:200]}")
        if missing := [name for name in _NEEDED if name not in names]:
            raise HeaderError(f"missing columns: {', '.join(missing)}")
        if len(set(names)) != len(names):
            raise HeaderError("a column stands twice")
        self._names = names

    def read(self, line: bytes) -> Statement:
        """Read a row; raises StatementError."""
        try:
            rows = list(csv.reader([_text(line)], strict=True))
        except csv.Error as error:
            raise StatementError(Fault.QUOTING) from error
        cells = rows[0] if rows else []
        if len(cells) != len(self._names):
            raise StatementError(Fault.CELLS)
        row = {name: cell for name, cell in zip(self._names, cells, strict=True) if cell}
        # A tab or a line break in front makes a formula of what stands behind it.
        if any(cell.startswith(_ESCAPED) for cell in row.values()):
            raise StatementError(Fault.FORMULA)
        claims = {name.removeprefix(_CLAIM): cell for name, cell in row.items() if name.startswith(_CLAIM)}
        return _statement({name: row[name] for name in row if not name.startswith(_CLAIM)}, claims, strict=False)


class JsonLines:
    """Reads rows that are JSON objects with the names of the columns, and `claims` as an object."""

    def read(self, line: bytes) -> Statement:
        """Read a row; raises StatementError."""
        try:
            row = json.loads(_text(line.removeprefix(_BOM)), object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise StatementError(Fault.NOT_JSON) from error
        if not isinstance(row, dict):
            raise StatementError(Fault.NOT_JSON)
        claims = row.pop("claims", {})
        if not isinstance(claims, dict):
            raise StatementError(Fault.CLAIMS)
        if not row.keys() <= set(FIXED):
            raise StatementError(Fault.UNKNOWN_FIELD)
        fields = {name: value for name, value in row.items() if value is not None}
        if not all(isinstance(value, str) for value in fields.values()):
            raise StatementError(Fault.NOT_JSON)
        return _statement(fields, claims, strict=True)


Format = Csv | JsonLines


def write_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> Iterator[str]:
    """Write rows as lines of CSV; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    yield _line(columns)
    for row in rows:
        yield _line([_cell(row.get(name)) for name in columns])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_ESCAPED) else text


def _line(cells: Sequence[str]) -> str:
    quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell for cell in cells]
    return ",".join(quoted) + "\r\n"


def _text(line: bytes) -> str:
    if len(line) > MAX_ROW:
        raise StatementError(Fault.TOO_LONG)
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise StatementError(Fault.ENCODING) from error
    if "\0" in text:
        raise StatementError(Fault.ENCODING)
    return text.rstrip("\r\n")


def _statement(fields: dict[str, str], claims: Mapping[str, Any], *, strict: bool) -> Statement:
    if any(name not in fields for name in _NEEDED):
        raise StatementError(Fault.FIELD_MISSING)
    return read_statement(
        type_=fields["type"],
        number=fields["number"],
        id_number=fields["id_number"],
        name=fields["name"],
        claims=claims,
        valid_from=fields["valid_from"],
        valid_until=fields.get("valid_until"),
        state=fields.get("state"),
        region=fields.get("region"),
        phone=fields.get("phone"),
        strict=strict,
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name stands twice")
    return values


def _no_constant(name: str) -> None:
    raise ValueError(name)
