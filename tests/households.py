"""Parents and children of a demo city that `run` has made: who can show codes for whom in a browser."""

import itertools
import time
from dataclasses import dataclass

from codeservice import demo
from codeservice.city import city_date
from codeservice.credential import CredentialType
from codeservice.entitlement import age_on
from codeservice.household import OF_AGE
from tests.running import Person

SEED = 20260101
"""The seed of `run` when none is given."""

PEOPLE = 60
"""How many people a RunningCity has."""


@dataclass(frozen=True)
class Household:
    """A parent with a phone, their minor child, and the number of the child's birth certificate."""

    parent: Person
    child: Person
    certificate: str


def households(seed: int = SEED, people: int = PEOPLE) -> list[Household]:
    """Return every head of a household with each of their minor children."""
    citizens = list(itertools.islice(demo.generate(seed=seed), people))
    today = city_date(int(time.time()))
    heads = {entry.holder.household: entry for entry in citizens if entry.holder.household_role == "head"}
    return [
        Household(_person(heads[entry.holder.household]), _person(entry), _certificate(entry))
        for entry in citizens
        if entry.holder.household_role == "child"
        and age_on(entry.holder.id_number.born, today) < OF_AGE
        and heads[entry.holder.household].phone is not None
    ]


def _person(citizen: demo.Citizen) -> Person:
    holder = citizen.holder
    return Person(str(citizen.phone), holder.name, holder.id_number.text, citizen.cards[0].number)


def _certificate(child: demo.Citizen) -> str:
    return next(card.number for card in child.cards if card.type is CredentialType.BIRTH_CERTIFICATE)
