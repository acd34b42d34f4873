"""gunicorn workers whose threads wait only so long for a client, and one that holds connections for news.

gunicorn's threaded worker reads and writes on blocking sockets without a time limit: as many half-sent requests, or
answers that nobody takes, as there are threads would stop it for everybody.
"""

import socket
import struct
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from codeservice.events import Events

READ_SECONDS = 5
"""Longest pause between two pieces of a request; a proxy in front buffers requests and never pauses."""

WRITE_SECONDS = 10
"""Longest pause between two pieces of an answer that the client takes."""

LOST_SECONDS = 40
"""Seconds after which a held connection counts as lost, because the other end acknowledges nothing."""

SPARE = 4
"""Threads of an events server that hold nothing: they answer whoever comes when all others are taken."""

_READ, _WRITE = (struct.pack("ll", seconds, 0) for seconds in (READ_SECONDS, WRITE_SECONDS))


class Worker(ThreadWorker):  # type: ignore[misc,unused-ignore]  # the stubs have no threaded worker in every version
    """The threaded worker with a time limit on every read and write."""

    def handle(self, conn: Any) -> Any:
        """Handle one request; a client that pauses too long is dropped."""
        # The kernel keeps the limits, so that nothing that switches the socket to blocking mode can lift them.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _READ)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _WRITE)
        return super().handle(conn)


class EventsWorker(Worker):
    """The worker of `wsgi:events()`: tells the application how many connections it may hold, and when to let go."""

    _held: Events | None = None

    def load_wsgi(self) -> None:
        """Make the application."""
        super().load_wsgi()
        application: Any = self.wsgi
        self._held = application.extensions["events"]
        self._held.most = max(1, self.cfg.threads - SPARE)

    def handle(self, conn: Any) -> Any:
        """Handle one request."""
        if hasattr(socket, "TCP_USER_TIMEOUT") and conn.sock.family in {socket.AF_INET, socket.AF_INET6}:
            # The heartbeat finds out whether a terminal that lost its network is still there.
            conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_SECONDS * 1000)
        return super().handle(conn)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop: held connections end, and their clients ask another process."""
        self._let_go()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once."""
        self._let_go()
        super().handle_quit(sig, frame)

    def _let_go(self) -> None:
        # A signal may come before there is an application.
        if self._held is not None:
            self._held.stop()
