"""People and what authorities say of them."""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Person(Table):
    """A holder as the authority records them."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name_sealed: Mapped[bytes]
    id_number_sealed: Mapped[bytes]
    id_number_index: Mapped[bytes] = mapped_column(unique=True)
    phone_sealed: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    region: Mapped[str] = mapped_column(String(6))
    household: Mapped[str | None] = mapped_column(String(32), index=True)
    household_role: Mapped[str | None] = mapped_column(String(20))


class Credential(Table):
    """What an authority says of a person.

    `follows` is the card whose state an e-card has, `replaced_by` the card that will take over, `state_since` when the
    state began, where that is known. `source` and `source_line` name the import and its line that wrote the row last.
    """

    __tablename__ = "credential"
    __table_args__ = (
        UniqueConstraint("type", "number_index"),
        Index(None, "follows", unique=True),
        Index(None, "state", "type"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    type: Mapped[str] = mapped_column(String(40))
    number_sealed: Mapped[bytes]
    number_index: Mapped[bytes]
    claims_sealed: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[int]
    valid_until: Mapped[int | None]
    follows: Mapped[str | None] = mapped_column(String(32))
    replaced_by: Mapped[str | None] = mapped_column(String(32))
    state_since: Mapped[int | None]
    source: Mapped[str | None] = mapped_column(String(32))
    source_line: Mapped[int | None]
