"""How a terminal stands: its contact with the service, whether it may act, what is wrong. Kept over a start."""

import json
import threading

from adapters.terminal.clock import Anchor, Machine, TerminalClock
from adapters.terminal.store import DamagedError, Store, StoreError

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
        self.too_old = False
        with store.transaction():
            since = store.get(_SUSPENDED)
        self._since = None if since is None else int(since)

    @property
    def suspended(self) -> bool:
        """Whether the service has said that this terminal may not act, and nothing newer since."""
        return self._since is not None

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

    def keep_mark(self) -> None:
        """Keep the latest moment lived through; inside a transaction of the caller."""
        self._store.put(_MARK, str(self._clock.mark).encode())

    def suspend(self, profile_version: int) -> None:
        """Note that the service says so; `profile_version` is that of the profile in force, 0 without any."""
        with self._lock:
            if self._since is None:
                self._since = max(profile_version, self._clock.now() or 0)
                with self._store.transaction():
                    self._store.put(_SUSPENDED, str(self._since).encode())

    def resume(self, profile_version: int) -> None:
        """Take a signed profile for leave to act, if it was made since the suspension: no other is, played back."""
        with self._lock:
            if self._since is not None and profile_version > self._since:
                with self._store.transaction():
                    self._store.drop(_SUSPENDED)
                self._since = None

    def count_accepted(self) -> None:
        """Count one acceptance since the last complete upload; inside a transaction of the caller."""
        self._store.put(_ACCEPTED, str(self.accepted() + 1).encode())

    def reset_accepted(self) -> None:
        """Begin to count anew; inside a transaction of the caller."""
        self._store.drop(_ACCEPTED)

    def accepted(self) -> int:
        """Return the acceptances since the last complete upload; inside a transaction of the caller."""
        return int(self._store.get(_ACCEPTED) or 0)

    def note_failure(self, error: StoreError) -> None:
        """Note that the disk has failed, unless that passes: nothing is accepted until the next start."""
        self.failed = self.failed or not error.passes

    def note_damage(self) -> None:
        """Note that a stored scan could not be opened."""
        self.damaged = True
