"""The hospital desk: identity in full with consent, masked without, and the face is compared."""

import pytest

from adapters.contract import ScanBody
from adapters.hospital import Hospital, HospitalDetails
from adapters.policies import standard
from adapters.trial_ledger import TrialLedger
from codeservice.code import Kind
from codeservice.scan import Disclosure
from tests.makers import NOW, make_verified

HOSPITAL = Hospital()


def test_any_valid_code_checks_in_and_books_nothing() -> None:
    ledger = TrialLedger(holder="person-1")
    effect = HOSPITAL.decide(make_verified(entitlements={}), ScanBody(code=""), ledger, HOSPITAL.default, NOW)
    assert effect == {"check_in": True}
    assert (ledger.shared.tallies, ledger.shared.moments) == ({}, {})


@pytest.mark.parametrize(
    ("disclosed", "details"),
    [
        pytest.param(
            {"name": "张三", "id_number": "11010519491231002X", "insured": True},
            HospitalDetails("张三", "11010519491231002X", insured=True),
            id="consent",
        ),
        pytest.param(
            {"name": "张三", "id_number": "11010519491231002X", "insured": False},
            HospitalDetails("张三", "11010519491231002X", insured=False),
            id="consent, not insured",
        ),
        pytest.param({"name": "张*"}, HospitalDetails("张*", "", insured=None), id="no consent"),
        pytest.param({}, HospitalDetails("", "", insured=None), id="nothing"),
        pytest.param({"phone": "10000000001"}, HospitalDetails("", "", insured=None), id="more than the desk may see"),
    ],
)
def test_the_desk_sees_what_was_disclosed(disclosed: dict[str, object], details: HospitalDetails) -> None:
    assert HOSPITAL.reply({"check_in": True}, disclosed, HOSPITAL.default)[1] == details


def test_the_desk_asks_for_name_number_and_insurance_only() -> None:
    assert HospitalDetails.__struct_fields__ == ("name", "id_number", "insured")
    assert standard("hospital").checks.discloses == dict.fromkeys(HospitalDetails.__struct_fields__, Disclosure.FULL)


def test_the_face_is_compared() -> None:
    """A screen cannot stop a live relay, so the answer asks the person at the desk to look."""
    assert standard("hospital").checks.holder_check
    assert standard("hospital").checks.kinds == {Kind.DEVICE, Kind.SERVED, Kind.DIGIT}
    assert HOSPITAL.scene.name == "hospital"
