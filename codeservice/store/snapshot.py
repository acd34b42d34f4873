"""Published snapshots and deltas: what terminals without a network fetched, and will fetch."""

from sqlalchemy import Connection, delete, func, insert, select

from codeservice.store.models import PublishedSnapshot

KEPT = 24 * 3600
"""Seconds for which deltas are kept: as long as the state that a terminal may still go by."""


def newest(connection: Connection) -> tuple[int, bytes] | None:
    """Return version and document of the newest whole snapshot."""
    query = select(PublishedSnapshot.version, PublishedSnapshot.document).where(PublishedSnapshot.is_delta.is_(False))
    row = connection.execute(query.order_by(PublishedSnapshot.version.desc()).limit(1)).first()
    return None if row is None else (row.version, row.document)


def newest_version(connection: Connection) -> int | None:
    """Return the version of the newest document, snapshot or delta."""
    return connection.scalar(select(func.max(PublishedSnapshot.version)))


def delta_after(connection: Connection, base: int) -> bytes | None:
    """Return the delta that continues a version."""
    return connection.scalar(select(PublishedSnapshot.document).where(PublishedSnapshot.base == base))


def deltas_since(connection: Connection, version: int) -> list[bytes]:
    """Return the deltas made after a version, in their order."""
    query = select(PublishedSnapshot.document).where(
        PublishedSnapshot.is_delta.is_(True), PublishedSnapshot.version > version
    )
    return list(connection.scalars(query.order_by(PublishedSnapshot.version)))


def add(connection: Connection, version: int, document: bytes, *, base: int | None = None) -> None:
    """Keep a snapshot, or a delta that continues `base`. A second delta for the same base is an IntegrityError."""
    is_delta = base is not None
    values = {"version": version, "is_delta": is_delta, "base": base, "document": document}
    connection.execute(insert(PublishedSnapshot).values(**values))


def forget(connection: Connection, *, now: int) -> int:
    """Delete deltas that have had their time, and every snapshot but the newest; returns how many."""
    table = PublishedSnapshot
    last = select(func.max(table.version)).where(table.is_delta.is_(False)).scalar_subquery()
    old = (table.is_delta.is_(True) & (table.version < now - KEPT)) | (
        table.is_delta.is_(False) & (table.version < last)
    )
    return connection.execute(delete(table).where(old)).rowcount
