"""Imports: how far each is, and which rows were refused, in the transaction of the rows."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from codeservice.errors import ConflictError
from codeservice.store.models import ImportFault, ImportRun
from codeservice.store.upsert import insert_once

_CACHE = 256 * 1024
"""Kilobytes of the page cache of an import."""

_CHECKPOINT = 64 * 1024
"""Pages of the write-ahead log after which they are put into their places, each once."""


@dataclass(frozen=True)
class Run:
    """One import. The counts are of rows; `lines_done` includes a header."""

    id: str
    partner: str
    bytes_done: int
    lines_done: int
    created: int
    updated: int
    unchanged: int
    refused: int
    started: int
    finished: int | None

    @property
    def rows(self) -> int:
        """All rows so far."""
        return self.created + self.updated + self.unchanged + self.refused


@dataclass(frozen=True)
class StoredFault:
    """A row that was refused, its reason, and the line that said the same before."""

    line: int
    kind: str
    other: int | None = None


def widen(connection: Connection) -> None:
    """Give a connection of SQLite room for a batch: every row touches a page of each index somewhere else.

    Without it pages are written and read again several times in one transaction.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size={-_CACHE}")
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={_CHECKPOINT}")


def begin(connection: Connection, partner: str, file_hash: bytes, *, now: int) -> Run:
    """Begin the import of a file for a partner, or find the one that was begun before."""
    counts = dict.fromkeys(("bytes_done", "lines_done", "created", "updated", "unchanged", "refused"), 0)
    id_ = secrets.token_hex(16)
    insert_once(connection, ImportRun, id=id_, partner=partner, file_hash=file_hash, started=now, **counts)
    query = select(ImportRun.__table__).where(ImportRun.partner == partner, ImportRun.file_hash == file_hash)
    return _run(connection.execute(query).one())


def advance(connection: Connection, before: Run, after: Run, faults: Sequence[StoredFault]) -> None:
    """Note a batch; raises ConflictError when another process has gone on from the same place."""
    changed = connection.execute(
        update(ImportRun)
        .where(ImportRun.id == before.id, ImportRun.bytes_done == before.bytes_done, ImportRun.finished.is_(None))
        .values(
            bytes_done=after.bytes_done,
            lines_done=after.lines_done,
            created=after.created,
            updated=after.updated,
            unchanged=after.unchanged,
            refused=after.refused,
            finished=after.finished,
        )
    )
    if changed.rowcount != 1:
        raise ConflictError("import_running_elsewhere")
    if faults:
        rows = [{"run": before.id, "line": fault.line, "kind": fault.kind, "other": fault.other} for fault in faults]
        connection.execute(insert(ImportFault), rows)


def faults_of(connection: Connection, run: str, *, after: int, limit: int) -> list[StoredFault]:
    """Return refused rows in the order of their lines."""
    rows = connection.execute(
        select(ImportFault.line, ImportFault.kind, ImportFault.other)
        .where(ImportFault.run == run, ImportFault.line > after)
        .order_by(ImportFault.line)
        .limit(limit)
    )
    return [StoredFault(*row) for row in rows]


def _run(row: Row[Any]) -> Run:
    return Run(
        row.id,
        row.partner,
        row.bytes_done,
        row.lines_done,
        row.created,
        row.updated,
        row.unchanged,
        row.refused,
        row.started,
        row.finished,
    )
