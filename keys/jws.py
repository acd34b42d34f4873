"""Compact JSON Web Signatures (RFC 7515) of this project's own keys, and proofs by keys of others.

Ours are signed through `Signer`, so that the key may live anywhere, by the algorithm of the key. JOSE has no name for
SM2, but nobody else reads them. Theirs are read by PyJWT, because partners use standard libraries whose signatures need
not be in the lower half.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from keys.algorithms import ES256, algorithm_named
from keys.errors import BadKeyError, BadSignatureError, NotSignedError
from keys.key import PublicKey
from keys.p256 import compress_p256
from keys.signer import Signer

MAX_JWS = 8192
"""Bytes of the largest JWS that is read."""

_COORDINATE = 32
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_LEEWAY = 30
_HEADER = {"alg", "kid", "typ"}


def sign(claims: Mapping[str, object], *, typ: str, signer: Signer, now: int) -> str:
    """Sign claims with one of our keys; `typ` keeps kinds of token apart (RFC 8725 section 3.11)."""
    header = {"alg": signer.key.algorithm, "kid": signer.key.kid.hex(), "typ": typ}
    signed = f"{_encode_json(header)}.{_encode_json(claims)}"
    return f"{signed}.{encode(signer.sign(signed.encode(), now=now))}"


def read(
    token: str, *, typ: str | tuple[str | None, ...], point: bytes, audience: str | tuple[str, ...]
) -> dict[str, Any]:
    """Verify a token by the key `point` and return its claims, whose times are the caller's to check.

    Raises NotSignedError.
    """
    if not _COMPACT.fullmatch(token[: MAX_JWS + 1]) or len(token) > MAX_JWS or not _is_typ(token, typ):
        raise NotSignedError("another kind of token")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    # Time is checked by the caller, whose clock is an argument; everything else is written out.
    options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": ["aud"], "verify_aud": True}
    try:
        claims = jwt.decode(token, public, algorithms=["ES256"], audience=audience, options=options)  # type: ignore[arg-type]
    except (jwt.PyJWTError, RecursionError) as error:
        raise NotSignedError("does not verify") from error
    if not _is_text(claims):
        raise NotSignedError("not plain text")
    return claims


def read_own(token: str, *, typ: str, key: PublicKey, audience: str) -> dict[str, Any]:
    """Verify a token that one of our keys signed, whatever its algorithm; the times are the caller's to check.

    Raises NotSignedError.
    """
    if not _COMPACT.fullmatch(token[: MAX_JWS + 1]) or len(token) > MAX_JWS:
        raise NotSignedError("not a JWS")
    signed, _, signature = token.rpartition(".")
    try:
        header, claims = (parse_json(decode(part)) for part in signed.split("."))
        if not header.keys() <= _HEADER or (header.get("alg"), header.get("typ")) != (key.algorithm, typ):
            raise NotSignedError("another kind of token")
        key.verify(decode(signature), signed.encode())
    except (BadKeyError, BadSignatureError) as error:
        raise NotSignedError("does not verify") from error
    if claims.get("aud") != audience:
        raise NotSignedError("for somebody else")
    return claims


def read_proof(token: str, *, typ: str, point: bytes, now: int, audience: str) -> dict[str, Any]:
    """Verify a proof that somebody holds the key `point`, made within 30 seconds of `now`.

    Raises NotSignedError, StaleProofError when only the time is wrong.
    """
    claims = read(token, typ=typ, point=point, audience=audience)
    made = claims.get("iat")
    if isinstance(made, bool) or not isinstance(made, int) or abs(now - made) > _LEEWAY:
        raise StaleProofError("made at another time")
    return claims


class StaleProofError(NotSignedError):
    """A proof is good, but made too long ago or by a clock that is wrong."""


def header_of(token: str) -> dict[str, Any]:
    """Read the unverified header of a JWS; raises NotSignedError."""
    try:
        return jwt.get_unverified_header(token[:MAX_JWS])
    except (jwt.PyJWTError, UnicodeError, RecursionError) as error:
        raise NotSignedError("not a JWS") from error


def point_of_jwk(jwk: object) -> bytes:
    """Read a public P-256 key (RFC 7517) as a compressed point on the curve; raises BadKeyError."""
    fields = {"kty": "EC", "crv": "P-256"}
    if (
        not isinstance(jwk, dict)
        or jwk.keys() != {"kty", "crv", "x", "y"}
        or any(jwk[k] != v for k, v in fields.items())
    ):
        raise BadKeyError("not a public P-256 JWK")
    x, y = decode(jwk["x"]), decode(jwk["y"])
    if len(x) != _COORDINATE or len(y) != _COORDINATE:
        raise BadKeyError("not a public P-256 JWK")
    point = compress_p256(x, y)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point) if _is_point(point) else None
    if public is None or public.public_numbers().y != int.from_bytes(y):
        raise BadKeyError("not a point of P-256")
    return point


def jwk_of_key(key: PublicKey) -> dict[str, str]:
    """Write a key as a JWK (RFC 7517) with its purpose."""
    suite = algorithm_named(key.algorithm)
    x, y = suite.coordinates(key.public)
    named = {"kid": key.kid.hex(), "alg": key.algorithm, "use": "sig", "purpose": key.purpose.value}
    return {"kty": "EC", "crv": suite.jwk_curve, "x": encode(x), "y": encode(y)} | named


def parse_json(data: bytes) -> dict[str, Any]:
    """Read a JSON object; raises BadKeyError."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadKeyError("not JSON") from error
    if not isinstance(value, dict) or not _is_text(value):
        raise BadKeyError("not a JSON object of plain text")
    return value


def encode(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: object, *, longest: int = MAX_JWS) -> bytes:
    """Read base64url without padding in its one canonical form; raises BadKeyError."""
    if not isinstance(text, str) or not text.isascii() or len(text) > longest:
        raise BadKeyError("not base64url")
    # The standard decoder drops characters it does not know; writing it again shows whether it did.
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise BadKeyError("not base64url") from error
    if encode(data) != text:
        raise BadKeyError("not base64url")
    return data


def _is_typ(token: str, wanted: str | tuple[str | None, ...]) -> bool:
    return header_of(token).get("typ") in ((wanted,) if isinstance(wanted, str) else wanted)


def _is_point(point: bytes) -> bool:
    try:
        ES256.load(point)
    except BadKeyError:
        return False
    return True


def _is_text(value: object) -> bool:
    # Lone surrogates and NUL pass JSON and stop every database behind it.
    try:
        return b"\\u0000" not in json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        # Reading and writing stop at different depths.
        return False


def _encode_json(value: Mapping[str, object]) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())
