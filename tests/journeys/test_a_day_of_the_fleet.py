"""A day of a bus fleet: forty validators, a third of them without network for four hours, clocks that are wrong.

The day is a record of what was done at every tap; what a validator has to answer follows from it alone. Afterwards the
service knows every tap with its reason, and every double use, whatever the order in which the uploads came.
"""

import heapq
import os
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.terminal.opening import open_terminal
from adapters.terminal.runtime import Terminal
from codeservice.publishing import publish_snapshot
from codeservice.revoking import change_status
from codeservice.status import Status
from codeservice.store import client, grant, stream
from codeservice.store.database import Connection
from codeservice.store.models import Scan, ScanMark
from tests.conftest import City
from tests.crowd import Held, fetch
from tests.terminals import FakeMachine, Wire, enrol_terminal

VALIDATORS = 40
TAPS = int(os.environ.get("CITY_FLEET_TAPS", "10000"))
"""Taps of the day; a smaller day is a smaller sample of the same, and 60000 are the whole day of such a fleet."""

HOUR = 3600
DAY_LONG, DARK_FROM, DARK_UNTIL, RESTART_AT = 16 * HOUR, 4 * HOUR, 8 * HOUR, 6 * HOUR
SYNC_EVERY, PUBLISH_EVERY = 1200, 240
LOST_PHONES = 12
RESTARTED = 4
"""Validators without network that lose their power as well; every second one has a clock with a battery."""

WRONG_CLOCKS = (0, 0, -300, -40, 75, 300)
"""Seconds by which the machines' own clocks are wrong; those with a battery are right, or their city would know."""

EARLY, LATE, SAME_TAP = 30, 60, 3

Use = tuple[tuple[int, int], int]
Said = tuple[str, str | None]


class Tap(Enum):
    """What happens at a tap; the value is how often of a hundred times."""

    FRESH = 90
    SLOW_PHONE = 3
    FAST_PHONE = 2
    SCREENSHOT = 1.5
    VERY_FAST_PHONE = 0.5
    AGAIN = 1.4
    ELSEWHERE = 1.6


SECONDS_OFF = {
    Tap.FRESH: (0, 1),
    Tap.SLOW_PHONE: (-55, -5),
    Tap.FAST_PHONE: (1, 30),
    Tap.SCREENSHOT: (-600, -70),
    Tap.VERY_FAST_PHONE: (40, 300),
}


@dataclass
class Validator:
    """One validator, and what the day has done to it."""

    name: str
    folder: Path
    machine: FakeMachine
    wire: Wire
    has_battery: bool
    has_time: bool = False
    lists_of: int = 0
    """When the lists that it has were published."""
    used: set[Use] = field(default_factory=set)
    seen: dict[Use, int] = field(default_factory=dict)
    answers: list[Said] = field(default_factory=list)
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start the program."""
        opened = open_terminal(
            self.folder, machine=self.machine, connect=self.wire.connect, has_battery=self.has_battery
        )
        self.terminal: Terminal = self._running.enter_context(opened)

    def stop(self) -> None:
        """Stop the program."""
        self._running.close()

    def lose_power(self) -> None:
        """Lose the power for a moment, without network."""
        self.stop()
        self.machine.restart()
        self.start()
        self.has_time = self.has_battery

    def lose_network(self) -> None:
        """Drive where there is none."""
        self.wire.cut = True

    def find_network(self) -> None:
        """Drive back."""
        self.wire.cut = False

    def sync(self, published: Callable[[], int]) -> None:
        """Make a contact if there is network."""
        if not self.wire.cut:
            self.terminal.sync.step()
            self.has_time, self.lists_of = True, published()


class Day:
    """The day as it is lived; what was done is written down, for whoever wants to know what has to come of it."""

    def __init__(self, city: City, fleet: list[Validator], held: list[Held]) -> None:
        self.city, self.fleet, self.held = city, fleet, held
        self.chance = random.Random(20261120)
        self.revoked: dict[tuple[int, int], int] = {}
        self.accepted: dict[Use, list[int]] = {}
        self.told: Counter[Said] = Counter()
        self._published = city.clock.now
        self._plan: list[tuple[int, int, Callable[[], None]]] = []
        self._taken: set[Use] = set()
        self._shown: deque[tuple[Held, int, Validator]] = deque(maxlen=10)

    def live(self) -> None:
        """Live through the day."""
        begin, chance = self.city.clock.now, self.chance
        self._plan_contacts()
        for person in chance.sample(sorted({entry.person for entry in self.held}), LOST_PHONES):
            self._at(chance.randrange(HOUR, DAY_LONG - HOUR), partial(self._lose_phone, person))
        for kind in chance.choices(list(Tap), [kind.value for kind in Tap], k=TAPS):
            self._at(chance.randrange(60, DAY_LONG - 60), partial(self._tap, kind))
        while self._plan:
            seconds, _, act = heapq.heappop(self._plan)
            self.city.clock.now = max(self.city.clock.now, begin + seconds)
            act()

    def come_home(self) -> None:
        """Let every validator make a last contact, in any order."""
        for validator in self.chance.sample(self.fleet, len(self.fleet)):
            validator.find_network()
            validator.sync(lambda: self._published)

    def _at(self, seconds: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (seconds, len(self._plan), act))

    def _plan_contacts(self) -> None:
        for seconds in range(PUBLISH_EVERY, DAY_LONG, PUBLISH_EVERY):
            self._at(seconds, self._publish)
        for number, validator in enumerate(self.fleet):
            for seconds in range(SYNC_EVERY + number * 7, DAY_LONG, SYNC_EVERY):
                self._at(seconds, partial(validator.sync, lambda: self._published))
        for number, validator in enumerate(self.fleet[: VALIDATORS // 3]):
            self._at(DARK_FROM, validator.lose_network)
            self._at(DARK_UNTIL, validator.find_network)
            if number < RESTARTED:
                self._at(RESTART_AT, validator.lose_power)

    def _publish(self) -> None:
        publish_snapshot(self.city.services)
        self._published = self.city.clock.now

    def _lose_phone(self, person: str) -> None:
        now = self.city.clock.now

        def choose(connection: Connection) -> list[grant.IssuedGrant]:
            return grant.live(connection, now=now, person=person)

        change_status(self.city.services, choose, Status.REVOKED, cause="device_lost", actor="test")
        self.revoked |= {entry.place: now for entry in self.held if entry.person == person}

    def _tap(self, kind: Tap) -> None:
        now = self.city.clock.now
        entry, iat, validator = self._chosen(kind, now)
        use = entry.place, iat
        expected = self._expected(validator, use, now)
        answer = validator.terminal.scan(entry.show(iat))
        said = answer.decision.value, answer.reason
        assert (said, answer.repeat) == (expected, False), (kind, validator.name)
        validator.answers.append(said)
        validator.seen[use] = now
        self.told[said] += 1
        self._shown.append((entry, iat, validator))
        if said[0] == "accepted":
            validator.used.add(use)
            self.accepted.setdefault(use, []).append(now)

    def _chosen(self, kind: Tap, now: int) -> tuple[Held, int, Validator]:
        """Return whose code of which moment is shown where."""
        if kind in SECONDS_OFF or not self._shown:
            entry, iat = self.chance.choice(self.held), now + self.chance.randrange(*SECONDS_OFF.get(kind, (0, 1)))
            while (entry.place, iat) in self._taken:
                entry = self.chance.choice(self.held)
            self._taken.add((entry.place, iat))
            return entry, iat, self.chance.choice(self.fleet)
        entry, iat, before = self._shown[0]
        # Within three seconds it would be the same tap.
        others = [one for one in self.fleet if now - one.seen.get((entry.place, iat), 0) > SAME_TAP]
        return entry, iat, before if kind is Tap.AGAIN and before in others else self.chance.choice(others)

    def _expected(self, validator: Validator, use: Use, now: int) -> Said:
        """Say what a validator has to answer."""
        place, iat = use
        if not validator.has_time:
            return "undetermined", "time_untrusted"
        if iat > now + EARLY:
            return "refused", "clock_skew"
        if now > iat + LATE:
            return "refused", "expired"
        # A revocation is in the lists that were published after it.
        if self.revoked.get(place, now + 1) <= validator.lists_of:
            return "refused", "revoked"
        return ("refused", "replayed") if use in validator.used else ("accepted", None)


@pytest.fixture
def day(city: City, tmp_path: Path) -> Iterator[Day]:
    chance = random.Random(7)
    with city.services.database.write() as connection:
        for number in range(3, VALIDATORS + 1):
            name, scopes = f"bus-{number}", frozenset({"scan"})
            client.add_client(connection, id_=name, kind=client.TERMINAL, place="bus-line-1", name=name, scopes=scopes)
    held = fetch(city.services, [citizen.holder.id for citizen in city.people], now=city.clock.now, scene="bus")
    publish_snapshot(city.services)
    fleet = []
    for number in range(1, VALIDATORS + 1):
        name, wire, has_battery = f"bus-{number}", Wire(city.app, city.clock), number % 2 == 0
        machine = FakeMachine(city.clock, off=0 if has_battery else chance.choice(WRONG_CLOCKS))
        fleet.append(Validator(name, enrol_terminal(city, wire, tmp_path / name, name), machine, wire, has_battery))
        fleet[-1].start()
        fleet[-1].sync(city.clock)
    yield Day(city, fleet, held)
    for validator in fleet:
        validator.stop()


def test_after_the_day_every_tap_is_accounted_for_and_every_double_use_is_found(day: Day) -> None:
    day.live()
    day.come_home()
    with day.city.services.database.read() as connection:
        _require_every_tap(connection, day)
        _require_every_double_use(connection, day)
        _require_every_late_revocation(connection, day)
    print(f"{TAPS} taps: {dict(sorted(day.told.items(), key=str))}")  # noqa: T201


def _require_every_tap(connection: Connection, day: Day) -> None:
    accounts = {entry.client: entry for entry in stream.accounts(connection)}
    recorded: dict[str, list[Said]] = {validator.name: [] for validator in day.fleet}
    for row in connection.execute(select(Scan.client, Scan.outcome, Scan.reason).order_by(Scan.client, Scan.seq)):
        recorded[row.client].append((row.outcome, row.reason))
    for validator in day.fleet:
        assert recorded[validator.name] == validator.answers
        assert validator.terminal.state().waiting == 0
        account = accounts[validator.name]
        assert account.last == account.stored == len(validator.answers)
        assert (account.quarantined, account.too_old, account.missing) == (0, 0, 0)
    assert day.told.total() == TAPS


def _require_every_double_use(connection: Connection, day: Day) -> None:
    expected = Counter({use: len(taps) - 1 for use, taps in day.accepted.items() if len(taps) > 1})
    assert expected.total() > 0
    assert _marked(connection, "double_use") == expected


def _require_every_late_revocation(connection: Connection, day: Day) -> None:
    late = {use: sum(at >= day.revoked.get(use[0], at + 1) for at in taps) for use, taps in day.accepted.items()}
    expected = +Counter(late)
    assert expected.total() > 0
    assert _marked(connection, "revoked") == expected


def _marked(connection: Connection, mark: str) -> Counter[Use]:
    query = select(Scan.list, Scan.idx, Scan.iat).join(ScanMark, ScanMark.scan == Scan.id).where(ScanMark.mark == mark)
    return Counter(((row.list, row.idx), row.iat) for row in connection.execute(query))
