"""Tickets: reservations of one person for one place and day, within the place's capacity."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from codeservice.status import Status
from codeservice.store.models import Grant, Place, Ticket
from codeservice.store.upsert import insert_once

SCENE = "scenic_spot"
"""The scene whose places are entered with tickets."""


@dataclass(frozen=True)
class TicketHolder:
    """A live grant of somebody who has tickets: its place in a list, whose it is, and how many tickets."""

    list: int
    idx: int
    person: str
    count: int


def sold(connection: Connection, place: str, day: str) -> int:
    """Count the tickets of a place and day."""
    return connection.scalar(select(func.count()).where(Ticket.place == place, Ticket.day == day)) or 0


def has(connection: Connection, place: str, day: str, person: str) -> bool:
    """Whether a person holds a ticket."""
    query = select(Ticket.at).where(Ticket.place == place, Ticket.day == day, Ticket.person == person)
    return connection.scalar(query) is not None


def book(connection: Connection, place: str, day: str, person: str, *, now: int) -> bool:
    """Book a ticket; False when the place is sold out. Booking twice is one ticket."""
    # The lock on the place makes count and insert one step for everybody who books there.
    capacity = connection.execute(select(Place.capacity).where(Place.id == place).with_for_update()).scalar_one()
    if has(connection, place, day, person):
        return True
    if capacity is not None and sold(connection, place, day) >= capacity:
        return False
    return insert_once(connection, Ticket, place=place, day=day, person=person, at=now)


def holders(  # noqa: PLR0913 -- what chooses the rows
    connection: Connection, place: str, day: str, scenes: Sequence[str], *, now: int, limit: int
) -> list[TicketHolder]:
    """Return the signed grants by which the ticket holders of a day may come, the newest first, `limit` at most.

    `scenes` are the names under which grants good at this place were issued.
    """
    counts = (
        select(Ticket.person, func.count().label("tickets"))
        .where(Ticket.place == place, Ticket.day == day)
        .group_by(Ticket.person)
        .subquery()
    )
    query = (
        select(Grant.list, Grant.idx, Grant.person, counts.c.tickets)
        .join(counts, counts.c.person == Grant.person)
        # A digit code, which nobody signs, is decided by the service alone.
        .where(Grant.expires > now, Grant.status != Status.REVOKED.value, Grant.kid.is_not(None))
        .where(Grant.scene.in_(scenes))
        .order_by(Grant.issued.desc(), Grant.list, Grant.idx)
        .limit(limit)
    )
    return [TicketHolder(row.list, row.idx, row.person, row.tickets) for row in connection.execute(query)]


def lock(connection: Connection, place: str) -> None:
    """Keep everybody else who books or settles at a place waiting until this transaction ends."""
    connection.execute(select(Place.id).where(Place.id == place).with_for_update(key_share=True))
