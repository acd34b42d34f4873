"""The cache of revoked places: negative facts only, and never needed."""

import socket
from pathlib import Path
from threading import Thread

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


def test_a_redis_that_hangs_is_left_alone_for_a_while(tmp_path: Path) -> None:
    """It takes connections and never answers: the first scan waits a moment, the next hundred do not ask at all."""
    path = tmp_path / "redis.sock"
    taken: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def take() -> None:
            while True:
                connection, _address = server.accept()
                taken.append(connection)
                if connection.recv(1) == b"q":
                    return

        thread = Thread(target=take)
        thread.start()
        cache = RevokedCache(f"unix://{path}")
        assert {cache.is_revoked(1, number) for number in range(101)} == {None}
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(path))
            last.sendall(b"q")
            thread.join(30)
    assert len(taken) == 2
    for connection in taken:
        connection.close()


def test_a_pipeline_of_which_a_part_fails_is_a_failure(redis_address: str) -> None:
    client = redis.Redis.from_url(redis_address)
    client.flushall()
    client.rpush("revoked:2", "not bits")
    cache = RevokedCache(redis_address)
    assert not cache.add([(1, 1), (2, 1), (3, 1)])
    assert not cache.fill([(1, 1), (2, 1)])
    assert cache.is_filled() is False
    assert cache.is_revoked(2, 1) is None


def test_more_places_than_one_pipeline_holds_are_cached(redis_address: str) -> None:
    redis.Redis.from_url(redis_address).flushall()
    cache = RevokedCache(redis_address)
    assert cache.add((7000 + number % 3, number) for number in range(2500))
    assert all(cache.is_revoked(7000 + number % 3, number) for number in range(2500))
    assert cache.is_revoked(7000, 2500) is None


def test_a_redis_that_does_not_answer_tells_no_policy() -> None:
    assert RevokedCache("unix:///nonexistent/redis.sock").evicts() is None
