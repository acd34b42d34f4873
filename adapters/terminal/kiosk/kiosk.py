"""The kiosk page's server: on loopback, for pages of its own origin and nobody else.

    GET  /         the page and its files
    GET  /events   verdicts and state, as they come (server-sent events)
    POST /scan     {"code": "...", ...scene body}; the answer comes as an event

A page of another site in the same browser can neither scan nor listen: its Origin is refused, a name that it points
at loopback (DNS rebinding) is not the Host, and a form cannot send JSON.
"""

import queue
import re
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from adapters.terminal.answer import Answer, State
from adapters.terminal.errors import TerminalError
from adapters.terminal.heartbeat import heartbeat_of
from adapters.terminal.inputs.reading import Reading, StateRequest, read_object
from adapters.terminal.inputs.splitter import MAX_LINE
from adapters.terminal.kiosk.audience import Audience, Letters
from adapters.terminal.kiosk.page import HEADERS, read_files
from adapters.terminal.verdict import verdict_of
from codeservice.reason import Words

LOOPBACK = "127.0.0.1"
NAMES = (LOOPBACK, "localhost")
_JSON, _EVENTS = "application/json", "text/event-stream"
_VERDICT, _STATE, _PROBLEM = "verdict", "state", "problem"
_STATE_EVERY = 1.0
"""Seconds between two states; the page takes five without any for a program that hangs."""

_SILENCE = 15.0
"""Seconds after which a page without news gets a comment: whether it still listens shows only in writing."""

_COMMENT = b":\n\n"
_COME_AGAIN = b"retry: 500\n\n"
"""Half a second until a page comes again after a restart."""

_SLOW = 10.0
"""Seconds that a request may take to arrive, or a write to be taken."""

_MOST_CONNECTIONS = 32
_LENGTH = re.compile(r"[0-9]{1,5}", re.ASCII)


class Kiosk:
    """An output that is an input as well: `serve` begins both."""

    fault: Words | None = None

    def __init__(self, port: int) -> None:
        """Take the port, 0 for any; raises TerminalError when another program has it."""
        self.audience = Audience()
        self.files = read_files()
        self.take: Callable[[Reading | StateRequest], None] = _nobody
        try:
            self._server = _Server((LOOPBACK, port), self)
        except OSError as error:
            raise TerminalError(
                Words(
                    f"端口 {port} 已被占用，请换一个：--kiosk 端口",
                    f"Port {port} is taken; choose another: --kiosk PORT",
                )
            ) from error
        self._told = float("-inf")

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{LOOPBACK}:{self.port}/"

    def serve(self, take: Callable[[Reading | StateRequest], None]) -> None:
        """Answer requests from now on; what is scanned goes to `take`."""
        self.take = take
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def show(self, answer: Answer, _now: float) -> None:
        """Send a verdict to the pages; none is kept: it may name somebody."""
        self.audience.tell(_event(_VERDICT, verdict_of(answer)))

    def refuse(self, words: Words) -> None:
        """Send why."""
        self.audience.tell(_event(_PROBLEM, words))

    def tell(self, _state: State) -> None:
        """Do nothing: the pages have it."""

    def tick(self, state: State, faults: tuple[Words, ...], now: float) -> None:
        """Send the state, once a second."""
        if now - self._told >= _STATE_EVERY:
            self._told = now
            self.audience.tell(_event(_STATE, heartbeat_of(state, faults)), keep=True)

    def close(self) -> None:
        """Stop, and send the pages away."""
        self.audience.close()
        if self.take is not _nobody:
            self._server.shutdown()
        self._server.server_close()


def _nobody(_reading: Reading | StateRequest) -> None:
    raise RuntimeError("serve has not been called")


def _event(name: str, value: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(value))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = _MOST_CONNECTIONS

    def __init__(self, address: tuple[str, int], kiosk: Kiosk) -> None:
        super().__init__(address, _Handler)
        self.kiosk = kiosk
        self.hosts = frozenset(f"{name}:{self.server_address[1]}" for name in NAMES)
        self.origins = frozenset(f"http://{host}" for host in self.hosts)
        self._free = threading.BoundedSemaphore(_MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection its thread, or close it where there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Count the thread as free when it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a page that went away in the middle; anything else is a fault of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _next(letters: Letters) -> bytes | None:
    try:
        return letters.get(timeout=_SILENCE)
    except queue.Empty:
        return _COMMENT


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SLOW
    server_version, sys_version = "city-terminal", ""

    def do_GET(self) -> None:
        """Serve a file, or the events."""
        if not self._is_meant():
            return
        file = self.server.kiosk.files.get(self.path)
        if self.path == "/events":
            self._events()
        elif file is None:
            self._answer(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, file.content, file.media)

    def do_POST(self) -> None:
        """Scan."""
        if not self._is_meant(origin_needed=True):
            return
        length = self.headers.get("Content-Length")
        if self.path != "/scan":
            self._answer(HTTPStatus.NOT_FOUND)
        elif self.headers.get_content_type() != _JSON or "Content-Type" not in self.headers:
            self._answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        elif length is None:
            self._answer(HTTPStatus.LENGTH_REQUIRED)
        elif not _LENGTH.fullmatch(length) or int(length) > MAX_LINE:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._scan(self.rfile.read(int(length)))

    def _scan(self, body: bytes) -> None:
        reading = read_object(body)
        if not isinstance(reading, Reading):
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        self.server.kiosk.take(reading)
        self._answer(HTTPStatus.NO_CONTENT)

    def _is_meant(self, *, origin_needed: bool = False) -> bool:
        """Whether a page of this server asks, under this server's own name; otherwise it is refused here."""
        host, origin = self.headers.get_all("Host", []), self.headers.get("Origin")
        if len(host) != 1 or host[0] not in self.server.hosts:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        site = self.headers.get("Sec-Fetch-Site", "none")
        good = origin in self.server.origins if origin is not None else not origin_needed
        if not good or site not in ("none", "same-origin"):
            self._answer(HTTPStatus.FORBIDDEN)
            return False
        return True

    def _events(self) -> None:
        audience = self.server.kiosk.audience
        letters = audience.join()
        try:
            self._head(HTTPStatus.OK, _EVENTS)
            self.end_headers()
            self.wfile.write(_COME_AGAIN)
            while (event := _next(letters)) is not None:
                self.wfile.write(event)
        finally:
            audience.leave(letters)

    def _answer(self, status: HTTPStatus, content: bytes = b"", media: str = "text/plain; charset=utf-8") -> None:
        self._head(status, media)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _head(self, status: HTTPStatus, media: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        for name, value in HEADERS.items():
            self.send_header(name, value)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: the path of a request is whatever somebody sent."""
