"""The pharmacy: identity, and packages that are counted over all tills of the city, a day at a time."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import kept_of
from adapters.pharmacy import (
    Medicine,
    MedicineClass,
    Pharmacy,
    PharmacyBody,
    PharmacyDetails,
    PharmacyPolicy,
    Registration,
    RegistrationRule,
)
from adapters.policies import standard
from adapters.trial_ledger import TrialLedger
from codeservice.code import Kind
from codeservice.errors import Rejected, UnprocessableError
from codeservice.policy import Text
from codeservice.reason import Reason, Words
from codeservice.scan import Disclosure
from tests.makers import DAY, HOUR, NOW, make_verified

PHARMACY = Pharmacy()
EPHEDRINE = PHARMACY.default.classes[0]
LIMIT = EPHEDRINE.packages
TITLES = {"ephedrine": EPHEDRINE.title.words}


@pytest.fixture
def ledger() -> TrialLedger:
    """A till with a holder in front."""
    return TrialLedger(holder="person-1")


def sell(ledger: TrialLedger, packages: int = 1, now: int = NOW) -> object:
    """Sell packages; returns what remains, or the reason of the refusal."""
    body = PharmacyBody(code="", medicine=Medicine("ephedrine", packages))
    try:
        return PHARMACY.decide(make_verified(), body, ledger, PHARMACY.default, now)["remaining"]
    except Rejected as rejection:
        return rejection.reason


def test_without_medicine_only_identity_is_checked(ledger: TrialLedger) -> None:
    effect = PHARMACY.decide(make_verified(), PharmacyBody(code=""), ledger, PHARMACY.default, NOW)
    assert effect == {"medicine": None, "packages": None, "remaining": None, "insured": True, "registered": False}
    assert ledger.shared.sales == {}


def test_packages_are_sold_up_to_the_limit(ledger: TrialLedger) -> None:
    assert [sell(ledger) for _ in range(3)] == [1, 0, Reason.LIMIT_REACHED]


def test_more_than_what_remains_is_refused_whole(ledger: TrialLedger) -> None:
    assert [sell(ledger), sell(ledger, LIMIT), sell(ledger)] == [1, Reason.LIMIT_REACHED, 0]


def test_other_tills_count_and_other_people_do_not(ledger: TrialLedger) -> None:
    other = TrialLedger(shared=ledger.shared, holder="person-2")
    found = [sell(ledger, LIMIT), sell(ledger.at("place-2")), sell(other)]
    assert found == [0, Reason.LIMIT_REACHED, 1]


def test_the_limit_begins_anew_at_the_citys_midnight(ledger: TrialLedger) -> None:
    midnight = NOW + 8 * HOUR
    found = [sell(ledger, LIMIT, now) for now in (NOW, midnight - 1, midnight, midnight + DAY)]
    assert found == [0, Reason.LIMIT_REACHED, 0, 0]


@given(st.lists(st.integers(1, 99), max_size=20))
def test_no_order_of_sales_exceeds_the_limit(sales: list[int]) -> None:
    ledger = TrialLedger(holder="person-1")
    sold = [packages for packages in sales if isinstance(sell(ledger, packages), int)]
    assert sum(sold) <= LIMIT


IDENTITY = {"name": "张三", "id_number": "11010519491231002X"}


def test_the_till_sees_who_it_is_and_what_remains() -> None:
    effect = {"medicine": "ephedrine", "packages": 1, "remaining": 1}
    expected = PharmacyDetails("张三", "11010519491231002X", "ephedrine", TITLES["ephedrine"], 1, 1, None)
    assert PHARMACY.reply(effect, IDENTITY, PHARMACY.default)[1] == expected


def test_without_medicine_the_till_sees_who_it_is() -> None:
    words, details = PHARMACY.reply({"medicine": None, "packages": None, "remaining": None}, {}, PHARMACY.default)
    assert details == PharmacyDetails("", "", None, None, None, None)
    assert words.en == "Identity verified"


def test_the_till_learns_no_more_than_it_needs() -> None:
    assert PharmacyDetails.__struct_fields__ == (
        *("name", "id_number", "medicine", "medicine_title"),
        *("packages", "remaining", "insured"),
    )
    assert standard("pharmacy").checks.discloses == {"name": Disclosure.FULL, "id_number": Disclosure.FULL}


def test_the_face_is_compared() -> None:
    assert standard("pharmacy").checks.holder_check
    assert standard("pharmacy").checks.kinds == {Kind.DEVICE, Kind.SERVED, Kind.DIGIT}


def test_what_another_version_has_sold_is_shown_by_its_code() -> None:
    effect = {"medicine": "gone", "packages": 1, "remaining": 1}
    assert PHARMACY.reply(effect, {}, PHARMACY.default)[1].medicine_title == Words("gone", "gone")


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [("day", 8, 8), ("week", -4 * 24 + 8, 2 * 24 + 8), ("month", -14 * 24 + 8, 16 * 24 + 8)],
)
def test_a_calendar_period_begins_at_the_citys_midnight(period: str, first: int, last: int) -> None:
    """NOW is Friday, 2027-01-15, 16:00 in the city."""
    class_ = msgspec.structs.replace(EPHEDRINE, period=period)
    start = NOW + (first - 24) * HOUR
    assert class_.since(NOW) == start - 1
    assert class_.since(NOW + last * HOUR - 1) == start - 1
    assert class_.since(NOW + last * HOUR) == NOW + last * HOUR - 1


def test_days_back_slide_with_every_second() -> None:
    class_ = msgspec.structs.replace(EPHEDRINE, period=7)
    assert class_.since(NOW) == NOW - 7 * DAY


@pytest.mark.parametrize("insured", [None, False, True])
def test_the_till_learns_whether_the_holder_is_insured(ledger: TrialLedger, *, insured: bool | None) -> None:
    entitlements = {} if insured is None else {3: int(insured)}
    verified = make_verified(entitlements=entitlements)
    effect = PHARMACY.decide(verified, PharmacyBody(code=""), ledger, PHARMACY.default, NOW)
    assert effect["insured"] is insured


REGISTERED = MedicineClass(
    code="fever", title=Text(zh="退热药", en="Fever medicine"), packages=2, period="day", registration=True
)
RULE = RegistrationRule(
    reasons={"self": Text(zh="本人", en="Self")}, symptoms={"fever": Text(zh="发热", en="Fever")}, keep_days=14
)


@pytest.mark.parametrize("on", [False, True])
def test_answers_are_asked_for_exactly_while_the_registry_is_on(ledger: TrialLedger, *, on: bool) -> None:
    ledger.shared.registering = on
    policy = PharmacyPolicy(classes=(REGISTERED,), registration=RULE)
    answers = Registration("self", ("fever",))
    for registration, good in ((answers, on), (None, not on)):
        body = PharmacyBody(code="", medicine=Medicine("fever", 1), registration=registration)
        if good:
            assert PHARMACY.decide(make_verified(), body, ledger, policy, NOW)["registered"] is on
        else:
            with pytest.raises(UnprocessableError):
                PHARMACY.decide(make_verified(), body, ledger, policy, NOW)


def test_answers_of_a_buyer_are_not_kept_with_the_scan() -> None:
    body = PharmacyBody(code="91", medicine=Medicine("fever", 1), registration=Registration("self", ("fever",)))
    kept = kept_of(body)
    assert kept == {"medicine": {"class": "fever", "packages": 1}, "registration": "kept apart"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(kept, PharmacyBody)


@pytest.mark.parametrize(
    "fields",
    [
        {"classes": (EPHEDRINE, EPHEDRINE)},
        {"classes": (msgspec.structs.replace(EPHEDRINE, code="prescription"),)},
        {"classes": (REGISTERED,)},
    ],
    ids=["a class twice", "the name of prescriptions", "nothing to ask"],
)
def test_a_policy_that_contradicts_itself_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"classes|registration"):
        PharmacyPolicy(**fields)


@pytest.mark.parametrize(
    "medicine",
    [
        pytest.param('{"class": 7, "packages": 1}', id="class of another type"),
        pytest.param('{"class": "ephedrine", "packages": 0}', id="no package"),
        pytest.param('{"class": "ephedrine", "packages": -1}', id="negative"),
        pytest.param('{"class": "ephedrine", "packages": 100}', id="a hundred"),
        pytest.param('{"class": "ephedrine", "packages": 1.5}', id="half a package"),
        pytest.param('{"class": "ephedrine", "packages": true}', id="true"),
        pytest.param('{"class": "ephedrine", "packages": "1"}', id="text"),
        pytest.param('{"class": "ephedrine"}', id="packages missing"),
        pytest.param('{"packages": 1}', id="class missing"),
        pytest.param('{"class": "ephedrine", "packages": 1, "limit": 9}', id="own limit"),
        pytest.param("1", id="number"),
    ],
)
def test_a_sale_has_a_closed_schema(medicine: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"code": "91", "medicine": {medicine}}}', type=PharmacyBody)


def test_a_sale_is_read_by_its_wire_names() -> None:
    body = msgspec.json.decode('{"code": "91", "medicine": {"class": "ephedrine", "packages": 2}}', type=PharmacyBody)
    assert body == PharmacyBody("91", medicine=Medicine("ephedrine", 2))
