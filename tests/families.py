"""Families for tests: who of the small city is whose parent, and ties by HTTP."""

from dataclasses import dataclass
from typing import Any

from codeservice.city import city_date
from codeservice.credential import CredentialType
from codeservice.demo import Citizen
from codeservice.entitlement import age_on
from codeservice.household import OF_AGE
from codeservice.store import account
from tests.conftest import City
from tests.phone import Answer, Phone

TIES = "/household/ties"


@dataclass(frozen=True)
class Family:
    """A parent with a phone and a minor child of one household."""

    parent: Citizen
    child: Citizen


def age(city: City, citizen: Citizen) -> int:
    """Return completed years today."""
    return age_on(citizen.holder.id_number.born, city_date(city.clock.now))


def families(city: City) -> list[Family]:
    """Return every parent with each of their minor children."""
    heads = {citizen.holder.household: citizen for citizen in city.people if citizen.holder.household_role == "head"}
    return [
        Family(heads[citizen.holder.household], citizen)
        for citizen in city.people
        if citizen.holder.household_role == "child" and age(city, citizen) < OF_AGE
    ]


def adults(city: City) -> list[Citizen]:
    """Return adults with phones, one of each household."""
    heads = [citizen for citizen in city.people if citizen.holder.household_role == "head"]
    return [citizen for citizen in heads if citizen.phone is not None]


def certificate(child: Citizen) -> str:
    """Return the number of a child's birth certificate."""
    return next(card.number for card in child.cards if card.type is CredentialType.BIRTH_CERTIFICATE)


def ask(phone: Phone, kind: str, about: Citizen, **more: Any) -> Answer:
    """Ask for a tie."""
    body = {"kind": kind, "name": about.holder.name, "id_number": about.holder.id_number.text}
    return phone.call("POST", TIES, body | more)


def parent_of(city: City, family: Family) -> tuple[Phone, dict[str, Any]]:
    """Return the phone of a parent who is tied to the child, and the tie."""
    phone = city.phone(family.parent)
    answer = ask(phone, "parent", family.child)
    assert answer.status_code == 201, answer.get_json()
    assert answer.get_json()["state"] == "active"
    return phone, answer.get_json()


def consent(city: City, phone: Phone, tie: str, password: str | None = None, **more: Any) -> Answer:
    """Consent to a tie with the one-time password that came to the dependant's phone."""
    city.clock.now += 61
    sent = phone.call("POST", f"{TIES}/{tie}/messages", {})
    assert sent.status_code == 202, sent.get_json()
    if password is None:
        with city.services.database.read() as connection:
            text = account.newest_messages(connection, city.services.vault, limit=1)[0][1]
        password = text.split("确认码 ")[1][:6]
    body = {"challenge": sent.get_json()["challenge"], "one_time_password": password}
    return phone.call("POST", f"{TIES}/{tie}/consent", body | more)


def helper_of(city: City, helper: Citizen, elder: Citizen, **more: Any) -> tuple[Phone, Phone, str]:
    """Return the phones of a helper and of an adult who has consented, and their tie."""
    mine, theirs = city.phone(helper), city.phone(elder)
    tie = ask(mine, "helper", elder).get_json()["id"]
    answer = consent(city, theirs, tie, **more)
    assert answer.status_code == 200, answer.get_json()
    return mine, theirs, tie


def tie_of(phone: Phone, tie: str) -> dict[str, Any]:
    """Return a tie as a wallet lists it."""
    ties: list[dict[str, Any]] = phone.call("GET", TIES).get_json()["ties"]
    return next(entry for entry in ties if entry["id"] == tie)


def notices(phone: Phone) -> list[str]:
    """Return the kinds of a wallet's notices about ties and paper, the newest first."""
    found = phone.call("GET", "/notices").get_json()["notices"]
    return [entry["kind"] for entry in found if entry["kind"].startswith(("tie_", "paper_"))]
