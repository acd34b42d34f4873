"""Entitlements: which facts give which fare, residence and insurance, to the day."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.city import City
from codeservice.entitlement import Entitlement, Facts, Fare, Health, Insured, Resident, age_on, entitlements_of
from codeservice.scene import SCENES

TODAY = date(2027, 1, 15)
CITY = City("349901", frozenset({"349902"}))
FACTS = Facts(date(1990, 5, 5), "349901", Insured.EMPLOYEE, student=False, disabled=False)
DATES = st.dates(date(1900, 1, 1), date(2100, 12, 31))


def fare(**changes: object) -> int:
    return entitlements_of(replace(FACTS, **changes), CITY, TODAY)[Entitlement.FARE]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        pytest.param(date(2027, 1, 15), Fare.CHILD, id="born today"),
        pytest.param(date(2020, 1, 16), Fare.CHILD, id="seven tomorrow"),
        pytest.param(date(2020, 1, 15), Fare.ADULT, id="seven today"),
        pytest.param(date(1967, 1, 16), Fare.ADULT, id="sixty tomorrow"),
        pytest.param(date(1967, 1, 15), Fare.SENIOR_HALF, id="sixty today"),
        pytest.param(date(1962, 1, 16), Fare.SENIOR_HALF, id="sixty-five tomorrow"),
        pytest.param(date(1962, 1, 15), Fare.SENIOR_FREE, id="sixty-five today"),
        pytest.param(date(1900, 1, 1), Fare.SENIOR_FREE, id="very old"),
    ],
)
def test_the_fare_changes_on_the_birthday(born: date, expected: Fare) -> None:
    assert fare(born=born) is expected


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        pytest.param(date(2022, 1, 1), Fare.CHILD, id="five"),
        pytest.param(date(2010, 1, 1), Fare.STUDENT, id="seventeen"),
        pytest.param(date(2000, 1, 16), Fare.STUDENT, id="twenty-seven tomorrow"),
        pytest.param(date(2000, 1, 15), Fare.ADULT, id="twenty-seven today"),
        pytest.param(date(1962, 1, 1), Fare.SENIOR_FREE, id="sixty-five"),
    ],
)
def test_students_have_their_fare_until_twenty_six(born: date, expected: Fare) -> None:
    assert fare(born=born, student=True) is expected


@given(DATES)
def test_disabled_people_ride_free_at_every_age(born: date) -> None:
    assert fare(born=born, student=True, disabled=True) is Fare.DISABLED


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("349901", Resident.RESIDENT),
        ("349902", Resident.NEIGHBOUR),
        ("110000", Resident.VISITOR),
        ("", Resident.VISITOR),
    ],
)
def test_residence_is_seen_from_the_city(region: str, expected: Resident) -> None:
    assert entitlements_of(replace(FACTS, region=region), CITY, TODAY)[Entitlement.RESIDENT] is expected


@pytest.mark.parametrize("insurance", Insured)
def test_the_kind_of_insurance_is_passed_on(insurance: Insured) -> None:
    assert entitlements_of(replace(FACTS, insurance=insurance), CITY, TODAY)[Entitlement.INSURED] is insurance


@given(DATES, DATES)
def test_age_counts_birthdays(born: date, day: date) -> None:
    """Age rises by one a year and never otherwise."""
    birthdays = [
        year for year in range(born.year + 1, day.year + 1) if (year, born.month, born.day) <= day.timetuple()[:3]
    ]
    assert day < born or age_on(born, day) == len(birthdays)


@pytest.mark.parametrize(
    ("day", "age"), [(date(2027, 2, 28), 22), (date(2027, 3, 1), 23), (date(2028, 2, 29), 24)], ids=str
)
def test_who_is_born_on_a_leap_day_is_older_on_the_first_of_march(day: date, age: int) -> None:
    assert age_on(date(2004, 2, 29), day) == age


def test_honours_come_before_half_fares_and_behind_what_is_free_already() -> None:
    assert fare(born=date(1965, 1, 1), veteran=True) is Fare.VETERAN
    assert fare(born=date(1990, 1, 1), blood_donor=True) is Fare.BLOOD_DONOR
    assert fare(born=date(1990, 1, 1), veteran=True, blood_donor=True) is Fare.VETERAN
    assert fare(born=date(1940, 1, 1), veteran=True) is Fare.SENIOR_FREE
    assert fare(born=date(1990, 1, 1), disabled=True, veteran=True) is Fare.DISABLED


def test_numbers_are_wire_values() -> None:
    assert {entry.name: entry.value for entry in Entitlement} == {
        "FARE": 1,
        "RESIDENT": 2,
        "INSURED": 3,
        "HEALTH": 4,
    }
    assert [entry.value for entry in Fare] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [entry.value for entry in Resident] == [1, 2, 3]
    assert [entry.value for entry in Insured] == [0, 1, 2]
    assert [entry.name for entry in Health] == ["NONE", "GREEN", "YELLOW", "RED"]
    assert [entry.value for entry in Health] == [0, 1, 2, 3]


def test_each_scene_carries_only_what_it_needs() -> None:
    assert {name: {entry.name for entry in scene.entitlements} for name, scene in SCENES.items()} == {
        "bus": {"FARE", "RESIDENT"},
        "hospital": {"INSURED"},
        "pharmacy": {"INSURED"},
        "scenic_spot": {"FARE", "RESIDENT"},
        "government": {"RESIDENT"},
        "venue": {"FARE", "RESIDENT"},
    }
