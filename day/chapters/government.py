"""The government hall: numbers, windows, a form filled from credentials with consent, reviews, the display."""

from collections import Counter
from typing import Any

from codeservice.credential import CredentialType
from codeservice.demo import Citizen
from day.people import age, number_of
from day.policy import publish
from day.town import Town, require
from tests.phone import Phone

TITLE = "政务大厅 The government hall"

HALL = "city-hall-server"
RULES: dict[str, Any] = {
    "services": [
        {
            "code": "general",
            "title": {"zh": "综合服务", "en": "General services"},
            "prefix": "A",
            "priority": ["senior"],
        },
        {"code": "social", "title": {"zh": "社保", "en": "Social security"}, "prefix": "B"},
    ],
    "windows": [{"code": "1", "services": ["general"]}, {"code": "2", "services": ["social"]}],
    "forms": [
        {
            "code": "register",
            "service": "social",
            "title": {"zh": "参保登记表", "en": "Registration for social security"},
            "purpose": {"zh": "办理参保登记", "en": "To register for social security"},
            "minutes": 15,
            "fields": [
                {"name": "applicant", "title": {"zh": "姓名", "en": "Name"}, "source": "holder.name"},
                {"name": "card", "title": {"zh": "社保卡号", "en": "Card"}, "source": "social_security_card.number"},
            ],
        }
    ],
}


def play(town: Town) -> None:
    """Spend an afternoon at two windows."""
    town.at("14:00")
    scopes = ("queue:serve", "applications:read", "reviews:read")
    town.operate("back-ends", "add", HALL, "--place", "city-hall", "--name", "大厅系统", "--scope", *scopes)
    publish(town, "government", "两个窗口 two windows", RULES)
    town.terminal("queue-1")
    for service in require(_machine(town, "GET", "/choices"), 200)["services"]:
        town.tell(f"可选：{service['title']['zh']}。Choice: {service['title']['en']}.")
    first, second, social = (town.phone(_visitor(town, number)) for number in range(3))
    waiting = {_draw(town, _visitor(town, number), "general"): number for number in (0, 1)}
    senior, _number = _draw(town, _senior(town), "general")
    mine, _number = _draw(town, _visitor(town, 2), "social")
    called = _call(town, "1")
    town.story.require(called["visit"] == senior, "长者优先 a senior is called first")
    _finish(town, senior, "1")
    _fill_form(town, social, mine)
    town.at("14:40")
    (good, _), (late, _) = waiting
    _call(town, "1")
    _show_display(town)
    _finish(town, good, "1")
    _call(town, "1")
    _act(town, late, "recall", "1")
    _act(town, late, "no_show", "1")
    town.story.count("hall.missed")
    town.tell("叫号两次未到，过号。Called twice and not there: missed.")
    town.at("15:10")
    early = require(second.call("POST", f"/visits/{late}/review", {"grade": 5}), 409)
    town.story.require(early["code"] == "review_not_possible", "未办结不能评价 no review without a finished visit")
    _review(town, first, good, social, mine)


def settle(town: Town) -> None:
    """Count the numbers as their holders see them, the reviews and what is owed."""
    holders = [*(_visitor(town, number) for number in range(3)), _senior(town)]
    visits = [visit for one in holders for visit in town.phone(one).call("GET", "/visits").get_json()["visits"]]
    numbers = sorted(visit["number"] for visit in visits)
    town.story.balance("hall.numbers", len(set(numbers)), f"取号 numbers drawn ({'、'.join(numbers)})")
    states = Counter(visit["state"] for visit in visits)
    town.story.balance("hall.finished", states["finished"], "已办结 finished")
    town.story.balance("hall.missed", states["no_show"], "过号 missed")
    shown = require(town.ask(HALL, "GET", "/hall/city-hall/numbers"), 200)
    left = sum(service["waiting"] for service in shown["waiting"]) + len(shown["called"])
    town.story.require(left == 0, "无人等候，取号等于办结加过号 nobody waits: drawn is finished and missed")
    figures = require(town.ask(HALL, "GET", "/api/v1/reviews/statistics"), 200)["figures"]
    town.story.balance("hall.reviews", sum(row["reviews"] for row in figures), "评价 reviews")
    town.story.balance("hall.bad_reviews", sum(row["bad"] for row in figures), "差评 bad reviews")
    owed = require(town.ask(HALL, "GET", "/api/v1/follow-ups"), 200)["follow_ups"]
    town.story.require(owed == [], "差评全部回访 every bad review was answered")


def _fill_form(town: Town, phone: Phone, visit: str) -> None:
    """Serve a visit with a form that its holder consents to; the hall fetches it once."""
    town.story.require(_call(town, "2")["visit"] == visit, "二号窗口叫社保的号 window 2 calls for social security")
    _act(town, visit, "serve", "2")
    asked = require(town.ask(HALL, "POST", "/api/v1/applications", {"visit": visit, "form": "register"}), 201)
    path = f"/api/v1/applications/{asked['application']}/values"
    town.story.require(town.ask(HALL, "POST", path).status_code == 409, "同意之前取不到表单 no form before the consent")
    preview = require(phone.call("GET", f"/applications/{asked['application']}/preview"), 200)
    for field in preview["fields"]:
        town.tell(f"将提供：{field['title']['zh']}。Would be shared: {field['title']['en']}.")
    consent = {"digest": preview["digest"]}
    require(phone.call("POST", f"/applications/{asked['application']}/consent", consent), 200)
    values = require(town.ask(HALL, "POST", path), 200)["values"]
    citizen = _visitor(town, 2)
    card = number_of(citizen, CredentialType.SOCIAL_SECURITY_CARD)
    expected = {"applicant": citizen.holder.name, "card": card}
    town.story.require(values == expected, "表单由证照预填 the form is filled from the credentials")
    town.story.require(town.ask(HALL, "POST", path).status_code == 409, "只能取一次 it is fetched once")
    _finish(town, visit, "2", served=True)


def _review(town: Town, first: Phone, good: str, social: Phone, bad: str) -> None:
    """Review two visits, one at the kiosk and one in the wallet; a bad grade is answered and its holder told."""
    require(_machine(town, "POST", "/reviews", {"visit": good, "grade": 5, "tags": ["fast"]}), 201)
    again = first.call("POST", f"/visits/{good}/review", {"grade": 1})
    town.story.require(again.status_code == 409, "一次办事一次评价 a visit is reviewed once")
    stranger = first.call("POST", f"/visits/{bad}/review", {"grade": 1})
    town.story.require(stranger.status_code == 404, "只能评价自己的办事 nobody reviews another's visit")
    body = {"grade": 1, "tags": ["long_wait"], "callback": True}
    kept = require(social.call("POST", f"/visits/{bad}/review", body), 201)
    town.story.require(kept["answered_by"] > town.clock.now, "差评有答复期限 a bad grade has a day to be answered by")
    town.story.count("hall.reviews", 2)
    town.story.count("hall.bad_reviews")
    (owed,) = require(town.ask(HALL, "GET", "/api/v1/follow-ups"), 200)["follow_ups"]
    town.tell(f"回访 {owed['number']}。The hall calls back about {owed['number']}.")
    require(town.ask(HALL, "POST", f"/api/v1/follow-ups/{owed['visit']}/answer", {"outcome": "corrected"}), 204)
    kinds = [entry["kind"] for entry in social.call("GET", "/notices").get_json()["notices"]]
    town.story.require("review_answered" in kinds, "回访结果告知本人 the holder is told how it was answered")


def _show_display(town: Town) -> None:
    shown = require(town.ask(HALL, "GET", "/hall/city-hall/numbers"), 200)
    called = [f"{entry['number']}→{entry['window']}" for entry in shown["called"]]
    waits = "、".join(f"{row['title']['zh']} {row['waiting']}" for row in shown["waiting"])
    town.tell(f"大屏：{'、'.join(called)}；等候 {waits}。The display: {', '.join(called)}.")
    town.story.require(called == ["A001→1"], "大屏只显示号码与窗口 the display shows numbers and windows alone")


def _draw(town: Town, citizen: Citizen, service: str) -> tuple[str, str]:
    """Draw a number; returns the visit and the number."""
    said = require(town.terminal("queue-1").scan(town.show(citizen), service=service), 200)
    town.tell(f"{said['message']['zh']}。{said['message']['en']}.")
    town.story.count("hall.numbers")
    return said["scan"], said["details"]["queue_number"]


def _call(town: Town, window: str) -> dict[str, Any]:
    called: dict[str, Any] = require(town.ask(HALL, "POST", "/api/v1/queue/calls", {"window": window}), 200)
    town.tell(f"请 {called['number']} 到 {window} 号窗口。{called['number']}, please come to window {window}.")
    return called


def _act(town: Town, visit: str, act: str, window: str) -> None:
    require(town.ask(HALL, "POST", f"/api/v1/queue/visits/{visit}/acts", {"window": window, "act": act}), 200)
    town.wait(240)


def _finish(town: Town, visit: str, window: str, *, served: bool = False) -> None:
    for act in ("finish",) if served else ("serve", "finish"):
        _act(town, visit, act, window)
    town.story.count("hall.finished")
    town.tell("办结。Finished.")


def _machine(town: Town, method: str, path: str, body: object = None) -> Any:
    machine = town.terminal("queue-1")
    headers = {"Authorization": f"Bearer {machine.token}"}
    options: dict[str, Any] = {} if body is None else {"json": body}
    return machine.http.open(f"/scan/v1/government{path}", method=method, headers=headers, **options)


def _visitor(town: Town, number: int) -> Citizen:
    return town.citizen(lambda one: one.phone is not None and 30 <= age(one) < 60, 70 + number)


def _senior(town: Town) -> Citizen:
    return town.citizen(lambda one: one.phone is not None and age(one) >= 66, 10)
