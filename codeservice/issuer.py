"""The issuer: checks what it is about to sign, then signs grants. Where an index comes from is the store's matter."""

from codeservice.code import (
    FORMS,
    MAX_GRANT,
    MAX_GRANT_LIFETIME,
    MAX_SERVED_LIFETIME,
    Grant,
    Kind,
    read_grant,
    write_grant,
)
from codeservice.errors import Rejected
from keys.algorithms import ES256, Algorithm, algorithm_named
from keys.cbor import dumps
from keys.cose import Sign, read_sign1
from keys.errors import BadKeyError, KeyNotUsableError
from keys.key import PublicKey
from keys.signer import Signer

BACKDATE = 60
"""Seconds by which nbf precedes issuing, so that a verifier whose clock is a little slow accepts a fresh grant."""


PAPER_LIFE = 180 * 24 * 3600
"""Seconds a print is good."""

LIFETIMES = {Kind.DEVICE: MAX_GRANT_LIFETIME, Kind.SERVED: MAX_SERVED_LIFETIME, Kind.PAPER: PAPER_LIFE}
"""Longest time from issue to end, for each kind."""


class UnsafeGrantError(Exception):
    """The issuer was asked to sign something that its rules forbid."""


def require_device_key(point: bytes, *, algorithm: str) -> None:
    """Raise UnsafeGrantError unless `point` is a usable public key of `algorithm`."""
    try:
        algorithm_named(algorithm).load(point)
    except BadKeyError as error:
        raise UnsafeGrantError("not a usable device key") from error


def issue(grant: Grant, *, signer: Signer, now: int, kind: Kind = Kind.DEVICE) -> bytes:
    """Sign a grant of a kind at `now`; returns COSE_Sign1 bytes.

    Raises UnsafeGrantError before the key is touched, or KeyNotUsableError.
    """
    require_safe(grant, kind, signer.key, now)
    return _write(grant, kind, signer.key, lambda message: signer.sign(message, now=now))


def require_safe(grant: Grant, kind: Kind, key: PublicKey, now: int) -> None:
    """Raise UnsafeGrantError, or KeyNotUsableError, unless `key` may sign this grant at `now`."""
    if key.purpose is not FORMS[kind].purpose:
        raise KeyNotUsableError(f"the key is for {key.purpose}")
    if (grant.device is not None) != (kind is Kind.DEVICE):
        raise UnsafeGrantError("device codes bind a device key, and only they")
    if grant.device is not None:
        require_device_key(grant.device, algorithm=key.algorithm)
    if not 0 < grant.expires - grant.issued <= LIFETIMES[kind]:
        raise UnsafeGrantError("lifetime out of bounds")
    if grant.issued < now - BACKDATE:
        raise UnsafeGrantError("backdated too far")
    if grant.scenes == 0:
        raise UnsafeGrantError("a grant for no scene")
    # What a verifier could not read is found on a copy with an empty signature, before the key is reached.
    draft = _write(grant, kind, key, lambda _message: bytes(algorithm_named(key.algorithm).signature_size))
    _require_readable(grant, kind, draft)
    if len(draft) > _largest(algorithm_named(key.algorithm)):
        raise UnsafeGrantError("too large for a QR code of version 10; leave out entitlements")
    # A grant must die while its key still verifies, or an honest code would be refused. Paper outlives keys: a rotation
    # of the paper key has to leave the old one verifying until the last print has ended.
    if grant.expires > key.verify_until:
        raise KeyNotUsableError("the key stops verifying before the grant ends")


def _largest(algorithm: Algorithm) -> int:
    # The phone's layer names the algorithm once more.
    return MAX_GRANT + len(dumps(ES256.cose)) - len(dumps(algorithm.cose))


def _write(grant: Grant, kind: Kind, key: PublicKey, sign: Sign) -> bytes:
    return write_grant(kind, grant, key=key, algorithm=algorithm_named(key.algorithm), sign=sign)


def _require_readable(grant: Grant, kind: Kind, draft: bytes) -> None:
    try:
        read = read_grant(kind, read_sign1(draft))
    except Rejected as rejection:
        raise UnsafeGrantError("no verifier could read it") from rejection
    if read != grant:
        raise UnsafeGrantError("a verifier would read something else")
