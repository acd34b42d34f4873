"""The government hall: numbers of the day in order, and the name as far as consent goes."""

import pytest

from adapters.government import Government, GovernmentBody, GovernmentDetails
from adapters.policies import standard
from adapters.trial_ledger import TrialLedger
from codeservice.code import Kind
from codeservice.errors import Rejected
from codeservice.reason import Reason
from codeservice.scan import Disclosure
from tests.makers import HOUR, NOW, make_verified

HALL, BODY = Government(), GovernmentBody(code="")
NUMBERS_A_DAY = HALL.default.services[0].numbers_a_day


def draw(ledger: TrialLedger, now: int = NOW) -> object:
    return HALL.decide(make_verified(), BODY, ledger, HALL.default, now)["queue_number"]


def test_numbers_follow_each_other() -> None:
    ledger = TrialLedger()
    assert [draw(ledger) for _ in range(3)] == ["A001", "A002", "A003"]


def test_each_hall_has_its_own_numbers() -> None:
    ledger = TrialLedger()
    assert [draw(ledger), draw(ledger.at("place-2"))] == ["A001", "A001"]


def test_numbers_begin_anew_at_the_citys_midnight() -> None:
    ledger = TrialLedger()
    assert [draw(ledger, NOW), draw(ledger, NOW + 8 * HOUR - 1), draw(ledger, NOW + 8 * HOUR)] == [
        "A001",
        "A002",
        "A001",
    ]


def test_after_the_last_number_of_the_day_nobody_is_served() -> None:
    ledger = TrialLedger()
    assert [draw(ledger) for _ in range(NUMBERS_A_DAY)][-1] == "A999"
    with pytest.raises(Rejected) as rejected:
        draw(ledger)
    assert rejected.value.reason is Reason.CAPACITY_REACHED


@pytest.mark.parametrize(
    ("disclosed", "name"),
    [({"name": "张三"}, "张三"), ({"name": "张*"}, "张*"), ({}, ""), ({"id_number": "11010519491231002X"}, "")],
    ids=["consent", "no consent", "nothing", "more than the hall may see"],
)
def test_the_screen_shows_number_and_name_as_far_as_consent_goes(disclosed: dict[str, str], name: str) -> None:
    words, details = HALL.reply({"queue_number": "A012"}, disclosed, HALL.default)
    assert details == GovernmentDetails(name, "A012", None)
    assert "A012" in words.zh
    assert "A012" in words.en


def test_the_hall_asks_for_the_name_only() -> None:
    assert GovernmentDetails.__struct_fields__ == ("name", "queue_number", "service_title")
    assert standard("government").checks.discloses == {"name": Disclosure.FULL}
    assert standard("government").checks.kinds == {Kind.DEVICE, Kind.SERVED, Kind.DIGIT}
