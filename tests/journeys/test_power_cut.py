"""Power cuts: what the disk has when an answer leaves the terminal, and what becomes of a disk that fails.

strace sees every write and every sync of the real program. A disk after a power cut is made of its record: it has what
was synced before the answer left, and nothing that was only written.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.terminal.enrolment import open_store
from adapters.terminal.store import Store
from codeservice.scan import Outcome
from codeservice.upload import read_item
from tests.conftest import City
from tests.running import ROOT
from tests.terminals import Wire, enrol_terminal

SCANS = 30
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_SHOWN = "openat,close,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat2,unlink"


def tracing() -> bool:
    """Whether this machine lets a program be traced."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-f", "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not tracing(), reason="strace is missing or not permitted; setup/strace.sh installs it")


@dataclass
class File:
    """One file: its content as programs see it, and as the disk has it."""

    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""

    def write(self, data: bytes, at: int) -> None:
        """Write without a sync."""
        self.content.extend(bytes(max(0, at + len(data) - len(self.content))))
        self.content[at : at + len(data)] = data


class Disk:
    """The files of a folder, followed call by call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = {path.name: File(bytearray(path.read_bytes()), path.read_bytes()) for path in folder.iterdir()}
        self._open: dict[int, str] = {}

    def follow(self, name: str, arguments: str, result: int) -> None:
        """Follow one system call that has succeeded."""
        match name:
            case "openat":
                path = Path(_text(arguments.split(", ", 2)[1]).decode())
                self._open.pop(result, None)
                if path.parent == self._folder:
                    self.files.setdefault(path.name, File())
                    self._open[result] = path.name
            case "close":
                self._open.pop(int(arguments), None)
            case "pwrite64" if (at := self._file(arguments)) is not None:
                head, offset = arguments.rsplit(", ", 1)
                at.write(_text(head.split(", ", 1)[1].rsplit(", ", 1)[0])[:result], int(offset))
            case "ftruncate" if (at := self._file(arguments)) is not None:
                size = int(arguments.split(", ")[1])
                del at.content[size:]
                at.content.extend(bytes(size - len(at.content)))
            case "fsync" | "fdatasync" if (at := self._file(arguments)) is not None:
                at.synced = bytes(at.content)
            case _:
                pass

    def _file(self, arguments: str) -> File | None:
        name = self._open.get(int(arguments.split(", ", 1)[0]))
        return None if name is None else self.files[name]

    def after_power_cut(self, folder: Path) -> None:
        """Write what the disk has to another folder. The shared memory of WAL is no file of the disk."""
        folder.mkdir(mode=0o700)
        for name, file in self.files.items():
            if not name.endswith("-shm"):
                (folder / name).touch(0o600)
                (folder / name).write_bytes(file.synced)


def _text(argument: str) -> bytes:
    """Read a string as strace -xx writes it."""
    return bytes.fromhex(argument.strip('"').replace("\\x", ""))


@pytest.fixture
def folder(city: City, tmp_path: Path) -> Path:
    """The folder of a validator, with scans in its store already."""
    made = enrol_terminal(city, Wire(city.app, city.clock), tmp_path / "bus-1", "bus-1")
    open_store(made).close()
    return made


def run(folder: Path, trace: Path, *options: str) -> list[dict[str, object]]:
    """Scan under strace; returns the answers."""
    program = [sys.executable, "-m", "adapters.terminal", "run", "--data", str(folder)]
    program += ["--input", "lines", "--output", "json"]
    done = subprocess.run(
        ["strace", "-f", "-xx", "-s", "70000", "-o", str(trace), "-e", f"trace={_SHOWN}", *options, *program],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        input="".join(f"91{number:03d}\n" for number in range(SCANS)).encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if "decision" in line]


def calls(trace: Path) -> Iterator[tuple[str, str, int]]:
    """Read the calls in the order in which they ended; a call that was interrupted is put together again."""
    begun: dict[str, str] = {}
    for line in trace.read_text().splitlines():
        pid, rest = line.split(None, 1)
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest.removesuffix(" <unfinished ...>")
            continue
        if (resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest)) is not None:
            rest = begun.pop(pid, "") + resumed[1]
        if (found := _CALL.match(f"{pid} {rest}")) is not None:
            yield found[1], found[2], int(found[3])


def stored(folder: Path) -> list[int]:
    """Return the numbers of the scans that a store has, every one of them whole."""
    store: Store = open_store(folder)
    with store.transaction():
        found = store.scans(10 * SCANS)
    store.close()
    assert all(read_item(item).outcome is Outcome.UNDETERMINED or read_item(item) for _, item in found)
    return [seq for seq, _ in found]


def test_every_answered_scan_is_on_the_disk_when_the_power_goes_at_the_moment_of_the_answer(
    folder: Path, tmp_path: Path
) -> None:
    disk, trace = Disk(folder), tmp_path / "trace"
    answers = run(folder, trace)
    assert [answer["seq"] for answer in answers] == list(range(1, SCANS + 1))
    cuts = 0
    for name, arguments, result in calls(trace):
        if name == "write" and arguments.startswith("1, ") and result > 0:
            said = [json.loads(line) for line in _text(arguments.split(", ", 1)[1].rsplit(", ", 1)[0]).splitlines()]
            for answer in said:
                if "decision" in answer:
                    cuts += 1
                    after = tmp_path / f"cut-{cuts}"
                    disk.after_power_cut(after)
                    assert stored(after) == list(range(1, int(answer["seq"]) + 1))
        elif result >= 0:
            disk.follow(name, arguments, result)
    assert cuts == SCANS


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_disk_that_fails_to_sync_is_never_answered_with_an_acceptance(
    folder: Path, tmp_path: Path, error: str
) -> None:
    """From the 12th sync on the disk fails: those scans have no number, and are not accepted."""
    answers = run(folder, tmp_path / "trace", "-e", f"inject=fdatasync,fsync:error={error}:when=12+")
    assert len(answers) == SCANS
    numbered = [answer for answer in answers if answer["seq"] is not None]
    lost = [answer for answer in answers if answer["seq"] is None]
    assert 0 < len(numbered) < SCANS
    assert {answer["decision"] for answer in lost} == {"undetermined"}
    assert [answer["seq"] for answer in numbered] == list(range(1, len(numbered) + 1))
    assert set(stored(folder)) >= {answer["seq"] for answer in numbered}
