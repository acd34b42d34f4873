"""The bus: a fare class, a fare, and one tap however often the validator reads it within three seconds."""

from collections.abc import Mapping
from typing import Any

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.entitlement import Entitlement, Fare
from codeservice.errors import Rejected
from codeservice.policy import OfflinePolicy, ScenePolicy, Text
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES

TAP_SECONDS = 3
"""A second code of the same holder at the same place within this time is the same tap."""

FULL_FARE = 200
"""Fen of a ride of the city's flat fare."""

FARES = {
    Fare.ADULT: FULL_FARE,
    Fare.STUDENT: FULL_FARE // 2,
    Fare.SENIOR_HALF: FULL_FARE // 2,
    Fare.SENIOR_FREE: 0,
    Fare.CHILD: 0,
    Fare.DISABLED: 0,
}

TITLES = {
    Fare.ADULT: Words("成人", "Adult"),
    Fare.STUDENT: Words("学生", "Student"),
    Fare.SENIOR_HALF: Words("长者半价", "Senior, half fare"),
    Fare.SENIOR_FREE: Words("长者免费", "Senior, free"),
    Fare.CHILD: Words("儿童免费", "Child, free"),
    Fare.DISABLED: Words("残疾人免费", "Disabled, free"),
}


class BusEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """The fare class, what the ride costs in fen, and whether it was a ride of its own."""

    fare_class: str
    fare_cents: int
    counted: bool


class BusDetails(Details, frozen=True):
    """What a driver sees: the fare class and the fare in fen; nothing about who it is."""

    fare_class: str
    fare_title: Words
    fare_cents: int
    counted: bool


class BusPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says; the common part, for now."""


class Bus:
    """Rides on a line with a flat fare."""

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
    )
    body = ScanBody
    effect = BusEffect
    details = BusDetails

    def decide(
        self, verified: Verified, _body: ScanBody, ledger: Ledger, _policy: BusPolicy, now: int
    ) -> Mapping[str, object]:
        """Book a ride. A grant without a fare class is not entitled: empty means no."""
        fare = _fare(verified)
        counted = ledger.first_within(f"tap:{ledger.place}", TAP_SECONDS, now)
        return {"fare_class": fare.name.lower(), "fare_cents": FARES[fare] if counted else 0, "counted": counted}

    def settle(self, _effect: BusEffect, _ledger: Ledger, _now: int) -> None:
        """Leave it as it is: a ride that was ridden counts, and there is no bound to rides."""

    def reply(
        self, effect: Mapping[str, Any], _disclosed: Mapping[str, Any], _policy: BusPolicy
    ) -> tuple[Words, BusDetails]:
        """Say the fare class."""
        title = TITLES[Fare[effect["fare_class"].upper()]]
        return title, BusDetails(effect["fare_class"], title, effect["fare_cents"], effect["counted"])


def _fare(verified: Verified) -> Fare:
    try:
        return Fare(verified.grant.entitlements[Entitlement.FARE])
    except (KeyError, ValueError) as error:
        raise Rejected(Reason.NOT_ENTITLED) from error
