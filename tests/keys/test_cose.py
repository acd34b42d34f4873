"""COSE_Sign1: one shape, nothing unprotected, no header but alg and kid."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.cbor import dumps
from keys.cose import UnverifiedSign1, read_sign1, sig_structure, sign1
from keys.errors import KeysError, NotDeterministicError, NotSignedError
from tests.makers import PHONE

GOOD = [b"\xa1\x01\x26", {}, b"payload", b"signature"]


@given(st.binary(max_size=60), st.none() | st.binary(min_size=8, max_size=8), st.binary(max_size=20))
def test_what_is_built_is_taken_apart(payload: bytes, kid: bytes | None, aad: bytes) -> None:
    read = read_sign1(sign1(payload, alg=-7, kid=kid, external_aad=aad, sign=PHONE.sign))
    assert (read.alg, read.kid, read.payload) == (-7, kid, payload)
    PHONE.key().verify(read.signature, read.signed_bytes(aad))


@given(st.binary(max_size=60))
def test_reading_is_total(data: bytes) -> None:
    """Any bytes are a COSE_Sign1 or one of the package's errors."""
    try:
        read = read_sign1(data)
    except KeysError:
        return
    assert isinstance(read, UnverifiedSign1)


def test_the_signed_bytes_are_those_of_the_standard() -> None:
    expected = ["Signature1", b"\xa1\x01\x26", b"aad", b"payload"]
    assert cbor2.loads(sig_structure(b"\xa1\x01\x26", b"aad", b"payload")) == expected


SIZES = [0, 1, 23, 24, 255, 256, 65_535, 65_536]


@pytest.mark.parametrize("size", SIZES)
def test_the_signed_bytes_are_deterministic_at_every_length(size: int) -> None:
    data = bytes(size)
    for parts in ([data, b"", b""], [b"", data, b""], [b"", b"", data]):
        assert sig_structure(*parts) == dumps(["Signature1", *parts])


@pytest.mark.parametrize(
    "structure",
    [
        pytest.param(1, id="bare integer"),
        pytest.param(b"bytes", id="bare bytes"),
        pytest.param({}, id="map"),
        pytest.param([], id="empty"),
        pytest.param(GOOD[:3], id="three parts"),
        pytest.param([*GOOD, b""], id="five parts"),
        pytest.param([GOOD[0], {4: b"12345678"}, *GOOD[2:]], id="kid unprotected"),
        pytest.param([GOOD[0], {1: -7}, *GOOD[2:]], id="alg unprotected"),
        pytest.param([GOOD[0], b"", *GOOD[2:]], id="unprotected is no map"),
        pytest.param([GOOD[0], False, *GOOD[2:]], id="unprotected is false"),
        pytest.param(["", *GOOD[1:]], id="protected is text"),
        pytest.param([{1: -7}, *GOOD[1:]], id="protected is a bare map"),
        pytest.param([*GOOD[:2], "payload", GOOD[3]], id="payload is text"),
        pytest.param([*GOOD[:2], 1, GOOD[3]], id="payload is a number"),
        pytest.param([*GOOD[:3], 1], id="signature is a number"),
        pytest.param([*GOOD[:3], [b"signature"]], id="signature is a list"),
    ],
)
def test_another_structure_is_refused(structure: object) -> None:
    with pytest.raises(NotSignedError):
        read_sign1(cbor2.dumps(structure))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({}, id="alg missing"),
        pytest.param({4: b"12345678"}, id="kid alone"),
        pytest.param({1: True}, id="alg is true"),
        pytest.param({1: "ES256"}, id="alg is text"),
        pytest.param({1: "none"}, id="alg none"),
        pytest.param({1: b""}, id="alg is bytes"),
        pytest.param({1: []}, id="alg is a list"),
        pytest.param({1: -7, 4: 1}, id="kid is a number"),
        pytest.param({1: -7, 4: "12345678"}, id="kid is text"),
        pytest.param({1: -7, 4: [b"12345678"]}, id="kid is a list"),
        pytest.param({1: -7, 2: [1]}, id="crit"),
        pytest.param({1: -7, 3: 0}, id="content type"),
        pytest.param({1: -7, 33: b"certificate"}, id="x5chain"),
        pytest.param({1: -7, 35: "https://example.com"}, id="x5u"),
        pytest.param({1: -7, "jwk": {}}, id="jwk"),
        pytest.param({1: -7, "jku": "https://example.com"}, id="jku"),
        pytest.param([-7], id="no map"),
        pytest.param(-7, id="a number"),
    ],
)
def test_another_header_is_refused(header: object) -> None:
    with pytest.raises(NotSignedError):
        read_sign1(cbor2.dumps([cbor2.dumps(header), *GOOD[1:]]))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(cbor2.dumps(cbor2.CBORTag(18, GOOD)), id="tag 18"),
        pytest.param(cbor2.dumps(cbor2.CBORTag(17, GOOD)), id="tag 17"),
        pytest.param(cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, GOOD))), id="tags 61 and 18"),
        pytest.param(cbor2.dumps([b"", *GOOD[1:]]), id="empty header"),
        pytest.param(cbor2.dumps([b"\xa1\x01\xf6", *GOOD[1:]]), id="alg is null"),
        pytest.param(cbor2.dumps([b"\xa1\x01\x38\x06", *GOOD[1:]]), id="header not the shortest form"),
        pytest.param(cbor2.dumps([b"\xa1\x01\x26\x00", *GOOD[1:]]), id="header with a byte behind"),
        pytest.param(cbor2.dumps(GOOD) + b"\0", id="a byte behind"),
    ],
)
def test_what_is_not_deterministic_is_refused(data: bytes) -> None:
    with pytest.raises(NotDeterministicError):
        read_sign1(data)
