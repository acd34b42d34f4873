"""Pure steps from one trust list to the next: publish a key, kill a key, extend. Signing happens elsewhere."""

from dataclasses import replace

from keys.errors import TrustListError
from keys.key import PublicKey
from keys.trustlist import Root, TrustList

PUBLISH_AHEAD = 24 * 3600
"""Seconds between the publication of a key and its first signature, so that offline verifiers have it in time."""


def begin(roots: tuple[Root, ...], threshold: int, keys: list[PublicKey], *, now: int, lifetime: int) -> TrustList:
    """Make the first list; its keys may sign at once because no verifier exists yet."""
    if not 1 <= threshold <= len({root.kid for root in roots}):
        raise TrustListError("the threshold must lie between one and the number of roots")
    return TrustList(1, now, now + lifetime, threshold, roots, {key.kid: key for key in keys}, frozenset())


def publish(current: TrustList, key: PublicKey, *, now: int, lifetime: int) -> TrustList:
    """Add a key; raises TrustListError when verifiers could not have it before it signs, or when it is known."""
    if key.kid in current.keys or key.kid in current.killed:
        raise TrustListError("the key was in a list before; make a new one")
    if key.sign_from < now + PUBLISH_AHEAD:
        raise TrustListError(f"a key must be published {PUBLISH_AHEAD // 3600} hours before it signs")
    return _next(current, now, lifetime, keys=current.keys | {key.kid: key})


def kill(current: TrustList, kid: bytes, *, now: int, lifetime: int) -> TrustList:
    """Kill a key for ever; raises TrustListError when the list never held it."""
    if kid not in current.keys:
        raise TrustListError("no such key in the list")
    return _next(current, now, lifetime, killed=current.killed | {kid})


def extend(current: TrustList, *, now: int, lifetime: int) -> TrustList:
    """Renew the list; keys whose verification has ended fall out, killed identifiers stay."""
    return _next(current, now, lifetime, keys={kid: key for kid, key in current.keys.items() if now < key.verify_until})


def _next(
    current: TrustList,
    now: int,
    lifetime: int,
    *,
    keys: dict[bytes, PublicKey] | None = None,
    killed: frozenset[bytes] | None = None,
) -> TrustList:
    return replace(
        current,
        version=current.version + 1,
        issued=now,
        expires=now + lifetime,
        keys=current.keys if keys is None else keys,
        killed=current.killed if killed is None else killed,
        digest=b"",
    )
