"""A scanner on a serial port, played by a pseudo-terminal: read, unplugged, plugged in again."""

import os
import pty
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from adapters.terminal.inputs.reading import Reading, StateRequest
from adapters.terminal.inputs.serial_port import SerialPort
from tests.waiting import wait_until


class Scanner:
    """A device at `path` while it is plugged in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sides: tuple[int, int] | None = None

    def plug_in(self) -> None:
        ours, theirs = pty.openpty()
        # As a scanner's port is: nothing is echoed, no byte means anything.
        tty.setraw(theirs)
        self._sides = ours, theirs
        self.path.symlink_to(os.ttyname(theirs))

    def send(self, data: bytes) -> None:
        assert self._sides
        os.write(self._sides[0], data)

    def pull_out(self) -> None:
        assert self._sides
        self.path.unlink()
        for side in self._sides:
            os.close(side)
        self._sides = None


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[Scanner]:
    scanner = Scanner(tmp_path / "scanner")
    scanner.plug_in()
    yield scanner
    if scanner.path.is_symlink():
        scanner.pull_out()


@contextmanager
def reading(scanner: Scanner, *, prefix: str = "") -> Iterator[tuple[SerialPort, list[str]]]:
    texts: list[str] = []

    def take(reading: Reading | StateRequest) -> None:
        assert isinstance(reading, Reading)
        texts.append(reading.text)

    port, stop = SerialPort(str(scanner.path), baud=9600, prefix=prefix), Event()
    thread = Thread(target=port.run, args=(take, stop))
    thread.start()
    try:
        yield port, texts
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_every_code_is_read_however_it_arrives(scanner: Scanner) -> None:
    with reading(scanner, prefix="~") as (port, texts):
        wait_until(lambda: port.fault is None)
        for piece in (b"~12", b"34\r", b"~5\r\n~6\t~", b"7\r"):
            scanner.send(piece)
        wait_until(lambda: len(texts) >= 4)
    assert texts == ["1234", "5", "6", "7"]


def test_a_scanner_that_was_unplugged_is_read_again_and_half_a_code_is_forgotten(scanner: Scanner) -> None:
    with reading(scanner) as (port, texts):
        wait_until(lambda: port.fault is None)
        scanner.send(b"1\r23")
        wait_until(lambda: texts == ["1"])
        scanner.pull_out()
        wait_until(lambda: port.fault is not None)
        scanner.plug_in()
        wait_until(lambda: port.fault is None)
        scanner.send(b"4\r")
        wait_until(lambda: len(texts) >= 2)
    assert texts == ["1", "4"]


def test_a_scanner_that_is_not_there_is_told_and_waited_for(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path / "scanner")
    with reading(scanner) as (port, texts):
        wait_until(lambda: port.fault is not None)
        assert port.fault
        assert str(scanner.path) in port.fault.zh
        assert str(scanner.path) in port.fault.en
        scanner.plug_in()
        wait_until(lambda: port.fault is None)
        scanner.send(b"1\r")
        wait_until(lambda: texts == ["1"])
    scanner.pull_out()
