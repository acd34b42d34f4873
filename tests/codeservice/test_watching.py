"""A keeper that is watched: what is late is said in the log, in the state and by a command, and in time."""

import json
from dataclasses import replace

import pytest

from codeservice import keeper, watching
from codeservice.cli import main
from codeservice.publishing import RENEW_STATE, publish_lists, publish_snapshot
from codeservice.snapshot import MAX_LIFETIME, accept
from codeservice.status import Status
from codeservice.store.database import Database
from tests.conftest import City
from tests.phone import decision

HALF, FOUR_FIFTHS = MAX_LIFETIME // 2, MAX_LIFETIME * 4 // 5
GONE = "postgresql+psycopg://nobody@127.0.0.1:1/none"


def work_once(city: City) -> None:
    """Do every chore once, as a keeper does, and note it."""
    turns = iter([False, True])
    keeper.keep(city.services, stopped=lambda: next(turns))


def state(city: City) -> dict[str, object]:
    found: dict[str, object] = city.app.test_client().get("/state").get_json()
    return found


def test_a_keeper_that_was_never_started_is_late(city: City) -> None:
    told = state(city)
    assert told["keeper_late"] is True
    assert told["late"] == [chore.name for chore in watching.CHORES]
    assert told["snapshot_age"] is None


def test_a_keeper_that_keeps_up_is_not_late(any_city: City) -> None:
    any_city.phone()
    work_once(any_city)
    told = state(any_city)
    assert (told["keeper_late"], told["late"]) == (False, [])
    assert (told["snapshot_age"], told["lists_age"]) == (0, 0)
    assert told["since_done"] == {chore.name: 0 for chore in watching.CHORES}


@pytest.mark.parametrize("chore", watching.CHORES, ids=lambda chore: chore.name)
def test_each_chore_is_late_in_its_own_time(city: City, chore: watching.Chore) -> None:
    work_once(city)
    city.clock.now += chore.patience
    assert chore.name not in watching.watch(city.services).late
    city.clock.now += 1
    assert chore.name in watching.watch(city.services).late


def test_a_chore_that_fails_becomes_late_while_the_others_go_on(city: City) -> None:
    """A keeper that runs and cannot seal is as good as one that has stopped sealing."""
    work_once(city)
    city.clock.now += watching.SEAL.patience + 1
    others = tuple((chore, run) for chore, run in keeper.WORK if chore is not watching.SEAL)
    turns = iter([False, True])
    keeper.keep(city.services, stopped=lambda: next(turns), work=others)
    assert watching.watch(city.services).late == ("sealed",)


@pytest.mark.parametrize(
    ("seconds", "alarm", "ready"),
    [
        pytest.param(HALF - 1, False, 200, id="before half of its life"),
        pytest.param(HALF, True, 200, id="at half of its life"),
        pytest.param(FOUR_FIFTHS - 1, True, 200, id="before four fifths"),
        pytest.param(FOUR_FIFTHS, True, 503, id="at four fifths"),
        pytest.param(MAX_LIFETIME, True, 503, id="at its end"),
    ],
)
def test_what_was_published_grows_old_when_nobody_publishes(
    city: City,
    seconds: int,
    alarm: bool,  # noqa: FBT001 -- a column of the table
    ready: int,
) -> None:
    city.phone()
    publish_lists(city.services)
    publish_snapshot(city.services)
    city.clock.now += seconds
    late = state(city)["late"]
    assert isinstance(late, list)
    assert ("snapshot_age" in late) is alarm
    # At the end of its life the list has retired with its last grant, and is missed by nobody.
    assert ("lists_age" in late) is (alarm and seconds < MAX_LIFETIME)
    answer = city.app.test_client().get("/readyz")
    assert answer.status_code == ready
    assert answer.get_json()["published"] is (ready == 200)


def test_the_old_list_is_served_and_believed_until_its_end(city: City) -> None:
    phone = city.phone()
    city.give(phone, Status.REVOKED)
    publish_lists(city.services)
    publish_snapshot(city.services)
    path = f"/status-lists/{phone.grants[0][0]['list']}/revoked"
    fresh = city.app.test_client().get(path).data
    city.clock.now += MAX_LIFETIME - 1
    browser = city.app.test_client()
    assert browser.get("/readyz").status_code == 503
    assert browser.get(path).data == fresh
    told = accept(None, browser.get("/snapshot").data, trust_list=city.services.trust_list(), now=city.clock.now)
    assert told.expires > city.clock.now
    held = phone.grants[0][0]
    assert told.status(held["list"], held["idx"]) is Status.REVOKED


def test_scans_go_on_however_old_the_lists_are(city: City) -> None:
    """A balancer asks for scans, and takes nobody out because a keeper has stopped."""
    city.phone()
    publish_snapshot(city.services)
    city.clock.now += FOUR_FIFTHS
    browser = city.app.test_client()
    assert (browser.get("/readyz").status_code, browser.get("/readyz/scans").status_code) == (503, 200)
    phone, bus = city.phone(), city.terminal("bus-1")
    assert decision(bus.scan(phone.show(city.clock.now))) == ("accepted", None)


def test_without_a_database_no_scan_is_ready(city: City) -> None:
    city.app.extensions["services"] = replace(city.services, database=Database(GONE))
    browser = city.app.test_client()
    assert (browser.get("/readyz").status_code, browser.get("/readyz/scans").status_code) == (503, 503)


def test_a_keeper_that_starts_again_makes_everything_ready(city: City) -> None:
    city.phone()
    work_once(city)
    city.clock.now += FOUR_FIFTHS
    assert city.app.test_client().get("/readyz").status_code == 503
    city.phone()
    work_once(city)
    assert city.app.test_client().get("/readyz").status_code == 200
    assert state(city)["late"] == []


def test_a_keeper_that_works_never_lets_anything_come_to_half_of_its_life(city: City) -> None:
    """Two days in steps of two hours, in which nothing is revoked."""
    city.phone()
    oldest = 0
    for _ in range(24):
        city.clock.now += 2 * 3600
        work_once(city)
        watched = watching.watch(city.services)
        assert watched.late == ()
        oldest = max(oldest, watched.snapshot_age or 0)
    assert 0 < oldest <= RENEW_STATE < HALF


def test_the_alarm_is_logged_by_whoever_is_asked_and_not_at_every_question(
    city: City, caplog: pytest.LogCaptureFixture
) -> None:
    """The keeper itself may be what has stopped."""
    work_once(city)
    browser = city.app.test_client()
    with caplog.at_level("INFO", logger="codeservice"):
        browser.get("/readyz")
        assert alarms(caplog) == []
        city.clock.now += HALF
        for _ in range(5):
            browser.get("/readyz")
            browser.get("/state")
    assert len(alarms(caplog)) == 1
    assert "snapshot_age" in alarms(caplog)[0]


def alarms(caplog: pytest.LogCaptureFixture) -> list[tuple[str, ...]]:
    fields = [getattr(record, "fields", {}) for record in caplog.records]
    return [entry["kind"] for entry in fields if entry.get("event") == watching.KEEPER_LATE]


def test_a_command_says_what_is_late_by_its_exit_code(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    settings = city.services.settings
    environment = {
        "CITY_DATABASE": settings.database,
        "REDIS_URL": settings.redis,
        "CITY_KEYS": str(settings.keys),
        "CITY_ORIGIN": settings.origin,
        "CITY_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CITY_VAULT_FILE": str(settings.vault_file),
        "CITY_MASTER_KEY": settings.master_key,
    }
    command = ["keeper", "check"]
    work_once(city)
    assert main(command, environment, city.clock) == 0
    assert "keeps up" in capsys.readouterr().out
    city.clock.now += HALF
    assert main([*command, "--json"], environment, city.clock) == 1
    told = json.loads(capsys.readouterr().out)
    assert "snapshot_age" in told["late"]
    assert told["snapshot_age"] == HALF
    assert main(command, environment, city.clock) == 1
    assert "LATE" in capsys.readouterr().out
