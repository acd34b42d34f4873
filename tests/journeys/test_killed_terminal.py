"""Terminals and the service killed at random moments: no scan that was answered is lost, and none is there twice."""

import http.client
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from codeservice.app import open_services
from codeservice.one_machine import environment_of
from codeservice.settings import settings_from
from codeservice.store import person
from tests.crowd import fetch, fresh_codes
from tests.running import RunningCity
from tests.terminal_program import Program, enrol, state, sync
from tests.waiting import wait_until

TERMINAL_KILLS, SERVER_KILLS = 200, 100
LONGEST = 3600.0
"""Seconds after which each of the two loops gives up: a limit for what hangs, not a pace."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    running = RunningCity(tmp_path_factory.mktemp("city"), {}, "--workers", "2")
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def codes(city: RunningCity) -> Iterator[Iterator[str]]:
    services = open_services(settings_from(environment_of(city.data, {})))
    with services.database.read() as connection:
        people = [holder.id for holder in person.page(connection, services.vault, after="", limit=60)]
    held = fetch(services, people, now=int(time.time()))
    yield fresh_codes(held, iter(lambda: int(time.time()), None))
    services.database.close()


def scans_of(city: RunningCity, terminal: str) -> Counter[str]:
    """Count what the record has of a terminal's scans, by their acts."""
    connection = sqlite3.connect(city.data / "city.db")
    rows = connection.execute("SELECT act FROM scan WHERE client = ?", (terminal,)).fetchall()
    connection.close()
    return Counter(act for (act,) in rows)


def serves(city: RunningCity) -> bool:
    """Whether a worker answers."""
    with suppress(OSError, http.client.HTTPException):
        return city.http.open("/livez").status_code == 200
    return False


def is_handed_over(folder: Path) -> bool:
    """Make a contact, and say whether nothing waits any more. A service that was asked too often is asked again."""
    with suppress(AssertionError):
        sync(folder)
    return bool(state(folder)["waiting"] == 0)


def require_all_accounted_for(city: RunningCity, folder: Path, terminal: str, answers: list[dict[str, Any]]) -> None:
    """Every answered scan is in the record once, none that was not numbered is, and the equation holds."""
    # All workers may have been killed a moment ago, and a contact waits only a quarter of a minute.
    wait_until(lambda: serves(city))
    wait_until(lambda: is_handed_over(folder))
    answered = Counter(answer["act"] for answer in answers if not answer["repeat"])
    numbers = Counter(answer["seq"] for answer in answers if not answer["repeat"])
    assert set(answered.values()) == {1}
    assert set(numbers.values()) == {1}
    recorded = scans_of(city, terminal)
    assert set(recorded.values()) == {1}
    assert answered.keys() <= recorded.keys()
    last = state(folder)["last_seq"]
    assert len(recorded) == last
    rows = [row for row in city.operate("terminals", "reconcile")["streams"] if row["client"] == terminal]
    assert [(row["last"], row["stored"] + row["quarantined"] + row["too_old"], row["missing"]) for row in rows] == [
        (last, last, 0)
    ]
    print(f"{terminal}: {len(answered)} answers read, {last} scans stored, each in the record once")  # noqa: T201


def test_a_terminal_killed_at_two_hundred_moments_loses_and_doubles_nothing(
    city: RunningCity, codes: Iterator[str], tmp_path: Path
) -> None:
    chance = random.Random(20261120)
    folder = tmp_path / "bus-1"
    enrol(city, folder, "bus-1")
    answers: list[dict[str, Any]] = []
    begun, kills, repeated = time.monotonic(), 0, ""
    while kills < TERMINAL_KILLS and time.monotonic() - begun < LONGEST:
        program = Program(folder)
        # One in four has begun to answer, however slow the machine is; the others are killed wherever they are.
        while kills % 4 == 0 and not program.answers and time.monotonic() - begun < LONGEST:
            program.scan(next(codes))
            time.sleep(0.02)
        end = time.monotonic() + chance.uniform(0.05, 0.6)
        while time.monotonic() < end:
            code = next(codes)
            program.scan(code)
            repeated = repeated or code
            time.sleep(0.002)
        answers += program.kill()
        kills += 1
    assert kills == TERMINAL_KILLS
    assert sum(answer["decision"] == "accepted" for answer in answers) > kills / 4
    require_all_accounted_for(city, folder, "bus-1", answers)


def test_a_service_killed_during_a_hundred_uploads_loses_and_doubles_nothing(
    city: RunningCity, codes: Iterator[str], tmp_path: Path
) -> None:
    chance = random.Random(20261121)
    folder = tmp_path / "bus-2"
    enrol(city, folder, "bus-2")
    program = Program(folder)
    stop = threading.Event()

    def feed() -> None:
        while not stop.is_set():
            program.scan(next(codes))
            time.sleep(0.01)

    feeder = threading.Thread(target=feed)
    feeder.start()
    begun, kills = time.monotonic(), 0
    try:
        while kills < SERVER_KILLS and time.monotonic() - begun < LONGEST:
            time.sleep(chance.uniform(0.05, 0.9))
            for worker in workers_of(city):
                # One may have gone by itself since it was seen.
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    kills += 1
    finally:
        stop.set()
        feeder.join()
    answers = program.finish()
    assert kills >= SERVER_KILLS
    require_all_accounted_for(city, folder, "bus-2", answers)


def workers_of(city: RunningCity) -> list[int]:
    """Return the web workers that serve now: the children of the first gunicorn."""
    said = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in said.splitlines()[1:]]
    masters = {int(pid) for pid, parent, args in rows if "wsgi:application" in args and int(parent) == city.process.pid}
    return [int(pid) for pid, parent, _ in rows if int(parent) in masters]
