"""What a worker and a signer process say to each other: read wholly or refused."""

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import signing_protocol
from keys.cbor import dumps
from keys.errors import RefusedError, SignerError
from keys.signing_protocol import MAX_FRAME, MAX_MESSAGE, MAX_MESSAGES, read_answer, read_request, receive, send

KID = b"12345678"


def test_a_request_is_read_as_it_was_written() -> None:
    messages = [b"m" * MAX_MESSAGE] + [b"n"] * (MAX_MESSAGES - 1)
    assert read_request(signing_protocol.write_request(KID, messages)) == (KID, messages)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(dumps([1, KID]), id="too short"),
        pytest.param(dumps([2, KID, [b"m"]]), id="another version"),
        pytest.param(dumps([True, KID, [b"m"]]), id="true for one"),
        pytest.param(dumps([1, KID[:-1], [b"m"]]), id="short kid"),
        pytest.param(dumps([1, KID, [b""]]), id="empty message"),
        pytest.param(dumps([1, KID, ["m"]]), id="text"),
        pytest.param(dumps([1, KID, [b"m" * (MAX_MESSAGE + 1)]]), id="long message"),
        pytest.param(dumps([1, KID, [b"m"] * (MAX_MESSAGES + 1)]), id="many messages"),
        pytest.param(dumps([1, KID, [b"m"]]) + b"\0", id="bytes behind"),
        pytest.param(b"\x9f\x01\x48" + KID + b"\x81\x41m\xff", id="indefinite length"),
    ],
)
def test_a_request_of_another_form_is_refused(request_: bytes) -> None:
    with pytest.raises(RefusedError):
        read_request(request_)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    try:
        kid, messages = read_request(data)
    except RefusedError:
        return
    assert signing_protocol.write_request(kid, messages) == data


def test_signatures_and_refusals_arrive_as_they_were_said() -> None:
    assert read_answer(signing_protocol.write_answer([b"s", b"t"]), 2) == [b"s", b"t"]
    with pytest.raises(RefusedError, match="never"):
        read_answer(signing_protocol.write_refusal(RefusedError("never")), 1)
    with pytest.raises(SignerError, match="not now") as caught:
        read_answer(signing_protocol.write_refusal(SignerError("not now")), 1)
    assert not isinstance(caught.value, RefusedError)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(dumps([True, [b"s"]]), id="too few signatures"),
        pytest.param(dumps([True, [b"s", b"t", b"u"]]), id="too many signatures"),
        pytest.param(dumps([True, [b"s", "t"]]), id="text"),
        pytest.param(dumps([1, [b"s", b"t"]]), id="one for true"),
        pytest.param(dumps([False, 1, "why"]), id="number for true"),
    ],
)
def test_an_answer_of_another_form_is_an_error_and_no_refusal(answer: bytes) -> None:
    with pytest.raises(SignerError, match="another protocol"):
        read_answer(answer, 2)


def test_a_frame_that_is_too_long_is_not_read() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.sendall((MAX_FRAME + 1).to_bytes(4))
        with pytest.raises(ConnectionAbortedError):
            receive(there, time.monotonic() + 5)


def test_a_frame_that_ends_early_is_an_error() -> None:
    here, there = socket.socketpair()
    with there:
        with here:
            here.sendall((100).to_bytes(4) + b"half")
        with pytest.raises(ConnectionAbortedError):
            receive(there, time.monotonic() + 5)


def test_who_says_nothing_is_not_waited_for_beyond_the_deadline() -> None:
    here, there = socket.socketpair()
    with here, there:
        with pytest.raises(TimeoutError):
            receive(there, time.monotonic() + 0.05)
        with pytest.raises(TimeoutError):
            send(there, b"late", time.monotonic() - 1)
