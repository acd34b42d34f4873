"""Arguments of command lines, read alike by all of them."""

import argparse
import re
from collections.abc import Callable
from decimal import Decimal

from codeservice.location import MIN_RADIUS, STEPS, Location

_COORDINATES = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,15})?),\s*(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)", re.ASCII)


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers between two bounds, both included; it raises what argparse explains."""

    def read(text: str) -> int:
        number = int(text)
        if not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(f"must lie between {lowest} and {highest}")
        return number

    read.__name__ = "whole number"
    return read


def coordinates(text: str) -> tuple[int, int]:
    """Read LAT,LON in degrees as whole steps of a location; for argparse."""
    found = _COORDINATES.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("must be latitude and longitude in degrees, as 31.23042,121.47370")
    latitude, longitude = (round(Decimal(part) * STEPS) for part in found.groups())
    try:
        Location(latitude, longitude, MIN_RADIUS)
    except ValueError as error:
        raise argparse.ArgumentTypeError("no such point: latitude is up to 90, longitude up to 180 degrees") from error
    return latitude, longitude
