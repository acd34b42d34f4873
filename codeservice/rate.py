"""Rate limits: the generic cell rate algorithm (ITU-T I.371), one number a caller, no timers.

Counts in one process: with several workers a caller gets as many times the rate. That is enough to keep one terminal
that runs wild from starving the others, and it works when nothing else does.
"""

from dataclasses import dataclass
from threading import Lock

CALLERS = 100_000
"""Callers remembered; beyond that the one that called first is forgotten, which can only be too kind."""


@dataclass(frozen=True)
class Rate:
    """What a caller may do: `per_second` in the long run, `burst` at once."""

    per_second: float
    burst: int


TERMINAL_RATE = Rate(per_second=20, burst=100)
"""A gate lets three people a second through; a queue that was offline catches up in a burst."""

BACK_END_RATE = Rate(per_second=200, burst=1000)
"""A partner's back end speaks for many counters."""

UPLOAD_RATE = Rate(per_second=5, burst=400)
"""A terminal that was offline for a week has 100,000 scans, which are 400 uploads."""


class RateLimiter:
    """Remembers for each caller when it would be back at rest."""

    def __init__(self, callers: int = CALLERS) -> None:
        """Start with nobody known; remembers at most `callers`."""
        self._callers = callers
        self._rest: dict[str, float] = {}
        self._lock = Lock()

    def wait(self, caller: str, rate: Rate, now: float) -> float:
        """Count one call at `now` (seconds of any steady clock); returns 0, or how long the caller has to wait."""
        step = 1 / rate.per_second
        with self._lock:
            rest = max(self._rest.pop(caller, now), now)
            wait = rest + step - now - step * rate.burst
            if wait <= 0:
                rest += step
            while len(self._rest) >= self._callers:
                del self._rest[next(iter(self._rest))]
            self._rest[caller] = rest
            return max(wait, 0.0)
