"""The hospital desk: acts and departments of the policy, identity as consent allows, and the face is compared."""

from typing import Any

import msgspec
import pytest

from adapters.hospital import Hospital, HospitalBody, HospitalDetails, HospitalEffect, HospitalPolicy
from adapters.policies import standard
from adapters.trial_ledger import TrialLedger
from codeservice.code import Kind
from codeservice.encounter import Act, number_of
from codeservice.errors import Rejected
from codeservice.policy import read_document, write_document
from codeservice.reason import Reason
from codeservice.scan import Disclosure
from tests.makers import NOW, make_verified

HOSPITAL = Hospital()
ASKED = ("name", "id_number", "insured", "health_card", "insurance_token")


def decide(policy: HospitalPolicy = HOSPITAL.default, **body: Any) -> dict[str, object]:
    ledger = TrialLedger(holder="person-1")
    return dict(HOSPITAL.decide(make_verified(entitlements={}), HospitalBody(**body), ledger, policy, NOW))


def reason(policy: HospitalPolicy = HOSPITAL.default, **body: Any) -> Reason:
    with pytest.raises(Rejected) as rejected:
        decide(policy, **body)
    return rejected.value.reason


def test_any_valid_code_checks_in_to_the_visit_of_its_department_and_day() -> None:
    effect = decide(department="internal")
    assert (effect["check_in"], effect["department"]) == (True, "internal")
    assert effect["visit"] == number_of("place-1", "internal", "2027-01-15", "person-1")
    assert effect["visit"] == decide(act="register", department="internal", typed=None)["visit"]


def test_what_the_policy_does_not_name_is_not_done() -> None:
    empty = HospitalPolicy()
    assert reason(empty) is Reason.TERMINAL_NOT_ALLOWED
    only = msgspec.structs.replace(HOSPITAL.default, acts=frozenset({"register"}), insurance=None)
    assert reason(only) is Reason.TERMINAL_NOT_ALLOWED
    assert decide(only, act="register")["check_in"] is False
    assert reason(department="astrology") is Reason.TERMINAL_NOT_ALLOWED
    assert reason(business="99999", operator="nurse-7") is Reason.TERMINAL_NOT_ALLOWED
    assert reason(only, act="register", business="01101", operator="nurse-7") is Reason.TERMINAL_NOT_ALLOWED
    assert reason(business="01101") is Reason.TERMINAL_NOT_ALLOWED, "a token is bound to a clerk"


def test_a_token_is_asked_for_with_a_business_and_ends_in_minutes() -> None:
    assert decide()["token_until"] is None
    assert decide(business="01101", operator="nurse-7")["token_until"] == NOW + 300


@pytest.mark.parametrize("operator", ["王护士", "349901199001011234", "a b", "x" * 17])
def test_an_operator_is_a_short_code_and_never_a_name_or_number_of_a_person(operator: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"operator": operator}, HospitalBody)


def test_what_an_older_terminal_uploads_is_still_a_check_in() -> None:
    ledger = TrialLedger(holder="person-1")
    HOSPITAL.settle(msgspec.convert({"check_in": True}, HospitalEffect, strict=True), ledger, NOW)
    assert ledger.shared.visits == {("place-1", "", "2027-01-15", "person-1"): Act.CHECK_IN}


@pytest.mark.parametrize(
    ("disclosed", "name", "number", "insured"),
    [
        pytest.param({"name": "张三", "id_number": "1X", "insured": True}, "张三", "1X", True, id="consent"),
        pytest.param({"name": "张三", "id_number": "1X", "insured": False}, "张三", "1X", False, id="not insured"),
        pytest.param({"name": "张*"}, "张*", "", None, id="no consent"),
        pytest.param({}, "", "", None, id="nothing"),
        pytest.param({"phone": "10000000001"}, "", "", None, id="more than the desk may see"),
    ],
)
def test_the_desk_sees_what_was_disclosed(
    disclosed: dict[str, object], name: str, number: str, insured: object
) -> None:
    details = HOSPITAL.reply({"check_in": True}, disclosed, HOSPITAL.default)[1]
    assert (details.name, details.id_number, details.insured) == (name, number, insured)
    assert (details.health_card, details.insurance_token) == (None, None)


def test_effects_of_other_versions_are_shown_as_they_are() -> None:
    words, details = HOSPITAL.reply({"check_in": True, "department": "old", "visit": "15ABC"}, {}, HOSPITAL.default)
    assert (words.en, details.visit) == ("Checked in", "15ABC")
    assert details.department is not None
    assert details.department.zh == "old"
    words, details = HOSPITAL.reply({"check_in": False, "visit": None}, {}, HOSPITAL.default)
    assert "network" in words.en
    assert details.visit is None


def test_the_desk_asks_for_what_its_scene_names_only() -> None:
    assert {*HospitalDetails.__struct_fields__} == {*ASKED, "visit", "act", "department"}
    assert standard("hospital").checks.discloses == dict.fromkeys(ASKED, Disclosure.FULL)


def test_the_face_is_compared() -> None:
    """A screen cannot stop a live relay, so the answer asks the person at the desk to look."""
    checks = standard("hospital").checks
    assert checks.holder_check
    assert checks.kinds == {Kind.DEVICE, Kind.SERVED, Kind.DIGIT}
    assert checks.with_document == {Kind.PAPER, Kind.TYPED}
    assert HOSPITAL.scene.name == "hospital"


def test_the_standard_policy_is_a_document_of_its_own_schema() -> None:
    assert read_document(write_document(HOSPITAL.default), HospitalPolicy) == HOSPITAL.default
