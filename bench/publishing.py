"""A turn of the keeper that publishes, with many revoked places: when something changed, and when nothing did."""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import sqlalchemy

from codeservice.app import open_services
from codeservice.code import Kind
from codeservice.one_machine import environment_of, prepare_keys, prepare_secrets
from codeservice.publishing import publish_lists, publish_snapshot
from codeservice.services import Services
from codeservice.settings import settings_from
from codeservice.status import Status
from codeservice.store import fact
from codeservice.store.models import Grant, Person, StatusList

LISTS, SIZE, STEP = 3, 1_000_000, 10
"""Every tenth of three million places is revoked. A city of 60 million with five in a hundred has ten times as many."""

ROUNDS = 5
IDLE_BOUND = 0.02
"""Largest good share of a full turn that a turn may cost in which nothing has changed."""


def measure() -> bool:
    """Print what a turn costs; True when a turn without a change costs next to nothing."""
    with tempfile.TemporaryDirectory(prefix="city-bench-") as folder:
        services = _city(Path(folder))
        good = [_measure(services, name, publish) for name, publish in _PUBLISHERS]
        services.database.close()
    return all(good)


_PUBLISHERS: tuple[tuple[str, Callable[[Services], int]], ...] = (
    ("snapshots", publish_snapshot),
    ("status lists", publish_lists),
)


def _measure(services: Services, name: str, publish: Callable[[Services], int]) -> bool:
    publish(services)
    changed, idle, bare = [], [], []
    later = services
    for _ in range(ROUNDS):
        moment = later.clock() + 10
        later = replace(services, clock=lambda moment=moment: moment)  # type: ignore[misc]
        bare.append(_seconds(lambda: _read_marks(services)))
        _change(services)
        changed.append(_seconds(partial(publish, later)))
        idle.append(_seconds(partial(publish, later)))
    read = statistics.median(bare)
    share = statistics.median(short / full for short, full in zip(idle, changed, strict=True))
    for what, times in (("after a change", changed), ("nothing changed", idle)):
        middle = statistics.median(times)
        print(
            f"  {name}, {what:<16} {middle * 1e3:9.2f} ms, ratio {middle / read:7.4f} to reading the marks", flush=True
        )
    print(
        f"  {name}, idle to full turn  {share:9.4f}     bound {IDLE_BOUND}  {'ok' if share <= IDLE_BOUND else 'ABOVE'}"
    )
    return share <= IDLE_BOUND


def _city(folder: Path) -> Services:
    prepare_secrets(folder)
    services = open_services(settings_from(environment_of(folder, {})))
    prepare_keys(services.settings, services.clock())
    services.database.migrate()
    now = services.clock()
    end = now + 3600
    with services.database.write() as connection:
        person = {"id": "p", "name_sealed": b"", "id_number_sealed": b"", "id_number_index": b"", "region": "349901"}
        connection.execute(sqlalchemy.insert(Person).values(**person))
        for number in range(LISTS):
            times = {"opened": now, "closes": end, "retires": end, "lasting": False}
            values = {"id": number, "size": SIZE, "used": SIZE, "secret": bytes(16)}
            connection.execute(sqlalchemy.insert(StatusList).values(**values, **times))
        rows = [
            {
                "list": place // SIZE,
                "idx": place % SIZE,
                "person": "p",
                "kind": Kind.DEVICE.value,
                "scene": "bus",
                "issued": now,
                "expires": end,
                "status": Status.REVOKED.value,
            }
            for place in range(0, LISTS * SIZE, STEP)
        ]
        connection.execute(sqlalchemy.insert(Grant), rows)
    return services


def _change(services: Services) -> None:
    """Revoke one more."""
    with services.database.write() as connection:
        changes = int(fact.get(connection, fact.STATUS_CHANGES) or 0)
        row = {"list": 0, "idx": changes * STEP + 1, "person": "p", "kind": Kind.DEVICE.value, "scene": "bus"}
        now = services.clock()
        status = Status.REVOKED.value
        connection.execute(
            sqlalchemy.insert(Grant).values(**row, issued=now, expires=now + 3600, status=status, changed=now)
        )
        fact.count(connection, fact.STATUS_CHANGES)


def _read_marks(services: Services) -> None:
    """The bare work: all marked places, read by the driver."""
    with services.database.read() as connection:
        cursor = connection.connection.cursor()
        cursor.execute('SELECT list, idx, status FROM "grant" WHERE status <> 0')
        cursor.fetchall()
        cursor.close()


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
