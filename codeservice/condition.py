"""Conditions of policies: whom a row of a table is for, by the entitlements of a grant, and what it costs. No I/O."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar

import msgspec

from codeservice.entitlement import Entitlement, Fare, Insured, Resident
from codeservice.policy import Cents, Part, Text

FareName = Literal["adult", "student", "senior_half", "senior_free", "child", "disabled"]
ResidentName = Literal["resident", "neighbour", "visitor"]
InsuredName = Literal["none", "employee", "resident"]
Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
"""How a row of a table is named in effects and statements."""


class Condition(Part, frozen=True):
    """Whom something is for: every field that is not empty must hold. A condition without any holds for nobody.

    `anyone` holds for everybody whose code is accepted, and stands alone. A fact that a grant does not carry, or that
    this version does not know, holds for nobody.
    """

    anyone: bool = False
    fare: frozenset[FareName] = frozenset()
    resident: frozenset[ResidentName] = frozenset()
    insured: frozenset[InsuredName] = frozenset()

    def __post_init__(self) -> None:
        """Raise ValueError when `anyone` is narrowed, which would be read in two ways."""
        if self.anyone and (self.fare or self.resident or self.insured):
            raise ValueError("anyone stands alone")

    def holds(self, entitlements: Mapping[int, int]) -> bool:
        """Whether a grant with these entitlements meets the condition."""
        if self.anyone:
            return True
        asked = (
            (self.fare, _name(Fare, entitlements.get(Entitlement.FARE))),
            (self.resident, _name(Resident, entitlements.get(Entitlement.RESIDENT))),
            (self.insured, _name(Insured, entitlements.get(Entitlement.INSURED))),
        )
        given = [name in names for names, name in asked if names]
        return bool(given) and all(given)


class PriceRow(Part, frozen=True, kw_only=True):
    """One row of a table of prices: whom it is for, what it costs in fen, and the rule in words for the screen."""

    code: Code
    title: Text
    when: Condition
    cents: Cents = 0
    explained: Text | None = None


R = TypeVar("R", bound=PriceRow)


def row_for(rows: Iterable[R], entitlements: Mapping[int, int]) -> R | None:
    """Return the first row whose condition holds; None when there is none: nobody is meant by an empty table."""
    return next((row for row in rows if row.when.holds(entitlements)), None)


def require_codes(rows: Iterable[PriceRow], field: str) -> None:
    """Raise ValueError when two rows of a table have the same code."""
    codes = [row.code for row in rows]
    if len(codes) != len(set(codes)):
        raise ValueError(f"{field}: two rows have the same code")


def _name(names: type[Fare | Resident | Insured], value: int | None) -> str | None:
    return next((entry.name.lower() for entry in names if entry == value), None)
