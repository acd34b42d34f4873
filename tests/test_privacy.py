"""Nothing personal where it does not belong: the database file, Redis and the logs, after a full day of use."""

import hashlib
import json
import logging
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from codeservice import demo, keeper, logs
from codeservice.app import open_vault, vault_file_of
from codeservice.city import city_day
from codeservice.publishing import publish_snapshot
from codeservice.resealing import reseal
from codeservice.store import audit, person
from codeservice.store.events import STREAM
from codeservice.store.models import Table
from keys.suite import SM4_GCM
from keys.vault import Use
from tests.conftest import City
from tests.uploading import Queue


def secrets_of(citizen: demo.Citizen) -> list[bytes]:
    """Everything about a citizen that must not lie around."""
    numbers = [card.number for card in citizen.cards]
    plates = [str(card.claims[name]) for card in citizen.cards for name in ("plate", "vehicle") if name in card.claims]
    phones = [] if citizen.phone is None else [citizen.phone]
    texts = [citizen.holder.name, citizen.holder.id_number.text, *phones, *numbers, *plates]
    return [text.encode() for text in texts]


def live_a_day(city: City) -> str:
    """Use every door, from the wallet to the operator's desk; returns a code that was shown."""
    phone = city.phone()
    phone.call("PUT", "/consents/hospital", {"given": True})
    offer = phone.call("GET", "/ticket-offers").get_json()["offers"][0]
    phone.call("POST", "/tickets", {"place": offer["place"], "day": city_day(city.clock.now)})
    code = phone.show(city.clock.now)
    for number, terminal in enumerate(("clinic-1", "bus-1", "till-east", "gate-1", "queue-1")):
        city.terminal(terminal).scan(phone.show(city.clock.now + number))
    digits = phone.fetch_digits(city.clock.now).get_json()["codes"][0]
    served = phone.call("POST", "/served-codes", {"scene": "all"}).get_json()["code"]
    for shown in (digits["handle"], served):
        city.terminal("clinic-2").scan(shown)
    queue = Queue(city, city.terminal("bus-2"))
    queue.accept(phone, city.clock.now + 9, index=1)
    queue.add_bytes(b"junk")
    assert queue.upload()["stored"] == [1]
    gate = city.terminal("gate-2")
    gate.http.open("/terminals/v1/profile", headers={"Authorization": f"Bearer {gate.token}"})
    phone.call("GET", "/records")
    keeper.seal(city.services)
    phone.call("POST", "/freeze", {})
    keeper.fill(city.services)
    keeper.note(city.services)
    publish_snapshot(city.services)
    operate(city)
    return code


def operate(city: City) -> None:
    """Search a person, and give the vault new keys, as an operator does."""
    settings, citizen = city.services.settings, city.citizen()
    with city.services.database.write() as connection:
        person.find_by_id_number(connection, city.services.vault, citizen.holder.id_number)
        details: dict[str, object] = {"reason": "lost card", "found": True}
        subject = f"person:{citizen.holder.id}"
        audit.add(
            connection,
            at=city.clock.now,
            actor="operator:x",
            action="person_searched",
            subject=subject,
            details=details,
        )
    file = vault_file_of(settings)
    file.rotate(Use.DATA, SM4_GCM, now=city.clock.now, after=0)
    file.rotate(Use.INDEX, SM4_GCM, now=city.clock.now, after=0)
    resealed = reseal(city.services.database, open_vault(settings, city.clock), progress=lambda _done, _all: None)
    assert (resealed.rows > 0, resealed.waiting) == (True, 0)


def database_bytes(city: City) -> bytes:
    """Everything in the database file, the write-ahead log included."""
    path = Path(str(city.services.database.engine.url.database))
    return b"".join(part.read_bytes() for part in path.parent.glob("city.db*"))


def rows(city: City) -> bytes:
    """Everything that a dump of the tables shows."""
    with city.services.database.read() as connection:
        values = [
            value
            for table in Table.metadata.sorted_tables
            for row in connection.execute(select(table))
            for value in row
        ]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def redis_bytes(address: str) -> bytes:
    """Every key and value in Redis; all values are strings but the one stream of news."""
    client = redis.Redis.from_url(address)
    # DUMP would do for every type, but compresses: a name could hide in it.
    kinds = {key: client.type(key) for key in client.scan_iter()}
    assert {key for key, kind in kinds.items() if kind != b"string"} <= {STREAM.encode()}
    news = repr(client.xrange(STREAM)).encode()
    return b"\n".join([news, *(key + client.get(key) for key, kind in kinds.items() if kind == b"string")])


def test_a_dump_of_the_tables_names_nobody_on_either_database(any_city: City) -> None:
    code = live_a_day(any_city)
    dump = rows(any_city)
    assert any_city.citizen().holder.id.encode() in dump
    for citizen in any_city.people:
        for secret in secrets_of(citizen):
            assert secret not in dump
    assert code.encode() not in dump


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
    held = redis_bytes(redis_address)
    assert b"revoked:" in held
    for citizen in city.people:
        assert citizen.holder.id.encode() not in held
        for secret in secrets_of(citizen):
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
    assert city.citizen().holder.id not in written
    assert all(json.loads(line) for line in written.splitlines())


def test_a_dump_opens_with_the_key_and_only_in_its_place(city: City) -> None:
    """What is sealed for one row does not open in another."""
    vault = city.services.vault
    sealed = vault.seal("张三", place="person.name:a")
    assert vault.open(sealed, place="person.name:a") == "张三"
    with pytest.raises(Exception, match="changed or moved"):
        vault.open(sealed, place="person.name:b")
