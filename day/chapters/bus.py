"""The bus: a tariff goes live, people ride with and without network, and the city settles with the operator."""

import json
from datetime import date
from pathlib import Path

from codeservice.credential import CredentialType
from codeservice.demo import Citizen
from codeservice.entitlement import age_on
from day.town import DAY, Town, require

TITLE = "一码乘车 The bus"
_OPERATOR, _SERVER = "city-bus", "bus-server"


def play(town: Town) -> None:
    """Publish the tariff and ride."""
    town.at("06:30")
    _publish(town)
    town.go_dark("bus-2")
    adult, other, student, senior, disabled = (_rider(town, wanted) for wanted in _RIDERS)
    town.at("06:40")
    _ride(town, "bus-1", adult, paid=200)
    town.tell("成人乘 1 路，两元。An adult rides line 1 for two yuan.")
    town.wait(600)
    _ride(town, "bus-2", adult, paid=100, transfer=1, line="hill")
    town.tell(
        "一刻钟内换乘山线，优惠一元。A transfer to the hill line within a quarter of an hour is one yuan cheaper."
    )
    _ride(town, "bus-1", student, paid=100, subsidy=100)
    town.tell("学生半价，教育部门补一半。A student pays half, the education bureau the other half.")
    _ride(town, "bus-2", senior, paid=0, subsidy=200)
    town.tell("长者免费，民政补贴。A senior rides free; civil affairs pays.")
    _ride(town, "bus-1", disabled, paid=0, subsidy=400, companions=1)
    town.tell("残疾人和一名陪同者免费。A disabled rider and one companion ride free.")
    _distance(town, other)
    for _ in range(4):
        town.wait(1000)
        _ride(town, "bus-1", other, paid=None)
    # Three yuan by distance and four times two come to eleven; the day ends at eight.
    town.story.count("bus.paid", 500)
    town.tell("一天四次加一段长途，封顶八元。Four rides and a long one: the day is capped at eight yuan.")
    _same_tap(town, student)


def settle(town: Town) -> None:
    """Make the statements and compare them with what was ridden; dispute a row and find a changed one."""
    town.at("21:00")
    town.scenes("statements", "make", "--day", DAY)
    listed = require(town.ask(_SERVER, "GET", f"/api/v1/statements?day={DAY}"), 200)["statements"]
    stranger = town.ask("hospital-back-end", "GET", f"/api/v1/statements?day={DAY}")
    town.story.require(stranger.status_code in {403, 404}, "别家看不到报表 nobody else reads these statements")
    totals: dict[str, int] = {}
    for entry in listed:
        for name, value in entry["totals"].items():
            totals[name] = totals.get(name, 0) + value
    for name, words in _TOTALS.items():
        town.story.balance(f"bus.{name}", totals.get(name, 0), words)
    sums = totals["paid"] + totals["subsidy"] + totals["companion_subsidy"] + totals["transfer"] + totals["cap"]
    town.story.require(totals["full"] == sums, "全价 = 实付 + 补贴 + 优惠 full fare = paid + subsidies + discounts")
    _dispute(town, next(entry["id"] for entry in listed if entry["line"] == "city"))


_TOTALS = {
    "trips": "乘车 trips",
    "paid": "实付（分）paid, fen",
    "subsidy": "补贴（分）concession subsidy, fen",
    "companion_subsidy": "陪同补贴（分）companions' subsidy, fen",
    "transfers": "换乘 transfers",
    "kind.missing_out": "未下车刷码 trips without a tap out",
}

_ROUND = frozenset({"student", "disabled", "veteran", "blood_donor"})


def _rider(town: Town, wanted: tuple[int, int, str, int]) -> Citizen:
    youngest, oldest, benefit, number = wanted

    def fits(citizen: Citizen) -> bool:
        claims = [card.claims for card in citizen.cards if card.type is CredentialType.BENEFIT]
        benefits = {str(claim["category"]) for claim in claims} & _ROUND
        age = age_on(citizen.holder.id_number.born, date.fromisoformat(DAY))
        return citizen.phone is not None and youngest <= age < oldest and benefits == ({benefit} if benefit else set())

    return town.citizen(fits, number)


_RIDERS = ((30, 60, "", 0), (30, 60, "", 1), (14, 24, "student", 0), (66, 90, "", 0), (18, 60, "disabled", 0))


def _publish(town: Town) -> None:
    file = town.scenes("policies", "standard", "bus")
    tariff = file["policy"]["tariff"]
    stops = [
        {"id": stop, "title": {"zh": zh, "en": en}, "metres": metres}
        for stop, zh, en, metres in (
            ("gate", "城门", "Gate", 0),
            ("lake", "镜湖", "Lake", 4000),
            ("hill", "山顶", "Hill top", 12_000),
        )
    ]
    steps = [{"up_to": 5000, "cents": 200}, {"up_to": 20_000, "cents": 300}]
    tariff["lines"] += [
        {"id": "hill", "title": {"zh": "山线", "en": "Hill line"}, "fare": {"kind": "flat", "cents": 200}},
        {
            "id": "lake",
            "title": {"zh": "湖线", "en": "Lake line"},
            "fare": {"kind": "distance", "steps": steps},
            "stops": stops,
        },
    ]
    tariff["transfer"] = {"seconds": 900, "cents": 100, "most": 1}
    tariff["classes"]["adult"]["daily_cap"] = 800
    path = town.folder / "bus.json"
    path.write_text(json.dumps(file))
    version = str(town.scenes("policies", "add", str(path))["version"])
    town.scenes("policies", "try", "bus", version, "--since", DAY)
    town.scenes("policies", "publish", "bus", version, "--reason", "winter tariff")
    town.services.policies.forget()
    scope = ("--scope", "statements:read")
    town.operate("back-ends", "add", _SERVER, "--place", "bus-line-1", "--name", "Bus company", *scope)
    town.tell("新票价生效：三条线、换乘、封顶。A new tariff is live: three lines, transfers, a daily cap.")


def _ride(  # noqa: PLR0913 -- one ride
    town: Town,
    validator: str,
    citizen: Citizen,
    *,
    paid: int | None,
    subsidy: int = 0,
    transfer: int = 0,
    companions: int = 0,
    **body: object,
) -> None:
    if companions:
        body["companions"] = companions
    answer = town.scan(validator, town.show(citizen), **body)
    assert answer.reason is None, answer
    own = subsidy // (1 + companions)
    town.story.count("bus.trips")
    town.story.count("bus.paid", paid or 0)
    town.story.count("bus.subsidy", own)
    town.story.count("bus.companion_subsidy", subsidy - own)
    town.story.count("bus.transfers", transfer)


def _distance(town: Town, citizen: Citizen) -> None:
    town.wait(600)
    for stop, way in (("gate", "in"), ("hill", "out")):
        town.wait(900)
        assert town.scan("bus-2", town.show(citizen), line="lake", stop=stop, way=way).reason is None
    town.story.count("bus.trips")
    town.story.count("bus.paid", 300)
    town.tell("湖线按里程：城门上、山顶下，三元。The lake line by distance: gate to hill top, three yuan.")


def _same_tap(town: Town, citizen: Citizen) -> None:
    town.wait(1000)
    _ride(town, "bus-1", citizen, paid=100, subsidy=100)
    answer = town.scan("bus-1", town.show(citizen, wait=1))
    assert answer.reason is None, answer
    town.tell("两秒内再刷一次，算同一次。A second tap within three seconds is the same one.")


def _dispute(town: Town, statement: str) -> None:
    path = Path(town.folder / "statement.csv")
    town.scenes("statements", "show", statement, "--format", "csv", "--out", str(path))
    good = town.scenes("statements", "check", str(path), "--against", "record")
    town.story.require(good is not None, "报表与记录逐行一致 the statement agrees with the record, row by row")
    text = path.read_text()
    assert ",100," in text
    changed = path.with_name("changed.csv")
    changed.write_text(text.replace(",100,", ",900,", 1))
    try:
        town.scenes("statements", "check", str(changed), "--against", "record")
        found = False
    except RuntimeError:
        found = True
    town.story.require(found, "改动的一行被找出 a changed row is found")
