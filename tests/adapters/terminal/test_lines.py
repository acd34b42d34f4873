"""Lines of a scanner or of a machine: whatever comes, in whatever pieces, is read in order, and once."""

import json
import os
import pty
from collections.abc import Iterator
from itertools import pairwise
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.desk import Desk
from adapters.terminal.inputs.lines import Lines
from adapters.terminal.inputs.reading import Reading, StateRequest, read_line
from adapters.terminal.inputs.splitter import MAX_LINE, Splitter
from codeservice.code import MAX_DIGITS
from tests.scanning import GOOD, UNKNOWN, USED, FakeScanning
from tests.waiting import wait_until

MEGABYTE = 1_000_000


def split(*pieces: bytes) -> list[bytes]:
    lines = Splitter()
    return [line for piece in pieces for line in lines.feed(piece)] + list(lines.end())


def scan_all(data: bytes) -> FakeScanning:
    """Read a pipe to its end."""
    scanning = FakeScanning()
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)

    writer = Thread(target=write)
    writer.start()
    Lines(reading).run(Desk(scanning, (), (), lambda: 0.0).take, Event())
    writer.join()
    os.close(reading)
    return scanning


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(b"1\n2\n", [b"1", b"2"], id="LF"),
        pytest.param(b"1\r2\r", [b"1", b"2"], id="CR"),
        pytest.param(b"1\r\n2\r\n", [b"1", b"2"], id="CRLF"),
        pytest.param(b"1\t2\t", [b"1", b"2"], id="Tab"),
        pytest.param(b"1\n\n\r\n\t2\n", [b"1", b"2"], id="empty lines"),
        pytest.param(b"1\n2", [b"1", b"2"], id="half a line at the end"),
        pytest.param(b"a\0b\n", [b"a\0b"], id="a NUL"),
        pytest.param(b"\xff\xfe\n1\n", [b"\xff\xfe", b"1"], id="no UTF-8"),
        pytest.param(b'{"code":\t"1"}\n2\t', [b'{"code":\t"1"}', b"2"], id="a Tab inside an object"),
        pytest.param(b" \n", [b" "], id="a space is a text"),
    ],
)
def test_a_line_ends_where_a_scanner_ends_it(data: bytes, lines: list[bytes]) -> None:
    assert split(data) == lines


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=8))
def test_lines_do_not_depend_on_the_pieces_in_which_they_arrive(data: bytes, cuts: list[int]) -> None:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert split(*pieces) == split(data)


@given(data=st.binary(max_size=300))
def test_any_line_is_read_as_something(data: bytes) -> None:
    assert isinstance(read_line(data), Reading | StateRequest)


def test_an_object_as_deep_as_a_well_is_a_text() -> None:
    # Somewhere on the way is the depth at which Python's own limit is reached while the object is looked at again.
    for depth in range(1, 2000):
        line = b'{"code":' + b"[" * depth + b"]" * depth + b"}"
        assert read_line(line) == Reading(line.decode())


def test_a_megabyte_without_an_end_is_one_reading_that_can_be_no_code() -> None:
    lines = split(*[b"9" * 1000] * 1000, b"\n1\n")
    assert [len(line) for line in lines] == [MAX_LINE, 1]
    assert MAX_LINE > MAX_DIGITS + 300


def test_junk_is_answered_once_and_what_stands_around_it_keeps_its_order() -> None:
    scanning = scan_all(f"{GOOD}\n".encode() + b"x" * MEGABYTE + f"\n{USED}\n".encode())
    assert scanning.texts == [GOOD, "x" * MAX_LINE, USED]


def test_every_line_is_handed_on_once_also_the_last_without_an_end() -> None:
    texts = [f"{number:020}" for number in range(2000)]
    assert scan_all("\n".join(texts).encode()).texts == texts


def test_a_text_held_before_the_scanner_is_handed_on_each_time_and_is_one_scan() -> None:
    scanning = scan_all(f"{GOOD}\r\n".encode() * 5)
    assert (len(scanning.scanned), scanning.seq) == (5, 1)


def test_the_prefix_of_the_scanner_is_taken_off_once() -> None:
    assert read_line(b"~~1", prefix="~") == Reading("~1")
    assert read_line(b"1", prefix="~") == Reading("1")


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        pytest.param({"code": GOOD}, Reading(GOOD), id="a code"),
        pytest.param({"code": GOOD, "act": "visit-1"}, Reading(GOOD, None, "visit-1"), id="with its act"),
        pytest.param(
            {"code": GOOD, "document_checked": True}, Reading(GOOD, {"document_checked": True}), id="with a body"
        ),
        pytest.param({"state": True}, StateRequest(), id="how are you"),
    ],
)
def test_a_machine_says_more_than_the_code(line: dict[str, object], reading: object) -> None:
    assert read_line(json.dumps(line).encode()) == reading


@pytest.mark.parametrize(
    "line",
    [
        b'{"code": 1}',
        b'{"act": "a"}',
        b'{"code": "1", "act": 7}',
        b'{"state": 1}',
        b'{"code": "1"',
        b'{"code": "\\u0000"}',
        b"{}",
        b"{",
    ],
)
def test_an_object_that_names_no_code_is_answered_like_any_text_that_is_none(line: bytes) -> None:
    assert read_line(line) == Reading(line.decode())


def test_what_is_no_utf8_cannot_pass_for_something_else() -> None:
    assert read_line(b"\xff1") == Reading("\N{REPLACEMENT CHARACTER}1")


def test_a_reading_does_not_show_its_code() -> None:
    assert GOOD not in repr(Reading(GOOD))


@pytest.fixture
def silent_pipe() -> Iterator[int]:
    reading, writing = os.pipe()
    yield reading
    os.close(writing)
    os.close(reading)


def test_an_input_without_news_can_be_stopped(silent_pipe: int) -> None:
    stop = Event()
    thread = Thread(target=Lines(silent_pipe).run, args=(print, stop))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_texts_of_every_kind_reach_the_terminal_in_their_order() -> None:
    texts = [GOOD, UNKNOWN, "", "full width １２", USED]
    scanning = scan_all("\t".join(texts).encode())
    assert scanning.texts == [text for text in texts if text]


def test_a_window_that_is_closed_is_the_end_of_its_lines() -> None:
    ours, theirs = pty.openpty()
    scanning = FakeScanning()
    os.write(theirs, f"{GOOD}\n".encode())
    desk = Desk(scanning, (), (), lambda: 0.0)
    thread = Thread(target=Lines(ours).run, args=(desk.take, Event()), daemon=True)
    thread.start()
    wait_until(lambda: scanning.texts == [GOOD])
    os.close(theirs)
    thread.join(30)
    assert not thread.is_alive()
    os.close(ours)
