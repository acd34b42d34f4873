"""The scenic spot: people enter against tickets or a pass, in their slot, and no more than the place holds."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from adapters.contract import Details, Effect, Ledger, ScanBody
from adapters.presence import inside, move
from codeservice.city import city_day
from codeservice.condition import row_for
from codeservice.errors import Rejected
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES
from codeservice.visit import MOST_PEOPLE, STANDARD, Passage, ScenicSpotPolicy

_NO_BOUND = 1_000_000_000
_OTHER = "other"

People = Annotated[int, msgspec.Meta(ge=1, le=MOST_PEOPLE)]


class ScenicSpotBody(ScanBody, frozen=True, forbid_unknown_fields=True):
    """A scan; how many of a booking's people pass (all that are left, when left out), and whether they leave."""

    people: People | None = None
    passage: Passage | None = None


class ScenicSpotEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """The day, how many were admitted and may be, the row of the price table, and how many people passed.

    `again` says that they had been admitted before, `tickets` how many people the holder had tickets for, and `times`
    how often each may enter again. `inside` is null where nobody leaves by a scan. `resident` stands in
    effects of terminals that know no table.
    """

    day: str
    admitted: int
    capacity: int | None
    code: str = _OTHER
    people: People = 1
    passage: Passage = "enter"
    again: bool = False
    tickets: int | None = None
    times: Annotated[int, msgspec.Meta(ge=0, le=50)] = 0
    slot: str = ""
    inside: int | None = None
    resident: int | None = None


class ScenicSpotDetails(Details, frozen=True):
    """What a gate sees: the day, the kind of ticket and why, how many pass and are in; nothing about who it is."""

    day: str
    admitted: int
    capacity: int | None
    ticket_title: Words
    explained: Words | None
    people: int
    tickets: int | None
    slot: str
    inside: int | None
    again: bool


class ScenicSpot:
    """A gate of a scenic spot with reservations."""

    scene = SCENES["scenic_spot"]
    policy = ScenicSpotPolicy
    default = STANDARD
    body = ScenicSpotBody
    effect = ScenicSpotEffect
    details = ScenicSpotDetails

    def decide(
        self, verified: Verified, body: ScenicSpotBody, ledger: Ledger, policy: ScenicSpotPolicy, now: int
    ) -> Mapping[str, object]:
        """Admit people of a booking, let them in again, or let them out."""
        day = city_day(now)
        row = row_for(policy.prices, verified.grant.entitlements)
        passage = body.passage or "enter"
        if passage not in policy.passages:
            raise Rejected(Reason.TERMINAL_NOT_ALLOWED)
        common: dict[str, object] = {
            "day": day,
            "capacity": ledger.capacity(),
            "code": _OTHER if row is None else row.code,
            "passage": passage,
        }
        if passage == "leave":
            people = body.people or max(1, inside(ledger, day))
            within = move(ledger, day, -people, _NO_BOUND)
            return common | {"people": people, "inside": within, "admitted": _seen(ledger, day)}
        if not policy.hours.is_open(now):
            raise Rejected(Reason.CLOSED)
        return common | self._enter(body, ledger, policy, day, now)

    def _enter(
        self, body: ScenicSpotBody, ledger: Ledger, policy: ScenicSpotPolicy, day: str, now: int
    ) -> dict[str, object]:
        tickets = ledger.tickets(day)
        if tickets == 0:
            raise Rejected(Reason.NO_TICKET)
        used = ledger.add(_admission(ledger, day), 0)
        again = used >= tickets and policy.reentry is not None
        times = 0 if policy.reentry is None else policy.reentry.times
        people = body.people or (max(1, tickets - used) if not again else 1)
        slot = ledger.slot(day)
        if again:
            self._require_reentry(ledger, policy, tickets, people, day, now)
        elif slot and not policy.is_in_slot(slot, day, now):
            raise Rejected(Reason.WRONG_SLOT)
        # The one statement that decides, whatever was read before.
        if ledger.take(_admission(ledger, day), people, tickets * (1 + times) if again else tickets) is None:
            raise Rejected(Reason.LIMIT_REACHED)
        ledger.first_within(_last(ledger), 0, now)
        admitted = _seen(ledger, day) if again else _admit(ledger, day, people)
        effect: dict[str, object] = {
            "admitted": admitted,
            "people": people,
            "again": again,
            "tickets": tickets,
            "times": times,
            "slot": slot,
        }
        if "leave" in policy.passages:
            within = move(ledger, day, people, _NO_BOUND if policy.inside_limit is None else policy.inside_limit)
            if within is None:
                raise Rejected(Reason.CAPACITY_REACHED)
            effect["inside"] = within
        return effect

    @staticmethod
    def _require_reentry(  # noqa: PLR0913, PLR0917 -- what a rule of re-entry looks at
        ledger: Ledger, policy: ScenicSpotPolicy, tickets: int, people: int, day: str, now: int
    ) -> None:
        last = ledger.last_at(_last(ledger))
        if policy.reentry is None or last is None or now - last > policy.reentry.hours * 3600:
            raise Rejected(Reason.LIMIT_REACHED)
        if "leave" in policy.passages and inside(ledger, day) + people > tickets:
            # Somebody inside has handed the phone over the fence.
            raise Rejected(Reason.LIMIT_REACHED)

    def settle(self, effect: ScenicSpotEffect, ledger: Ledger, now: int) -> int:
        """Count the passage, and say how many people's entries of that day there was a right to."""
        # By the time of the scan: what a terminal writes into its effect names no counter.
        day = city_day(now)
        if effect.passage == "leave":
            move(ledger, day, -effect.people, _NO_BOUND)
        else:
            ledger.take(_admission(ledger, day), effect.people, _NO_BOUND)
            ledger.first_within(_last(ledger), 0, now)
            ledger.take_shared(_admitted(day), 0 if effect.again else effect.people, _NO_BOUND)
            if effect.inside is not None:
                move(ledger, day, effect.people, _NO_BOUND)
        return ledger.tickets(day) * (1 + effect.times)

    def reply(
        self, effect: Mapping[str, Any], _disclosed: Mapping[str, Any], policy: ScenicSpotPolicy
    ) -> tuple[Words, ScenicSpotDetails]:
        """Say that the gate may open, and under which rule."""
        code = effect.get("code", _OTHER)
        row = next((row for row in policy.prices if row.code == code), None)
        people, tickets = effect.get("people", 1), effect.get("tickets")
        leaving, again = effect.get("passage") == "leave", effect.get("again", False)
        message = Words("欢迎入园", "Welcome")
        if leaving:
            message = Words("再见", "Goodbye")
        elif again:
            message = Words("欢迎再次入园", "Welcome back")
        return message, ScenicSpotDetails(
            day=effect["day"],
            admitted=effect["admitted"],
            capacity=effect["capacity"],
            ticket_title=Words("门票", "Ticket") if row is None else row.title.words,
            explained=None if row is None or row.explained is None else row.explained.words,
            people=people,
            tickets=tickets,
            slot=effect.get("slot", ""),
            inside=effect.get("inside"),
            again=again,
        )


def _admission(ledger: Ledger, day: str) -> str:
    return f"admission:{ledger.place}:{day}"


def _admitted(day: str) -> str:
    return f"admitted:{day}"


def _last(ledger: Ledger) -> str:
    return f"admitted:{ledger.place}"


def _seen(ledger: Ledger, day: str) -> int:
    return ledger.add_shared(_admitted(day), 0, _NO_BOUND) or 0


def _admit(ledger: Ledger, day: str, people: int) -> int:
    capacity = ledger.capacity()
    bound = _NO_BOUND if capacity is None else capacity
    left = ledger.take_shared(_admitted(day), people, bound)
    if left is None:
        raise Rejected(Reason.CAPACITY_REACHED)
    return bound - left
