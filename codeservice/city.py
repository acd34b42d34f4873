"""The city that issues: its region, the regions it recognises, and its civil time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

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
