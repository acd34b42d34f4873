"""The household: a parent and a child, an elder who consents, codes shown for others, paper codes, and their end."""

from datetime import date
from typing import Any

from codeservice.credential import CredentialType
from codeservice.demo import Citizen
from codeservice.entitlement import age_on
from codeservice.household import OF_AGE
from day.http import Http
from day.town import DAY, Town, require
from tests.families import TIES, ask
from tests.phone import Phone

TITLE = "一家人 The household"
_COUNTER = "till-east"


def play(town: Town) -> None:
    """Tie a child and an elder, show and print their codes, and end one tie."""
    town.at("05:30")
    parent, child = _family(town)
    _bring_up(town, parent, child)
    town.at("05:45")
    _help(town, *_neighbours(town))


def settle(town: Town) -> None:
    """Compare what the helper and the elder see with what the script did."""
    helper, elder = _neighbours(town)
    mine, theirs = town.phone(helper), town.phone(elder)
    ties = [tie for tie in require(mine.call("GET", TIES), 200)["ties"] if tie["state"] == "active"]
    town.story.balance("household.ties", len(ties), "有效的亲情绑定 ties in force")
    seen = require(mine.call("GET", f"{TIES}/{ties[0]['id']}/records"), 200)["records"]
    own = require(theirs.call("GET", "/records"), 200)["records"]
    town.story.balance("household.shown", len(own), "长者的亮码记录 scans of the elder's codes")
    town.story.require(len(seen) == len(own), "长者同意后双方看到同样记录 both see the same records, by consent")
    papers = require(theirs.call("GET", "/papers"), 200)["papers"]
    town.story.balance("household.papers", len(papers), "有效的纸质码 paper codes in force")


def _bring_up(town: Town, parent: Citizen, child: Citizen) -> None:
    phone = town.phone(parent)
    stranger = town.phone(_neighbours(town)[0])
    refused = ask(stranger, "parent", child)
    waiting = require(refused, 201)
    town.story.require(waiting["state"] == "waiting_review", "外人申请须人工核实 a stranger's request is not proved")
    require(stranger.call("DELETE", f"{TIES}/{waiting['id']}"), 200)
    certificate = next(card.number for card in child.cards if card.type is CredentialType.BIRTH_CERTIFICATE)
    tie = require(ask(phone, "parent", child, birth_certificate=certificate), 201)
    town.story.require(
        tie["state"] == "active", "户籍与出生证明证实亲子 household record and birth certificate prove it"
    )
    code = _fetch(town, phone, tie["id"])
    _accepted(town, code, "家长代孩子亮码 the parent shows the child's code")
    first = require(phone.call("POST", "/papers", {"tie": tie["id"]}), 201)
    days = (first["expires"] - first["issued"]) // 86400
    town.tell(f"为孩子打印纸质码，{days} 天有效。A paper code of {days} days is printed for the child.")
    _refused(town, first["code"], "second_factor_required", "纸质码须核对证件 paper needs a look at a document")
    town.wait(10)
    second = require(phone.call("POST", "/papers", {"tie": tie["id"]}), 201)
    _refused(town, first["code"], "revoked", "重印后旧码作废 the reprint kills the old paper", document_checked=True)
    _accepted(town, second["code"], "新纸质码可用 the new paper is good", document_checked=True)
    foreign = stranger.call("POST", "/papers", {"tie": tie["id"]})
    town.story.require(foreign.status_code == 404, "外人看不到这一绑定 to others there is no such tie")
    shown = _fetch(town, phone, tie["id"])
    ended = require(phone.call("DELETE", f"{TIES}/{tie['id']}"), 200)
    # Two grants of before, two of now, and the paper.
    town.story.require(ended["revoked"] == 5, f"解绑，{ended['revoked']} 个码作废 unbound, that many codes died")
    _refused(town, shown, "revoked", "代亮码作废 the proxy code is dead")
    _refused(town, second["code"], "revoked", "纸质码作废 the paper too", document_checked=True)
    gone = phone.fetch(town.clock.now, tie=tie["id"])
    town.story.require(gone.status_code == 404, "不能再取码 no more codes are given")
    require(phone.fetch(town.clock.now, "all", 4), 200)


def _help(town: Town, helper: Citizen, elder: Citizen) -> None:
    mine, theirs = town.phone(helper), town.phone(elder)
    tie = require(ask(mine, "helper", elder), 201)
    town.story.require(tie["state"] == "requested", "成年人须本人同意 an adult has to consent")
    early = mine.fetch(town.clock.now, tie=tie["id"])
    town.story.require(early.status_code == 404, "同意之前取不到码 no code before the consent")
    kinds = {entry["kind"] for entry in require(theirs.call("GET", "/notices"), 200)["notices"]}
    town.story.require("tie_requested" in kinds, "长者收到申请 the elder is told")
    town.wait(61)
    sent = require(theirs.call("POST", f"{TIES}/{tie['id']}/messages", {}), 202)
    password = Http(town.origin).open("/demo/messages").text.split("确认码 ")[1][:6]
    body: dict[str, Any] = {"challenge": sent["challenge"], "one_time_password": password}
    scenes = ["bus", "hospital", "pharmacy"]
    agreed = theirs.call("POST", f"{TIES}/{tie['id']}/consent", body | {"scenes": scenes, "shares_records": True})
    require(agreed, 200)
    town.story.count("household.ties")
    town.tell("长者用自己手机的验证码同意，限三个场景。The elder consents with their own phone, for three scenes.")
    outside = mine.fetch(town.clock.now, "government", tie=tie["id"])
    town.story.require(outside.get_json()["code"] == "scene_not_allowed", "其他场景不给 no code for other scenes")
    _accepted(town, _fetch(town, mine, tie["id"]), "代长者买药 the helper goes to the pharmacy for the elder")
    town.story.count("household.shown")
    require(mine.fetch(town.clock.now, "all", 4), 200)
    paper = require(theirs.call("POST", "/papers", {}), 201)
    town.story.count("household.papers")
    _accepted(town, paper["code"], "长者用纸质码 the elder uses paper", document_checked=True)
    town.story.count("household.shown")


def _fetch(town: Town, phone: Phone, tie: str) -> str:
    require(phone.fetch(town.clock.now, tie=tie), 200)
    return phone.show(town.clock.now)


def _accepted(town: Town, code: str, words: str, **body: Any) -> None:
    said = require(town.terminal(_COUNTER).scan(code, **body), 200)
    town.story.require(said["decision"] == "accepted", words)


def _refused(town: Town, code: str, reason: str, words: str, **body: Any) -> None:
    said = require(town.terminal(_COUNTER).scan(code, **body), 200)
    town.story.require((said["decision"], said["reason"]) == ("refused", reason), f"{words}: {said['message']['zh']}")


def _age(citizen: Citizen) -> int:
    return age_on(citizen.holder.id_number.born, date.fromisoformat(DAY))


def _family(town: Town) -> tuple[Citizen, Citizen]:
    """Return a parent with a phone and a child too young for one; both are at the far end of the record."""
    heads = {one.holder.household: one for one in town.people if one.holder.household_role == "head" and one.phone}
    children = [one for one in town.people if one.holder.household_role == "child" and _age(one) < min(14, OF_AGE)]
    child = next(one for one in reversed(children) if one.holder.household in heads)
    return heads[child.holder.household], child


def _neighbours(town: Town) -> tuple[Citizen, Citizen]:
    """Return a helper and an elder of two households, neither of them the family's."""
    family = _family(town)[0].holder.household
    others = [one for one in reversed(town.people) if one.phone and one.holder.household != family]
    elder = next(one for one in others if _age(one) >= 65)
    helper = next(one for one in others if 30 <= _age(one) < 60 and one.holder.household != elder.holder.household)
    return helper, elder
