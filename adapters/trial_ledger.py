"""A record in memory with the promises of the city's: in it a policy is tried, and in the tests a scene."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from adapters.contract import Ledger
from codeservice.city import city_day
from codeservice.code import Grant
from codeservice.encounter import Act, number_of
from codeservice.hall import HallService
from codeservice.reason import Words
from codeservice.scan import Acceptance, Earlier
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
    slots: dict[tuple[str, str, str], str] = field(default_factory=dict)
    sales: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    registering: bool = False
    queue: list[tuple[int, str]] = field(default_factory=list)
    visits: dict[tuple[str, str, str, str], Act] = field(default_factory=dict)


@dataclass
class TrialLedger:
    """Memory and Ledger of one place; `at` gives another place of the same city."""

    place: str = "place-1"
    places: int | None = None
    shared: Shared = field(default_factory=Shared)
    holder: str | None = None
    years: int = 120
    accepted: dict[str, list[Acceptance]] = field(default_factory=dict)
    """What was accepted, by holder: recorded after an attempt has ended well, and shared by all places."""

    def know(self, list_: int, idx: int, person: str = "person-1", status: Status = Status.VALID) -> None:
        """Record a grant with its holder."""
        self.shared.statuses[list_, idx] = status
        self.shared.people[list_, idx] = person

    def at(self, place: str) -> "TrialLedger":
        """Return the ledger of another place of the same city."""
        return replace(self, place=place)

    def reserve(self, day: str, people: int = 1, slot: str = "") -> None:
        """Sell the holder tickets for this place."""
        self.shared.tickets[self.place, day, self._person()] = people
        self.shared.slots[self.place, day, self._person()] = slot

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

    def last_at(self, name: str) -> int | None:
        """Return when a name was last marked for the holder."""
        return self.shared.moments.get((name, self._person()))

    def add(self, name: str, change: int) -> int:
        """Change the holder's balance."""
        return self._add(name, self._person(), change)

    def add_shared(self, name: str, change: int, limit: int) -> int | None:
        """Change the place's balance within a bound."""
        if change > 0 and self.shared.tallies.get((name, self.place), 0) + change > limit:
            return None
        return self._add(name, self.place, change)

    def earlier(self, since: int) -> Earlier:
        """Return what was accepted of the holder."""
        mine = self.accepted.get(self._person(), [])
        return Earlier(tuple(entry for entry in mine if entry.at >= since), whole=True)

    def keep(self, accepted: Acceptance) -> None:
        """Record an acceptance of the holder."""
        self.accepted.setdefault(self._person(), []).append(accepted)

    def open_visit(self, act: Act, department: str, now: int) -> str | None:
        """Return the number of the holder's visit, which depends on nothing else."""
        day = city_day(now)
        self.shared.visits[self.place, department, day, self._person()] = act
        return number_of(self.place, department, day, self._person())

    def age(self, _now: int) -> int:
        """Return an age that everything is sold to: who bought something was old enough."""
        return self.years

    def sell(self, class_: str, _title: Words, packages: int, *, limit: int, since: int, now: int) -> int | None:
        """Book packages for the holder within a bound, whatever the place."""
        sales = self.shared.sales.setdefault((class_, self._person()), [])
        left = limit - sum(count for at, count in sales if at > since) - packages
        if left < 0:
            return None
        sales.append((now, packages))
        return left

    def is_registering(self) -> bool:
        """Whether buyers are registered."""
        return self.shared.registering

    def register(self, _reason: str, _symptoms: Sequence[str], *, expires: int) -> None:
        """Keep nobody in a registry but the count."""
        self.shared.tallies["registered", str(expires)] = self.shared.tallies.get(("registered", str(expires)), 0) + 1

    def enqueue(self, _service: HallService, number: str, *, now: int) -> None:
        """Keep the number in its order."""
        self.shared.queue.append((now, number))

    def tickets(self, day: str) -> int:
        """Count the holder's tickets for this place."""
        return self.shared.tickets.get((self.place, day, self._person()), 0)

    def slot(self, day: str) -> str:
        """Return which slot they are for."""
        return self.shared.slots.get((self.place, day, self._person()), "")

    def capacity(self) -> int | None:
        """Return the bound of the place."""
        return self.places

    def _take(self, name: str, subject: str, amount: int, limit: int) -> int | None:
        used = self.shared.tallies.get((name, subject), 0) + amount
        if used > limit:
            return None
        self.shared.tallies[name, subject] = used
        return limit - used

    def _add(self, name: str, subject: str, change: int) -> int:
        balance = self.shared.tallies.get((name, subject), 0) + change
        self.shared.tallies[name, subject] = balance
        return balance

    def _person(self) -> str:
        if self.holder is None:
            raise LookupError("a scene's rules run only for a grant that the record knows")
        return self.holder


_: type[Ledger] = TrialLedger
