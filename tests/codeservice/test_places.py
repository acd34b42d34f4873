"""Sets of places: bit arrays, their two forms on the wire, and the bounds of reading either."""

import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice import places, rice
from codeservice.places import MAX_SIZE, PlacesError
from codeservice.status_list import MAX_BYTES, StatusList
from keys.cbor import dumps, loads

SETS = st.integers(1, 4096).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), max_size=60))
)
CBOR = st.recursive(
    st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=4) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 9), inner, max_size=2),
)
SCATTERED = [5, 11, 20, 600, 4000]
RUN = [*range(1000, 3000)]


def packed(array: bytes) -> bytes:
    return StatusList(1, array).lst


# Bit arrays


def test_the_first_place_is_the_least_significant_bit() -> None:
    assert places.bits_of([0, 9], 12) == b"\x01\x02"
    assert places.places_of(b"\x01\x02") == [0, 9]


@pytest.mark.parametrize("place", [-1, 12, 15, 16, 1 << 62])
def test_a_place_beyond_the_list_is_not_set(place: int) -> None:
    with pytest.raises(PlacesError, match="beyond"):
        places.bits_of([place], 12)


@given(SETS)
def test_places_and_bits_are_two_sides_of_one_set(case: tuple[int, set[int]]) -> None:
    size, some = case
    array = places.bits_of(some, size)
    assert len(array) == -(-size // 8)
    assert places.places_of(array) == sorted(some)


@given(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99)))
def test_bit_arrays_join_and_differ_as_sets_do(left: set[int], right: set[int]) -> None:
    one, two = places.bits_of(left, 100), places.bits_of(right, 100)
    assert places.union(one, two) == places.bits_of(left | right, 100)
    assert places.without(one, two) == places.bits_of(left - right, 100)
    assert places.changed(one, two) == places.bits_of(left ^ right, 100)
    assert places.changed(one, places.changed(one, two)) == two


# On the wire


@given(SETS)
def test_every_set_comes_back(case: tuple[int, set[int]]) -> None:
    size, some = case
    array = places.bits_of(some, size)
    assert places.read(loads(dumps(places.write(array))), size) == array


@given(SETS)
def test_both_forms_of_a_set_are_read_as_one(case: tuple[int, set[int]]) -> None:
    size, some = case
    array = places.bits_of(some, size)
    assert places.read([packed(array)], size) == array
    if some:
        assert places.read([len(some), *rice.encode(sorted(some))], size) == array


@pytest.mark.parametrize("size", [1, 7, 8, 9, 4096, MAX_SIZE])
def test_no_places_need_no_bytes(size: int) -> None:
    assert places.write(bytes(-(-size // 8))) == []
    assert places.read([], size) == bytes(-(-size // 8))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 4096, MAX_SIZE])
def test_every_place_may_be_marked(size: int) -> None:
    full = places.bits_of(range(size), size)
    assert places.read(places.write(full), size) == full


def test_scattered_places_are_written_as_gaps_and_runs_as_bits() -> None:
    assert [type(part) for part in places.write(places.bits_of(SCATTERED, 4096))] == [int, int, bytes]
    assert places.write(places.bits_of(RUN, 4096)) == [packed(places.bits_of(RUN, 4096))]


@pytest.mark.parametrize("run", [1, 2, 3, 4, 5, 6, 8, 16])
@pytest.mark.parametrize("count", [3, 10, 30, 100])
def test_the_smaller_form_is_written(count: int, run: int) -> None:
    """Of runs here and there, some of which are smaller as gaps and some as bits, by a byte or by hundreds."""
    chance = random.Random(7)
    some = sorted(start * run + at for start in chance.sample(range(8192 // run), count) for at in range(run))
    array = places.bits_of(some, 8192)
    assert places.write(array)[-1] == min(rice.encode(some)[1], packed(array), key=len)


GAPS = places.write(places.bits_of(SCATTERED, 4096))
BITS = places.write(places.bits_of(RUN, 4096))
COUNT, (K, CODED) = len(SCATTERED), rice.encode(SCATTERED)
LST = packed(places.bits_of(RUN, 4096))


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"", id="bytes"),
        pytest.param({}, id="a map"),
        pytest.param([CODED], id="gaps where bits stand"),
        pytest.param([COUNT, K], id="no gaps"),
        pytest.param([*GAPS, 0], id="one part more"),
        pytest.param([LST, 0], id="bits and one part more"),
        pytest.param([COUNT, K, LST], id="bits where gaps stand"),
        pytest.param([COUNT, K, "text"], id="gaps as text"),
        pytest.param([str(COUNT), K, CODED], id="count as text"),
        pytest.param([True, 0, b"\0"], id="count is true"),
        pytest.param([1, False, b"\0"], id="k is false"),
        pytest.param([0, 0, b""], id="no places as gaps"),
        pytest.param([COUNT + 1, K, CODED], id="count too large"),
        pytest.param([4097, 0, bytes(512)], id="count above size"),
        pytest.param([COUNT, K + 1, CODED], id="another k"),
        pytest.param([COUNT, 25, CODED], id="k too large"),
        pytest.param([COUNT, K, CODED + b"\0"], id="a byte behind the gaps"),
        pytest.param([1, *rice.encode([4096])], id="a place beyond the list"),
        pytest.param([COUNT, K, CODED, LST], id="both forms"),
        pytest.param([LST[:-1]], id="bits cut short"),
        pytest.param([LST + b"\0"], id="a byte behind the bits"),
        pytest.param([packed(bytes(511))], id="an array too short"),
        pytest.param([packed(bytes(513))], id="an array too long"),
        pytest.param([packed(b"")], id="an array of nothing"),
    ],
)
def test_what_is_neither_form_is_refused(form: object) -> None:
    with pytest.raises(PlacesError):
        places.read(form, 4096)


@pytest.mark.parametrize("size", [1, 4, 7])
def test_spare_bits_of_an_array_are_zero(size: int) -> None:
    assert places.read([packed(places.bits_of(range(size), size))], size) == bytes([(1 << size) - 1])
    with pytest.raises(PlacesError, match="another size"):
        places.read([packed(bytes([1 << size]))], size)


def test_a_bomb_is_refused_without_being_unfolded() -> None:
    """Sixty-four megabytes of zeros in as many kilobytes."""
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(PlacesError):
            places.read([bomb], MAX_SIZE)
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_BYTES
    finally:
        tracemalloc.stop()


@given(CBOR, st.integers(1, 200))
def test_reading_any_cbor_is_total(form: object, size: int) -> None:
    """Any value is a set, which comes back, or PlacesError."""
    try:
        array = places.read(form, size)
    except PlacesError:
        return
    assert len(array) == -(-size // 8)
    assert places.read(places.write(array), size) == array


@given(st.integers(0, 20), st.integers(0, 6), st.binary(max_size=8), st.integers(1, 64))
def test_gaps_that_are_read_are_the_ones_that_are_written(count: int, k: int, gaps: bytes, size: int) -> None:
    try:
        array = places.read([count, k, gaps], size)
    except PlacesError:
        return
    found = places.places_of(array)
    assert [len(found), *rice.encode(found)] == [count, k, gaps]
    assert found[-1] < size


@given(st.binary(max_size=40), st.integers(1, 100))
def test_reading_compressed_bits_is_total(array: bytes, size: int) -> None:
    for lst in (array, zlib.compress(array)):
        try:
            found = places.read([lst], size)
        except PlacesError:
            continue
        assert found == array
        assert all(place < size for place in places.places_of(found))
