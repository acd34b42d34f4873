"""The scenic spot: one admission a ticket and day, no more people than the place holds, and nobody's name."""

import pytest

from adapters.contract import ScanBody
from adapters.policies import standard
from adapters.scenic_spot import TITLES, ScenicSpot, ScenicSpotDetails
from adapters.trial_ledger import TrialLedger
from codeservice.city import city_day
from codeservice.code import Kind
from codeservice.entitlement import Resident
from codeservice.reason import Reason
from codeservice.scan import Decision, Outcome
from codeservice.verifier import Verifier
from tests.makers import DAY, HOUR, NOW, make_code, make_grant, make_list

SPOT, BODY = ScenicSpot(), ScanBody(code="")
TODAY = city_day(NOW)
VERIFIER = Verifier(make_list)


def make_gate(places: int | None = None, *, people: int = 3, tickets: bool = True) -> TrialLedger:
    """Return the gate of a place in front of which people stand, number n with the grant n, each with a ticket."""
    gate = TrialLedger(places=places)
    for number in range(people):
        gate.know(1, number, f"person-{number}")
        gate.holder = f"person-{number}"
        if tickets:
            gate.reserve(TODAY)
    return gate


def enter(gate: TrialLedger, person: int = 0, now: int = NOW, entitlements: dict[int, int] | None = None) -> Decision:
    """Let a person show a code that is drawn now."""
    grant = make_grant(idx=person, entitlements=entitlements or {})
    return VERIFIER.decide(
        make_code(grant, iat=now),
        policy=standard("scenic_spot").checks,
        memory=gate,
        rules=lambda verified, ledger: SPOT.decide(verified, BODY, ledger, SPOT.default, now),
        now=now,
    )


def test_a_ticket_of_today_admits_once() -> None:
    gate = make_gate()
    assert [enter(gate, now=NOW + at).reason for at in (0, 1)] == [None, Reason.LIMIT_REACHED]


@pytest.mark.parametrize(
    "gate",
    [
        pytest.param(make_gate(tickets=False), id="none"),
        pytest.param(make_gate().at("place-2"), id="of another place"),
    ],
)
def test_without_a_ticket_for_this_place_nobody_enters(gate: TrialLedger) -> None:
    assert enter(gate).reason is Reason.NO_TICKET


def test_a_ticket_counts_on_its_day_in_the_city() -> None:
    assert enter(make_gate(), now=NOW + 8 * HOUR - 1).reason is None
    assert enter(make_gate(), now=NOW + 8 * HOUR).reason is Reason.NO_TICKET
    assert enter(make_gate(), now=NOW - DAY + 2 * HOUR).reason is not None


def test_no_more_people_enter_than_the_place_holds() -> None:
    gate = make_gate(2)
    assert [enter(gate, person).reason for person in range(3)] == [None, None, Reason.CAPACITY_REACHED]


def test_a_closed_place_admits_nobody() -> None:
    assert enter(make_gate(0)).reason is Reason.CAPACITY_REACHED


def test_who_finds_the_place_full_keeps_the_ticket() -> None:
    gate = make_gate(1)
    enter(gate, 0)
    assert enter(gate, 1).reason is Reason.CAPACITY_REACHED
    gate.places = 2
    assert enter(gate, 1).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("places", [None, 10])
def test_the_gate_sees_how_many_are_in(places: int | None) -> None:
    gate = make_gate(places)
    seen = [SPOT.reply(enter(gate, person).effect, {}, SPOT.default)[1] for person in range(3)]
    assert [(details.admitted, details.capacity, details.day) for details in seen] == [
        (number, places, TODAY) for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("resident", Resident)
def test_the_gate_sees_the_kind_of_ticket(resident: Resident) -> None:
    effect = enter(make_gate(), entitlements={2: resident}).effect
    assert SPOT.reply(effect, {}, SPOT.default)[1].ticket_title == TITLES[resident]


@pytest.mark.parametrize("entitlements", [{}, {1: 1}, {2: 0}, {2: 4}], ids=["none", "fare only", "0", "a later number"])
def test_an_unknown_residence_is_a_standard_ticket(entitlements: dict[int, int]) -> None:
    effect = enter(make_gate(), entitlements=entitlements).effect
    assert SPOT.reply(effect, {}, SPOT.default)[1].ticket_title == TITLES[Resident.VISITOR]


def test_the_gate_learns_nothing_about_who_it_is() -> None:
    assert ScenicSpotDetails.__struct_fields__ == ("day", "admitted", "capacity", "ticket_title")
    assert standard("scenic_spot").checks.discloses == {}
    assert standard("scenic_spot").checks.kinds == {Kind.DEVICE, Kind.SERVED, Kind.DIGIT}


def test_every_residence_has_words() -> None:
    assert TITLES.keys() == set(Resident)
