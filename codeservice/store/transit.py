"""Taps of public transport as they were recorded, statements made from them, and disputes."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from codeservice.dispute import Claim, Decided, DisputeReason, DisputeState
from codeservice.mark import Mark
from codeservice.scan import Outcome
from codeservice.store.models import Scan, ScanMark, TransitDispute, TransitStatement
from codeservice.store.upsert import insert_once

SCENE = "bus"


@dataclass(frozen=True)
class RecordedTap:
    """One accepted tap, with what was found wrong with it."""

    id: str
    at: int
    client: str
    place: str
    person: str | None
    policy: str | None
    effect: dict[str, Any]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class StoredStatement:
    """One statement as it was handed out."""

    id: str
    operator: str
    line: str
    day: str
    number: int
    made: int
    file: bytes


def operators(connection: Connection, span: tuple[int, int]) -> list[str]:
    """Return the operators that carried somebody in a span of time."""
    query = select(Scan.partner).where(*_in(span)).distinct().order_by(Scan.partner)
    return list(connection.scalars(query))


def taps(connection: Connection, operator: str, span: tuple[int, int]) -> list[RecordedTap]:
    """Return the accepted taps of an operator in a span of time, by time."""
    accepted = (*_in(span), Scan.partner == operator)
    marks: dict[str, list[Mark]] = {}
    found = select(ScanMark.scan, ScanMark.mark).join(Scan, Scan.id == ScanMark.scan).where(*accepted)
    for scan, mark in connection.execute(found.order_by(ScanMark.mark)):
        marks.setdefault(scan, []).append(Mark(mark))
    query = select(Scan.id, Scan.at, Scan.client, Scan.place, Scan.person, Scan.policy, Scan.effect).where(*accepted)
    return [
        RecordedTap(**row, marks=tuple(marks.get(row["id"], ())))
        for row in connection.execute(query.order_by(Scan.at, Scan.id)).mappings()
    ]


def _in(span: tuple[int, int]) -> tuple[Any, ...]:
    return Scan.at >= span[0], Scan.at < span[1], Scan.scene == SCENE, Scan.outcome == Outcome.ACCEPTED.value


def add_statement(connection: Connection, new: StoredStatement) -> bool:
    """Keep a statement; False when there is one of this number already."""
    return insert_once(connection, TransitStatement, **vars(new))


def new_id() -> str:
    """Draw the identifier of a statement."""
    return secrets.token_hex(16)


def statements(
    connection: Connection, *, operator: str | None = None, day: str | None = None, line: str | None = None
) -> list[StoredStatement]:
    """Return statements by day, operator, line and number."""
    table = TransitStatement
    query = select(*(table.__table__.c[name] for name in StoredStatement.__dataclass_fields__))
    for column, value in ((table.operator, operator), (table.day, day), (table.line, line)):
        if value is not None:
            query = query.where(column == value)
    query = query.order_by(table.day, table.operator, table.line, table.number)
    return [StoredStatement(**row) for row in connection.execute(query).mappings()]


def find_statement(connection: Connection, id_: str, *, operator: str | None = None) -> StoredStatement | None:
    """Find a statement, if it is this operator's where one is named."""
    table = TransitStatement
    query = select(*(table.__table__.c[name] for name in StoredStatement.__dataclass_fields__)).where(table.id == id_)
    if operator is not None:
        query = query.where(table.operator == operator)
    row = connection.execute(query).mappings().first()
    return None if row is None else StoredStatement(**row)


def add_dispute(connection: Connection, operator: str, claim: Claim, *, stated: int, now: int) -> bool:
    """Keep a claim; False when the operator has used its number before."""
    return insert_once(
        connection,
        TransitDispute,
        operator=operator,
        dispute=claim.dispute,
        line=claim.line,
        day=claim.day,
        ref=claim.ref,
        stated=stated,
        claimed=claim.claimed,
        reason=claim.reason.value,
        state=DisputeState.RECEIVED.value,
        at=now,
        answer="",
    )


def find_claim(connection: Connection, operator: str, dispute: str) -> Claim | None:
    """Return the claim that stands under an operator's number."""
    table = TransitDispute
    query = select(table.dispute, table.line, table.day, table.ref, table.claimed, table.reason).where(
        table.operator == operator, table.dispute == dispute
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else Claim(**{**row, "reason": DisputeReason(row["reason"])})


def decide(  # noqa: PLR0913 -- one row
    connection: Connection, operator: str, dispute: str, state: DisputeState, *, answer: str, actor: str, now: int
) -> bool:
    """Decide a dispute that waits; False when there is none, or it was decided before."""
    table = TransitDispute
    changed = connection.execute(
        update(table)
        .where(table.operator == operator, table.dispute == dispute, table.state == DisputeState.RECEIVED.value)
        .values(state=state.value, answer=answer, actor=actor, decided=now)
    )
    return changed.rowcount == 1


def disputes(
    connection: Connection, *, operator: str | None = None, day: str | None = None, state: DisputeState | None = None
) -> list[tuple[str, Decided]]:
    """Return disputes with their operators, in the order in which they came."""
    table = TransitDispute
    query = select(table.operator, *(table.__table__.c[name] for name in Decided.__struct_fields__))
    for column, value in ((table.operator, operator), (table.day, day), (table.state, state and state.value)):
        if value is not None:
            query = query.where(column == value)
    rows = connection.execute(query.order_by(table.at, table.operator, table.dispute)).mappings()
    return [_dispute(dict(row)) for row in rows]


def agreed(connection: Connection, operator: str, day: str) -> dict[str, int]:
    """Return what was agreed on for rows of a day, by reference; of two decisions the later one."""
    table = TransitDispute
    query = select(table.ref, table.claimed).where(
        table.operator == operator, table.day == day, table.state == DisputeState.ACCEPTED.value
    )
    return {row.ref: row.claimed for row in connection.execute(query.order_by(table.decided, table.dispute))}


def _dispute(values: dict[str, Any]) -> tuple[str, Decided]:
    operator = values.pop("operator")
    values |= {"reason": DisputeReason(values["reason"]), "state": DisputeState(values["state"])}
    return operator, Decided(**values)
