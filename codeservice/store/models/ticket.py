"""Tickets of places with reservations."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Ticket(Table):
    """A reservation of one person for one place and day."""

    __tablename__ = "ticket"
    place: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    at: Mapped[int]
