"""Status List Tokens (draft-ietf-oauth-status-list section 5): a signed list for all who know the standard.

One list of places is published twice, once for revocation and once for suspension, each with one bit a place: what is
revoked only grows and compresses well, what is suspended is nearly empty.
"""

from dataclasses import dataclass
from enum import StrEnum

from codeservice.status_list import StatusList
from keys import jws
from keys.algorithms import algorithm_named
from keys.cbor import dumps
from keys.cose import ALG, KID, sig_structure
from keys.signer import Signer

JWT_TYPE, CWT_TYPE = "statuslist+jwt", "application/statuslist+cwt"
JWT_MEDIA, CWT_MEDIA = f"application/{JWT_TYPE}", CWT_TYPE
LIFE = 24 * 3600
"""Seconds from iat to exp of a token."""

TTL = 60
"""Seconds for which whoever holds a token need not ask for a newer one."""

TYP = 16
"""COSE header parameter typ (RFC 9596)."""

_TAG_SIGN1 = b"\xd2"
_SUB, _EXP, _IAT, _TTL, _STATUS_LIST = 2, 4, 6, 65534, 65533


class Published(StrEnum):
    """What one bit of a published list says."""

    REVOKED = "revoked"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class StatusClaims:
    """Claims of a token: `address` is where it is fetched (sub), `issued` in epoch seconds."""

    address: str
    issued: int
    statuses: StatusList


def write_jwt(claims: StatusClaims, *, signer: Signer, now: int) -> str:
    """Write and sign a token as a JWT; raises KeyNotUsableError or SignerError."""
    body = {
        "sub": claims.address,
        "iat": claims.issued,
        "exp": claims.issued + LIFE,
        "ttl": TTL,
        "status_list": claims.statuses.json_claim(),
    }
    return jws.sign(body, typ=JWT_TYPE, signer=signer, now=now)


def write_cwt(claims: StatusClaims, *, signer: Signer, now: int) -> bytes:
    """Write and sign a token as a CWT in a tagged COSE_Sign1; raises KeyNotUsableError or SignerError."""
    protected = cwt_header(algorithm_named(signer.key.algorithm).cose, signer.key.kid)
    payload = dumps(
        {
            _SUB: claims.address,
            _EXP: claims.issued + LIFE,
            _IAT: claims.issued,
            _TTL: TTL,
            _STATUS_LIST: claims.statuses.cbor_claim(),
        }
    )
    signature = signer.sign(sig_structure(protected, b"", payload), now=now)
    return _TAG_SIGN1 + dumps([protected, {}, payload, signature])


def cwt_header(alg: int, kid: bytes) -> bytes:
    """Write the protected header of a CWT."""
    return dumps({ALG: alg, KID: kid, TYP: CWT_TYPE})


def address_of(origin: str, list_: int, what: Published) -> str:
    """Return where a list is published."""
    return f"{origin}/status-lists/{list_}/{what}"
