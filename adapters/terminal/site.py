"""The site relay: terminals of one place tell one of them what they accept, so that a code is used once among them.

Claims go over the local network, authenticated by the place's key of the day, which only its terminals have. A claim is
taken whole or not at all, and asked again under the same act it has the same answer. Nothing here is needed to decide:
without the relay every terminal knows only its own marks.
"""

import contextlib
import hmac
import http.client
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from adapters.terminal.memory import Mark
from adapters.terminal.patience import Patience
from codeservice.city import city_day
from codeservice.profile import MAX_COUNT
from keys.cbor import dumps, loads
from keys.errors import KeysError

PATH = "/claims"
MAX_CLAIM = 8192
MAX_MARKS = 16
WINDOW = 120
"""Seconds that a claim may be away from the relay's time: no older one is played back."""

ANSWER_SECONDS = 0.2
PAUSE = 5.0
"""Seconds in which a relay that has failed is not asked again: nobody at a gate waits for it twice."""

MAX_HANDLERS = 64
"""Connections that a relay serves at once; beyond them it hangs up, and that gate decides alone."""

_REST = 24 * 3600
_PURGE_EVERY = 3600
_MAC = "X-Claim-Mac"
_ASK, _ANSWER = b"CC1 claim", b"CC1 claimed"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS claim (terminal TEXT, act TEXT, at INTEGER NOT NULL, marks BLOB NOT NULL,
    PRIMARY KEY (terminal, act)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT, subject TEXT, used INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (name, subject)) WITHOUT ROWID;
"""

_COUNT = "INSERT INTO mark VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, subject) DO UPDATE SET used = used + ?3, at = ?4"


_log = logging.getLogger(__name__)


class SiteError(Exception):
    """The relay does not answer, or not as one that has the place's key."""


class Claim(NamedTuple):
    """What one terminal has accepted in one act at `at` (epoch seconds)."""

    terminal: str
    act: str
    at: int
    marks: tuple[Mark, ...]


def write_claim(claim: Claim) -> bytes:
    """Write a claim."""
    return dumps([claim.terminal, claim.act, claim.at, [list(mark) for mark in claim.marks]])


def read_claim(data: bytes) -> Claim:
    """Read a claim; raises SiteError."""
    try:
        body = loads(data) if len(data) <= MAX_CLAIM else None
    except KeysError as error:
        raise SiteError("not a claim") from error
    match body:
        case [str(terminal), str(act), int(at), list(marks)] if len(marks) <= MAX_MARKS:
            return Claim(terminal, act, at, tuple(map(_read_mark, marks)))
        case _:
            raise SiteError("not a claim")


def _read_mark(value: object) -> Mark:
    match value:
        case [str(name), str(subject), int(amount), int(limit)] if 0 < amount <= limit < MAX_COUNT:
            return Mark(name, subject, amount, limit)
        case _:
            raise SiteError("not a mark")


def mac_of(key: bytes, use: bytes, *parts: bytes) -> str:
    """Return the authentication code of what is sent; `use` keeps questions and answers apart."""
    return hmac.new(key, use + b"".join(sha256(part).digest() for part in parts), sha256).hexdigest()


class Marks:
    """What the terminals of a place have claimed. Safe for many threads."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; one that is damaged begins anew, as when the relay was away."""
        self._lock = threading.Lock()
        try:
            self._connection = _open(path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname not in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}:
                raise
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._connection = _open(path)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def claim(self, claim: Claim) -> list[int]:
        """Take all marks of a claim, or none; returns the numbers of those that others have used up."""
        with self._lock, self._connection:
            execute = self._connection.execute
            execute("BEGIN IMMEDIATE")
            who, marks = (claim.terminal, claim.act), dumps([list(mark) for mark in claim.marks])
            earlier = execute("SELECT marks FROM claim WHERE terminal = ? AND act = ?", who).fetchone()
            if earlier is not None and earlier[0] == marks:
                return []
            refused = [number for number, mark in enumerate(claim.marks) if not self._has_room(mark)]
            if refused:
                # Not kept: the terminal comes again without these marks, under the same act.
                return refused
            for mark in claim.marks:
                execute(_COUNT, (mark.name, mark.subject, mark.amount, claim.at))
            execute("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?)", (*who, claim.at, marks))
            return []

    def purge(self, now: int) -> None:
        """Delete what has had its time."""
        with self._lock, self._connection:
            self._connection.execute("DELETE FROM claim WHERE at < ?", (now - _REST,))
            self._connection.execute("DELETE FROM mark WHERE at < ?", (now - _REST,))

    def _has_room(self, mark: Mark) -> bool:
        row = self._connection.execute(
            "SELECT used FROM mark WHERE name = ? AND subject = ?", (mark.name, mark.subject)
        ).fetchone()
        return (0 if row is None else int(row[0])) + mark.amount <= mark.limit


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    path.chmod(0o600)
    return connection


Keys = Callable[[], Mapping[str, bytes]]
"""Returns the place's keys by day, as the newest profile has them."""


class Relay:
    """The server half: one terminal of the place runs it. Serves from the moment it is made until `close`."""

    def __init__(self, address: tuple[str, int], marks: Marks, keys: Keys, now: Callable[[], int | None]) -> None:
        """Bind and serve in threads of its own; raises OSError when the address is taken."""
        relay = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_POST(self) -> None:
                status, body, mac = relay.answer(self.path, self.headers.get(_MAC, ""), self._body())
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header(_MAC, mac)
                self.end_headers()
                self.wfile.write(body)

            def _body(self) -> bytes:
                length = self.headers.get("Content-Length", "")
                size = int(length) if length.isascii() and length.isdigit() else 0
                return self.rfile.read(size) if size <= MAX_CLAIM else b""

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
                pass

        self._marks, self._keys, self._now = marks, keys, now
        self._purge_due = 0
        self._server = _Server(address, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Where it serves."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, mac: str, body: bytes) -> tuple[int, bytes, str]:
        """Judge one request: status, body, and the answer's authentication code."""
        now = self._now()
        try:
            claim = read_claim(body)
        except SiteError:
            return http.client.BAD_REQUEST, b"", ""
        # Before anything is reckoned with a moment that nobody has vouched for.
        if now is None or abs(claim.at - now) > WINDOW:
            return http.client.CONFLICT, b"", ""
        key = self._keys().get(city_day(claim.at)) if path == PATH else None
        if key is None or not hmac.compare_digest(mac.encode(), mac_of(key, _ASK, body).encode()):
            return http.client.FORBIDDEN, b"", ""
        try:
            answer = dumps(self._marks.claim(claim))
            if now >= self._purge_due:
                self._marks.purge(now)
                self._purge_due = now + _PURGE_EVERY
        except sqlite3.Error as error:
            _log.warning("relay_failed: %s", type(error).__name__)
            return http.client.SERVICE_UNAVAILABLE, b"", ""
        return http.client.OK, answer, mac_of(key, _ANSWER, body, answer)


class _Server(ThreadingHTTPServer):
    """Serves so many at once, and writes nothing onto the screen of the gate."""

    daemon_threads = True
    request_queue_size = MAX_HANDLERS

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._room = threading.BoundedSemaphore(MAX_HANDLERS)
        super().__init__(address, handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 -- the base class calls it so
        return self._room.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Site:
    """The client half. Not for two threads at once."""

    def __init__(self, address: tuple[str, int], keys: Keys, steady: Callable[[], float]) -> None:
        """Prepare; connects at each claim, as the relay ends every connection."""
        self._address, self._keys, self._steady = address, keys, steady
        self._patience = Patience()
        self._silent_until = 0.0

    def claim(self, claim: Claim) -> frozenset[Mark]:
        """Claim marks; returns those that were refused. Raises SiteError when the relay is away."""
        key = self._keys().get(city_day(claim.at))
        if key is None or self._steady() < self._silent_until:
            raise SiteError("no key of the day, or no relay")
        body = write_claim(claim)
        try:
            asked = mac_of(key, _ASK, body)
            status, answer, mac = self._patience.ask(lambda: self._post(body, asked), ANSWER_SECONDS)
        except (OSError, ValueError, http.client.HTTPException) as error:
            self._be_silent()
            raise SiteError("the relay does not answer") from error
        expected = mac_of(key, _ANSWER, body, answer)
        if status != http.client.OK or not hmac.compare_digest(mac.encode(), expected.encode()):
            self._be_silent()
            raise SiteError("the relay does not answer as one of this place")
        return frozenset(_refused(claim, answer))

    def _be_silent(self) -> None:
        self._silent_until = self._steady() + PAUSE

    def _post(self, body: bytes, mac: str) -> tuple[int, bytes, str]:
        with contextlib.closing(http.client.HTTPConnection(*self._address, timeout=ANSWER_SECONDS)) as connection:
            connection.request("POST", PATH, body, {_MAC: mac})
            answer = connection.getresponse()
            return answer.status, answer.read(MAX_CLAIM), answer.getheader(_MAC, "")


def _refused(claim: Claim, answer: bytes) -> Iterator[Mark]:
    try:
        numbers = loads(answer)
    except KeysError as error:
        raise SiteError("not an answer of a relay") from error
    for number in numbers if isinstance(numbers, list) else [None]:
        # Exactly int: true is not 1 on the wire.
        if type(number) is not int or not 0 <= number < len(claim.marks):
            raise SiteError("not an answer of a relay")
        yield claim.marks[number]
