"""Proposals that two people decide."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Proposal(Table):
    """An act that one officer asks for and another approves; `digest_hash` is of kind, document, reason and basis.

    The document of an act that touched people is emptied when its data is purged; the digest stays.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("approver is null or approver <> proposer", name="two_people"),
        CheckConstraint("state <> 'executed' or approver is not null", name="approved"),
        CheckConstraint("state in ('waiting', 'executed', 'rejected')", name="state"),
        Index(None, "state", "created"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    document: Mapped[bytes]
    digest_hash: Mapped[bytes]
    reason: Mapped[str]
    basis: Mapped[str] = mapped_column(String(80))
    proposer: Mapped[str] = mapped_column(ForeignKey("officer.id"))
    approver: Mapped[str | None] = mapped_column(ForeignKey("officer.id"))
    created: Mapped[int]
    expires: Mapped[int]
    decided: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(20))
