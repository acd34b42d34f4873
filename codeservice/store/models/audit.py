"""The audit log."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Serial, Table


class AuditEntry(Table):
    """An audit entry, written with what it is about; `position` is its leaf once it is sealed."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    details: Mapped[str] = mapped_column(String(2000))
    position: Mapped[int | None] = mapped_column(unique=True)


class AuditCheckpoint(Table):
    """A signed root of the audit tree, with the edge from which the tree goes on."""

    __tablename__ = "audit_checkpoint"
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    edge: Mapped[bytes]
    at: Mapped[int]
    signed: Mapped[bytes]
