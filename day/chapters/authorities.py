"""The authorities: each writes what it owns; losses, replacements, corrections, counts, bulk files, licence copies."""

import csv
from collections import Counter
from datetime import date
from typing import Any

from codeservice.credential import CredentialType
from codeservice.demo import Citizen
from codeservice.demo_authorities import licence_number
from codeservice.entitlement import age_on
from day.town import DAY, Town, require

TITLE = "主管部门 The authorities"

_CARDS, _POLICE, _CIVIL = "human-resources-back-end", "police-back-end", "civil-affairs-back-end"
_CREDENTIALS = "/authority/v1/credentials"
_COUNTER = "till-east"
_CARD = CredentialType.SOCIAL_SECURITY_CARD.value


def play(town: Town) -> None:
    """Spend the hour before the city wakes with those who own its facts."""
    holder, other = (_citizen(town, number) for number in range(2))
    for state, count in _counts(town).items():
        town.story.count(f"authorities.{state}", count)
    _write(town, other)
    _lose(town, holder, other)
    _correct(town, other)
    _reconcile(town)
    _import(town, [_citizen(town, number) for number in range(2, 6)])
    _copy(town, other)


def settle(town: Town) -> None:
    """Compare the counts of the record with those of the beginning and what was done since."""
    counts = _counts(town)
    for state, words in (
        ("normal", "正常的社保卡 cards in force"),
        ("cancelled_after_loss", "挂失后注销的社保卡 cards cancelled after loss"),
    ):
        town.story.balance(f"authorities.{state}", counts[state], words)
    town.story.balance("authorities.veterans", _veterans(town), "批量写入的退役军人证 veterans of the bulk file")


def _write(town: Town, citizen: Citizen) -> None:
    said = _statement(citizen, "driving_licence", licence_number(CredentialType.DRIVING_LICENCE, "DAY1"))
    said |= {"claims": {"class": "C1"}}
    wrong = require(town.ask(_CARDS, "PUT", _CREDENTIALS, said), 403)
    town.story.require(wrong["code"] == "type_of_another_authority", "人社局不能写驾驶证 only the owner writes a type")
    made = require(town.ask(_POLICE, "PUT", _CREDENTIALS, said), 200)
    town.story.require(made["outcome"] == "created", "公安局写入驾驶证 the police write a driving licence")
    again = require(town.ask(_POLICE, "PUT", _CREDENTIALS, said), 200)
    town.story.require(again["outcome"] == "unchanged", "重复写入不变 the same again changes nothing")
    changed = said["number"][:-1] + ("A" if said["number"][-1] != "A" else "B")
    bad = require(town.ask(_POLICE, "PUT", _CREDENTIALS, said | {"number": changed}), 422)
    town.story.require(bad["code"] == "licence_identifier_wrong", "校验位错误被拒 a wrong check character is refused")
    foreign = town.ask(_CARDS, "GET", f"{_CREDENTIALS}/{made['id']}").status_code
    town.story.require(foreign == 404, "别的部门看不到它 to others it does not exist")


def _lose(town: Town, holder: Citizen, other: Citizen) -> None:
    """Lose cards, one for some days and one for good, and replace it; codes follow their card."""
    short = _move(town, _id_of(other), "report_lost_temporarily")
    town.story.require(short == "B", "临时挂失，状态 B reported lost for a while, state B")
    town.tell("七天后自动解除。It is released by itself after seven days.")
    town.story.require(_move(town, _id_of(other), "release") == "1", "找到后解除 found, and released before that")
    code, card = town.show(holder), _id_of(holder)
    _scan(town, code, None, "挂失之前可用 the code is good before the loss")
    town.story.require(_move(town, card, "report_lost") == "2", "挂失，状态 2 reported lost, state 2")
    e_card = _id_of(holder, CredentialType.E_SOCIAL_SECURITY_CARD)
    state = require(town.ask(_CARDS, "GET", f"{_CREDENTIALS}/{e_card}"), 200)["state_code"]
    town.story.require(state == "2", "电子社保卡随卡 the e-card follows its card")
    _scan(town, code, "revoked", "旧码立即作废 the old code is dead at once")
    told = {entry["kind"] for entry in require(town.phone(holder).call("GET", "/notices"), 200)["notices"]}
    town.story.require("card_state_changed" in told, "本人收到通知 the holder is told")
    asked = {"number": "S-DAY-1", "reason": "遗失补卡"}
    new = require(town.ask(_CARDS, "POST", f"{_CREDENTIALS}/{card}/replacements", asked), 201)["id"]
    back = town.ask(_CARDS, "POST", f"{_CREDENTIALS}/{card}/transitions", {"name": "withdraw_loss", "reason": "x"})
    town.story.require(back.status_code == 409, "已补卡，不能再解挂 a loss is final once replaced")
    states = [_move(town, new, name) for name in ("make", "activate")]
    town.story.require(states == ["A", "1"], "补卡制成并启用：A、1 the new card is made and activated")
    old = require(town.ask(_CARDS, "GET", f"{_CREDENTIALS}/{card}"), 200)["state_code"]
    town.story.require(old == "3", "旧卡挂失后注销，状态 3 the old card is cancelled after loss")
    # The new card takes the place of the old one among those in force.
    town.story.count("authorities.cancelled_after_loss")
    _scan(town, code, "revoked", "旧码永远作废 the old code stays dead")


def _correct(town: Town, citizen: Citizen) -> None:
    phone, card = town.phone(citizen), _id_of(citizen)
    require(phone.call("POST", f"/cards/{card}/corrections", {"text": "卡代次有误"}), 202)
    queue = require(town.ask(_CARDS, "GET", "/authority/v1/correction-requests"), 200)["requests"]
    code = town.show(citizen)
    before = require(town.ask(_CARDS, "GET", f"{_CREDENTIALS}/{card}"), 200)["claims"]["generation"]
    asked = {"reason": "登记有误", "claims": {"generation": 5 - before}}
    right = require(town.ask(_CARDS, "POST", f"{_CREDENTIALS}/{card}/corrections", asked), 200)["claims"]["generation"]
    town.story.require(right == 5 - before, f"社保卡代次由 {before} 更正为 {right} the generation is corrected")
    where = f"/authority/v1/correction-requests/{queue[0]['id']}/answer"
    require(town.ask(_CARDS, "POST", where, {"result": "accepted", "text": "已更正"}), 204)
    (seen,) = require(phone.call("GET", "/corrections"), 200)["corrections"]
    town.story.require(seen["state"] == "accepted", "本人看到答复 the holder reads the answer")
    _scan(town, code, "revoked", "更正后旧码作废 a code of before is dead")


def _reconcile(town: Town) -> None:
    counts = [{"type": entry["type"], "state": entry["state"], "count": entry["ours"]} for entry in _differences(town)]
    town.story.require(_differences(town, counts) == [], "数量一致 the counts agree")
    counts[0]["count"] += 1
    (found,) = _differences(town, counts)
    words = f"{found['type']} {found['yours']} ≠ {found['ours']}"
    town.story.require(found["yours"] == found["ours"] + 1, f"对账发现差异：{words} a difference is found")


def _import(town: Town, citizens: list[Citizen]) -> None:
    """Import six rows of which four are bad; the report names line and reason, and a second run changes nothing."""
    rows = [_statement(citizen, "benefit", f"V-DAY-{number}") for number, citizen in enumerate(citizens)]
    rows = [{name: row[name] for name in _COLUMNS[:5]} | {"claims.category": "veteran"} for row in rows]
    rows += [rows[0] | {"claims.category": "blood_donor", "number": "V-DAY-8"}, rows[0]]
    rows[2] |= {"number": "=1+1"}
    rows[3] |= {"id_number": rows[3]["id_number"][:-1] + ("1" if rows[3]["id_number"][-1] != "1" else "2")}
    path, report = town.folder / "veterans.csv", town.folder / "refused.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    command = ("credentials", "import", "--authority", "civil-affairs", str(path), "--report", str(report))
    for words in (
        "有错误行的文件如实报告 a file with bad rows is reported as such",
        "再次导入结果相同 and again the same",
    ):
        try:
            town.operate(*command)
            refused = False
        except RuntimeError:
            refused = True
        town.story.require(refused, words)
    with report.open(encoding="utf-8", newline="") as file:
        found = [(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]
    for line, reason in found:
        town.tell(f"第 {line} 行：{reason}。Line {line}: {reason}.")
    expected = {4: "formula_refused", 5: "id_number_not_readable", 6: "type_of_another_authority"}
    expected |= {7: "duplicate_in_file"}
    town.story.require(dict(found) == expected, "报告指出每一行和原因 the report names each line and why")
    town.story.count("authorities.veterans", 2)


def _copy(town: Town, citizen: Citizen) -> None:
    phone, card = town.phone(citizen), _id_of(citizen, CredentialType.ID_CARD)
    asked = {"requester": "城东中学", "purpose": "入学登记", "days": 3}
    foreign = town.phone(_citizen(town, 0)).call("POST", f"/cards/{card}/copies", asked)
    town.story.require(foreign.status_code == 404, "他人不能制作副本 nobody else makes a copy")
    made = require(phone.call("POST", f"/cards/{card}/copies", asked), 201)
    checked = town.operate("copies", "check", said=f"{made['copy']}\n")
    good = (checked["requester"], checked["purpose"]) == (asked["requester"], asked["purpose"])
    town.story.require(
        good, f"加注件验签：{checked['requester']}，{checked['purpose']} a copy for one purpose is genuine"
    )
    copies = require(phone.call("GET", "/copies"), 200)["copies"]
    town.story.require([entry["id"] for entry in copies] == [made["id"]], "本人看到全部副本 the holder sees every copy")


_COLUMNS = ("type", "number", "id_number", "name", "valid_from", "claims.category")


def _statement(citizen: Citizen, type_: str, number: str) -> dict[str, Any]:
    holder = citizen.holder
    said = {"type": type_, "number": number, "id_number": holder.id_number.text, "name": holder.name}
    return said | {"valid_from": "2026-01-01"}


def _move(town: Town, card: str, name: str) -> str:
    body = {"name": name, "reason": "本人办理"}
    code: str = require(town.ask(_CARDS, "POST", f"{_CREDENTIALS}/{card}/transitions", body), 200)["state_code"]
    return code


def _scan(town: Town, code: str, reason: str | None, words: str) -> None:
    said = require(town.terminal(_COUNTER).scan(code), 200)
    town.story.require(said["reason"] == reason, f"{words}: {said['message']['zh']}")


def _differences(town: Town, counts: list[dict[str, Any]] | None = None, client: str = _CARDS) -> list[dict[str, Any]]:
    answer = town.ask(client, "POST", "/authority/v1/reconciliations", {"counts": counts or []})
    found: list[dict[str, Any]] = require(answer, 200)["differences"]
    return found


def _counts(town: Town) -> Counter[str]:
    return Counter({entry["state"]: entry["ours"] for entry in _differences(town) if entry["type"] == _CARD})


def _veterans(town: Town) -> int:
    """Count those of the bulk file that their authority finds."""
    asked = [{"type": "benefit", "number": f"V-DAY-{number}"} for number in range(9)]
    return [town.ask(_CIVIL, "POST", f"{_CREDENTIALS}/find", one).status_code for one in asked].count(200)


def _id_of(citizen: Citizen, type_: CredentialType = CredentialType.SOCIAL_SECURITY_CARD) -> str:
    return next(card.id for card in citizen.cards if card.type is type_)


def _citizen(town: Town, number: int) -> Citizen:
    """Return one of the adults with a phone who hold no benefit, counted from the end of the record."""

    def fits(one: Citizen) -> bool:
        types = {card.type for card in one.cards}
        age = age_on(one.holder.id_number.born, date.fromisoformat(DAY))
        plain = not types & {CredentialType.BENEFIT, CredentialType.DRIVING_LICENCE}
        return one.phone is not None and age >= 30 and plain

    return [one for one in town.people if fits(one)][-20 - number]
