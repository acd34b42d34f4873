"""The Token Status List: the draft's own examples, round trips at every width, and what is refused."""

import json
import re
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.status import Status
from codeservice.status_list import MAX_BYTES, WIDTHS, PlaceError, StatusList, StatusListError
from keys import jws

DRAFT = Path(__file__).parents[3] / "shared/vectors/status-list"
WORKED = bytes.fromhex("b9a3")
"""The example of section 4.1: sixteen statuses of one bit."""

SPARSE = {0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345}
"""The places that appendix "Test vectors" of the draft sets to 1, among 2^20."""

NOTHING = zlib.compress(b"")


def example(name: str) -> str:
    """Read an example of the draft as published, or skip where it was not fetched."""
    file = DRAFT / f"{name}.md"
    if not file.exists():
        reason = "the examples of draft-ietf-oauth-status-list are not beside the project (shared/vectors/status-list)"
        pytest.skip(reason)
    return file.read_text()


def example_json(name: str) -> Any:
    """Return the JSON object of an example, whose lines are folded."""
    text = example(name)
    return json.loads(re.sub(r"\s+", "", text[text.index("{") :]))


def example_cwt(name: str) -> Any:
    """Return the claims of an example in COSE."""
    return cbor2.loads(cbor2.loads(bytes.fromhex(re.sub(r"\s+", "", example(name)))).value[2])


def statuses_of(status_list: StatusList) -> list[int]:
    return [status_list.get(idx) for idx in range(len(status_list))]


# The draft's examples


def test_the_example_of_one_bit_is_read_and_written() -> None:
    claim = example_json("status_list_encoding_json")
    read = StatusList.from_json(claim)
    assert (read.bits, read.array) == (1, WORKED)
    assert statuses_of(read) == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    assert StatusList.pack(statuses_of(read), 1).json_claim() == claim


def test_the_example_of_two_bits_is_read_and_written() -> None:
    claim = example_json("status_list_encoding2_json")
    read = StatusList.from_json(claim)
    assert read.array == bytes.fromhex("c944f9")
    assert statuses_of(read) == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    assert StatusList.pack(statuses_of(read), 2).json_claim() == claim


def test_the_long_example_has_the_places_that_the_draft_names() -> None:
    claim = example_json("status_list_encoding1_long_json")
    read = StatusList.from_json(claim)
    assert len(read) == 1 << 20
    assert {idx for idx, status in enumerate(statuses_of(read)) if status} == SPARSE
    assert StatusList.pack((idx in SPARSE for idx in range(1 << 20)), 1).json_claim() == claim


def test_the_example_in_cbor_is_read_and_written() -> None:
    published = bytes.fromhex(example("status_list_encoding_cbor").split("encoded:")[1])
    assert StatusList.from_cbor(cbor2.loads(published)) == StatusList(1, WORKED)
    assert cbor2.dumps(StatusList(1, WORKED).cbor_claim()) == published


def test_the_claims_of_the_token_examples_are_read() -> None:
    token = example("status_list_jwt").partition("\n.\n")[2]
    assert StatusList.from_json(json.loads(token)["status_list"]) == StatusList(1, WORKED)
    assert StatusList.from_cbor(example_cwt("status_list_cwt")[65533]) == StatusList(1, WORKED)


# Round trips


@given(st.sampled_from(WIDTHS), st.data())
def test_every_status_comes_back_at_its_place_in_both_forms(bits: int, data: st.DataObject) -> None:
    statuses = data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=60))
    made = StatusList.pack(statuses, bits)
    assert StatusList.unpack(made.lst, bits) == made
    assert StatusList.from_json(json.loads(json.dumps(made.json_claim()))) == made
    assert StatusList.from_cbor(cbor2.loads(cbor2.dumps(made.cbor_claim()))) == made
    assert statuses_of(made)[: len(statuses)] == statuses
    assert not any(statuses_of(made)[len(statuses) :])


def test_the_first_status_stands_in_the_least_significant_bits() -> None:
    assert [StatusList.pack([1], bits).array for bits in WIDTHS] == [b"\x01"] * 4
    assert [StatusList.pack([0, 1], bits).array for bits in WIDTHS] == [b"\x02", b"\x04", b"\x10", b"\x00\x01"]


def test_two_bits_hold_every_status_that_a_grant_may_have() -> None:
    assert statuses_of(StatusList.pack(Status, 2))[: len(Status)] == [0, 1, 2]
    with pytest.raises(StatusListError, match="does not fit"):
        StatusList.pack(Status, 1)


# Refused


@pytest.mark.parametrize("idx", [-1, 16, 17, 1 << 20, 1 << 62])
def test_a_place_outside_the_list_has_no_status(idx: int) -> None:
    with pytest.raises(PlaceError):
        StatusList(1, WORKED).get(idx)


@pytest.mark.parametrize("bits", WIDTHS)
def test_an_empty_list_has_no_places(bits: int) -> None:
    with pytest.raises(PlaceError):
        StatusList.unpack(NOTHING, bits).get(0)


@pytest.mark.parametrize("bits", [-1, 0, 3, 5, 7, 9, 16, True])
def test_no_other_width_exists(bits: int) -> None:
    with pytest.raises(StatusListError, match="bits"):
        StatusList.unpack(NOTHING, bits)
    with pytest.raises(StatusListError, match="bits"):
        StatusList.pack([], bits)


@pytest.mark.parametrize(("status", "bits"), [(-1, 1), (2, 1), (4, 2), (16, 4), (256, 8)])
def test_a_status_that_does_not_fit_its_bits_is_not_written(status: int, bits: int) -> None:
    with pytest.raises(StatusListError, match="does not fit"):
        StatusList.pack([0, status], bits)


def test_the_largest_list_is_read_and_one_byte_more_is_not() -> None:
    largest = StatusList(8, bytes(MAX_BYTES))
    assert StatusList.unpack(largest.lst, 8) == largest
    with pytest.raises(StatusListError, match="too large"):
        StatusList.unpack(zlib.compress(bytes(MAX_BYTES + 1)), 8)
    with pytest.raises(StatusListError, match="too large"):
        StatusList(8, bytes(MAX_BYTES + 1))
    with pytest.raises(StatusListError, match="too large"):
        StatusList.pack((0 for _ in range(MAX_BYTES + 1)), 8)


def test_a_bomb_is_refused_without_being_unfolded() -> None:
    """A gigabyte of zeros in a megabyte: no more is asked of zlib than one byte above the bound."""
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1 << 10)) + packer.flush()
    assert len(bomb) < MAX_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(StatusListError, match="too large"):
            StatusList.unpack(bomb, 1)
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_BYTES
    finally:
        tracemalloc.stop()


GOOD = StatusList(1, WORKED)


@pytest.mark.parametrize(
    "lst",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GOOD.lst[:-1], id="cut short"),
        pytest.param(GOOD.lst + b"\0", id="a byte behind"),
        pytest.param(GOOD.lst * 2, id="two streams"),
        pytest.param(GOOD.lst[:-1] + bytes([GOOD.lst[-1] ^ 1]), id="wrong checksum"),
        pytest.param(GOOD.lst[2:-4], id="DEFLATE without ZLIB"),
        pytest.param(zlib.compress(WORKED, wbits=31), id="gzip"),
        pytest.param(WORKED, id="not compressed"),
        pytest.param(b"\x78\xf9" + GOOD.lst[2:], id="a preset dictionary"),
        pytest.param(bytes(2 * MAX_BYTES), id="too large compressed"),
    ],
)
def test_what_is_no_whole_zlib_stream_is_refused(lst: bytes) -> None:
    with pytest.raises(StatusListError):
        StatusList.unpack(lst, 1)


def test_what_is_too_large_is_refused_before_it_is_unpacked() -> None:
    """A stream of empty blocks (RFC 1951 section 3.2.4) is long and good, and unfolds to nothing."""
    endless = NOTHING[:2] + b"\0\0\0\xff\xff" * (MAX_BYTES // 4) + NOTHING[2:]
    assert zlib.decompress(endless) == b""
    with pytest.raises(StatusListError, match="too large"):
        StatusList.unpack(endless, 1)
    with pytest.raises(StatusListError, match="lst is no text, or too large"):
        StatusList.from_json({"bits": 1, "lst": jws.encode(endless)})


def test_no_truncation_and_no_flipped_bit_of_a_packed_list_is_read_as_another() -> None:
    """Adler-32 is no signature, and still no short list with one changed bit passes for a list with other statuses."""
    good = StatusList.pack([idx % 4 for idx in range(64)], 2)
    for size in range(len(good.lst)):
        with pytest.raises(StatusListError):
            StatusList.unpack(good.lst[:size], 2)
    for bit in range(8 * len(good.lst)):
        changed = bytearray(good.lst)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            assert StatusList.unpack(bytes(changed), 2) == good
        except StatusListError:
            continue


JSON_CLAIM = GOOD.json_claim()
CBOR_CLAIM = GOOD.cbor_claim()


FLAWS: dict[str, Callable[[dict[str, Any]], object]] = {
    "nothing": lambda _good: None,
    "a list": lambda good: list(good.items()),
    "no bits": lambda good: {"lst": good["lst"]},
    "no lst": lambda _good: {"bits": 1},
    "bits as text": lambda good: good | {"bits": "1"},
    "bits is true": lambda good: good | {"bits": True},
    "bits is a float": lambda good: good | {"bits": 1.0},
    "three bits": lambda good: good | {"bits": 3},
    "lst is a number": lambda good: good | {"lst": 1},
    "lst of the other form": lambda good: good | {"lst": (JSON_CLAIM if good is CBOR_CLAIM else CBOR_CLAIM)["lst"]},
    "unknown member": lambda good: good | {"statuses": 16},
}


@pytest.mark.parametrize("flaw", FLAWS)
@pytest.mark.parametrize(
    ("read", "good"),
    [
        pytest.param(StatusList.from_json, JSON_CLAIM, id="JSON"),
        pytest.param(StatusList.from_cbor, CBOR_CLAIM, id="CBOR"),
    ],
)
def test_a_claim_of_another_schema_is_refused(
    read: Callable[[object], StatusList], good: dict[str, Any], flaw: str
) -> None:
    assert read(good) == GOOD
    with pytest.raises(StatusListError):
        read(FLAWS[flaw](good))


@pytest.mark.parametrize(
    "lst",
    [
        pytest.param(jws.encode(GOOD.lst) + "==", id="padded"),
        pytest.param(jws.encode(GOOD.lst) + "\n", id="a line break behind"),
        pytest.param("eNrbuRgAAhcBXR", id="spare bits set"),
        pytest.param("", id="empty"),
    ],
)
def test_base64url_has_one_form(lst: str) -> None:
    assert jws.encode(GOOD.lst) == "eNrbuRgAAhcBXQ"
    with pytest.raises(StatusListError):
        StatusList.from_json({"bits": 1, "lst": lst})


def test_a_claim_may_say_where_other_lists_stand() -> None:
    assert StatusList.from_json(JSON_CLAIM | {"aggregation_uri": "https://code.city.example/lists"}) == GOOD


@given(st.binary(max_size=60), st.sampled_from(WIDTHS))
def test_reading_is_total(data: bytes, bits: int) -> None:
    """Any bytes give a list or StatusListError."""
    try:
        StatusList.unpack(data, bits)
    except StatusListError:
        return


@given(st.recursive(st.none() | st.integers() | st.text(max_size=4) | st.binary(max_size=4), st.lists))
def test_reading_a_claim_is_total(value: object) -> None:
    for claim in (value, {"bits": value, "lst": value}, {"bits": 1, "lst": value}):
        for read in (StatusList.from_json, StatusList.from_cbor):
            with pytest.raises(StatusListError):
                read(claim)
