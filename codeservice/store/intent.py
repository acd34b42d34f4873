"""The journal of a signer process: intents in an SQLite file of its own, on disk before anything is signed.

Nothing but the standard library: the process that holds the keys loads as little as it can. Requests that arrive while
the disk is busy are written together, with one flush for all.
"""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from keys.errors import RefusedError, SignerError
from keys.intent import Intent, Statement
from keys.key import Purpose

_TABLES = """
CREATE TABLE IF NOT EXISTS intent (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kid BLOB NOT NULL,
    purpose TEXT NOT NULL, digest BLOB NOT NULL, subject TEXT NOT NULL, binding BLOB, expires INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS intent_at ON intent (at);
CREATE INDEX IF NOT EXISTS intent_subject ON intent (subject) WHERE binding IS NOT NULL;
"""
_INSERT = "INSERT INTO intent (at, kid, purpose, digest, subject, binding, expires) VALUES (?, ?, ?, ?, ?, ?, ?)"
_BOUND = "SELECT binding FROM intent WHERE subject = ? AND binding IS NOT NULL LIMIT 1"
_NEWEST = "SELECT at, kid, purpose, digest, subject, binding, expires FROM intent ORDER BY number DESC LIMIT ?"
_BINDING = (
    "SELECT at, kid, purpose, digest, subject, binding, expires FROM intent "
    "WHERE binding IS NOT NULL AND expires > ? ORDER BY number"
)
_BUSY_SECONDS = 5
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class _Waiting:
    """Intents that wait for the disk, and how it went."""

    def __init__(self, intents: Sequence[Intent]) -> None:
        self.intents = intents
        self.error: SignerError | None = None


class IntentJournal:
    """The journal while it is written, by one process at a time; see `keys.intent.Journal`."""

    def __init__(self, path: Path) -> None:
        """Open or begin a journal; raises SignerError when others may touch it or another process writes it."""
        self._lock_file = _lock(path)
        try:
            _require_private(path)
            self._connection = _open(path)
        except BaseException:
            os.close(self._lock_file)
            raise
        self._queue: list[_Waiting] = []
        self._queue_lock, self._disk_lock = Lock(), Lock()

    def record(self, intents: Sequence[Intent]) -> None:
        """Record all or none; see `keys.intent.Journal`."""
        mine = _Waiting(intents)
        with self._queue_lock:
            self._queue.append(mine)
        with self._disk_lock:
            # Whoever was here before may have written these too.
            if self._queue:
                self._write_queue()
        if mine.error is not None:
            raise mine.error

    def taken(self, purpose: Purpose, since: int) -> Sequence[tuple[int, int]]:
        """Count by seconds; see `keys.intent.Journal`."""
        query = "SELECT at, COUNT(*) FROM intent WHERE at >= ? AND purpose = ? GROUP BY at ORDER BY at"
        with self._disk_lock:
            return [(at, count) for at, count in self._connection.execute(query, (since, purpose.value))]

    def close(self) -> None:
        """Close the file."""
        with self._disk_lock:
            self._connection.close()
            os.close(self._lock_file)

    def _write_queue(self) -> None:
        with self._queue_lock:
            queue, self._queue = self._queue, []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for waiting in queue:
                waiting.error = self._add(waiting.intents)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for waiting in queue:
                waiting.error = SignerError(f"the journal cannot be written: {error}")

    def _add(self, intents: Sequence[Intent]) -> RefusedError | None:
        bound: dict[str, bytes] = {}
        for said in (intent.statement for intent in intents):
            if said.binding is None:
                continue
            row = self._connection.execute(_BOUND, (said.subject,)).fetchone()
            if bound.setdefault(said.subject, row[0] if row else said.binding) != said.binding:
                return RefusedError("the subject was bound to something else before")
        self._connection.executemany(_INSERT, map(_row, intents))
        return None


@dataclass(frozen=True)
class Count:
    """How many intents a purpose has, and when the last one was recorded (epoch seconds)."""

    purpose: str
    count: int
    last: int


class RecordedIntents:
    """The journal as others read it, also while a signer process writes it."""

    def __init__(self, path: Path) -> None:
        """Keep where the journal is; raises SignerError when nothing is there."""
        if not path.is_file():
            raise SignerError(f"there is no journal {path}; name that of the signer process")
        self._address = f"{path.resolve().as_uri()}?mode=ro"

    def counts(self) -> list[Count]:
        """Count by purpose."""
        rows = self._read("SELECT purpose, COUNT(*), MAX(at) FROM intent GROUP BY purpose ORDER BY purpose", ())
        return [Count(str(purpose), _int(count), _int(last)) for purpose, count, last in rows]

    def newest(self, limit: int) -> list[Intent]:
        """Return the newest intents, the newest first."""
        return [_intent(row) for row in self._read(_NEWEST, (limit,))]

    def known(self, subjects: Sequence[str]) -> set[str]:
        """Return those of a few hundred subjects of which there is an intent that binds them."""
        marks = ", ".join("?" * len(subjects))
        query = f"SELECT DISTINCT subject FROM intent WHERE binding IS NOT NULL AND subject IN ({marks})"  # noqa: S608 -- marks only
        return {str(row[0]) for row in self._read(query, tuple(subjects))}

    def bound(self, now: int) -> Iterator[Intent]:
        """Return every intent that binds a subject and has not expired, in their order."""
        return map(_intent, self._read(_BINDING, (now,)))

    def _read(self, query: str, values: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
        try:
            with closing(sqlite3.connect(self._address, uri=True, timeout=_BUSY_SECONDS)) as connection:
                yield from connection.execute(query, values)
        except sqlite3.Error as error:
            raise SignerError(f"the journal cannot be read: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # FULL: a commit in the write-ahead log is flushed before it counts (SQLite, PRAGMA synchronous).
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(_TABLES)
    except sqlite3.Error as error:
        connection.close()
        raise SignerError(f"{path} is no journal: {error}") from error
    return connection


def _require_private(path: Path) -> None:
    try:
        # Made before SQLite does it, because SQLite asks the umask; its other files get the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise SignerError(f"cannot write {path}: {error.strerror}") from error
    if path.stat().st_mode & _OTHERS:
        raise SignerError(f"{path} is open to others; run: chmod 600 {path}")


def _lock(path: Path) -> int:
    # Not the journal itself: closing any descriptor of it would drop the locks that SQLite holds on it.
    beside = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise SignerError(f"cannot write {beside}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise SignerError(f"another signer process writes {path}; stop it first") from error
    return descriptor


def _row(intent: Intent) -> tuple[object, ...]:
    said = intent.statement
    return intent.at, intent.kid, intent.purpose.value, intent.digest, said.subject, said.binding, said.expires


def _intent(row: Sequence[object]) -> Intent:
    at, kid, purpose, digest, subject, binding, expires = row
    said = Statement(str(subject), _int(expires), None if binding is None else _bytes(binding))
    return Intent(_int(at), _bytes(kid), Purpose(str(purpose)), _bytes(digest), said)


def _int(value: object) -> int:
    assert isinstance(value, int)  # noqa: S101 -- the column's type
    return value


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)  # noqa: S101 -- the column's type
    return value
