"""Disputes about scans: what holders said, sealed, and what they were answered."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from codeservice.scan_dispute import ANSWER_WITHIN, DisputeKind, DisputeState, state_of
from codeservice.store.models import Scan, ScanDispute
from codeservice.store.sealed import DISPUTE_REPLY, DISPUTE_TEXT
from codeservice.store.upsert import insert_once
from keys.vault import Vault


@dataclass(frozen=True)
class StoredDispute:
    """One dispute; `due` is when an answer is owed, `reply` what it says."""

    id: str
    scan: str
    person: str
    kind: DisputeKind
    text: str
    at: int
    due: int
    state: DisputeState
    reply: str | None
    answered: int | None


def is_of(connection: Connection, scan: str, person: str) -> bool:
    """Whether a scan is of this holder's own code."""
    return connection.scalar(select(Scan.id).where(Scan.id == scan, Scan.person == person)) is not None


def add(  # noqa: PLR0913 -- one row
    connection: Connection, vault: Vault, *, scan: str, person: str, kind: DisputeKind, text: str, now: int
) -> bool:
    """Keep what a holder says; False when they have said something about this scan before."""
    id_ = secrets.token_hex(16)
    return insert_once(
        connection,
        ScanDispute,
        id=id_,
        scan=scan,
        person=person,
        kind=kind.value,
        text_sealed=DISPUTE_TEXT.seal(vault, text, id_) if text else None,
        at=now,
        due=now + ANSWER_WITHIN,
    )


def of_person(connection: Connection, vault: Vault, person: str) -> list[StoredDispute]:
    """Return the disputes of a holder, the newest first."""
    query = select(ScanDispute.__table__).where(ScanDispute.person == person)
    return [_opened(vault, row) for row in connection.execute(query.order_by(ScanDispute.at.desc(), ScanDispute.id))]


def of_scans(connection: Connection, person: str, scans: Sequence[str]) -> dict[str, DisputeState]:
    """Return where a holder's disputes about these scans stand."""
    query = select(ScanDispute.scan, ScanDispute.upheld).where(
        ScanDispute.person == person, ScanDispute.scan.in_(scans)
    )
    return {row.scan: state_of(row.upheld) for row in connection.execute(query)}


def waiting(connection: Connection, vault: Vault, *, limit: int) -> list[StoredDispute]:
    """Return the disputes without an answer, the most urgent first."""
    query = select(ScanDispute.__table__).where(ScanDispute.answered.is_(None))
    rows = connection.execute(query.order_by(ScanDispute.due, ScanDispute.id).limit(limit))
    return [_opened(vault, row) for row in rows]


def answer(  # noqa: PLR0913 -- one row
    connection: Connection, vault: Vault, dispute: str, *, upheld: bool, reply: str, now: int
) -> StoredDispute | None:
    """Answer a dispute once; None when there is none without an answer."""
    row = connection.execute(
        update(ScanDispute)
        .where(ScanDispute.id == dispute, ScanDispute.answered.is_(None))
        .values(upheld=upheld, reply_sealed=DISPUTE_REPLY.seal(vault, reply, dispute), answered=now)
        .returning(*ScanDispute.__table__.c)
    ).first()
    return None if row is None else _opened(vault, row)


def _opened(vault: Vault, row: "Row[Any]") -> StoredDispute:
    return StoredDispute(
        row.id,
        row.scan,
        row.person,
        DisputeKind(row.kind),
        "" if row.text_sealed is None else DISPUTE_TEXT.open(vault, row.text_sealed, row.id),
        row.at,
        row.due,
        state_of(row.upheld),
        None if row.reply_sealed is None else DISPUTE_REPLY.open(vault, row.reply_sealed, row.id),
        row.answered,
    )
