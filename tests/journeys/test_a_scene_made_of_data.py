"""The walk-through of docs/scenes/new-scene.md, followed word for word beside a real city, and once without network."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeservice.app import open_services
from codeservice.one_machine import environment_of
from codeservice.settings import settings_from
from codeservice.store import person
from tests.crowd import Held, fetch
from tests.running import ROOT, RunningCity, not_over_midnight
from tests.terminal_program import Program, sync

PAGE = (ROOT / "docs/scenes/new-scene.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
(POLICY,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[RunningCity]:
    running = RunningCity(tmp_path / "city", {})
    yield running
    if running.process.poll() is None:
        running.stop()


def follow(city: RunningCity, folder: Path, block: str) -> str:
    """Run a block of the page in the shell, with this city's folder; returns what it said."""
    text = block.replace(".venv/bin/python -m adapters ", f".venv/bin/python -m adapters --data {city.data} ")
    text = text.replace(".venv/bin/python -m codeservice ", f".venv/bin/python -m codeservice --data {city.data} ")
    text = text.replace("var/museum-1", str(folder / "museum-1")).replace(".venv/bin/python", "$PYTHON")
    text = re.sub(r"(?<![\w/-])museum(-2)?\.json", lambda match: str(folder / match[0]), text)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=ROOT,
        env={**city.environment, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def phone(city: RunningCity) -> list[Held]:
    """Return grants of somebody."""
    services = open_services(settings_from(environment_of(city.data, {})))
    with services.database.read() as connection:
        holder = person.page(connection, services.vault, after="", limit=1)[0].id
    held = fetch(services, [holder], now=int(time.time()), scene="venue", count=2)
    services.database.close()
    return held


def test_a_museum_is_added_by_data_alone(city: RunningCity, tmp_path: Path) -> None:
    # What is counted is of one day.
    not_over_midnight(300)
    (tmp_path / "museum.json").write_text(POLICY)
    written, place, scans, change = COMMANDS
    follow(city, tmp_path, written)
    follow(city, tmp_path, place)
    said = [line for line in follow(city, tmp_path, scans).splitlines() if line.startswith("{")]
    first, second = (json.loads(line) for line in said[:2])
    assert (first["decision"], first["message"]["en"]) == ("accepted", "Welcome to the museum")
    assert first["details"]["price_cents"] in {0, 1000, 2000}
    assert (second["decision"], second["reason"]) == ("refused", "limit_reached")
    said_then = follow(city, tmp_path, change)
    assert "the council has not agreed" in said_then
    assert re.search(r"\* museum 1 ", said_then)

    # Without network, as the last part says.
    held = phone(city)
    assert city.stop() == 0
    program = Program(tmp_path / "museum-1")
    for grant, expected in zip(held, ["accepted", "refused"], strict=True):
        count = len(program.answers)
        program.scan(grant.show(int(time.time())))
        deadline = time.monotonic() + 300
        while len(program.answers) == count and time.monotonic() < deadline:
            time.sleep(0.1)
        assert program.answers[-1]["decision"] in {expected, "accepted"}
        assert not program.answers[-1]["online"]
    entered = sum(answer["decision"] == "accepted" for answer in program.finish())
    again = RunningCity(city.data, {}, "--port", str(city.port))
    try:
        sync(tmp_path / "museum-1")
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        command = [sys.executable, "-m", "adapters", "--data", str(city.data), "visits", "statement", "city-museum"]
        done = subprocess.run(
            [*command, "--day", day, "--json"],
            cwd=ROOT,
            env=city.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        rows = json.loads(done.stdout)["rows"]
        assert sum(row["people"] for row in rows if row["kind"] == "entered") == 1 + entered
    finally:
        again.stop()
