"""Tickets: reservations of one person for one place and day, for so many people, within what place and slot hold."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select

from codeservice.errors import ConflictError
from codeservice.status import Status
from codeservice.store import tally, visit_pass
from codeservice.store.models import Grant, Place, Ticket, TicketSale
from codeservice.store.upsert import insert_once
from codeservice.visit import Sold

SCENE = "scenic_spot"
"""The scene whose places are entered with tickets."""

_PEOPLE = func.coalesce(Ticket.people, 1)
_NO_BOUND = 1_000_000_000


@dataclass(frozen=True)
class TicketHolder:
    """A live grant of somebody who has tickets: its place in a list, whose it is, and how many tickets."""

    list: int
    idx: int
    person: str
    count: int
    slot: str = ""


@dataclass(frozen=True)
class Booking:
    """Tickets of one holder for a place and day; `slot` is empty for the whole day."""

    place: str
    day: str
    person: str
    people: int
    slot: str
    sold: tuple[Sold, ...]

    @property
    def cents(self) -> int:
        """What they cost in fen."""
        return sum(entry.cents for entry in self.sold)


@dataclass(frozen=True)
class Sales:
    """What a place sold or gave back on a day under one row of the table."""

    kind: str
    code: str
    people: int
    cents: int


def sold(connection: Connection, place: str, day: str, slot: str = "") -> int:
    """Count the people who have tickets of a place and day, of one slot where it is named."""
    query = select(func.coalesce(func.sum(_PEOPLE), 0)).where(Ticket.place == place, Ticket.day == day)
    return int(connection.scalar(query.where(Ticket.slot == slot) if slot else query) or 0)


def find(connection: Connection, place: str, day: str, person: str) -> Booking | None:
    """Find a holder's tickets for a place and day."""
    found = connection.execute(_of(person).where(Ticket.place == place, Ticket.day == day)).first()
    return None if found is None else _booking(found)


def of_person(connection: Connection, person: str, *, since: str) -> list[Booking]:
    """Return a holder's tickets from a day on, the next first."""
    query = _of(person).where(Ticket.day >= since).order_by(Ticket.day, Ticket.slot, Ticket.place)
    return [_booking(row) for row in connection.execute(query)]


def has(connection: Connection, place: str, day: str, person: str) -> bool:
    """Whether a person holds a ticket."""
    return find(connection, place, day, person) is not None


def people_of(connection: Connection, place: str, day: str, person: str) -> int:
    """Count the people of a holder's tickets and pass for a day; the ticket is locked until this transaction ends."""
    query = select(_PEOPLE).where(Ticket.place == place, Ticket.day == day, Ticket.person == person)
    tickets = connection.scalar(query.with_for_update()) or 0
    return int(tickets) + (person in visit_pass.holders(connection, place, day, person=person))


def book(  # noqa: PLR0913 -- what a ticket says, and what bounds it
    connection: Connection,
    place: str,
    day: str,
    person: str,
    *,
    now: int,
    bought: Sequence[Sold] = (),
    slot: str = "",
    slot_capacity: int | None = None,
    today: str = "",
) -> bool:
    """Book tickets; False when place or slot have no room for all. Booking the same twice is one booking.

    Raises ConflictError with ticket_exists when the holder has other tickets for that day.
    """
    people = sum(entry.people for entry in bought) or 1
    # The lock on the place makes count and insert one step for everybody who books there.
    capacity = connection.execute(select(Place.capacity).where(Place.id == place).with_for_update()).scalar_one()
    earlier = find(connection, place, day, person)
    if earlier is not None:
        if (earlier.people, earlier.slot) != (people, slot):
            raise ConflictError("ticket_exists")
        return True
    if capacity is not None and sold(connection, place, day) + people > capacity:
        return False
    if slot_capacity is not None and sold(connection, place, day, slot) + people > slot_capacity:
        return False
    made = insert_once(
        connection,
        Ticket,
        place=place,
        day=day,
        person=person,
        at=now,
        people=people,
        slot=slot or None,
        sold=[[entry.code, entry.people, entry.cents] for entry in bought],
    )
    record_sales(connection, place, bought, kind="ticket", day=today or day, visit=day, now=now)
    return made


def cancel(connection: Connection, booking: Booking, refund: int, *, today: str, now: int) -> None:
    """Give tickets back that nobody has used; raises ConflictError with ticket_used, or when they are gone."""
    place, day, person = booking.place, booking.day, booking.person
    lock(connection, place)
    # Whoever is at the gate with them holds the row: either they entered before, or they have no ticket any more.
    gone = delete(Ticket).where(Ticket.place == place, Ticket.day == day, Ticket.person == person)
    if connection.execute(gone.returning(Ticket.at)).first() is None:
        raise ConflictError("ticket_used")
    if tally.add(connection, f"admission:{place}:{day}", person, 0, _NO_BOUND):
        raise ConflictError("ticket_used")
    shares = _shares(booking.sold, refund)
    record_sales(connection, place, shares, kind="refund", day=today, visit=day, now=now)


def record_sales(  # noqa: PLR0913 -- one row of the accounts
    connection: Connection, place: str, entries: Iterable[Sold], *, kind: str, day: str, visit: str, now: int
) -> None:
    """Write what was sold or given back into the accounts of a place."""
    for entry in entries:
        insert_once(
            connection,
            TicketSale,
            id=secrets.token_hex(16),
            place=place,
            day=day,
            visit=visit,
            kind=kind,
            code=entry.code,
            people=entry.people,
            cents=entry.cents,
            at=now,
        )


def sales(connection: Connection, place: str, day: str) -> list[Sales]:
    """Sum up what a place sold and gave back on a day."""
    query = (
        select(TicketSale.kind, TicketSale.code, func.sum(TicketSale.people), func.sum(TicketSale.cents))
        .where(TicketSale.place == place, TicketSale.day == day)
        .group_by(TicketSale.kind, TicketSale.code)
        .order_by(TicketSale.kind, TicketSale.code)
    )
    return [Sales(row[0], row[1], int(row[2]), int(row[3])) for row in connection.execute(query)]


def people_sold(connection: Connection, place: str, visit: str) -> int:
    """Count by the accounts how many people have tickets for a day: sold, less given back."""
    query = select(TicketSale.kind, func.sum(TicketSale.people)).where(
        TicketSale.place == place, TicketSale.visit == visit, TicketSale.kind != "pass"
    )
    found = {row[0]: int(row[1]) for row in connection.execute(query.group_by(TicketSale.kind))}
    return found.get("ticket", 0) - found.get("refund", 0)


def holders(  # noqa: PLR0913 -- what chooses the rows
    connection: Connection, place: str, day: str, scenes: Sequence[str], *, now: int, limit: int
) -> list[TicketHolder]:
    """Return the signed grants by which the ticket holders of a day may come, the newest first, `limit` at most.

    `scenes` are the names under which grants good at this place were issued. Who has a pass is one of them.
    """
    tickets = select(Ticket.person, _PEOPLE, func.coalesce(Ticket.slot, "")).where(
        Ticket.place == place, Ticket.day == day
    )
    counts: dict[str, tuple[int, str]] = {row[0]: (row[1], row[2]) for row in connection.execute(tickets)}
    passes = visit_pass.holders(connection, place, day)
    for person in passes:
        before = counts.get(person, (0, ""))
        counts[person] = before[0] + 1, before[1]
    chosen = select(Ticket.person).where(Ticket.place == place, Ticket.day == day)
    query = (
        select(Grant.list, Grant.idx, Grant.person)
        # A digit code, which nobody signs, is decided by the service alone.
        .where(Grant.expires > now, Grant.status != Status.REVOKED.value, Grant.kid.is_not(None))
        .where(Grant.scene.in_(scenes))
        .where(Grant.person.in_(chosen.union(visit_pass.query(place, day))))
        .order_by(Grant.issued.desc(), Grant.list, Grant.idx)
    )
    found = (row for row in connection.execute(query) if row.person in counts)
    every = [TicketHolder(row.list, row.idx, row.person, *counts[row.person]) for row in found]
    return every[:limit]


def lock(connection: Connection, place: str) -> None:
    """Keep everybody else who books or settles at a place waiting until this transaction ends."""
    connection.execute(select(Place.id).where(Place.id == place).with_for_update(key_share=True))


def _of(person: str) -> Select[Any]:
    return select(Ticket.place, Ticket.day, Ticket.person, _PEOPLE.label("people"), Ticket.slot, Ticket.sold).where(
        Ticket.person == person
    )


def _booking(row: Row[Any]) -> Booking:
    bought = tuple(Sold(*entry) for entry in row.sold or [])
    return Booking(row.place, row.day, row.person, row.people, row.slot or "", bought)


def _shares(bought: Sequence[Sold], refund: int) -> list[Sold]:
    """Spread a refund over the rows that were sold, so that it sums up exactly."""
    total, left = sum(entry.cents for entry in bought), refund
    shares = []
    for number, entry in enumerate(bought):
        cents = left if number == len(bought) - 1 else (entry.cents * refund // total if total else 0)
        shares.append(Sold(entry.code, entry.people, cents))
        left -= cents
    return shares
