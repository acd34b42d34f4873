"""Government halls by HTTP: each number once and at one window, forms by consent and nothing more, reviews."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from adapters.government import Government
from adapters.policies import read_draft
from codeservice.credential import CredentialState, CredentialType
from codeservice.hall import HallRules, read_rules
from codeservice.policy import PolicyError, write_document
from codeservice.store import policy
from codeservice.store.models import Credential, HallApplication, Scan
from codeservice.web.hall import FORMS, QUEUE, REVIEWS
from tests.back_ends import BackEnd, open_back_end
from tests.conftest import City
from tests.phone import Phone, Terminal, at_once, decision

DAY = 24 * 3600
RULES: dict[str, Any] = {
    "services": [
        {"code": "general", "title": {"zh": "综合", "en": "General"}, "prefix": "A", "priority": ["senior"]},
        {"code": "social", "title": {"zh": "社保", "en": "Social"}, "prefix": "B", "numbers_a_day": 2},
    ],
    "windows": [
        {"code": str(number), "services": ["general"] if number < 64 else ["social"]} for number in range(1, 66)
    ],
    "forms": [
        {
            "code": "register",
            "service": "general",
            "title": {"zh": "登记表", "en": "Registration form"},
            "purpose": {"zh": "办理登记", "en": "Registration"},
            "minutes": 10,
            "fields": [
                {"name": "applicant", "title": {"zh": "姓名", "en": "Name"}, "source": "holder.name"},
                {"name": "card", "title": {"zh": "社保卡号", "en": "Card"}, "source": "social_security_card.number"},
                {"name": "permit", "title": {"zh": "运输证", "en": "Permit"}, "source": "transport_permit.vehicle"},
            ],
        }
    ],
    "reviews": {"tags": {"fast": {"zh": "快", "en": "Fast"}}, "days": 7, "bad": 2, "answer_days": 5},
}


def a_file(**changes: Any) -> bytes:
    document = {"kinds": ["device"], "discloses": {"name": "masked"}, **RULES, **changes}
    title = {"zh": "大厅", "en": "Hall"}
    return json.dumps({"name": "government", "scene": "government", "title": title, "policy": document}).encode()


def put_in_force(city: City) -> None:
    now = city.clock.now
    with city.services.database.write() as connection:
        version = policy.add(connection, read_draft(a_file()), actor="test", now=now)
        policy.note_trial(connection, "government", version, scans=0, differing=0, actor="test", now=now)
        policy.switch(connection, "government", version, begins=now, actor="test", reason="test", now=now)
    city.services.policies.forget()


def draw(city: City, phone: Phone, machine: Terminal, service: str = "general") -> dict[str, Any]:
    city.clock.now += 1
    answer: dict[str, Any] = machine.scan(phone.show(city.clock.now), service=service).get_json()
    return answer


def act(hall: BackEnd, visit: str, what: str, window: str = "1", **more: str) -> Any:
    return hall.call("POST", f"/api/v1/queue/visits/{visit}/acts", {"window": window, "act": what, **more})


def served(city: City, hall: BackEnd, phone: Phone) -> str:
    """Draw a number, call it at window 1 and finish; returns the visit."""
    visit = draw(city, phone, city.terminal("queue-1"))["scan"]
    assert hall.call("POST", "/api/v1/queue/calls", {"window": "1"}).get_json()["visit"] == visit
    for what in ("serve", "finish"):
        assert act(hall, visit, what).status_code == 200
    return str(visit)


@pytest.fixture
def hall(city: City) -> BackEnd:
    """The hall's back end with every scope."""
    put_in_force(city)
    return open_back_end(city, "hall-system", "city-hall", QUEUE, FORMS, REVIEWS)


def test_every_service_counts_by_itself_up_to_its_numbers_a_day(city: City, hall: BackEnd) -> None:
    machine, phone = city.terminal("queue-1"), city.phone()
    found = [
        draw(city, phone, machine, service) for service in ("general", "social", "social", "general", "social", "")
    ]
    numbers = [entry["details"]["queue_number"] if entry["details"] else entry["reason"] for entry in found]
    assert numbers == ["A001", "B001", "B002", "A002", "capacity_reached", "A003"]
    headers = {"Authorization": f"Bearer {machine.token}"}
    offered = machine.http.open("/scan/v1/government/choices", method="GET", headers=headers).get_json()
    assert [(entry["code"], entry["waiting"]) for entry in offered["services"]] == [("general", 3), ("social", 2)]
    city.clock.now += 1
    unknown = machine.scan(phone.show(city.clock.now), service="nothing")
    assert (unknown.status_code, unknown.get_json()["code"]) == (422, "hall_service_not_found")
    mine = phone.call("GET", "/visits").get_json()["visits"]
    assert [(entry["number"], entry["before"]) for entry in mine if entry["service"] == "general"] == [
        ("A003", 2),
        ("A002", 1),
        ("A001", 0),
    ]


def test_64_draws_at_once_give_64_numbers(any_city: City) -> None:
    machine, phone = any_city.terminal("queue-1"), any_city.phone()
    codes = [phone.show(any_city.clock.now - 58 + number) for number in range(64)]
    machines = [machine.on(any_city.app.test_client()) for _ in range(64)]
    found = at_once(64, lambda number: machines[number].scan(codes[number]).get_json()["details"]["queue_number"])
    assert sorted(found) == [f"A{number:03d}" for number in range(1, 65)]


def test_64_windows_that_call_at_once_get_each_number_once(any_city: City) -> None:
    put_in_force(any_city)
    hall = open_back_end(any_city, "hall-system", "city-hall", QUEUE)
    machine, phone = any_city.terminal("queue-1"), any_city.phone()
    for number in range(40):
        assert decision(machine.scan(phone.show(any_city.clock.now - 58 + number))) == ("accepted", None)
    halls = [hall.on(any_city) for _ in range(63)]

    def call(number: int) -> str:
        body = halls[number].call("POST", "/api/v1/queue/calls", {"window": str(number + 1)}).get_json()
        return str(body.get("number") or body["code"])

    found = at_once(63, call)
    assert sorted(entry for entry in found if entry != "queue_empty") == [f"A{n:03d}" for n in range(1, 41)]
    again = at_once(63, call)
    assert again == found


def test_a_visit_goes_its_way_at_one_window(city: City, hall: BackEnd) -> None:
    machine, phone = city.terminal("queue-1"), city.phone()
    first, second = (draw(city, phone, machine)["scan"] for _ in range(2))
    called = hall.call("POST", "/api/v1/queue/calls", {"window": "1"}).get_json()
    assert (called["visit"], called["number"], called["calls"]) == (first, "A001", 1)
    assert act(hall, first, "recall").get_json()["calls"] == 2
    assert act(hall, first, "serve", window="2").status_code == 409
    assert act(hall, first, "finish").status_code == 409
    assert act(hall, first, "serve").get_json()["state"] == "serving"
    busy = hall.call("POST", "/api/v1/queue/calls", {"window": "1"})
    assert busy.get_json()["code"] == "window_busy"
    moved = act(hall, first, "transfer", service="social").get_json()
    assert (moved["state"], moved["service"], moved["window"]) == ("waiting", "social", None)
    assert hall.call("POST", "/api/v1/queue/calls", {"window": "64"}).get_json()["visit"] == first
    assert hall.call("POST", "/api/v1/queue/calls", {"window": "1"}).get_json()["visit"] == second
    assert act(hall, second, "no_show").get_json()["state"] == "no_show"
    assert hall.call("POST", "/api/v1/queue/calls", {"window": "1"}).get_json()["code"] == "queue_empty"
    assert hall.call("POST", "/api/v1/queue/calls", {"window": "99"}).get_json()["code"] == "window_not_found"


def test_seniors_are_called_first(city: City, hall: BackEnd) -> None:
    machine = city.terminal("queue-1")
    old = next(c for c in city.people if c.phone and c.holder.id_number.born.year < 1955)
    young, senior = city.phone(), city.phone(old)
    draw(city, young, machine)
    assert draw(city, senior, machine)["details"]["queue_number"] == "A002"
    called = hall.call("POST", "/api/v1/queue/calls", {"window": "1"}).get_json()
    assert (called["number"], called["priority"]) == ("A002", True)


def test_another_places_back_end_has_no_windows_and_no_visits(city: City, hall: BackEnd) -> None:
    visit = draw(city, city.phone(), city.terminal("queue-1"))["scan"]
    stranger = open_back_end(city, "stranger", "pharmacy-east", QUEUE, FORMS, REVIEWS)
    assert stranger.call("POST", "/api/v1/queue/calls", {"window": "1"}).status_code == 404
    assert act(stranger, visit, "serve").status_code == 404
    assert stranger.call("POST", "/api/v1/applications", {"visit": visit, "form": "register"}).status_code == 404


def asked(city: City, hall: BackEnd, phone: Phone) -> str:
    """Ask for the form of a visit that is being served; returns the application."""
    visit = draw(city, phone, city.terminal("queue-1"))["scan"]
    hall.call("POST", "/api/v1/queue/calls", {"window": "1"})
    answer = hall.call("POST", "/api/v1/applications", {"visit": visit, "form": "register"})
    assert answer.status_code == 201, answer.get_json()
    act(hall, visit, "no_show")
    return str(answer.get_json()["application"])


def consent(phone: Phone, application: str) -> Any:
    preview = phone.call("GET", f"/applications/{application}/preview").get_json()
    return phone.call("POST", f"/applications/{application}/consent", {"digest": preview["digest"]})


def test_a_form_shares_its_fields_once_after_consent_and_nothing_else(city: City, hall: BackEnd) -> None:
    phone = city.phone()
    application = asked(city, hall, phone)
    values = f"/api/v1/applications/{application}/values"
    assert hall.call("POST", values).get_json()["code"] == "application_not_open"
    preview = phone.call("GET", f"/applications/{application}/preview").get_json()
    shown = {field["name"]: field["value"] for field in preview["fields"]}
    card = next(c for c in city.citizen().cards if c.type is CredentialType.SOCIAL_SECURITY_CARD)
    assert shown == {"applicant": city.citizen().holder.name, "card": card.number, "permit": shown["permit"]}
    assert phone.call("POST", f"/applications/{application}/consent", {"digest": "0" * 64}).status_code == 409
    assert consent(phone, application).get_json()["state"] == "consented"
    found = [hall.call("POST", values) for _ in range(2)]
    assert [answer.status_code for answer in found] == [200, 409]
    assert found[0].get_json()["values"] == shown
    (record,) = phone.call("GET", "/applications").get_json()["applications"]
    assert (record["state"], record["fields"]) == ("fetched", ["applicant", "card", "permit"])
    with city.services.database.read() as connection:
        assert connection.scalar(select(HallApplication.values_sealed)) is None
    assert phone.call("GET", "/notices").get_json()["notices"][0]["kind"] == "application_asked"


def test_64_fetches_at_once_are_one(any_city: City) -> None:
    put_in_force(any_city)
    hall = open_back_end(any_city, "hall-system", "city-hall", QUEUE, FORMS)
    phone = any_city.phone()
    application = asked(any_city, hall, phone)
    assert consent(phone, application).status_code == 200
    halls = [hall.on(any_city) for _ in range(64)]
    path = f"/api/v1/applications/{application}/values"
    found = at_once(64, lambda number: halls[number].call("POST", path).status_code)
    assert sorted(found) == [200] + [409] * 63


def test_consents_that_ended_or_were_withdrawn_and_credentials_that_changed_open_nothing(
    city: City, hall: BackEnd
) -> None:
    phone = city.phone()

    def fetch(application: str) -> str:
        answer = hall.call("POST", f"/api/v1/applications/{application}/values").get_json()
        return str(answer.get("code", "fetched"))

    withdrawn = asked(city, hall, phone)
    consent(phone, withdrawn)
    closed = phone.call("POST", f"/applications/{withdrawn}/closing", {"state": "withdrawn"})
    assert closed.get_json()["state"] == "withdrawn"
    late = asked(city, hall, phone)
    consent(phone, late)
    changed = asked(city, hall, phone)
    consent(phone, changed)
    assert fetch(withdrawn) == "application_not_open"
    with city.services.database.write() as connection:
        connection.execute(
            Credential.__table__.update()  # type: ignore[attr-defined]
            .where(Credential.person == city.citizen().holder.id, Credential.type == "social_security_card")
            .values(state=CredentialState.LOST.value)
        )
    assert fetch(changed) == "application_changed"
    city.clock.now += 10 * 60
    assert hall.terminal.authenticate(city.clock.now).status_code == 200
    assert fetch(late) == "application_not_open"
    other = city.phone(next(c for c in city.people if c.phone and c.holder.id != city.citizen().holder.id))
    assert other.call("GET", f"/applications/{late}/preview").status_code == 404


def test_a_finished_visit_is_reviewed_once_and_a_bad_grade_is_answered(city: City, hall: BackEnd) -> None:
    phone, machine = city.phone(), city.terminal("queue-1")
    waiting = draw(city, phone, machine)["scan"]
    early = phone.call("POST", f"/visits/{waiting}/review", {"grade": 5})
    assert early.get_json()["code"] == "review_not_possible"
    hall.call("POST", "/api/v1/queue/calls", {"window": "1"})
    act(hall, waiting, "no_show")
    visit = served(city, hall, phone)
    odd = phone.call("POST", f"/visits/{visit}/review", {"grade": 1, "tags": ["rude"]})
    assert odd.get_json()["code"] == "review_tag_unknown"
    kept = phone.call("POST", f"/visits/{visit}/review", {"grade": 1, "tags": ["fast"], "callback": True})
    assert kept.get_json()["answered_by"] == city.clock.now + 5 * DAY
    headers = {"Authorization": f"Bearer {machine.token}"}
    body = {"visit": visit, "grade": 5}
    again = machine.http.open("/scan/v1/government/reviews", method="POST", json=body, headers=headers)
    assert again.get_json()["code"] == "review_not_possible"
    good = served(city, hall, phone)
    kiosk = machine.http.open(
        "/scan/v1/government/reviews", method="POST", json={"visit": good, "grade": 5}, headers=headers
    )
    assert (kiosk.status_code, kiosk.get_json()["answered_by"]) == (201, None)
    (figures,) = hall.call("GET", "/api/v1/reviews/statistics").get_json()["figures"]
    assert (figures["window"], figures["reviews"], figures["bad"], figures["average"]) == ("1", 2, 1, 3.0)
    answer = hall.call("GET", "/api/v1/follow-ups")
    (owed,) = answer.get_json()["follow_ups"]
    assert (owed["number"], owed["phone"], owed["overdue"]) == ("A002", city.citizen().phone, False)
    assert city.citizen().holder.name not in json.dumps(answer.get_json(), ensure_ascii=False)
    path = f"/api/v1/follow-ups/{visit}/answer"
    found = [hall.call("POST", path, {"outcome": "corrected"}).status_code for _ in range(2)]
    assert found == [204, 404]
    kinds = [entry["kind"] for entry in phone.call("GET", "/notices").get_json()["notices"]]
    assert kinds[:2] == ["review_answered", "review_taken_up"]


def test_64_reviews_of_one_visit_are_one(any_city: City) -> None:
    put_in_force(any_city)
    hall = open_back_end(any_city, "hall-system", "city-hall", QUEUE)
    phone, machine = any_city.phone(), any_city.terminal("queue-1")
    visit = served(any_city, hall, phone)
    machines = [machine.on(any_city.app.test_client()) for _ in range(64)]
    headers = {"Authorization": f"Bearer {any_city.terminal('queue-1').token}"}
    body = {"visit": visit, "grade": 1}

    def review(number: int) -> int:
        return (
            machines[number]
            .http.open("/scan/v1/government/reviews", method="POST", json=body, headers=headers)
            .status_code
        )

    assert sorted(at_once(64, review)) == [201] + [409] * 63


def test_the_display_shows_numbers_and_windows_and_nobody(city: City, hall: BackEnd) -> None:
    machine, phone = city.terminal("queue-1"), city.phone()
    for _ in range(2):
        draw(city, phone, machine)
    hall.call("POST", "/api/v1/queue/calls", {"window": "3"})
    browser = city.app.test_client()
    shown = browser.get("/hall/city-hall/numbers").get_json()
    assert [(entry["window"], entry["number"]) for entry in shown["called"]] == [("3", "A001")]
    assert [entry["waiting"] for entry in shown["waiting"]] == [1, 0]
    assert browser.get("/hall/city-hall/display").status_code == 200
    for unknown in ("nowhere", "pharmacy-east"):
        assert browser.get(f"/hall/{unknown}/numbers").status_code == 404
        assert browser.get(f"/hall/{unknown}/display").status_code == 404
    assert city.citizen().holder.id not in browser.get("/hall/city-hall/numbers").get_data(as_text=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"services": []},
        {"services": [RULES["services"][0], RULES["services"][0]]},
        {"windows": [{"code": "1", "services": ["nothing"]}]},
        {"forms": [RULES["forms"][0] | {"service": "nothing"}]},
        {"forms": [RULES["forms"][0] | {"fields": [RULES["forms"][0]["fields"][0] | {"source": "holder.mother"}]}]},
        {"forms": [RULES["forms"][0] | {"fields": [RULES["forms"][0]["fields"][0] | {"source": "e_id.face"}]}]},
        {
            "offline": {
                "list_age": 1,
                "let_pass": False,
                "advice": {"zh": "一", "en": "a"},
                "holder_limit": 1,
                "terminal_limit": 1,
            }
        },
    ],
    ids=["no service", "a service twice", "window", "form", "source", "claim", "offline"],
)
def test_a_hall_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        read_draft(a_file(**changes))


def test_wallet_and_window_read_the_same_rules_as_the_queue_machine() -> None:
    assert read_rules(None) == Government.default.rules == HallRules()
    assert read_rules(write_document(Government.default)) == HallRules()
    assert read_rules(read_draft(a_file()).document).form("register") is not None


def test_a_scan_names_its_service_and_no_person(city: City, hall: BackEnd) -> None:
    draw(city, city.phone(), city.terminal("queue-1"), "social")
    with city.services.database.read() as connection:
        row = connection.execute(select(Scan.effect, Scan.asked)).one()
    assert row.effect == {"queue_number": "B001", "service": "social"}
    assert row.asked["body"]["service"] == "social"
