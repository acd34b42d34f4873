"""Visits, insurance tokens, consents to records and emergency access, by HTTP from desk, server and wallet."""

import re
from pathlib import Path
from typing import Any

import pytest

from adapters.hospital import EmergencyPolicy, HospitalPolicy, InsurancePolicy
from codeservice.city import city_day
from codeservice.credential import CredentialType
from codeservice.health_record import DECISION_LIFE, Purpose, Scope, read_decision
from codeservice.store import emergency_access, insurance
from codeservice.web.problems import PROBLEMS
from keys.errors import NotSignedError
from keys.jws import header_of
from keys.key import Purpose as KeyPurpose
from tests.clinic import OPERATOR, BackEnd, back_end, consent, other_hospital
from tests.conftest import City
from tests.phone import Phone, at_once
from tests.uploading import Queue

BUSINESS = "01101"


def typed(city: City, document: str) -> dict[str, Any]:
    citizen = city.citizen()
    number = citizen.holder.id_number.text
    if document != "id_number":
        number = next(card.number for card in citizen.cards if card.type == document)
    return {"document_checked": True, "typed": {"document": document, "number": number}}


def arrive(city: City, phone: Phone, **body: Any) -> dict[str, Any]:
    """Check in at the desk; returns the details of its screen."""
    city.clock.now += 1
    answer = city.terminal("clinic-1").scan(phone.show(city.clock.now), department="internal", **body).get_json()
    assert answer["decision"] == "accepted", answer
    details: dict[str, Any] = answer["details"]
    return details


def patient(city: City, server: BackEnd, phone: Phone) -> str:
    visit = arrive(city, phone)["visit"]
    return str(server.visit(city_day(city.clock.now), visit)["patient"])


def test_code_card_and_typed_number_give_the_same_visit(any_city: City) -> None:
    city, phone, desk = any_city, any_city.phone(), any_city.terminal("clinic-1")
    numbers = {desk.scan(phone.show(city.clock.now), department="internal").get_json()["details"]["visit"]}
    for document in ("id_number", "social_security_card", "e_health_card"):
        answer = desk.scan("", department="internal", **typed(city, document)).get_json()
        assert answer["decision"] == "accepted", (document, answer)
        numbers.add(answer["details"]["visit"])
    assert len(numbers) == 1
    server, day = back_end(city), city_day(city.clock.now)
    assert server.get(f"/api/v1/encounter-totals/{day}").get_json()["visits"] == 1
    other = desk.scan("", department="surgery", **typed(city, "id_number")).get_json()["details"]["visit"]
    assert other not in numbers
    assert server.get(f"/api/v1/encounter-totals/{day}").get_json()["visits"] == 2


def test_a_typed_number_needs_the_document_in_hand(city: City) -> None:
    body = typed(city, "id_number") | {"document_checked": False}
    assert city.terminal("clinic-1").scan("", **body).get_json()["reason"] == "second_factor_required"


def test_registration_then_check_in_then_the_hospital_moves_the_visit_on(city: City) -> None:
    phone, desk, server = city.phone(), city.terminal("clinic-1"), back_end(city)
    registered = desk.scan(phone.show(city.clock.now), act=None, department="internal")
    body = {"department": "internal"} | typed(city, "id_number")
    first = desk.http.open(
        "/scan/v1/hospital",
        method="POST",
        json={"act": "register", "department": "surgery"} | typed(city, "id_number"),
        headers={"Authorization": f"Bearer {desk.token}", "Idempotency-Key": "reg"},
    ).get_json()
    assert registered.status_code == 200
    assert first["message"]["en"] == "Registered"
    day, number = city_day(city.clock.now), first["details"]["visit"]
    visit = server.visit(day, number)
    assert (visit["state"], visit["arrived"]) == ("registered", None)
    desk.scan("", **body | {"department": "surgery"})
    assert server.visit(day, number)["state"] == "arrived"
    path = f"/api/v1/encounters/{visit['id']}/state"
    assert server.call("POST", path, {"state": "finished"}).get_json()["code"] == "encounter_state_not_allowed"
    for state in ("in_progress", "in_progress", "finished"):
        assert server.call("POST", path, {"state": state}).get_json()["state"] == state
    desk.scan("", **body | {"department": "surgery"})
    assert server.visit(day, number)["state"] == "finished", "a visit that is further stays where it is"


def test_a_visit_has_one_row_with_64_desks_at_once(any_city: City) -> None:
    desk, day = any_city.terminal("clinic-1"), city_day(any_city.clock.now)
    body = typed(any_city, "id_number")

    def scan(_number: int) -> str:
        terminal = desk.on(any_city.app.test_client())
        return str(terminal.scan("", department="internal", **body).get_json()["details"]["visit"])

    assert len(set(at_once(64, scan))) == 1
    assert back_end(any_city).get(f"/api/v1/encounter-totals/{day}").get_json()["visits"] == 1


def test_visits_booked_offline_add_up_to_the_same_totals_in_any_order(city: City) -> None:
    phone, server, day = city.phone(count=4), back_end(city), city_day(city.clock.now)
    queue = Queue(city, city.terminal("clinic-2"))
    for index in range(2):
        queue.accept(phone, city.clock.now + index, index=index)
    queue.upload()
    offline = server.get(f"/api/v1/encounter-totals/{day}").get_json()
    assert offline["visits"] == 1
    city.terminal("clinic-1").scan(phone.show(city.clock.now, 2))
    assert server.get(f"/api/v1/encounter-totals/{day}").get_json() == offline


def test_a_token_says_once_what_the_insurance_credential_says(city: City) -> None:
    phone, server = city.phone(), back_end(city)
    consent(phone)
    details = arrive(city, phone, operator=OPERATOR, business=BUSINESS)
    body = {"token": details["insurance_token"], "operator": OPERATOR, "business": BUSINESS}
    path = "/api/v1/insurance-tokens/redemptions"
    answer = server.call("POST", path, body, "once").get_json()
    card = next(card for card in city.citizen().cards if card.type is CredentialType.MEDICAL_INSURANCE)
    assert (answer["insured"], answer["kind"], answer["repeat"]) == (True, card.claims["kind"], False)
    assert answer["region"] == city.citizen().holder.region
    assert server.call("POST", path, body, "once").get_json() == answer | {"repeat": True}
    assert server.call("POST", path, body, "twice").get_json()["code"] == "insurance_token_refused"
    looks = phone.call("GET", "/health-accesses").get_json()["accesses"]
    assert [(look["what"], look["operator"]) for look in looks] == [("insurance", OPERATOR)]


def test_a_lost_answer_carries_the_same_token_and_no_dump_has_it(city: City) -> None:
    phone, desk = city.phone(), city.terminal("clinic-1")
    consent(phone)
    code, body = phone.show(city.clock.now), {"operator": OPERATOR, "business": BUSINESS}
    first, again = (desk.scan(code, "act-1", **body).get_json()["details"] for _ in range(2))
    assert first["insurance_token"] == again["insurance_token"] != ""
    database = city.services.settings.database.removeprefix("sqlite:///")
    with open(database, "rb") as file:  # noqa: PTH123
        assert first["insurance_token"].encode() not in file.read()


def test_without_consent_there_is_no_token_and_no_card_number(city: City) -> None:
    details = arrive(city, city.phone(), operator=OPERATOR, business=BUSINESS)
    assert (details["insurance_token"], details["health_card"], details["insured"]) == (None, None, None)


def test_a_token_is_refused_alike_for_everybody_it_is_not_for(city: City) -> None:
    phone, server, stranger = city.phone(), back_end(city), other_hospital(city)
    consent(phone)
    token = arrive(city, phone, operator=OPERATOR, business=BUSINESS)["insurance_token"]
    good = {"token": token, "operator": OPERATOR, "business": BUSINESS}
    path = "/api/v1/insurance-tokens/redemptions"
    tries = [
        stranger.call("POST", path, good),
        server.call("POST", path, good | {"operator": "nurse-8"}),
        server.call("POST", path, good | {"business": "01301"}),
        server.call("POST", path, good | {"token": "A" * 43}),
        server.call("POST", path, good | {"token": "short"}),
    ]
    assert {(answer.status_code, answer.get_json()["code"]) for answer in tries} == {(422, "insurance_token_refused")}
    city.clock.now += 301
    assert server.call("POST", path, good).get_json()["code"] == "insurance_token_refused"


def test_a_token_after_a_withdrawn_consent_tells_nothing(city: City) -> None:
    phone, server = city.phone(), back_end(city)
    consent(phone)
    token = arrive(city, phone, operator=OPERATOR, business=BUSINESS)["insurance_token"]
    phone.call("PUT", "/consents/hospital", {"given": False})
    body = {"token": token, "operator": OPERATOR, "business": BUSINESS}
    answer = server.call("POST", "/api/v1/insurance-tokens/redemptions", body)
    assert answer.get_json()["code"] == "insurance_token_refused"


def test_64_redemptions_at_once_are_one(any_city: City) -> None:
    phone, server = any_city.phone(), back_end(any_city)
    consent(phone)
    token = arrive(any_city, phone, operator=OPERATOR, business=BUSINESS)["insurance_token"]
    binding = insurance.Binding("first-hospital", OPERATOR, BUSINESS)

    def redeem(number: int) -> bool:
        def work(connection: Any) -> Any:
            return insurance.redeem(
                connection, token, binding, client=server.terminal.id, act=f"act-{number}", now=any_city.clock.now
            )

        return any_city.services.database.transact(work) is not None

    assert sum(at_once(64, redeem)) == 1


def ask(server: BackEnd, subject: str, *scopes: str, purpose: str = "treatment") -> dict[str, Any]:
    body = {"patient": subject, "scopes": list(scopes), "purpose": purpose, "operator": OPERATOR}
    answer: dict[str, Any] = server.call("POST", "/api/v1/record-access", body).get_json()
    return answer


def test_a_record_opens_as_far_as_the_consent_goes_and_every_look_is_seen(any_city: City) -> None:
    city, phone, server = any_city, any_city.phone(), back_end(any_city)
    subject = patient(city, server, phone)
    assert ask(server, subject, "allergies")["allowed"] == [], "silence is no"
    given = {
        "institution": "first-hospital",
        "scopes": ["allergies", "labs"],
        "purpose": "treatment",
        "ends": city.clock.now + 86400,
    }
    made = phone.call("POST", "/record-consents", given)
    assert made.status_code == 201
    answer = ask(server, subject, "allergies", "medication")
    assert answer["allowed"] == ["allergies"]
    assert ask(server, subject, "allergies", purpose="referral")["allowed"] == [], "another purpose"
    kid = bytes.fromhex(header_of(answer["decision"])["kid"])
    key = city.services.trust_list().find(kid, KeyPurpose.TOKEN, city.clock.now)
    origin, now = city.services.settings.origin, city.clock.now
    read = read_decision(answer["decision"], key=key, issuer=origin, now=now)
    assert (read.partner, read.subject, read.scopes) == ("first-hospital", subject, (Scope.ALLERGIES,))
    assert (read.purpose, read.basis) == (Purpose.TREATMENT, made.get_json()["id"])
    with pytest.raises(NotSignedError):
        read_decision(answer["decision"], key=key, issuer=origin, now=now + DECISION_LIFE)
    city.clock.now += 1
    path = f"/record-consents/{made.get_json()['id']}"
    for _ in range(2):
        assert phone.call("DELETE", path).get_json()["active"] is False
    assert ask(server, subject, "allergies")["allowed"] == [], "a withdrawal counts from the next request"
    versions = phone.call("GET", f"{path}/versions").get_json()["consents"]
    assert [(entry["version"], entry["withdrawn"]) for entry in versions] == [(1, False), (2, True)]
    looks = phone.call("GET", "/health-accesses").get_json()["accesses"]
    assert [look["allowed"] for look in looks] == [[], [], ["allergies"], []]


def test_a_decision_is_no_access_token(city: City) -> None:
    phone, server = city.phone(), back_end(city)
    subject = patient(city, server, phone)
    body = {"institution": "first-hospital", "scopes": ["labs"], "purpose": "treatment", "ends": city.clock.now + 99}
    phone.call("POST", "/record-consents", body)
    server.terminal.token = ask(server, subject, "labs")["decision"]
    assert server.get("/fhir/R4/Encounter?date=2027-01-15").status_code == 401


def test_a_hospital_asks_and_the_holder_answers_once(city: City) -> None:
    phone, server = city.phone(), back_end(city)
    subject = patient(city, server, phone)
    body = {"patient": subject, "scopes": ["labs"], "purpose": "referral", "operator": OPERATOR, "days": 7}
    asked = server.call("POST", "/api/v1/record-requests", body).get_json()
    assert phone.call("GET", "/notices").get_json()["notices"][0]["kind"] == "record_requested"
    waiting = phone.call("GET", "/record-requests").get_json()["requests"]
    assert [entry["id"] for entry in waiting] == [asked["id"]]
    path = f"/record-requests/{asked['id']}/answer"
    assert phone.call("POST", path, {"given": True}).status_code == 204
    assert phone.call("POST", path, {"given": False}).get_json()["code"] == "record_request_closed"
    assert server.get(f"/api/v1/record-requests/{asked['id']}").get_json()["state"] == "given"
    assert ask(server, subject, "labs", purpose="referral")["allowed"] == ["labs"]


def test_an_emergency_gives_the_minimum_and_everybody_hears_of_it(any_city: City) -> None:
    city, phone, server = any_city, any_city.phone(), back_end(any_city)
    document = typed(city, "id_number")["typed"]
    body = {"reason": "unconscious", "statement": "车祸，无意识，需立即手术", "operator": "dr-3", "typed": document}
    answer = server.call("POST", "/api/v1/emergency-accesses", body, "act-1")
    found = answer.get_json()
    citizen = city.citizen()
    assert found["name"] == citizen.holder.name
    assert found["health_card"] in {card.number for card in citizen.cards}
    assert (found["allowed"], found["review_due"]) == (["allergies"], city.clock.now + 24 * 3600)
    assert server.call("POST", "/api/v1/emergency-accesses", body, "act-1").get_json()["id"] == found["id"]
    notice = phone.call("GET", "/notices").get_json()["notices"][0]
    assert notice["kind"] == "emergency_access"
    assert phone.call("GET", "/health-accesses").get_json()["accesses"][0]["what"] == "emergency"
    with city.services.database.read() as connection:
        waiting = emergency_access.waiting(connection, limit=9)
        assert [entry.id for entry in waiting] == [found["id"]]
        assert emergency_access.statement_of(connection, city.services.vault, found["id"]) == body["statement"]


def test_emergencies_are_bounded_per_place_also_with_64_at_once_and_misses_count(any_city: City) -> None:
    server = back_end(any_city)
    body = {"reason": "unconscious", "statement": "测试无此人", "operator": "dr-3"}
    body_ = body | {"typed": {"document": "id_number", "number": "11010519491231002X"}}

    def open_(number: int) -> int:
        on = BackEnd(server.terminal.on(any_city.app.test_client()))
        return on.call("POST", "/api/v1/emergency-accesses", body_, f"act-{number}").status_code

    answers = at_once(64, open_)
    assert (answers.count(404), answers.count(429)) == (10, 54)


def test_other_hospitals_and_other_scopes_learn_nothing(city: City) -> None:
    """Another partner's object is as unknown as one that never was (PA01)."""
    phone, server, stranger = city.phone(), back_end(city), other_hospital(city)
    details = arrive(city, phone)
    day = city_day(city.clock.now)
    visit = server.visit(day, details["visit"])
    subject, id_ = visit["patient"], visit["id"]
    body = {"patient": subject, "scopes": ["labs"], "purpose": "treatment", "operator": OPERATOR}
    request = server.call("POST", "/api/v1/record-requests", body | {"days": 1}).get_json()["id"]
    for theirs, unknown in (
        (f"/api/v1/encounters/{day}/{details['visit']}", f"/api/v1/encounters/{day}/15AAAAAAAAAA"),
        (f"/api/v1/record-requests/{request}", f"/api/v1/record-requests/{'0' * 32}"),
    ):
        answers = [stranger.get(path) for path in (theirs, unknown)]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.get_json()["code"] for answer in answers}) == 1
    for path, sent, code in (
        (f"/api/v1/encounters/{id_}/state", {"state": "cancelled"}, "encounter_not_found"),
        ("/api/v1/record-access", body, "patient_not_found"),
        ("/api/v1/record-requests", body | {"days": 1}, "patient_not_found"),
    ):
        assert stranger.call("POST", path, sent).get_json()["code"] == code
        assert code in PROBLEMS
    desk = BackEnd(city.terminal("clinic-1"))
    narrow = BackEnd(city.terminal("bus-1"))
    for caller in (desk, narrow):
        for path in (f"/api/v1/encounter-totals/{day}", f"/api/v1/record-requests/{request}", "/fhir/R4/Patient"):
            assert caller.get(path).status_code == 403


def test_two_hospitals_know_a_patient_under_different_identifiers(city: City) -> None:
    phone, server, stranger = city.phone(), back_end(city), other_hospital(city)
    mine = patient(city, server, phone)
    city.clock.now += 1
    number = city.terminal("clinic-9").scan(phone.show(city.clock.now, 1)).get_json()["details"]["visit"]
    theirs = stranger.visit(city_day(city.clock.now), number)["patient"]
    assert mine != theirs
    assert len(mine) == len(theirs) == 32


def test_every_field_of_the_policy_is_on_the_page_for_the_people_who_run_it() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs/scenes/hospital.md").read_text()
    text = text.split("## The policy")[1].split("## ")[0]
    rows = set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE))
    parts = {"insurance": InsurancePolicy, "emergency": EmergencyPolicy}
    inner = {f"{name}.{field}" for name, part in parts.items() for field in part.__struct_fields__}
    assert rows == {*HospitalPolicy.__struct_fields__, *inner}
