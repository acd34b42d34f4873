"""The keeper: seals, fills and deletes; what fails is tried again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
import redis

from codeservice import keeper, watching
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, retention
from codeservice.store.database import Database
from codeservice.store.events import BEGINNING, newest
from codeservice.store.models import FirstUse
from codeservice.store.upsert import insert_once
from codeservice.watching import Chore
from keys.key import Purpose
from keys.signer import KeySigner
from tests.conftest import City
from tests.phone import at_once, decision


def test_an_entry_is_sealed_once_however_many_keepers_there_are(any_city: City) -> None:
    for _ in range(3):
        any_city.phone()
    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(lambda _number: keeper.seal(any_city.services), range(4)))
    with any_city.services.database.read() as connection:
        report = audit.check(connection, lambda _payload, _signed: True)
    assert sum(sealed) == report.sealed
    assert (report.waiting, report.fault) == (0, None)


def test_the_log_grows_from_checkpoint_to_checkpoint(city: City) -> None:
    for _ in range(3):
        city.phone()
        keeper.seal(city.services)
    with city.services.database.read() as connection:
        assert audit.check(connection, lambda _payload, _signed: True).fault is None
        assert audit.check(connection, lambda _payload, _signed: False).fault is not None


def test_a_signer_that_hangs_keeps_no_scan_waiting(city: City) -> None:
    phone, bus = city.phone(), city.terminal("bus-1")
    asked, may_answer = Event(), Event()
    signer = city.services.signer(Purpose.CHECKPOINT)

    def hang(message: bytes) -> bytes:
        asked.set()
        assert may_answer.wait(30)
        return signer.sign(message, now=city.clock.now)

    hanging = replace(city.services, signer=lambda _purpose: KeySigner(signer.key, hang))
    with ThreadPoolExecutor(1) as pool:
        sealing = pool.submit(keeper.seal, hanging)
        assert asked.wait(30)
        assert bus.scan(phone.show(city.clock.now)).get_json()["decision"] == "accepted"
        may_answer.set()
        assert sealing.result() > 0


def test_a_flushed_redis_is_filled_from_the_record(city: City, redis_address: str) -> None:
    phone = city.phone()
    city.give(phone, Status.REVOKED)
    redis.Redis.from_url(redis_address).flushall()
    assert keeper.fill(city.services) == 2
    assert keeper.fill(city.services) == 0
    made = phone.grants[0][0]
    assert city.services.revoked.is_revoked(made["list"], made["idx"]) is True


def test_used_codes_are_remembered_longer_than_any_code_lives_and_then_deleted(city: City) -> None:
    old = city.clock.now - retention.FIRST_USE_LIFE
    with city.services.database.write() as connection:
        insert_once(connection, FirstUse, list=1, idx=1, iat=old)
        insert_once(connection, FirstUse, list=1, idx=1, iat=old - 1)
    assert keeper.purge(city.services) == 1


def test_a_chore_that_fails_does_not_stop_the_keeper(city: City) -> None:
    """Without a database the keeper goes on trying."""
    done: list[str] = []

    def fails(services: object) -> int:
        done.append("fails")
        return keeper.seal(services_without_database)

    services_without_database = type(city.services)(**{**vars(city.services), "database": gone()})
    work = ((Chore("fails", 0), fails), (Chore("works", 0), lambda _services: len(done)))
    keeper.keep(city.services, stopped=lambda: len(done) >= 2, work=work)
    assert done == ["fails", "fails"]


def test_what_was_done_well_is_noted_and_what_failed_is_not(city: City) -> None:
    turns: list[int] = []

    def fails(services: Services) -> int:
        turns.append(1)
        return keeper.seal(replace(services, database=gone()))

    work = ((watching.SEAL, fails), (watching.FILL, keeper.fill))
    keeper.keep(city.services, stopped=lambda: len(turns) >= 1, work=work)
    since = watching.watch(city.services).since_done
    assert (since["filled"], since["sealed"]) == (0, None)


def test_an_empty_redis_is_filled_by_one_of_many_keepers(any_city: City, redis_address: str) -> None:
    """Eight that start at once ask the record for every revoked place once."""
    phone = any_city.phone()
    any_city.give(phone, Status.REVOKED)
    redis.Redis.from_url(redis_address).flushall()
    assert sorted(at_once(8, lambda _number: keeper.fill(any_city.services))) == [0] * 7 + [len(phone.grants)]


def test_a_keeper_that_died_while_it_filled_is_followed_by_another(city: City, redis_address: str) -> None:
    phone = city.phone()
    city.give(phone, Status.REVOKED)
    client = redis.Redis.from_url(redis_address)
    client.flushall()
    assert city.services.revoked.begin_filling()
    assert keeper.fill(city.services) == 0
    (lock,) = client.keys()
    assert 0 < client.ttl(lock) <= 60
    client.delete(lock)
    assert keeper.fill(city.services) == len(phone.grants)


def test_a_redis_that_takes_only_a_part_is_not_filled(city: City, redis_address: str) -> None:
    """One command of the pipeline fails: no success is told, and the next turn tries again."""
    phone = city.phone()
    city.give(phone, Status.REVOKED)
    client = redis.Redis.from_url(redis_address)
    client.flushall()
    client.rpush(f"revoked:{phone.grants[0][0]['list']}", "not bits")
    assert keeper.fill(city.services) == 0
    assert city.services.revoked.is_filled() is False
    client.flushall()
    assert keeper.fill(city.services) == len(phone.grants)


@pytest.mark.parametrize(
    ("policy", "said"), [pytest.param("allkeys-lru", 1, id="evicts"), pytest.param("noeviction", 0, id="keeps")]
)
def test_a_redis_that_evicts_is_said_at_the_start_and_in_the_state(
    city: City, redis_address: str, caplog: pytest.LogCaptureFixture, policy: str, said: int
) -> None:
    client = redis.Redis.from_url(redis_address)
    client.config_set("maxmemory-policy", policy)
    try:
        with caplog.at_level("INFO", logger="codeservice"):
            keeper.keep(city.services, stopped=lambda: True)
        state = city.app.test_client().get("/state").get_json()
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    assert events(caplog).count("redis_evicts") == said
    assert state["redis_evicts"] is bool(said)


def test_a_redis_that_has_evicted_a_revocation_makes_nothing_valid(city: City, redis_address: str) -> None:
    """What is absent is unknown, also when the cache says that it was filled."""
    phone, bus = city.phone(), city.terminal("bus-1")
    city.give(phone, Status.REVOKED)
    keeper.fill(city.services)
    client = redis.Redis.from_url(redis_address)
    assert client.delete(f"revoked:{phone.grants[0][0]['list']}") == 1
    assert city.services.revoked.is_filled() is True
    assert decision(bus.scan(phone.show(city.clock.now))) == ("refused", "revoked")


def test_a_new_trust_list_is_noted_once_and_told(city: City) -> None:
    stream = city.services.events
    position = stream.wait(BEGINNING) or BEGINNING
    assert [keeper.note(city.services), keeper.note(city.services)] == [1, 0]
    with city.services.database.read() as connection:
        assert newest(connection).trust_list == city.services.trust_list().version
    assert stream.wait(BEGINNING) != position


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [getattr(record, "fields", {}).get("event", "") for record in caplog.records]


def gone() -> Database:
    """Return a database that does not answer."""
    return Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
