"""Scans: written once with their decision, found again by the caller's idempotency key."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from codeservice.scan import Caller
from codeservice.store.models import Place, Scan

# Statements of the hot path are built once.
_INSERT = insert(Scan)
_BY_ACT = select(Scan.__table__).where(Scan.client == bindparam("client"), Scan.act == bindparam("act"))


@dataclass(frozen=True)
class StoredScan:
    """One scan as recorded; `place_name` is filled where a citizen reads it."""

    id: str
    client: str
    act: str
    fingerprint: bytes
    partner: str
    place: str
    scene: str
    at: int
    person: str | None
    list: int | None
    idx: int | None
    iat: int | None
    outcome: str
    reason: str | None
    effect: dict[str, Any]
    disclosed: dict[str, Any]


def add(connection: Connection, scan: StoredScan) -> None:
    """Insert a scan; the pair (client, act) is unique."""
    connection.execute(_INSERT, vars(scan))


def find_by_act(connection: Connection, caller: Caller, act: str) -> StoredScan | None:
    """Find what was answered to this caller for this act."""
    row = connection.execute(_BY_ACT, {"client": caller.id, "act": act}).mappings().first()
    return None if row is None else StoredScan(**row)


def find_of_partner(connection: Connection, partner: str, scan: str) -> StoredScan | None:
    """Find a scan by its identifier, if it is this partner's."""
    query = select(Scan.__table__).where(Scan.id == scan, Scan.partner == partner)
    row = connection.execute(query).mappings().first()
    return None if row is None else StoredScan(**row)


def of_person(connection: Connection, person: str, *, limit: int) -> list[tuple[StoredScan, str]]:
    """Return the newest scans of a person, each with the name of its place."""
    query = (
        select(Scan.__table__, Place.name.label("place_name"))
        .join(Place, Place.id == Scan.place)
        .where(Scan.person == person)
        .order_by(Scan.at.desc(), Scan.id)
        .limit(limit)
    )
    found = []
    for row in connection.execute(query).mappings():
        values = dict(row)
        name = values.pop("place_name")
        found.append((StoredScan(**values), name))
    return found


def count_since(connection: Connection, since: int, *, client: str | None = None) -> int:
    """Count scans since a moment, of one client or of all."""
    query = select(func.count()).select_from(Scan).where(Scan.at >= since)
    if client is not None:
        query = query.where(Scan.client == client)
    return connection.scalar(query) or 0
