"""A keyboard, or a scanner that types, on the terminal window that is also the screen."""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager

_LOCAL_FLAGS = 3


@contextmanager
def unseen(descriptor: int) -> Iterator[None]:
    """Keep what is typed off the screen for as long as the span lasts: codes belong to nobody's eyes."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    quiet = termios.tcgetattr(descriptor)
    quiet[_LOCAL_FLAGS] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
