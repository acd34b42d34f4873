"""Offices, hospitals and places at the other end of a citizen's mini-program."""

from typing import Any

from codeservice.city import city_day
from codeservice.web.hall import FORMS, QUEUE, REVIEWS
from codeservice.web.medicine import PRESCRIBE
from tests.back_ends import BackEnd, open_back_end
from tests.miniprogram.host import Phone
from tests.miniprogram.town import Town
from tests.policies import HALL, put_in_force

COUGH = {"code": "cough", "title": {"zh": "止咳药", "en": "Cough medicine"}, "packages": 4, "period": 7}


def scan(town: Town, name: str, code: str, **body: Any) -> dict[str, Any]:
    """Scan as a terminal of the city does."""
    answer: dict[str, Any] = town.city.terminal(name).scan(code, **body).get_json()
    return answer


def shown(phone: Phone) -> str:
    """Return a code of this phone that nobody has scanned."""
    phone.home()
    return phone.fresh()


def hospital_asks(town: Town, code: str) -> tuple[BackEnd, str]:
    """Check in at the desk; returns the hospital's server and the patient."""
    details = scan(town, "clinic-1", code, department="internal")["details"]
    server = BackEnd(town.city.terminal("hospital-back-end"))
    day = city_day(town.city.clock.now)
    return server, str(server.call("GET", f"/api/v1/encounters/{day}/{details['visit']}").get_json()["patient"])


def open_hall(town: Town) -> BackEnd:
    """Return the server of a hall whose rules are in force."""
    put_in_force(town.city, "government", HALL)
    return open_back_end(town.city, "hall-system", "city-hall", QUEUE, FORMS, REVIEWS)


def served(town: Town, hall: BackEnd, phone: Phone) -> str:
    """Draw a number, and be called to a window; returns the visit."""
    drawn = scan(town, "queue-1", shown(phone), service="general")
    hall.call("POST", "/api/v1/queue/calls", {"window": "1"})
    return str(drawn["scan"])


def prescribe_and_sell(town: Town, phone: Phone) -> None:
    """Write a prescription, and sell a medicine that is limited."""
    put_in_force(town.city, "pharmacy", {"classes": [COUGH], "reversal_minutes": 30})
    hospital = open_back_end(town.city, "prescriber", "first-hospital", PRESCRIBE)
    seen = scan(town, "clinic-1", shown(phone))["scan"]
    items = [{"code": "M1", "name": "阿莫西林", "quantity": 2}]
    body = {"verification": seen, "prescriber": "D-17", "items": items}
    assert hospital.call("POST", "/api/v1/prescriptions", body).status_code == 201
    sold = scan(town, "till-east", shown(phone), medicine={"class": "cough", "packages": 3})
    assert sold["decision"] == "accepted", sold
