"""Places made of data: every example of the documents decides as it reads; a policy that says nothing admits nobody."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.policies import opened, read_draft
from adapters.trial_ledger import TrialLedger
from adapters.venue import Venue, VenueBody, VenueEffect, VenuePolicy
from codeservice.city import city_date, midnight
from codeservice.condition import Condition, PriceRow, row_for
from codeservice.entitlement import Fare, Resident
from codeservice.hours import Hours, Span
from codeservice.policy import PolicyError
from codeservice.reason import Reason
from codeservice.scan import Decision
from codeservice.stay import Stay, stay_cents
from codeservice.verifier import Verifier
from codeservice.visiting import Passed, account_of
from tests.makers import HOUR, NOW, make_code, make_grant, make_list

FOLDER = Path(__file__).resolve().parents[2] / "docs/scenes/definitions"
FILES = sorted(FOLDER.glob("*.json"))
VENUE, VERIFIER = Venue(), Verifier(make_list)
RESIDENT = {1: int(Fare.ADULT), 2: int(Resident.RESIDENT)}
VISITOR = {1: int(Fare.ADULT), 2: int(Resident.VISITOR)}
MINUTE, DAY = 60, 24 * HOUR
NOON = midnight(city_date(NOW)) + 12 * HOUR
"""Of a Friday."""


def definition(name: str) -> VenuePolicy:
    """Read an example as `policies add` does."""
    policy = opened(read_draft((FOLDER / f"{name}.json").read_bytes())).document
    assert isinstance(policy, VenuePolicy)
    return policy


def make_door(people: int = 3, places: int | None = None) -> TrialLedger:
    """Return a place in front of which people stand, number n with the grant n."""
    ledger = TrialLedger(places=places)
    for number in range(people):
        ledger.know(1, number, f"person-{number}")
    return ledger


def scan(
    ledger: TrialLedger,
    policy: VenuePolicy,
    person: int = 0,
    now: int = NOON,
    entitlements: dict[int, int] | None = None,
    **body: Any,
) -> Decision:
    """Let a person show a code that is drawn now."""
    held = RESIDENT if entitlements is None else entitlements
    grant = make_grant(idx=person, entitlements=held, issued=now - 60, expires=now + HOUR, scenes=VENUE.scene.mask)
    return VERIFIER.decide(
        make_code(grant, iat=now),
        policy=policy.checks(VENUE.scene),
        memory=ledger,
        rules=lambda verified, memory: VENUE.decide(verified, VenueBody(**body), memory, policy, now),
        now=now,
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_example_is_a_policy_by_its_own_name(file: Path) -> None:
    assert read_draft(file.read_bytes()).name == file.stem


def test_the_examples_are_the_places_of_the_documents() -> None:
    assert [file.stem for file in FILES] == ["community-gate", "library", "museum", "parking"]


def test_a_policy_that_says_nothing_admits_nobody() -> None:
    kinds = VenuePolicy(kinds=frozenset({"device"}))
    assert scan(make_door(), VENUE.default).reason is Reason.SECOND_FACTOR_REQUIRED
    assert scan(make_door(), kinds).reason is Reason.NOT_ENTITLED
    single = msgspec.structs.replace(kinds, passages=frozenset({"single"}))
    assert scan(make_door(), single).reason is Reason.NOT_ENTITLED
    nobody = msgspec.structs.replace(definition("library"), admits=())
    assert scan(make_door(), nobody).reason is Reason.NOT_ENTITLED


@pytest.mark.parametrize(
    ("condition", "entitlements", "holds"),
    [
        pytest.param({}, RESIDENT, False, id="an empty condition holds for nobody"),
        pytest.param({"anyone": True}, {}, True, id="anyone"),
        pytest.param({"resident": {"resident"}}, RESIDENT, True, id="a resident"),
        pytest.param({"resident": {"resident"}}, {}, False, id="nothing known"),
        pytest.param({"resident": {"resident"}, "fare": {"student"}}, RESIDENT, False, id="every field must hold"),
        pytest.param({"resident": {"resident"}, "fare": {"adult"}}, RESIDENT, True, id="both hold"),
        pytest.param({"fare": {"adult"}}, {1: 99}, False, id="a later number"),
        pytest.param({"insured": {"employee"}}, {3: 1}, True, id="insured"),
        pytest.param({"insured": {"none"}}, {}, False, id="no fact is not the fact of nothing"),
    ],
)
def test_a_condition_holds_for_whom_it_names(condition: Any, entitlements: dict[int, int], holds: bool) -> None:  # noqa: FBT001 -- a parameter
    found = msgspec.convert(dict(condition), Condition)
    assert found.holds(entitlements) is holds
    row = PriceRow(code="row", title=definition("museum").admits[0].title, when=found)
    assert row_for((row,), entitlements) is (row if holds else None)


def test_anyone_stands_alone() -> None:
    with pytest.raises(ValueError, match="alone"):
        Condition(anyone=True, fare=frozenset({"adult"}))


@pytest.mark.parametrize(
    ("entitlements", "code", "cents"),
    [
        pytest.param({1: Fare.STUDENT, 2: Resident.VISITOR}, "free", 0, id="student"),
        pytest.param({1: Fare.ADULT, 2: Resident.NEIGHBOUR}, "resident", 1000, id="neighbour"),
        pytest.param(VISITOR, "standard", 2000, id="visitor"),
    ],
)
def test_a_museum_has_prices_with_their_rules(entitlements: dict[int, int], code: str, cents: int) -> None:
    museum = definition("museum")
    decision = scan(make_door(), museum, entitlements=entitlements, passage="enter")
    assert (decision.effect["code"], decision.effect["price_cents"]) == (code, cents)
    message, details = VENUE.reply(decision.effect, {}, museum)
    assert message.zh == "欢迎参观"
    assert (details.explained is None) == (code == "standard")


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param(9 * HOUR - 1, Reason.CLOSED, id="before"),
        pytest.param(9 * HOUR, None, id="opens"),
        pytest.param(17 * HOUR - 1, None, id="last second"),
        pytest.param(17 * HOUR, Reason.CLOSED, id="closes"),
        pytest.param(12 * HOUR + 3 * DAY, Reason.CLOSED, id="Monday"),
        pytest.param(12 * HOUR + 5 * DAY, Reason.CLOSED, id="a day that is closed"),
    ],
)
def test_a_museum_has_opening_hours(at: int, reason: Reason | None) -> None:
    now = midnight(city_date(NOW)) + at
    assert scan(make_door(), definition("museum"), now=now, passage="enter").reason is reason


def test_who_is_inside_when_a_museum_closes_is_let_out() -> None:
    museum, door = definition("museum"), make_door()
    scan(door, museum, passage="enter")
    assert scan(door, museum, now=NOON + 8 * HOUR, passage="leave").effect["inside"] == 0


def test_a_holder_enters_as_often_as_the_limits_say_and_not_twice_at_once() -> None:
    museum, door = definition("museum"), make_door()
    ways = ["enter", "enter", "leave", "enter", "leave", "enter"]
    seen = [scan(door, museum, now=NOON + at, passage=way).reason for at, way in enumerate(ways)]
    assert seen == [None, Reason.LIMIT_REACHED, None, None, None, Reason.LIMIT_REACHED]


def test_a_year_has_its_own_bound() -> None:
    museum = json.loads((FOLDER / "museum.json").read_text())
    museum["policy"] |= {"limits": [{"period": "year", "entries": 1}], "passages": ["enter"], "inside_limit": None}
    policy, door = opened(read_draft(json.dumps(museum).encode())).document, make_door()
    assert isinstance(policy, VenuePolicy)
    assert scan(door, policy).reason is None
    assert scan(door, policy, now=NOON + DAY).reason is Reason.LIMIT_REACHED


def test_no_more_are_inside_or_enter_in_a_day_than_the_policy_says() -> None:
    museum = definition("museum")
    few = msgspec.structs.replace(museum, inside_limit=1)
    door = make_door()
    assert [scan(door, few, person, passage="enter").reason for person in (0, 1)] == [None, Reason.CAPACITY_REACHED]
    scan(door, few, 0, NOON + 1, passage="leave")
    assert scan(door, few, 1, NOON + 2, passage="enter").reason is None
    day = msgspec.structs.replace(museum, day_limit=1)
    door = make_door()
    assert [scan(door, day, person, passage="enter").reason for person in (0, 1)] == [None, Reason.CAPACITY_REACHED]
    closed = make_door(places=0)
    assert scan(closed, museum, passage="enter").reason is Reason.CAPACITY_REACHED


def test_nobody_guesses_which_way_a_gate_lets_through() -> None:
    assert scan(make_door(), definition("museum")).reason is Reason.TERMINAL_NOT_ALLOWED
    assert scan(make_door(), definition("library"), passage="leave").reason is Reason.TERMINAL_NOT_ALLOWED
    assert scan(make_door(), definition("library")).reason is None


def test_a_community_gate_opens_for_residents_at_any_hour_and_again() -> None:
    gate, door = definition("community-gate"), make_door()
    assert [scan(door, gate, now=NOON + at * HOUR, passage="enter").reason for at in (0, 1, 14)] == [None] * 3
    assert scan(door, gate, 1, entitlements=VISITOR, passage="enter").reason is Reason.NOT_ENTITLED


def test_a_library_is_told_a_masked_name_and_says_it() -> None:
    library = definition("library")
    assert library.discloses == {"name": "masked"}
    details = VENUE.reply(scan(make_door(), library).effect, {"name": "王*"}, library)[1]
    assert details.name == "王*"


@pytest.mark.parametrize(
    ("minutes", "cents"),
    [
        (0, 0),
        (30, 0),
        (31, 500),
        (90, 500),
        (91, 1000),
        (24 * 60, 4000),
        (24 * 60 + 1, 4500),
        (25 * 60, 4500),
        (48 * 60, 8000),
        (72 * 60 + 61, 13_000),
    ],
)
def test_a_stay_costs_what_the_table_says(minutes: int, cents: int) -> None:
    stay = next(row.stay for row in definition("parking").admits if row.code == "car")
    assert stay is not None
    assert stay_cents(stay, minutes * MINUTE) == cents


@given(st.integers(0, 10 * DAY), st.integers(0, DAY))
def test_a_longer_stay_never_costs_less(seconds: int, more: int) -> None:
    stay = Stay(free_minutes=30, unit_minutes=60, unit_cents=500, day_cents=4000)
    assert stay_cents(stay, seconds) <= stay_cents(stay, seconds + more)


def test_a_car_pays_when_it_leaves_also_after_days() -> None:
    parking, door = definition("parking"), make_door()
    assert scan(door, parking, entitlements=VISITOR, passage="enter").effect["price_cents"] == 0
    out = scan(door, parking, now=NOON + 26 * HOUR, entitlements=VISITOR, passage="leave")
    assert (out.effect["price_cents"], out.effect["minutes"], out.effect["inside"]) == (5000, 26 * 60, 0)
    free = {1: int(Fare.DISABLED), 2: int(Resident.VISITOR)}
    scan(door, parking, 1, entitlements=free, passage="enter")
    assert scan(door, parking, 1, NOON + 9 * HOUR, free, passage="leave").effect["price_cents"] == 0


def test_a_car_that_was_not_seen_to_enter_is_let_out_and_charged_nothing() -> None:
    out = scan(make_door(), definition("parking"), entitlements=VISITOR, passage="leave")
    assert (out.reason, out.effect["price_cents"], out.effect["inside"]) == (None, 0, 0)


def test_the_account_of_a_day_is_the_same_in_every_order_and_finds_what_one_gate_could_not_know() -> None:
    """The way in was scanned without network, so that the way out knew no entry and charged nothing."""
    parking, door = definition("parking"), make_door()
    entry = scan(make_door(), parking, entitlements=VISITOR, passage="enter").effect
    leave = scan(door, parking, now=NOON + 3 * HOUR, entitlements=VISITOR, passage="leave").effect
    assert leave["price_cents"] == 0
    passed = [
        Passed("a", NOON, "person-0", entry),
        Passed("b", NOON + 3 * HOUR, "person-0", leave),
        Passed("c", NOON + 4 * HOUR, "person-0", entry),
    ]
    accounts = [account_of(order) for order in permutations(passed)]
    assert all(account == accounts[0] for account in accounts)
    assert (accounts[0].entered, accounts[0].left, accounts[0].stay_cents) == ({"car": (2, 0)}, 1, 1500)


def test_settling_in_any_order_leaves_the_same_people_inside() -> None:
    levels = set()
    for order in permutations([("enter", 0), ("leave", 1), ("enter", 2)]):
        door = make_door()
        door.holder = "person-0"
        for way, at in order:
            effect = VenueEffect(passage=way, code="car", price_cents=0, day="", overnight=True, inside=1)  # type: ignore[arg-type]
            VENUE.settle(effect, door, NOON + at)
        levels.add(door.add_shared("inside:always", 0, 0))
    assert levels == {1}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"passages": ["leave"]}, id="only a way out"),
        pytest.param({"passages": ["enter"]}, id="people inside without a way out"),
        pytest.param({"admits": [{"code": "a", "title": {"zh": "甲", "en": "A"}, "when": {}}] * 2}, id="a row twice"),
        pytest.param({"limits": [{"period": "day", "entries": 1}] * 2}, id="a period twice"),
        pytest.param({"hours": {"week": {"mon": [{"begins": "17:00", "ends": "09:00"}]}}}, id="over midnight"),
        pytest.param({"hours": {"week": {"holiday": []}}}, id="no weekday"),
        pytest.param({"colour": "green"}, id="a field that nobody knows"),
        pytest.param({"discloses": {"id_number": "full"}}, id="an attribute that places are never told"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    museum = json.loads((FOLDER / "museum.json").read_text())
    museum["policy"] |= wrong
    with pytest.raises(PolicyError):
        read_draft(json.dumps(museum).encode())


def test_hours_without_spans_are_closed() -> None:
    assert not Hours().is_open(NOW)
    assert Hours(week={"fri": (Span(begins="00:00", ends="24:00"),)}).is_open(NOON)
    assert not Hours(week={"fri": (Span(begins="00:00", ends="24:00"),)}).is_open(NOON + DAY)


def test_a_body_tells_nothing_that_a_record_should_not_keep() -> None:
    assert set(VenueBody.__struct_fields__) == {"code", "document_checked", "typed", "passage"}
