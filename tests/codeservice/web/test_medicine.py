"""Medicines by HTTP: limits over the whole city, prescriptions to the last package, the registry, a chain's day."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from adapters.policies import read_draft
from codeservice.city import city_day
from codeservice.rate import RateLimiter
from codeservice.store import audit, pairwise, policy, retention
from codeservice.store.models import MedicineRegistration, PrescriptionItem
from codeservice.web.medicine import PRESCRIBE, REGISTRY, REPORTS, SWITCH
from tests.back_ends import BackEnd, open_back_end
from tests.conftest import City
from tests.phone import Phone, Terminal, at_once, decision

DAY = 24 * 3600
COUGH = {"class": "cough", "packages": 1}
FEVER = {
    "classes": [
        {"code": "cough", "title": {"zh": "止咳药", "en": "Cough medicine"}, "packages": 4, "period": 7},
        {
            "code": "fever",
            "title": {"zh": "退热药", "en": "Fever medicine"},
            "packages": 2,
            "period": "month",
            "registration": True,
        },
        {"code": "strict", "title": {"zh": "特药", "en": "Strict"}, "packages": 9, "period": "week", "document": True},
        {"code": "grown", "title": {"zh": "成人药", "en": "Grown"}, "packages": 9, "period": "day", "least_age": 120},
    ],
    "registration": {
        "reasons": {"self": {"zh": "本人", "en": "Self"}},
        "symptoms": {"fever": {"zh": "发热", "en": "Fever"}, "cough": {"zh": "咳嗽", "en": "Cough"}},
        "keep_days": 14,
    },
}


def put_in_force(city: City, **fields: Any) -> None:
    document = {
        "kinds": ["device"],
        "discloses": {"name": "masked"},
        "reversal_minutes": 30,
        **FEVER,
        **fields,
    }
    file = {"name": "pharmacy", "scene": "pharmacy", "title": {"zh": "药", "en": "P"}, "policy": document}
    draft = read_draft(json.dumps(file).encode())
    with city.services.database.write() as connection:
        version = policy.add(connection, draft, actor="test", now=city.clock.now)
        policy.note_trial(connection, "pharmacy", version, scans=0, differing=0, actor="test", now=city.clock.now)
        policy.switch(
            connection, "pharmacy", version, begins=city.clock.now, actor="test", reason="test", now=city.clock.now
        )
    city.services.policies.forget()


def till_call(till: Terminal, method: str, path: str, body: object = None, act: str = "act") -> Any:
    headers = {"Authorization": f"Bearer {till.token}", "Idempotency-Key": act}
    options: dict[str, Any] = {"method": method, "headers": headers}
    if body is not None:
        options["json"] = body
    return till.http.open(f"/scan/v1/pharmacy{path}", **options)


def show(city: City, phone: Phone) -> str:
    """Show a fresh code; the clock goes on, so that no code is used twice."""
    city.clock.now += 1
    return phone.show(city.clock.now)


def sell(city: City, till: Terminal, phone: Phone, medicine: str, packages: int = 1, **body: Any) -> Any:
    assert till.authenticate(city.clock.now).status_code == 200
    return till.scan(show(city, phone), medicine={"class": medicine, "packages": packages}, **body)


def prescribe(city: City, hospital: BackEnd, phone: Phone, *quantities: int, act: str | None = None) -> dict[str, Any]:
    clinic = city.terminal("clinic-1")
    seen = clinic.scan(show(city, phone)).get_json()
    assert seen["decision"] == "accepted", seen
    items = [
        {"code": f"M{number}", "name": f"药{number}", "quantity": count} for number, count in enumerate(quantities)
    ]
    body = {"verification": seen["scan"], "prescriber": "D-17", "items": items}
    answer = hospital.call("POST", "/api/v1/prescriptions", body, act=act)
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_window_of_days_counts_over_all_pharmacies_and_slides(city: City) -> None:
    put_in_force(city)
    phone = city.phone()
    east, west = city.terminal("till-east"), city.terminal("till-west")
    assert decision(sell(city, east, phone, "cough", 3)) == ("accepted", None)
    city.clock.now += 2 * DAY
    assert phone.fetch(city.clock.now).status_code == 200
    assert decision(sell(city, west, phone, "cough", 2)) == ("refused", "limit_reached")
    assert decision(sell(city, west, phone, "cough", 1)) == ("accepted", None)
    city.clock.now += 5 * DAY + 60
    assert phone.fetch(city.clock.now).status_code == 200
    assert decision(sell(city, east, phone, "cough", 3)) == ("accepted", None)
    assert decision(sell(city, east, phone, "cough", 1)) == ("refused", "limit_reached")


def test_64_sales_at_once_at_two_places_never_pass_a_sliding_limit(any_city: City) -> None:
    put_in_force(any_city)
    phone = any_city.phone()
    tills = [any_city.terminal(name) for name in ("till-east", "till-west")]
    codes = [phone.show(any_city.clock.now - 58 + number) for number in range(64)]
    others = [tills[number % 2].on(any_city.app.test_client()) for number in range(64)]
    found = at_once(64, lambda number: decision(others[number].scan(codes[number], medicine=COUGH)))
    assert sorted(found) == [("accepted", None)] * 4 + [("refused", "limit_reached")] * 60


def test_age_document_and_unknown_classes(city: City) -> None:
    put_in_force(city)
    phone, till = city.phone(), city.terminal("till-east")
    assert decision(sell(city, till, phone, "strict")) == ("refused", "second_factor_required")
    assert decision(sell(city, till, phone, "strict", document_checked=True)) == ("accepted", None)
    assert decision(sell(city, till, phone, "grown")) == ("refused", "not_entitled")
    answer = sell(city, till, phone, "nothing")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "medicine_not_found")


def test_a_sale_is_taken_back_once_by_its_own_till_and_within_minutes(any_city: City) -> None:
    put_in_force(any_city)
    phone = any_city.phone()
    east, west = any_city.terminal("till-east"), any_city.terminal("till-west")
    sold = sell(any_city, east, phone, "cough", 4).get_json()
    assert till_call(west, "POST", "/reversals", {"scan": sold["scan"]}).status_code == 404
    callers = [east.on(any_city.app.test_client()) for _ in range(64)]
    found = at_once(
        64, lambda number: till_call(callers[number], "POST", "/reversals", {"scan": sold["scan"]}).get_json()
    )
    assert {entry["at"] for entry in found} == {any_city.clock.now}
    assert decision(sell(any_city, west, phone, "cough", 4)) == ("accepted", None)
    late = sell(any_city, east, phone, "strict", document_checked=True).get_json()["scan"]
    any_city.clock.now += 31 * 60
    assert east.authenticate(any_city.clock.now).status_code == 200
    answer = till_call(east, "POST", "/reversals", {"scan": late})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "reversal_too_late")
    purchases = phone.call("GET", "/purchases").get_json()["purchases"]
    assert sorted((entry["medicine"], entry["packages"], entry["reversed"] is None) for entry in purchases) == [
        ("cough", 4, False),
        ("cough", 4, True),
        ("strict", 1, True),
    ]


@pytest.fixture
def authority(city: City) -> BackEnd:
    """The health authority's back end; it stands at a place of its own in a real city."""
    return open_back_end(city, "authority", "first-hospital", SWITCH, REGISTRY)


def test_buyers_are_registered_while_the_authority_says_so_and_at_no_other_time(city: City, authority: BackEnd) -> None:
    put_in_force(city)
    phone, till = city.phone(), city.terminal("till-east")
    answers = {"reason": "self", "symptoms": ["fever", "cough"]}
    refused = sell(city, till, phone, "fever", registration=answers)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "registration_not_asked")
    assert not till_call(till, "GET", "/choices").get_json()["reasons"]
    on = authority.call("PUT", "/api/v1/medicine-registry", {"on": True, "reason": "season"})
    assert on.get_json()["on"]
    again = authority.call("PUT", "/api/v1/medicine-registry", {"on": True, "reason": "season"})
    assert again.get_json()["code"] == "registry_switched_before"
    offered = till_call(till, "GET", "/choices").get_json()
    assert [entry["code"] for entry in offered["classes"] if entry["registration"]] == ["fever"]
    assert [entry["code"] for entry in offered["symptoms"]] == ["cough", "fever"]
    for wrong in (None, {"reason": "other"}, {"reason": "self", "symptoms": ["tired"]}):
        answer = sell(city, till, phone, "fever", registration=wrong)
        assert answer.get_json()["code"] == "registration_required"
    free = sell(city, till, phone, "fever", registration={"reason": "self", "symptoms": ["I cough a lot"]})
    assert free.status_code == 400
    assert decision(sell(city, till, phone, "cough")) == ("accepted", None)
    assert decision(sell(city, till, phone, "fever", registration=answers)) == ("accepted", None)
    (entry,) = authority.call("GET", "/api/v1/medicine-registry/registrations/0").get_json()["registrations"]
    assert (entry["name"], entry["symptoms"]) == (city.citizen().holder.name, ["cough", "fever"])
    off = authority.call("PUT", "/api/v1/medicine-registry", {"on": False, "reason": "over"}).get_json()
    assert (off["on"], off["registered"]) == (False, 1)
    assert decision(sell(city, till, phone, "fever")) == ("accepted", None)
    with city.services.database.write() as connection:
        retention.purge(connection, now=city.clock.now + 14 * DAY)
        assert connection.execute(select(MedicineRegistration.id)).all() == []
    counted = authority.call("GET", "/api/v1/medicine-registry").get_json()
    assert counted["registered"] == 1


def test_symptoms_are_kept_with_no_scan_and_in_no_log(city: City, authority: BackEnd) -> None:
    put_in_force(city)
    phone, till = city.phone(), city.terminal("till-east")
    authority.call("PUT", "/api/v1/medicine-registry", {"on": True, "reason": "season"})
    sell(city, till, phone, "fever", registration={"reason": "self", "symptoms": ["fever"]})
    with city.services.database.read() as connection:
        entries = [vars(entry) for entry in audit.newest(connection, limit=50)] if hasattr(audit, "newest") else []
        from codeservice.store.models import Scan  # noqa: PLC0415 -- beside what it is for

        asked = [row.asked for row in connection.execute(select(Scan.asked).where(Scan.scene == "pharmacy"))]
    assert "symptoms" not in json.dumps(asked)
    assert "symptoms" not in json.dumps(entries, default=str)


def test_only_the_scopes_of_the_authority_open_the_registry(city: City) -> None:
    chain = open_back_end(city, "chain", "pharmacy-east", REPORTS)
    for method, path, body in (
        ("PUT", "/api/v1/medicine-registry", {"on": True, "reason": "x"}),
        ("GET", "/api/v1/medicine-registry/registrations/0", None),
        ("POST", "/api/v1/prescriptions", {"verification": "x", "prescriber": "x", "items": []}),
    ):
        assert chain.call(method, path, body).status_code in {400, 403}


def test_a_prescription_is_seen_and_redeemed_in_parts_to_the_last_package(any_city: City) -> None:
    hospital = open_back_end(any_city, "his", "first-hospital", PRESCRIBE)
    phone, till = any_city.phone(), any_city.terminal("till-east")
    made = prescribe(any_city, hospital, phone, 40, 2)
    scan = till.scan(show(any_city, phone)).get_json()["scan"]
    seen = till_call(till, "GET", f"/scans/{scan}/prescriptions").get_json()["prescriptions"]
    items = {entry["code"]: entry["item"] for entry in seen[0]["items"]}
    callers = [till.on(any_city.app.test_client()) for _ in range(64)]
    body = {"scan": scan, "items": [{"item": items["M0"], "quantity": 1}]}
    found = at_once(
        64, lambda number: till_call(callers[number], "POST", "/redemptions", body, act=f"act-{number}").status_code
    )
    assert sorted(found) == [201] * 40 + [409] * 24
    # A till may call a hundred times at once: without this a fast machine would be told to wait.
    any_city.app.extensions["services"] = replace(any_city.services, limiter=RateLimiter())
    same = [{"item": items["M1"], "quantity": 2}]
    found = at_once(
        64,
        lambda number: (
            till_call(callers[number], "POST", "/redemptions", {"scan": scan, "items": same}, act="one-act").status_code
        ),
    )
    assert set(found) == {201}
    state = hospital.call("GET", f"/api/v1/prescriptions/{made['prescription']}").get_json()
    assert state["state"] == "dispensed"
    assert [entry["dispensed"] for entry in state["items"]] == [40, 2]
    assert sum(sum(act["items"].values()) for act in state["history"]) == 42
    own = phone.call("GET", "/prescriptions").get_json()["prescriptions"]
    assert own[0]["state"] == "dispensed"


def test_all_of_a_redemption_or_nothing_and_taken_back_it_is_there_again(city: City) -> None:
    hospital = open_back_end(city, "his", "first-hospital", PRESCRIBE)
    phone, till = city.phone(), city.terminal("till-east")
    made = prescribe(city, hospital, phone, 3, 1)
    scan = till.scan(show(city, phone)).get_json()["scan"]
    first, second = (entry["item"] for entry in made["items"])
    too_much = {"scan": scan, "items": [{"item": first, "quantity": 1}, {"item": second, "quantity": 2}]}
    assert till_call(till, "POST", "/redemptions", too_much, act="a").get_json()["code"] == "prescription_used_up"
    with city.services.database.read() as connection:
        assert set(connection.scalars(select(PrescriptionItem.dispensed))) == {0}
    good = {"scan": scan, "items": [{"item": first, "quantity": 2}]}
    redeemed = till_call(till, "POST", "/redemptions", good, act="b").get_json()
    reused = till_call(till, "POST", "/redemptions", too_much, act="b").get_json()
    assert reused["code"] == "idempotency_key_reused"
    for _ in range(2):
        assert till_call(till, "POST", "/reversals", {"redemption": redeemed["redemption"]}).status_code == 200
    state = hospital.call("GET", f"/api/v1/prescriptions/{made['prescription']}").get_json()
    assert [entry["dispensed"] for entry in state["items"]] == [0, 0]
    assert state["history"][0]["reversed"] is not None


def test_cancelled_expired_and_other_peoples_prescriptions_are_not_dispensed(city: City) -> None:
    hospital = open_back_end(city, "his", "first-hospital", PRESCRIBE)
    phone, till = city.phone(), city.terminal("till-east")
    other = city.phone(next(c for c in city.people if c.phone and c.holder.id != city.citizen().holder.id))
    cancelled, made = (prescribe(city, hospital, phone, 1) for _ in range(2))
    path = f"/api/v1/prescriptions/{cancelled['prescription']}/cancellation"
    assert {hospital.call("POST", path).get_json()["state"] for _ in range(2)} == {"cancelled"}

    def redeem(phone: Phone, prescription: dict[str, Any], act: str) -> Any:
        scan = till.scan(show(city, phone)).get_json()["scan"]
        items = [{"item": prescription["items"][0]["item"], "quantity": 1}]
        return till_call(till, "POST", "/redemptions", {"scan": scan, "items": items}, act=act).get_json()["code"]

    assert redeem(phone, cancelled, "a") == "prescription_not_open"
    assert redeem(other, made, "b") == "prescription_not_found"
    city.clock.now += 3 * DAY
    for caller in (phone,):
        assert caller.fetch(city.clock.now).status_code == 200
    assert till.authenticate(city.clock.now).status_code == 200
    assert redeem(phone, made, "c") == "prescription_not_open"
    stranger = open_back_end(city, "other", "pharmacy-east", PRESCRIBE)
    assert stranger.call("GET", f"/api/v1/prescriptions/{made['prescription']}").status_code == 404


def test_a_hospital_prescribes_only_for_whom_it_has_just_seen(city: City) -> None:
    hospital = open_back_end(city, "his", "first-hospital", PRESCRIBE)
    phone = city.phone()
    elsewhere = city.terminal("till-east").scan(show(city, phone)).get_json()["scan"]
    body = {"verification": elsewhere, "prescriber": "D", "items": [{"code": "M", "name": "药", "quantity": 1}]}
    assert hospital.call("POST", "/api/v1/prescriptions", body).get_json()["code"] == "verification_not_found"
    made = prescribe(city, hospital, phone, 1, act="once")
    seen = city.terminal("clinic-1").scan(show(city, phone)).get_json()["scan"]
    city.clock.now += DAY + 1
    assert hospital.terminal.authenticate(city.clock.now).status_code == 200
    assert hospital.call("POST", "/api/v1/prescriptions", body | {"verification": seen}).status_code == 404
    assert made["state"] == "open"


def test_a_hospital_prescribes_for_its_own_patient_and_no_other_hospital_s(city: City) -> None:
    hospital = open_back_end(city, "his", "first-hospital", PRESCRIBE)
    person = city.citizen().holder.id
    with city.services.database.write() as connection:
        own, theirs = (
            pairwise.find_or_add(connection, city.services.vault, partner, person, now=city.clock.now)
            for partner in ("first-hospital", "good-health")
        )
    body = {"prescriber": "D", "items": [{"code": "M", "name": "药", "quantity": 1}]}
    found = [hospital.call("POST", "/api/v1/prescriptions", body | {"patient": id_}) for id_ in (own, theirs)]
    assert [answer.status_code for answer in found] == [201, 404]
    assert hospital.call("POST", "/api/v1/prescriptions", body).status_code == 400


def test_the_day_of_a_chain_balances_with_its_counters(any_city: City) -> None:
    put_in_force(any_city)
    hospital = open_back_end(any_city, "his", "first-hospital", PRESCRIBE)
    chain = open_back_end(any_city, "chain", "pharmacy-east", REPORTS)
    phone = any_city.phone()
    east, west = any_city.terminal("till-east"), any_city.terminal("till-west")
    sell(any_city, east, phone, "cough", 2)
    back = sell(any_city, west, phone, "cough", 1).get_json()["scan"]
    till_call(west, "POST", "/reversals", {"scan": back})
    made = prescribe(any_city, hospital, phone, 5)
    scan = west.scan(show(any_city, phone)).get_json()["scan"]
    items = [{"item": made["items"][0]["item"], "quantity": 3}]
    till_call(west, "POST", "/redemptions", {"scan": scan, "items": items})
    day = city_day(any_city.clock.now)
    lines = chain.call("GET", f"/api/v1/medicine-reports/{day}").get_json()["lines"]
    assert [(entry["place"], entry["medicine"], entry["packages"], entry["reversed"]) for entry in lines] == [
        ("pharmacy-east", "cough", 2, 0),
        ("pharmacy-west", "cough", 0, 1),
        ("pharmacy-west", "prescription", 3, 0),
    ]
    assert all(entry["balanced"] for entry in lines)
    file: Any = chain.call("GET", f"/api/v1/medicine-reports/{day}/csv")
    assert file.get_data(as_text=True).splitlines()[1].startswith(f"{day},pharmacy-east,cough,1,2,0,2")
    assert chain.call("GET", "/api/v1/medicine-reports/yesterday").get_json()["code"] == "day_not_readable"
