"""The pharmacy: limits of the whole city, a prescription to its last package, insurance, the registry of buyers."""

import secrets
from typing import Any

from adapters.pharmacy import PharmacyDetails
from codeservice.demo import Citizen
from codeservice.scan import Outcome
from day.people import grown_up
from day.policy import publish, roll_back
from day.town import DAY, Town, require

TITLE = "药店 The pharmacy"

DOCTORS, AUTHORITY, CHAIN = "first-hospital-prescriptions", "medicine-authority", "good-health-server"
FEVER = {
    "code": "fever",
    "title": {"zh": "退热药", "en": "Fever medicine"},
    "packages": 2,
    "period": "month",
    "registration": True,
}
QUESTIONS = {
    "reasons": {"self": {"zh": "本人", "en": "For oneself"}, "family": {"zh": "家人", "en": "For the family"}},
    "symptoms": {"fever": {"zh": "发热", "en": "Fever"}, "cough": {"zh": "咳嗽", "en": "Cough"}},
    "keep_days": 14,
}
REGISTRY = "/api/v1/medicine-registry"


def play(town: Town) -> None:
    """Sell medicines from eleven to one at two pharmacies of the city."""
    town.at("11:00")
    for name, place, *scopes in (
        (DOCTORS, "first-hospital", "prescriptions:write"),
        (AUTHORITY, "health-commission", "medicine_registry:switch", "medicine_registry:read"),
        (CHAIN, "pharmacy-east", "medicine_reports:read"),
    ):
        town.operate("back-ends", "add", name, "--place", place, "--name", name, "--scope", *scopes)
    publish(town, "pharmacy", "限购 limits")
    town.validator("till-west")
    _limit(town, _buyer(town, 0))
    _check_insurance(town)
    town.at("11:30")
    _dispense(town, _buyer(town, 1))
    town.at("12:00")
    _register(town, _buyer(town, 2))
    town.at("12:40")
    _lose_network(town, _buyer(town, 3))


def settle(town: Town) -> None:
    """Compare the chain's report, the prescriptions of the hospital and the registry with what was sold."""
    report = require(town.ask(CHAIN, "GET", f"/api/v1/medicine-reports/{DAY}"), 200)
    limited = [line for line in report["lines"] if line["medicine"] != "prescription"]
    packages = sum(line["packages"] for line in limited)
    town.story.balance("pharmacy.packages", packages, "限购药售出盒数 packages with a limit sold")
    back = sum(line["reversed"] for line in limited)
    town.story.balance("pharmacy.taken_back", back, "退回盒数 packages taken back")
    dispensed = sum(line["packages"] for line in report["lines"] if line["medicine"] == "prescription")
    town.story.balance("pharmacy.dispensed", dispensed, "处方配药盒数 packages dispensed on prescription")
    good = all(line["balanced"] for line in report["lines"])
    town.story.require(good, "日报与计数一致 the daily report balances with the counters")
    own = town.phone(_buyer(town, 1)).call("GET", "/prescriptions").get_json()["prescriptions"]
    seen = sum(item["dispensed"] for prescription in own for item in prescription["items"])
    town.story.require(seen == dispensed, "患者钱包中的处方一致 the patient's wallet says the same")
    state = require(town.ask(AUTHORITY, "GET", REGISTRY), 200)
    town.story.balance("pharmacy.registered", state["registered"], "登记人次 registered buyers")
    town.story.require(not state["on"], "登记已关闭 the registry is off")


def _limit(town: Town, buyer: Citizen) -> None:
    """Buy as much as one may in a day, over two pharmacies, and one more; take one back and buy it again."""
    first = _sell(town, buyer, "ephedrine")
    town.tell(
        f"城东店：{_words(first)}，还可购 {first['details']['remaining']} 盒。East: sold, one more may be bought."
    )
    town.story.count("pharmacy.packages")
    west = town.scan("till-west", town.show(buyer), medicine={"class": "ephedrine", "packages": 1})
    assert isinstance(west.details, PharmacyDetails)
    town.story.require(west.details.remaining == 0, "城西店知道城东店卖了什么 the west knows what the east has sold")
    town.story.count("pharmacy.packages")
    third = _sell(town, buyer, "ephedrine")
    town.story.require(third["reason"] == "limit_reached", f"第三盒：{_words(third)} A third package is refused")
    require(_till(town, "POST", "/reversals", {"scan": first["scan"]}), 200)
    require(_till(town, "POST", "/reversals", {"scan": first["scan"]}), 200)
    town.story.count("pharmacy.packages", -1)
    town.story.count("pharmacy.taken_back")
    town.tell("城东店退货一盒，重复请求只算一次。East takes one back; asked twice it is once.")
    again = _sell(town, buyer, "ephedrine")
    town.story.require(again["decision"] == "accepted", "退货后可再购 what was taken back may be bought again")
    town.story.count("pharmacy.packages")


def _check_insurance(town: Town) -> None:
    for is_insured, words in ((True, "参保 insured"), (False, "未参保 not insured")):
        said = _scan(town, _buyer(town, 0, insured=is_insured))
        town.story.require(said["details"]["insured"] is is_insured, f"医保资格：{words}")


def _dispense(town: Town, patient: Citizen) -> None:
    """Prescribe at the hospital, dispense in parts at the pharmacy, take back, dispense the rest, and no more."""
    seen = require(town.terminal("clinic-1").scan(town.show(patient), department="internal"), 200)
    town.story.count("hospital.visits")
    town.story.count("hospital.arrived")
    items = [{"code": "A10BA02", "name": "二甲双胍", "quantity": 3}]
    asked = {"verification": seen["scan"], "prescriber": "D-17", "items": items, "valid_days": 3}
    made = require(town.ask(DOCTORS, "POST", "/api/v1/prescriptions", asked), 201)
    town.tell("医院开具电子处方：三盒。The hospital prescribes three packages.")
    scan = _scan(town, patient)["scan"]
    found = require(_till(town, "GET", f"/scans/{scan}/prescriptions"), 200)["prescriptions"]
    item = found[0]["items"][0]["item"]

    def redeem(quantity: int) -> Any:
        return _till(town, "POST", "/redemptions", {"scan": scan, "items": [{"item": item, "quantity": quantity}]})

    require(redeem(1), 201)
    town.story.count("pharmacy.dispensed")
    town.tell("先配一盒。One package is dispensed.")
    rest = require(redeem(2), 201)
    third = require(redeem(1), 409)
    town.story.require(
        third["code"] == "prescription_used_up", "再配两盒后，第三次拒绝 after the rest the third try is refused"
    )
    require(_till(town, "POST", "/reversals", {"redemption": rest["redemption"]}), 200)
    require(redeem(2), 201)
    town.story.count("pharmacy.dispensed", 2)
    town.tell("退回两盒，重新配出。Two packages are taken back and dispensed again.")
    state = require(town.ask(DOCTORS, "GET", f"/api/v1/prescriptions/{made['prescription']}"), 200)
    town.story.require(state["state"] == "dispensed", "医院看到处方已配齐 the hospital sees it dispensed")


def _register(town: Town, buyer: Citizen) -> None:
    """Switch the registry of fever medicines on by a published policy and the authority's word, and off again."""
    classes = town.scenes("policies", "standard", "pharmacy")["policy"]["classes"]
    changes = {"classes": [*classes, FEVER], "registration": QUESTIONS}
    trial = publish(town, "pharmacy", "发热药品登记 fever medicines", changes)
    # A trial knows no sale that was taken back, so that what was bought again is beyond its limit.
    town.tell(
        f"新政策试算 {trial['scans']} 次扫码，{trial['differing']} 次不同。Tried on recorded scans and published."
    )
    answers = {"reason": "self", "symptoms": ["fever"]}
    early = require(_sale(town, buyer, "fever", registration=answers), 422)
    town.story.require(early["code"] == "registration_not_asked", "未启用时不得收集 nothing is asked before it is on")
    require(town.ask(AUTHORITY, "PUT", REGISTRY, {"on": True, "reason": "流感季 influenza"}), 200)
    town.tell("卫健委启用发热药品登记。The authority switches the registry on.")
    refused = require(_sale(town, buyer, "fever"), 422)
    town.story.require(refused["code"] == "registration_required", "未登记不能购买 not without registration")
    sold = require(_sale(town, buyer, "fever", registration=answers), 200)
    town.story.count("pharmacy.packages")
    town.story.count("pharmacy.registered")
    town.story.require(sold["decision"] == "accepted", f"登记后：{_words(sold)} Registered and sold")
    found = require(town.ask(AUTHORITY, "GET", f"{REGISTRY}/registrations/0"), 200)["registrations"]
    names = [(entry["name"], entry["symptoms"]) for entry in found]
    town.story.require(names == [(buyer.holder.name, ["fever"])], "卫健委读取登记 the authority reads the registry")
    require(town.ask(AUTHORITY, "PUT", REGISTRY, {"on": False, "reason": "疫情结束 over"}), 200)
    after = require(_sale(town, buyer, "fever"), 200)
    town.story.count("pharmacy.packages")
    town.story.require(after["decision"] == "accepted", "关闭后不再登记 switched off, nobody is registered any more")
    roll_back(town, "pharmacy", "疫情结束 over")
    gone = require(_sale(town, buyer, "fever"), 422)
    town.story.require(gone["code"] == "medicine_not_found", "政策已回退 the policy is rolled back")


def _lose_network(town: Town, buyer: Citizen) -> None:
    """Verify identity and insurance without network; a medicine with a limit is then sold where there is network."""
    town.go_dark("till-west")
    known = town.scan("till-west", town.show(buyer))
    town.story.require(known.decision is Outcome.ACCEPTED, f"城西店：{known.message.zh} West: {known.message.en}")
    answer = town.scan("till-west", town.show(buyer), medicine={"class": "ephedrine", "packages": 1})
    if answer.decision is not Outcome.ACCEPTED:
        town.tell(f"城西店：{answer.message.zh}，到城东店购买。West: {answer.message.en}; the buyer goes to the east.")
        sold = _sell(town, buyer, "ephedrine")
        town.story.require(sold["decision"] == "accepted", f"城东店：{_words(sold)} East: sold")
    town.story.count("pharmacy.packages")


def _scan(town: Town, buyer: Citizen) -> dict[str, Any]:
    said: dict[str, Any] = require(town.terminal("till-east").scan(town.show(buyer)), 200)
    return said


def _sale(town: Town, buyer: Citizen, medicine: str, **body: Any) -> Any:
    sale = {"class": medicine, "packages": 1}
    return town.terminal("till-east").scan(town.show(buyer), medicine=sale, **body)


def _sell(town: Town, buyer: Citizen, medicine: str) -> dict[str, Any]:
    said: dict[str, Any] = require(_sale(town, buyer, medicine), 200)
    return said


def _till(town: Town, method: str, path: str, body: object = None) -> Any:
    till = town.terminal("till-east")
    headers = {"Authorization": f"Bearer {till.token}", "Idempotency-Key": secrets.token_hex(8)}
    options: dict[str, Any] = {} if body is None else {"json": body}
    return till.http.open(f"/scan/v1/pharmacy{path}", method=method, headers=headers, **options)


def _words(said: dict[str, Any]) -> str:
    words: str = said["message"]["zh"]
    return words


def _buyer(town: Town, number: int, *, insured: bool = True) -> Citizen:
    return grown_up(town, number + (80 if insured else 0), insured=insured)
