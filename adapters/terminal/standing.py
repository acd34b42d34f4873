"""How a terminal stands: its contact with the service, whether it may act, what is wrong. Kept over a start."""

import json
import threading

from adapters.terminal.clock import Anchor, Machine, TerminalClock
from adapters.terminal.store import DamagedError, Store

CONTACT_SECONDS = 90.0
"""Seconds for which a contact counts."""

_CLOCK, _SUSPENDED, _ACCEPTED, _MARK = "clock", "suspended", "accepted", "mark"


def load_clock(store: Store, machine: Machine, *, has_battery: bool) -> TerminalClock:
    """Return the clock as an earlier run has left it."""
    with store.transaction():
        kept, mark = store.get(_CLOCK), store.get(_MARK)
    anchor, reached = None, 0
    if kept is not None:
        try:
            values = json.loads(kept)
            anchor, reached = Anchor(values["time"], values["steady"], values["boot"]), int(values["mark"])
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError("the kept time is not readable") from error
    reached = max(reached, int(mark or 0))
    return TerminalClock(machine, anchor=anchor, mark=reached, has_battery=has_battery)


class Standing:
    """What the threads of a terminal tell each other. Safe for many threads."""

    def __init__(self, store: Store, clock: TerminalClock) -> None:
        """Read what an earlier run has left."""
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._contact: float | None = None
        self.failed = False
        self.damaged = False
        with store.transaction():
            self.suspended = store.get(_SUSPENDED) is not None

    def make_contact(self, steady: float) -> None:
        """Note that the service has answered everything."""
        self._contact = steady

    def lose_contact(self) -> None:
        """Note that it has not."""
        self._contact = None

    def connected(self, steady: float) -> bool:
        """Whether there was contact a moment ago."""
        contact = self._contact
        return contact is not None and steady - contact <= CONTACT_SECONDS

    def set_time(self, server_time: int, *, asked: float) -> None:
        """Take the service's time, and keep it for the next start."""
        anchor = self._clock.set(server_time, asked=asked)
        if anchor is None:
            return
        values = {"time": anchor.time, "steady": anchor.steady, "boot": anchor.boot, "mark": self._clock.mark}
        with self._store.transaction():
            self._store.put(_CLOCK, json.dumps(values).encode())

    def keep_mark(self, now: int) -> None:
        """Keep the latest moment lived through; inside a transaction of the caller."""
        self._store.put(_MARK, str(now).encode())

    def suspend(self, *, suspended: bool) -> None:
        """Note what the service says of this terminal."""
        with self._lock:
            if suspended == self.suspended:
                return
            with self._store.transaction():
                if suspended:
                    self._store.put(_SUSPENDED, b"1")
                else:
                    self._store.drop(_SUSPENDED)
            self.suspended = suspended

    def count_accepted(self) -> None:
        """Count one acceptance since the last complete upload; inside a transaction of the caller."""
        self._store.put(_ACCEPTED, str(self.accepted() + 1).encode())

    def reset_accepted(self) -> None:
        """Begin to count anew; inside a transaction of the caller."""
        self._store.drop(_ACCEPTED)

    def accepted(self) -> int:
        """Return the acceptances since the last complete upload; inside a transaction of the caller."""
        return int(self._store.get(_ACCEPTED) or 0)

    def note_failure(self) -> None:
        """Note that the disk has failed: nothing is accepted until the next start."""
        self.failed = True

    def note_damage(self) -> None:
        """Note that a stored scan could not be opened."""
        self.damaged = True
