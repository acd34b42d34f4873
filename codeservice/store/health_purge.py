"""Destroying what an emergency has gathered: rows out, counts and digests of them kept."""

import hashlib
import secrets

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from codeservice.audit import canonical
from codeservice.destruction import Destroyed
from codeservice.notice import NoticeKind
from codeservice.store.models import (
    HealthAppeal,
    HealthCertificate,
    HealthChange,
    HealthEvidence,
    HealthOrder,
    HealthStatus,
    Notice,
    Proposal,
    Table,
)

_NOTICES = (
    NoticeKind.HEALTH_STATUS_CHANGED,
    NoticeKind.HEALTH_STATUS_ENDED,
    NoticeKind.HEALTH_APPEAL_DECIDED,
)
_NAMING_KINDS = ("health_order", "health_correction", "health_uphold")
"""Proposals whose documents name people or changes."""


def destroy(connection: Connection, *, until: int) -> tuple[Destroyed, ...]:
    """Delete everything about people that was recorded until a moment; rules and the digests of proposals stay."""
    rules: tuple[tuple[type[Table], ColumnElement[bool]], ...] = (
        (HealthAppeal, HealthAppeal.filed <= until),
        (HealthStatus, _of_old_change(until)),
        (HealthChange, HealthChange.at <= until),
        (HealthOrder, HealthOrder.at <= until),
        (HealthEvidence, HealthEvidence.recorded <= until),
        (Notice, Notice.kind.in_([kind.value for kind in _NOTICES]) & (Notice.at <= until)),
    )
    destroyed = tuple(_destroy(connection, table, rule) for table, rule in rules)
    connection.execute(
        update(Proposal).where(Proposal.kind.in_(_NAMING_KINDS), Proposal.created <= until).values(document=b"")
    )
    return destroyed


def add_certificate(connection: Connection, *, proposal: str, at: int, signed: str) -> str:
    """Keep a certificate; returns its identifier."""
    id_ = secrets.token_hex(16)
    connection.execute(insert(HealthCertificate).values(id=id_, proposal=proposal, at=at, signed=signed))
    return id_


def certificates(connection: Connection) -> list[tuple[str, str, int, str]]:
    """Return (identifier, proposal, at, signed) of every certificate, the oldest first."""
    table = HealthCertificate
    rows = connection.execute(select(table.id, table.proposal, table.at, table.signed).order_by(table.at, table.id))
    return [(row.id, row.proposal, row.at, row.signed) for row in rows]


def _of_old_change(until: int) -> ColumnElement[bool]:
    old = select(HealthChange.id).where(HealthChange.at <= until)
    return HealthStatus.change.is_(None) | HealthStatus.change.in_(old)


def _destroy(connection: Connection, table: type[Table], rule: ColumnElement[bool]) -> Destroyed:
    digests = []
    for row in connection.execute(select(table.__table__).where(rule)).mappings():
        text = canonical({name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()})
        digests.append(hashlib.sha256(text.encode()).digest())
    count = connection.execute(delete(table).where(rule)).rowcount
    return Destroyed(table.__tablename__, count, hashlib.sha256(b"".join(sorted(digests))).digest())
