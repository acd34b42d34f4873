"""FHIR R4 of visits: valid by other hands, as much as policy and consent disclose, and nothing of other hospitals."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from codeservice.city import city_day
from codeservice.credential import mask_name
from tests.clinic import BackEnd, back_end, consent, other_hospital
from tests.conftest import City
from tests.families import families, parent_of
from tests.phone import Phone

ROOT = Path(__file__).resolve().parents[3]
ORACLE = ROOT / "tests" / "oracle" / "with_fhir.py"
PYTHON = ROOT / ".venv-oracle" / "bin" / "python"
MEDIA = "application/fhir+json"


def validate(*resources: dict[str, Any]) -> None:
    """Validate resources with a FHIR library of other hands, which reads R4 (4.0.1)."""
    if not PYTHON.exists():
        pytest.fail("FHIR by other hands is not installed: make test (or setup/environment.py test) makes .venv-oracle")
    done = subprocess.run(
        [PYTHON, "-I", ORACLE], input=json.dumps(resources), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for answer, resource in zip(json.loads(done.stdout), resources, strict=True):
        assert answer == {"version": "4.0.1", "faults": []}, resource


def read(server: BackEnd, path: str) -> dict[str, Any]:
    answer: Any = server.get(f"/fhir/R4/{path}")
    assert (answer.status_code, answer.mimetype) == (200, MEDIA), answer.get_data()
    found: dict[str, Any] = json.loads(answer.get_data())
    return found


def arrive(city: City, phone: Phone, desk: str = "clinic-1") -> str:
    """Check in and return the number of the visit."""
    city.clock.now += 1
    details = city.terminal(desk).scan(phone.show(city.clock.now), department="internal").get_json()["details"]
    return str(details["visit"])


def subject_of(city: City, server: BackEnd, number: str) -> tuple[str, str]:
    visit = server.visit(city_day(city.clock.now), number)
    return str(visit["patient"]), str(visit["id"])


def test_the_oracle_refuses_what_is_no_r4() -> None:
    """A library that takes everything would prove nothing."""
    for wrong in (
        {"resourceType": "Encounter", "status": "completed", "class": {"code": "AMB"}},
        {"resourceType": "Encounter", "status": "planned", "class": [{"code": "AMB"}]},
        {"resourceType": "Coverage", "status": "active"},
        {"resourceType": "Patient", "surname": "张"},
    ):
        with pytest.raises(AssertionError):
            validate(wrong)


def test_every_resource_and_bundle_validates(city: City) -> None:
    phone, server = city.phone(), back_end(city)
    consent(phone)
    subject, visit = subject_of(city, server, arrive(city, phone))
    ends = city.clock.now + 86400
    body = {"institution": "first-hospital", "scopes": ["allergies", "labs"], "purpose": "referral", "ends": ends}
    given = phone.call("POST", "/record-consents", body).get_json()["id"]
    day = city_day(city.clock.now)
    paths = [
        f"Patient/{subject}",
        f"Coverage/{subject}",
        f"Consent/{given}",
        f"Encounter/{visit}",
        f"Patient?_id={subject}",
        f"Coverage?beneficiary=Patient/{subject}",
        f"Consent?patient={subject}",
        f"Encounter?date={day}",
        f"Encounter?patient=Patient/{subject}",
        f"RelatedPerson?patient={subject}",
        "metadata",
    ]
    found = {path: read(server, path) for path in paths}
    validate(*found.values())
    citizen = city.citizen()
    patient = found[f"Patient/{subject}"]
    assert patient["name"] == [{"use": "official", "text": citizen.holder.name}]
    assert patient["birthDate"] == citizen.holder.id_number.born.isoformat()
    assert citizen.holder.id_number.text in {entry["value"] for entry in patient["identifier"]}
    assert found[f"Consent/{given}"]["status"] == "active"
    assert found[f"Encounter/{visit}"]["status"] == "arrived"
    assert [found[path]["total"] for path in paths[4:10]] == [1, 1, 1, 1, 1, 0]
    phone.call("DELETE", f"/record-consents/{given}")
    withdrawn = read(server, f"Consent/{given}")
    assert (withdrawn["status"], withdrawn["meta"]["versionId"]) == ("inactive", "2")
    validate(withdrawn)
    looks = phone.call("GET", "/health-accesses").get_json()["accesses"]
    assert {tuple(look["asked"]) for look in looks} == {("Patient",), ("Coverage",)}


def test_without_consent_a_patient_is_masked_and_has_no_coverage(city: City) -> None:
    phone, server = city.phone(), back_end(city)
    subject, _visit = subject_of(city, server, arrive(city, phone))
    patient = read(server, f"Patient/{subject}")
    validate(patient)
    citizen = city.citizen()
    text = json.dumps(patient, ensure_ascii=False)
    assert citizen.holder.name[1:] not in text
    assert all(secret not in text for secret in (citizen.holder.id_number.text, *(c.number for c in citizen.cards)))
    assert not {"gender", "birthDate"} & patient.keys()
    assert [entry["value"] for entry in patient["identifier"]] == [subject]
    assert server.get(f"/fhir/R4/Coverage/{subject}").status_code == 404


def test_another_hospitals_resources_are_as_unknown_as_none(city: City) -> None:
    phone, server, stranger = city.phone(), back_end(city), other_hospital(city)
    consent(phone)
    subject, visit = subject_of(city, server, arrive(city, phone))
    ends = city.clock.now + 99
    body = {"institution": "first-hospital", "scopes": ["labs"], "purpose": "treatment", "ends": ends}
    given = phone.call("POST", "/record-consents", body).get_json()["id"]
    for path in (f"Patient/{subject}", f"Coverage/{subject}", f"Encounter/{visit}", f"Consent/{given}"):
        answers: list[Any] = [stranger.get(f"/fhir/R4/{p}") for p in (path, path[:-32] + "0" * 32)]
        issues = [json.loads(answer.get_data())["issue"][0]["details"] for answer in answers]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert issues[0] == issues[1]
    assert read(stranger, f"Encounter?date={city_day(city.clock.now)}")["total"] == 0
    assert read(stranger, f"Patient?_id={subject}")["total"] == 0


def test_resources_end_with_their_time(city: City) -> None:
    phone, server = city.phone(), back_end(city)
    subject, visit = subject_of(city, server, arrive(city, phone))
    city.clock.now += 31 * 86400
    assert server.terminal.authenticate(city.clock.now).status_code == 200
    for path in (f"Patient/{subject}", f"Encounter/{visit}"):
        assert server.get(f"/fhir/R4/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fhir/R4/Patient", 400),
        ("/fhir/R4/Patient?name=张", 400),
        ("/fhir/R4/Patient?_id=1&_id=2", 400),
        ("/fhir/R4/Encounter?date=yesterday", 400),
        ("/fhir/R4/Patient/1", 404),
        ("/fhir/R4/Observation", 404),
        ("/fhir/R5/Patient", 404),
    ],
)
def test_errors_are_operation_outcomes(city: City, path: str, status: int) -> None:
    answer: Any = back_end(city).get(path)
    assert (answer.status_code, answer.mimetype) == (status, MEDIA)
    validate(json.loads(answer.get_data()))


def test_without_a_token_the_outcome_says_so(city: City) -> None:
    answer = city.app.test_client().get("/fhir/R4/Patient/1")
    assert (answer.status_code, answer.mimetype) == (401, MEDIA)
    outcome = json.loads(answer.get_data())
    validate(outcome)
    assert outcome["issue"][0]["code"] == "login"
    assert city.app.test_client().get("/nowhere").mimetype == "application/problem+json"


def test_a_guardian_is_the_related_person_of_a_child(city: City) -> None:
    """The child is the patient; the guardian's name needs the guardian's own consent."""
    family, server = families(city)[0], back_end(city)
    phone, tie = parent_of(city, family)
    assert phone.fetch(city.clock.now, tie=tie["id"]).status_code == 200
    subject, visit = subject_of(city, server, arrive(city, phone))
    encounter = read(server, f"Encounter/{visit}")
    reference = encounter["participant"][0]["individual"]["reference"]
    related = read(server, reference)
    bundle = read(server, f"RelatedPerson?patient={subject}")
    validate(encounter, related, bundle)
    assert related["patient"] == {"reference": f"Patient/{subject}"} == encounter["subject"]
    assert related == bundle["entry"][0]["resource"]
    assert "text" not in related["name"][0]
    consent(phone)
    assert read(server, reference)["name"][0]["text"] == family.parent.holder.name
    assert "text" not in read(server, f"Patient/{subject}")["name"][0], "a parent's consent is not the child's"


def test_an_emergency_names_the_guardian_masked(city: City) -> None:
    family, server = families(city)[0], back_end(city)
    parent_of(city, family)
    body = {
        "reason": "life_threat",
        "statement": "高热惊厥，家长未到",
        "operator": "dr-3",
        "typed": {"document": "id_number", "number": family.child.holder.id_number.text},
    }
    found = server.call("POST", "/api/v1/emergency-accesses", body).get_json()
    assert found["name"] == family.child.holder.name
    assert found["guardians"][0]["name"] == mask_name(family.parent.holder.name)
    assert str(family.parent.phone) not in json.dumps(found)
