"""The keeper: seals, fills and deletes; what fails is tried again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import redis

from codeservice import keeper
from codeservice.revoking import change_status
from codeservice.status import Status
from codeservice.store import audit, grant, retention
from codeservice.store.models import FirstUse
from codeservice.store.upsert import insert_once
from keys.key import Purpose
from keys.signer import KeySigner
from tests.conftest import City


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
    change_status(
        city.services,
        lambda connection: grant.live(connection, now=city.clock.now, device=phone.device),
        Status.REVOKED,
        cause="test",
        actor="operator:test",
    )
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
    chores = (keeper.Chore("fails", 0, fails), keeper.Chore("works", 0, lambda _services: len(done)))
    keeper.keep(city.services, stopped=lambda: len(done) >= 2, chores=chores)
    assert done == ["fails", "fails"]


def gone() -> object:
    """Return a database that does not answer."""
    from codeservice.store.database import Database  # noqa: PLC0415

    return Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
