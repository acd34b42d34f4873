"""Grants: places in status lists, and the status that decides."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, or_, select, tuple_, update

from codeservice.code import Kind
from codeservice.errors import ConflictError, NotFoundError
from codeservice.status import TRANSITIONS, Status
from codeservice.store import fact, status_list
from codeservice.store.models import Device, Grant

_BY_PLACE = select(Grant.__table__).where(Grant.list == bindparam("place_list"), Grant.idx == bindparam("place_idx"))


@dataclass(frozen=True)
class IssuedGrant:
    """What the record says of one grant.

    `changed` is when its status was changed last, `proxy` the tie under which somebody else shows it.
    """

    list: int
    idx: int
    person: str
    device: str | None
    kind: Kind
    scene: str
    issued: int
    expires: int
    status: Status
    kid: bytes | None
    changed: int | None
    proxy: str | None = None


@dataclass(frozen=True)
class NewGrant:
    """What is recorded of a grant before it is signed.

    `kid` is the key that will sign it, None for digit codes, which nobody signs; `public` the key that it binds, where
    it binds one.
    """

    person: str
    kind: Kind
    scene: str
    issued: int
    expires: int
    kid: bytes | None
    device: str | None = None
    public: bytes | None = None
    proxy: str | None = None


def reserve(connection: Connection, new: NewGrant) -> tuple[int, int]:
    """Record a grant before it is signed and return its place (list, idx); the place tells nothing of its order.

    Raises ConflictError when the key was used for another grant.
    """
    if new.public is not None and connection.scalar(select(Grant.idx).where(Grant.public == new.public)) is not None:
        raise ConflictError("key_used_before")
    list_, idx = status_list.take(connection, issued=new.issued, expires=new.expires)
    connection.execute(insert(Grant).values(list=list_, idx=idx, status=Status.VALID.value, **vars(new)))
    return list_, idx


def find(connection: Connection, list_: int, idx: int) -> IssuedGrant | None:
    """Return the record of a grant."""
    row = connection.execute(_BY_PLACE, {"place_list": list_, "place_idx": idx}).first()
    return None if row is None else _issued(row)


def find_all(connection: Connection, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], IssuedGrant]:
    """Return those of the grants at `places` that the record knows."""
    query = select(Grant.__table__).where(tuple_(Grant.list, Grant.idx).in_(list(places)))
    return {(row.list, row.idx): _issued(row) for row in connection.execute(query)}


def of_person(
    connection: Connection, person: str, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], IssuedGrant]:
    """Return those of the grants at `places` that belong to `person` or that a device of theirs shows for another."""
    query = select(Grant.__table__).where(_in_hands_of(person), tuple_(Grant.list, Grant.idx).in_(places))
    return {(row.list, row.idx): _issued(row) for row in connection.execute(query)}


def live(  # noqa: PLR0913 -- one argument for each way to choose
    connection: Connection,
    *,
    now: int,
    person: str | None = None,
    device: str | None = None,
    kind: Kind | None = None,
    proxy: str | None = None,
) -> list[IssuedGrant]:
    """Return, locked, the grants of a person, device, kind or tie that have not expired and are not revoked."""
    query = select(Grant.__table__).where(Grant.expires > now, Grant.status != Status.REVOKED.value)
    for column, wanted in ((Grant.person, person), (Grant.device, device), (Grant.kind, kind), (Grant.proxy, proxy)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [_issued(row) for row in connection.execute(query.order_by(Grant.issued).with_for_update())]


def live_of(connection: Connection, people: Sequence[str], *, now: int) -> list[IssuedGrant]:
    """Return, locked, the grants of several people that have not expired and are not revoked."""
    query = (
        select(Grant.__table__)
        .where(Grant.person.in_(people), Grant.expires > now, Grant.status != Status.REVOKED.value)
        .order_by(Grant.list, Grant.idx)
    )
    return [_issued(row) for row in connection.execute(query.with_for_update())] if people else []


def live_in_hands_of(connection: Connection, person: str, *, now: int) -> list[IssuedGrant]:
    """Return, locked, what dies with a loss: a person's live grants, and those that their devices show for others."""
    query = select(Grant.__table__).where(
        Grant.expires > now, Grant.status != Status.REVOKED.value, _in_hands_of(person)
    )
    return [_issued(row) for row in connection.execute(query.order_by(Grant.issued).with_for_update())]


def papers(
    connection: Connection, *, now: int, person: str | None = None, proxy: str | None = None
) -> list[IssuedGrant]:
    """Return the paper codes of a person, or those printed under a tie, that count at `now`."""
    query = select(Grant.__table__).where(
        Grant.kind == Kind.PAPER.value, Grant.expires > now, Grant.status == Status.VALID.value
    )
    query = query.where(Grant.person == person) if proxy is None else query.where(Grant.proxy == proxy)
    return [_issued(row) for row in connection.execute(query.order_by(Grant.issued))]


def count_of_kind(connection: Connection, person: str, kind: Kind) -> int:
    """Count the grants of a kind that a person ever had."""
    query = select(func.count()).select_from(Grant).where(Grant.person == person, Grant.kind == kind.value)
    return connection.scalar(query) or 0


def change(connection: Connection, grants: Sequence[IssuedGrant], status: Status, *, cause: str, now: int) -> None:
    """Give grants another status, with the cause. Revoked is final: asking again changes nothing.

    Raises ConflictError when the change is not allowed for one of them, NotFoundError when one does not exist.
    """
    changed = 0
    for grant in grants:
        current = connection.execute(
            select(Grant.status).where(Grant.list == grant.list, Grant.idx == grant.idx).with_for_update()
        ).first()
        if current is None:
            raise NotFoundError("grant_not_found")
        before = Status(current.status)
        if status is before:
            continue
        if status not in TRANSITIONS[before]:
            raise ConflictError("status_change_not_allowed")
        connection.execute(
            update(Grant)
            .where(Grant.list == grant.list, Grant.idx == grant.idx)
            .values(status=status.value, cause=cause, changed=now)
        )
        changed += 1
    if changed:
        # Last, so that nothing is waited for while others wait for the count.
        fact.count(connection, fact.STATUS_CHANGES)


def revoked_places(connection: Connection, *, now: int) -> list[tuple[int, int]]:
    """Return every revoked place whose grant has not expired: what the cache is rebuilt from."""
    rows = connection.execute(
        select(Grant.list, Grant.idx).where(Grant.expires > now, Grant.status == Status.REVOKED.value)
    )
    return [(row.list, row.idx) for row in rows]


def bound_keys(
    connection: Connection, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Kind, bytes | None]]:
    """Return for each of these places that is recorded its kind and the key that it binds, where it binds one."""
    rows = connection.execute(
        select(Grant.list, Grant.idx, Grant.kind, Grant.public).where(tuple_(Grant.list, Grant.idx).in_(places))
    )
    return {(row.list, row.idx): (Kind(row.kind), row.public) for row in rows}


def live_places(
    connection: Connection, kinds: Sequence[Kind], *, now: int, size: int
) -> Iterator[list[tuple[int, int]]]:
    """Return, `size` at a time, the places of these kinds that have not expired, whatever their status."""
    query = select(Grant.list, Grant.idx).where(Grant.expires > now, Grant.kind.in_(kind.value for kind in kinds))
    rows = connection.execution_options(yield_per=size).execute(query)
    for part in rows.partitions(size):
        yield [(row.list, row.idx) for row in part]


def count_live(connection: Connection, *, now: int) -> int:
    """Count grants that have not expired."""
    return connection.scalar(select(func.count()).select_from(Grant).where(Grant.expires > now)) or 0


def _in_hands_of(person: str) -> ColumnElement[bool]:
    return or_(Grant.person == person, Grant.device.in_(select(Device.id).where(Device.person == person)))


def _issued(row: Row[Any]) -> IssuedGrant:
    return IssuedGrant(
        list=row.list,
        idx=row.idx,
        person=row.person,
        device=row.device,
        kind=Kind(row.kind),
        scene=row.scene,
        issued=row.issued,
        expires=row.expires,
        status=Status(row.status),
        kid=row.kid,
        changed=row.changed,
        proxy=row.proxy,
    )
