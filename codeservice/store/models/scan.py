"""Scans, what terminals upload, and what scenes remember."""

from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Scan(Table):
    """One scan with its decision. `act` is the caller's idempotency key; no raw code is kept.

    Of a scan that a terminal has uploaded `stream` and `seq` are its number there, `item_hash` is of the bytes that
    came, `device_at` what the clock of the terminal's machine said, and `received` when it came. `policy` is the
    version that decided. `asked` is what a trial of another version needs: kind, entitlements, and the body without the
    code.
    """

    __tablename__ = "scan"
    __table_args__ = (
        UniqueConstraint("client", "act"),
        UniqueConstraint("client", "stream", "seq"),
        Index(None, "person", "at"),
        Index(None, "list", "idx", "iat"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    act: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[bytes]
    partner: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(32))
    scene: Mapped[str] = mapped_column(String(20))
    at: Mapped[int] = mapped_column(index=True)
    person: Mapped[str | None] = mapped_column(String(32))
    list: Mapped[int | None] = mapped_column(Integer)
    idx: Mapped[int | None]
    iat: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    effect: Mapped[dict[str, Any]]
    disclosed: Mapped[dict[str, Any]]
    stream: Mapped[str | None] = mapped_column(String(16))
    seq: Mapped[int | None]
    item_hash: Mapped[bytes | None]
    device_at: Mapped[int | None]
    received: Mapped[int | None]
    policy: Mapped[str | None] = mapped_column(String(60))
    asked: Mapped[dict[str, Any] | None]


class ScanMark(Table):
    """What is wrong with a scan that stands all the same, because it has happened.

    `at` is when that was found. `since` is from when on the record forbids it, `other` the scan that came before it.
    """

    __tablename__ = "scan_mark"
    __table_args__ = (Index(None, "mark", "at"),)
    scan: Mapped[str] = mapped_column(ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True)
    mark: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[int]
    since: Mapped[int | None]
    other: Mapped[str | None] = mapped_column(String(32))


class Stream(Table):
    """A terminal's run of numbers. `last` is the highest that it says it has given, `highest` the highest that came.

    `too_old` numbers came when their scans were past their time and are only counted; so are those that were stored or
    quarantined and deleted since.
    """

    __tablename__ = "stream"
    client: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    last: Mapped[int]
    highest: Mapped[int]
    too_old: Mapped[int]
    deleted_scans: Mapped[int]
    deleted_items: Mapped[int]
    first_upload: Mapped[int]
    last_upload: Mapped[int] = mapped_column(index=True)


class StreamRange(Table):
    """Numbers of a stream that came, without a gap from `first` to `last`; `at` is when the earliest of them came."""

    __tablename__ = "stream_range"
    client: Mapped[str] = mapped_column(String(32), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
    at: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(["client", "stream"], ["stream.client", "stream.stream"], ondelete="CASCADE"),
    )


class Quarantine(Table):
    """An uploaded item that became no scan, in its bytes, with the reason why."""

    __tablename__ = "quarantine"
    client: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_hash: Mapped[bytes] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    received: Mapped[int] = mapped_column(index=True)
    item: Mapped[bytes]


class FirstUse(Table):
    """A code that was accepted once: the unique row that stops a replay."""

    __tablename__ = "first_use"
    list: Mapped[int] = mapped_column(Integer, primary_key=True)
    idx: Mapped[int] = mapped_column(primary_key=True)
    iat: Mapped[int] = mapped_column(primary_key=True)


class Tally(Table):
    """A bounded counter, for example packages of a medicine per person and day."""

    __tablename__ = "tally"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True)
    used: Mapped[int]


class Moment(Table):
    """When something happened last, for rules such as "within three seconds"."""

    __tablename__ = "moment"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[int]
