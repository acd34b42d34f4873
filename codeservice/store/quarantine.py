"""Quarantine: uploaded items that became no scans, kept in their bytes for the operator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, select

from codeservice.quarantine import QuarantineReason
from codeservice.store.models import Quarantine


@dataclass(frozen=True)
class QuarantinedItem:
    """One item with its number, the reason why it is here, and when it came (epoch seconds)."""

    client: str
    stream: str
    seq: int
    item_hash: bytes
    reason: str
    received: int
    item: bytes


def add(connection: Connection, items: Sequence[QuarantinedItem]) -> None:
    """Keep items."""
    if items:
        connection.execute(insert(Quarantine), [vars(item) for item in items])


def find(connection: Connection, client: str, stream: str, seqs: Iterable[int]) -> list[QuarantinedItem]:
    """Return what is kept under these numbers of a stream."""
    query = select(Quarantine.__table__).where(
        Quarantine.client == client, Quarantine.stream == stream, Quarantine.seq.in_(list(seqs))
    )
    return [QuarantinedItem(**row) for row in connection.execute(query).mappings()]


def newest(connection: Connection, *, since: int, limit: int) -> list[QuarantinedItem]:
    """Return the items that came since a moment, the newest first."""
    query = (
        select(Quarantine.__table__)
        .where(Quarantine.received >= since)
        .order_by(Quarantine.received.desc(), Quarantine.client, Quarantine.stream, Quarantine.seq)
        .limit(limit)
    )
    return [QuarantinedItem(**row) for row in connection.execute(query).mappings()]


def counts_as_received() -> ColumnElement[bool]:
    """Match the items that stand for their number: a fork came under a number that stood for something already."""
    return Quarantine.reason != QuarantineReason.FORK.value
