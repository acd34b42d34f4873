"""What a hospital holds of a patient: the identifier that is the hospital's alone, and visits."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class PairwiseSubject(Table):
    """The identifier under which one partner knows a person; another partner has another one."""

    __tablename__ = "pairwise_subject"
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)


class Encounter(Table):
    """One visit: a person at a department of a place on one day of the city.

    `registered`, `arrived`, `begun` and `ended` are when each was said first; `changed` is the newest of all.
    `guardian` is who showed the person's code under a tie that was active then.
    """

    __tablename__ = "encounter"
    __table_args__ = (
        UniqueConstraint("place", "department", "day", "person"),
        Index(None, "partner", "day"),
        CheckConstraint(
            "state in ('registered', 'arrived', 'in_progress', 'finished', 'cancelled')",
            name="state",
        ),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(16))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    department: Mapped[str] = mapped_column(String(20))
    day: Mapped[str] = mapped_column(String(10))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    guardian: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(12))
    registered: Mapped[int | None]
    arrived: Mapped[int | None]
    begun: Mapped[int | None]
    ended: Mapped[int | None]
    changed: Mapped[int]
