"""Ties between people of whom one acts for the other."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table

_OPEN = text("state in ('requested', 'waiting_review', 'active')")
_ACTIVE = text("state = 'active'")


class HouseholdTie(Table):
    """One tie. `dependant` is None while nobody has the name and number that were typed.

    What was typed is kept, sealed, until the tie is refused or has ended. `scenes` is a mask, None for every scene;
    `since` is when it became active, `until` when it ends by itself, `closed` when it was refused or has ended.
    """

    __tablename__ = "household_tie"
    __table_args__ = (
        CheckConstraint("state in ('requested', 'waiting_review', 'active', 'refused', 'ended')", name="state"),
        CheckConstraint("guardian <> dependant", name="two_people"),
        Index(
            "uq_household_tie_open",
            "guardian",
            "typed_id_number_index",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_household_tie_active",
            "guardian",
            "dependant",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("ix_household_tie_state_requested", "state", "requested"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guardian: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    dependant: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    proof: Mapped[str | None] = mapped_column(String(20))
    scenes: Mapped[int | None]
    shares_records: Mapped[bool]
    typed_name_sealed: Mapped[bytes | None]
    typed_id_number_sealed: Mapped[bytes | None]
    typed_id_number_index: Mapped[bytes | None]
    requested: Mapped[int]
    since: Mapped[int | None]
    until: Mapped[int | None]
    closed: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(20))
