"""The scenic spot: one admission a ticket and day, no more people than the place holds, and nobody's name."""

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.policies import standard
from adapters.scenic_spot import ScenicSpot, ScenicSpotBody, ScenicSpotDetails, ScenicSpotEffect
from adapters.trial_ledger import TrialLedger
from codeservice.city import city_date, city_day, midnight
from codeservice.code import Kind
from codeservice.entitlement import Fare, Resident
from codeservice.reason import Reason
from codeservice.scan import Decision, Outcome
from codeservice.verifier import Verifier
from codeservice.visit import STANDARD, Reentry, RefundRow, ScenicSpotPolicy, Slot, Sold, price
from tests.makers import DAY, HOUR, NOW, make_code, make_grant, make_list

SPOT = ScenicSpot()
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


def enter(
    gate: TrialLedger,
    person: int = 0,
    now: int = NOW,
    entitlements: dict[int, int] | None = None,
    policy: ScenicSpotPolicy = STANDARD,
    **body: Any,
) -> Decision:
    """Let a person show a code that is drawn now."""
    grant = make_grant(idx=person, entitlements=entitlements or {}, issued=now - 60, expires=now + HOUR)
    return VERIFIER.decide(
        make_code(grant, iat=now),
        policy=policy.checks(SPOT.scene),
        memory=gate,
        rules=lambda verified, ledger: SPOT.decide(verified, ScenicSpotBody(**body), ledger, policy, now),
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


@pytest.mark.parametrize(
    ("entitlements", "code"),
    [
        pytest.param({1: Fare.CHILD, 2: Resident.VISITOR}, "free", id="a child from anywhere"),
        pytest.param({1: Fare.SENIOR_FREE, 2: Resident.RESIDENT}, "free", id="an old resident"),
        pytest.param({1: Fare.STUDENT, 2: Resident.RESIDENT}, "half", id="a student"),
        pytest.param({1: Fare.ADULT, 2: Resident.RESIDENT}, "resident", id="a resident"),
        pytest.param({1: Fare.ADULT, 2: Resident.NEIGHBOUR}, "neighbour", id="a neighbour"),
        pytest.param({1: Fare.ADULT, 2: Resident.VISITOR}, "standard", id="a visitor"),
        pytest.param({}, "standard", id="nobody knows"),
        pytest.param({1: 99, 2: 99}, "standard", id="later numbers"),
    ],
)
def test_the_gate_sees_the_kind_of_ticket_and_the_rule_in_words(entitlements: dict[int, int], code: str) -> None:
    effect = enter(make_gate(), entitlements=entitlements).effect
    details = SPOT.reply(effect, {}, STANDARD)[1]
    row = next(row for row in STANDARD.prices if row.code == code)
    assert (effect["code"], details.ticket_title) == (code, row.title.words)
    assert (details.explained is None) == (code == "standard")


def test_an_effect_of_a_terminal_that_knows_no_table_is_still_one() -> None:
    old = {"day": TODAY, "admitted": 1, "capacity": None, "resident": 1}
    assert msgspec.convert(old, ScenicSpotEffect).people == 1
    assert SPOT.reply(old, {}, STANDARD)[1].ticket_title.en == "Ticket"


def test_the_gate_learns_nothing_about_who_it_is() -> None:
    assert not {"name", "id_number", "person"} & set(ScenicSpotDetails.__struct_fields__)
    assert standard("scenic_spot").checks.discloses == {}
    assert standard("scenic_spot").checks.kinds == {Kind.DEVICE, Kind.SERVED, Kind.DIGIT}


def test_a_policy_without_anything_admits_nobody_and_sells_nothing() -> None:
    empty = ScenicSpotPolicy(kinds=frozenset({"device"}))
    assert enter(make_gate(), policy=empty).reason is Reason.TERMINAL_NOT_ALLOWED
    closed = msgspec.structs.replace(empty, passages=frozenset({"enter"}))
    assert enter(make_gate(), policy=closed).reason is Reason.CLOSED
    assert price(empty.prices, [{}]) is None
    assert empty.days(city_date(NOW)) == []


# groups


def test_a_family_enters_on_one_scan() -> None:
    gate = make_gate(10)
    gate.reserve(TODAY, 4)
    gate.know(1, 0, "person-2")
    assert enter(gate, 2).effect["people"] == 4
    assert enter(gate, 2, NOW + 1).reason is Reason.LIMIT_REACHED


def test_part_of_a_family_may_come_later_and_never_more_than_booked() -> None:
    gate = make_gate(10)
    gate.reserve(TODAY, 4)
    assert enter(gate, 2, people=3).effect["admitted"] == 3
    assert enter(gate, 2, NOW + 1, people=2).reason is Reason.LIMIT_REACHED
    assert enter(gate, 2, NOW + 2).effect["admitted"] == 4
    assert enter(gate, 2, NOW + 3).reason is Reason.LIMIT_REACHED


def test_a_family_that_the_place_has_no_room_for_keeps_its_tickets() -> None:
    gate = make_gate(3)
    gate.reserve(TODAY, 4)
    assert enter(gate, 2).reason is Reason.CAPACITY_REACHED
    assert enter(gate, 2, NOW + 1, people=3).outcome is Outcome.ACCEPTED


# slots, hours, re-entry, capacity now

SLOTS = msgspec.structs.replace(
    STANDARD,
    slots=(Slot(begins="08:00", ends="12:00", capacity=5), Slot(begins="16:00", ends="18:00", capacity=5)),
    early_minutes=15,
    late_minutes=30,
    passages=frozenset({"enter", "leave"}),
    inside_limit=2,
    reentry=Reentry(times=1, hours=2),
)
MIDNIGHT = midnight(city_date(NOW))


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param(15 * HOUR + 45 * 60 - 1, Reason.WRONG_SLOT, id="too early"),
        pytest.param(15 * HOUR + 45 * 60, None, id="a quarter before"),
        pytest.param(18 * HOUR + 30 * 60 - 1, None, id="half an hour late"),
        pytest.param(18 * HOUR + 30 * 60, Reason.WRONG_SLOT, id="too late"),
    ],
)
def test_tickets_of_a_slot_admit_around_it(at: int, reason: Reason | None) -> None:
    gate = make_gate()
    gate.reserve(TODAY, 1, "16:00")
    assert enter(gate, 2, MIDNIGHT + at, policy=SLOTS).reason is reason


def test_a_slot_that_is_gone_from_the_policy_admits_nobody() -> None:
    gate = make_gate()
    gate.reserve(TODAY, 1, "13:00")
    assert enter(gate, 2, policy=SLOTS).reason is Reason.WRONG_SLOT


def test_who_has_left_may_come_back_as_often_and_as_long_as_the_rule_says() -> None:
    gate = make_gate()
    enter(gate, policy=SLOTS)
    assert enter(gate, now=NOW + 1, policy=SLOTS).reason is Reason.LIMIT_REACHED
    assert enter(gate, now=NOW + 2, policy=SLOTS, passage="leave").effect["inside"] == 0
    back = enter(gate, now=NOW + 3, policy=SLOTS)
    assert (back.effect["again"], back.effect["admitted"], back.effect["inside"]) == (True, 1, 1)
    enter(gate, now=NOW + 4, policy=SLOTS, passage="leave")
    assert enter(gate, now=NOW + 5, policy=SLOTS).reason is Reason.LIMIT_REACHED


def test_after_its_hours_a_ticket_admits_nobody_again() -> None:
    gate = make_gate()
    early = MIDNIGHT + 9 * HOUR
    enter(gate, now=early, policy=SLOTS)
    enter(gate, now=early + 1, policy=SLOTS, passage="leave")
    assert enter(gate, now=early + 2 * HOUR + 1, policy=SLOTS).reason is Reason.LIMIT_REACHED


def test_no_more_people_are_inside_than_the_policy_says() -> None:
    gate = make_gate()
    seen = [enter(gate, person, policy=SLOTS).reason for person in range(3)]
    assert seen == [None, None, Reason.CAPACITY_REACHED]
    enter(gate, 0, NOW + 1, policy=SLOTS, passage="leave")
    assert enter(gate, 2, NOW + 2, policy=SLOTS).reason is None


def test_a_place_where_nobody_leaves_by_a_scan_has_no_gate_out() -> None:
    assert enter(make_gate(), passage="leave").reason is Reason.TERMINAL_NOT_ALLOWED


def test_who_is_inside_is_the_same_in_every_order_of_what_is_told() -> None:
    passages = [("enter", 3), ("leave", 1), ("enter", 1), ("leave", 3)]
    levels = set()
    for order in permutations(range(4)):
        gate = make_gate()
        gate.holder = "person-0"
        for number in order:
            way, people = passages[number]
            effect = ScenicSpotEffect(TODAY, 1, None, people=people, passage=way, inside=0)  # type: ignore[arg-type]
            SPOT.settle(effect, gate, NOW + number)
        levels.add(gate.add_shared(f"inside:{TODAY}", 0, 0))
    assert levels == {0}


@settings(max_examples=50)
@given(st.permutations([("enter", 2), ("leave", 1), ("leave", 4), ("enter", 2), ("enter", 3)]))
def test_the_level_inside_is_a_function_of_the_passages_alone(order: list[tuple[str, int]]) -> None:
    gate = make_gate()
    gate.holder = "person-0"
    for way, people in order:
        SPOT.settle(ScenicSpotEffect(TODAY, 1, None, people=people, passage=way, inside=0), gate, NOW)  # type: ignore[arg-type]
    assert gate.add_shared(f"inside:{TODAY}", 0, 0) == 2


# prices, refunds, levels


def test_everybody_of_a_booking_pays_by_their_own_row() -> None:
    bought = price(STANDARD.prices, [{1: Fare.ADULT, 2: Resident.RESIDENT}, {1: Fare.CHILD}, {}, {}])
    assert bought == (Sold("resident", 1, 4000), Sold("free", 1, 0), Sold("standard", 2, 12000))


@pytest.mark.parametrize(
    ("hours", "back"),
    [(49, 10_000), (48, 10_000), (47, 5_000), (2, 5_000), (1, None), (-1, None)],
)
def test_a_refund_goes_by_the_hours_before_the_slot(hours: int, back: int | None) -> None:
    rules = msgspec.structs.replace(
        SLOTS, refunds=(RefundRow(hours_before=48, percent=100), RefundRow(hours_before=2, percent=50))
    )
    begins = rules.begins(TODAY, "16:00")
    assert rules.refund(10_000, TODAY, "16:00", begins - hours * HOUR) == back


def test_the_flow_has_the_level_of_its_thresholds() -> None:
    levels = [STANDARD.level(people, 100) for people in (0, 49, 50, 80, 100, 120)]
    assert [level.code for level in levels if level] == [
        "comfortable",
        "comfortable",
        "busy",
        "warning",
        "full",
        "full",
    ]
    assert STANDARD.level(10, None) is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"inside_limit": 5}, id="a limit inside without a way out"),
        pytest.param({"passages": frozenset({"leave"})}, id="only a way out"),
        pytest.param({"slots": SLOTS.slots[::-1]}, id="slots out of order"),
        pytest.param({"prices": STANDARD.prices[:1] * 2}, id="a row twice"),
        pytest.param({"flow": STANDARD.flow[::-1]}, id="levels out of order"),
    ],
)
def test_a_policy_that_contradicts_itself_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=":"):
        ScenicSpotPolicy(**wrong)
