"""The site relay: terminals of one place tell one of them what they accept, so that a code is used once among them.

Claims go over the local network, authenticated by the place's key of the day, which only its terminals have. A claim is
taken whole or not at all, and asked again under the same act it has the same answer. Nothing here is needed to decide:
without the relay every terminal knows only its own marks.
"""

import hmac
import http.client
import sqlite3
import threading
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from adapters.terminal.memory import Mark
from codeservice.city import city_day
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

_REST = 24 * 3600
_MAC = "X-Claim-Mac"
_ASK, _ANSWER = b"CC1 claim", b"CC1 claimed"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS claim (terminal TEXT, act TEXT, at INTEGER NOT NULL, refused TEXT NOT NULL,
    PRIMARY KEY (terminal, act)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT, subject TEXT, used INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (name, subject)) WITHOUT ROWID;
"""

_COUNT = "INSERT INTO mark VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, subject) DO UPDATE SET used = used + ?3, at = ?4"


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
        case [str(name), str(subject), int(amount), int(limit)] if 0 < amount <= limit:
            return Mark(name, subject, amount, limit)
        case _:
            raise SiteError("not a mark")


def mac_of(key: bytes, use: bytes, *parts: bytes) -> str:
    """Return the authentication code of what is sent; `use` keeps questions and answers apart."""
    return hmac.new(key, use + b"".join(sha256(part).digest() for part in parts), sha256).hexdigest()


class Marks:
    """What the terminals of a place have claimed. Safe for many threads."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def claim(self, claim: Claim) -> list[int]:
        """Take all marks of a claim, or none; returns the numbers of those that others have used up."""
        with self._lock, self._connection:
            execute = self._connection.execute
            execute("BEGIN IMMEDIATE")
            who = (claim.terminal, claim.act)
            earlier = execute("SELECT refused FROM claim WHERE terminal = ? AND act = ?", who).fetchone()
            if earlier is not None:
                return [int(number) for number in earlier[0].split()]
            refused = [number for number, mark in enumerate(claim.marks) if not self._has_room(mark)]
            if refused:
                # Not kept: the terminal comes again without these marks, under the same act.
                return refused
            for mark in claim.marks:
                execute(_COUNT, (mark.name, mark.subject, mark.amount, claim.at))
            execute("INSERT INTO claim VALUES (?, ?, ?, '')", (*who, claim.at))
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
        self._server = ThreadingHTTPServer(address, Handler)
        self._server.daemon_threads = True
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
        key = self._keys().get(city_day(claim.at)) if path == PATH else None
        if key is None or not hmac.compare_digest(mac, mac_of(key, _ASK, body)):
            return http.client.FORBIDDEN, b"", ""
        if now is None or abs(claim.at - now) > WINDOW:
            return http.client.CONFLICT, b"", ""
        answer = dumps(self._marks.claim(claim))
        return http.client.OK, answer, mac_of(key, _ANSWER, body, answer)


class Site:
    """The client half. Not for two threads at once."""

    def __init__(self, address: tuple[str, int], keys: Keys, steady: Callable[[], float]) -> None:
        """Prepare; connects at the first claim."""
        self._address, self._keys, self._steady = address, keys, steady
        self._connection: http.client.HTTPConnection | None = None
        self._silent_until = 0.0

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def claim(self, claim: Claim) -> frozenset[Mark]:
        """Claim marks; returns those that were refused. Raises SiteError when the relay is away."""
        key = self._keys().get(city_day(claim.at))
        if key is None or self._steady() < self._silent_until:
            raise SiteError("no key of the day, or no relay")
        body = write_claim(claim)
        try:
            status, answer, mac = self._post(body, mac_of(key, _ASK, body))
        except (OSError, http.client.HTTPException) as error:
            self._be_silent()
            raise SiteError("the relay does not answer") from error
        if status != http.client.OK or not hmac.compare_digest(mac, mac_of(key, _ANSWER, body, answer)):
            self._be_silent()
            raise SiteError("the relay does not answer as one of this place")
        return frozenset(claim.marks[number] for number in loads(answer))

    def _be_silent(self) -> None:
        self.close()
        self._silent_until = self._steady() + PAUSE

    def _post(self, body: bytes, mac: str) -> tuple[int, bytes, str]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._address, timeout=ANSWER_SECONDS)
        self._connection.request("POST", PATH, body, {_MAC: mac})
        answer = self._connection.getresponse()
        content = answer.read(MAX_CLAIM)
        if answer.will_close:
            self.close()
        return answer.status, content, answer.getheader(_MAC, "")
