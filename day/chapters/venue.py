"""Places made of data alone: a library that loses its network, a car park with fees by time, a poster to scan."""

import json
from pathlib import Path
from typing import Any

from adapters.venue import VenueDetails
from codeservice.demo import Citizen
from day.people import age
from day.policy import put_in_force
from day.town import DAY, Town, require
from tests.phone import Phone, sign_jws

TITLE = "图书馆与停车场 Places made of data: a library and a car park"

DEFINITIONS = Path(__file__).resolve().parents[2] / "docs/scenes/definitions"
OFFLINE = {
    "list_age": 24 * 3600,
    "let_pass": False,
    "advice": {"zh": "请到服务台", "en": "Please go to the desk"},
    "holder_limit": 20,
    "terminal_limit": 20_000,
}
_YOUNGEST, _OLDEST = 25, 58


def play(town: Town) -> None:
    """Open a library and a car park at six."""
    town.at("18:00")
    _place(town, "library", "市图书馆", ("library-1",), {"offline": OFFLINE, "posters": "printed"})
    _place(town, "parking", "人民广场停车场", ("barrier-in", "barrier-out"), {})
    town.tell("两个新场所，全由数据定义。Two new places, made of data alone.")
    readers = [_reader(town, number) for number in range(3)]
    drivers = [_reader(town, number) for number in range(3, 6)]
    for person in (*readers, *drivers):
        town.show(person, wait=1)
    town.validator("barrier-out")
    town.go_dark("library-1", "barrier-in")
    for reader in readers:
        answer = town.scan("library-1", town.show(reader))
        assert isinstance(answer.details, VenueDetails), answer
        town.story.require(answer.message.zh == "欢迎读者", f"图书馆：{answer.message.zh} Library: {answer.message.en}")
        town.story.count("venue.readers")
    for driver in drivers:
        _pass(town, "barrier-in", driver, "enter")
    _scan_poster(town, readers[0])
    town.at("18:25")
    _pass(town, "barrier-out", drivers[0], "leave")
    town.tell("停车不到半小时，免费。Less than half an hour is free.")
    town.at("19:40")
    _pass(town, "barrier-out", drivers[1], "leave")
    # A hundred minutes less thirty free ones are two begun hours of five yuan.
    town.story.count("venue.fees", 1000)
    town.tell("停车约一百分钟，十元。About a hundred minutes cost ten yuan.")


def settle(town: Town) -> None:
    """Compare the statements of both places with who went in and out."""
    library, parking = (_statement(town, place) for place in ("library", "parking"))
    town.story.balance("venue.readers", _people(library, "entered"), "入馆人次 readers")
    town.story.balance("venue.enter", _people(parking, "entered"), "驶入 cars in")
    town.story.balance("venue.leave", _people(parking, "left"), "驶出 cars out")
    town.story.balance("venue.fees", parking["fees_cents"], "停车费（分）parking fees, fen")
    mine = require(town.phone(_reader(town, 0)).call("GET", "/passages"), 200)["passages"]
    town.story.balance("venue.posters", len(mine), "本人扫海报记录 passages by poster, for their holder alone")


def _place(town: Town, name: str, title: str, terminals: tuple[str, ...], changes: dict[str, Any]) -> None:
    file = json.loads((DEFINITIONS / f"{name}.json").read_text())
    file["policy"] |= changes
    put_in_force(town, file, f"{title}开放 opening")
    partner = ("--partner", "city-square", "--partner-name", "城市公共服务", "--policy", name)
    town.scenes("places", "add", name, "--scene", "venue", "--name", title, *partner)
    for terminal in terminals:
        town.operate("terminals", "add", terminal, "--place", name, "--name", terminal)


def _reader(town: Town, number: int) -> Citizen:
    def wanted(citizen: Citizen) -> bool:
        benefits = any("category" in card.claims for card in citizen.cards)
        return citizen.phone is not None and _YOUNGEST <= age(citizen) <= _OLDEST and not benefits

    return town.citizen(wanted, 90 + number)


def _pass(town: Town, barrier: str, driver: Citizen, passage: str) -> None:
    answer = town.scan(barrier, town.show(driver), passage=passage)
    assert answer.reason is None, answer
    town.story.count(f"venue.{passage}")


def _scan_poster(town: Town, reader: Citizen) -> None:
    """Scan a printed poster twice in a minute; after the next print it is dead."""
    phone = town.phone(reader)
    text = _print(town)
    first, second = (require(_passage(town, phone, text), 201) for _ in range(2))
    town.story.require(first["id"] == second["id"], "一分钟内重复扫海报算一次 twice in a minute is once")
    town.story.count("venue.posters")
    _print(town)
    dead = require(_passage(town, phone, text), 422)
    forged = require(_passage(town, phone, text[:-9] + "123456789"), 422)
    codes = {dead["code"], forged["code"]}
    town.story.require(codes == {"poster_refused"}, "旧海报与伪造海报被拒 an old print and a forged one are refused")


def _print(town: Town) -> str:
    path = town.folder / "poster.txt"
    town.scenes("posters", "make", "library", "--until", DAY, "--out", str(path))
    return path.read_text().split()[-1]


def _passage(town: Town, phone: Phone, text: str) -> Any:
    claims = {"aud": phone.me["issuer"], "iat": town.clock.now, "sub": phone.device}
    claims |= {"poster": text, "passage": "single"}
    return phone.call("POST", "/passages", {"proof": sign_jws(phone.key, "passage+jwt", claims)})


def _statement(town: Town, place: str) -> dict[str, Any]:
    said: dict[str, Any] = town.scenes("visits", "statement", place, "--day", DAY)
    return said


def _people(statement: dict[str, Any], kind: str) -> int:
    return sum(row["people"] for row in statement["rows"] if row["kind"] == kind)
