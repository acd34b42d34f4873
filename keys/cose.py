"""COSE_Sign1 and COSE_Sign (RFC 9052): build, take apart, and the bytes that are signed.

Reading does not verify: what is taken apart is called unverified until its signature was checked by the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keys.cbor import dumps, loads
from keys.errors import NotSignedError

ALG, KID = 1, 4
"""Header parameters (RFC 9052 section 3.1)."""

_SIGN1_PARTS = 4

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class UnverifiedSign1:
    """A COSE_Sign1 whose signature nobody has checked yet."""

    protected: bytes
    alg: int
    kid: bytes | None
    payload: bytes
    signature: bytes

    def signed_bytes(self, external_aad: bytes) -> bytes:
        """Return the Sig_structure over the bytes as received."""
        return sig_structure(self.protected, external_aad, self.payload)


def sig_structure(protected: bytes, external_aad: bytes, payload: bytes) -> bytes:
    """Write the Sig_structure of a COSE_Sign1 (RFC 9052 section 4.4)."""
    return dumps(["Signature1", protected, external_aad, payload])


def sign1(payload: bytes, *, alg: int, kid: bytes | None, external_aad: bytes, sign: Sign) -> bytes:
    """Build an untagged COSE_Sign1 with everything in the protected header."""
    header: dict[int, object] = {ALG: alg}
    if kid is not None:
        header[KID] = kid
    protected = dumps(header)
    return dumps([protected, {}, payload, sign(sig_structure(protected, external_aad, payload))])


def read_sign1(data: bytes) -> UnverifiedSign1:
    """Take an untagged COSE_Sign1 apart.

    Raises NotDeterministicError or NotSignedError. Header parameters other than alg and kid (key URLs, embedded
    keys, crit) are refused, and the unprotected header must be empty.
    """
    parts = loads(data)
    if not isinstance(parts, list) or len(parts) != _SIGN1_PARTS:
        raise NotSignedError("not a COSE_Sign1")
    protected, unprotected, payload, signature = parts
    if unprotected != {} or not all(isinstance(part, bytes) for part in (protected, payload, signature)):
        raise NotSignedError("not a COSE_Sign1")
    header = loads(protected)
    if not isinstance(header, dict) or not {ALG} <= header.keys() <= {ALG, KID}:
        raise NotSignedError("header parameters other than alg and kid")
    alg, kid = header[ALG], header.get(KID)
    if isinstance(alg, bool) or not isinstance(alg, int):
        raise NotSignedError("alg is not a number")
    if KID in header and not isinstance(kid, bytes):
        raise NotSignedError("kid is not a byte string")
    return UnverifiedSign1(protected, alg, kid, payload, signature)
