"""Grants, the status lists that name them, and what is published of them."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class StatusList(Table):
    """A status list: places for grants of one span of time, so that whole lists retire.

    `used` places were handed out, in the order that `secret` gives; none after `closes`. `lasting` lists hold the codes
    that live longer than a phone's grant.
    """

    __tablename__ = "status_list"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int]
    used: Mapped[int]
    secret: Mapped[bytes]
    lasting: Mapped[bool]
    opened: Mapped[int]
    closes: Mapped[int]
    retires: Mapped[int]


class PublishedList(Table):
    """A status list as it was last signed, in both forms; `what` says what its bits mean, `digest` is of its array."""

    __tablename__ = "published_list"
    list: Mapped[int] = mapped_column(ForeignKey("status_list.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(10), primary_key=True)
    issued: Mapped[int]
    digest_hash: Mapped[bytes]
    jwt: Mapped[bytes]
    cwt: Mapped[bytes]


class PublishedSnapshot(Table):
    """A signed document for verifiers without a network: a whole snapshot, or a delta that continues version `base`."""

    __tablename__ = "published_snapshot"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_delta: Mapped[bool] = mapped_column(primary_key=True)
    base: Mapped[int | None] = mapped_column(unique=True)
    document: Mapped[bytes]


class Grant(Table):
    """An issued grant: its place in a list, whose it is, who signed it, and its status. The record that decides.

    `proxy` is the tie under which somebody else shows it, None for a holder's own.
    """

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("status in (0, 1, 2)", name="status"),
        # What lists are made of: few of many rows.
        Index("ix_grant_marked", "list", "idx", sqlite_where=text("status <> 0"), postgresql_where=text("status <> 0")),
    )
    list: Mapped[int] = mapped_column(Integer, primary_key=True)
    idx: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    device: Mapped[str | None] = mapped_column(ForeignKey("device.id"), index=True)
    proxy: Mapped[str | None] = mapped_column(String(32), index=True)
    public: Mapped[bytes | None] = mapped_column(unique=True)
    kid: Mapped[bytes | None]
    kind: Mapped[str] = mapped_column(String(2))
    scene: Mapped[str] = mapped_column(String(20))
    issued: Mapped[int]
    expires: Mapped[int] = mapped_column(index=True)
    status: Mapped[int] = mapped_column(SmallInteger)
    cause: Mapped[str | None] = mapped_column(String(40))
    changed: Mapped[int | None]


class DigitHandle(Table):
    """A rotating handle of a digit code, good for one showing; `tries` counts wrong passwords."""

    __tablename__ = "digit_handle"
    handle: Mapped[str] = mapped_column(String(9), primary_key=True)
    list: Mapped[int] = mapped_column(Integer)
    idx: Mapped[int]
    seed_sealed: Mapped[bytes]
    expires: Mapped[int] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(SmallInteger)
