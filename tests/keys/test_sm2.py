"""SM2: the published example, a second implementation, everything that looks alike, and a library that is not there."""

import base64
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import libcrypto
from keys.algorithms import ES256, SM2
from keys.errors import AlgorithmUnavailableError, BadKeyError, BadSignatureError, KeysError
from keys.p256 import compressed as p256_point
from tests import sm2
from tests.phone import at_once
from tests.sm2 import written

PRIVATE = sm2.EXAMPLE_PRIVATE
PUBLIC = sm2.multiply(PRIVATE, sm2.BASE)
POINT = sm2.compressed(PUBLIC)
MESSAGE = b"message"
SIGNATURE = sm2.sign(PRIVATE, MESSAGE)
R, S = int.from_bytes(SIGNATURE[:32]), int.from_bytes(SIGNATURE[32:])
KEY = SM2.generate()


def test_the_published_example_verifies() -> None:
    """GB/T 32918.5 appendix A: Z, e, r and s."""
    assert sm2.identity_hash(PUBLIC).hex() == "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    assert sm2.sign(PRIVATE, sm2.EXAMPLE_MESSAGE, nonce=sm2.EXAMPLE_NONCE) == sm2.EXAMPLE_SIGNATURE
    SM2.load(POINT)(sm2.EXAMPLE_SIGNATURE, sm2.EXAMPLE_MESSAGE)


@settings(max_examples=10)
@given(st.binary(max_size=300), st.binary(max_size=64))
def test_two_implementations_verify_each_other(message: bytes, identity: bytes) -> None:
    SM2.load(POINT, identity)(sm2.sign(PRIVATE, message, identity=identity or sm2.IDENTITY), message)
    signature = KEY.sign(message, identity)
    x = int.from_bytes(KEY.public[1:])
    root = pow(x**3 + sm2.A * x + sm2.B, (sm2.PRIME + 1) // 4, sm2.PRIME)
    y = root if root & 1 == KEY.public[0] & 1 else sm2.PRIME - root
    assert sm2.is_signed(signature, message, (x, y), identity or sm2.IDENTITY)


def test_a_signature_belongs_to_one_identity() -> None:
    signature = KEY.sign(MESSAGE, b"city 349901")
    SM2.load(KEY.public, b"city 349901")(signature, MESSAGE)
    for identity in (b"", b"city 349902"):
        with pytest.raises(BadSignatureError):
            SM2.load(KEY.public, identity)(signature, MESSAGE)


def test_no_identity_means_the_standard_one() -> None:
    SM2.load(KEY.public, b"1234567812345678")(KEY.sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(written(R, sm2.ORDER - S), id="n - s, the twin of ECDSA"),
        pytest.param(written(sm2.ORDER - R, S), id="n - r"),
        pytest.param(written(sm2.ORDER - R, sm2.ORDER - S), id="both negated"),
        pytest.param(written(S, R), id="swapped"),
        pytest.param(written(R, sm2.ORDER - R), id="r + s is n"),
        pytest.param(written(R, (-R - S) % sm2.ORDER), id="t negated"),
        pytest.param(written(0, S), id="r is 0"),
        pytest.param(written(sm2.ORDER, S), id="r is n"),
        pytest.param(written(R, 0), id="s is 0"),
        pytest.param(written(R, sm2.ORDER), id="s is n"),
        pytest.param(written(R, 2**256 - 1), id="s is as large as it gets"),
        pytest.param(bytes(64), id="all zero"),
        pytest.param(b"", id="empty"),
        pytest.param(SIGNATURE[:63], id="63 bytes"),
        pytest.param(SIGNATURE + b"\0", id="65 bytes"),
        pytest.param(encode_dss_signature(R, S), id="DER"),
        pytest.param(ES256.generate().sign(MESSAGE), id="of ES256"),
    ],
)
def test_no_look_alike_of_a_signature_verifies(signature: bytes) -> None:
    with pytest.raises(BadSignatureError):
        SM2.load(POINT)(signature, MESSAGE)


def test_the_only_other_s_under_the_same_r_takes_the_private_key() -> None:
    """So nobody but its signer makes a second signature out of a first; a code is told by its moment all the same."""
    other = (-2 * R * PRIVATE * pow(1 + PRIVATE, -1, sm2.ORDER) - S) % sm2.ORDER
    assert other != S
    SM2.load(POINT)(written(R, other), MESSAGE)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0", id="infinity"),
        pytest.param(bytes(33), id="infinity, padded"),
        pytest.param(POINT[:-1], id="32 bytes"),
        pytest.param(POINT + b"\0", id="34 bytes"),
        pytest.param(b"\x04" + POINT[1:] + PUBLIC[1].to_bytes(32), id="uncompressed"),
        pytest.param(b"\x04" + POINT[1:], id="wrong prefix"),
        pytest.param(b"\x02" + b"\xff" * 32, id="x above the prime"),
        pytest.param(b"\x02" + sm2.PRIME.to_bytes(32), id="x is the prime"),
        pytest.param(p256_point(ec.derive_private_key(2, ec.SECP256R1()).public_key()), id="point of P-256"),
        pytest.param(b"\x02" + (5).to_bytes(32), id="no point has this x"),
    ],
)
def test_what_is_no_point_of_the_curve_is_no_key(point: bytes) -> None:
    with pytest.raises(BadKeyError):
        SM2.load(point)


@given(st.binary(min_size=30, max_size=36))
def test_reading_a_point_is_total(point: bytes) -> None:
    """Any bytes are a key or BadKeyError."""
    try:
        SM2.load(point)
    except BadKeyError:
        return
    assert len(point) == 33


@given(st.binary(max_size=200), st.binary(max_size=80))
def test_reading_a_signature_is_total(signature: bytes, message: bytes) -> None:
    with pytest.raises(BadSignatureError):
        SM2.load(POINT)(signature, message)


def test_a_point_keeps_its_parity() -> None:
    """Both points of one x are keys, and each verifies its own signatures only."""
    twin = bytes([POINT[0] ^ 1]) + POINT[1:]
    with pytest.raises(BadSignatureError):
        SM2.load(twin)(SIGNATURE, MESSAGE)
    SM2.load(twin)(sm2.sign(sm2.ORDER - PRIVATE, MESSAGE), MESSAGE)


def plain_pem() -> bytes:
    """Return PKCS#8 (RFC 5958) of an SM2 key (RFC 8998 section 3.2.1 has its identifier), not encrypted."""
    der = bytes.fromhex("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420") + PRIVATE.to_bytes(32)
    return b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("passphrase", [b"secret", "密码".encode(), b"with\0zero", b"x" * 200])
def test_a_key_file_opens_with_its_passphrase_and_no_other(passphrase: bytes) -> None:
    pem = KEY.to_pem(passphrase)
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert SM2.read_pem(pem, passphrase).public == KEY.public
    for wrong in (b"", passphrase[:-1], passphrase + b"1"):
        with pytest.raises(BadKeyError):
            SM2.read_pem(pem, wrong)


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(lambda: b"", id="empty"),
        pytest.param(plain_pem, id="not encrypted"),
        pytest.param(lambda: KEY.to_pem(b"secret")[:200], id="cut"),
        pytest.param(
            lambda: ec.derive_private_key(2, ec.SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
            ),
            id="key of P-256",
        ),
    ],
)
def test_a_file_that_is_no_encrypted_key_of_sm2_is_refused(pem: Callable[[], bytes]) -> None:
    with pytest.raises(BadKeyError):
        SM2.read_pem(pem(), b"secret")


def test_a_key_of_sm2_is_no_key_of_es256() -> None:
    with pytest.raises(BadKeyError):
        ES256.read_pem(KEY.to_pem(b"secret"), b"secret")


def test_threads_share_a_key() -> None:
    verify = SM2.load(KEY.public)

    def work(number: int) -> None:
        for round_ in range(20):
            message = bytes([number, round_])
            verify(KEY.sign(message), message)
            with pytest.raises(BadSignatureError):
                verify(SIGNATURE, message)

    at_once(8, work)


def test_a_child_process_signs_with_the_key_it_was_born_with_and_with_nonces_of_its_own() -> None:
    """The workers of a server are forks of one process."""
    script = """
import os
from keys.algorithms import SM2
key = SM2.generate()
key.sign(b"before")
source, target = os.pipe()
if os.fork() == 0:
    os.write(target, key.sign(b"m"))
    os._exit(0)
mine, theirs = key.sign(b"m"), os.read(source, 100)
assert os.wait()[1] == 0
SM2.load(key.public)(mine, b"m")
SM2.load(key.public)(theirs, b"m")
assert mine != theirs
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_nothing_is_left_behind() -> None:
    """Keys, signatures, files and refusals: memory does not grow with their number."""

    def work(rounds: int) -> None:
        for _ in range(rounds):
            SM2.load(POINT)(SIGNATURE, MESSAGE)
            KEY.sign(MESSAGE)
            for bad in (lambda: SM2.load(b"\x02" + b"\xff" * 32), lambda: SM2.load(POINT)(SIGNATURE, b"")):
                with pytest.raises((BadKeyError, BadSignatureError)):
                    bad()
        for _ in range(rounds // 50):
            SM2.read_pem(SM2.generate().to_pem(b"x"), b"x")

    work(300)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(3000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # A key is some two kilobytes; six thousand that were not freed would show.
    assert grown < 4096


def test_importing_the_table_of_algorithms_loads_no_library() -> None:
    script = "import keys.algorithms, keys.libcrypto; assert keys.libcrypto._lib.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONPATH": "."})


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for libraries that no machine has."""
    monkeypatch.setattr(libcrypto, "_NAMES", ("libcrypto.so.none",))
    libcrypto._lib.cache_clear()
    yield
    libcrypto._lib.cache_clear()


@pytest.mark.usefixtures("no_library")
@pytest.mark.parametrize(
    "use",
    [
        pytest.param(SM2.generate, id="generate"),
        pytest.param(lambda: SM2.load(POINT), id="verify"),
        pytest.param(lambda: SM2.read_pem(b"", b""), id="read"),
    ],
)
def test_a_machine_without_openssl_is_told_what_to_install(use: Callable[[], object]) -> None:
    with pytest.raises(AlgorithmUnavailableError, match="install OpenSSL 3"):
        use()


@pytest.mark.parametrize("name", ["SM2x", "RSA2"])
def test_an_openssl_without_the_algorithm_is_told_from_a_bad_key(name: str) -> None:
    with pytest.raises(AlgorithmUnavailableError, match=f"without {name}"):
        libcrypto.Key.from_point(name, POINT)


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(lambda: SM2.load(b"\x02" + b"\xff" * 32), id="point"),
        pytest.param(lambda: SM2.load(POINT)(SIGNATURE, b""), id="signature"),
        pytest.param(lambda: SM2.read_pem(KEY.to_pem(b"secret"), b"wrong"), id="passphrase"),
        pytest.param(lambda: libcrypto.Key.generate("SM2x"), id="algorithm"),
    ],
)
def test_a_refusal_leaves_no_error_for_other_users_of_the_library(refused: Callable[[], object]) -> None:
    """Python's own ssl reads the same queue."""
    with pytest.raises(KeysError):
        refused()
    assert libcrypto._lib().ERR_peek_error() == 0
