"""COSE_Sign1 and COSE_Sign (RFC 9052): build, take apart, and the bytes that are signed.

Reading does not verify: what is taken apart is called unverified until its signature was checked by the caller.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from keys.cbor import dumps, loads
from keys.errors import NotSignedError

ALG, KID = 1, 4
"""Header parameters (RFC 9052 section 3.1)."""

_SIGN1_PARTS = 4
_SIGNATURE1 = b"\x84\x6aSignature1"
_KNOWN_HEADERS = 256
"""Headers remembered: one for each key and algorithm in use, so that a header is read once."""

Sign = Callable[[bytes], bytes]


class UnverifiedSign1(NamedTuple):
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
    # Written by hand because it stands on the hot path twice; a test compares it with the encoder.
    return _SIGNATURE1 + _bstr(protected) + _bstr(external_aad) + _bstr(payload)


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
    if unprotected != {} or not (isinstance(protected, bytes) and isinstance(payload, bytes)):
        raise NotSignedError("not a COSE_Sign1")
    if not isinstance(signature, bytes):
        raise NotSignedError("not a COSE_Sign1")
    alg, kid = _read_header(protected)
    return UnverifiedSign1(protected, alg, kid, payload, signature)


@lru_cache(maxsize=_KNOWN_HEADERS)
def _read_header(protected: bytes) -> tuple[int, bytes | None]:
    header = loads(protected)
    if not isinstance(header, dict) or not {ALG} <= header.keys() <= {ALG, KID}:
        raise NotSignedError("header parameters other than alg and kid")
    alg, kid = header[ALG], header.get(KID)
    if isinstance(alg, bool) or not isinstance(alg, int):
        raise NotSignedError("alg is not a number")
    if KID in header and not isinstance(kid, bytes):
        raise NotSignedError("kid is not a byte string")
    return alg, kid


def _bstr(data: bytes) -> bytes:
    size = len(data)
    if size < 24:  # noqa: PLR2004 -- RFC 8949 section 3: lengths below 24 stand in the first byte
        return bytes([0x40 | size]) + data
    if size < 1 << 8:
        return bytes([0x58, size]) + data
    if size < 1 << 16:
        return b"\x59" + size.to_bytes(2) + data
    return b"\x5a" + size.to_bytes(4) + data
