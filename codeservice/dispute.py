"""Disputes: an operator says that a row of a statement is worth something else, and the city answers. No I/O.

The operator sends a file of claims; the city imports it, decides each, and answers with a file of decisions. An
accepted claim becomes a correction in the next supplementary statement of that day.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from codeservice.spreadsheet import SpreadsheetError, read_rows, write_rows
from codeservice.statement import Row

_Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[A-Za-z0-9_.-]+$")]
_Amount = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


class DisputeReason(StrEnum):
    """Why an operator disputes a row. Values are those of files: added, never renamed."""

    WRONG_CLASS = "wrong_class"
    WRONG_FARE = "wrong_fare"
    NOT_COUNTED = "not_counted"
    COUNTED_TWICE = "counted_twice"
    MISSING_TAP = "missing_tap"
    OTHER = "other"


class DisputeState(StrEnum):
    """State of a dispute."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


TRANSITIONS = {
    DisputeState.RECEIVED: frozenset({DisputeState.ACCEPTED, DisputeState.REJECTED, DisputeState.WITHDRAWN}),
    DisputeState.ACCEPTED: frozenset[DisputeState](),
    DisputeState.REJECTED: frozenset[DisputeState](),
    DisputeState.WITHDRAWN: frozenset[DisputeState](),
}
"""Which change of state is allowed; what was decided stays decided."""


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of a dispute file: the operator's own number, the row, and what it should have been paid, in fen."""

    dispute: _Identifier
    line: _Identifier
    day: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", max_length=10)]
    ref: _Identifier
    claimed: _Amount
    reason: DisputeReason


class Decided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of a decision file; `stated` is what the statement said when the claim came, `decided` epoch seconds."""

    dispute: str
    line: str
    day: str
    ref: str
    stated: int
    claimed: int
    reason: DisputeReason
    state: DisputeState
    answer: str
    decided: int | None


CLAIM_COLUMNS, DECIDED_COLUMNS = Claim.__struct_fields__, Decided.__struct_fields__


class Fault(StrEnum):
    """Why a row of a dispute file was not taken."""

    UNREADABLE = "unreadable"
    STATEMENT_NOT_FOUND = "statement_not_found"
    ROW_NOT_FOUND = "row_not_found"
    NUMBER_REUSED = "number_reused"


@dataclass(frozen=True)
class FaultyRow:
    """A row that was not taken: its line in the file and why."""

    line: int
    fault: Fault


def read_claims(data: bytes) -> Iterator[tuple[int, Claim | Fault]]:
    """Read a dispute file, CSV with a header or JSON lines, row by row with the numbers of the lines.

    Raises SpreadsheetError for a file that has no rows of its own.
    """
    return _from_json(data) if data.lstrip()[:1] == b"{" else _from_csv(data)


def _from_json(data: bytes) -> Iterator[tuple[int, Claim | Fault]]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, msgspec.json.decode(line, type=Claim)
        except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
            yield number, Fault.UNREADABLE


def _from_csv(data: bytes) -> Iterator[tuple[int, Claim | Fault]]:
    rows = read_rows(data)
    header = next(rows, None)
    if header is None or tuple(header[1]) != CLAIM_COLUMNS:
        raise SpreadsheetError(f"the first line must be {','.join(CLAIM_COLUMNS)}")
    for number, cells in rows:
        try:
            yield number, msgspec.convert(dict(zip(CLAIM_COLUMNS, cells, strict=True)), Claim, strict=False)
        except (msgspec.ValidationError, ValueError):
            yield number, Fault.UNREADABLE


def write_decisions(decisions: Iterable[Decided], *, bom: bool = False) -> bytes:
    """Write a decision file as CSV."""
    rows = ([_cell(getattr(entry, name)) for name in DECIDED_COLUMNS] for entry in decisions)
    return write_rows([DECIDED_COLUMNS, *rows], bom=bom)


def write_decisions_json(decisions: Iterable[Decided]) -> bytes:
    """Write a decision file as JSON lines."""
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in decisions)


def _cell(value: object) -> object:
    return "" if value is None else value


def correction(row: Row, claimed: int) -> Row | None:
    """Return the row that brings a trip to what was agreed; None where it is there already."""
    change = claimed - row.paid
    if change == 0:
        return None
    nothing = dict.fromkeys(("subsidy", "companion_subsidy", "transfer", "cap"), 0)
    return msgspec.structs.replace(
        row, kind="correction", payer="", companion_payer="", full=change, paid=change, **nothing
    )
