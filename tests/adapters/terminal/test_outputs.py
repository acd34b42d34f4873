"""Answers for machines, lamps and gates."""

import io
import json
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.terminal.answer import Answer
from adapters.terminal.json_lines import JsonLines
from adapters.terminal.signal_line import SignalLine
from codeservice.reason import Reason, Words
from tests.scanning import PATIENT, accepted, healthy, rejected

LETTERS = [
    pytest.param(accepted(), b"A\n", id="accepted"),
    pytest.param(rejected(Reason.REPLAYED), b"R\n", id="refused"),
    pytest.param(rejected(Reason.STATUS_STALE), b"U\n", id="nobody can tell"),
    pytest.param(rejected(Reason.STATUS_STALE, let_pass=True), b"P\n", id="let pass"),
    pytest.param(accepted(repeat=True), b"", id="the same scan again opens no gate"),
]


class Pipe:
    """A named pipe with or without a reader."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self.reader: int | None = None

    def open(self) -> None:
        self.reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self) -> bytes:
        assert self.reader is not None
        try:
            return os.read(self.reader, 1 << 20)
        except BlockingIOError:
            return b""

    def leave(self) -> None:
        assert self.reader is not None
        os.close(self.reader)
        self.reader = None


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "gate")
    yield pipe
    if pipe.reader is not None:
        pipe.leave()


@pytest.fixture
def line(pipe: Pipe) -> Iterator[SignalLine]:
    line = SignalLine(str(pipe.path))
    yield line
    line.close()


def told(line: SignalLine) -> Words | None:
    return line.fault


def test_an_answer_is_one_line_of_json_with_everything_in_it() -> None:
    out = io.BytesIO()
    output = JsonLines(out)
    output.show(accepted(PATIENT, scene="hospital"), 0.0)
    output.tick(healthy(), (), 0.0)
    output.tell(healthy())
    output.refuse(Words("错", "wrong"))
    output.close()
    answer, state, error = map(json.loads, out.getvalue().splitlines())
    assert (answer["type"], answer["decision"], answer["seq"], answer["act"]) == ("answer", "accepted", 1, "act-1")
    shown = {name: value for name, value in answer["details"].items() if value is not None}
    assert shown == {"name": PATIENT.name, "id_number": PATIENT.id_number, "insured": True}
    assert (state["type"], state["terminal"], state["faults"]) == ("state", "bus-1", [])
    assert error == {"type": "error", "message": {"zh": "错", "en": "wrong"}}


@pytest.mark.parametrize(("answer", "letter"), LETTERS)
def test_every_answer_is_one_letter(pipe: Pipe, answer: Answer, letter: bytes) -> None:
    pipe.open()
    line = SignalLine(str(pipe.path))
    line.show(answer, 0.0)
    assert pipe.read() == letter
    line.close()


def test_a_gate_that_is_not_there_yet_is_told_and_found_when_it_comes(pipe: Pipe, line: SignalLine) -> None:
    assert told(line) is not None
    line.show(accepted(), 0.0)
    pipe.open()
    line.tick(healthy(), (), 0.0)
    assert pipe.read() == b""
    assert told(line) is None
    line.show(accepted(), 0.0)
    assert pipe.read() == b"A\n"


def test_a_gate_that_goes_away_stops_nobody_and_is_found_again(pipe: Pipe, line: SignalLine) -> None:
    pipe.open()
    line.show(accepted(), 0.0)
    pipe.leave()
    line.show(accepted(), 0.0)
    line.show(accepted(), 0.0)
    assert told(line) is not None
    pipe.open()
    line.show(rejected(Reason.REPLAYED), 0.0)
    assert pipe.read() == b"R\n"
    assert told(line) is None


def test_a_gate_that_does_not_read_blocks_nobody(pipe: Pipe, line: SignalLine) -> None:
    pipe.open()
    for _ in range(100_000):
        line.show(accepted(), 0.0)
        if line.fault is not None:
            break
    assert told(line) is not None
    assert set(pipe.read()) == set(b"A\n")
    line.show(rejected(Reason.REPLAYED), 0.0)
    assert pipe.read().endswith(b"R\n")
    assert told(line) is None


def test_a_device_gets_the_same_lines() -> None:
    ours, theirs = pty.openpty()
    line = SignalLine(os.ttyname(theirs))
    line.show(accepted(), 0.0)
    assert os.read(ours, 10).strip() == b"A"
    line.close()
    os.close(ours)
    os.close(theirs)


def test_what_a_stalled_device_holds_is_forgotten_so_that_no_gate_opens_late() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    line = SignalLine(os.ttyname(theirs))
    for _ in range(100_000):
        line.show(accepted(), 0.0)
        if line.fault is not None:
            break
    assert told(line) is not None
    os.read(ours, 1 << 20)
    line.show(rejected(Reason.REPLAYED), 0.0)
    assert told(line) is None
    assert os.read(ours, 10) == b"R\n"
    line.close()
    line.close()
    os.close(ours)
    os.close(theirs)


def test_a_device_that_takes_nothing_stops_nobody() -> None:
    line = SignalLine("/dev/full")
    line.show(accepted(), 0.0)
    assert told(line) is not None
    line.close()


def test_a_file_is_written_at_its_end_and_none_is_made(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    line = SignalLine(str(path))
    line.show(accepted(), 0.0)
    assert not path.exists()
    path.write_bytes(b"U\n")
    line.show(accepted(), 0.0)
    line.refuse(Words("错", "wrong"))
    line.tell(healthy())
    assert path.read_bytes() == b"U\nA\n"
    line.close()
