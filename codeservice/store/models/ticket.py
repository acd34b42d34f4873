"""Tickets and passes of places with reservations, and what was sold."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Ticket(Table):
    """A reservation of one person for one place and day.

    `people` is for how many, null for one; `slot` is when, null for the whole day. `sold` lists the rows of the price
    table with people and fen; null for a ticket that cost nothing.
    """

    __tablename__ = "ticket"
    place: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    at: Mapped[int]
    people: Mapped[int | None]
    slot: Mapped[str | None] = mapped_column(String(5))
    sold: Mapped[list[Any] | None] = mapped_column(JSON)


class VisitPass(Table):
    """A pass of one person for one place: one admission a day from `begins` until before `ends`, not on `excluded`."""

    __tablename__ = "visit_pass"
    place: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    begins: Mapped[str] = mapped_column(String(10), primary_key=True)
    ends: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(32))
    cents: Mapped[int]
    at: Mapped[int]
    excluded: Mapped[list[Any]] = mapped_column(JSON)


class TicketSale(Table):
    """One row of the accounts of a place: tickets or passes sold by one row of the table, or given back. No holder.

    `day` is the day of sale or refund, `visit` the day of the visit; `cents` and `people` are never negative.
    """

    __tablename__ = "ticket_sale"
    __table_args__ = (
        Index(None, "place", "day"),
        CheckConstraint("kind in ('ticket', 'pass', 'refund')", name="kind"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    day: Mapped[str] = mapped_column(String(10))
    visit: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(32))
    people: Mapped[int]
    cents: Mapped[int]
    at: Mapped[int]


class PosterPrint(Table):
    """The newest print of a place's poster: an earlier generation is dead."""

    __tablename__ = "poster_print"
    place: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    generation: Mapped[int]
    at: Mapped[int]


class VenuePassage(Table):
    """A passage that a holder recorded by scanning a place's poster; nothing but the holder's own record follows."""

    __tablename__ = "venue_passage"
    __table_args__ = (Index(None, "person", "at"), Index(None, "place", "at"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    passage: Mapped[str] = mapped_column(String(10))
    at: Mapped[int] = mapped_column(index=True)
