"""A gunicorn worker whose threads wait only so long for bytes that do not come.

gunicorn's threaded worker reads requests from blocking sockets without a time limit: as many half-sent requests as
there are threads would stop it for everybody.
"""

import socket
import struct
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

READ_SECONDS = 5
"""Longest pause between two pieces of a request; a proxy in front buffers requests and never pauses."""

_TIMEVAL = struct.pack("ll", READ_SECONDS, 0)


class Worker(ThreadWorker):  # type: ignore[misc,unused-ignore]  # the stubs have no threaded worker in every version
    """The threaded worker with a time limit on every read."""

    def handle(self, conn: Any) -> Any:
        """Handle one request; a client that pauses too long is dropped."""
        # The kernel keeps the limit, so that nothing that switches the socket to blocking mode can lift it.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL)
        return super().handle(conn)
