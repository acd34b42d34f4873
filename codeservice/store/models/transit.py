"""Statements of public transport and the disputes about them."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class TransitStatement(Table):
    """One statement as it was handed out, never changed; `file` has its JSON lines. Nothing personal is in it."""

    __tablename__ = "transit_statement"
    __table_args__ = (UniqueConstraint("operator", "day", "line", "number"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    line: Mapped[str] = mapped_column(String(20))
    day: Mapped[str] = mapped_column(String(10))
    number: Mapped[int]
    made: Mapped[int]
    file: Mapped[bytes]


class TransitDispute(Table):
    """A claim about one row of a statement, under the operator's own number, and what became of it.

    `stated` is what the statements said when the claim came; amounts are fen.
    """

    __tablename__ = "transit_dispute"
    operator: Mapped[str] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    dispute: Mapped[str] = mapped_column(String(40), primary_key=True)
    line: Mapped[str] = mapped_column(String(40))
    day: Mapped[str] = mapped_column(String(10), index=True)
    ref: Mapped[str] = mapped_column(String(40))
    stated: Mapped[int]
    claimed: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    at: Mapped[int]
    decided: Mapped[int | None]
    answer: Mapped[str]
    actor: Mapped[str | None] = mapped_column(String(80))
