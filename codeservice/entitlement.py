"""Entitlements: the small coded facts that a grant carries, and the rule that derives them from credentials."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from codeservice.city import City


class Entitlement(IntEnum):
    """Registry of entitlements. Numbers are wire values: added, never reused."""

    FARE = 1
    RESIDENT = 2
    INSURED = 3
    HEALTH = 4


class Fare(IntEnum):
    """Fare classes of public transport and tickets."""

    ADULT = 1
    STUDENT = 2
    SENIOR_HALF = 3
    SENIOR_FREE = 4
    CHILD = 5
    DISABLED = 6
    VETERAN = 7
    BLOOD_DONOR = 8


class Resident(IntEnum):
    """Where the holder is at home, seen from this city."""

    RESIDENT = 1
    NEIGHBOUR = 2
    VISITOR = 3


class Insured(IntEnum):
    """Kind of basic medical insurance in force."""

    NONE = 0
    EMPLOYEE = 1
    RESIDENT = 2


class Health(IntEnum):
    """Health status in an emergency. NONE is what everybody has whom nobody has said anything of: it is no green."""

    NONE = 0
    GREEN = 1
    YELLOW = 2
    RED = 3


_CHILD_BELOW = 7
_STUDENT_UNTIL = 26
_SENIOR_HALF_FROM = 60
_SENIOR_FREE_FROM = 65


@dataclass(frozen=True)
class Facts:
    """What the authorities say of a holder, as far as entitlements depend on it."""

    born: date
    region: str
    insurance: Insured
    student: bool
    disabled: bool
    veteran: bool = False
    blood_donor: bool = False


def age_on(born: date, day: date) -> int:
    """Return completed years of age on `day`."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def entitlements_of(facts: Facts, city: City, day: date) -> dict[Entitlement, int]:
    """Return every entitlement that credentials give on `day`; the health status is none of them."""
    return {
        Entitlement.FARE: _fare(facts, age_on(facts.born, day)),
        Entitlement.RESIDENT: _resident(facts, city),
        Entitlement.INSURED: facts.insurance,
    }


def _fare(facts: Facts, age: int) -> Fare:  # noqa: PLR0911 -- the order is the rule
    if facts.disabled:
        return Fare.DISABLED
    if age >= _SENIOR_FREE_FROM:
        return Fare.SENIOR_FREE
    if facts.veteran:
        return Fare.VETERAN
    if facts.blood_donor:
        return Fare.BLOOD_DONOR
    if age >= _SENIOR_HALF_FROM:
        return Fare.SENIOR_HALF
    if age < _CHILD_BELOW:
        return Fare.CHILD
    return Fare.STUDENT if facts.student and age <= _STUDENT_UNTIL else Fare.ADULT


def _resident(facts: Facts, city: City) -> Resident:
    if facts.region == city.region:
        return Resident.RESIDENT
    return Resident.NEIGHBOUR if facts.region in city.neighbours else Resident.VISITOR
