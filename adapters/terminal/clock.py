"""The time that a terminal keeps: the service's own at the last contact, and what the steady clock counted since.

The clock of the machine may be set by anybody, jump, or stand at the year 1970 after a power cut; it decides nothing.
A terminal that has started without contact has no time, unless its machine has a battery-backed clock and somebody said
so. A mark on disk keeps the latest moment the terminal has lived through: no time before it is believed.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

TOLERANCE = 30
"""Seconds that the kept time may fall behind the mark: two contacts never agree to the second."""

LONGEST_DARK = 7 * 24 * 3600
"""Seconds after the mark beyond which a battery-backed clock is not believed any more."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Machine(Protocol):
    """The clocks of a machine."""

    def wall(self) -> float:
        """Return epoch seconds as the machine says."""
        ...

    def steady(self) -> float:
        """Return seconds that nobody can set and that go on while the machine sleeps."""
        ...

    def boot(self) -> str:
        """Name this run of the machine, within which `steady` counts."""
        ...


class LinuxMachine:
    """The clocks of Linux."""

    def wall(self) -> float:
        """Return the time of day."""
        return time.time()

    def steady(self) -> float:
        """Return CLOCK_BOOTTIME."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        """Return the kernel's own name for this boot."""
        return _BOOT.read_text().strip()


@dataclass(frozen=True)
class Anchor:
    """A contact: the service's time in epoch seconds, and the steady clock of one boot at that moment."""

    time: float
    steady: float
    boot: str


class TerminalClock:
    """Tells the time, or that nobody knows it. `anchor` and `mark` are what an earlier run has stored."""

    def __init__(self, machine: Machine, *, anchor: Anchor | None, mark: int, has_battery: bool) -> None:
        """Start from what is stored; `mark` is 0 for a new terminal."""
        self._machine = machine
        self._boot = machine.boot()
        self._anchor = anchor if anchor is not None and anchor.boot == self._boot else None
        self._has_battery = has_battery
        self.mark = mark

    def now(self) -> int | None:
        """Return epoch seconds, or None when there is no time to trust; what is returned raises the mark."""
        if self._anchor is not None:
            now = int(self._anchor.time + self._machine.steady() - self._anchor.steady)
        elif self._has_battery and self.mark and self._machine.wall() <= self.mark + LONGEST_DARK:
            now = int(self._machine.wall())
        else:
            return None
        if now < self.mark - TOLERANCE:
            return None
        self.mark = max(self.mark, now)
        return now

    def device_time(self) -> int:
        """Return what the machine's own clock says, right or wrong; for the record only."""
        return max(0, int(self._machine.wall()))

    def set(self, server_time: int, *, asked: float) -> Anchor | None:
        """Believe the service, which was asked at `asked` of the steady clock; None when that is before the mark.

        Then one of the two is wrong, and a battery-backed clock is not believed any more either.
        """
        if server_time < self.mark - TOLERANCE:
            self._has_battery = False
            return None
        # The service said a whole second, somewhere between the question and now.
        steady = (asked + self._machine.steady()) / 2
        self._anchor = Anchor(server_time + 0.5, steady, self._boot)
        return self._anchor

    def steady(self) -> float:
        """Return the steady clock."""
        return self._machine.steady()
