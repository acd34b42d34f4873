"""The cache of revoked places: negative facts only, and never needed."""

import redis

from codeservice.store.status import RevokedCache


def test_a_cached_place_is_revoked_and_its_neighbours_are_unknown(redis_address: str) -> None:
    cache = RevokedCache(redis_address)
    assert cache.add([(5001, 7)])
    assert cache.is_revoked(5001, 7) is True
    assert cache.is_revoked(5001, 8) is None


def test_a_flushed_cache_knows_nothing_and_says_so(redis_address: str) -> None:
    cache = RevokedCache(redis_address)
    cache.fill([(5002, 7)])
    assert cache.is_filled() is True
    redis.Redis.from_url(redis_address).flushall()
    assert cache.is_revoked(5002, 7) is None
    assert cache.is_filled() is False


def test_a_cache_that_is_gone_knows_nothing_and_takes_nothing() -> None:
    cache = RevokedCache("unix:///nonexistent/redis.sock")
    assert cache.is_revoked(1, 1) is None
    assert cache.is_filled() is None
    assert not cache.add([(1, 1)])
    assert not cache.is_alive()


def test_only_what_is_final_is_cached_and_nothing_personal(redis_address: str) -> None:
    """Keys are list numbers; values are bits."""
    client = redis.Redis.from_url(redis_address)
    client.flushall()
    RevokedCache(redis_address).fill([(9, 3)])
    assert sorted(client.keys()) == [b"revoked:9", b"revoked:filled"]
