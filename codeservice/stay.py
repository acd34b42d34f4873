"""What a stay costs by its time, for a car park for example. No I/O."""

from typing import Annotated

import msgspec

from codeservice.policy import Cents, Part

Minutes = Annotated[int, msgspec.Meta(ge=1, le=24 * 60)]


class Stay(Part, frozen=True):
    """A price by time: nothing for `free_minutes`, then `unit_cents` a begun unit, `day_cents` in 24 hours at most."""

    free_minutes: Annotated[int, msgspec.Meta(ge=0, le=24 * 60)] = 0
    unit_minutes: Minutes = 60
    unit_cents: Cents = 0
    day_cents: Cents | None = None


def stay_cents(stay: Stay, seconds: int) -> int:
    """Return what a stay of so many seconds costs in fen: each 24 hours by themselves, capped by themselves."""
    days, rest = divmod(max(0, seconds), 24 * 3600)
    whole = _units_cents(stay, 24 * 3600)
    # The free minutes are at the beginning of a stay, not of each of its days.
    first = _units_cents(stay, min(seconds, 24 * 3600), free=stay.free_minutes)
    if days == 0:
        return first
    return first + (days - 1) * whole + _units_cents(stay, rest)


def _units_cents(stay: Stay, seconds: int, free: int = 0) -> int:
    if seconds <= free * 60:
        return 0
    cents = -(-(seconds - free * 60) // (stay.unit_minutes * 60)) * stay.unit_cents
    return cents if stay.day_cents is None else min(cents, stay.day_cents)
