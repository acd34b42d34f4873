"""Tariffs of public transport as data, and the rating of taps: a pure function of what was recorded. No I/O.

A tap is a fact. What a ride costs is never booked at the tap but follows from all taps of a holder, in the order of
their time: `rate` gives the same trips for the same taps, whatever the order in which they became known. So uploads
of terminals without network change what is known, and never how it is counted.

Every trip splits its full fare into what the holder pays, what an authority pays for a concession, and what the
operator forgoes for transfers and caps; the four always add up to the full fare.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from codeservice.city import city_day
from codeservice.entitlement import Fare
from codeservice.policy import Cents, Count, Part, Text

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=20, pattern="^[a-z0-9-]+$")]
"""Identifier of a line, a stop or a paying authority: small letters, digits and dashes."""

FareClass = Literal["adult", "student", "senior_half", "senior_free", "child", "disabled", "veteran", "blood_donor"]
"""How documents name the fare classes of `entitlement.Fare`."""

Way = Literal["ride", "in", "out"]
"""What a tap is: a ride on a line with a flat fare, or boarding and leaving on a line with fares by distance."""

MOST_COMPANIONS = 9
LONGEST_TRIP = 12 * 3600
"""Seconds that no policy may exceed between tap in and tap out."""

NOBODY = ""
"""The payer of a subsidy of nothing."""


class FlatFare(Part, frozen=True, tag="flat", tag_field="kind"):
    """Every ride costs the same."""

    cents: Cents


class Step(Part, frozen=True):
    """Rides up to and including so many metres cost `cents`."""

    up_to: Count
    cents: Cents


class DistanceFare(Part, frozen=True, tag="distance", tag_field="kind"):
    """A ride costs what the step of its distance says; the last step covers the whole line."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for a table that does not rise."""
        reach = [step.up_to for step in self.steps]
        if not reach or reach != sorted(set(reach)):
            raise ValueError("steps: at least one, each reaching farther than the one before")

    def of(self, metres: int) -> int:
        """Return the fare of a distance."""
        at = bisect_left([step.up_to for step in self.steps], metres)
        return self.steps[min(at, len(self.steps) - 1)].cents


class Stop(Part, frozen=True):
    """A stop and how many metres it lies behind the first stop of its line."""

    id: Identifier
    title: Text
    metres: Count = 0


class Line(Part, frozen=True):
    """A line: its stops in their order, its fares, and the places whose validators serve it when they do not say."""

    id: Identifier
    title: Text
    fare: FlatFare | DistanceFare
    stops: tuple[Stop, ...] = ()
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for stops that are no line."""
        if len({stop.id for stop in self.stops}) != len(self.stops):
            raise ValueError(f"lines: {self.id}: a stop stands there twice")
        if not isinstance(self.fare, DistanceFare):
            return
        metres = [stop.metres for stop in self.stops]
        if len(metres) < 2 or metres != sorted(metres):  # noqa: PLR2004 -- a line has two ends
            raise ValueError(f"lines: {self.id}: fares by distance need two stops or more, in the order of the line")
        if self.fare.steps[-1].up_to < metres[-1] - metres[0]:
            raise ValueError(f"lines: {self.id}: the last step must reach from the first stop to the last")

    def stop(self, id_: str) -> Stop | None:
        """Return a stop."""
        return next((stop for stop in self.stops if stop.id == id_), None)

    def full(self, stop: str, other: str | None) -> int:
        """Return the full fare between two stops; with None the highest from, or to, `stop`."""
        if isinstance(self.fare, FlatFare):
            return self.fare.cents
        here, there = self.stop(stop), None if other is None else self.stop(other)
        if here is None:
            return max(step.cents for step in self.fare.steps)
        if there is None:
            return max(self.fare.of(abs(each.metres - here.metres)) for each in self.stops)
        return self.fare.of(abs(there.metres - here.metres))


class Share(Part, frozen=True):
    """What a rider pays of the full fare: `percent` of it, rounded down to a fen, or `cents` at most.

    `payer` names the authority that pays the rest to the operator.
    """

    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    cents: Cents | None = None
    payer: Annotated[str, msgspec.Meta(max_length=20, pattern="^[a-z0-9-]*$")] = NOBODY

    def __post_init__(self) -> None:
        """Raise ValueError unless exactly one of the two stands there, and somebody pays the rest."""
        if (self.percent is None) is (self.cents is None):
            raise ValueError("a share is either percent or cents")
        if self.percent != 100 and not self.payer:  # noqa: PLR2004 -- all of it
            raise ValueError("who pays less than the full fare needs a payer of the rest")

    def of(self, full: int) -> int:
        """Return what is paid of a full fare."""
        return min(full, self.cents or 0) if self.percent is None else full * self.percent // 100


class Companions(Share, frozen=True, kw_only=True):
    """What each of at most `most` companions of the holder pays, who ride on the holder's code."""

    most: Annotated[int, msgspec.Meta(ge=1, le=MOST_COMPANIONS)]


class Concession(Share, frozen=True):
    """What a fare class pays; `daily_cap` is the most that its holder pays for own rides on one day."""

    daily_cap: Cents | None = None
    companions: Companions | None = None


class Transfer(Part, frozen=True):
    """A ride on another line within `seconds` of the ride before costs `percent` or `cents` less.

    Counted from the tap out of the ride before, where it has one; `most` is how many in a row.
    """

    seconds: Annotated[int, msgspec.Meta(ge=1, le=4 * 3600)]
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    cents: Cents | None = None
    most: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1

    def __post_init__(self) -> None:
        """Raise ValueError unless exactly one of the two stands there."""
        if (self.percent is None) is (self.cents is None):
            raise ValueError("transfer: either percent or cents")

    def of(self, fare: int) -> int:
        """Return the discount on a fare that would be paid."""
        return min(fare, self.cents or 0) if self.percent is None else fare * self.percent // 100


class Tariff(Part, frozen=True):
    """What an operator charges. Empty means no: without lines and classes nobody is carried.

    `line` is the line of a validator whose place no line names. `otherwise` is the class as which a holder rides whose
    class stands nowhere here; without it they are not entitled. `same_tap` is in seconds, `longest_trip` the most
    seconds between tap in and tap out.
    """

    operator: Text | None = None
    lines: tuple[Line, ...] = ()
    line: str = ""
    classes: dict[FareClass, Concession] = msgspec.field(default_factory=dict)
    otherwise: FareClass | None = None
    transfer: Transfer | None = None
    same_tap: Annotated[int, msgspec.Meta(ge=0, le=300)] = 3
    longest_trip: Annotated[int, msgspec.Meta(ge=60, le=LONGEST_TRIP)] = 3 * 3600

    def __post_init__(self) -> None:
        """Raise ValueError for names that stand for nothing, or for two things."""
        if len({line.id for line in self.lines}) != len(self.lines):
            raise ValueError("lines: a line stands there twice")
        places = [place for line in self.lines for place in line.places]
        if len(set(places)) != len(places):
            raise ValueError("lines: a place belongs to one line")
        if self.line and self.find_line(self.line) is None:
            raise ValueError("line: no such line")
        if self.otherwise is not None and self.otherwise not in self.classes:
            raise ValueError("otherwise: no such class")

    def find_line(self, id_: str) -> Line | None:
        """Return a line."""
        return next((line for line in self.lines if line.id == id_), None)

    def line_at(self, named: str, place: str) -> Line | None:
        """Return the line that a validator has named, or the one of its place; None when there is none."""
        if named:
            return self.find_line(named)
        mine = next((line for line in self.lines if place in line.places), None)
        return mine or self.find_line(self.line)

    def class_of(self, number: int | None) -> FareClass | None:
        """Return the class as which a grant's number rides; None for who has none, or none that is carried."""
        if number is None or number <= 0:
            return None
        name = next((name for name in self.classes if Fare[name.upper()] == number), None)
        return name or self.otherwise


class TripKind(StrEnum):
    """What became of taps. Values are those of statements: added, never renamed."""

    RIDE = "ride"
    MATCHED = "matched"
    MISSING_OUT = "missing_out"
    MISSING_IN = "missing_in"
    SAME_TAP = "same_tap"
    UNRATED = "unrated"


@dataclass(frozen=True)
class Tap:
    """One accepted tap. `policy` is the version that decided; `line` and `stop` are empty where nobody said them."""

    id: str
    at: int
    place: str
    operator: str
    policy: str
    fare_class: str
    line: str = ""
    stop: str = ""
    way: str = "ride"
    companions: int = 0

    @property
    def order(self) -> tuple[int, str]:
        """What taps are ordered by."""
        return self.at, self.id


def tap_of(  # noqa: PLR0913 -- one tap
    id_: str, at: int, place: str, effect: Mapping[str, Any], *, operator: str = "", policy: str = ""
) -> Tap:
    """Return the tap that an acceptance recorded; one of an earlier version of this program named no line."""
    return Tap(
        id_,
        at,
        place,
        operator,
        policy,
        str(effect.get("fare_class", "")),
        str(effect.get("line", "")),
        str(effect.get("stop", "")),
        str(effect.get("way", "ride")),
        int(effect.get("companions", 0)),
    )


@dataclass(frozen=True)
class Trip:
    """One ride with its fares in fen; `tap` is its first tap, `out` the tap out of a matched one.

    `full` is that of all riders on the code. Of a tap that was no ride of its own, or that no tariff knows, every
    amount is 0.
    """

    kind: TripKind
    tap: Tap
    line: str
    out: Tap | None = None
    full: int = 0
    subsidy: int = 0
    payer: str = NOBODY
    companion_subsidy: int = 0
    companion_payer: str = NOBODY
    transfer: int = 0
    cap: int = 0
    paid: int = 0


def rate(taps: Iterable[Tap], tariffs: Mapping[str, Tariff]) -> list[Trip]:
    """Rate the taps of one holder, each under the tariff of its policy; returns the trips in the order of their taps.

    Every tap is in exactly one trip. Operators do not see each other: transfers and caps are among the lines of one.
    """
    ordered = sorted(taps, key=lambda tap: tap.order)
    trips: list[Trip] = []
    for operator in sorted({tap.operator for tap in ordered}):
        mine = [tap for tap in ordered if tap.operator == operator]
        trips += _priced(_Matching(tariffs).match(mine), tariffs)
    return sorted(trips, key=lambda trip: trip.tap.order)


@dataclass
class _Matching:
    """Taps of one holder at one operator become trips. `aboard` is the tap in that waits for its tap out."""

    tariffs: Mapping[str, Tariff]
    counted: dict[tuple[str, str, str], int] = field(default_factory=dict)
    aboard: Trip | None = None
    left: Trip | None = None

    def match(self, taps: Iterable[Tap]) -> list[Trip]:
        """Return trips without amounts."""
        found: list[Trip] = []
        for tap in taps:
            trip = self._next(tap)
            if trip.kind is TripKind.MATCHED:
                found = [each for each in found if each.tap is not trip.tap]
            found.append(trip)
        return found

    def _next(self, tap: Tap) -> Trip:
        tariff = self.tariffs.get(tap.policy)
        line = None if tariff is None else tariff.line_at(tap.line, tap.place)
        if tariff is None or line is None or not is_rated(tap, tariff, line):
            return Trip(TripKind.UNRATED, tap, tap.line if line is None else line.id)
        act = (tap.place, line.id, tap.way)
        before = self.counted.get(act)
        if before is not None and tap.at - before < tariff.same_tap:
            return Trip(TripKind.SAME_TAP, tap, line.id)
        self.counted[act] = tap.at
        if tap.way == "out":
            return self._leave(tap, tariff, line)
        # Who boards again has left the vehicle before.
        self.aboard = self.left = None
        if tap.way == "ride":
            return Trip(TripKind.RIDE, tap, line.id)
        self.aboard = Trip(TripKind.MISSING_OUT, tap, line.id)
        return self.aboard

    def _leave(self, tap: Tap, tariff: Tariff, line: Line) -> Trip:
        aboard, left = self.aboard, self.left
        if aboard is not None and aboard.line == line.id and tap.at - aboard.tap.at <= tariff.longest_trip:
            self.aboard, self.left = None, replace(aboard, kind=TripKind.MATCHED, out=tap)
            return self.left
        # Who holds the phone there once more while leaving has left once.
        there = left is not None and left.out is not None and (left.line, left.out.stop) == (line.id, tap.stop)
        if there and left is not None and tap.at - left.tap.at <= tariff.longest_trip:
            return Trip(TripKind.SAME_TAP, tap, line.id)
        return Trip(TripKind.MISSING_IN, tap, line.id)


def is_rated(tap: Tap, tariff: Tariff, line: Line) -> bool:
    """Whether a tariff knows the stop, the way and the class of a tap on one of its lines."""
    if tap.fare_class not in tariff.classes:
        return False
    if isinstance(line.fare, FlatFare):
        return tap.way == "ride" and (not tap.stop or line.stop(tap.stop) is not None)
    return tap.way != "ride" and line.stop(tap.stop) is not None


def _priced(trips: Iterable[Trip], tariffs: Mapping[str, Tariff]) -> Iterator[Trip]:
    """Put the amounts into the trips of one holder at one operator."""
    paid: dict[str, int] = {}
    before: tuple[str, int, int] | None = None
    for trip in sorted(trips, key=lambda trip: trip.tap.order):
        if trip.kind in {TripKind.SAME_TAP, TripKind.UNRATED}:
            yield trip
            continue
        tap, tariff = trip.tap, tariffs[trip.tap.policy]
        line = tariff.find_line(trip.line)
        concession = next((rule for name, rule in tariff.classes.items() if name == tap.fare_class), None)
        if line is None or concession is None:
            raise LookupError("a trip is rated under the tariff that has matched it")
        fare = line.full(tap.stop, None if trip.out is None else trip.out.stop)
        own = concession.of(fare)
        discount, row = _transfer(trip, tariff.transfer, before, own)
        day = city_day(tap.at)
        left = own - discount if concession.daily_cap is None else max(0, concession.daily_cap - paid.get(day, 0))
        due = min(own - discount, left)
        paid[day] = paid.get(day, 0) + due
        before = trip.line, tap.at if trip.out is None else trip.out.at, row
        rule = concession.companions
        covered = 0 if rule is None else min(tap.companions, rule.most)
        share = 0 if rule is None else rule.of(fare) * covered
        companions = share + fare * (tap.companions - covered)
        yield replace(
            trip,
            full=fare * (1 + tap.companions),
            subsidy=fare - own,
            payer=concession.payer if fare > own else NOBODY,
            companion_subsidy=fare * covered - share,
            companion_payer=rule.payer if rule is not None and fare * covered > share else NOBODY,
            transfer=discount,
            cap=own - discount - due,
            paid=due + companions,
        )


def _transfer(trip: Trip, rule: Transfer | None, before: tuple[str, int, int] | None, own: int) -> tuple[int, int]:
    """Return the discount, and the how many-th transfer in a row this trip is; 0 for none."""
    if rule is None or before is None or trip.kind not in {TripKind.RIDE, TripKind.MATCHED}:
        return 0, 0
    line, ended, row = before
    if line == trip.line or not 0 <= trip.tap.at - ended <= rule.seconds or row >= rule.most:
        return 0, 0
    return rule.of(own), row + 1
