"""The scenic spot: a table of prices with their rules, slots, families, re-entry, a pass, refunds and the flow."""

from collections.abc import Callable
from typing import Any

from adapters.scenic_spot import ScenicSpotDetails
from codeservice.demo import Citizen
from day.people import age
from day.policy import publish
from day.town import DAY, Town, require

TITLE = "景区 The scenic spot"

PLACE = "hill-park"
FIRST, SECOND = "16:00", "17:00"
RULES: dict[str, Any] = {
    "slots": [
        {"begins": FIRST, "ends": SECOND, "capacity": 12},
        {"begins": SECOND, "ends": "18:00", "capacity": 3},
    ],
    "early_minutes": 10,
    "late_minutes": 15,
    "passages": ["enter", "leave"],
    "inside_limit": 10,
    "reentry": {"times": 1, "hours": 2},
    "refunds": [{"hours_before": 24, "percent": 100}, {"hours_before": 0, "percent": 50}],
    "passes": [
        {
            "code": "annual",
            "title": {"zh": "市民年票", "en": "Residents' annual pass"},
            "when": {"resident": ["resident"]},
            "cents": 12_000,
            "explained": {"zh": "本市居民可购，国庆除外", "en": "For residents, except on National Day"},
            "days": 365,
            "excluded": ["2027-10-01"],
        }
    ],
}
_PRICES = {"free": 0, "half": 3000, "resident": 4000, "neighbour": 4000}


def play(town: Town) -> None:
    """Sell tickets at four and let people in until six."""
    town.at("16:00")
    placed = ("--partner", "city-tourism", "--policy", PLACE, "--capacity", "60")
    town.scenes("places", "add", PLACE, "--scene", "scenic_spot", "--name", "云山景区", *placed)
    for gate in ("hill-1", "hill-2"):
        town.operate("terminals", "add", gate, "--place", PLACE, "--name", gate)
    publish(town, "scenic_spot", "两个时段、年票、再入园 two slots, a pass, re-entry", RULES, name=PLACE)
    town.tell("新政策生效：两个时段、年票、再入园、退票半价。Live: two slots, an annual pass, re-entry, half refunds.")
    visitors = {code: _visitor(town, code) for code in _PRICES}
    for code, visitor in visitors.items():
        _book(town, visitor, code)
    family = _resident(town, 0)
    _book(town, family, "resident", people=4)
    _fill_slot(town)
    _enter(town, "hill-1", visitors["half"], 1)
    _enter(town, "hill-1", visitors["neighbour"], 1)
    _refuse_without_ticket(town)
    pass_holder = _buy_pass(town)
    town.show(pass_holder)
    town.go_dark("hill-2")
    _family(town, family)
    _enter(town, "hill-1", pass_holder, 1)
    _reenter(town, visitors["resident"])
    town.at("16:20")
    flow = require(_flow(town), 200)
    town.tell(f"此刻在园人数 {flow['inside']}，{flow['title']['zh']}。As the service knows: {flow['title']['en']}.")
    _enter(town, "hill-1", visitors["free"], 1)


def settle(town: Town) -> None:
    """Compare what was sold, given back and let in with the accounts of the place."""
    statement = town.scenes("visits", "statement", PLACE, "--day", DAY)
    rows = {(row["kind"], row["code"]): row for row in statement["rows"]}
    for kind, words in (("ticket", "售票 sold"), ("refund", "退票 given back"), ("pass", "年票 passes")):
        for code in (*_PRICES, "standard", "annual"):
            name = f"scenic_spot.{kind}.{code}"
            people = rows.get((kind, code), {"people": 0})["people"]
            if people or town.story.expected[name]:
                town.story.balance(name, people, f"{words} {code}")
    entered = sum(row["people"] for (kind, _code), row in rows.items() if kind == "entered")
    town.story.balance("scenic_spot.entered", entered, "入园人数 people admitted")
    again = rows["entered again", ""]["people"]
    town.story.balance("scenic_spot.again", again, "再次入园 entered again")
    town.story.balance("scenic_spot.left", rows["left", ""]["people"], "出园 left")
    town.story.balance("scenic_spot.net", statement["net_cents"], "净收入（分）net income, fen")
    town.story.require(statement["balances"], "门票账目平衡 the accounts of tickets balance")
    flow = require(_flow(town), 200)
    town.story.balance("scenic_spot.admitted", flow["admitted"], "客流公布的入园人数 admitted, as everybody may read")
    inside = entered + again - rows["left", ""]["people"]
    town.story.require(flow["inside"] == inside, "在园 = 入园 - 出园 inside = entered - left")
    town.story.require(flow["level"] == "warning", f"九成：{flow['title']['zh']} nine of ten: {flow['title']['en']}")


def _visitor(town: Town, code: str) -> Citizen:
    wanted: dict[str, Callable[[Citizen], bool]] = {
        "free": lambda citizen: age(citizen) >= _SENIOR,
        "half": lambda citizen: _is_student(citizen) and _YOUNGEST <= age(citizen) < _GROWN,
        "resident": lambda citizen: _is_adult(citizen) and _is_of_city(citizen),
        "neighbour": lambda citizen: _is_adult(citizen) and not _is_of_city(citizen),
    }
    return town.citizen(lambda citizen: citizen.phone is not None and wanted[code](citizen), 6)


_SENIOR, _GROWN, _YOUNGEST, _OLDEST = 66, 24, 14, 59


def _is_of_city(citizen: Citizen) -> bool:
    return citizen.holder.region == "349901"


def _benefits(citizen: Citizen) -> set[str]:
    return {str(card.claims["category"]) for card in citizen.cards if "category" in card.claims}


def _is_student(citizen: Citizen) -> bool:
    return _benefits(citizen) == {"student"}


def _is_adult(citizen: Citizen) -> bool:
    return _GROWN < age(citizen) < _OLDEST and not _benefits(citizen)


def _resident(town: Town, number: int) -> Citizen:
    return town.citizen(
        lambda citizen: citizen.phone is not None and _is_adult(citizen) and _is_of_city(citizen), 20 + number
    )


def _ask(town: Town, visitor: Citizen, people: int, slot: str) -> Any:
    body = {"place": PLACE, "day": DAY, "slot": slot, "people": people}
    return town.phone(visitor).call("POST", "/tickets", body)


def _book(town: Town, visitor: Citizen, code: str, people: int = 1, slot: str = FIRST) -> None:
    """Book at the price that the offer explains; who comes along without a code pays the standard price."""
    offers = require(town.phone(visitor).call("GET", "/ticket-offers"), 200)["offers"]
    price = next(offer["price"] for offer in offers if offer["place"] == PLACE)
    town.story.require(
        (price["code"], price["cents"]) == (code, _PRICES[code]),
        f"{price['title']['zh']} {price['cents'] / 100:.2f}：{price['explained']['zh']} {price['explained']['en']}",
    )
    require(_ask(town, visitor, people, slot), 201)
    town.story.count(f"scenic_spot.ticket.{code}")
    town.story.count("scenic_spot.ticket.standard", people - 1)
    town.story.count("scenic_spot.net", price["cents"] + 6000 * (people - 1))
    town.show(visitor, wait=1)


def _fill_slot(town: Town) -> None:
    """Fill the second slot, be refused, and get in when others cancel."""
    first, second = _resident(town, 1), _resident(town, 2)
    _book(town, first, "resident", people=3, slot=SECOND)
    full = require(_ask(town, second, 1, SECOND), 409)
    town.story.require(full["code"] == "sold_out", "时段约满即拒 a full slot refuses")
    back = require(town.phone(first).call("DELETE", f"/tickets/{PLACE}/{DAY}"), 200)["refund_cents"]
    town.story.require(back == (4000 + 2 * 6000) // 2, "按规则退半价 half comes back, as the rule says")
    town.story.count("scenic_spot.refund.resident")
    town.story.count("scenic_spot.refund.standard", 2)
    town.story.count("scenic_spot.net", -back)
    _book(town, second, "resident", slot=SECOND)
    early = require(town.terminal("hill-1").scan(town.show(second), passage="enter"), 200)
    town.story.require(early["reason"] == "wrong_slot", "未到时段不能入园 before their slot nobody enters")


def _refuse_without_ticket(town: Town) -> None:
    said = require(town.terminal("hill-1").scan(town.show(_resident(town, 3)), passage="enter"), 200)
    town.story.require(said["reason"] == "no_ticket", "无票不能入园 nobody enters without a ticket")


def _buy_pass(town: Town) -> Citizen:
    holder = _resident(town, 4)
    require(town.phone(holder).call("POST", "/passes", {"place": PLACE, "code": "annual"}), 201)
    town.story.count("scenic_spot.pass.annual")
    town.story.count("scenic_spot.net", 12_000)
    town.tell("市民购买年票。A resident buys an annual pass.")
    return holder


def _enter(town: Town, gate: str, visitor: Citizen, people: int) -> None:
    said = require(town.terminal(gate).scan(town.show(visitor), passage="enter"), 200)
    assert said["decision"] == "accepted", said
    town.story.count("scenic_spot.entered", people)
    town.story.count("scenic_spot.admitted", people)


def _family(town: Town, family: Citizen) -> None:
    """Three of four arrive at the second gate, the fourth later, and nobody after that."""
    first = town.scan("hill-2", town.show(family), passage="enter", people=3)
    second = town.scan("hill-2", town.show(family), passage="enter")
    assert isinstance(first.details, ScenicSpotDetails), first
    assert isinstance(second.details, ScenicSpotDetails), second
    parts = (first.details.people, second.details.people)
    town.story.require(parts == (3, 1), "一家四口一码：先到三人，后到一人 four on one code: three, then the fourth")
    town.story.count("scenic_spot.entered", 4)
    town.story.count("scenic_spot.admitted", 4)


def _reenter(town: Town, visitor: Citizen) -> None:
    """Enter, leave, enter again, and not without having left."""
    for passage, name in (("enter", "entered"), ("leave", "left"), ("enter", "again")):
        answer = town.scan("hill-2", town.show(visitor), passage=passage)
        assert answer.reason is None, answer
        town.story.count(f"scenic_spot.{name}")
    town.story.count("scenic_spot.admitted")
    third = town.scan("hill-2", town.show(visitor), passage="enter")
    town.story.require(third.reason == "limit_reached", "出园后再入一次，不能多 out and in again once, and no more")


def _flow(town: Town) -> Any:
    return town.ask("hospital-back-end", "GET", f"/api/v1/places/{PLACE}/flow")
