"""The signature algorithms: what verifies, and everything that looks alike and must not."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from keys.algorithms import ALGORITHMS, ES256, SM2, Algorithm, algorithm_named, algorithm_numbered
from keys.errors import BadKeyError, BadSignatureError, UnknownAlgorithmError
from keys.libcrypto import Key, LibcryptoError
from keys.p256 import compress_p256, compressed
from tests.makers import ORDER, PHONE, high_s_twin, point_off_curve

MESSAGE = b"message"
SIGNATURE = PHONE.sign(MESSAGE)
R, S = SIGNATURE[:32], SIGNATURE[32:]
WYCHEPROOF = Path(__file__).parents[3] / "shared/vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"


def number(value: int) -> bytes:
    return value.to_bytes(32)


@given(st.binary(max_size=200))
def test_what_is_signed_verifies_with_s_in_the_lower_half(message: bytes) -> None:
    signature = PHONE.sign(message)
    ES256.load(PHONE.point)(signature, message)
    assert int.from_bytes(signature[32:]) <= ORDER // 2


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(high_s_twin(SIGNATURE), id="high-s twin"),
        pytest.param(number(0) + S, id="r is 0"),
        pytest.param(number(ORDER) + S, id="r is n"),
        pytest.param(number(ORDER + 1) + S, id="r is n+1"),
        pytest.param(R + number(0), id="s is 0"),
        pytest.param(R + number(ORDER), id="s is n"),
        pytest.param(R + number(ORDER + 1), id="s is n+1"),
        pytest.param(R + number(ORDER // 2 + 1), id="s just above the half"),
        pytest.param(bytes(64), id="all zero"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x01", id="1 byte"),
        pytest.param(SIGNATURE[:63], id="63 bytes"),
        pytest.param(SIGNATURE + b"\0", id="65 bytes"),
        pytest.param(PHONE.private.sign(MESSAGE, ec.ECDSA(SHA256())), id="DER"),
    ],
)
def test_no_look_alike_of_a_signature_verifies(signature: bytes) -> None:
    with pytest.raises(BadSignatureError):
        ES256.load(PHONE.point)(signature, MESSAGE)


def test_a_signature_over_another_message_does_not_verify() -> None:
    with pytest.raises(BadSignatureError):
        ES256.load(PHONE.point)(SIGNATURE, b"another")


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0", id="infinity"),
        pytest.param(bytes(33), id="infinity, padded"),
        pytest.param(PHONE.point[:-1], id="32 bytes"),
        pytest.param(PHONE.point + b"\0", id="34 bytes"),
        pytest.param(b"\x04" + PHONE.point[1:] * 2, id="uncompressed"),
        pytest.param(b"\x04" + PHONE.point[1:], id="wrong prefix"),
        pytest.param(b"\x02" + b"\xff" * 32, id="x above the prime"),
        pytest.param(point_off_curve(), id="point of secp256k1"),
        pytest.param(compressed(ec.derive_private_key(2, ec.SECP384R1()).public_key()), id="point of P-384"),
    ],
)
def test_what_is_no_point_of_the_curve_is_no_key(point: bytes) -> None:
    with pytest.raises(BadKeyError):
        ES256.load(point)


@given(st.binary(min_size=30, max_size=36))
def test_reading_a_point_is_total(point: bytes) -> None:
    """Any bytes are a key or BadKeyError."""
    try:
        ES256.load(point)
    except BadKeyError:
        return
    assert len(point) == 33


def test_compressing_keeps_the_parity_of_y() -> None:
    numbers = PHONE.private.public_key().public_numbers()
    assert compress_p256(number(numbers.x), number(numbers.y)) == PHONE.point


@pytest.mark.parametrize("suite", [ES256, SM2], ids=["ES256", "SM2"])
def test_the_coordinates_of_a_point_lead_back_to_it(suite: Algorithm) -> None:
    for _ in range(8):
        point = suite.generate().public
        for compressed_point in (point, bytes([point[0] ^ 1]) + point[1:]):
            x, y = suite.coordinates(compressed_point)
            assert compress_p256(x, y) == compressed_point


def test_the_coordinates_of_sm2_lie_on_the_curve() -> None:
    """OpenSSL takes an uncompressed point on the curve only."""
    x, y = SM2.coordinates(SM2.generate().public)
    Key.from_point("SM2", b"\x04" + x + y)
    with pytest.raises(LibcryptoError):
        Key.from_point("SM2", b"\x04" + x + bytes([y[0] ^ 1]) + y[1:])


def test_algorithms_are_found_by_name_and_number() -> None:
    assert algorithm_named("ES256") is algorithm_numbered(-7) is ES256
    assert algorithm_named("SM2") is algorithm_numbered(-70101) is SM2


@pytest.mark.parametrize("name", ["none", "", "es256", "HS256", "ES384", "sm2", "SM2-SM3"])
def test_an_algorithm_outside_the_table_is_unknown(name: str) -> None:
    with pytest.raises(UnknownAlgorithmError):
        algorithm_named(name)


@pytest.mark.parametrize("cose", [0, 5, -8, -35, -47, -70100, -70102])
def test_a_number_outside_the_table_is_unknown(cose: int) -> None:
    with pytest.raises(UnknownAlgorithmError):
        algorithm_numbered(cose)


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_every_algorithm_makes_keys_that_sign_and_come_back_from_their_file(algorithm: Algorithm) -> None:
    key = algorithm.generate()
    again = algorithm.read_pem(key.to_pem(b"secret"), b"secret")
    signature = again.sign(MESSAGE)
    assert len(signature) == algorithm.signature_size
    assert again.public == key.public != algorithm.generate().public
    algorithm.load(key.public)(signature, MESSAGE)


@pytest.mark.parametrize("other", ALGORITHMS.values(), ids=ALGORITHMS)
@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_no_key_file_opens_as_a_key_of_another_algorithm_or_unencrypted(algorithm: Algorithm, other: Algorithm) -> None:
    pem = algorithm.generate().to_pem(b"secret")
    for passphrase in (b"", b"Secret") if other is algorithm else (b"secret",):
        with pytest.raises(BadKeyError):
            other.read_pem(pem, passphrase)


def test_private_keys_do_not_show_in_what_is_printed() -> None:
    for algorithm in ALGORITHMS.values():
        assert "0x" not in repr(algorithm.generate())


def wycheproof() -> list[Any]:
    """Return the published vectors with their keys; one that skips where they were not fetched."""
    if not WYCHEPROOF.exists():
        reason = "the Wycheproof vectors are not beside the project (shared/vectors/wycheproof)"
        return [pytest.param("", {}, marks=pytest.mark.skip(reason=reason), id="absent")]
    groups = json.loads(WYCHEPROOF.read_text())["testGroups"]
    return [
        pytest.param(group["publicKey"]["uncompressed"], test, id=f"{test['tcId']} {test['comment']}")
        for group in groups
        for test in group["tests"]
    ]


@pytest.mark.parametrize(("uncompressed", "vector"), wycheproof())
def test_wycheproof(uncompressed: str, vector: dict[str, str]) -> None:
    """Valid vectors verify when s is in the lower half; with s above it they are twins, and refused by our rule."""
    point = bytes.fromhex(uncompressed)
    verify = ES256.load(compress_p256(point[1:33], point[33:]))
    signature, message = bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"])
    if vector["result"] == "valid" and int.from_bytes(signature[32:]) <= ORDER // 2:
        verify(signature, message)
        return
    with pytest.raises(BadSignatureError):
        verify(signature, message)
    if vector["result"] == "valid":
        verify(high_s_twin(signature), message)
