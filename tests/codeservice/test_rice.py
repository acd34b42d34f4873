"""Golomb-Rice coding: round trips, one coding for a set, and nothing else is read."""

import tracemalloc
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice import rice
from codeservice.rice import MAX_PARAMETER, RiceError

SIZE = 1 << 20
SETS = st.integers(1, 4096).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), max_size=60))
)


def bits(text: str) -> bytes:
    """Write bits, with spaces for the eye, as bytes filled up with zeros."""
    digits = text.replace(" ", "")
    return int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(-(-len(digits) // 8))


def by_definition(places: list[int], k: int) -> bytes:
    """Write with any parameter, as Rice defines it: quotient in unary, remainder in `k` bits."""
    gaps = [place - before - 1 for before, place in zip([-1, *places], places, strict=False)]
    return bits("".join("1" * (gap >> k) + "0" + "".join(str(gap >> at & 1) for at in range(k))[::-1] for gap in gaps))


@pytest.mark.parametrize(
    ("places", "k", "written"),
    [
        pytest.param([], 0, "", id="none"),
        pytest.param([0], 0, "0", id="the first"),
        pytest.param([0, 1, 2], 0, "0 0 0", id="neighbours"),
        pytest.param([0, 2, 3], 0, "0 10 0", id="a gap of one"),
        pytest.param([2], 0, "110", id="of equals the smallest k"),
        pytest.param([3], 1, "10 1", id="one bit pays"),
        pytest.param([5, 11, 20], 2, "10 01  10 01  110 00", id="quotients and remainders"),
        pytest.param([SIZE - 1], 19, "10" + "1" * 19, id="the last of the largest list"),
    ],
)
def test_a_set_is_written_as_gaps(places: list[int], k: int, written: str) -> None:
    data = bits(written) if written else b""
    assert rice.encode(places) == (k, data)
    assert rice.decode(data, k, len(places), SIZE) == places


@given(SETS)
def test_every_set_comes_back(case: tuple[int, set[int]]) -> None:
    size, places = case
    k, data = rice.encode(sorted(places))
    assert rice.decode(data, k, len(places), size) == sorted(places)


@given(SETS)
def test_no_parameter_takes_fewer_bits(case: tuple[int, set[int]]) -> None:
    places = sorted(case[1])
    gaps = [place - before - 1 for before, place in zip([-1, *places], places, strict=False)]
    costs = [sum((gap >> k) + 1 + k for gap in gaps) for k in range(MAX_PARAMETER + 1)]
    k, data = rice.encode(places)
    assert (costs[k], k) == min((cost, k) for k, cost in enumerate(costs))
    assert data == (by_definition(places, k) if places else b"")


@given(SETS)
def test_a_coding_has_no_more_bits_than_the_list_has_places(case: tuple[int, set[int]]) -> None:
    size, places = case
    assert len(rice.encode(sorted(places))[1]) <= -(-size // 8)


@given(SETS, st.integers(0, MAX_PARAMETER))
def test_a_set_has_one_coding(case: tuple[int, set[int]], k: int) -> None:
    """The coding by another parameter is a good one of the same set, and refused."""
    size, places = case
    own, data = rice.encode(sorted(places))
    other = by_definition(sorted(places), k) if places else b""
    if k == own:
        assert other == data
    else:
        with pytest.raises(RiceError):
            rice.decode(other, k, len(places), size)


@given(st.binary(max_size=12), st.integers(-1, MAX_PARAMETER + 1), st.integers(-1, 100), st.integers(0, 100))
def test_reading_is_total_and_reads_only_what_is_written(data: bytes, k: int, count: int, size: int) -> None:
    try:
        places = rice.decode(data, k, count, size)
    except RiceError:
        return
    assert rice.encode(places) == (k, data)
    assert len(places) == count
    assert all(0 <= place < size for place in places)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.integers(0, 3))
def test_what_reading_accepts_is_what_is_written(gaps: list[int], k: int) -> None:
    """The same with bytes that are nearly always a coding, though not always by the best parameter."""
    places = [place - 1 for place in accumulate(gap + 1 for gap in gaps)]
    data = by_definition(places, k)
    try:
        assert rice.decode(data, k, len(places), SIZE) == places
    except RiceError:
        assert rice.encode(places)[0] != k
    else:
        assert rice.encode(places) == (k, data)


GOOD = [5, 11, 20]
K, DATA = rice.encode(GOOD)


def test_the_good_coding_of_the_flaws_below_is_read() -> None:
    assert rice.decode(DATA, K, 3, 21) == GOOD


@pytest.mark.parametrize(
    ("data", "k", "count", "size", "words"),
    [
        pytest.param(DATA, -1, 3, 21, "parameters", id="k below zero"),
        pytest.param(DATA, MAX_PARAMETER + 1, 3, 21, "parameters", id="k too large"),
        pytest.param(DATA, K, -1, 21, "parameters", id="count below zero"),
        pytest.param(DATA, K, 22, 21, "parameters", id="count above size"),
        pytest.param(DATA, K, 17, 21, "parameters", id="more places than bits"),
        pytest.param(b"", K, 1, 21, "parameters", id="no bytes for a place"),
        pytest.param(DATA, K, 3, 20, "beyond", id="a place beyond the list"),
        pytest.param(DATA, K, 5, 40, "cut short", id="more places than there are"),
        pytest.param(DATA[:1], K, 3, 21, "cut short", id="a byte less"),
        pytest.param(b"\xff\xff", 0, 1, 21, "cut short", id="a unary part without an end"),
        pytest.param(DATA + b"\0", K, 3, 21, "behind the end", id="a byte behind"),
        pytest.param(bits("10 01  10 01  110 00 1"), K, 3, 21, "behind the end", id="a spare bit is set"),
        pytest.param(DATA, K, 2, 21, "behind the end", id="a place less than there is"),
        pytest.param(DATA + bytes(2), K, 3, 21, "more bits than places", id="more bits than places"),
        pytest.param(by_definition(GOOD, 1), 1, 3, 21, "another k", id="k one too small"),
        pytest.param(by_definition(GOOD, 3), 3, 3, 21, "another k", id="k one too large"),
        pytest.param(bits("0 0"), 1, 1, 21, "another k", id="k larger than its equal"),
        pytest.param(b"", 1, 0, 21, "another k", id="a k for no places"),
        pytest.param(b"\0", 0, 0, 21, "behind the end", id="a byte for no places"),
    ],
)
def test_what_is_not_the_coding_of_a_set_is_refused(data: bytes, k: int, count: int, size: int, words: str) -> None:
    with pytest.raises(RiceError, match=words):
        rice.decode(data, k, count, size)


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([1, 0], id="descending"),
        pytest.param([1, 1], id="twice"),
        pytest.param([-1], id="below zero"),
        pytest.param([3, 5, 4], id="out of order at the end"),
    ],
)
def test_only_ascending_distinct_places_are_written(places: list[int]) -> None:
    with pytest.raises(RiceError, match="ascending"):
        rice.encode(places)


def test_more_bytes_than_a_list_has_places_are_refused_unread() -> None:
    """Sixteen megabytes would unfold to as many characters as they have bits."""
    flood = bytes(1 << 24)
    tracemalloc.start()
    try:
        with pytest.raises(RiceError, match="more bits than places"):
            rice.decode(flood, 0, SIZE, SIZE)
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()
