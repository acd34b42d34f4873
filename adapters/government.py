"""The government hall: a queue number of the day, and the name as far as consent goes."""

from collections.abc import Mapping
from typing import Any

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.city import city_day
from codeservice.errors import Rejected
from codeservice.policy import ScenePolicy
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES

NUMBERS_A_DAY = 999


class GovernmentEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """The number that was drawn."""

    queue_number: str


class GovernmentDetails(Details, frozen=True):
    """What a queue machine shows."""

    name: str
    queue_number: str


class GovernmentPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says; the common part, for now."""


class Government:
    """A queue machine in a government hall."""

    scene = SCENES["government"]
    policy = GovernmentPolicy
    default = GovernmentPolicy(
        kinds=frozenset({"device", "served", "digit"}),
        with_document=frozenset({"paper"}),
        discloses=dict.fromkeys(SCENES["government"].attributes, "full"),
    )
    body = ScanBody
    effect = GovernmentEffect
    details = GovernmentDetails

    def decide(
        self, _verified: Verified, _body: ScanBody, ledger: Ledger, _policy: GovernmentPolicy, now: int
    ) -> Mapping[str, object]:
        """Draw the next number of the day."""
        left = ledger.take_shared(f"queue:{city_day(now)}", 1, NUMBERS_A_DAY)
        if left is None:
            raise Rejected(Reason.CAPACITY_REACHED)
        return {"queue_number": f"A{NUMBERS_A_DAY - left:03d}"}

    def settle(self, _effect: GovernmentEffect, _ledger: Ledger, _now: int) -> None:
        """Leave it as it is: a hall draws no numbers without the service, or two machines would draw the same."""

    def reply(
        self, effect: Mapping[str, Any], disclosed: Mapping[str, Any], _policy: GovernmentPolicy
    ) -> tuple[Words, GovernmentDetails]:
        """Say the number."""
        number = effect["queue_number"]
        return Words(f"您的号码 {number}", f"Your number is {number}"), GovernmentDetails(
            disclosed.get("name", ""), number
        )
