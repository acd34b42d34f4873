"""Opening hours of places as data: by weekday, in the city's civil time, and closed days. No I/O."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from codeservice.city import city_date, midnight
from codeservice.policy import Part

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TimeOfDay = Annotated[str, msgspec.Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Day = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Span(Part, frozen=True):
    """From a time of day, inclusive, until a later one, exclusive; 24:00 is the end of the day."""

    begins: TimeOfDay
    ends: TimeOfDay

    def __post_init__(self) -> None:
        """Raise ValueError for a span that holds no time."""
        if self.begins >= self.ends:
            raise ValueError("a span ends after it begins; one over midnight is two")

    def has(self, seconds: int) -> bool:
        """Whether a time of day, in seconds since midnight, lies in it."""
        return seconds_of(self.begins) <= seconds < seconds_of(self.ends)


class Hours(Part, frozen=True):
    """When a place is open. A weekday without spans is closed, so that an empty table is a closed place."""

    week: dict[Weekday, tuple[Span, ...]] = msgspec.field(default_factory=dict)
    closed: frozenset[Day] = frozenset()

    def is_open(self, now: int) -> bool:
        """Whether the place is open at `now` (epoch seconds)."""
        today = city_date(now)
        if today.isoformat() in self.closed:
            return False
        since = now - midnight(today)
        return any(span.has(since) for span in self.week.get(WEEKDAYS[today.weekday()], ()))

    def opens_on(self, day: str) -> bool:
        """Whether the place opens at all on a day (ISO 8601)."""
        weekday = WEEKDAYS[date.fromisoformat(day).weekday()]
        return day not in self.closed and bool(self.week.get(weekday, ()))


def seconds_of(time: str) -> int:
    """Return a time of day in seconds since midnight."""
    return int(time[:2]) * 3600 + int(time[3:]) * 60
