"""Deterministic CBOR: one meaning, one encoding, and nothing that a standard reader would do on its own."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.cbor import MAX_DEPTH, dumps, loads
from keys.errors import NotDeterministicError

INTEGERS = st.integers(-(1 << 64), (1 << 64) - 1)
LEAVES = st.one_of(INTEGERS, st.binary(max_size=300), st.text(max_size=80), st.booleans())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(INTEGERS | st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)


def depth(value: object) -> int:
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(VALUES.filter(lambda value: depth(value) <= MAX_DEPTH))
def test_what_is_written_is_read_back(value: object) -> None:
    assert loads(dumps(value)) == value


@given(st.binary(max_size=40))
def test_reading_is_total_and_agrees_with_cbor2(data: bytes) -> None:
    """Any bytes are NotDeterministicError, or the value that cbor2 reads and that is written as the same bytes."""
    try:
        value = loads(data)
    except NotDeterministicError:
        return
    assert cbor2.loads(data) == value
    assert dumps(value) == data


@given(VALUES.filter(lambda value: depth(value) <= MAX_DEPTH), st.data())
def test_a_changed_byte_never_gives_the_same_value_twice(value: object, data: st.DataObject) -> None:
    """No two encodings have one meaning: what is still read after a change is written as the changed bytes."""
    written = bytearray(dumps(value))
    written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    try:
        changed = loads(bytes(written))
    except NotDeterministicError:
        return
    assert dumps(changed) == written


@pytest.mark.parametrize(
    "hexadecimal",
    [
        pytest.param("", id="nothing"),
        pytest.param("0000", id="trailing byte"),
        pytest.param("1800", id="0 in two bytes"),
        pytest.param("1801", id="1 in two bytes"),
        pytest.param("1817", id="23 in two bytes"),
        pytest.param("1900ff", id="255 in three bytes"),
        pytest.param("1a0000ffff", id="65535 in five bytes"),
        pytest.param("1b00000000ffffffff", id="32 bits in nine bytes"),
        pytest.param("3817", id="-24 in two bytes"),
        pytest.param("580141", id="non-minimal length of bytes"),
        pytest.param("5b000000000000000141", id="length in eight bytes"),
        pytest.param("780161", id="non-minimal length of text"),
        pytest.param("980101", id="non-minimal length of an array"),
        pytest.param("b8010101", id="non-minimal length of a map"),
        pytest.param("9fff", id="indefinite array"),
        pytest.param("bfff", id="indefinite map"),
        pytest.param("5fff", id="indefinite bytes"),
        pytest.param("7fff", id="indefinite text"),
        pytest.param("ff", id="break alone"),
        pytest.param("1c", id="reserved length 28"),
        pytest.param("1e", id="reserved length 30"),
        pytest.param("a201000100", id="key repeated"),
        pytest.param("a202000100", id="keys out of order"),
        pytest.param("a26161006000", id="text keys out of order"),
        pytest.param("a20100f500", id="keys 1 and true"),
        pytest.param("a20100f93c0000", id="keys 1 and 1.0"),
        pytest.param("a1f500", id="key true"),
        pytest.param("a1410000", id="key of bytes"),
        pytest.param("a18000", id="key of array"),
        pytest.param("a1a000", id="key of map"),
        pytest.param("f6", id="null"),
        pytest.param("f7", id="undefined"),
        pytest.param("f0", id="unassigned simple value"),
        pytest.param("f8ff", id="simple value in two bytes"),
        pytest.param("f815", id="true in two bytes"),
        pytest.param("f93c00", id="half float"),
        pytest.param("fa3f800000", id="float"),
        pytest.param("fb3ff0000000000000", id="double"),
        pytest.param("d28443a10126a0f640", id="tag 18, COSE_Sign1"),
        pytest.param("d83dd28440a04040", id="tags 61 and 18"),
        pytest.param("c074323032372d30312d31355430303a30303a30305a", id="tag 0, date"),
        pytest.param("c48221196ab3", id="tag 4, decimal"),
        pytest.param("c4821b7fffffffffffffff01", id="tag 4, decimal with a huge exponent"),
        pytest.param("d82363282b29", id="tag 35, regular expression"),
        pytest.param("d81c81d81d00", id="tags 28 and 29, cycle"),
        pytest.param("d9d9f700", id="tag 55799, self-described"),
        pytest.param("61ff", id="text not UTF-8"),
        pytest.param("62c080", id="text with an overlong form"),
        pytest.param("63eda080", id="text with a surrogate"),
        pytest.param("42", id="bytes cut"),
        pytest.param("19", id="head cut"),
        pytest.param("1901", id="integer cut"),
        pytest.param("8201", id="array cut"),
        pytest.param("a101", id="map cut"),
        pytest.param("9a00ffffff", id="array of 16 million, cut"),
        pytest.param("bb7fffffffffffffff", id="map of 2^63, cut"),
        pytest.param("5bffffffffffffffff", id="bytes of 2^64, cut"),
    ],
)
def test_what_is_not_deterministic_is_refused(hexadecimal: str) -> None:
    with pytest.raises(NotDeterministicError):
        loads(bytes.fromhex(hexadecimal))


def test_a_large_number_by_tag_is_refused() -> None:
    with pytest.raises(NotDeterministicError):
        loads(cbor2.dumps(1 << 524_288))


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 8, 400, 100_000])
@pytest.mark.parametrize("opening", [b"\x81", b"\xa1\x01"], ids=["arrays", "maps"])
def test_nesting_is_bounded(levels: int, opening: bytes) -> None:
    with pytest.raises(NotDeterministicError):
        loads(opening * levels + b"\0")


def test_the_permitted_depth_is_read() -> None:
    assert loads(b"\x81" * MAX_DEPTH + b"\0") == [[[[[0]]]]]


@pytest.mark.parametrize(
    ("value", "hexadecimal"),
    [
        ({10: 1, -1: 2, 100: 3, "z": 4, "aa": 5}, "a50a011864032002617a0462616105"),
        ({256: 0, "a": 0}, "a21901000061" + "6100"),
        ([-1, True, False], "8320f5f4"),
        ([(1 << 64) - 1, -(1 << 64)], "821bffffffffffffffff3bffffffffffffffff"),
    ],
    ids=["keys sort by bytes", "a long integer before short text", "small values", "ends of 64 bits"],
)
def test_writing_follows_the_order_of_rfc_8949(value: object, hexadecimal: str) -> None:
    assert dumps(value).hex() == hexadecimal
    assert loads(bytes.fromhex(hexadecimal)) == value
