"""News of what was published: a bounded Redis Stream that wakes, and the record that says what is true.

An entry says only that something is new and which version. Whoever wakes asks the record, so that a lost, late or
forged entry costs a moment and nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection

from codeservice.store import fact, snapshot

STREAM = "events"
LONGEST = 1000
"""Entries that the stream keeps, roughly."""

BEGINNING = "0-0"
"""The position before every entry."""

TURN = 2.0
"""Seconds of the longest wait for an entry; whoever waits asks the record at least that often."""

_TIMEOUT = 0.05
"""Seconds to wait for Redis where it does not block on purpose."""

_LATE = 0.5
"""Seconds by which Redis may end a wait late."""


class Kind(StrEnum):
    """What is new."""

    SNAPSHOT = "snapshot"
    TRUST_LIST = "trust_list"


@dataclass(frozen=True)
class News:
    """The newest versions that terminals can fetch; 0 where nothing was published yet."""

    snapshot: int
    trust_list: int

    def is_newer(self, known: "News") -> bool:
        """Whether there is something here that `known` does not have."""
        return self.snapshot > known.snapshot or self.trust_list > known.trust_list


def newest(connection: Connection) -> News:
    """Return what was published last."""
    trust_list = int(fact.get(connection, fact.TRUST_LIST_USED) or 0)
    return News(snapshot.newest_version(connection) or 0, trust_list)


class EventStream:
    """The stream. Redis may be flushed, slow or gone at any time."""

    def __init__(self, address: str) -> None:
        """Prepare clients; connects at the first use."""

        def client(patience: float) -> Redis:
            return Redis.from_url(address, socket_timeout=patience, socket_connect_timeout=_TIMEOUT, retry=None)

        self._redis, self._blocking = client(_TIMEOUT), client(TURN + _LATE)

    def add(self, kind: Kind, version: int) -> bool:
        """Tell that a version is published; False when Redis did not take it."""
        try:
            self._redis.xadd(STREAM, {"kind": kind.value, "version": version}, maxlen=LONGEST, approximate=True)
        except RedisError:
            return False
        return True

    def wait(self, position: str) -> str | None:
        """Wait up to TURN seconds for an entry behind `position`; returns the newest position.

        None when Redis does not answer; that is known at once, or half a second after TURN if it stopped meanwhile.
        """
        try:
            # Asked with little patience first: a Redis that hangs must not keep anybody waiting.
            self._redis.ping()
            found = self._blocking.xread({STREAM: position}, count=LONGEST, block=int(TURN * 1000))
        except RedisError:
            return None
        return _last(found) or position

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()
        self._blocking.close()


def _last(found: object) -> str | None:
    match found:
        case [[_name, [*_before, (bytes(position), _fields)]]]:
            return position.decode("ascii")
        case _:
            return None
