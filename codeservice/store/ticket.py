"""Tickets: reservations of one person for one place and day, within the place's capacity."""

from sqlalchemy import Connection, func, select

from codeservice.store.models import Place, Ticket
from codeservice.store.upsert import insert_once


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
