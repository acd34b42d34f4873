"""The bus: the fare of the class, one tap however often it is read, and nothing about who rides."""

import msgspec
import pytest

from adapters.bus import FARES, FULL_FARE, TAP_SECONDS, TITLES, Bus, BusDetails
from adapters.contract import ScanBody
from adapters.policies import standard
from adapters.trial_ledger import TrialLedger
from codeservice.code import Kind
from codeservice.entitlement import Fare
from codeservice.errors import Rejected
from codeservice.reason import Reason
from tests.makers import NOW, make_verified

BUS, BODY = Bus(), ScanBody(code="")


@pytest.fixture
def ledger() -> TrialLedger:
    """A stop with a holder in front."""
    return TrialLedger(holder="person-1")


def ride(ledger: TrialLedger, fare: int = Fare.ADULT, now: int = NOW) -> BusDetails:
    effect = BUS.decide(make_verified(entitlements={1: fare}), BODY, ledger, BUS.default, now)
    return BUS.reply(effect, {}, BUS.default)[1]


@pytest.mark.parametrize(
    ("fare", "cents"),
    [
        (Fare.ADULT, 200),
        (Fare.STUDENT, 100),
        (Fare.SENIOR_HALF, 100),
        (Fare.SENIOR_FREE, 0),
        (Fare.CHILD, 0),
        (Fare.DISABLED, 0),
    ],
)
def test_each_class_pays_its_fare(ledger: TrialLedger, fare: Fare, cents: int) -> None:
    assert ride(ledger, fare) == BusDetails(fare.name.lower(), TITLES[fare], cents, counted=True)


@pytest.mark.parametrize(
    "entitlements", [{}, {2: 1}, {1: 0}, {1: 7}, {1: 65535}], ids=["none", "residence only", "0", "later class", "huge"]
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
    assert BusDetails.__struct_fields__ == ("fare_class", "fare_title", "fare_cents", "counted")
    assert (standard("bus").checks.discloses, standard("bus").checks.holder_check) == ({}, False)


def test_every_fare_has_a_price_and_words() -> None:
    assert FARES.keys() == TITLES.keys() == set(Fare)


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
