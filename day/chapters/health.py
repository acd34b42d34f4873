"""The health status: rules by two people, evidence, a notice for each, an appeal, the end with its certificate."""

import secrets
from typing import Any

from sqlalchemy import func, select

from codeservice.code import Kind, read_grant
from codeservice.demo import Citizen
from codeservice.entitlement import Entitlement
from codeservice.store.models import AuditEntry
from day.http import Http
from day.town import Town, require
from keys import jws
from keys.cose import read_sign1
from tests.officers import OfficerDesk
from tests.phone import Phone

TITLE = "健康状态 The health status"
_COMMISSION, _LABORATORY = "health-commission", "laboratory"
_WEEK = 7 * 86400
_HEALTH_NOTICES = {"health_status_changed", "health_status_ended"}


def play(town: Town) -> None:
    """Live through an emergency from its first rule to the destruction of what it gathered."""
    town.at("06:00")
    one, two = _officers(town)
    scope = ("--scope", "health:evidence")
    town.operate("back-ends", "add", _LABORATORY, "--place", _COMMISSION, "--name", "市疾控中心", *scope)
    patient, *contacts = (_person(town, number) for number in range(3))
    phone = town.phone(patient)
    _rule(town, one, two, patient)
    _become_red(town, phone, patient)
    _order(town, one, two, contacts)
    _appeal(town, one, two, phone)
    _end(town, one, two, [phone, *(town.phone(contact) for contact in contacts)])


def settle(town: Town) -> None:
    """Compare changes, notices and audit entries: the certificate counts what was destroyed, the audit log stays."""
    (certificate,) = town.operate("health", "certificates")
    deleted = {table: entry["deleted"] for table, entry in certificate["tables"].items()}
    town.story.balance("health.changes", deleted["health_change"], "状态变更（销毁证明）changes, by the certificate")
    town.story.balance("health.notices", deleted["notice"], "通知（销毁证明）notices, by the certificate")
    with town.services.database.read() as connection:
        wanted = AuditEntry.action == "health_status_changed"
        audited = connection.scalar(select(func.count()).select_from(AuditEntry).where(wanted)) or 0
    town.story.balance("health.audited", audited, "变更的审计记录 audit entries of changes")
    town.story.require(
        set(certificate["people"]) == {"health-one", "health-two"}, "销毁由两人决定 two people decided the destruction"
    )


def _officers(town: Town) -> tuple[OfficerDesk, OfficerDesk]:
    """Admit two officers with health duties, by two others."""
    chiefs = [
        _hire(town, f"chief-{name}", 10 + number, "officer:propose", "officer:approve")
        for number, name in enumerate(("one", "two"))
    ]
    names = ("health-one", "health-two")
    for number, name in enumerate(names):
        _add(town, name, 12 + number, "health:propose", "health:approve", "health:appeals")
        _decide(chiefs[0], chiefs[1], "officer", {"officer": name})
    town.tell("两位主管准入两位卫健人员。Two chiefs admit two health officers.")
    one, two = (_sign_in(town, name) for name in names)
    return one, two


def _rule(town: Town, one: OfficerDesk, two: OfficerDesk, patient: Citizen) -> None:
    early = _send(town, patient)
    town.story.require(early.status_code == 403, "没有规则不得收集 without a rule nothing is gathered")
    need = {"source": _COMMISSION, "max_age": _WEEK}
    rule = {
        "rule": "positive-test",
        "title": {"zh": "核酸检测阳性", "en": "a positive test"},
        "begins": town.clock.now,
        "ends": town.clock.now + 30 * 86400,
        "evidence": [need | {"kind": "test_positive", "title": {"zh": "阳性报告", "en": "a positive report"}}],
        "lifted_by": [need | {"kind": "test_negative", "title": {"zh": "阴性报告", "en": "a negative report"}}],
        "status": "red",
        "duration": _WEEK,
        "scenes": ["hospital"],
        "cap_per_hour": 100,
    }
    _decide(one, two, "health_rule", rule)
    town.tell("两人批准，规则生效。Two people put the rule in force.")


def _become_red(town: Town, phone: Phone, patient: Citizen) -> None:
    require(_send(town, patient), 200)
    _count(town)
    status = require(phone.call("GET", "/health-status"), 200)
    reason = status["current"]["reason"]
    town.story.require(status["title"]["zh"] == "红色", f"证据得出红色：{reason['zh']} red by evidence: {reason['en']}")
    notice = require(phone.call("GET", "/notices"), 200)["notices"][0]
    told = notice["kind"] == "health_status_changed" and "申诉" in notice["message"]["zh"]
    town.story.require(told, "本人立即收到理由和申诉办法 the holder reads the reason and how to appeal at once")
    for scene, expected in (("bus", None), ("hospital", 3)):
        require(phone.fetch(town.clock.now, scene), 200)
        grant = read_grant(Kind.DEVICE, read_sign1(jws.decode(phone.grants[0][0]["grant"])))
        carried = grant.entitlements.get(Entitlement.HEALTH)
        said = "不含状态 carries none" if expected is None else "含状态 carries it"
        town.story.require(carried == expected, f"{scene} 的码{said}")


def _order(town: Town, one: OfficerDesk, two: OfficerDesk, contacts: list[Citizen]) -> None:
    numbers = [contact.holder.id_number.text for contact in contacts]
    document = {"id_numbers": numbers, "status": "yellow", "reason": "close_contact", "duration": 86400}
    freehand = one.propose("health_order", document | {"reason": "bank_depositor"})
    refused = freehand.get_json()["code"] == "health_reason_not_allowed"
    town.story.require(refused, "随意的理由被拒 a reason outside the list is refused")
    proposal = require(one.propose("health_order", document), 201)
    alone = one.approve(proposal).get_json()["code"]
    town.story.require(alone == "second_person_required", "一人不能批准 one person alone cannot approve")
    require(two.approve(proposal), 200)
    _count(town, len(contacts))
    town.tell("两人批准，两名密接者黄码。Two people order yellow for two close contacts.")
    again = two.approve(proposal).get_json()["code"]
    town.story.require(again == "proposal_decided", "一次批准只用一次 an approval works once")


def _appeal(town: Town, one: OfficerDesk, two: OfficerDesk, phone: Phone) -> None:
    change = require(phone.call("GET", "/health-status"), 200)["current"]["change"]
    require(phone.call("POST", "/health-status/appeals", {"change": change, "text": "样本不是我的"}), 201)
    queue = require(two.call("GET", "/health-appeals"), 200)["appeals"]
    town.story.require([entry["change"] for entry in queue] == [change], "申诉在队列里 the appeal waits in the queue")
    _decide(one, two, "health_correction", {"change": change})
    _count(town)
    town.story.count("health.notices")  # The answer to the appeal.
    status = require(phone.call("GET", "/health-status"), 200)
    town.story.require(status["status"] == 0, "更正后恢复 the correction restores")
    trace = require(phone.call("GET", "/health-status/changes"), 200)["changes"]
    causes = [entry["cause"] for entry in trace]
    town.story.require(causes == ["corrected", "rule"], "历史留痕 the history keeps both")


def _end(town: Town, one: OfficerDesk, two: OfficerDesk, phones: list[Phone]) -> None:
    town.wait(60)
    _decide(one, two, "health_sunset", {"purge_after_days": 0})
    _count(town, 2)
    changes = sum(len(require(phone.call("GET", "/health-status/changes"), 200)["changes"]) for phone in phones)
    lists = [require(phone.call("GET", "/notices"), 200)["notices"] for phone in phones]
    notices = sum(entry["kind"] in _HEALTH_NOTICES for notices in lists for entry in notices)
    expected = town.story.expected["health.changes"]
    town.story.require(changes == notices == expected, f"{changes} 次变更，{notices} 份通知 changes and notices")
    town.tell("疫情结束，状态全部取消。The emergency ends and every status with it.")
    destroyed = town.operate("health", "purge")
    rows = sum(destroyed["deleted"].values())
    town.tell(f"销毁 {rows} 行，签发销毁证明。{rows} rows are destroyed; a signed certificate says so.")
    left = require(phones[0].call("GET", "/health-status/changes"), 200)["changes"]
    town.story.require(left == [], "数据已不存在 the data is gone")
    for phone in phones:
        require(phone.fetch(town.clock.now, "all", 4), 200)


def _count(town: Town, changes: int = 1) -> None:
    for name in ("changes", "notices", "audited"):
        town.story.count(f"health.{name}", changes)


def _send(town: Town, patient: Citizen) -> Any:
    item: dict[str, Any] = {
        "id_number": patient.holder.id_number.text,
        "kind": "test_positive",
        "reference": secrets.token_hex(8),
    }
    item |= {"observed": town.clock.now, "expires": town.clock.now + 2 * _WEEK}
    return town.ask(_LABORATORY, "POST", "/authorities/v1/health-evidence", {"items": [item]})


def _decide(one: OfficerDesk, two: OfficerDesk, kind: str, document: dict[str, Any]) -> None:
    proposal = require(one.propose(kind, document), 201)
    require(two.approve(proposal), 200)


def _hire(town: Town, officer: str, number: int, *duties: str) -> OfficerDesk:
    _add(town, officer, number, *duties)
    return _sign_in(town, officer)


def _add(town: Town, officer: str, number: int, *duties: str) -> None:
    holder = _person(town, number).holder
    asked = [part for duty in duties for part in ("--duty", duty)]
    said = f"{holder.id_number.text}\n{holder.name}\n"
    town.operate("officers", "add", officer, "--authority", _COMMISSION, *asked, said=said)


def _sign_in(town: Town, officer: str) -> OfficerDesk:
    desk = OfficerDesk(Http(town.origin), officer)
    require(desk.enrol(town.operate("officers", "enrol", officer)["code"]), 201)
    require(desk.sign_in(town.clock.now), 200)
    return desk


def _person(town: Town, number: int) -> Citizen:
    """Return one of the adults with a phone, counted from the end of the record."""
    adults = [one for one in town.people if one.phone is not None and one.holder.household_role == "head"]
    return adults[-10 - number]
