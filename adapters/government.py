"""The government hall: a queue number for a service, and the name as far as consent goes."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

import msgspec

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.city import city_day
from codeservice.errors import Rejected, UnprocessableError
from codeservice.hall import (
    STANDARD_REVIEWS,
    STANDARD_SERVICES,
    STANDARD_WINDOWS,
    Form,
    HallRules,
    HallService,
    HallWindow,
    ReviewRule,
    require_sound,
)
from codeservice.policy import ScenePolicy
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES


class GovernmentBody(ScanBody, frozen=True, forbid_unknown_fields=True):
    """A code, and the service that its holder has chosen; without one it is the first of the policy."""

    service: Annotated[str, msgspec.Meta(max_length=20)] = ""


class GovernmentEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """The number that was drawn, and for which service."""

    queue_number: str
    service: str = ""


class GovernmentDetails(Details, frozen=True):
    """What a queue machine shows and prints."""

    name: str
    queue_number: str
    service_title: Words | None = None


class GovernmentPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says: services with their numbers, windows, forms and reviews."""

    services: Annotated[tuple[HallService, ...], msgspec.Meta(min_length=1)] = STANDARD_SERVICES
    windows: tuple[HallWindow, ...] = STANDARD_WINDOWS
    forms: tuple[Form, ...] = ()
    reviews: ReviewRule = STANDARD_REVIEWS

    def __post_init__(self) -> None:
        """Raise ValueError for what no hall may do."""
        ScenePolicy.__post_init__(self)
        require_sound(self)
        if self.offline is not None:
            raise ValueError("offline: two machines would draw the same number")

    @property
    def rules(self) -> HallRules:
        """The hall's own part."""
        return HallRules(self.services, self.windows, self.forms, self.reviews)


class GovernmentLedger(Ledger, Protocol):
    """What only the service keeps; elsewhere it raises Rejected with temporarily_unavailable."""

    def enqueue(self, service: HallService, number: str, /, *, now: int) -> None:
        """Put the holder's number into the queue of a service."""
        ...


class Government:
    """A queue machine in a government hall."""

    scene = SCENES["government"]
    policy = GovernmentPolicy
    default = GovernmentPolicy(
        kinds=frozenset({"device", "served", "digit"}),
        with_document=frozenset({"paper"}),
        discloses=dict.fromkeys(SCENES["government"].attributes, "full"),
    )
    body = GovernmentBody
    effect = GovernmentEffect
    details = GovernmentDetails

    def decide(
        self, _verified: Verified, body: GovernmentBody, ledger: GovernmentLedger, policy: GovernmentPolicy, now: int
    ) -> Mapping[str, object]:
        """Draw the next number of the service; raises UnprocessableError for a service that there is not."""
        service = policy.rules.service(body.service)
        if service is None:
            raise UnprocessableError("hall_service_not_found")
        left = ledger.take_shared(f"queue:{service.prefix}:{city_day(now)}", 1, service.numbers_a_day)
        if left is None:
            raise Rejected(Reason.CAPACITY_REACHED)
        number = service.number(service.numbers_a_day - left)
        ledger.enqueue(service, number, now=now)
        return {"queue_number": number, "service": service.code}

    def settle(self, _effect: GovernmentEffect, _ledger: Ledger, _now: int) -> None:
        """Leave it as it is: a hall draws no numbers without the service, or two machines would draw the same."""

    def reply(
        self, effect: Mapping[str, Any], disclosed: Mapping[str, Any], policy: GovernmentPolicy
    ) -> tuple[Words, GovernmentDetails]:
        """Say the number."""
        number, code = effect["queue_number"], effect.get("service", "")
        service = policy.rules.service(code) if code else None
        title = service.title.words if service else Words(code, code) if code else None
        details = GovernmentDetails(disclosed.get("name", ""), number, title)
        return Words(f"您的号码 {number}", f"Your number is {number}"), details
