"""Copies of licences for one purpose (加注件): for whom, for what, until when, under a status key.

A copy is one COSE_Sign1 that anybody with the trust list can check, and it says what the record said when it was made.
No list tells whether the licence was withdrawn afterwards: that is why a copy lives for days and not for years.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from codeservice.code import MAX_TIME
from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sign1
from keys.errors import KeysError
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList

COPY_AAD = b"CC1 licence copy"
MAX_COPY = 4096
"""Bytes of the largest copy that is read."""

MAX_LIFETIME = 90 * 24 * 3600
"""Seconds that a copy is good for at most."""

LONGEST_TEXT = 100
"""Characters of a requester and of a purpose."""

SKEW = 60
"""Seconds that a copy may be ahead of the reader's clock."""

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TEXTS = ("id", "type", "number", "holder", "authority", "requester", "purpose")


class CopyError(Exception):
    """A copy is refused."""


@dataclass(frozen=True)
class LicenceCopy:
    """A copy. Times are epoch seconds; `holder` is the name on the licence, `authority` the name of who owns it."""

    id: str
    type: str
    number: str
    holder: str
    authority: str
    claims: Mapping[str, str | int | bool]
    requester: str
    purpose: str
    issued: int
    expires: int


_FIELDS = {field.name for field in fields(LicenceCopy)}


def write_copy(copy: LicenceCopy) -> bytes:
    """Write the payload."""
    return dumps(asdict(copy) | {"claims": dict(copy.claims)})


def sign_copy(copy: LicenceCopy, *, signer: Signer, now: int) -> bytes:
    """Sign a copy with the status key; raises KeyNotUsableError or SignerError."""
    return sign1(
        write_copy(copy),
        alg=algorithm_named(signer.key.algorithm).cose,
        kid=signer.key.kid,
        external_aad=COPY_AAD,
        sign=lambda data: signer.sign(data, now=now),
    )


def accept_copy(data: bytes, *, trust_list: TrustList, now: int) -> LicenceCopy:
    """Read a copy that the city has signed and that is good at `now`; raises CopyError."""
    if len(data) > MAX_COPY:
        raise CopyError("too large")
    try:
        signed = read_sign1(data)
        if signed.kid is None:
            raise CopyError("it names no key")
        key = trust_list.find(signed.kid, Purpose.STATUS, now)
        if signed.alg != algorithm_named(key.algorithm).cose:
            raise CopyError("another algorithm than the key's")
        key.verify(signed.signature, signed.signed_bytes(COPY_AAD))
    except KeysError as error:
        raise CopyError("not a copy of this city") from error
    copy = read_copy(signed.payload)
    if copy.issued > now + SKEW:
        raise CopyError("made in the future; look at the clock")
    if now >= copy.expires:
        raise CopyError("it has expired")
    return copy


def read_copy(payload: bytes) -> LicenceCopy:
    """Read a payload; raises CopyError."""
    try:
        body: Any = loads(payload)
    except KeysError as error:
        raise CopyError("not a copy of this format") from error
    if not isinstance(body, dict) or body.keys() != _FIELDS:
        raise CopyError("not a copy of this format")
    if not all(isinstance(body[name], str) and 0 < len(body[name]) <= LONGEST_TEXT for name in _TEXTS):
        raise CopyError("texts out of range")
    if not _ID.fullmatch(body["id"]):
        raise CopyError("texts out of range")
    claims = body["claims"]
    if not isinstance(claims, dict) or not all(
        isinstance(name, str) and isinstance(value, str | int) for name, value in claims.items()
    ):
        raise CopyError("claims out of range")
    issued, expires = body["issued"], body["expires"]
    if type(issued) is not int or type(expires) is not int or not 0 <= issued < expires < MAX_TIME:
        raise CopyError("times out of range")
    if expires - issued > MAX_LIFETIME:
        raise CopyError("it lives longer than a copy may")
    return LicenceCopy(**body)
