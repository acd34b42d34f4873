"""Rating: the same trips whatever the order of uploads, and every fen of a full fare accounted for."""

from dataclasses import replace
from datetime import date
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.city import city_day, midnight
from codeservice.policy import Text
from codeservice.tariff import (
    Companions,
    Concession,
    DistanceFare,
    FlatFare,
    Line,
    Share,
    Step,
    Stop,
    Tap,
    Tariff,
    Transfer,
    Trip,
    TripKind,
    rate,
)

DAY = midnight(date(2027, 1, 15))
STOPS = tuple(Stop(id=f"s{number}", title=Text(zh="站", en="stop"), metres=number * 1000) for number in range(6))
FAR = DistanceFare(steps=(Step(up_to=0, cents=0), Step(up_to=1000, cents=100), Step(up_to=5000, cents=500)))


def line(id_: str, fare: FlatFare | DistanceFare, stops: tuple[Stop, ...] = ()) -> Line:
    return Line(id=id_, title=Text(zh=id_, en=id_), fare=fare, stops=stops)


TARIFF = Tariff(
    lines=(line("a", FlatFare(cents=200)), line("b", FlatFare(cents=300)), line("far", FAR, STOPS)),
    line="a",
    classes={
        "adult": Concession(percent=100, daily_cap=900),
        "student": Concession(percent=33, payer="education", daily_cap=300),
        "disabled": Concession(
            percent=0, payer="federation", companions=Companions(percent=50, payer="federation", most=2)
        ),
        "senior_half": Concession(cents=100, payer="civil-affairs"),
    },
    transfer=Transfer(seconds=3600, percent=50),
)
TARIFFS = {"p@1": TARIFF}


def tap(at: int, line_: str = "a", way: str = "ride", stop: str = "", **changes: object) -> Tap:
    made = Tap(f"t{at:06}", DAY + at, "bus", "op", "p@1", "adult", line_, stop, way)
    return replace(made, **changes)  # type: ignore[arg-type]


def kinds(*taps: Tap) -> list[str]:
    return [trip.kind.value for trip in rate(taps, TARIFFS)]


def paid(*taps: Tap) -> list[int]:
    return [trip.paid for trip in rate(taps, TARIFFS)]


@st.composite
def a_tap(draw: st.DrawFn, number: int) -> Tap:
    line_, way, stop = draw(
        st.sampled_from(
            [("a", "ride", ""), ("b", "ride", ""), ("", "ride", ""), ("none", "ride", "")]
            + [("far", way, stop.id) for way in ("in", "out", "ride") for stop in STOPS[:3]]
        )
    )
    return Tap(
        f"{draw(st.integers(0, 99)):02}-{number}",
        DAY + draw(st.integers(-1000, 30000)),
        draw(st.sampled_from(["x", "y"])),
        draw(st.sampled_from(["op", "op", "other"])),
        draw(st.sampled_from(["p@1", "p@1", "p@1", "q@1"])),
        draw(st.sampled_from(["adult", "adult", "student", "disabled", "senior_half", "veteran"])),
        line_,
        stop,
        way,
        companions=draw(st.integers(0, 3)),
    )


@st.composite
def taps_of_a_day(draw: st.DrawFn) -> list[Tap]:
    return [draw(a_tap(number)) for number in range(draw(st.integers(0, 14)))]


@given(taps_of_a_day(), st.randoms())
def test_the_order_in_which_taps_become_known_changes_nothing(taps: list[Tap], chance: Random) -> None:
    shuffled = list(taps)
    chance.shuffle(shuffled)
    assert rate(shuffled, TARIFFS) == rate(taps, TARIFFS)


@given(taps_of_a_day())
def test_every_tap_is_in_exactly_one_trip(taps: list[Tap]) -> None:
    used = [each.id for trip in rate(taps, TARIFFS) for each in (trip.tap, trip.out) if each is not None]
    assert sorted(used) == sorted(each.id for each in taps)


@given(taps_of_a_day())
def test_paid_and_subsidised_and_forgone_is_the_full_fare_and_nothing_is_negative(taps: list[Tap]) -> None:
    for trip in rate(taps, TARIFFS):
        parts = (trip.subsidy, trip.companion_subsidy, trip.transfer, trip.cap, trip.paid)
        assert sum(parts) == trip.full
        assert min(parts) >= 0
        assert bool(trip.payer) is (trip.subsidy > 0)
        assert bool(trip.companion_payer) is (trip.companion_subsidy > 0)


@given(taps_of_a_day())
def test_nobody_pays_more_than_the_cap_for_own_rides_of_a_day(taps: list[Tap]) -> None:
    alone = [replace(each, companions=0, fare_class="adult") for each in taps]
    sums: dict[tuple[str, str], int] = {}
    for trip in rate(alone, TARIFFS):
        key = trip.tap.operator, city_day(trip.tap.at)
        sums[key] = sums.get(key, 0) + trip.paid
    assert all(total <= 900 for total in sums.values())


@given(taps_of_a_day())
def test_one_operator_sees_nothing_of_another(taps: list[Tap]) -> None:
    mine = [each for each in taps if each.operator == "op"]
    assert [trip for trip in rate(taps, TARIFFS) if trip.tap.operator == "op"] == rate(mine, TARIFFS)


def test_the_same_tap_is_charged_once_and_a_later_one_again() -> None:
    assert kinds(tap(0), tap(2), tap(4), tap(6)) == ["ride", "same_tap", "ride", "same_tap"]
    assert kinds(tap(0), tap(1, place="another")) == ["ride", "ride"]


@pytest.mark.parametrize(("stop", "cents"), [("s0", 0), ("s1", 100), ("s2", 500), ("s5", 500)])
def test_a_matched_trip_costs_its_distance(stop: str, cents: int) -> None:
    (trip,) = rate([tap(0, "far", "in", "s0"), tap(900, "far", "out", stop)], TARIFFS)
    assert (trip.kind, trip.full, trip.paid) == (TripKind.MATCHED, cents, cents)


def test_without_a_tap_out_the_highest_fare_from_there_is_due() -> None:
    (trip,) = rate([tap(0, "far", "in", "s2")], TARIFFS)
    assert (trip.kind, trip.paid) == (TripKind.MISSING_OUT, 500)


def test_without_a_tap_in_the_highest_fare_to_there_is_due() -> None:
    (trip,) = rate([tap(0, "far", "out", "s2")], TARIFFS)
    assert (trip.kind, trip.paid) == (TripKind.MISSING_IN, 500)


def test_who_boards_another_vehicle_has_left_the_first() -> None:
    taps = tap(0, "far", "in", "s0"), tap(600, "a"), tap(900, "far", "out", "s1")
    assert kinds(*taps) == ["missing_out", "ride", "missing_in"]


def test_a_tap_out_after_the_longest_trip_belongs_to_nothing() -> None:
    late = TARIFF.longest_trip
    assert kinds(tap(0, "far", "in", "s0"), tap(late, "far", "out", "s1")) == ["matched"]
    assert kinds(tap(0, "far", "in", "s0"), tap(late + 1, "far", "out", "s1")) == ["missing_out", "missing_in"]


def test_leaving_twice_at_one_stop_is_leaving_once() -> None:
    taps = tap(0, "far", "in", "s0"), tap(600, "far", "out", "s1"), tap(700, "far", "out", "s1")
    assert kinds(*taps) == ["matched", "same_tap"]


def test_a_transfer_is_to_another_line_within_the_window_and_only_as_many_in_a_row() -> None:
    assert paid(tap(0), tap(600, "b")) == [200, 150]
    assert paid(tap(0), tap(600)) == [200, 200]
    assert paid(tap(0), tap(3600, "b")) == [200, 150]
    assert paid(tap(0), tap(3601, "b")) == [200, 300]
    assert paid(tap(0), tap(600, "b"), tap(1200)) == [200, 150, 200]


def test_a_transfer_counts_from_the_tap_out_and_is_not_given_to_unmatched_trips() -> None:
    assert paid(tap(0, "far", "in", "s0"), tap(3000, "far", "out", "s1"), tap(6000, "a")) == [100, 100]
    assert paid(tap(0), tap(600, "far", "in", "s0")) == [200, 500]


def test_the_cap_ends_what_is_paid_until_midnight() -> None:
    rides = [tap(number * 4000, "b") for number in range(5)]
    assert paid(*rides) == [300, 300, 300, 0, 0]
    assert paid(*rides, tap(24 * 3600, "b"))[-1] == 300


def test_companions_pay_their_share_and_more_than_allowed_the_full_fare() -> None:
    (two,) = rate([tap(0, fare_class="disabled", companions=2)], TARIFFS)
    assert (two.full, two.subsidy, two.companion_subsidy, two.paid) == (600, 200, 200, 200)
    (three,) = rate([tap(0, fare_class="disabled", companions=3)], TARIFFS)
    assert (three.full, three.paid) == (800, 400)


def test_a_share_is_rounded_in_the_riders_favour() -> None:
    (trip,) = rate([tap(0, fare_class="student")], TARIFFS)
    assert (trip.paid, trip.subsidy, trip.payer) == (66, 134, "education")
    assert Share(cents=100, payer="x").of(50) == 50


def test_a_trip_over_midnight_belongs_to_the_day_on_which_it_began() -> None:
    (trip,) = rate([tap(-600, "far", "in", "s0"), tap(600, "far", "out", "s1")], TARIFFS)
    assert (trip.kind, city_day(trip.tap.at)) == (TripKind.MATCHED, "2027-01-14")


def test_what_no_tariff_knows_is_unrated_and_disturbs_nothing() -> None:
    strange = [tap(100, policy="gone@1"), tap(200, "none"), tap(300, fare_class="veteran"), tap(400, "a", "in")]
    trips = rate([tap(0), *strange, tap(600, "b")], TARIFFS)
    assert [trip.kind.value for trip in trips] == ["ride", *["unrated"] * 4, "ride"]
    assert [trip.paid for trip in trips] == [200, 0, 0, 0, 0, 150]


def test_a_class_that_is_not_carried_rides_as_another_where_the_policy_says_so() -> None:
    assert (TARIFF.class_of(1), TARIFF.class_of(7), TARIFF.class_of(99), TARIFF.class_of(None)) == ("adult",) + (
        None,
    ) * 3
    kind = msgspec.structs.replace(TARIFF, otherwise="adult")
    assert (kind.class_of(7), kind.class_of(99), kind.class_of(0), kind.class_of(None)) == (
        "adult",
        "adult",
        None,
        None,
    )


def test_a_place_has_the_line_that_names_it() -> None:
    tariff = msgspec.structs.replace(
        TARIFF, lines=(msgspec.structs.replace(TARIFF.lines[1], places=("x",)), TARIFF.lines[0])
    )
    assert [
        found and found.id for found in (tariff.line_at("", "x"), tariff.line_at("", "y"), tariff.line_at("c", "x"))
    ] == [
        "b",
        "a",
        None,
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"lines": [{"id": "a", "title": {"zh": "a", "en": "a"}, "fare": {"kind": "flat", "cents": 1}}] * 2}, "twice"),
        ({"line": "a"}, "no such line"),
        ({"otherwise": "adult"}, "no such class"),
        ({"classes": {"adult": {"percent": 50}}}, "payer"),
        ({"classes": {"adult": {"percent": 50, "cents": 1, "payer": "x"}}}, "either"),
        ({"classes": {"adult": {}}}, "either"),
        ({"classes": {"king": {"percent": 100}}}, "king"),
        ({"transfer": {"seconds": 60}}, "either"),
        (
            {"lines": [{"id": "a", "title": {"zh": "a", "en": "a"}, "fare": {"kind": "distance", "steps": []}}]},
            "at least one",
        ),
        (
            {
                "lines": [
                    {
                        "id": "a",
                        "title": {"zh": "a", "en": "a"},
                        "fare": {"kind": "distance", "steps": [{"up_to": 1, "cents": 1}]},
                        "stops": [
                            {"id": "s", "title": {"zh": "a", "en": "a"}},
                            {"id": "t", "title": {"zh": "a", "en": "a"}, "metres": 9},
                        ],
                    }
                ]
            },
            "last step",
        ),
    ],
)
def test_a_tariff_that_makes_no_sense_is_refused(document: object, said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(document, Tariff)


def test_trips_come_in_the_order_of_their_taps() -> None:
    trips: list[Trip] = rate([tap(600), tap(0, operator="z"), tap(300, operator="b")], TARIFFS)
    assert [trip.tap.at - DAY for trip in trips] == [0, 300, 600]
