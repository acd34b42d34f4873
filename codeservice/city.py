"""The city that issues: its region, the regions it recognises, and its civil time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

CITY_ZONE = timezone(timedelta(hours=8))
"""Civil time of the city: days of tickets, limits and ages change at its midnight, whatever zone a server runs in."""


@dataclass(frozen=True)
class City:
    """The division codes (GB/T 2260) of the city and of the regions with mutual recognition."""

    region: str
    neighbours: frozenset[str]


def city_date(now: int) -> date:
    """Return the civil date in the city at `now` (epoch seconds)."""
    return datetime.fromtimestamp(now, UTC).astimezone(CITY_ZONE).date()


def city_day(now: int) -> str:
    """Return the civil date as text, ISO 8601."""
    return city_date(now).isoformat()


def day_span(now: int) -> tuple[int, int]:
    """Return the civil day in the city at `now` as epoch seconds: its midnight, and the next one."""
    start = midnight(city_date(now))
    return start, start + 24 * 3600


def midnight(day: date) -> int:
    """Return the moment at which a civil day begins in the city, in epoch seconds."""
    return int(datetime.combine(day, time(), CITY_ZONE).timestamp())
