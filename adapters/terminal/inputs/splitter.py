"""Cuts a stream of bytes into lines, however it arrives and whatever is in it; reads and waits for nothing."""

import re
from collections.abc import Iterator

MAX_LINE = 4096
"""Bytes of a line that are kept: a code has at most 700 digits, and a line cut here can be none."""

_END = re.compile(rb"[\r\n\t]")
_OBJECT, _SPACE_IN_OBJECT = b"{", b"\t"


class Splitter:
    """Lines end by CR, LF, CRLF or Tab; JSON objects, where a Tab is a space, by the others. Empty lines are none."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._line = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what has arrived and give the lines that it ends, each at most `MAX_LINE` bytes."""
        start = 0
        for found in _END.finditer(data):
            if found[0] == _SPACE_IN_OBJECT and (self._line[:1] or data[start : start + 1]) == _OBJECT:
                continue
            self._keep(data[start : found.start()])
            start = found.end()
            yield from self.end()
        self._keep(data[start:])

    def end(self) -> Iterator[bytes]:
        """Give the line that is under way: its end has come, or no more will."""
        if self._line:
            line = bytes(self._line)
            self._line.clear()
            yield line

    def _keep(self, data: bytes) -> None:
        self._line += data[: MAX_LINE - len(self._line)]
