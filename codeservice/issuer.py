"""The issuer: checks what it is about to sign, then signs grants. Where an index comes from is the store's matter."""

from codeservice.code import MAX_GRANT_LIFETIME, Grant, Kind, read_grant, write_grant
from codeservice.errors import Rejected
from keys.algorithms import algorithm_named
from keys.cose import read_sign1
from keys.errors import BadKeyError, KeyNotUsableError
from keys.key import Purpose
from keys.signer import Signer

BACKDATE = 60
"""Seconds by which nbf precedes issuing, so that a verifier whose clock is a little slow accepts a fresh grant."""


class UnsafeGrantError(Exception):
    """The issuer was asked to sign something that its rules forbid."""


def require_device_key(point: bytes, *, algorithm: str) -> None:
    """Raise UnsafeGrantError unless `point` is a usable public key of `algorithm`."""
    try:
        algorithm_named(algorithm).load(point)
    except BadKeyError as error:
        raise UnsafeGrantError("not a usable device key") from error


def issue(grant: Grant, *, signer: Signer, now: int) -> bytes:
    """Sign a device grant at `now`; raises UnsafeGrantError before the key is touched, or KeyNotUsableError."""
    _require_safe(grant, signer, now)
    return write_grant(
        Kind.DEVICE,
        grant,
        key=signer.key,
        algorithm=algorithm_named(signer.key.algorithm),
        sign=lambda message: signer.sign(message, now=now),
    )


def _require_safe(grant: Grant, signer: Signer, now: int) -> None:
    if signer.key.purpose is not Purpose.GRANT:
        raise KeyNotUsableError(f"the key is for {signer.key.purpose}")
    if grant.device is None:
        raise UnsafeGrantError("a grant must bind a device key")
    require_device_key(grant.device, algorithm=signer.key.algorithm)
    if not 0 < grant.expires - grant.issued <= MAX_GRANT_LIFETIME:
        raise UnsafeGrantError("lifetime out of bounds")
    if grant.issued < now - BACKDATE:
        raise UnsafeGrantError("backdated too far")
    if grant.scenes == 0:
        raise UnsafeGrantError("a grant for no scene")
    _require_readable(grant, signer)
    # A grant must die while its key still verifies, or an honest code would be refused.
    if grant.expires > signer.key.verify_until:
        raise KeyNotUsableError("the key stops verifying before the grant ends")


def _require_readable(grant: Grant, signer: Signer) -> None:
    # What a verifier could not read is found on a copy with an empty signature, before the key is reached.
    algorithm = algorithm_named(signer.key.algorithm)
    draft = write_grant(
        Kind.DEVICE, grant, key=signer.key, algorithm=algorithm, sign=lambda _message: bytes(algorithm.signature_size)
    )
    try:
        read = read_grant(Kind.DEVICE, read_sign1(draft))
    except Rejected as rejection:
        raise UnsafeGrantError("no verifier could read it") from rejection
    if read != grant:
        raise UnsafeGrantError("a verifier would read something else")
