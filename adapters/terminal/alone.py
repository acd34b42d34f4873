"""One program at a time works in a terminal's folder: two would know different lists, times and first uses."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.terminal.errors import TerminalError
from codeservice.reason import Words

_LOCK = "lock"
_BUSY = Words(
    "另一个 city-terminal 程序正在使用此文件夹，请先停止它",
    "another city-terminal works in this folder; stop it first, or look at its own screen",
)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other program out; raises TerminalError when one is in. A program that dies lets the next one in."""
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TerminalError(_BUSY) from error
        yield
    finally:
        os.close(handle)
