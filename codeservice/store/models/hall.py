"""Government halls: visits with their queue numbers, windows, applications filled from credentials, reviews."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class HallVisit(Table):
    """One queue number of one day, drawn with the scan of the same identifier.

    `turn` orders the queue of a service: whoever is transferred keeps the moment of drawing. `window` is where the
    number was called last.
    """

    __tablename__ = "hall_visit"
    __table_args__ = (
        UniqueConstraint("place", "day", "number"),
        Index(None, "place", "day", "state", "service"),
        Index(None, "person", "drawn"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    day: Mapped[str] = mapped_column(String(10))
    service: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(8))
    priority: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10))
    window: Mapped[str | None] = mapped_column(String(8))
    calls: Mapped[int]
    drawn: Mapped[int]
    turn: Mapped[int]
    called: Mapped[int | None]
    ended: Mapped[int | None] = mapped_column(index=True)


class HallWindow(Table):
    """A window of a hall and the visit that it has in hand; its row is the lock under which it calls."""

    __tablename__ = "hall_window"
    place: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    window: Mapped[str] = mapped_column(String(8), primary_key=True)
    visit: Mapped[str | None] = mapped_column(String(32))


class HallApplication(Table):
    """One form of one visit that a hall asks a holder for; `form` is its definition at that moment.

    `values_sealed` are the values that the holder consented to, from the consent until they are fetched or withdrawn.
    """

    __tablename__ = "hall_application"
    __table_args__ = (
        CheckConstraint("state in ('asked', 'consented', 'fetched', 'refused', 'withdrawn')", name="state"),
        Index(None, "person", "asked"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    visit: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    service: Mapped[str] = mapped_column(String(20))
    form: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10))
    values_sealed: Mapped[bytes | None]
    asked: Mapped[int] = mapped_column(index=True)
    consented: Mapped[int | None]
    expires: Mapped[int | None]
    ended: Mapped[int | None]


class HallReview(Table):
    """The one review of a finished visit; who gave it stays with the visit."""

    __tablename__ = "hall_review"
    __table_args__ = (CheckConstraint("grade between 1 and 5", name="grade"), Index(None, "place", "at"))
    visit: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    service: Mapped[str] = mapped_column(String(20))
    window: Mapped[str] = mapped_column(String(8))
    grade: Mapped[int] = mapped_column(SmallInteger)
    tags: Mapped[list[str]] = mapped_column(JSON)
    by: Mapped[str] = mapped_column(String(10))
    at: Mapped[int]


class HallFollowUp(Table):
    """What a hall owes after a bad review: an answer by `due`. `callback` says that the holder wants to be called."""

    __tablename__ = "hall_follow_up"
    __table_args__ = (Index(None, "place", "closed", "due"),)
    visit: Mapped[str] = mapped_column(ForeignKey("hall_review.visit", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    callback: Mapped[bool]
    opened: Mapped[int]
    due: Mapped[int]
    closed: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
