"""A record in memory with the promises of the city's: in it a policy is tried, and in the tests a scene."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from adapters.contract import Ledger
from codeservice.code import Grant
from codeservice.status import Status


@dataclass
class Shared:
    """What all places of a city remember together."""

    statuses: dict[tuple[int, int], Status] = field(default_factory=dict)
    people: dict[tuple[int, int], str] = field(default_factory=dict)
    uses: set[tuple[int, int, int]] = field(default_factory=set)
    tallies: dict[tuple[str, str], int] = field(default_factory=dict)
    moments: dict[tuple[str, str], int] = field(default_factory=dict)
    tickets: dict[tuple[str, str, str], int] = field(default_factory=dict)


@dataclass
class TrialLedger:
    """Memory and Ledger of one place; `at` gives another place of the same city."""

    place: str = "place-1"
    places: int | None = None
    shared: Shared = field(default_factory=Shared)
    holder: str | None = None

    def know(self, list_: int, idx: int, person: str = "person-1", status: Status = Status.VALID) -> None:
        """Record a grant with its holder."""
        self.shared.statuses[list_, idx] = status
        self.shared.people[list_, idx] = person

    def at(self, place: str) -> "TrialLedger":
        """Return the ledger of another place of the same city."""
        return replace(self, place=place)

    def reserve(self, day: str) -> None:
        """Sell the holder one ticket for this place."""
        self.shared.tickets[self.place, day, self._person()] = 1

    def status(self, grant: Grant) -> Status | None:
        """Return the status of a known grant, and remember whose it is."""
        self.holder = self.shared.people.get((grant.list, grant.idx))
        return self.shared.statuses.get((grant.list, grant.idx))

    def first_use(self, use: tuple[int, int, int]) -> bool:
        """Mark a use; False when it was marked."""
        if use in self.shared.uses:
            return False
        self.shared.uses.add(use)
        return True

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Forget all marks when left by an exception."""
        before = copy.deepcopy(vars(self.shared))
        try:
            yield
        except BaseException:
            vars(self.shared).update(before)
            raise

    def take(self, name: str, amount: int, limit: int) -> int | None:
        """Count for the holder."""
        return self._take(name, self._person(), amount, limit)

    def take_everywhere(self, name: str, amount: int, limit: int) -> int | None:
        """Count for the holder, whatever the place."""
        return self.take(name, amount, limit)

    def take_shared(self, name: str, amount: int, limit: int) -> int | None:
        """Count for the place."""
        return self._take(name, self.place, amount, limit)

    def first_within(self, name: str, seconds: int, now: int) -> bool:
        """Mark a name for the holder; False when it was marked less than `seconds` ago."""
        at = self.shared.moments.get((name, self._person()))
        if at is not None and at > now - seconds:
            return False
        self.shared.moments[name, self._person()] = now
        return True

    def tickets(self, day: str) -> int:
        """Count the holder's tickets for this place."""
        return self.shared.tickets.get((self.place, day, self._person()), 0)

    def capacity(self) -> int | None:
        """Return the bound of the place."""
        return self.places

    def _take(self, name: str, subject: str, amount: int, limit: int) -> int | None:
        used = self.shared.tallies.get((name, subject), 0) + amount
        if used > limit:
            return None
        self.shared.tallies[name, subject] = used
        return limit - used

    def _person(self) -> str:
        if self.holder is None:
            raise LookupError("a scene's rules run only for a grant that the record knows")
        return self.holder


_: type[Ledger] = TrialLedger
