"""A place whose scene is made of data alone: its policy says who may pass, when, how often, and what it costs.

A library, a museum, the gate of a community, the entrance of a car park: none of them has code of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from adapters.contract import Details, Effect, Ledger, ScanBody
from adapters.presence import inside, move
from codeservice.city import city_day
from codeservice.condition import Code, PriceRow, require_codes, row_for
from codeservice.errors import Rejected
from codeservice.hours import Hours
from codeservice.policy import Count, Part, ScenePolicy, Text
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES
from codeservice.stay import Stay, stay_cents

NO_BOUND = 1_000_000_000

Passage = Literal["enter", "leave", "single"]
"""Whether people enter and leave apart, or pass once: a desk, a lending counter."""

Period = Literal["day", "month", "year"]

TITLES: dict[str, Words] = {
    "enter": Words("欢迎", "Welcome"),
    "leave": Words("再见", "Goodbye"),
    "single": Words("通过", "Accepted"),
}
"""What a screen says where the policy has no words of its own."""


class Admission(PriceRow, frozen=True, kw_only=True):
    """One row of `admits`: whom it lets pass, at which price, and what a stay costs at the end of it."""

    stay: Stay | None = None


class Limit(Part, frozen=True):
    """How often one holder enters in a day, month or year of the calendar."""

    period: Period
    entries: Count


class VenuePolicy(ScenePolicy, frozen=True):
    """What a policy of such a place says.

    The first row of `admits` whose condition holds lets the holder pass and names the price; without a row nobody
    does. `passages` are the ways through that the place has. `limits` bound the entries of one holder. `inside_limit`
    and `day_limit` bound people inside and entries in a day; null is no bound. `twice` lets somebody enter who has not
    left, `overnight` counts people who are inside at midnight on. `words` are what the screen says after each passage.
    `posters` says which posters holders may scan here themselves: none, those on a screen, or printed ones too;
    `confirm_here` asks the phone to have compared its location, which it tells nobody.
    """

    admits: tuple[Admission, ...] = ()
    passages: frozenset[Passage] = frozenset()
    hours: Hours = Hours()
    limits: tuple[Limit, ...] = ()
    inside_limit: Count | None = None
    day_limit: Count | None = None
    twice: bool = False
    overnight: bool = False
    posters: Literal["none", "screen", "printed"] = "none"
    confirm_here: bool = False
    words: dict[Passage, Text] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ValueError for what contradicts itself."""
        super().__post_init__()
        require_codes(self.admits, "admits")
        periods = [limit.period for limit in self.limits]
        if len(periods) != len(set(periods)):
            raise ValueError("limits: one for each period")
        if "leave" not in self.passages and (self.inside_limit is not None or any(row.stay for row in self.admits)):
            raise ValueError("who is inside, and for how long, is known only where people leave by a scan")
        if "leave" in self.passages and "enter" not in self.passages:
            raise ValueError("passages: nobody leaves who has not entered")

    @property
    def counts_holders(self) -> bool:
        """A phone has many codes, which only the service knows for one holder's."""
        return bool(self.limits) or "leave" in self.passages


class VenueBody(ScanBody, frozen=True, forbid_unknown_fields=True):
    """A scan, and which way the holder passes; left out where the place has one way."""

    passage: Passage | None = None


class VenueEffect(Effect, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One passage: the row that let it happen, its price in fen, and what the statement of a day needs.

    `entered` (epoch seconds) and `minutes` are of a stay that ended; null where this place did not see it begin. `day`
    is the day counted, `inside` how many were in then, and `entries` the holder's bound of that day.
    """

    passage: Passage
    code: Code
    price_cents: int
    day: str
    periods: tuple[Period, ...] = ()
    entries: int | None = None
    overnight: bool = False
    entered: int | None = None
    minutes: int | None = None
    inside: int | None = None
    stay: Stay | None = None


class VenueDetails(Details, frozen=True):
    """What the screen shows: which way, under which rule, the price in fen with its reason, and how full it is."""

    passage: str
    title: Words
    explained: Words | None
    price_cents: int
    minutes: int | None
    inside: int | None
    inside_limit: int | None
    name: str | None


class Venue:
    """Any place whose scene is data."""

    scene = SCENES["venue"]
    policy = VenuePolicy
    default = VenuePolicy()
    body = VenueBody
    effect = VenueEffect
    details = VenueDetails

    def decide(
        self, verified: Verified, body: VenueBody, ledger: Ledger, policy: VenuePolicy, now: int
    ) -> Mapping[str, object]:
        """Let the holder pass under the policy. Who leaves is let out at any hour."""
        passage = _passage(body, policy)
        row = row_for(policy.admits, verified.grant.entitlements)
        if passage == "leave":
            return _leave(row, ledger, policy, now)
        if row is None:
            raise Rejected(Reason.NOT_ENTITLED)
        if not policy.hours.is_open(now):
            raise Rejected(Reason.CLOSED)
        once = passage == "enter" and not policy.twice and "leave" in policy.passages
        if once and inside(ledger, _stretch(policy.overnight, now)) > 0:
            raise Rejected(Reason.LIMIT_REACHED)
        bounds = {limit.period: limit.entries for limit in policy.limits}
        for period, name in _counters(ledger, bounds, now):
            if ledger.take(name, 1, bounds.get(period, NO_BOUND)) is None:
                raise Rejected(Reason.LIMIT_REACHED)
        _admit(ledger, _smaller(policy.day_limit, ledger.capacity()), now)
        effect: dict[str, object] = {
            "passage": passage,
            "code": row.code,
            "price_cents": row.cents,
            "day": city_day(now),
            "periods": sorted(bounds),
            "overnight": policy.overnight,
        }
        if "day" in bounds:
            effect["entries"] = bounds["day"]
        if passage == "enter" and "leave" in policy.passages:
            effect["inside"] = _enter(ledger, policy, now)
        return effect

    def settle(self, effect: VenueEffect, ledger: Ledger, now: int) -> int | None:
        """Book a passage that a terminal let happen."""
        stretch = _stretch(effect.overnight, now)
        if effect.passage == "leave":
            move(ledger, stretch, -1, NO_BOUND)
            return None
        for _period, name in _counters(ledger, dict.fromkeys(effect.periods, 0), now):
            ledger.take(name, 1, NO_BOUND)
        ledger.take_shared(_entered(now), 1, NO_BOUND)
        if effect.inside is not None:
            ledger.first_within(f"entered:{ledger.place}", 0, now)
            move(ledger, stretch, 1, NO_BOUND)
        return effect.entries

    def reply(
        self, effect: Mapping[str, Any], disclosed: Mapping[str, Any], policy: VenuePolicy
    ) -> tuple[Words, VenueDetails]:
        """Say what was booked, in the policy's own words where it has some."""
        passage, code = effect["passage"], effect["code"]
        row = next((row for row in policy.admits if row.code == code), None)
        words = policy.words.get(passage)
        return TITLES[passage] if words is None else words.words, VenueDetails(
            passage=passage,
            title=Words(code, code) if row is None else row.title.words,
            explained=None if row is None or row.explained is None else row.explained.words,
            price_cents=effect["price_cents"],
            minutes=effect.get("minutes"),
            inside=effect.get("inside"),
            inside_limit=policy.inside_limit,
            name=disclosed.get("name"),
        )


def _passage(body: VenueBody, policy: VenuePolicy) -> Passage:
    chosen = body.passage
    if chosen is None and len(policy.passages) == 1:
        (chosen,) = policy.passages
    if chosen is None or chosen not in policy.passages:
        # Nobody guesses which way a gate lets people through: its operator sets it.
        raise Rejected(Reason.TERMINAL_NOT_ALLOWED if policy.admits else Reason.NOT_ENTITLED)
    return chosen


def _leave(row: Admission | None, ledger: Ledger, policy: VenuePolicy, now: int) -> dict[str, object]:
    entered = ledger.last_at(f"entered:{ledger.place}")
    stretch = _stretch(policy.overnight, now)
    if inside(ledger, stretch) <= 0:
        # Not seen to enter: nothing is charged, and nobody is kept in.
        entered = None
    stay = None if row is None else row.stay
    effect: dict[str, object] = {
        "passage": "leave",
        "code": "other" if row is None else row.code,
        "price_cents": 0 if stay is None or entered is None else stay_cents(stay, now - entered),
        "day": city_day(now),
        "overnight": policy.overnight,
        "inside": move(ledger, stretch, -1, NO_BOUND),
    }
    if stay is not None:
        effect["stay"] = msgspec.to_builtins(stay)
    if entered is not None:
        effect |= {"entered": entered, "minutes": (now - entered) // 60}
    return effect


def _enter(ledger: Ledger, policy: VenuePolicy, now: int) -> int:
    ledger.first_within(f"entered:{ledger.place}", 0, now)
    limit = NO_BOUND if policy.inside_limit is None else policy.inside_limit
    within = move(ledger, _stretch(policy.overnight, now), 1, limit)
    if within is None:
        raise Rejected(Reason.CAPACITY_REACHED)
    return within


def _admit(ledger: Ledger, limit: int | None, now: int) -> None:
    if ledger.take_shared(_entered(now), 1, NO_BOUND if limit is None else limit) is None:
        raise Rejected(Reason.CAPACITY_REACHED)


def _counters(ledger: Ledger, periods: Mapping[Period, int], now: int) -> Iterator[tuple[Period, str]]:
    """Name the holder's counters, in one order."""
    day = city_day(now)
    spans: dict[Period, str] = {"day": day, "month": day[:7], "year": day[:4]}
    for period, span in spans.items():
        if period in periods:
            yield period, f"entries:{ledger.place}:{span}"


def _entered(now: int) -> str:
    return f"entered:{city_day(now)}"


def _stretch(overnight: bool, now: int) -> str:  # noqa: FBT001 -- a value of the policy
    """Name the time over which people inside are counted: a day, or always."""
    return "always" if overnight else city_day(now)


def _smaller(first: int | None, second: int | None) -> int | None:
    bounds = [bound for bound in (first, second) if bound is not None]
    return min(bounds, default=None)
