"""A mini-program with something on every page, and the way to each page and to each form on it."""

from typing import Any

from tests.families import Family, certificate, families
from tests.miniprogram.host import Phone
from tests.miniprogram.offices import hospital_asks, open_hall, prescribe_and_sell, scan, served, shown
from tests.miniprogram.town import Town
from tests.officers import begin

STOPS: tuple[tuple[str, ...], ...] = (
    (),
    ("digit",),
    ("family",),
    ("family", "#family-ask"),
    ("family", ".show-code"),
    ("family", ".end-tie"),
    ("cards",),
    ("cards", ".card-open"),
    ("cards", ".card-open", "#copy-open"),
    ("cards", ".card-open", "#correction-open"),
    ("cards", ".card-open", "#card-lost"),
    ("messages",),
    ("paper",),
    ("paper", "#print"),
    ("paper", "#print", "#confirm-yes"),
    ("records",),
    ("records", ".dispute-open"),
    ("health",),
    ("health", ".appeal-open"),
    ("errands",),
    ("errands", ".application-open"),
    ("errands", ".review"),
    ("place",),
    ("privacy",),
    ("privacy", "health_records"),
    ("privacy", "health_records", "#give-open"),
    ("privacy", "data"),
    ("privacy", "data", "#export"),
    ("devices",),
    ("devices", "#freeze"),
    ("settings",),
    ("help",),
    ("#scene-scenic_spot", "tickets"),
)
"""Pages by name, and what is tapped on the way: a class or an id."""


def furnish(town: Town) -> Phone:
    """Return the phone of a parent who has a card, a child, a paper code, a status, consents, forms and records."""
    family = next(family for family in families(town.city) if family.parent.phone)
    phone = town.phone(family.parent)
    fill(phone, family)
    code = shown(phone)
    for _ in range(2):
        scan(town, "bus-1", code)
    server, subject = hospital_asks(town, shown(phone))
    about = {"patient": subject, "scopes": ["labs"], "purpose": "referral", "operator": "nurse-7"}
    server.call("POST", "/api/v1/record-access", about)
    server.call("POST", "/api/v1/record-requests", about | {"days": 7})
    prescribe_and_sell(town, phone)
    hall = open_hall(town)
    visit = served(town, hall, phone)
    hall.call("POST", "/api/v1/applications", {"visit": visit, "form": "register"})
    for act in ("serve", "finish"):
        hall.call("POST", f"/api/v1/queue/visits/{visit}/acts", {"window": "1", "act": act})
    emergency = begin(town.city)
    assert emergency.send(emergency.evidence(family.parent)).status_code in {200, 201}
    return phone


def fill(phone: Phone, family: Family) -> None:
    """Ask the service for what the owner could ask for by hand."""
    child, card = family.child.holder, next(card for card in family.parent.cards if card.type == "id_card")
    tie = {"kind": "parent", "name": child.name, "id_number": child.id_number.text}
    call(phone, "POST", "/household/ties", tie | {"birth_certificate": certificate(family.child)})
    linked = call(phone, "POST", "/cards", {"type": "id_card", "number": card.number})
    copy = {"requester": "市第一中学", "purpose": "入学登记", "days": 7}
    call(phone, "POST", f"/cards/{linked['id']}/copies", copy)
    call(phone, "POST", f"/cards/{linked['id']}/corrections", {"text": "地址已变"})
    call(phone, "POST", "/papers", {"tie": None})
    now = phone.page.evaluate("Math.floor(Date.now() / 1000)")
    terms = {"institution": "first-hospital", "scopes": ["allergies"], "purpose": "treatment"}
    call(phone, "POST", "/record-consents", terms | {"ends": now + 86400})


def call(phone: Phone, method: str, path: str, body: object) -> Any:
    """Call the service as the mini-program does."""
    script = "([method, path, body]) => getApp().wallet.call(method, '/wallet/api/v1' + path, body)"
    return phone.page.evaluate(script, [method, path, body])


def prefer(phone: Phone, *, elder: bool, language: str) -> None:
    """Open the mini-program anew with other settings."""
    chosen = {"elder": elder, "language": language}
    phone.page.evaluate("chosen => wx.setStorageSync('city-code-preferences', chosen)", chosen)
    phone.open()
    phone.at("countdown").wait_for()
    phone.until_signed_in()


def stop_at(phone: Phone, way: tuple[str, ...]) -> None:
    """Go to a page, and to a form on it."""
    phone.home()
    for step in way:
        if step[0] in "#.":
            phone.page.locator(f"{step}:visible").first.click()
        else:
            phone.visit(step)
        phone.page.wait_for_function("(({loading, busy}) => !loading && !busy)(getCurrentPages().at(-1).data)")
    phone.page.evaluate("scrollTo(0, 0)")
