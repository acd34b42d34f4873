"""The bus: the fare of the class, one tap however often it is read, and nothing about who rides."""

import secrets

import msgspec
import pytest

from adapters.bus import FULL_FARE, NOTES, TITLES, Bus, BusBody, BusDetails, BusPolicy
from adapters.policies import standard
from adapters.trial_ledger import TrialLedger
from codeservice.code import Kind
from codeservice.entitlement import Fare
from codeservice.errors import Rejected, UnprocessableError
from codeservice.policy import Text
from codeservice.reason import Reason, Words
from codeservice.scan import Acceptance
from codeservice.tariff import Companions, Concession, DistanceFare, FlatFare, Line, Step, Stop, Tariff, Transfer
from tests.makers import NOW, make_verified

BUS, BODY = Bus(), BusBody(code="")
TAP_SECONDS = BUS.default.tariff.same_tap


@pytest.fixture
def ledger() -> TrialLedger:
    """A stop with a holder in front."""
    return TrialLedger(holder="person-1")


def ride(ledger: TrialLedger, fare: int = Fare.ADULT, now: int = NOW) -> BusDetails:
    return tap(ledger, BODY, fare=fare, now=now)


def tap(
    ledger: TrialLedger, body: BusBody, policy: BusPolicy = BUS.default, *, fare: int = Fare.ADULT, now: int = NOW
) -> BusDetails:
    effect = BUS.decide(make_verified(entitlements={1: fare}), body, ledger, policy, now)
    ledger.keep(Acceptance(secrets.token_hex(8), now, ledger.place, effect))
    return BUS.reply(effect, {}, policy)[1]


@pytest.mark.parametrize(
    ("fare", "cents"),
    [
        (Fare.ADULT, 200),
        (Fare.STUDENT, 100),
        (Fare.SENIOR_HALF, 100),
        (Fare.SENIOR_FREE, 0),
        (Fare.CHILD, 0),
        (Fare.DISABLED, 0),
        (Fare.VETERAN, 0),
        (Fare.BLOOD_DONOR, 0),
    ],
)
def test_each_class_pays_its_fare(ledger: TrialLedger, fare: Fare, cents: int) -> None:
    line = Words("市区线路", "City lines")
    assert ride(ledger, fare) == BusDetails(fare.name.lower(), TITLES[fare], cents, counted=True, line_title=line)


@pytest.mark.parametrize(
    "entitlements", [{}, {2: 1}, {1: 0}, {1: 9}, {1: 65535}], ids=["none", "residence only", "0", "later class", "huge"]
)
def test_without_a_known_class_nobody_is_entitled(ledger: TrialLedger, entitlements: dict[int, int]) -> None:
    with pytest.raises(Rejected) as rejected:
        BUS.decide(make_verified(entitlements=entitlements), BODY, ledger, BUS.default, NOW)
    assert rejected.value.reason is Reason.NOT_ENTITLED
    assert ledger.shared.moments == {}


def test_a_second_read_within_three_seconds_is_the_same_tap(ledger: TrialLedger) -> None:
    rides = [ride(ledger, now=NOW + at) for at in (0, 1, TAP_SECONDS - 1)]
    assert [(details.counted, details.fare_cents) for details in rides] == [(True, FULL_FARE), (False, 0), (False, 0)]


def test_after_three_seconds_a_tap_counts_again(ledger: TrialLedger) -> None:
    assert [ride(ledger, now=NOW + at).counted for at in (0, TAP_SECONDS)] == [True, True]


def test_another_stop_and_another_holder_are_another_tap(ledger: TrialLedger) -> None:
    other_holder = TrialLedger(shared=ledger.shared, holder="person-2")
    assert [ride(at).counted for at in (ledger, ledger.at("place-2"), other_holder)] == [True, True, True]


def test_the_driver_learns_the_fare_and_nothing_about_who_it_is() -> None:
    shown = ("fare_class", "fare_title", "fare_cents", "counted", "note", "note_title", "line_title", "companions")
    assert BusDetails.__struct_fields__ == (*shown, "provisional")
    assert (standard("bus").checks.discloses, standard("bus").checks.holder_check) == ({}, False)


def test_every_fare_has_a_price_and_words() -> None:
    assert TITLES.keys() == set(Fare)
    assert set(BUS.default.tariff.classes) == {fare.name.lower() for fare in Fare}


def test_paper_codes_are_not_accepted_alone() -> None:
    assert standard("bus").checks.kinds == {Kind.DEVICE, Kind.SERVED}
    assert BUS.scene.name == "bus"


@pytest.mark.parametrize(
    "body",
    [
        '{"code": "91", "now": 1800000000}',
        '{"code": "91", "place": "x"}',
        '{"code": 91}',
        '{"code": "91", "typed": {"document": "id_number", "number": "1"}}',
        "[]",
    ],
    ids=["own clock", "own place", "code is a number", "two at once", "list"],
)
def test_a_request_is_a_code_and_nothing_else(body: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=BUS.body)


def text(word: str) -> Text:
    return Text(zh=word, en=word)


TARIFF = Tariff(
    lines=(
        Line(id="flat", title=text("flat"), fare=FlatFare(cents=200)),
        Line(id="other", title=text("other"), fare=FlatFare(cents=300)),
        Line(
            id="far",
            title=text("far"),
            fare=DistanceFare(steps=(Step(up_to=1000, cents=100), Step(up_to=5000, cents=500))),
            stops=tuple(Stop(id=f"s{number}", title=text("s"), metres=number * 1000) for number in range(6)),
        ),
    ),
    line="flat",
    classes={
        "adult": Concession(percent=100, daily_cap=600),
        "disabled": Concession(percent=0, payer="x", companions=Companions(percent=0, payer="x", most=1)),
    },
    transfer=Transfer(seconds=3600, cents=100),
)
POLICY = msgspec.structs.replace(BUS.default, tariff=TARIFF)


def body(**values: object) -> BusBody:
    return msgspec.convert({"code": "9", **values}, BusBody)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"line": "none"}, "line_not_known"),
        ({"line": "flat", "way": "in"}, "way_not_of_line"),
        ({"line": "far", "stop": "s1"}, "way_not_of_line"),
        ({"line": "far", "way": "in"}, "stop_not_of_line"),
        ({"line": "far", "way": "in", "stop": "s9"}, "stop_not_of_line"),
        ({"line": "flat", "stop": "s1"}, "stop_not_of_line"),
    ],
)
def test_a_validator_that_is_set_wrongly_is_told_so(ledger: TrialLedger, values: dict[str, str], code: str) -> None:
    with pytest.raises(UnprocessableError) as refused:
        tap(ledger, body(**values), POLICY)
    assert refused.value.code == code


def test_in_and_out_are_charged_by_distance_when_leaving(ledger: TrialLedger) -> None:
    boarded = tap(ledger, body(line="far", stop="s0", way="in"), POLICY)
    left = tap(ledger, body(line="far", stop="s1", way="out"), POLICY, now=NOW + 600)
    assert [(seen.fare_cents, seen.note) for seen in (boarded, left)] == [(0, "tap_in"), (100, "ride")]
    assert boarded.note_title == NOTES["tap_in"]


def test_a_transfer_and_the_cap_are_said(ledger: TrialLedger) -> None:
    seen = [
        tap(ledger, body(line=line), POLICY, now=NOW + at * 600) for at, line in enumerate(("flat", "other", "flat"))
    ]
    assert [(each.fare_cents, each.note) for each in seen] == [(200, "ride"), (200, "transfer"), (200, "ride")]
    assert (tap(ledger, body(line="flat"), POLICY, now=NOW + 7200)).note == "cap"


def test_companions_ride_as_far_as_the_class_allows(ledger: TrialLedger) -> None:
    assert tap(ledger, body(companions=1), POLICY, fare=Fare.DISABLED).companions == 1
    for companions, fare, reason in ((2, Fare.DISABLED, Reason.LIMIT_REACHED), (1, Fare.ADULT, Reason.NOT_ENTITLED)):
        with pytest.raises(Rejected) as rejected:
            tap(ledger, body(companions=companions), POLICY, fare=fare, now=NOW + 100)
        assert rejected.value.reason is reason


def test_what_earlier_versions_recorded_is_still_shown() -> None:
    shown = BUS.reply({"fare_class": "gone", "fare_cents": 1, "counted": False}, {}, BUS.default)[1]
    assert (shown.fare_title, shown.note, shown.line_title) == (Words("gone", "gone"), "same_tap", None)


def test_a_policy_without_a_tariff_carries_nobody(ledger: TrialLedger) -> None:
    with pytest.raises(UnprocessableError):
        tap(ledger, BODY, BusPolicy())
