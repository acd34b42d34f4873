"""ECDSA on P-256 with SHA-256 (ES256, RFC 9053 section 2.1), and its keys."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from keys.errors import BadKeyError, BadSignatureError

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
COORDINATE = 32
_HALF_ORDER = ORDER // 2
_ECDSA = ec.ECDSA(hashes.SHA256())
_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@dataclass(frozen=True)
class P256Key:
    """A private key of P-256; see `keys.algorithms.PrivateKey`."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def public(self) -> bytes:
        """The compressed point."""
        return compressed(self.private.public_key())

    def sign(self, message: bytes, identity: bytes = b"") -> bytes:
        """Sign with ES256; ECDSA knows no identity."""
        _require_no_identity(identity)
        return sign_p256(self.private, message)

    def to_pem(self, passphrase: bytes) -> bytes:
        """Write as encrypted PKCS#8."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))


def generate() -> P256Key:
    """Make a new private key."""
    return P256Key(ec.generate_private_key(ec.SECP256R1()))


def read_pem(pem: bytes, passphrase: bytes) -> P256Key:
    """Read encrypted PKCS#8; raises BadKeyError for another passphrase, curve or form."""
    try:
        private = load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKeyError("wrong passphrase, or not an encrypted PKCS#8 key") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise BadKeyError("no P-256 key")
    return P256Key(private)


def load(point: bytes, identity: bytes = b"") -> Callable[[bytes, bytes], None]:
    """Load a compressed point; see `keys.algorithms.Algorithm`."""
    _require_no_identity(identity)
    # SEC 1 section 2.3.4 refuses the point at infinity and points off the curve; P-256 has cofactor 1, so no
    # point of small order exists besides infinity.
    if len(point) != 1 + COORDINATE or point[0] not in (2, 3):
        raise BadKeyError("not a compressed P-256 point")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise BadKeyError("not a point of P-256") from error

    def verify(signature: bytes, message: bytes) -> None:
        if len(signature) != 2 * COORDINATE:
            raise BadSignatureError("wrong length")
        r, s = int.from_bytes(signature[:COORDINATE]), int.from_bytes(signature[COORDINATE:])
        # ECDSA also accepts (r, n - s): one message would have two valid codes. Only the lower half counts.
        if not (0 < r < ORDER and 0 < s <= _HALF_ORDER):
            raise BadSignatureError("r or s out of range, or s in the upper half")
        try:
            public.verify(encode_dss_signature(r, s), message, _ECDSA)
        except InvalidSignature as error:
            raise BadSignatureError("does not verify") from error

    return verify


def sign_p256(private: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Sign with ES256; r and s of 32 bytes each, s in the lower half.

    The nonce is derived from key and message (RFC 6979): a weak random source cannot give the key away.
    """
    r, s = decode_dss_signature(private.sign(message, _DETERMINISTIC))
    return lower_half(r, s)


def lower_half(r: int, s: int) -> bytes:
    """Write r and s of 32 bytes each, of s and n - s the smaller: signers that live elsewhere do not normalise."""
    return r.to_bytes(COORDINATE) + min(s, ORDER - s).to_bytes(COORDINATE)


def compressed(public: ec.EllipticCurvePublicKey) -> bytes:
    """Write a public key as a compressed point."""
    return public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def coordinates(point: bytes) -> tuple[bytes, bytes]:
    """Return x and y of a compressed point that was loaded before."""
    numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).public_numbers()
    return numbers.x.to_bytes(COORDINATE), numbers.y.to_bytes(COORDINATE)


def compress_p256(x: bytes, y: bytes) -> bytes:
    """Write affine coordinates of 32 bytes each as a compressed point; the point is not checked."""
    return bytes([2 + (y[-1] & 1)]) + x


def _require_no_identity(identity: bytes) -> None:
    if identity:
        raise BadKeyError("ES256 knows no signer's identity")
