"""The signature algorithms, one row each; a verifier looks a name up and never decides by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from keys.errors import BadKeyError, BadSignatureError, UnknownAlgorithmError

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_P256_HALF_ORDER = _P256_ORDER // 2
_P256_COORDINATE = 32
_ES256 = ec.ECDSA(hashes.SHA256())
_ES256_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)

Verify = Callable[[bytes, bytes], None]


@dataclass(frozen=True)
class Algorithm:
    """One signature algorithm.

    `cose` is its COSE number (RFC 9053), `curve` the COSE curve number of its keys, `signature_size` in bytes.
    `load` turns a compressed point into a function (signature, message) that returns nothing or raises
    BadSignatureError; it raises BadKeyError when the bytes are no point of the curve.
    """

    name: str
    cose: int
    curve: int
    signature_size: int
    load: Callable[[bytes], Verify]


def _load_p256(point: bytes) -> Verify:
    # SEC 1 section 2.3.4 refuses the point at infinity and points off the curve; P-256 has cofactor 1, so no
    # point of small order exists besides infinity.
    if len(point) != 1 + _P256_COORDINATE or point[0] not in (2, 3):
        raise BadKeyError("not a compressed P-256 point")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise BadKeyError("not a point of P-256") from error

    def verify(signature: bytes, message: bytes) -> None:
        if len(signature) != 2 * _P256_COORDINATE:
            raise BadSignatureError("wrong length")
        r, s = int.from_bytes(signature[:_P256_COORDINATE]), int.from_bytes(signature[_P256_COORDINATE:])
        # ECDSA also accepts (r, n - s): one message would have two valid codes. Only the lower half counts.
        if not (0 < r < _P256_ORDER and 0 < s <= _P256_HALF_ORDER):
            raise BadSignatureError("r or s out of range, or s in the upper half")
        try:
            public.verify(encode_dss_signature(r, s), message, _ES256)
        except InvalidSignature as error:
            raise BadSignatureError("does not verify") from error

    return verify


def sign_p256(private: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Sign with ES256; r and s of 32 bytes each, s in the lower half.

    The nonce is derived from key and message (RFC 6979): a weak random source cannot give the key away.
    """
    r, s = decode_dss_signature(private.sign(message, _ES256_DETERMINISTIC))
    s = min(s, _P256_ORDER - s)
    return r.to_bytes(_P256_COORDINATE) + s.to_bytes(_P256_COORDINATE)


def compress_p256(x: bytes, y: bytes) -> bytes:
    """Write affine coordinates of 32 bytes each as a compressed point; the point is not checked."""
    return bytes([2 + (y[-1] & 1)]) + x


ES256 = Algorithm("ES256", cose=-7, curve=1, signature_size=64, load=_load_p256)

ALGORITHMS = {algorithm.name: algorithm for algorithm in (ES256,)}
CURVES = {algorithm.cose: algorithm.curve for algorithm in ALGORITHMS.values()}
"""COSE number of an algorithm to the curve of its keys."""

_BY_COSE = {algorithm.cose: algorithm for algorithm in ALGORITHMS.values()}


def algorithm_named(name: str) -> Algorithm:
    """Find a row by name; raises UnknownAlgorithmError."""
    try:
        return ALGORITHMS[name]
    except KeyError as error:
        raise UnknownAlgorithmError(name) from error


def algorithm_numbered(cose: int) -> Algorithm:
    """Find a row by COSE number; raises UnknownAlgorithmError."""
    try:
        return _BY_COSE[cose]
    except KeyError as error:
        raise UnknownAlgorithmError(str(cose)) from error
