"""The city's civil time: its day changes at its own midnight, whatever zone a machine runs in."""

import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.city import CITY_ZONE, city_date, city_day
from tests.makers import NOW

MIDNIGHT = int(datetime(2027, 1, 16, tzinfo=CITY_ZONE).timestamp())


@pytest.mark.parametrize(
    ("now", "day"),
    [(NOW, "2027-01-15"), (MIDNIGHT - 1, "2027-01-15"), (MIDNIGHT, "2027-01-16"), (0, "1970-01-01")],
    ids=["afternoon", "a second before midnight", "midnight", "1970"],
)
def test_the_day_changes_at_the_citys_midnight(now: int, day: str) -> None:
    assert city_day(now) == day
    assert city_date(now) == date.fromisoformat(day)


def test_midnight_in_the_city_is_four_in_the_afternoon_utc() -> None:
    assert datetime.fromtimestamp(MIDNIGHT, UTC).hour == 16


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
def test_the_zone_of_the_machine_does_not_matter(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        days = [city_day(MIDNIGHT - 1), city_day(MIDNIGHT)]
    time.tzset()
    assert days == ["2027-01-15", "2027-01-16"]


@given(st.integers(0, 1 << 33))
def test_a_day_has_86400_seconds(now: int) -> None:
    assert (city_date(now + 86_400) - city_date(now)).days == 1
