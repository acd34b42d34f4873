"""Scans: written once with their decision, found again by the caller's idempotency key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from codeservice.scan import Acceptance, Caller, Outcome
from codeservice.store.models import Place, Scan
from codeservice.visiting import Passed

# Statements of the hot path are built once.
_INSERT = insert(Scan)
_BY_ACT = select(Scan.__table__).where(Scan.client == bindparam("client"), Scan.act == bindparam("act"))


@dataclass(frozen=True)
class StoredScan:
    """One scan as recorded. `stream` to `received` are those of a scan that its terminal has uploaded.

    `policy` is the version that decided, `asked` what a trial of another version needs.
    """

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
    stream: str | None = None
    seq: int | None = None
    item_hash: bytes | None = None
    device_at: int | None = None
    received: int | None = None
    policy: str | None = None
    asked: dict[str, Any] | None = None


@dataclass(frozen=True)
class Number:
    """What a terminal's upload adds to a scan: its number, a hash of the bytes that came, and when."""

    stream: str
    seq: int
    item_hash: bytes
    device_at: int
    received: int


def add(connection: Connection, scan: StoredScan) -> None:
    """Insert a scan; the pair (client, act) is unique."""
    connection.execute(_INSERT, vars(scan))


def add_all(connection: Connection, scans: Sequence[StoredScan]) -> None:
    """Insert several scans."""
    if scans:
        connection.execute(_INSERT, [vars(scan) for scan in scans])


def number(connection: Connection, scan: str, given: Number) -> None:
    """Give a scan that the service has answered the number of its terminal."""
    connection.execute(update(Scan).where(Scan.id == scan).values(vars(given)))


def find_by_act(connection: Connection, caller: Caller, act: str) -> StoredScan | None:
    """Find what was answered to this caller for this act."""
    row = connection.execute(_BY_ACT, {"client": caller.id, "act": act}).mappings().first()
    return None if row is None else StoredScan(**row)


def find_by_acts(connection: Connection, client: str, acts: Iterable[str]) -> dict[str, StoredScan]:
    """Return the scans of a client for these acts, by act."""
    query = select(Scan.__table__).where(Scan.client == client, Scan.act.in_(list(acts)))
    return {row["act"]: StoredScan(**row) for row in connection.execute(query).mappings()}


def numbered(connection: Connection, client: str, stream: str, seqs: Iterable[int]) -> list[Number]:
    """Return those of these numbers under which a scan is stored."""
    query = select(Scan.stream, Scan.seq, Scan.item_hash, Scan.device_at, Scan.received).where(
        Scan.client == client, Scan.stream == stream, Scan.seq.in_(list(seqs))
    )
    return [Number(**row) for row in connection.execute(query).mappings()]


def accepted_uses(
    connection: Connection, uses: Sequence[tuple[int, int, int]]
) -> dict[tuple[int, int, int], list[str]]:
    """Return for each of these showings (list, idx, iat) the scans that accepted it, the earliest first."""
    query = (
        select(Scan.list, Scan.idx, Scan.iat, Scan.id)
        .where(tuple_(Scan.list, Scan.idx, Scan.iat).in_(uses), Scan.outcome == Outcome.ACCEPTED.value)
        .order_by(Scan.at, Scan.id)
    )
    found: dict[tuple[int, int, int], list[str]] = {use: [] for use in uses}
    for list_, idx, iat, id_ in connection.execute(query):
        found[list_ or 0, idx or 0, iat or 0].append(id_)
    return found


def accepted_at(connection: Connection, person: str, place: str, span: tuple[int, int]) -> list[tuple[str, int]]:
    """Return the accepted scans of a person at a place in a span of time, the earliest first, with how many entered.

    Whoever left is nobody who entered; an effect that names no people is of one.
    """
    query = select(Scan.id, Scan.effect).where(
        Scan.person == person,
        Scan.place == place,
        Scan.at >= span[0],
        Scan.at < span[1],
        Scan.outcome == Outcome.ACCEPTED.value,
    )
    found = connection.execute(query.order_by(Scan.at, Scan.id))
    return [(row.id, _entered(row.effect)) for row in found]


def passages_at(connection: Connection, place: str, span: tuple[int, int]) -> list[Passed]:
    """Return what was accepted at a place in a span of time."""
    query = select(Scan.id, Scan.at, Scan.person, Scan.effect).where(
        Scan.place == place, Scan.at >= span[0], Scan.at < span[1], Scan.outcome == Outcome.ACCEPTED.value
    )
    return [Passed(row.id, row.at, row.person or row.id, row.effect) for row in connection.execute(query)]


def _entered(effect: dict[str, Any]) -> int:
    return 0 if effect.get("passage") == "leave" else int(effect.get("people", 1))


@dataclass(frozen=True)
class TriedScan:
    """What the trial of a policy needs of a scan."""

    id: str
    at: int
    place: str
    person: str
    reason: str | None
    effect: dict[str, Any]
    asked: dict[str, Any] | None


def for_trial(connection: Connection, places: Sequence[str], *, since: int, limit: int) -> list[TriedScan]:
    """Return the scans of known holders at these places since a moment, in the order of their time."""
    columns = [Scan.__table__.c[name] for name in TriedScan.__dataclass_fields__]
    query = (
        select(*columns)
        .where(Scan.place.in_(places), Scan.at >= since, Scan.person.is_not(None))
        .order_by(Scan.at, Scan.id)
        .limit(limit)
    )
    return [TriedScan(**row) for row in connection.execute(query).mappings()]


def accepted_of(connection: Connection, person: str, *, scene: str, partner: str, since: int) -> list[Acceptance]:
    """Return what a scene has accepted of a person at the places of a partner since a moment, the earliest first."""
    query = select(Scan.id, Scan.at, Scan.place, Scan.effect).where(
        Scan.person == person,
        Scan.at >= since,
        Scan.scene == scene,
        Scan.partner == partner,
        Scan.outcome == Outcome.ACCEPTED.value,
    )
    return [Acceptance(**row) for row in connection.execute(query.order_by(Scan.at, Scan.id)).mappings()]


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
