"""Revoked places in Redis: a cache of negative facts, which may be flushed, slow or gone at any time.

Only "revoked" is ever cached, because it is final. A place that is not in the cache is unknown, not valid: the record
answers then.
"""

import time
from collections.abc import Iterable
from itertools import islice

from redis import Redis
from redis.exceptions import RedisError

_TIMEOUT = 0.05
"""Seconds to wait for Redis before the record answers instead."""

_PAUSE = 1.0
"""Seconds in which a Redis that has failed is not asked again."""

_LIFE = 73 * 3600
"""Seconds a cached list lives: a little longer than the longest grant."""

_FILLED, _FILLING = "revoked:filled", "revoked:filling"
_FILLING_SECONDS = 60
"""Seconds after which somebody else fills, because whoever began has gone. Two at once would do no harm."""

_TOGETHER = 1000
"""Places in one pipeline: answered well within the time that Redis has."""


class RevokedCache:
    """Revoked places, one bit each, one Redis string for each list."""

    def __init__(self, address: str) -> None:
        """Prepare a client; connects at the first use."""
        self._redis = Redis.from_url(address, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=None)
        self._closed_until = 0.0

    def is_revoked(self, list_: int, idx: int) -> bool | None:
        """Return True for a revoked place, None for "not known here"."""
        if time.monotonic() < self._closed_until:
            return None
        try:
            return bool(self._redis.getbit(_name(list_), idx)) or None
        except RedisError:
            self._closed_until = time.monotonic() + _PAUSE
            return None

    def add(self, places: Iterable[tuple[int, int]]) -> bool:
        """Cache revoked places; False when Redis did not take every one of them."""
        waiting = iter(places)
        while part := list(islice(waiting, _TOGETHER)):
            try:
                with self._redis.pipeline(transaction=False) as pipeline:
                    for list_, idx in part:
                        pipeline.setbit(_name(list_), idx, 1)
                    for list_ in {list_ for list_, _idx in part}:
                        pipeline.expire(_name(list_), _LIFE)
                    # Raises when one of the commands failed.
                    pipeline.execute()
            except RedisError:
                return False
        return True

    def is_filled(self) -> bool | None:
        """Whether the cache was filled since it was last emptied; None when Redis does not answer."""
        try:
            return bool(self._redis.exists(_FILLED))
        except RedisError:
            return None

    def begin_filling(self) -> bool:
        """Whether the caller is the one to fill the cache now: many who find it empty would all ask the record."""
        try:
            return bool(self._redis.set(_FILLING, 1, nx=True, ex=_FILLING_SECONDS))
        except RedisError:
            return False

    def fill(self, places: Iterable[tuple[int, int]]) -> bool:
        """Cache every revoked place and note that it was done; False when Redis did not take them."""
        try:
            if self.add(places):
                return bool(self._redis.set(_FILLED, 1))
            # Done well it stands until its end: who looked before it was done must not begin behind it.
            self._redis.delete(_FILLING)
        except RedisError:
            pass
        return False

    def evicts(self) -> bool | None:
        """Whether Redis drops keys when its memory is full; None when it does not say."""
        try:
            policy = self._redis.info("memory").get("maxmemory_policy")
        except RedisError:
            return None
        return None if policy is None else policy != "noeviction"

    def is_alive(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False


def _name(list_: int) -> str:
    return f"revoked:{list_}"
