"""Where a place is, for phones that compare their own location with it. No I/O."""

from dataclasses import dataclass

STEPS = 100_000
"""Steps in a degree: one is a metre or so, finer than any phone knows."""

MIN_RADIUS, MAX_RADIUS = 20, 2000
"""Metres: below them no phone is exact enough, above them every phone of the district is here."""

_MAX_LATITUDE, _MAX_LONGITUDE = 90 * STEPS, 180 * STEPS


@dataclass(frozen=True)
class Location:
    """A circle on the ground: WGS 84, whole steps north and east, and metres; raises ValueError for any other."""

    latitude: int
    longitude: int
    radius: int

    def __post_init__(self) -> None:
        """Look at the bounds."""
        if any(type(value) is not int for value in (self.latitude, self.longitude, self.radius)):
            # Exactly int: true is not 1 on the wire.
            raise ValueError("whole numbers")
        if abs(self.latitude) > _MAX_LATITUDE or abs(self.longitude) > _MAX_LONGITUDE:
            raise ValueError("no point of the earth")
        if not MIN_RADIUS <= self.radius <= MAX_RADIUS:
            raise ValueError(f"a radius lies between {MIN_RADIUS} and {MAX_RADIUS} metres")
