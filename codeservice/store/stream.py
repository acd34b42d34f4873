"""Streams: which numbers of a terminal came. Numbers are kept as ranges, which outlive the scans themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, insert, select, update

from codeservice.store.models import Quarantine, Scan, Stream, StreamRange
from codeservice.store.quarantine import counts_as_received
from codeservice.store.upsert import insert as upsert


@dataclass(frozen=True)
class StreamAccount:
    """What is known of a stream, for reconciliation; times are epoch seconds.

    `last` is the highest number that the terminal says it has given. `oldest_gap` is since when a number below one that
    came is missing, None without such a gap. The numbers that the record holds, by what became of them, and those that
    are missing make up `last`.
    """

    client: str
    stream: str
    last: int
    highest: int
    stored: int
    quarantined: int
    too_old: int
    missing: int
    oldest_gap: int | None
    first_upload: int
    last_upload: int

    @property
    def adds_up(self) -> bool:
        """Whether every number that came is accounted for once."""
        return self.last == self.stored + self.quarantined + self.too_old + self.missing


def note_upload(connection: Connection, client: str, stream: str, *, last: int, now: int) -> None:
    """Note that an upload came, and the highest number that the terminal says it has given.

    Who notes another one of the same stream waits until this transaction ends.
    """
    values = {"last": last, "highest": 0, "too_old": 0, "deleted_scans": 0, "deleted_items": 0}
    statement = upsert(connection, Stream).values(
        client=client, stream=stream, first_upload=now, last_upload=now, **values
    )
    highest_said = case((Stream.last < last, last), else_=Stream.last)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[Stream.client, Stream.stream], set_={"last": highest_said, "last_upload": now}
        )
    )


def known(connection: Connection, client: str, stream: str, seqs: Iterable[int]) -> set[int]:
    """Return those of these numbers that came before."""
    found: set[int] = set()
    for first, last in _runs(seqs):
        for row in _ranges_at(connection, client, stream, first, last):
            found.update(range(max(first, row.first), min(last, row.last) + 1))
    return found


def add(  # noqa: PLR0913 -- what is known of some numbers
    connection: Connection, client: str, stream: str, seqs: Iterable[int], *, too_old: int, now: int
) -> None:
    """Note numbers that came for the first time; `too_old` of them are only counted."""
    of_stream = (StreamRange.client == client, StreamRange.stream == stream)
    highest = 0
    for first, last in _runs(seqs):
        beside = _ranges_at(connection, client, stream, first, last)
        highest = max(highest, last)
        connection.execute(delete(StreamRange).where(*of_stream, StreamRange.first.in_([row.first for row in beside])))
        connection.execute(
            insert(StreamRange).values(
                client=client,
                stream=stream,
                first=min([first, *(row.first for row in beside)]),
                last=max([last, *(row.last for row in beside)]),
                at=min([now, *(row.at for row in beside)]),
            )
        )
    highest_came = case((Stream.highest < highest, highest), else_=Stream.highest)
    connection.execute(
        update(Stream)
        .where(Stream.client == client, Stream.stream == stream)
        .values(highest=highest_came, too_old=Stream.too_old + too_old)
    )


def missing(connection: Connection, client: str, stream: str, *, limit: int) -> list[tuple[int, int]]:
    """Return the first gaps below the highest number that came, each as (first, last)."""
    query = (
        select(StreamRange.first, StreamRange.last)
        .where(StreamRange.client == client, StreamRange.stream == stream)
        .order_by(StreamRange.first)
        .limit(limit + 1)
    )
    gaps = []
    end = 0
    for row in connection.execute(query):
        if row.first > end + 1:
            gaps.append((end + 1, row.first - 1))
        end = row.last
    return gaps[:limit]


def last_uploads(connection: Connection) -> dict[str, int]:
    """Return for each terminal when it uploaded last."""
    query = select(Stream.client, func.max(Stream.last_upload)).group_by(Stream.client)
    return {row[0]: row[1] for row in connection.execute(query)}


def accounts(connection: Connection) -> list[StreamAccount]:
    """Count for every stream what became of its numbers; reads every scan that was uploaded."""
    stored = _count(connection, select(Scan.client, Scan.stream, func.count()).where(Scan.stream.is_not(None)), Scan)
    held = _count(
        connection, select(Quarantine.client, Quarantine.stream, func.count()).where(counts_as_received()), Quarantine
    )
    ranges = select(
        StreamRange.client,
        StreamRange.stream,
        func.sum(StreamRange.last - StreamRange.first + 1).label("came"),
        func.min(case((StreamRange.first > 1, StreamRange.at))).label("oldest_gap"),
    ).group_by(StreamRange.client, StreamRange.stream)
    came = {(row.client, row.stream): (int(row.came), row.oldest_gap) for row in connection.execute(ranges)}
    found = []
    for row in connection.execute(select(Stream.__table__).order_by(Stream.client, Stream.first_upload, Stream.stream)):
        key = (row.client, row.stream)
        numbers, oldest_gap = came.get(key, (0, None))
        account = StreamAccount(
            client=row.client,
            stream=row.stream,
            last=row.last,
            highest=row.highest,
            stored=stored.get(key, 0) + row.deleted_scans,
            quarantined=held.get(key, 0) + row.deleted_items,
            too_old=row.too_old,
            missing=row.last - numbers,
            oldest_gap=oldest_gap,
            first_upload=row.first_upload,
            last_upload=row.last_upload,
        )
        found.append(account)
    return found


def _count(connection: Connection, query: Any, table: type[Scan] | type[Quarantine]) -> dict[tuple[str, str], int]:
    rows = connection.execute(query.group_by(table.client, table.stream))
    return {(client, stream): count for client, stream, count in rows}


def _runs(seqs: Iterable[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        if runs and runs[-1][1] == seq - 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return runs


def _ranges_at(connection: Connection, client: str, stream: str, first: int, last: int) -> list[Row[Any]]:
    """Return the ranges that hold a number from `first` to `last`, or a neighbour of one."""
    # Ranges never touch, so that only so many can reach into the run; whoever sends every second number pays for it.
    query = (
        select(StreamRange.__table__)
        .where(StreamRange.client == client, StreamRange.stream == stream, StreamRange.first <= last + 1)
        .order_by(StreamRange.first.desc())
        .limit(last - first + 3)
    )
    return [row for row in connection.execute(query) if row.last >= first - 1]
