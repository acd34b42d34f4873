"""Emergency accesses, each to be reviewed by a second person."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class EmergencyAccess(Table):
    """One emergency access; `operator` is the clinician, `reviewer` the second person who looked at it afterwards."""

    __tablename__ = "emergency_access"
    __table_args__ = (
        UniqueConstraint("client", "act"),
        Index(None, "reviewed", "due"),
        CheckConstraint("reviewer is null or reviewer <> operator", name="second_person"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    act: Mapped[str] = mapped_column(String(64))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    operator: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(20))
    statement_sealed: Mapped[bytes]
    at: Mapped[int]
    due: Mapped[int]
    reviewed: Mapped[int | None]
    reviewer: Mapped[str | None] = mapped_column(String(24))
    verdict: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str | None]
