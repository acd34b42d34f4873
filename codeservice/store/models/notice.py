"""Notices to holders."""

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Serial, Table


class Notice(Table):
    """Something that a holder was told; `values` fill the words of its kind and hold nothing personal."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "person", "id"),)
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    values: Mapped[dict[str, Any]]
    at: Mapped[int]
    read: Mapped[int | None]
