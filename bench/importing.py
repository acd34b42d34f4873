"""Rows per second of a bulk import, as a ratio to bare inserts of the same rows, with a kill -9 in the middle.

The import seals, indexes and looks up every row, and makes the person; the baseline inserts the cells of the same file
into one table of SQLite, with the same number of rows in a transaction.
"""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from codeservice import demo, sample
from codeservice.app import open_services
from codeservice.importing import BATCH
from codeservice.one_machine import environment_of, prepare_keys, prepare_secrets
from codeservice.services import Services
from codeservice.settings import settings_from
from codeservice.store.models import Credential, ImportRun

ROWS = 100_000
BAD = 1000
"""One row in so many has a fault."""

BOUND = 0.005
"""Smallest share of the bare inserts' rate that is good."""

_ROOT = Path(__file__).resolve().parent.parent
_AUTHORITY = "human-resources"


def measure(rows: int = ROWS) -> bool:
    """Import a file in two pieces, one of them ended by kill -9, and compare; returns whether all is well."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        services = _city(folder)
        file = folder / "cards.csv"
        with file.open("w", encoding="utf-8", newline="") as writing:
            writing.writelines(sample.rows(rows, seed=1, bad=BAD))
        bare = _bare(file, folder / "bare.db")
        begun = time.monotonic()
        killed = _kill_midway(services, folder, file)
        done = _import(folder, file)
        seconds = time.monotonic() - begun
        again = _import(folder, file)
        with services.database.read() as connection:
            held = connection.scalar(select(func.count()).where(Credential.source == done["run"]))
        services.database.close()
    rate = rows / seconds
    good = (done["rows"], done["created"], done["refused"]) == (rows, held, rows // BAD) and again["rows"] == rows
    fits = rate / bare >= BOUND
    print(f"  bare inserts                  {bare:8.0f} rows/s")
    print(f"  import, with kill and resume  {rate:8.0f} rows/s    {rows} rows in {seconds:.0f} s")
    print(f"  killed -9 behind row          {killed:8}    lost or doubled: {rows - done['refused'] - (held or 0)}")
    print(f"  refused                       {done['refused']:8}    {json.dumps(done['faults'])}")
    print(f"  ratio                         {rate / bare:8.3f}    bound {BOUND}  {'ok' if fits else 'BELOW THE BOUND'}")
    if not good:
        print(f"  WRONG COUNTS: {done}, held {held}, again {again}")
    return good and fits


def _city(folder: Path) -> Services:
    prepare_secrets(folder)
    services = open_services(settings_from(environment_of(folder, {})))
    prepare_keys(services.settings, services.clock())
    services.database.migrate()
    demo.make_city(services, people=50, seed=1, progress=lambda _done, _all: None)
    return services


def _bare(file: Path, database: Path) -> float:
    with file.open(encoding="utf-8", newline="") as reading:
        rows = list(csv.reader(reading))[1:]
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE card (type, number UNIQUE, id_number, name, region, valid_from, generation)")
    begun = time.monotonic()
    for start in range(0, len(rows), BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT OR IGNORE INTO card VALUES (?,?,?,?,?,?,?)", rows[start : start + BATCH])
        connection.execute("COMMIT")
    seconds = time.monotonic() - begun
    connection.close()
    return len(rows) / seconds


def _command(folder: Path, file: Path) -> list[str]:
    options = ["--authority", _AUTHORITY, "--create-people", "--report", str(folder / "report.csv"), "--json"]
    return [sys.executable, "-m", "codeservice", "--data", str(folder), "credentials", "import", str(file), *options]


def _import(folder: Path, file: Path) -> dict[str, Any]:
    done = subprocess.run(_command(folder, file), cwd=_ROOT, capture_output=True, check=False)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _kill_midway(services: Services, folder: Path, file: Path) -> int:
    """Start an import and kill it when half of the file is committed; returns how many lines that were."""
    size = file.stat().st_size
    process = subprocess.Popen(_command(folder, file), cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        with services.database.read() as connection:
            row = connection.execute(select(ImportRun.bytes_done, ImportRun.lines_done)).first()
        if row is not None and row.bytes_done * 2 >= size:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return int(row.lines_done)
        time.sleep(0.05)
    sys.exit("the import ended before it could be killed")
