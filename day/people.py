"""Whom the chapters are about: people of the demo city by age and insurance."""

from datetime import date

from codeservice.credential import CredentialType
from codeservice.demo import Citizen
from codeservice.entitlement import age_on
from day.town import DAY, Town

OF_AGE = 18


def age(citizen: Citizen) -> int:
    """Return completed years on the day."""
    return age_on(citizen.holder.id_number.born, date.fromisoformat(DAY))


def grown_up(town: Town, number: int, *, insured: bool = True) -> Citizen:
    """Return an adult with a phone, by number, with or without medical insurance."""

    def wanted(citizen: Citizen) -> bool:
        has_phone, is_of_age = citizen.phone is not None, age(citizen) >= OF_AGE
        return has_phone and is_of_age and (number_of(citizen, CredentialType.MEDICAL_INSURANCE) != "") is insured

    return town.citizen(wanted, number)


def number_of(citizen: Citizen, type_: str) -> str:
    """Return the number of a credential, empty without one."""
    return next((card.number for card in citizen.cards if card.type == type_), "")
