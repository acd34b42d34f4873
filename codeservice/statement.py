"""Statements: what one operator's line carried on one day, row by row, as a file that everybody can check. No I/O.

A statement is never changed. What becomes known later makes a supplementary statement with a higher number: it takes
back rows that no longer hold (`entry` reverse, amounts below zero) and adds those that hold now. The sum of all
statements of a day is what the day is worth.

The header is signed by the city (COSE_Sign1 under a status key); it holds the digest of the rows and the totals. A file
is CSV or JSON lines: header, rows, totals, signature. Both forms have the same rows, and the same digest.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec

from codeservice.spreadsheet import SpreadsheetError, read_rows, write_rows
from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import UnverifiedSign1, read_sign1, sign1
from keys.errors import KeysError
from keys.jws import decode, encode
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList

STATEMENT_AAD = b"CC1 statement"
FORMAT = 1
"""Version of the format."""

MAX_TOTALS = 500
MAX_POLICIES = 50
_MAX_SIGNATURE = 1 << 17
"""Characters of the longest signature: it holds header and totals."""

_Short = Annotated[str, msgspec.Meta(max_length=64)]
_Amount = Annotated[int, msgspec.Meta(ge=-(10**12), le=10**12)]
_Time = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]


class StatementError(ValueError):
    """A file is no statement, or contradicts itself; the message names the line or the row."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One trip, with the pseudonymous reference of its first tap; amounts in fen. Nothing says whose it was.

    `full` = `paid` + `subsidy` + `companion_subsidy` + `transfer` + `cap`. `kind` is that of the trip: ride, matched,
    missing_out, missing_in, or a tap that was no ride: same_tap, excluded (used twice), unrated (no tariff knows it);
    a correction settles a dispute. `marks` are what was found wrong with its taps.
    """

    entry: Literal["add", "reverse"]
    kind: Literal["ride", "matched", "missing_out", "missing_in", "same_tap", "excluded", "unrated", "correction"]
    ref: _Short
    out_ref: _Short
    at: _Time
    out_at: _Time
    terminal: _Short
    stop: _Short
    out_stop: _Short
    fare_class: _Short
    companions: Annotated[int, msgspec.Meta(ge=0, le=9)]
    full: _Amount
    subsidy: _Amount
    payer: _Short
    companion_subsidy: _Amount
    companion_payer: _Short
    transfer: _Amount
    cap: _Amount
    paid: _Amount
    marks: _Short
    policy: _Short

    @property
    def sign(self) -> int:
        """How often the row counts: once, or minus once."""
        return 1 if self.entry == "add" else -1

    @property
    def key(self) -> tuple[str, str, str]:
        """What is unique in a file."""
        return self.ref, self.kind, self.entry

    def reversed(self) -> "Row":
        """Return the row that takes this one back."""
        amounts = {name: -getattr(self, name) for name in AMOUNTS}
        entry = "reverse" if self.entry == "add" else "add"
        return msgspec.structs.replace(self, entry=entry, **amounts)


AMOUNTS = ("full", "subsidy", "companion_subsidy", "transfer", "cap", "paid")
COLUMNS = Row.__struct_fields__
RIDES = frozenset({"ride", "matched", "missing_out", "missing_in"})
"""Kinds of row that are rides."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a statement is about. `digest` is that of the rows, `made` in epoch seconds, `number` 1 for the first."""

    statement: Literal[1]
    operator: _Short
    line: _Short
    day: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", max_length=10)]
    number: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    made: _Time
    policies: Annotated[tuple[_Short, ...], msgspec.Meta(max_length=MAX_POLICIES)]
    rows: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]


class Statement(NamedTuple):
    """A statement with its parts as they stand in a file. `signature` is a COSE_Sign1 over header and totals."""

    header: Header
    rows: tuple[Row, ...]
    totals: dict[str, int]
    signature: bytes


class Difference(NamedTuple):
    """A row that two statements do not agree on: the field, and what each says; None where the row is missing."""

    ref: str
    field: str
    ours: object
    theirs: object


def digest_of(rows: Iterable[Row]) -> str:
    """Return the digest of rows, which no file format changes."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(msgspec.json.encode(row) + b"\n")
    return digest.hexdigest()


def totals_of(rows: Iterable[Row]) -> dict[str, int]:
    """Return the totals of rows: by kind and mark, and amounts by fare class and paying authority; without zeros."""
    totals: Counter[str] = Counter()
    for row in rows:
        totals[f"kind.{row.kind}"] += row.sign
        for mark in filter(None, row.marks.split(" ")):
            totals[f"mark.{mark}"] += row.sign
        for name in AMOUNTS:
            totals[name] += getattr(row, name)
        if row.kind not in RIDES:
            continue
        totals["trips"] += row.sign
        totals["riders"] += row.sign * (1 + row.companions)
        totals["transfers"] += row.sign if row.transfer else 0
        totals["capped"] += row.sign if row.cap else 0
        totals[f"class.{row.fare_class}.trips"] += row.sign
        totals[f"class.{row.fare_class}.companions"] += row.sign * row.companions
        totals[f"class.{row.fare_class}.full"] += row.full
        totals[f"class.{row.fare_class}.paid"] += row.paid
        for payer, amount in ((row.payer, row.subsidy), (row.companion_payer, row.companion_subsidy)):
            totals[f"subsidy.{payer}.{row.fare_class}"] += amount
    return {name: value for name, value in sorted(totals.items()) if value}


def supplement(before: Sequence[Row], now: Sequence[Row]) -> list[Row]:
    """Return what has to be entered so that the rows of `before` become those of `now`; empty when nothing differs.

    Both are rows that stand: none of them is reversed.
    """
    old, new = set(before), set(now)
    gone = [row.reversed() for row in before if row not in new]
    return sorted([*gone, *(row for row in now if row not in old)], key=_order)


def standing(entered: Iterable[Row]) -> list[Row]:
    """Return the rows that stand after statement upon statement."""
    found: dict[Row, int] = {}
    for row in entered:
        plain = row if row.entry == "add" else row.reversed()
        found[plain] = found.get(plain, 0) + row.sign
    return sorted((row for row, count in found.items() if count > 0), key=_order)


def differences(ours: Iterable[Row], theirs: Iterable[Row]) -> list[Difference]:
    """Compare rows by their reference; returns every field that differs, in the order of the rows."""
    mine, other = {row.key: row for row in ours}, {row.key: row for row in theirs}
    found = []
    for key in [*mine, *(key for key in other if key not in mine)]:
        left, right = mine.get(key), other.get(key)
        if left is None or right is None:
            found.append(Difference(key[0], "row", left and left.kind, right and right.kind))
            continue
        fields = [name for name in COLUMNS if getattr(left, name) != getattr(right, name)]
        found += [Difference(key[0], name, getattr(left, name), getattr(right, name)) for name in fields]
    return found


def header_payload(header: Header, totals: dict[str, int]) -> bytes:
    """Write what is signed: header and totals, in their one form."""
    body = {name: getattr(header, name) for name in Header.__struct_fields__}
    return dumps(body | {"policies": list(header.policies), "totals": dict(totals)})


def read_payload(payload: bytes) -> tuple[Header, dict[str, int]]:
    """Read what was signed; raises StatementError."""
    try:
        body = loads(payload)
        if not isinstance(body, dict):
            raise StatementError("not a signed header")
        totals = msgspec.convert(body.pop("totals", None), dict[str, int], strict=True)
        header = msgspec.convert(body, Header, strict=True)
    except (KeysError, msgspec.ValidationError, TypeError) as error:
        raise StatementError("not a signed header") from error
    if len(totals) > MAX_TOTALS or header_payload(header, totals) != payload:
        raise StatementError("not a signed header")
    return header, totals


def seal(header: Header, rows: Sequence[Row], *, signer: Signer, now: int) -> Statement:
    """Sign a statement with the status key; raises KeyNotUsableError or SignerError."""
    totals = totals_of(rows)
    signature = sign1(
        header_payload(header, totals),
        alg=algorithm_named(signer.key.algorithm).cose,
        kid=signer.key.kid,
        external_aad=STATEMENT_AAD,
        sign=lambda data: signer.sign(data, now=now),
    )
    return Statement(header, tuple(rows), totals, signature)


def faults(statement: Statement, trust_list: TrustList) -> list[str]:
    """Say what is wrong with a statement by itself; empty when header, rows, totals and signature fit each other."""
    header, rows = statement.header, statement.rows
    found = [f"row {row.ref}: the amounts do not add up to the full fare" for row in rows if not _adds_up(row)]
    counts = Counter(row.key for row in rows)
    found += [f"row {key[0]}: it stands there {count} times" for key, count in counts.items() if count > 1]
    if header.rows != len(rows):
        found.append(f"the header counts {header.rows} rows, there are {len(rows)}")
    if digest_of(rows) != header.digest:
        found.append("the rows are not those of the header's digest")
    if statement.totals != totals_of(rows):
        found.append("the totals are not those of the rows")
    if not _is_signed(statement, trust_list):
        found.append("header and totals are not what the city has signed")
    return found


def _is_signed(statement: Statement, trust_list: TrustList) -> bool:
    header = statement.header
    try:
        signed: UnverifiedSign1 = read_sign1(statement.signature)
        if signed.kid is None or signed.payload != header_payload(header, statement.totals):
            return False
        # By the moment at which it was made: a statement outlives the key, unless that was killed.
        key = trust_list.find(signed.kid, Purpose.STATUS, header.made)
        if signed.alg != algorithm_named(key.algorithm).cose:
            return False
        key.verify(signed.signature, signed.signed_bytes(STATEMENT_AAD))
    except KeysError:
        return False
    return True


def _adds_up(row: Row) -> bool:
    return row.full == row.paid + row.subsidy + row.companion_subsidy + row.transfer + row.cap


def _order(row: Row) -> tuple[int, str, str, str]:
    return row.at, row.ref, row.kind, row.entry


def write_csv(statement: Statement, *, bom: bool = False) -> bytes:
    """Write a statement as CSV: lines H (header), C (names of columns), R (rows), T (totals), S (signature)."""
    return write_rows(_lines(statement), bom=bom)


def _lines(statement: Statement) -> Iterator[Iterable[object]]:
    for name in Header.__struct_fields__:
        value = getattr(statement.header, name)
        yield ["H", name, " ".join(value) if name == "policies" else value]
    yield ["C", *COLUMNS]
    for row in statement.rows:
        yield ["R", *(getattr(row, name) for name in COLUMNS)]
    yield from (["T", name, value] for name, value in statement.totals.items())
    yield ["S", encode(statement.signature)]


def write_json(statement: Statement) -> bytes:
    """Write a statement as JSON lines: header, rows, totals, signature."""
    lines = [msgspec.json.encode({"header": statement.header})]
    lines += [msgspec.json.encode(row) for row in statement.rows]
    lines += [
        msgspec.json.encode({"totals": statement.totals}),
        msgspec.json.encode({"signature": encode(statement.signature)}),
    ]
    return b"".join(line + b"\n" for line in lines)


def read(data: bytes) -> Statement:
    """Read a statement of either form; raises StatementError. What it says is for `faults` to judge."""
    try:
        return _read_json(data) if data.lstrip()[:1] == b"{" else _read_csv(data)
    except (SpreadsheetError, KeysError, UnicodeDecodeError) as error:
        raise StatementError(str(error)) from error


class _HeaderLine(msgspec.Struct, forbid_unknown_fields=True):
    header: Header


class _TotalsLine(msgspec.Struct, forbid_unknown_fields=True):
    totals: dict[str, int]


class _SignatureLine(msgspec.Struct, forbid_unknown_fields=True):
    signature: str


_Read = TypeVar("_Read")


def _read_json(data: bytes) -> Statement:
    lines = [line for line in data.split(b"\n") if line.strip()]
    if len(lines) < 3:  # noqa: PLR2004 -- header, totals, signature
        raise StatementError("a statement has a header, totals and a signature")
    header = _json(lines[0], _HeaderLine, 1).header
    rows = tuple(_json(line, Row, number) for number, line in enumerate(lines[1:-2], start=2))
    totals = _json(lines[-2], _TotalsLine, len(lines) - 1).totals
    return Statement(header, rows, totals, _signature(_json(lines[-1], _SignatureLine, len(lines)).signature))


def _json(line: bytes, type_: type[_Read], number: int) -> _Read:
    try:
        return msgspec.json.decode(line, type=type_)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise StatementError(f"line {number}: {error}") from error


def _read_csv(data: bytes) -> Statement:
    head: dict[str, Any] = {}
    rows: list[Row] = []
    totals: dict[str, int] = {}
    signature = b""
    for number, (type_, *cells) in read_rows(data):
        match type_, cells:
            case "H", [name, value] if name not in head:
                head[name] = value.split() if name == "policies" else value
            case "C", [*names] if tuple(names) == COLUMNS:
                pass
            case "R", _ if len(cells) == len(COLUMNS):
                rows.append(_convert(dict(zip(COLUMNS, cells, strict=True)), Row, number))
            case "T", [name, value] if name not in totals:
                totals[name] = _convert(value, int, number)
            case "S", [value] if not signature:
                signature = _signature(value)
            case _:
                raise StatementError(f"line {number}: not a line of a statement")
    return Statement(_convert(head, Header, 1), tuple(rows), totals, signature)


def _convert(value: Any, type_: type[_Read], number: int) -> _Read:
    try:
        return msgspec.convert(value, type_, strict=False)
    except msgspec.ValidationError as error:
        raise StatementError(f"line {number}: {error}") from error


def _signature(text: str) -> bytes:
    return decode(text, longest=_MAX_SIGNATURE)
