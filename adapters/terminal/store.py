"""What a terminal keeps on its disk: scans until the service confirms them, first uses, counters and its bundle.

SQLite in WAL mode with a full sync: a transaction that has ended is on the disk, and only then is anything answered.
Scans, answers and documents are sealed with AES-256-GCM, bound to where they stand: without the key nobody reads,
edits, moves or swaps one unseen. First uses and counters lie open, because they are looked up and counted: places of
grants and times. A row that is deleted, or the whole file put back to an older copy, is not noticed here; the service
sees it by the numbers of the scans.
"""

import contextlib
import os
import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from codeservice.upload import STREAM_SIZE

_NONCE = 12
"""Bytes of a nonce, drawn at random: NIST SP 800-38D section 8.3 allows 2^32 of them for one key.

A scan takes four, so that a busy validator gets there after thirty years.
"""

_MARK_REST = 24 * 3600
"""Seconds a first use or a counter is kept: a code counts for two minutes, a counter for a day."""

_ANSWER_REST = 600
"""Seconds an act is answered again: whoever lost an answer asks at once."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scan (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS first_use (
    list INTEGER, idx INTEGER, iat INTEGER, at INTEGER NOT NULL, PRIMARY KEY (list, idx, iat)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally (
    name TEXT, subject TEXT, used INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (name, subject)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moment (name TEXT, subject TEXT, at INTEGER NOT NULL, PRIMARY KEY (name, subject))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acceptance (
    act TEXT PRIMARY KEY, subject TEXT NOT NULL, at INTEGER NOT NULL, sealed BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS acceptance_of ON acceptance (subject, at);
CREATE TABLE IF NOT EXISTS answer (act TEXT PRIMARY KEY, at INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delta (version INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
"""


class StoreError(Exception):
    """The disk did not take or give what was asked; nothing that was not stored may be answered.

    `passes` says that it may go well the next time: a full disk is only full. After anything else, a failed sync above
    all, nobody knows what is on the disk.
    """

    passes = False


class BusyError(StoreError):
    """The disk is full, or another program reads the file: what was asked was not done, and the file is sound."""

    passes = True


class DamagedError(StoreError):
    """What stands there is not what was written."""


class Store:
    """One file. Every method but `close` belongs inside `transaction`, which holds the file for one thread."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open or make the file; raises StoreError, or DamagedError for a file that is no store of this key."""
        self._cipher = AESGCM(key)
        self._lock = threading.RLock()
        # A power cut of the disk is simulated against exactly these settings.
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "wal_autocheckpoint=200"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise _ours(error) from error
        path.chmod(0o600)
        with self.transaction():
            if self.get("stream") is None:
                self.put("stream", os.urandom(STREAM_SIZE))
            self.stream = self.get("stream") or b""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a span that is on the disk when it ends, and leaves no trace when it is left by an exception."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                self._roll_back()
                if isinstance(error, sqlite3.Error):
                    raise _ours(error) from error
                raise

    def _roll_back(self) -> None:
        # A transaction that failed at its end may have been rolled back by SQLite itself.
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def get(self, name: str) -> bytes | None:
        """Return a document; raises DamagedError when it is not the one that was put there."""
        row = self._connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else self._open(row[0], name.encode())

    def put(self, name: str, value: bytes) -> None:
        """Keep a document under a name."""
        self._connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, self._seal(value, name.encode())))

    def drop(self, name: str) -> None:
        """Forget a document."""
        self._connection.execute("DELETE FROM fact WHERE name = ?", (name,))

    def add_delta(self, version: int, payload: bytes) -> None:
        """Keep a delta behind the state that is kept."""
        sealed = self._seal(payload, _delta(version))
        self._connection.execute("INSERT OR REPLACE INTO delta VALUES (?, ?)", (version, sealed))

    def deltas(self) -> list[bytes]:
        """Return the deltas in their order."""
        rows = self._connection.execute("SELECT version, sealed FROM delta ORDER BY version")
        return [self._open(sealed, _delta(version)) for version, sealed in rows]

    def drop_deltas(self) -> None:
        """Forget the deltas: the state has taken them in."""
        self._connection.execute("DELETE FROM delta")

    def add_scan(self, item: bytes, *, at: int) -> int:
        """Keep one scan and return its number, which no other scan of this store ever has."""
        # The number is part of what is sealed, and SQLite gives it; nobody else writes in this transaction.
        seq = self.last_seq() + 1
        self._connection.execute("INSERT INTO scan VALUES (?, ?, ?)", (seq, at, self._seal(item, self._scan(seq))))
        return seq

    def last_seq(self) -> int:
        """Return the highest number that was given; 0 before the first."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'scan'").fetchone()
        return 0 if row is None else int(row[0])

    def scans(self, limit: int) -> list[tuple[int, bytes]]:
        """Return the oldest scans with their numbers; one that was damaged comes as no bytes at all."""
        found = []
        for seq, sealed in self._connection.execute("SELECT seq, sealed FROM scan ORDER BY seq LIMIT ?", (limit,)):
            try:
                found.append((seq, self._open(sealed, self._scan(seq))))
            except DamagedError:
                found.append((seq, b""))
        return found

    def confirm(self, numbers: list[int]) -> None:
        """Forget scans that the service has."""
        self._connection.executemany("DELETE FROM scan WHERE seq = ?", [(seq,) for seq in numbers])

    def waiting(self) -> tuple[int, int | None]:
        """Return how many scans wait, and when the oldest of them was."""
        count, oldest = self._connection.execute("SELECT count(*), min(at) FROM scan").fetchone()
        return int(count), oldest

    def queue_at_least(self, count: int) -> bool:
        """Whether so many scans wait, without counting them all: their numbers are dense but for what was confirmed."""
        row = self._connection.execute("SELECT min(seq), max(seq) FROM scan").fetchone()
        if row[0] is None or row[1] - row[0] + 1 < count:
            return False
        return self.waiting()[0] >= count

    def keep_answer(self, act: str, body: bytes, *, at: int) -> None:
        """Keep what was answered to an act."""
        sealed = self._seal(body, act.encode())
        # One that stands there already could not be opened, or it would have been given.
        self._connection.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", (act, at, sealed))

    def find_answer(self, act: str) -> bytes | None:
        """Return what was answered to an act."""
        row = self._connection.execute("SELECT sealed FROM answer WHERE act = ?", (act,)).fetchone()
        return None if row is None else self._open(row[0], act.encode())

    def keep_acceptance(self, act: str, subject: str, effect: bytes, *, at: int) -> None:
        """Keep for a day what was booked for a holder, as the terminal knows holders."""
        sealed = self._seal(effect, _acceptance(act, subject))
        self._connection.execute("INSERT OR REPLACE INTO acceptance VALUES (?, ?, ?, ?)", (act, subject, at, sealed))

    def acceptances(self, subject: str, since: int) -> list[tuple[str, int, bytes]]:
        """Return (act, at, effect) of a holder's acceptances since a moment, oldest first, without damaged ones."""
        query = "SELECT act, at, sealed FROM acceptance WHERE subject = ? AND at >= ? ORDER BY at, act"
        found = []
        for act, at, sealed in self._connection.execute(query, (subject, since)):
            with contextlib.suppress(DamagedError):
                found.append((act, at, self._open(sealed, _acceptance(act, subject))))
        return found

    def purge(self, now: int) -> None:
        """Delete what has had its time."""
        self._connection.execute("DELETE FROM answer WHERE at < ?", (now - _ANSWER_REST,))
        for table in ("first_use", "tally", "moment", "acceptance"):
            self._connection.execute(f"DELETE FROM {table} WHERE at < ?", (now - _MARK_REST,))  # noqa: S608 -- a constant

    def _scan(self, seq: int) -> bytes:
        return self.stream + struct.pack(">Q", seq)

    def _seal(self, value: bytes, where: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value, where)

    def _open(self, sealed: bytes, where: bytes) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], where)
        except (InvalidTag, ValueError) as error:
            raise DamagedError("what is stored was changed, or sealed with another key") from error


def _acceptance(act: str, subject: str) -> bytes:
    return f"acceptance {subject} {act}".encode()


def _delta(version: int) -> bytes:
    return b"delta" + struct.pack(">Q", version)


def _ours(error: sqlite3.Error) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}:
        return DamagedError("the store is damaged")
    if name == "SQLITE_FULL":
        return BusyError("the disk is full")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return BusyError("another program works with the store")
    return StoreError(f"the disk failed ({name or 'unknown'})")
