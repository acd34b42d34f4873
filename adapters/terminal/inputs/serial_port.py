"""A scanner on a serial port (USB-COM or RS-232): opened again by itself when it was unplugged."""

import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import serial

from adapters.terminal.inputs.reading import Reading, StateRequest, read_line
from adapters.terminal.inputs.splitter import Splitter
from codeservice.reason import Words

_PAUSE = 0.2
"""Seconds after which a silent port looks whether it was stopped."""

_AGAIN = 1.0
"""Seconds between two attempts to open a port that is not there."""


class SerialPort:
    """One port, eight data bits, no parity, one stop bit."""

    def __init__(self, path: str, *, baud: int, prefix: str = "") -> None:
        """Read from the device `path` at `baud` bits a second; `prefix` is what the scanner puts before each code."""
        self._path = path
        self._baud = baud
        self._prefix = prefix
        self._not_open = Words(
            f"扫码器 {path} 未连接，请检查接线与权限",
            f"No scanner at {path}; check the cable, and that this user may read it",
        )
        self.fault: Words | None = self._not_open

    def run(self, take: Callable[[Reading | StateRequest], None], stop: Event) -> None:
        """Hand on every line, whatever becomes of the port meanwhile."""
        while not stop.is_set():
            try:
                with self._open() as port:
                    self._read(port, take, stop)
            except (OSError, termios.error):
                self.fault = self._not_open
                stop.wait(_AGAIN)

    @contextmanager
    def _open(self) -> Iterator[serial.Serial]:
        # Two programs on one port would each get half of every code.
        with serial.Serial(self._path, self._baud, timeout=_PAUSE, exclusive=True) as port:
            self.fault = None
            yield port

    def _read(self, port: serial.Serial, take: Callable[[Reading | StateRequest], None], stop: Event) -> None:
        # A new one each time: half a code from before the cable was pulled is not the beginning of the next.
        lines = Splitter()
        while not stop.is_set():
            for line in lines.feed(port.read(max(1, port.in_waiting))):
                take(read_line(line, prefix=self._prefix))
