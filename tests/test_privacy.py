"""Nothing personal where it does not belong: the database file, Redis and the logs, after a full day of use."""

import hashlib
import json
import logging
from pathlib import Path

import pytest
import redis

from codeservice import demo, logs
from tests.conftest import City


def secrets_of(citizen: demo.Citizen) -> list[bytes]:
    """Everything about a citizen that must not lie around."""
    numbers = [card.number for card in citizen.cards]
    texts = [citizen.holder.name, citizen.holder.id_number.text, str(citizen.phone), *numbers]
    return [text.encode() for text in texts]


def live_a_day(city: City) -> str:
    """Use every door; returns a code that was shown."""
    phone = city.phone()
    phone.call("PUT", "/consents/hospital", {"given": True})
    code = phone.show(city.clock.now)
    for number, terminal in enumerate(("clinic-1", "bus-1", "till-east", "gate-1")):
        city.terminal(terminal).scan(phone.show(city.clock.now + number))
    phone.call("POST", "/freeze", {})
    return code


def database_bytes(city: City) -> bytes:
    """Everything in the database file, the write-ahead log included."""
    path = Path(str(city.services.database.engine.url.database))
    return b"".join(part.read_bytes() for part in path.parent.glob("city.db*"))


def test_a_dump_of_the_database_names_nobody(city: City) -> None:
    code = live_a_day(city)
    dump = database_bytes(city)
    for citizen in city.people:
        for secret in secrets_of(citizen):
            assert secret not in dump
    assert code.encode() not in dump
    assert code[:200].encode() not in dump


def test_an_id_number_cannot_be_found_by_trying_all(city: City) -> None:
    """A plain hash of an ID number would stand in the dump; the keyed index does not help an attacker."""
    dump = database_bytes(city)
    for citizen in city.people:
        number = citizen.holder.id_number.text.encode()
        assert hashlib.sha256(number).digest() not in dump
        assert city.services.vault.index(number.decode(), kind="id_number") in dump


def test_redis_holds_nothing_personal(city: City, redis_address: str) -> None:
    live_a_day(city)
    client = redis.Redis.from_url(redis_address)
    held = b"".join(key + client.dump(key) for key in client.scan_iter())
    for secret in secrets_of(city.citizen()):
        assert secret not in held


def test_logs_name_nobody_and_hold_no_code(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(logging.getLogger().handlers)
    logs.configure()
    try:
        code = live_a_day(city)
    finally:
        logging.getLogger().handlers[:] = before
    written = capsys.readouterr().err
    assert written.count('"event": "request"') > 10
    for secret in secrets_of(city.citizen()):
        assert secret.decode() not in written
    assert code[:40] not in written
    assert all(json.loads(line) for line in written.splitlines())


def test_a_dump_opens_with_the_key_and_only_in_its_place(city: City) -> None:
    """What is sealed for one row does not open in another."""
    vault = city.services.vault
    sealed = vault.seal("张三", place="person.name:a")
    assert vault.open(sealed, place="person.name:a") == "张三"
    with pytest.raises(Exception, match="changed or moved"):
        vault.open(sealed, place="person.name:b")
