"""The hospital: one visit whatever shows who it is, insurance tokens, health records, FHIR, a child, an emergency."""

import secrets
from collections import Counter
from typing import Any

from codeservice.credential import CredentialType
from codeservice.demo import Citizen
from codeservice.scan import Outcome
from day.people import age, grown_up, number_of
from day.town import DAY, Town, require
from tests.phone import Phone

TITLE = "医院 The hospital"

SERVER, STRANGER = "hospital-back-end", "second-hospital-server"
NURSE, REGISTRATION = "nurse-7", "01101"


def play(town: Town) -> None:
    """Spend a morning at the outpatient department."""
    town.at("09:00")
    _open_second_hospital(town)
    patient = _patient(town, 0)
    phone = town.phone(patient)
    require(phone.call("PUT", "/consents/hospital", {"given": True}), 200)
    subject = _arrive(town, patient)
    _open_record(town, phone, subject)
    _read_fhir(town, subject)
    town.at("09:40")
    _bring_child(town)
    town.at("10:00")
    _lose_network(town)
    town.at("10:30")
    _save(town, _patient(town, 9))


def settle(town: Town) -> None:
    """Count the visits, and what the holders can see of who looked."""
    totals = require(town.ask(SERVER, "GET", f"/api/v1/encounter-totals/{DAY}"), 200)
    town.story.balance("hospital.visits", totals["visits"], "就诊次数 visits")
    states: Counter[str] = Counter()
    for row in totals["totals"]:
        states[row["state"]] += row["count"]
    for state, words in (
        ("registered", "仅挂号 registered"),
        ("arrived", "已报到 arrived"),
        ("finished", "已结束 finished"),
    ):
        town.story.balance(f"hospital.{state}", states[state], words)
    looks = town.phone(_patient(town, 0)).call("GET", "/health-accesses").get_json()["accesses"]
    tokens = sum(look["what"] == "insurance" for look in looks)
    town.story.balance("hospital.tokens", tokens, "医保令牌核销 insurance tokens redeemed")
    opened = sum(look["what"] == "record" and look["allowed"] != [] for look in looks)
    town.story.balance("hospital.records_opened", opened, "健康档案开启 health records opened")
    refused = sum(look["what"] == "record" and look["allowed"] == [] for look in looks)
    town.story.balance("hospital.records_refused", refused, "健康档案拒绝 health records kept shut")
    waiting = town.operate("emergencies", "list")
    town.story.require(waiting == {"waiting": [], "late": 0}, "急救调阅全部复核 every emergency access was reviewed")


def _open_second_hospital(town: Town) -> None:
    place = ("--partner", "second-hospital", "--partner-name", "市第二人民医院", "--name", "市第二人民医院门诊")
    town.scenes("places", "add", "second-hospital", "--scene", "hospital", *place)
    scopes = ("encounters", "insurance", "records", "fhir")
    town.operate("back-ends", "add", STRANGER, "--place", "second-hospital", "--name", "二院", "--scope", *scopes)


def _arrive(town: Town, patient: Citizen) -> str:
    """Register by code, check in by card and typed number, redeem the insurance token; returns the patient."""
    said = _desk(town, town.show(patient), act="register", operator=NURSE, business=REGISTRATION)
    details = said["details"]
    card = number_of(patient, CredentialType.E_HEALTH_CARD)
    town.story.require(details["health_card"] == card, "同意后出示电子健康卡 the e-health card is shown with consent")
    town.story.count("hospital.visits")
    town.tell(f"扫码挂号，就诊号 {details['visit']}。Registered by code, visit {details['visit']}.")
    visits = {details["visit"]}
    for document in ("social_security_card", "e_health_card", "id_number"):
        number = patient.holder.id_number.text if document == "id_number" else number_of(patient, document)
        typed = {"document": document, "number": number}
        visits.add(_desk(town, "", document_checked=True, typed=typed)["details"]["visit"])
    town.story.require(
        len(visits) == 1, "社保卡、健康卡、手输证号是同一次就诊 by card and typed ID it is the same visit"
    )
    _redeem(town, details["insurance_token"])
    visit = require(town.ask(SERVER, "GET", f"/api/v1/encounters/{DAY}/{details['visit']}"), 200)
    for state in ("in_progress", "finished"):
        require(town.ask(SERVER, "POST", f"/api/v1/encounters/{visit['id']}/state", {"state": state}), 200)
    town.story.count("hospital.finished")
    town.tell("就诊结束。The visit is over.")
    return str(visit["patient"])


def _redeem(town: Town, token: str) -> None:
    path = "/api/v1/insurance-tokens/redemptions"
    body = {"token": token, "operator": NURSE, "business": REGISTRATION}
    tries = (
        ("另一家医院 another hospital", STRANGER, body),
        ("另一名操作员 another operator", SERVER, body | {"operator": "nurse-8"}),
        ("另一项业务 another business", SERVER, body | {"business": "01301"}),
    )
    for who, client, asked in tries:
        town.story.require(town.ask(client, "POST", path, asked).status_code == 422, f"医保令牌拒绝：{who} is refused")
    told = require(town.ask(SERVER, "POST", path, body), 200)
    town.story.count("hospital.tokens")
    town.tell(
        f"医保令牌核销：参保 {told['kind']}，{told['region']}。Insurance token redeemed: insured, {told['kind']}."
    )
    town.story.require(town.ask(SERVER, "POST", path, body).status_code == 422, "令牌只用一次 a token is good once")


def _open_record(town: Town, phone: Phone, subject: str) -> None:
    def ask() -> list[str]:
        town.wait(20)
        body = {"patient": subject, "scopes": ["allergies", "labs"], "purpose": "treatment", "operator": NURSE}
        allowed: list[str] = require(town.ask(SERVER, "POST", "/api/v1/record-access", body), 200)["allowed"]
        town.story.count("hospital.records_opened" if allowed else "hospital.records_refused")
        return allowed

    town.story.require(ask() == [], "未经同意不能调阅健康档案 without consent no health record opens")
    given = {"institution": "first-hospital", "scopes": ["allergies"], "purpose": "treatment"}
    made = require(phone.call("POST", "/record-consents", given | {"ends": town.clock.now + 3600}), 201)
    town.tell("患者同意：过敏史，一小时。The patient consents: allergies, for an hour.")
    town.story.require(ask() == ["allergies"], "只开启同意的部分 only what was consented to opens")
    require(phone.call("DELETE", f"/record-consents/{made['id']}"), 200)
    town.story.require(ask() == [], "撤回后立即拒绝 after the withdrawal it is shut at once")


def _read_fhir(town: Town, subject: str) -> None:
    for path in ("Patient?_id=", "Coverage?patient=", "Consent?patient=", "Encounter?patient="):
        bundle = require(town.ask(SERVER, "GET", f"/fhir/R4/{path}{subject}"), 200)
        type_ = path.partition("?")[0]
        found = {entry["resource"]["resourceType"] for entry in bundle.get("entry", ())}
        town.story.require(found == {type_}, f"FHIR R4 {type_}：{len(bundle['entry'])}")
    foreign = town.ask(STRANGER, "GET", f"/fhir/R4/Patient/{subject}")
    town.story.require(foreign.status_code == 404, "别的医院读不到 another hospital reads nothing")


def _bring_child(town: Town) -> None:
    """Let a parent show the code of a child."""
    child = town.citizen(lambda citizen: citizen.holder.household_role == "child" and age(citizen) < 14, 40)
    household = child.holder.household
    parent = town.citizen(lambda one: one.holder.household == household and one.holder.household_role == "head")
    phone = town.phone(parent)
    about = {"name": child.holder.name, "id_number": child.holder.id_number.text}
    tie = require(phone.call("POST", "/household/ties", {"kind": "parent"} | about), 201)
    require(phone.fetch(town.clock.now, tie=tie["id"]), 200)
    town.wait(5)
    visit = _desk(town, phone.show(town.clock.now), department="paediatrics")["details"]["visit"]
    require(phone.fetch(town.clock.now, "all", 4), 200)
    found = require(town.ask(SERVER, "GET", f"/api/v1/encounters/{DAY}/{visit}"), 200)
    town.story.require(
        found["has_guardian"], "孩子是患者，家长是监护人 the child is the patient, the parent the guardian"
    )
    related = require(town.ask(SERVER, "GET", f"/fhir/R4/RelatedPerson?patient={found['patient']}"), 200)
    town.story.require(related["total"] == 1, "FHIR R4 RelatedPerson：1")
    town.tell("家长为孩子在儿科报到。A parent checks a child in at paediatrics.")
    town.story.count("hospital.visits")
    town.story.count("hospital.arrived")


def _lose_network(town: Town) -> None:
    """Go on at a desk that may have lost its network: some have registered before, some come for the first time."""
    for number in range(1, 4):
        _desk(town, town.show(_patient(town, number)), act="register")
        town.story.count("hospital.visits")
    town.tell("三人在一号台挂号。Three register at desk 1.")
    town.validator("clinic-2")
    town.go_dark("clinic-2")
    for number in range(1, 7):
        if number == 3:
            continue
        code = town.show(_patient(town, number))
        answer = town.scan("clinic-2", code, act="check_in", department="internal")
        town.story.require(answer.decision is Outcome.ACCEPTED, f"{answer.message.zh} {answer.message.en}")
        again = town.scan("clinic-2", code, act="check_in", department="internal")
        town.story.require(again.repeat, "同一次扫码 the same scan")
        town.story.count("hospital.visits", int(number > 3))
        town.story.count("hospital.arrived")
    town.story.count("hospital.registered")


def _save(town: Town, patient: Citizen) -> None:
    """Open the minimum in an emergency; the holder is told, and a second person reviews it."""
    phone = town.phone(patient)
    typed = {"document": "id_number", "number": patient.holder.id_number.text}
    body = {"reason": "unconscious", "statement": "车祸送医，无意识，需立即手术", "operator": "dr-3", "typed": typed}
    access = require(town.ask(SERVER, "POST", "/api/v1/emergency-accesses", body), 200)
    town.story.require(access["allowed"] == ["allergies"], "急救只开过敏史 an emergency opens the allergies alone")
    town.tell("急救调阅：患者昏迷。Emergency access: the patient is unconscious.")
    town.story.require("emergency_access" in _notices(phone), "患者立即收到通知 the holder is told at once")
    town.wait(1200)
    id_, reviewer = access["id"], ("--reviewer", "officer-2")
    town.operate("emergencies", "show", id_, *reviewer)
    town.operate("emergencies", "review", id_, *reviewer, "--verdict", "justified", "--note", "病历一致")
    town.story.require("emergency_reviewed" in _notices(phone), "复核结论告知患者 the holder reads the verdict")


def _desk(town: Town, code: str, *, department: str = "internal", **body: object) -> dict[str, Any]:
    """Scan at desk 1, which is always with network; returns the answer of an acceptance."""
    desk = town.terminal("clinic-1")
    headers = {"Authorization": f"Bearer {desk.token}", "Idempotency-Key": secrets.token_hex(8)}
    asked = {"code": code, "department": department} | body
    answer = desk.http.open("/scan/v1/hospital", method="POST", json=asked, headers=headers)
    said: dict[str, Any] = require(answer, 200)
    town.tell(f"{said['message']['zh']}。{said['message']['en']}.")
    return said


def _notices(phone: Phone) -> set[str]:
    return {entry["kind"] for entry in phone.call("GET", "/notices").get_json()["notices"]}


def _patient(town: Town, number: int) -> Citizen:
    return grown_up(town, 60 + number)
