"""A service that is killed while it receives: what it has confirmed is there, and the rest is sent again."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from codeservice.store import stream
from tests.conftest import City
from tests.environment import environment_of
from tests.places import ROOT
from tests.uploading import PATH, Queue, rows

SCANS, EACH, KILLS = 240, 4, 8

PROGRAM = """
import json, os, sys
from pathlib import Path
from adapters.gateway import door
from codeservice.app import create_app, open_services
from codeservice.settings import settings_from
now = int(sys.argv[2])
http = create_app(open_services(settings_from(os.environ), lambda: now), (door,)).test_client()
for upload in sorted(Path(sys.argv[1]).iterdir()):
    answer = http.post(sys.argv[3], data=upload.read_bytes(), content_type="application/cose").get_json()
    print(json.dumps([upload.name, answer["stored"]]), flush=True)
"""


def receive(city: City, folder: Path) -> "subprocess.Popen[str]":
    """Start a service that takes every upload of a folder and says what it has confirmed."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(city.clock.now), PATH]
    environment = {**os.environ, **environment_of(city.services.settings)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_service_that_is_killed_again_and_again_loses_and_doubles_nothing(city: City, tmp_path: Path) -> None:
    chance = random.Random(1)
    phone, queue = city.phone(count=8), Queue(city, city.terminal("bus-1"))
    for number in range(SCANS):
        queue.accept(phone, city.clock.now - 60 + number // 8, index=number % 8)
    folder = tmp_path / "uploads"
    folder.mkdir()
    for first in range(1, SCANS, EACH):
        (folder / f"{first:04}").write_bytes(queue.signed(range(first, first + EACH)))
    confirmed: set[int] = set()
    for _ in range(KILLS):
        with receive(city, folder) as service:
            assert service.stdout is not None
            for line in [service.stdout.readline() for _ in range(chance.randint(1, 5))]:
                name, stored = json.loads(line)
                confirmed.update(stored)
                (folder / name).unlink()
            # At any moment of an upload, its commit included.
            time.sleep(chance.uniform(0, 0.03))
            service.kill()
        assert confirmed <= {row["seq"] for row in rows(city)}
    with receive(city, folder) as service:
        assert service.stdout is not None
        confirmed.update(*(json.loads(line)[1] for line in service.stdout))
    assert confirmed == set(range(1, SCANS + 1))
    assert sorted(row["seq"] for row in rows(city)) == sorted(confirmed)
    with city.services.database.read() as connection:
        (account,) = stream.accounts(connection)
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
    assert (account.stored, account.missing, account.adds_up) == (SCANS, 0, True)
