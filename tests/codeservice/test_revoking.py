"""Revocation in the record: in one transaction, for ever, and whatever happens to who revokes."""

import http.server
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis
import sqlalchemy

from codeservice.errors import ConflictError, ServiceError
from codeservice.issuing import issue_batch
from codeservice.publishing import publish_snapshot
from codeservice.rate import TERMINAL_RATE
from codeservice.revoking import change_status
from codeservice.scene import scenes_named
from codeservice.snapshot import accept
from codeservice.status import Status
from codeservice.store import device, grant
from codeservice.store.database import Connection
from codeservice.store.models import Grant
from codeservice.store.status import RevokedCache
from keys.algorithms import ES256
from tests.conftest import City
from tests.phone import Phone, at_once, decision
from tests.running import ROOT

ROUNDS = 100
"""Races between an issue and a removal; each is two transactions that begin together."""


def statuses(city: City, phone: Phone) -> list[Status]:
    """Return what the record says of everything that a phone was ever given."""
    with city.services.database.read() as connection:
        query = sqlalchemy.select(Grant.status).where(Grant.device == phone.device)
        return [Status(value) for value in connection.scalars(query)]


def audited(city: City) -> int:
    """Count the entries of the log that tell of revocations."""
    with city.services.database.read() as connection:
        query = sqlalchemy.text("SELECT count(*) FROM audit_entry WHERE action = 'grants_revoked'")
        return int(connection.scalar(query) or 0)


@contextmanager
def failing_from_the_second_on(city: City) -> Iterator[None]:
    """Let the database itself refuse every change of a grant's status but the first of a transaction."""
    sqlite = city.services.database.engine.dialect.name == "sqlite"
    with city.services.database.write() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE seen (n integer)"))
        if sqlite:
            body = (
                "BEGIN SELECT RAISE(ABORT, 'no more') WHERE EXISTS (SELECT 1 FROM seen); "
                "INSERT INTO seen VALUES (1); END"
            )
            connection.execute(
                sqlalchemy.text(f'CREATE TRIGGER second BEFORE UPDATE OF status ON "grant" FOR EACH ROW {body}')
            )
        else:
            body = (
                "BEGIN IF EXISTS (SELECT 1 FROM seen) THEN RAISE SQLSTATE '57014'; END IF; "
                "INSERT INTO seen VALUES (1); RETURN NEW; END"
            )
            connection.execute(
                sqlalchemy.text(f"CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
            )
            connection.execute(
                sqlalchemy.text(
                    'CREATE TRIGGER second BEFORE UPDATE OF status ON "grant" FOR EACH ROW EXECUTE FUNCTION no_more()'
                )
            )
    yield
    with city.services.database.write() as connection:
        connection.execute(sqlalchemy.text("DROP TRIGGER second" + ("" if sqlite else ' ON "grant"')))


def test_everything_of_a_citizen_falls_at_once(any_city: City) -> None:
    """All devices, digit codes and served codes, by one report of a loss."""
    first = any_city.phone(count=4)
    second = any_city.phone(count=4)
    assert second.fetch_digits(any_city.clock.now).status_code == 200
    served = second.call("POST", "/served-codes", {"scene": "all"}).get_json()["code"]
    bus = any_city.terminal("bus-1")
    assert second.call("POST", "/freeze", {}).status_code == 200
    for phone in (first, second):
        assert set(statuses(any_city, phone)) == {Status.REVOKED}
        assert decision(bus.scan(phone.show(any_city.clock.now))) == ("refused", "revoked")
    assert decision(bus.scan(served)) == ("refused", "revoked")
    with any_city.services.database.read() as connection:
        left = connection.scalars(sqlalchemy.select(Grant.status).where(Grant.person == any_city.citizen().holder.id))
        assert set(left) == {Status.REVOKED.value}


def test_a_revocation_that_fails_in_the_middle_has_not_happened(any_city: City, redis_address: str) -> None:
    phone, bus = any_city.phone(count=4), any_city.terminal("bus-1")
    redis.Redis.from_url(redis_address).flushall()
    before = audited(any_city)
    with (
        failing_from_the_second_on(any_city),
        pytest.raises((ServiceError, sqlalchemy.exc.DBAPIError)),
    ):
        any_city.give(phone, Status.REVOKED)
    assert set(statuses(any_city, phone)) == {Status.VALID}
    assert audited(any_city) == before
    assert redis.Redis.from_url(redis_address).keys("revoked:*") == []
    assert decision(bus.scan(phone.show(any_city.clock.now))) == ("accepted", None)
    any_city.give(phone, Status.REVOKED)
    assert set(statuses(any_city, phone)) == {Status.REVOKED}


def test_revoking_twice_keeps_the_first_time_and_cause(any_city: City) -> None:
    phone = any_city.phone()
    any_city.give(phone, Status.REVOKED)
    first = any_city.clock.now
    held = phone.grants[0][0]

    def again(connection: Connection) -> list[grant.IssuedGrant]:
        found = grant.find(connection, held["list"], held["idx"])
        assert found is not None
        return [found]

    any_city.clock.now += 100
    change_status(any_city.services, again, Status.REVOKED, cause="another", actor="operator:test")
    with any_city.services.database.read() as connection:
        query = sqlalchemy.select(Grant.changed, Grant.cause).where(Grant.idx == held["idx"])
        assert connection.execute(query).one() == (first, "test")


@pytest.mark.parametrize("status", [Status.VALID, Status.SUSPENDED])
def test_a_revoked_grant_never_comes_back(any_city: City, status: Status) -> None:
    """Also among others that may change: then none of them does."""
    dead, good = any_city.phone(), any_city.phone()
    any_city.give(dead, Status.REVOKED)
    any_city.give(good, Status.SUSPENDED)

    def both(connection: Connection) -> list[grant.IssuedGrant]:
        places = [(held["list"], held["idx"]) for phone in (good, dead) for held, _key in phone.grants]
        return [found for place in places if (found := grant.find(connection, *place)) is not None]

    with pytest.raises(ConflictError) as refused:
        change_status(any_city.services, both, status, cause="test", actor="operator:test")
    assert (refused.value.code, refused.value.status) == ("status_change_not_allowed", 409)
    assert set(statuses(any_city, dead)) == {Status.REVOKED}
    assert set(statuses(any_city, good)) == {Status.SUSPENDED}


def test_an_old_backup_brings_nothing_back_where_the_revocation_is_known(city: City, redis_address: str) -> None:
    """The record has forgotten; the cache and every terminal have not, and the next document does not undo it."""
    phone, bus = city.phone(), city.terminal("bus-1")
    publish_snapshot(city.services)
    city.give(phone, Status.REVOKED)
    city.clock.now += 5
    assert publish_snapshot(city.services) == 1
    browser, trust_list = city.app.test_client(), city.services.trust_list()
    before = accept(None, browser.get("/snapshot").data, trust_list=trust_list, now=city.clock.now)
    delta = browser.get(f"/snapshot/deltas/{before.version}").data
    terminal = accept(before, delta, trust_list=trust_list, now=city.clock.now)
    with city.services.database.write() as connection:
        connection.execute(sqlalchemy.update(Grant).values(status=Status.VALID.value))
    assert decision(bus.scan(phone.show(city.clock.now))) == ("refused", "revoked")
    city.clock.now += 3600
    publish_snapshot(city.services)
    terminal = accept(terminal, browser.get("/snapshot").data, trust_list=trust_list, now=city.clock.now)
    assert {terminal.status(held["list"], held["idx"]) for held, _key in phone.grants} == {Status.REVOKED}


def test_a_suspension_can_be_lifted_and_is_never_cached(any_city: City, redis_address: str) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    any_city.give(phone, Status.SUSPENDED)
    assert redis.Redis.from_url(redis_address).keys("revoked:*") == []
    assert decision(bus.scan(phone.show(any_city.clock.now))) == ("refused", "suspended")
    any_city.give(phone, Status.VALID)
    assert decision(bus.scan(phone.show(any_city.clock.now))) == ("accepted", None)


def test_no_grant_is_left_that_was_issued_while_its_device_was_removed(any_city: City) -> None:
    """Two transactions that begin together, many times: whoever comes first, nothing valid remains."""
    services, now = any_city.services, any_city.clock.now
    phone = any_city.phone()
    holder = any_city.citizen().holder.id
    with services.database.read() as connection:
        row = connection.execute(sqlalchemy.text("SELECT account FROM device")).first()
    assert row is not None
    issued_first, chance = 0, random.Random(1)
    for number in range(ROUNDS):
        with services.database.write() as connection:
            enrolled = device.enrol(
                connection, account=row.account, person=holder, public=number.to_bytes(33), name="x", now=now
            )

        def issue(enrolled: str = enrolled) -> bool:
            try:
                issue_batch(
                    services,
                    holder,
                    enrolled,
                    scene="bus",
                    scenes=scenes_named("bus"),
                    points=[ES256.generate().public for _ in range(2)],
                    algorithm=ES256.name,
                    now=now,
                )
            except ConflictError as error:
                assert error.code == "device_removed"  # noqa: PT017 -- one of two good ends
                return False
            return True

        def remove(enrolled: str = enrolled) -> bool:
            def choose(connection: Connection) -> list[grant.IssuedGrant]:
                device.remove(connection, enrolled, now=now)
                return grant.live(connection, now=now, device=enrolled)

            change_status(services, choose, Status.REVOKED, cause="test", actor="operator:test")
            return True

        acts: tuple[Callable[[], bool], ...] = (issue, remove)

        def act(which: int, acts: tuple[Callable[[], bool], ...] = acts) -> bool:
            # A little apart, so that either comes first now and then.
            time.sleep(chance.uniform(0, 0.004))
            return acts[which]()

        results = at_once(2, act)
        issued_first += results[0]
        with services.database.read() as connection:
            query = sqlalchemy.select(Grant.status).where(Grant.device == enrolled)
            assert set(connection.scalars(query)) <= {Status.REVOKED.value}
    assert phone.grants
    # Both ends were met, or it was no race.
    assert 0 < issued_first < ROUNDS


def test_a_revocation_stands_when_its_process_is_killed_before_it_reaches_redis(any_city: City, tmp_path: Path) -> None:
    """Kill -9 at the first byte that it sends to Redis, which is after the commit."""
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    path = tmp_path / "r.sock"
    program = (
        "import sys; from codeservice.store import status; status._TIMEOUT = 60; from codeservice.cli import main;"
        "sys.exit(main(['revoke', '--device', sys.argv[1], '--cause', 'test'], clock=lambda: int(sys.argv[2])))"
    )
    settings = any_city.services.settings
    environment = {
        **os.environ,
        "CITY_DATABASE": settings.database,
        "REDIS_URL": f"unix://{path}",
        "CITY_KEYS": str(settings.keys),
        "CITY_ORIGIN": settings.origin,
        "CITY_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CITY_VAULT_FILE": str(settings.vault_file),
        "CITY_MASTER_KEY": settings.master_key,
        "PYTHONPATH": str(ROOT),
    }
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(60)
        command = [sys.executable, "-c", program, phone.device, str(any_city.clock.now)]
        revoking = subprocess.Popen(command, env=environment, cwd=ROOT)
        connection, _address = listener.accept()
        with connection:
            assert connection.recv(1)
            os.kill(revoking.pid, signal.SIGKILL)
            assert revoking.wait(30) == -signal.SIGKILL
    held = phone.grants[0][0]
    assert any_city.services.revoked.is_revoked(held["list"], held["idx"]) is None
    assert decision(bus.scan(phone.show(any_city.clock.now))) == ("refused", "revoked")
    assert set(statuses(any_city, phone)) == {Status.REVOKED}


def test_a_terminal_follows_from_a_mirror_that_knows_nothing(any_city: City, tmp_path: Path) -> None:
    """Files that somebody copied, behind the simplest server there is: no key, no name, no login."""
    phone, browser = any_city.phone(), any_city.app.test_client()
    publish_snapshot(any_city.services)
    version = any_city.clock.now
    any_city.give(phone, Status.REVOKED)
    any_city.clock.now += 5
    publish_snapshot(any_city.services)
    (tmp_path / "snapshot").write_bytes(browser.get("/snapshot").data)
    (tmp_path / str(version)).write_bytes(browser.get(f"/snapshot/deltas/{version}").data)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as mirror:
        thread = threading.Thread(target=mirror.serve_forever)
        thread.start()
        state = None
        for name in ("snapshot", str(version)):
            with urllib.request.urlopen(f"http://127.0.0.1:{mirror.server_port}/{name}", timeout=30) as answer:
                document = answer.read()
            state = accept(state, document, trust_list=any_city.services.trust_list(), now=any_city.clock.now)
        mirror.shutdown()
        thread.join()
    assert state is not None
    assert {state.status(held["list"], held["idx"]) for held, _key in phone.grants} == {Status.REVOKED}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that writes no log."""

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def test_a_flood_is_held_back_without_redis_too(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process counts for itself: without Redis there is a limit, not none."""
    monkeypatch.setattr("codeservice.web.bearer.time", SimpleNamespace(monotonic=lambda: 1000.0))
    gone = replace(city.services, revoked=RevokedCache("unix:///nonexistent/redis.sock"))
    city.app.extensions["services"] = gone
    bus = city.terminal("bus-1")
    answers = {bus.scan("91" + "0" * 17).status_code for _ in range(TERMINAL_RATE.burst * 2)}
    assert answers == {200, 429}


def test_a_redis_that_is_flushed_while_it_serves_changes_no_answer(any_city: City, redis_address: str) -> None:
    """What was revoked stays so, what was used stays so, and what is good is accepted."""
    dead, good, bus = any_city.phone(), any_city.phone(), any_city.terminal("bus-1")
    any_city.give(dead, Status.REVOKED)
    used = good.show(any_city.clock.now)
    assert decision(bus.scan(used)) == ("accepted", None)
    for number in range(1, 6):
        redis.Redis.from_url(redis_address).flushall()
        assert decision(bus.scan(dead.show(any_city.clock.now))) == ("refused", "revoked")
        assert decision(bus.scan(used)) == ("refused", "replayed")
        assert decision(bus.scan(good.show(any_city.clock.now + number))) == ("accepted", None)
