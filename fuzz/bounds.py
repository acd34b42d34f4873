"""The bounds of one reading: time and memory. Judges without a fuzzer, so that a finding can be looked at again.

Usage: python -m fuzz.bounds TARGET FILE
"""

import sys
import time
import tracemalloc
from pathlib import Path

from fuzz.targets import TARGETS, Target

MAX_SECONDS = 0.05
"""Seconds of processor that one input may take: a reader of codes stands between a person and a door."""

MAX_BYTES = 10 * 1024 * 1024
"""Bytes that one input may make a reader allocate at its peak."""

_TRIES = 3


class TooSlowError(Exception):
    """An input takes longer than MAX_SECONDS, every time."""


class TooMuchMemoryError(Exception):
    """An input makes a reader allocate more than MAX_BYTES."""


def judge(target: Target, data: bytes) -> float:
    """Return the seconds of the fastest of several readings.

    Raises TooSlowError, TooMuchMemoryError, and whatever the target raises for a broken promise.
    """
    # The fastest counts: a busy machine makes a reading slower, never faster.
    fastest = min(seconds(target, data) for _ in range(_TRIES))
    if fastest > MAX_SECONDS:
        raise TooSlowError(f"{fastest * 1000:.0f} ms; at most {MAX_SECONDS * 1000:.0f} ms")
    peak = allocated(target, data)
    if peak > MAX_BYTES:
        raise TooMuchMemoryError(f"{peak / 2**20:.1f} MB; at most {MAX_BYTES / 2**20:.0f} MB")
    return fastest


def allocated(target: Target, data: bytes) -> int:
    """Return how many bytes a reading allocates at its peak."""
    tracemalloc.start()
    try:
        target.read(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def seconds(target: Target, data: bytes) -> float:
    """Return the processor time of one reading; what others do on the machine meanwhile does not count."""
    start = time.thread_time()
    target.read(data)
    return time.thread_time() - start


if __name__ == "__main__":
    name, file = sys.argv[1:]
    print(f"{judge(TARGETS[name], Path(file).read_bytes()) * 1000:.2f} ms")
