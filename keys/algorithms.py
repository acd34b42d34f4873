"""The signature algorithms, one row each; a verifier looks a name up and never decides by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from keys import p256, sm2
from keys.errors import UnknownAlgorithmError

Verify = Callable[[bytes, bytes], None]


class PrivateKey(Protocol):
    """A private key in the memory of this process."""

    @property
    def public(self) -> bytes:
        """The public half as a compressed point."""
        ...

    def sign(self, message: bytes, identity: bytes = b"") -> bytes:
        """Sign; `identity` is the signer's, for algorithms that have one, empty for the algorithm's default."""
        ...

    def to_pem(self, passphrase: bytes) -> bytes:
        """Write as PKCS#8, encrypted."""
        ...


class Load(Protocol):
    """Turns a compressed point, and a signer's identity or nothing, into a function that verifies."""

    def __call__(self, point: bytes, identity: bytes = b"") -> Verify:
        """Raise BadKeyError when the bytes are no point of the curve, or the algorithm knows no identity.

        Raises AlgorithmUnavailableError when this machine lacks what the algorithm needs.
        """
        ...


@dataclass(frozen=True)
class Algorithm:
    """One signature algorithm.

    `cose` is its COSE number (RFC 9053), `curve` the COSE curve number of its keys and `jwk_curve` their JWK name
    (RFC 7518 section 6.2.1.1), `signature_size` in bytes. `coordinates` gives x and y of a compressed point.
    `load` gives a function (signature, message) that returns nothing or raises BadSignatureError. `generate` makes a
    private key, `read_pem` reads one from encrypted PKCS#8 and raises BadKeyError.
    """

    name: str
    cose: int
    curve: int
    jwk_curve: str
    signature_size: int
    coordinates: Callable[[bytes], tuple[bytes, bytes]]
    load: Load
    generate: Callable[[], PrivateKey]
    read_pem: Callable[[bytes, bytes], PrivateKey]


ES256 = Algorithm(
    "ES256",
    cose=-7,
    curve=1,
    jwk_curve="P-256",
    signature_size=64,
    coordinates=p256.coordinates,
    load=p256.load,
    generate=p256.generate,
    read_pem=p256.read_pem,
)

SM2 = Algorithm(
    "SM2",
    cose=-70101,
    curve=-70101,
    jwk_curve="SM2",
    signature_size=64,
    coordinates=sm2.coordinates,
    load=sm2.load,
    generate=sm2.generate,
    read_pem=sm2.read_pem,
)
"""SM2 with SM3. COSE has no number for it; ours are for private use (RFC 9053 section 11.1: less than -65536).

JOSE has no name for it either; a reader that does not know the curve leaves the key aside (RFC 7517 section 5).
"""

ALGORITHMS = {algorithm.name: algorithm for algorithm in (ES256, SM2)}
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
