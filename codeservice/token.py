"""OAuth 2 for terminals and back ends: client authentication by signed assertion, and ten-minute access tokens.

RFC 6749 section 4.4 (client credentials), RFC 7523 (private_key_jwt), RFC 9068 (JWT access tokens). Rules only.
"""

import secrets
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from keys import jws
from keys.errors import BadKeyError, NotSignedError
from keys.key import PublicKey
from keys.signer import Signer

TOKEN_LIFE = 600
"""Seconds an access token lives."""

ASSERTION_LIFE = 120
"""Seconds that an assertion may still be valid when it arrives, at most."""

ACCESS = "at+jwt"
"""The typ of an access token (RFC 9068 section 2.1)."""

_ASSERTION = "client-authentication+jwt"
_MAX_JTI = 64
_LEEWAY = 30


@dataclass(frozen=True)
class Assertion:
    """A verified assertion; the caller must still see that its `jti` was never used."""

    jti: str
    expires: int


@dataclass(frozen=True)
class Access:
    """What a verified access token says: which client, with which scopes."""

    client: str
    scopes: frozenset[str]


def unverified_client(assertion: str) -> str:
    """Read who claims to call, to find the key; raises NotSignedError."""
    try:
        claims = jws.decode(assertion[: jws.MAX_JWS].split(".")[1])
        client = jws.parse_json(claims).get("sub")
    except (IndexError, BadKeyError) as error:
        raise NotSignedError("not an assertion") from error
    if not isinstance(client, str):
        raise NotSignedError("not an assertion")
    return client


def read_assertion(assertion: str, *, client: str, point: bytes, issuer: str, now: int) -> Assertion:
    """Verify an assertion (RFC 7523 section 3); raises NotSignedError."""
    # Standard libraries write typ JWT or none, and the token endpoint as the audience (RFC 7523 section 3).
    claims = jws.read(assertion, typ=(_ASSERTION, "JWT", None), point=point, audience=(issuer, f"{issuer}/oauth/token"))
    expires, jti = claims.get("exp"), claims.get("jti")
    if claims.get("iss") != client or claims.get("sub") != client:
        raise NotSignedError("issuer and subject must be the client")
    if (
        isinstance(expires, bool)
        or not isinstance(expires, int)
        or not now - _LEEWAY < expires <= now + ASSERTION_LIFE + _LEEWAY
    ):
        raise NotSignedError("expired, or valid for too long")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
        raise NotSignedError("no jti")
    return Assertion(jti, expires + _LEEWAY)


def sign_assertion(client: str, private: ec.EllipticCurvePrivateKey, *, issuer: str, now: int) -> str:
    """Sign an assertion as a client does; for trying the interface and for our own terminals."""
    claims = {"iss": client, "sub": client, "aud": issuer, "iat": now, "exp": now + 60, "jti": secrets.token_hex(16)}
    return jwt.encode(claims, private, algorithm="ES256", headers={"typ": _ASSERTION})


def write_access(*, client: str, scopes: frozenset[str], issuer: str, signer: Signer, now: int) -> str:
    """Write an access token."""
    claims = {
        "iss": issuer,
        "aud": issuer,
        "sub": client,
        "client_id": client,
        "scope": " ".join(sorted(scopes)),
        "iat": now,
        "exp": now + TOKEN_LIFE,
        "jti": secrets.token_hex(16),
    }
    return jws.sign(claims, typ=ACCESS, signer=signer, now=now)


def read_access(token: str, *, key: PublicKey, issuer: str, now: int) -> Access:
    """Verify an access token; raises NotSignedError."""
    claims = jws.read_own(token, typ=ACCESS, key=key, audience=issuer)
    if claims.get("iss") != issuer or not isinstance(claims.get("exp"), int) or now >= claims["exp"]:
        raise NotSignedError("expired, or of another issuer")
    return Access(str(claims.get("client_id")), frozenset(str(claims.get("scope", "")).split()))
