"""The keys of personal data are renewed under a running city, and nobody notices."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningCity

PHONES = 30
"""Different phones that ask for a password, fewer than the limit of one address in an hour."""


@pytest.fixture
def city(tmp_path: Path) -> Iterator[RunningCity]:
    """A running city."""
    running = RunningCity(tmp_path / "city", {})
    yield running
    running.stop()


def use(city: RunningCity, stop: threading.Event, answers: list[tuple[str, int]]) -> None:
    """Ask for passwords, which seals, and look at the messages, which opens, until told to stop."""
    number = 0
    while not stop.is_set():
        if number < PHONES:
            body = {"phone": f"1003333{number:04d}"}
            sent = city.http.open("/wallet/api/v1/sign-in/messages", method="POST", json=body)
            answers.append(("sent", sent.status_code))
            number += 1
        answers.append(("messages", city.http.open("/demo/messages").status_code))
        time.sleep(0.1)


def reseal(city: RunningCity, after: int) -> Any:
    """Wait until the new keys write, and reseal."""
    time.sleep(after + 1)
    return city.operate("vault", "reseal")


def test_nobody_notices_new_data_index_and_master_keys(city: RunningCity) -> None:
    stop, answers = threading.Event(), list[tuple[str, int]]()
    user = threading.Thread(target=use, args=(city, stop, answers))
    user.start()
    try:
        people = city.operate("people", "list")
        for arguments in (["--suite", "SM4-GCM"], ["--index"]):
            city.operate("vault", "rotate", "--after", "3", *arguments)
        assert reseal(city, 3)["waiting"] == 0
        city.operate("vault", "rewrap")
        assert city.operate("people", "list") == people
    finally:
        stop.set()
        user.join()
    assert {name for name, _status in answers} == {"sent", "messages"}
    assert {status for _name, status in answers} == {200, 202}
    shown = city.operate("vault", "show")
    assert [(key["version"], key["suite"], key["values"] > 0) for key in shown["data"]] == [
        (1, "AES-256-GCM", False),
        (2, "SM4-GCM", True),
    ]
