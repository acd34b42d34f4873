"""Notices to holders: written in the transaction of what they tell."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from codeservice.notice import NoticeKind, words_of
from codeservice.reason import Words
from codeservice.store.models import Notice


@dataclass(frozen=True)
class StoredNotice:
    """One notice. `subject` is the identifier of what it is about, for example `status:17`."""

    id: int
    kind: NoticeKind
    subject: str
    words: Words
    at: int
    read: int | None


def add(  # noqa: PLR0913 -- one row
    connection: Connection, person: str, kind: NoticeKind, *, subject: str, values: Mapping[str, object], now: int
) -> int:
    """Tell a holder; returns the notice's identifier. Raises KeyError for a value that the words of the kind need."""
    words_of(kind, values)
    row = {"person": person, "kind": kind.value, "subject": subject, "values": dict(values), "at": now}
    return connection.execute(insert(Notice).values(row).returning(Notice.id)).scalar_one()


def of_person(connection: Connection, person: str, *, limit: int) -> list[StoredNotice]:
    """Return the newest notices of a person."""
    rows = connection.execute(
        select(Notice.__table__).where(Notice.person == person).order_by(Notice.id.desc()).limit(limit)
    )
    found = []
    for row in rows.mappings():
        kind = NoticeKind(row["kind"])
        found.append(
            StoredNotice(row["id"], kind, row["subject"], words_of(kind, row["values"]), row["at"], row["read"])
        )
    return found


def mark_read(connection: Connection, person: str, notice: int, *, now: int) -> bool:
    """Note that a holder has read a notice of theirs; False when there is none."""
    changed = connection.execute(
        update(Notice).where(Notice.id == notice, Notice.person == person, Notice.read.is_(None)).values(read=now)
    )
    if changed.rowcount == 1:
        return True
    query = select(Notice.id).where(Notice.id == notice, Notice.person == person)
    return connection.scalar(query) is not None
