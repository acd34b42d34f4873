"""Waits for what another thread or process does; says nothing about how fast it has to be."""

import time
from collections.abc import Callable

LONGEST = 120.0
_PAUSE = 0.01


def wait_until(holds: Callable[[], bool]) -> None:
    """Return when it holds; fails when it never does."""
    deadline = time.monotonic() + LONGEST
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(_PAUSE)
