"""Resealing: while people use the service, after every kill, and as often as one likes."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from codeservice import demo
from codeservice.app import open_services, open_vault, vault_file_of
from codeservice.resealing import Resealed, reseal
from codeservice.services import Services
from codeservice.store import account, person, sealed
from codeservice.store.models import Account, Person
from keys.envelope import ACTIVE_AFTER
from keys.suite import SM4_GCM
from keys.vault import Use, Vault
from tests.conftest import NOW, SEED, City, Clock, settings_of
from tests.environment import environment_of
from tests.running import ROOT

MANY = 400
"""People whose resealing takes long enough to be killed in the middle."""


def silent(_done: int, _all: int) -> None:
    """Show no progress."""


def rotate(services: Services, *uses: Use) -> None:
    """Make keys that write from this second on."""
    for use in uses:
        vault_file_of(services.settings).rotate(use, SM4_GCM, now=services.clock(), after=0)


def worker(services: Services) -> Vault:
    """Open the vault as another process does."""
    return open_vault(services.settings, services.clock)


def everything(services: Services, vault: Vault) -> list[Any]:
    """Open every person and every card."""
    with services.database.read() as connection:
        holders = person.page(connection, vault, after="", limit=MANY)
        return [(holder, person.cards_of(connection, vault, holder.id)) for holder in holders]


def versions(services: Services, use: Use) -> set[int]:
    with services.database.read() as connection:
        return set(sealed.count_versions(connection, use))


@pytest.mark.parametrize(
    "uses",
    [
        pytest.param((Use.DATA,), id="data key"),
        pytest.param((Use.INDEX,), id="index key"),
        pytest.param((Use.DATA, Use.INDEX), id="both"),
    ],
)
def test_every_row_comes_under_the_newest_keys_and_says_the_same(any_city: City, uses: tuple[Use, ...]) -> None:
    services = any_city.services
    phone = any_city.phone()
    before = everything(services, services.vault)
    rotate(services, *uses)
    done = reseal(services.database, worker(services), progress=silent)
    assert done.rows > len(before)
    assert (done.unreadable, done.doubled, done.waiting) == ([], [], 0)
    for use in uses:
        # The keyed hash of a password stays with its key until it is deleted.
        assert versions(services, use) <= ({2} if use is Use.DATA else {1, 2})
    assert everything(services, worker(services)) == before
    assert phone.call("GET", "/me").status_code == 200


def test_doing_it_again_changes_nothing(any_city: City) -> None:
    services = any_city.services
    rotate(services, Use.DATA, Use.INDEX)
    reseal(services.database, worker(services), progress=silent)
    with services.database.read() as connection:
        before = connection.execute(select(Person.__table__)).all()
    assert reseal(services.database, worker(services), progress=silent) == Resealed(0, [], [], 0)
    with services.database.read() as connection:
        assert connection.execute(select(Person.__table__)).all() == before


def test_progress_goes_up_to_the_end(city: City) -> None:
    seen: list[tuple[int, int]] = []
    rotate(city.services, Use.DATA)
    done = reseal(city.services.database, worker(city.services), progress=lambda *now: seen.append(now), batch=50)
    assert [now for now, _all in seen] == sorted(now for now, _all in seen)
    assert seen[-1] == (done.rows, done.rows)
    assert len(seen) > 5


def test_a_value_is_found_before_during_and_after_a_new_index_key(any_city: City) -> None:
    services, citizen = any_city.services, any_city.citizen()
    phone = any_city.phone()

    def found() -> tuple[bool, bool, bool]:
        vault = worker(services)
        with services.database.write() as connection:
            holder = person.find_by_id_number(connection, vault, citizen.holder.id_number)
            by_phone = person.find_by_phone(connection, vault, str(citizen.phone))
            card = citizen.cards[0]
            by_number = person.find_card_by_number(connection, vault, card.type, card.number)
            account.find_or_add(connection, vault, str(citizen.phone), now=any_city.clock.now)
            accounts = connection.execute(select(Account.id)).all()
        return holder == citizen.holder, by_phone == citizen.holder.id, by_number == card and len(accounts) == 1

    assert found() == (True, True, True)
    rotate(services, Use.INDEX)
    assert found() == (True, True, True)
    reseal(services.database, worker(services), progress=silent)
    assert found() == (True, True, True)
    assert phone.call("GET", "/me").status_code == 200


def test_a_repeated_scan_is_the_same_scan_under_a_new_index_key(city: City) -> None:
    """The fingerprint of what was asked is compared under the key that wrote it."""
    phone, bus = city.phone(), city.terminal("bus-1")
    code = phone.show(city.clock.now)
    first = bus.scan(code, act="a-1")
    rotate(city.services, Use.INDEX)
    city.services.vault._look()
    again = bus.scan(code, act="a-1")
    assert (first.get_json()["decision"], again.get_json()["decision"]) == ("accepted", "accepted")
    assert bus.scan(phone.show(city.clock.now + 1), act="a-1").status_code == 409


def test_a_password_that_was_sent_before_the_new_index_key_still_signs_in(city: City) -> None:
    services = city.services
    with services.database.write() as connection:
        challenge = account.add_challenge(connection, services.vault, phone="10000000001", answer="123456", now=NOW)
    rotate(services, Use.DATA, Use.INDEX)
    reseal(services.database, worker(services), progress=silent)
    with services.database.write() as connection:
        assert challenge
        assert account.use_challenge(connection, worker(services), challenge, "654321", now=NOW) is None
        assert account.use_challenge(connection, worker(services), challenge, "123456", now=NOW) == "10000000001"


@pytest.mark.parametrize("spoilt", [b"\x01" + bytes(40), b"\x09" + bytes(40), b"\x01", b""])
def test_a_spoiled_row_is_named_and_the_others_are_resealed(any_city: City, spoilt: bytes) -> None:
    services = any_city.services
    spoiled = any_city.people[3].holder.id
    with services.database.write() as connection:
        connection.execute(update(Person).where(Person.id == spoiled).values(name_sealed=spoilt))
    rotate(services, Use.DATA)
    done = reseal(services.database, worker(services), progress=silent)
    assert (done.unreadable, done.waiting) == ([f"person:{spoiled}"], 1)
    with services.database.read() as connection:
        found = sealed.count_versions(connection, Use.DATA)
    assert sum(count for version, count in found.items() if version != 2) == 3


def test_two_rows_of_one_number_are_named_and_the_others_are_resealed(any_city: City) -> None:
    """They can arise when two sign in first at the moment an index key begins to write."""
    services = any_city.services
    with services.database.write() as connection:
        older = account.find_or_add(connection, services.vault, "10000000001", now=NOW)
    rotate(services, Use.INDEX)
    vault = worker(services)
    with services.database.write() as connection:
        row = {"id": "f" * 32, "person": None, "assurance": 0, "created": NOW + 1}
        phone = sealed.ACCOUNT_PHONE.seal(vault, "10000000001", row["id"])
        values = row | {"phone_sealed": phone, "phone_index": vault.index("10000000001", kind=sealed.PHONE)}
        connection.execute(insert(Account).values(values))
    with services.database.write() as connection:
        assert account.find_or_add(connection, vault, "10000000001", now=NOW) == older
    done = reseal(services.database, vault, progress=silent)
    assert (done.doubled, done.waiting) == ([f"account:{older}"], 1)


@contextmanager
def busy(*works: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Do each work again and again in a thread of its own; gives what went wrong."""
    stop, wrong, turns = threading.Event(), list[BaseException](), [0] * len(works)

    def go(number: int, work: Callable[[], None]) -> None:
        try:
            while not stop.is_set():
                work()
                turns[number] += 1
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test must see it
            wrong.append(error)

    threads = [threading.Thread(target=go, args=entry) for entry in enumerate(works)]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert min(turns) > 0 or wrong


def test_readers_and_writers_never_fail_while_keys_change(any_city: City) -> None:
    """Two workers go on reading and writing with vaults of their own through three rotations of both keys."""
    services, citizen = any_city.services, any_city.citizen()
    reader, writer = worker(services), worker(services)
    numbers = iter(range(10**6))

    def read() -> None:
        with services.database.read() as connection:
            assert person.find_by_id_number(connection, reader, citizen.holder.id_number) == citizen.holder
            assert person.find_holder(connection, reader, citizen.holder.id) == citizen.holder
            account.newest_messages(connection, reader, limit=5)

    def write() -> None:
        phone = f"1111{next(numbers) % 20:07d}"

        def work(connection: Any) -> str:
            account.add_message(connection, writer, phone=phone, text="短信", now=NOW)
            return account.find_or_add(connection, writer, phone, now=NOW)

        assert services.database.transact(work)

    with busy(read, write) as wrong:
        for _ in range(3):
            # A data key that nobody was told of does no harm: who meets it looks for it.
            rotate(services, Use.DATA)
            vault_file_of(services.settings).rotate(Use.INDEX, None, now=any_city.clock.now)
            # What a second does in a running worker.
            for vault in (reader, writer):
                vault._look()
            any_city.clock.now += ACTIVE_AFTER
            done = reseal(services.database, worker(services), progress=silent, batch=20)
            assert (done.unreadable, done.doubled) == ([], [])
    assert wrong == []
    assert reseal(services.database, worker(services), progress=silent).waiting == 0
    assert versions(services, Use.DATA) == {4}
    with services.database.read() as connection:
        assert len(connection.execute(select(Account.id)).all()) == 20


@pytest.fixture
def many(tmp_path: Path, city_template: Path) -> Iterator[tuple[Services, dict[str, str]]]:
    """A larger city, with the environment of its commands."""
    for name in ("vault", "master", "passphrase"):
        (tmp_path / name).write_bytes((city_template / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    settings = settings_of(tmp_path, "unix:///nonexistent/redis.sock")
    services = open_services(settings, Clock(NOW))
    services.database.migrate()
    demo.make_city(services, people=MANY, seed=SEED, progress=silent)
    yield services, os.environ | environment_of(settings)
    services.database.close()


def test_killed_again_and_again_it_loses_nothing_and_goes_on_where_it_was(
    many: tuple[Services, dict[str, str]],
) -> None:
    services, environment = many
    before = everything(services, services.vault)
    # The command reads the real clock, which is behind the clock of the tests: the key writes from the beginning.
    vault_file_of(services.settings).rotate(Use.DATA, None, now=0, after=0)
    command = [sys.executable, "-m", "codeservice", "vault", "reseal"]
    done = []
    for _ in range(3):
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            said = process.stderr.read(len("  resealed: "))
            process.kill()
        assert said == b"  resealed: "
        with services.database.read() as connection:
            done.append(sealed.count_versions(connection, Use.DATA)[2])
        assert everything(services, worker(services)) == before
    with services.database.read() as connection:
        assert sealed.count_versions(connection, Use.DATA)[1] > 0, "it was not killed in the middle"
    assert 0 < done[0] < done[1] < done[2]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert versions(services, Use.DATA) == {2}
    assert everything(services, worker(services)) == before


def test_a_worker_with_another_vault_opens_nothing(city: City, tmp_path: Path) -> None:
    """A dump, and even the vault file, are worth nothing without the master key."""
    other = replace(city.services.settings, vault_file=tmp_path / "v", master_key=(tmp_path / "m").as_uri())
    vault_file_of(other).create(SM4_GCM)
    stranger = open_vault(other, city.clock)
    with city.services.database.read() as connection, pytest.raises(Exception, match="changed or moved"):
        person.find_holder(connection, stranger, city.citizen().holder.id)
