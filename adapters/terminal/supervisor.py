"""Tells systemd that the terminal is ready, alive or stopping (sd_notify(3)); without systemd it does nothing."""

import contextlib
import socket
from collections.abc import Mapping

ADDRESS = "NOTIFY_SOCKET"
_READY, _ALIVE, _STOPPING = b"READY=1", b"WATCHDOG=1", b"STOPPING=1"


class Supervisor:
    """One line to whoever watches over this process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the address; connects to nothing."""
        address = environment.get(ADDRESS, "")
        # systemd writes the NUL of an abstract name as "@".
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def ready(self) -> None:
        """Say that scans are taken from now on."""
        self._say(_READY)

    def alive(self) -> None:
        """Say that it goes on; without it for `WatchdogSec` the process is started anew."""
        self._say(_ALIVE)

    def stopping(self) -> None:
        """Say that the end was asked for."""
        self._say(_STOPPING)

    def _say(self, what: bytes) -> None:
        if not self._address:
            return
        # Whoever does not listen cannot be helped, and scanning goes on.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(0)
            line.sendto(what, self._address)
