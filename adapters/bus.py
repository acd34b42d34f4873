"""The bus: fare classes with concessions, flat fares and fares by distance, transfers, a daily cap, companions.

What a ride costs follows from all taps of the holder (`codeservice.tariff`). The tap shows what is known at that
moment: at the service all that came in so far, on a validator what it has seen itself, which is then provisional.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.city import city_date, midnight
from codeservice.entitlement import Entitlement, Fare
from codeservice.errors import Rejected, UnprocessableError
from codeservice.policy import OfflinePolicy, ScenePolicy, Text
from codeservice.reason import Reason, Words
from codeservice.scan import Earlier, Verified
from codeservice.scene import SCENES
from codeservice.tariff import (
    MOST_COMPANIONS,
    Companions,
    Concession,
    FareClass,
    FlatFare,
    Line,
    Tap,
    Tariff,
    Trip,
    TripKind,
    Way,
    rate,
    tap_of,
)

FULL_FARE = 200
"""Fen of a ride in a city that has put no tariff in force."""

TITLES = {
    Fare.ADULT: Words("成人", "Adult"),
    Fare.STUDENT: Words("学生", "Student"),
    Fare.SENIOR_HALF: Words("长者半价", "Senior, half fare"),
    Fare.SENIOR_FREE: Words("长者免费", "Senior, free"),
    Fare.CHILD: Words("儿童免费", "Child, free"),
    Fare.DISABLED: Words("残疾人免费", "Disabled, free"),
    Fare.VETERAN: Words("优抚对象", "Veteran"),
    Fare.BLOOD_DONOR: Words("无偿献血者", "Blood donor"),
}

_THIS = "~"
"""Identifier of the tap that is being decided: behind every other one of its second."""

_IN_FORCE = ""
"""The policy of every tap while one is decided: the one in force now."""

_Name = Annotated[str, msgspec.Meta(max_length=20)]
_Persons = Annotated[int, msgspec.Meta(ge=0, le=MOST_COMPANIONS)]


class BusBody(ScanBody, frozen=True, forbid_unknown_fields=True):
    """What a validator says beside the code: its line and stop, what the tap is, and how many ride along on the code.

    Without a line it is the one of the place.
    """

    line: _Name = ""
    stop: _Name = ""
    way: Way = "ride"
    companions: _Persons = 0


class BusEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """The fare class, and what this tap costs in fen as far as it was known; what counts is rated from all taps.

    `counted` is false for a tap that was the same as one before. `provisional` says that only this terminal's own
    memory was asked.
    """

    fare_class: _Name
    fare_cents: int
    counted: bool
    line: _Name = ""
    stop: _Name = ""
    way: Way = "ride"
    companions: _Persons = 0
    transfer: bool = False
    capped: bool = False
    provisional: bool = False


Note = Literal["ride", "same_tap", "tap_in", "tap_out", "transfer", "cap"]

NOTES: dict[str, Words] = {
    "ride": Words("计次", "counted"),
    "same_tap": Words("同一次刷码，不重复扣费", "same tap, charged once"),
    "tap_in": Words("上车已记录，下车请再刷码", "boarding recorded; tap again when leaving"),
    "tap_out": Words("下车已记录，车费稍后结算", "tap out remembered; the fare is settled later"),
    "transfer": Words("换乘优惠", "transfer discount"),
    "cap": Words("已达当日封顶", "daily cap reached"),
}
"""What a driver reads of a tap."""


class BusDetails(Details, frozen=True):
    """What a driver sees: the fare class, the fare in fen and what the tap was; nothing about who it is."""

    fare_class: str
    fare_title: Words
    fare_cents: int
    counted: bool
    note: Note = "ride"
    note_title: Words = NOTES["ride"]
    line_title: Words | None = None
    companions: int = 0
    provisional: bool = False


class BusPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says: the common part, and the tariff of the operator."""

    tariff: Tariff = Tariff()


class Bus:
    """Rides on the lines of one operator."""

    scene = SCENES["bus"]
    policy = BusPolicy
    default = BusPolicy(
        kinds=frozenset({"device", "served"}),
        with_document=frozenset({"paper"}),
        offline=OfflinePolicy(
            list_age=24 * 3600,
            let_pass=True,
            advice=Text(zh="请先乘车，本次已记录", en="Let them ride; this tap is on record"),
            holder_limit=40,
            terminal_limit=50_000,
        ),
        tariff=Tariff(
            lines=(Line(id="city", title=Text(zh="市区线路", en="City lines"), fare=FlatFare(cents=FULL_FARE)),),
            line="city",
            classes={
                "adult": Concession(percent=100),
                "student": Concession(percent=50, payer="education"),
                "senior_half": Concession(percent=50, payer="civil-affairs"),
                "senior_free": Concession(percent=0, payer="civil-affairs"),
                "child": Concession(percent=0, payer="civil-affairs"),
                "disabled": Concession(
                    percent=0,
                    payer="disabled-federation",
                    companions=Companions(percent=0, payer="disabled-federation", most=1),
                ),
                "veteran": Concession(percent=0, payer="veterans-affairs"),
                "blood_donor": Concession(percent=0, payer="health-commission"),
            },
        ),
    )
    body = BusBody
    effect = BusEffect
    details = BusDetails

    def decide(
        self, verified: Verified, body: BusBody, ledger: Ledger, policy: BusPolicy, now: int
    ) -> Mapping[str, object]:
        """Book a tap. A grant without a fare class that is carried is not entitled: empty means no.

        Raises UnprocessableError when the tariff does not know the line, the stop or the way: the validator is set
        wrongly, and the code is as good as before.
        """
        tariff = policy.tariff
        line = _line(tariff, body, ledger.place)
        class_ = tariff.class_of(verified.grant.entitlements.get(Entitlement.FARE))
        if class_ is None:
            raise Rejected(Reason.NOT_ENTITLED)
        _require_companions(tariff, class_, body.companions)
        tap = Tap(
            _THIS, now, ledger.place, "", _IN_FORCE, class_, line.id, body.stop, body.way, companions=body.companions
        )
        # A trip may have begun before midnight.
        earlier = ledger.earlier(midnight(city_date(now) - timedelta(days=1)))
        trip = _trip_of(tap, earlier, tariff)
        shown = _shown(trip, tap, whole=earlier.whole)
        return {
            "fare_class": class_,
            "fare_cents": shown,
            "counted": trip.kind is not TripKind.SAME_TAP,
            "line": line.id,
            "stop": body.stop,
            "way": body.way,
            "companions": body.companions,
            "transfer": trip.transfer > 0,
            "capped": trip.cap > 0 and body.way != "in",
            "provisional": not earlier.whole,
        }

    def settle(self, _effect: BusEffect, _ledger: Ledger, _now: int) -> None:
        """Leave it as it is: a ride that was ridden counts, and what it costs is rated from all taps."""

    def reply(
        self, effect: Mapping[str, Any], _disclosed: Mapping[str, Any], policy: BusPolicy
    ) -> tuple[Words, BusDetails]:
        """Say the fare class."""
        title = title_of(effect["fare_class"])
        line = policy.tariff.find_line(effect.get("line", ""))
        note = _note(effect)
        return title, BusDetails(
            effect["fare_class"],
            title,
            effect["fare_cents"],
            effect["counted"],
            note,
            NOTES[note],
            None if line is None else line.title.words,
            effect.get("companions", 0),
            effect.get("provisional", False),
        )


def title_of(fare_class: str) -> Words:
    """Return the words of a fare class; one that this version does not know is shown as it is."""
    try:
        return TITLES[Fare[fare_class.upper()]]
    except KeyError:
        return Words(fare_class, fare_class)


def _line(tariff: Tariff, body: BusBody, place: str) -> Line:
    line = tariff.line_at(body.line, place)
    if line is None:
        raise UnprocessableError("line_not_known")
    if isinstance(line.fare, FlatFare) is not (body.way == "ride"):
        raise UnprocessableError("way_not_of_line")
    if line.stop(body.stop) is None and (body.stop or body.way != "ride"):
        raise UnprocessableError("stop_not_of_line")
    return line


def _require_companions(tariff: Tariff, class_: FareClass, companions: int) -> None:
    rule = tariff.classes[class_].companions
    if companions and rule is None:
        raise Rejected(Reason.NOT_ENTITLED)
    if rule is not None and companions > rule.most:
        raise Rejected(Reason.LIMIT_REACHED)


def _trip_of(tap: Tap, earlier: Earlier, tariff: Tariff) -> Trip:
    before = [tap_of(entry.id, entry.at, entry.place, entry.effect) for entry in earlier.acceptances]
    trips = rate([*before, tap], {_IN_FORCE: tariff})
    return next(trip for trip in trips if tap in (trip.tap, trip.out))


def _shown(trip: Trip, tap: Tap, *, whole: bool) -> int:
    """Return what a tap costs as far as it is known: boarding costs nothing yet, leaving may be unknown here."""
    if tap.way == "in" or (trip.kind is TripKind.MISSING_IN and not whole):
        return 0
    return trip.paid


def _note(effect: Mapping[str, Any]) -> Note:
    if not effect["counted"]:
        return "same_tap"
    if effect.get("way") == "in":
        return "tap_in"
    if effect.get("way") == "out" and effect.get("provisional") and not effect["fare_cents"]:
        return "tap_out"
    if effect.get("capped"):
        return "cap"
    return "transfer" if effect.get("transfer") else "ride"
