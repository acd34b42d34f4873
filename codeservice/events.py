"""Telling terminals at once that something was published: one reader in a process wakes all who wait.

What is told is what the record says. The stream only makes the reader look sooner than its next turn, so that a Redis
that is flushed, slow, gone or forged delays news by seconds and cannot do more.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from threading import Condition, Lock, Thread

import msgspec

from codeservice import logs
from codeservice.errors import UnavailableError
from codeservice.services import Services
from codeservice.store.events import BEGINNING, TURN, News, newest

HEARTBEAT = 15.0
"""Seconds after which a silent connection gets a comment, so that both ends know that the other is there."""

LIFE = 600.0
"""Seconds after which a connection ends and its client asks again."""

POLL = 25.0
"""Seconds of the longest wait for one answer: less than the half minute after which proxies give up."""

HELD = 100
"""Connections held in a process, where its server has not said how many threads there are."""

RETRY = (1000, 5000)
"""Milliseconds in which a client asks again, drawn for each: when a server stops, not all may come back at once."""

FULL = "events_full"
"""Wire name of the refusal when a process holds as many connections as it may."""


class Events:
    """The news of one process, the reader that keeps them new, and the connections that are held for them."""

    def __init__(self, services: Services, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare; the reader starts with the first who asks. `clock` gives seconds that never go back."""
        self.most = HELD
        self._services = services
        self._clock = clock
        self._changed = Condition()
        self._news = News(0, 0)
        self._held = 0
        self._starting = Lock()
        self._reader: Thread | None = None
        self._blind = False
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether everybody is being sent away."""
        return self._stopped

    def stop(self) -> None:
        """Send everybody away within a turn of the reader. Takes no lock, so a signal handler may call it."""
        self._stopped = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold one connection; raises UnavailableError when there are as many as there may be."""
        with self._changed:
            if self._held >= self.most:
                raise UnavailableError(FULL, retry_after=random.randint(5, 15))  # noqa: S311 -- jitter, not a secret
            self._held += 1
        try:
            yield
        finally:
            with self._changed:
                self._held -= 1

    def now(self) -> News:
        """Return what is newest."""
        with self._starting:
            # A reader that died of something unforeseen is replaced by the next who asks.
            if self._reader is None or not self._reader.is_alive():
                self._look()
                self._reader = Thread(target=self._read, name="events", daemon=True)
                self._reader.start()
        return self._news

    def after(self, known: News, seconds: float) -> News:
        """Return what is newest as soon as it is newer than `known`, or after `seconds`, or when it is stopped."""
        self.now()
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._news.is_newer(known), seconds)
            return self._news

    def lines(self, *, heartbeat: float = HEARTBEAT, life: float = LIFE) -> Iterator[bytes]:
        """Give the text of one event stream (HTML standard, 9.2): the state now, then each news, comments between."""
        # Spread, so that connections that began together do not all end together.
        end = self._clock() + life * random.uniform(0.95, 1.05)  # noqa: S311 -- jitter, not a secret
        told = self.now()
        yield f"retry: {random.randint(*RETRY)}\n".encode() + _event(told)  # noqa: S311 -- jitter, not a secret
        while not self._stopped and (left := end - self._clock()) > 0:
            news = self.after(told, min(heartbeat, left))
            if news.is_newer(told):
                told = news
                yield _event(told)
            else:
                yield b":\n\n"

    def _read(self) -> None:
        position = BEGINNING
        while not self._stopped:
            following = self._services.events.wait(position)
            if following is None:
                time.sleep(TURN)
            position = following or position
            self._look()
            with self._changed:
                self._changed.notify_all()

    def _look(self) -> None:
        # Asked without the lock: a database that hangs must not keep those who wait from their heartbeat.
        try:
            with self._services.database.read() as connection:
                self._news = newest(connection)
        except UnavailableError as error:
            # What was told stays true; terminals go on with what they have.
            if not self._blind:
                logs.event("events_blind", where=error.code)
            self._blind = True
        else:
            self._blind = False


def _event(news: News) -> bytes:
    return b"event: news\nid: %d\ndata: %b\n\n" % (news.snapshot, msgspec.json.encode(asdict(news)))
