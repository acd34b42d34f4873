"""The command line of a terminal: every command, its exit code, and errors that say what to do in two languages."""

import io
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import qrcode

from adapters.terminal.answer import State
from adapters.terminal.cli import main
from adapters.terminal.commands import Exit
from adapters.terminal.enrolment import EnrolmentError
from adapters.terminal.opening import open_terminal
from adapters.terminal.service import RefusedError, UnreachableError
from adapters.terminal.store import StoreError
from codeservice.publishing import publish_snapshot
from tests.conftest import City
from tests.running import ROOT
from tests.scanning import GOOD, UNKNOWN, USED, FakeScanning, FakeSync, healthy, open_fake
from tests.terminals import FakeMachine, Wire, link_of
from tests.waiting import wait_until

Captured = pytest.CaptureFixture[str]
COMMANDS = ("enrol", "run", "check", "state", "sync", "queue")


class Standard(io.TextIOWrapper):
    """Standard input with something in it."""

    def __init__(self, text: str) -> None:
        super().__init__(io.BytesIO(text.encode()))


def opens(scanning: FakeScanning) -> Callable[..., AbstractContextManager[FakeScanning]]:
    """Open one and the same terminal."""

    def opened(folder: Path, **options: Any) -> AbstractContextManager[FakeScanning]:
        return _Opened(scanning)

    return opened


class _Opened(AbstractContextManager[FakeScanning]):
    def __init__(self, scanning: FakeScanning) -> None:
        self._scanning = scanning

    def __enter__(self) -> FakeScanning:
        return self._scanning

    def __exit__(self, *_error: object) -> None:
        """Leave it open."""


def fails(error: Exception) -> Callable[..., AbstractContextManager[FakeScanning]]:
    """Open nothing."""

    def opened(folder: Path, **options: Any) -> AbstractContextManager[FakeScanning]:
        raise error

    return opened


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        pytest.param(GOOD, 0, id="accepted"),
        pytest.param(USED, 1, id="refused"),
        pytest.param(UNKNOWN, 2, id="nobody can tell"),
        pytest.param("junk", 1, id="junk"),
        pytest.param("", 1, id="nothing"),
    ],
)
def test_the_exit_code_of_check_is_the_decision(code: str, exit_code: int, capsys: Captured) -> None:
    assert main(["check", code], {}, open_fake) == exit_code
    assert capsys.readouterr().out


def test_check_reads_a_code_from_standard_input_without_its_line_end(monkeypatch: pytest.MonkeyPatch) -> None:
    scanning = FakeScanning()
    monkeypatch.setattr("sys.stdin", Standard(f"{GOOD}\r\n"))
    assert main(["check", "-", "--document-checked", "--act", "visit-1"], {}, opens(scanning)) == 0
    assert scanning.scanned == [(GOOD, {"document_checked": True}, "visit-1")]


def test_check_contacts_the_service_only_when_asked(capsys: Captured) -> None:
    scanning = FakeScanning()
    assert main(["check", GOOD], {}, opens(scanning)) == 0
    assert scanning.sync.steps == 0
    assert main(["check", GOOD, "--sync", "--json"], {}, opens(scanning)) == 0
    assert scanning.sync.steps == 1
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["type"], answer["repeat"], answer["message"]["zh"]) == ("answer", True, "成人")


def test_state_is_for_people_and_for_machines(capsys: Captured) -> None:
    assert main(["state"], {}, open_fake) == 0
    assert "待上传 To send: 0" in capsys.readouterr().out
    assert main(["state", "--json"], {}, open_fake) == 0
    assert json.loads(capsys.readouterr().out)["list_age"] == 12


def test_sync_makes_one_contact_and_says_how_it_is_then(capsys: Captured) -> None:
    scanning = FakeScanning()
    assert main(["sync"], {}, opens(scanning)) == 0
    assert (scanning.sync.steps, scanning.sync.started) == (1, False)
    assert "在线 Online" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "zh"),
    [
        (UnreachableError("no answer within 15 s"), "检查网络"),
        (RefusedError(401, "invalid_client"), "联系管理员"),
        (StoreError("disk full"), "检查磁盘"),
        (EnrolmentError("enrol it: city-terminal enrol LINK"), "未登记"),
        (PermissionError(13, "Permission denied", "/srv/x"), "权限"),
    ],
)
def test_what_goes_wrong_is_told_in_both_languages_and_has_its_exit_code(
    error: Exception, zh: str, capsys: Captured
) -> None:
    scanning = FakeScanning()
    scanning.sync.failure = error
    for opened in (opens(scanning), fails(error)):
        assert main(["sync"], {}, opened) == Exit.ERROR
        told = capsys.readouterr().err
        assert zh in told
        assert str(error) in told
        assert "Traceback" not in told


def test_ctrl_c_in_a_command_is_told_in_a_word(capsys: Captured) -> None:
    def opened(folder: Path, **options: Any) -> AbstractContextManager[FakeScanning]:
        raise KeyboardInterrupt

    assert main(["sync"], {}, opened) == Exit.ERROR
    assert capsys.readouterr().err == "错误 error: 已中断 interrupted\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["check"],
        ["check", GOOD, "--colour"],
        ["run", "--kiosk", "0"],
        ["run", "--kiosk", "web"],
        ["run", "--relay", "7420"],
        ["run", "--relay", "host:99999"],
        ["run", "--output", "paper"],
        ["run", "--input", "camera"],
        ["queue", "--limit", "0"],
    ],
)
def test_wrong_usage_is_no_decision(arguments: list[str], capsys: Captured) -> None:
    assert main(arguments, {}, open_fake) == Exit.ERROR
    assert "错误 error" in capsys.readouterr().err


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_every_command_has_help_that_documents_the_exit_codes(command: str | None, capsys: Captured) -> None:
    assert main(["--help"] if command is None else [command, "--help"], {}) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "3 error, or wrong usage" in told
    assert "退出码" in told


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--input", "none"], {"has_battery": False, "site": None, "relay": None}),
        (["--rtc", "--relay", "192.0.2.7:7420"], {"has_battery": True, "site": None, "relay": ("192.0.2.7", 7420)}),
        (["--site", "[2001:db8::7]:7420"], {"has_battery": False, "site": ("2001:db8::7", 7420), "relay": None}),
    ],
)
def test_what_the_core_has_to_know_is_told_to_it(arguments: list[str], options: dict[str, Any]) -> None:
    told: list[dict[str, Any]] = []

    def opened(folder: Path, **given: Any) -> AbstractContextManager[FakeScanning]:
        told.append(given)
        raise EnrolmentError("enough")

    assert main(["run", *arguments], {}, opened) == Exit.ERROR
    assert told == [options]


def test_a_long_sync_says_how_far_it_has_come(capsys: Captured) -> None:
    scanning, looked = FakeScanning(now=healthy(waiting=400)), Event()

    class LongSync(FakeSync):
        def step(self) -> None:
            assert looked.wait(30)
            scanning.now = healthy()

    def state() -> State:
        # Read before the contact may go on and change it.
        seen = scanning.now
        looked.set()
        return seen

    scanning.sync, scanning.state = LongSync(), state  # type: ignore[method-assign]
    assert main(["sync"], {}, opens(scanning)) == 0
    said = capsys.readouterr().out
    assert said.index("待上传 To send: 400") < said.index("待上传 To send: 0")


def test_the_folder_is_the_one_systemd_made_unless_another_is_named(tmp_path: Path, capsys: Captured) -> None:
    assert main(["state"], {"STATE_DIRECTORY": str(tmp_path / "made")}) == Exit.ERROR
    assert str(tmp_path / "made") in capsys.readouterr().err
    assert main(["state", "--data", str(tmp_path / "named")], {"STATE_DIRECTORY": "/nowhere"}) == Exit.ERROR
    assert str(tmp_path / "named") in capsys.readouterr().err


@pytest.mark.parametrize("command", [["state"], ["check", GOOD], ["sync"], ["queue"], ["run", "--input", "none"]])
def test_a_machine_that_is_no_terminal_says_how_it_becomes_one(
    command: list[str], tmp_path: Path, capsys: Captured
) -> None:
    assert main([*command, "--data", str(tmp_path)], {}) == Exit.ERROR
    told = capsys.readouterr().err
    assert "未登记" in told
    assert "city-terminal enrol" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "link", ["", "hello", "http://[", "ftp://x#terminal=a", "http://127.0.0.1:1/scanner/bus#terminal=bus-1&enrol=1"]
)
def test_a_link_that_is_none_is_refused_in_one_sentence(
    link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("sys.stdin", Standard(f"{link}\n"))
    assert main(["enrol", "--data", str(tmp_path)], {}) == Exit.ERROR
    told = capsys.readouterr().err
    assert told.startswith("错误 error: ")
    assert len(told.splitlines()) == 1


class Yard:
    """A city, a network, and a folder that is to become a terminal."""

    def __init__(self, city: City, folder: Path) -> None:
        self.city, self.folder = city, folder
        self.wire, self.machine = Wire(city.app, city.clock), FakeMachine(city.clock)

    def run(self, *arguments: str) -> int:
        """Run a command."""
        opened = partial(open_terminal, machine=self.machine, connect=self.wire.connect)
        return main([*arguments, "--data", str(self.folder)], {}, opened, self.wire.connect)


@pytest.fixture
def yard(city: City, tmp_path: Path) -> Yard:
    return Yard(city, tmp_path / "terminal")


@pytest.mark.parametrize("way", ["argument", "standard input", "picture"])
def test_a_machine_becomes_a_terminal_by_the_operators_link(
    yard: Yard, way: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    link = link_of(yard.city, "bus-1")
    monkeypatch.setattr("sys.stdin", Standard(f"{link}\n"))
    picture = yard.folder.with_name("link.png")
    qrcode.make(link).get_image().save(picture)
    arguments = {"argument": [link], "standard input": [], "picture": ["--picture", str(picture)]}[way]
    assert yard.run("enrol", *arguments) == 0
    assert "bus-1" in capsys.readouterr().out
    assert yard.run("state", "--json") == 0
    assert json.loads(capsys.readouterr().out)["terminal"] == "bus-1"


def test_a_whole_day_at_the_command_line(yard: Yard, capsys: Captured) -> None:
    """Enrol, sync, lose the network, accept, refuse the second showing, look at the queue, send it."""
    code = yard.city.phone().show(yard.city.clock.now)
    assert yard.run("enrol", link_of(yard.city, "bus-1")) == 0
    publish_snapshot(yard.city.services)
    assert yard.run("sync") == 0
    yard.wire.cut = True
    assert yard.run("check", code) == Exit.DONE
    yard.city.clock.now += 5
    assert yard.run("check", code) == Exit.REFUSED
    capsys.readouterr()
    assert yard.run("queue") == 0
    listed = capsys.readouterr().out
    assert "待上传 2 条" in listed
    assert listed.index("通过 Accepted") < listed.index("此码已被使用")
    assert code not in listed
    assert yard.run("queue", "--json", "--limit", "1") == 0
    queue = json.loads(capsys.readouterr().out)
    assert (queue["waiting"], len(queue["scans"]), queue["scans"][0]["decision"]) == (2, 1, "accepted")
    assert yard.run("sync") == Exit.ERROR
    yard.wire.cut = False
    assert yard.run("sync") == 0
    capsys.readouterr()
    assert yard.run("queue") == 0
    assert "待上传 0 条" in capsys.readouterr().out


def test_a_damaged_scan_is_listed_as_damaged(yard: Yard, capsys: Captured) -> None:
    assert yard.run("enrol", link_of(yard.city, "bus-1")) == 0
    assert yard.run("check", "junk") == Exit.UNDETERMINED
    connection = sqlite3.connect(yard.folder / "store.db")
    connection.execute("UPDATE scan SET sealed = x'00'")
    connection.commit()
    connection.close()
    capsys.readouterr()
    assert yard.run("queue") == 0
    assert "记录已损坏 damaged" in capsys.readouterr().out


PROGRAM = "import sys; from adapters.terminal.cli import main; from tests.scanning import open_fake;"


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Run the program with a terminal that behaves, in a process of its own."""
    program = f"{PROGRAM} sys.exit(main({list(arguments)!r}, open_terminal=open_fake))"
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, **(pipes | options))


def test_a_machine_drives_the_terminal_by_lines(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    lines = [GOOD, json.dumps({"code": USED, "act": "a-1"}), "x" * 100_000, '{"state": true}', '{"code": "1", "b": 2}']
    process = start("run", "--output", "json", "--signal", str(gate))
    out, error = process.communicate("\r\n".join([*lines, UNKNOWN]).encode(), timeout=60)
    said = [json.loads(line) for line in out.splitlines()]
    assert [one["type"] for one in said] == ["answer", "answer", "answer", "state", "error", "answer"]
    assert [one.get("reason") for one in said] == [None, "replayed", "malformed", None, None, "status_stale"]
    assert said[1]["act"] == "a-1"
    assert (process.returncode, error) == (0, b"")
    assert gate.read_text().split() == ["A", "R", "R", "P"]


def test_people_read_plain_lines_where_there_is_no_window() -> None:
    process = start("run")
    out, _ = process.communicate(f"{GOOD}\n{USED}".encode(), timeout=60)
    assert b"\x1b" not in out
    assert out.decode().index("Accepted") < out.decode().index("此码已被使用")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_well(number: signal.Signals) -> None:
    process = start("run", "--output", "json")
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{GOOD}\n".encode())
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["decision"] == "accepted"
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, b"")


def test_whoever_reads_may_go_and_scanning_goes_on(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    process = start("run", "--output", "json", "--signal", str(gate))
    assert process.stdin
    assert process.stdout
    process.stdout.close()
    for number in range(4):
        process.stdin.write(f"{number}\n".encode())
        process.stdin.flush()
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stderr
    assert process.stderr.read() == b""
    process.stderr.close()
    assert gate.read_text().split() == ["R"] * 4


def test_on_a_window_codes_are_not_echoed_and_the_window_is_given_back() -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    environment = {**os.environ, "TERM": "xterm"}
    process = start("run", stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    seen = bytearray()

    def sees(text: str) -> bool:
        seen.extend(os.read(ours, 65536))
        return text.encode() in seen

    wait_until(lambda: sees("请出示城市码"))
    os.write(ours, f"{GOOD}\n".encode())
    wait_until(lambda: sees("Accepted"))
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: sees("\x1b[?1049l"))
    assert process.wait(60) == 0
    assert GOOD.encode() not in seen
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def test_it_loads_without_flask_sqlalchemy_redis_and_the_libraries_of_inputs() -> None:
    script = (
        "import sys; import adapters.terminal.cli; "
        "print([name for name in ('flask', 'sqlalchemy', 'redis', 'serial', 'zxingcpp', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
