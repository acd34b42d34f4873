"""The rights in Redis that docs/operations.md gives the service: all that it needs, and nothing that harms."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from codeservice.private_redis import PrivateRedis
from codeservice.store.events import BEGINNING, EventStream, Kind
from codeservice.store.status import RevokedCache

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
HARMFUL = (
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
    ("KEYS", "*"),
    ("EVAL", "return 1", "0"),
    ("ACL", "LIST"),
    ("SHUTDOWN", "NOSAVE"),
    ("REPLICAOF", "NO", "ONE"),
    ("GETBIT", "other", "1"),
)


def send(client: redis.Redis, *command: str) -> None:
    """Send any command."""
    client.execute_command(*command)  # type: ignore[no-untyped-call]


@pytest.fixture
def address() -> Iterator[str]:
    """A Redis whose service user has the documented rights."""
    server = PrivateRedis()
    rule = re.search(r"^ACL SETUSER (.+)$", OPERATIONS.read_text(), re.MULTILINE)
    assert rule
    owner = redis.Redis.from_url(server.address)
    send(owner, "ACL", "SETUSER", *rule[1].replace(">PASSWORD", ">secret").split())
    owner.close()
    yield server.address.replace("unix://", "unix://city:secret@")
    server.stop()


def test_the_documented_rights_are_enough(address: str) -> None:
    cache, stream = RevokedCache(address), EventStream(address)
    assert cache.is_alive()
    assert cache.is_filled() is False
    assert cache.fill([(1, 2), (1, 70_000)])
    assert (cache.is_filled(), cache.is_revoked(1, 2), cache.is_revoked(1, 3)) == (True, True, None)
    assert cache.add([(4, 5)])
    assert cache.evicts() is False
    assert stream.add(Kind.SNAPSHOT, 7)
    assert stream.wait(BEGINNING) not in {None, BEGINNING}
    stream.close()


@pytest.mark.parametrize("command", HARMFUL, ids=" ".join)
def test_nothing_that_harms_is_permitted(address: str, command: tuple[str, ...]) -> None:
    client = redis.Redis.from_url(address)
    with pytest.raises(redis.exceptions.NoPermissionError):
        send(client, *command)
    client.close()
