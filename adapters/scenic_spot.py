"""The scenic spot: one admission a ticket and day, and no more people than the place holds."""

from collections.abc import Mapping
from typing import Any

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.city import city_day
from codeservice.entitlement import Entitlement, Resident
from codeservice.errors import Rejected
from codeservice.policy import OfflinePolicy, ScenePolicy, Text
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES

_NO_BOUND = 1_000_000_000

TITLES = {
    Resident.RESIDENT: Words("市民票", "Resident's ticket"),
    Resident.NEIGHBOUR: Words("同城待遇票", "Neighbouring city, resident's price"),
    Resident.VISITOR: Words("普通票", "Standard ticket"),
}


class ScenicSpotEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """The day, how many were in then and may be, and the kind of ticket as a number of the residence."""

    day: str
    admitted: int
    capacity: int | None
    resident: int


class ScenicSpotDetails(Details, frozen=True):
    """What a gate sees: the day, how many are in, and the kind of ticket; nothing about who it is."""

    day: str
    admitted: int
    capacity: int | None
    ticket_title: Words


class ScenicSpotPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says; the common part, for now."""


class ScenicSpot:
    """A gate of a scenic spot with reservations."""

    scene = SCENES["scenic_spot"]
    policy = ScenicSpotPolicy
    default = ScenicSpotPolicy(
        kinds=frozenset({"device", "served", "digit"}),
        with_document=frozenset({"paper"}),
        offline=OfflinePolicy(
            list_age=12 * 3600,
            let_pass=False,
            advice=Text(zh="请到服务窗口凭证件核验", en="Send them to the counter with a document"),
            holder_limit=20,
            terminal_limit=20_000,
        ),
    )
    body = ScanBody
    effect = ScenicSpotEffect
    details = ScenicSpotDetails

    def decide(
        self, verified: Verified, _body: ScanBody, ledger: Ledger, _policy: ScenicSpotPolicy, now: int
    ) -> Mapping[str, object]:
        """Admit one person against one ticket of today."""
        day = city_day(now)
        tickets = ledger.tickets(day)
        if tickets == 0:
            raise Rejected(Reason.NO_TICKET)
        if ledger.take(_admission(ledger, day), 1, tickets) is None:
            raise Rejected(Reason.LIMIT_REACHED)
        capacity = ledger.capacity()
        bound = _NO_BOUND if capacity is None else capacity
        left = ledger.take_shared(_admitted(day), 1, bound)
        if left is None:
            raise Rejected(Reason.CAPACITY_REACHED)
        return {"day": day, "admitted": bound - left, "capacity": capacity, "resident": _resident(verified)}

    def settle(self, _effect: ScenicSpotEffect, ledger: Ledger, now: int) -> int:
        """Count the admission, and say how many tickets of that day there were."""
        # By the time of the scan: what a terminal writes into its effect names no counter.
        day = city_day(now)
        ledger.take(_admission(ledger, day), 1, _NO_BOUND)
        ledger.take_shared(_admitted(day), 1, _NO_BOUND)
        return ledger.tickets(day)

    def reply(
        self, effect: Mapping[str, Any], _disclosed: Mapping[str, Any], _policy: ScenicSpotPolicy
    ) -> tuple[Words, ScenicSpotDetails]:
        """Say that the gate may open."""
        title = TITLES[Resident(effect["resident"])]
        return Words("欢迎入园", "Welcome"), ScenicSpotDetails(
            effect["day"], effect["admitted"], effect["capacity"], title
        )


def _admission(ledger: Ledger, day: str) -> str:
    return f"admission:{ledger.place}:{day}"


def _admitted(day: str) -> str:
    return f"admitted:{day}"


def _resident(verified: Verified) -> Resident:
    # A residence that this version does not know pays the standard price: unknown is not a concession.
    try:
        return Resident(verified.grant.entitlements.get(Entitlement.RESIDENT, Resident.VISITOR))
    except ValueError:
        return Resident.VISITOR
