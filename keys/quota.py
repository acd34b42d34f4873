"""Quotas: how many signatures of a purpose a signer gives in a minute and in an hour, whoever asks.

What a thief of the workers can have signed before somebody looks is bounded by them.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from keys.errors import RefusedError
from keys.key import Purpose

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Quota:
    """Signatures in any 60 and in any 3600 seconds."""

    per_minute: int
    per_hour: int


QUOTAS = {
    Purpose.GRANT: Quota(20_000, 600_000),
    Purpose.SERVED: Quota(20_000, 600_000),
    Purpose.PAPER: Quota(120, 2_000),
    Purpose.TOKEN: Quota(6_000, 120_000),
    Purpose.STATUS: Quota(3_000, 80_000),
    Purpose.CHECKPOINT: Quota(150, 7_500),
}
"""For a city of some millions. A purpose that is not here is not signed at all."""


@dataclass
class _Window:
    """Counts in the last `seconds`; entries are (second, count), oldest first."""

    seconds: int
    entries: deque[tuple[int, int]] = field(default_factory=deque)
    total: int = 0

    def add(self, at: int, count: int) -> None:
        self.entries.append((at, count))
        self.total += count

    def count(self, now: int) -> int:
        while self.entries and self.entries[0][0] <= now - self.seconds:
            self.total -= self.entries.popleft()[1]
        return self.total


class Quotas:
    """Counts what was taken of each quota. Not for several threads at once."""

    def __init__(self, quotas: Mapping[Purpose, Quota] = QUOTAS) -> None:
        """Start with nothing taken."""
        self._quotas = dict(quotas)
        self._windows = {purpose: (_Window(MINUTE), _Window(HOUR)) for purpose in self._quotas}

    def remember(self, purpose: Purpose, taken: Iterable[tuple[int, int]]) -> None:
        """Count what was taken before a restart; see `keys.intent.Journal.taken`."""
        for window in self._windows.get(purpose, ()):
            for at, count in taken:
                window.add(at, count)

    def take(self, purpose: Purpose, count: int, *, now: int) -> None:
        """Count `count` signatures at `now` (epoch seconds); raises RefusedError when a quota is used up."""
        quota = self._quotas.get(purpose)
        if quota is None:
            raise RefusedError(f"nothing is signed for {purpose}")
        minute, hour = self._windows[purpose]
        if minute.count(now) + count > quota.per_minute or hour.count(now) + count > quota.per_hour:
            raise RefusedError(f"the quota of {purpose} is used up")
        minute.add(now, count)
        hour.add(now, count)
