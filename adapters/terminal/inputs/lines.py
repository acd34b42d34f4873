"""Lines on a file descriptor, such as standard input: a scanner that types, or a machine that writes JSON."""

import os
import select
from collections.abc import Callable
from threading import Event

from adapters.terminal.inputs.reading import Reading, StateRequest, read_line
from adapters.terminal.inputs.splitter import Splitter
from codeservice.reason import Words

_CHUNK = 65536
_PAUSE = 0.2
"""Seconds after which a silent input looks whether it was stopped."""


class Lines:
    """Reads until the end of the input; a half line there counts, its scanner sends no end of line."""

    fault: Words | None = None

    def __init__(self, descriptor: int, *, prefix: str = "") -> None:
        """Read from `descriptor`; `prefix` is what the scanner puts before each code."""
        self._descriptor = descriptor
        self._prefix = prefix

    def run(self, take: Callable[[Reading | StateRequest], None], stop: Event) -> None:
        """Hand on every line."""
        lines = Splitter()
        while not stop.is_set():
            if not select.select([self._descriptor], [], [], _PAUSE)[0]:
                continue
            data = self._read()
            for line in lines.feed(data) if data else lines.end():
                take(read_line(line, prefix=self._prefix))
            if not data:
                return

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _CHUNK)
        except OSError:
            # A terminal window that was closed reads as an error, not as an end.
            return b""
