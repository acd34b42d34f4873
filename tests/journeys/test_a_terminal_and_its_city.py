"""A validator beside a real city: enrolled by a link, told of revocations, left alone by the city, and back again."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codeservice.app import open_services
from codeservice.one_machine import environment_of
from codeservice.settings import settings_from
from codeservice.store import person
from tests.crowd import Held, fetch
from tests.running import RunningCity
from tests.terminal_program import Program, enrol

BOUND = 60.0
"""Seconds within which a connected terminal has to know of a revocation."""


@pytest.fixture
def city(tmp_path: Path) -> Iterator[RunningCity]:
    running = RunningCity(tmp_path / "city", {})
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def program(city: RunningCity, tmp_path: Path) -> Iterator[Program]:
    enrol(city, tmp_path / "bus-1", "bus-1")
    running = Program(tmp_path / "bus-1")
    yield running
    running.kill()


def phones(city: RunningCity, count: int, scene: str = "bus") -> list[list[Held]]:
    """Return the grants of some people for a scene, one phone after the other."""
    services = open_services(settings_from(environment_of(city.data, {})))
    with services.database.read() as connection:
        people = [holder.id for holder in person.page(connection, services.vault, after="", limit=count)]
    held = [fetch(services, [each], now=int(time.time()), scene=scene) for each in people]
    services.database.close()
    return held


def scan(program: Program, held: Held) -> tuple[str, str | None]:
    """Show a code of this moment and wait for the answer."""
    count = len(program.answers)
    program.scan(held.show(int(time.time())))
    wait_until(lambda: len(program.answers) > count)
    answer = program.answers[-1]
    return answer["decision"], answer["reason"]


def wait_until(true: Callable[[], bool], seconds: float = 3 * BOUND) -> float:
    """Return how long it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, "waited in vain"
        time.sleep(0.05)
    return time.monotonic() - begun


def test_a_connected_terminal_hears_of_a_revocation_and_a_lonely_one_goes_on(
    city: RunningCity, program: Program
) -> None:
    lost, other = phones(city, 2)
    assert scan(program, lost[0]) == ("accepted", None)
    city.operate("revoke", "--person", lost[0].person, "--cause", "lost")
    # Not those that are shown once each: in the same second they would be the same codes.
    shown = itertools.cycle(lost[2:])

    def knows() -> bool:
        time.sleep(0.5)
        return scan(program, next(shown)) == ("refused", "revoked")

    waited = wait_until(knows)
    assert waited < BOUND
    print(f"the terminal knew of the revocation {waited:.1f} s after its answer")  # noqa: T201
    assert city.stop() == 0
    assert [scan(program, held) for held in (lost[1], other[0])] == [("refused", "revoked"), ("accepted", None)]
    again = RunningCity(city.data, {}, "--port", str(city.port))
    rows: list[dict[str, Any]] = []

    def all_home() -> bool:
        rows[:] = again.operate("terminals", "reconcile")["streams"]
        return bool(rows[0]["last"] == rows[0]["stored"] == len(program.answers))

    wait_until(all_home, 2 * BOUND)
    assert again.stop() == 0
