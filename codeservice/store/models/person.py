"""People and what authorities say of them."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
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
    """What an authority says of a person."""

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("type", "number_index"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    type: Mapped[str] = mapped_column(String(40))
    number_sealed: Mapped[bytes]
    number_index: Mapped[bytes]
    claims_sealed: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[int]
    valid_until: Mapped[int | None]
