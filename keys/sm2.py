"""SM2 with SM3 (GB/T 32918.2, GM/T 0003.2) on the recommended curve (GB/T 32918.5), and its keys.

OpenSSL computes. It draws each nonce at random: there is no standard for deterministic nonces of SM2, so that signing
needs a working random source.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from keys.errors import BadKeyError, BadSignatureError, SignerError
from keys.libcrypto import Key, LibcryptoError

ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
COORDINATE = 32
_PRIME = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
DEFAULT_IDENTITY = b"1234567812345678"
"""The signer's identity where none was agreed on (GM/T 0009 section 10)."""

_SM2, _SM3 = "SM2", "SM3"
_UNCOMPRESSED = 4


@dataclass(frozen=True)
class Sm2Key:
    """A private key of SM2; see `keys.algorithms.PrivateKey`."""

    private: Key = field(repr=False)

    @property
    def public(self) -> bytes:
        """The compressed point."""
        return _compressed(self.private.point())

    def sign(self, message: bytes, identity: bytes = b"") -> bytes:
        """Sign; r and s of 32 bytes each. Raises SignerError when OpenSSL does not."""
        try:
            der = self.private.sign(message, digest=_SM3, identity=identity or DEFAULT_IDENTITY)
        except LibcryptoError as error:
            raise SignerError("OpenSSL does not sign with SM2") from error
        r, s = decode_dss_signature(der)
        return r.to_bytes(COORDINATE) + s.to_bytes(COORDINATE)

    def to_pem(self, passphrase: bytes) -> bytes:
        """Write as encrypted PKCS#8."""
        return self.private.to_pem(passphrase)


def generate() -> Sm2Key:
    """Make a new private key; raises AlgorithmUnavailableError."""
    return Sm2Key(Key.generate(_SM2))


def read_pem(pem: bytes, passphrase: bytes) -> Sm2Key:
    """Read encrypted PKCS#8; raises BadKeyError for another passphrase, curve or form, AlgorithmUnavailableError."""
    try:
        return Sm2Key(Key.read_pem(_SM2, pem, passphrase))
    except LibcryptoError as error:
        raise BadKeyError("wrong passphrase, or not an encrypted PKCS#8 key of SM2") from error


def load(point: bytes, identity: bytes = b"") -> Callable[[bytes, bytes], None]:
    """Load a compressed point; see `keys.algorithms.Algorithm`. Raises AlgorithmUnavailableError too."""
    if len(point) != 1 + COORDINATE or point[0] not in (2, 3):
        raise BadKeyError("not a compressed SM2 point")
    # OpenSSL refuses an x past the field and points off the curve, whose cofactor is 1.
    try:
        public = Key.from_point(_SM2, point)
    except LibcryptoError as error:
        raise BadKeyError("not a point of the SM2 curve") from error
    signer = identity or DEFAULT_IDENTITY

    def verify(signature: bytes, message: bytes) -> None:
        if len(signature) != 2 * COORDINATE:
            raise BadSignatureError("wrong length")
        r, s = int.from_bytes(signature[:COORDINATE]), int.from_bytes(signature[COORDINATE:])
        # No lower half: s stands in sG + (r + s)P, so that n - s gives another point with another x. The one other s
        # that verifies under the same r is -2rd/(1 + d) - s, which only the holder of d can tell.
        if not (0 < r < ORDER and 0 < s < ORDER):
            raise BadSignatureError("r or s out of range")
        if not public.is_signed(encode_dss_signature(r, s), message, digest=_SM3, identity=signer):
            raise BadSignatureError("does not verify")

    return verify


def coordinates(point: bytes) -> tuple[bytes, bytes]:
    """Return x and y of a compressed point that was loaded before (GB/T 32918.1 annex A.5.2)."""
    x = int.from_bytes(point[1:])
    # The prime is 3 modulo 4, so that a power is a root.
    y = pow(x**3 - 3 * x + _B, (_PRIME + 1) // 4, _PRIME)
    if y & 1 != point[0] & 1:
        y = _PRIME - y
    return point[1:], y.to_bytes(COORDINATE)


def _compressed(point: bytes) -> bytes:
    if point[0] != _UNCOMPRESSED:
        return point
    return bytes([2 + (point[-1] & 1)]) + point[1 : 1 + COORDINATE]
