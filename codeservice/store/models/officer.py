"""Officers of authorities."""

from sqlalchemy import ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Officer(Table):
    """A natural person who acts for an authority with a key and a second factor of their own.

    `seed_sealed` is of their one-time passwords, `last_step` the newest that was used, `tries` counts wrong ones.
    """

    __tablename__ = "officer"
    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    authority: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    name_sealed: Mapped[bytes]
    id_number_sealed: Mapped[bytes]
    id_number_index: Mapped[bytes] = mapped_column(index=True)
    duties: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(20))
    public: Mapped[bytes | None]
    seed_sealed: Mapped[bytes | None]
    last_step: Mapped[int]
    tries: Mapped[int] = mapped_column(SmallInteger)
    locked_until: Mapped[int]
    enrolment_hash: Mapped[bytes | None]
    enrolment_expires: Mapped[int | None]
    enrolment_tries: Mapped[int] = mapped_column(SmallInteger)
    enrolled: Mapped[int | None]
