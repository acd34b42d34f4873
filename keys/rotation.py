"""Pure steps from one trust list to the next: publish, rotate, kill, extend, new roots. Signing happens elsewhere."""

from collections.abc import Iterable
from dataclasses import replace

from keys.errors import TrustListError
from keys.key import PublicKey, Purpose
from keys.trustlist import Root, TrustList

PUBLISH_AHEAD = 24 * 3600
"""Seconds between the publication of a key and its first signature, so that offline verifiers have it in time."""

ROTATE_AHEAD = 60 * 24 * 3600
"""Seconds before the end of the newest key of a purpose in which the next one is due."""


def begin(roots: tuple[Root, ...], threshold: int, keys: list[PublicKey], *, now: int, lifetime: int) -> TrustList:
    """Make the first list; its keys may sign at once because no verifier exists yet."""
    require_reachable(len({root.kid for root in roots}), threshold)
    return TrustList(1, now, now + lifetime, threshold, roots, {key.kid: key for key in keys}, frozenset())


def publish(
    current: TrustList, keys: Iterable[PublicKey], *, now: int, lifetime: int, emergency: bool = False
) -> TrustList:
    """Add keys; raises TrustListError when verifiers could not have them before they sign, or when one is known.

    `emergency` lets a key sign at once: verifiers without a network refuse its codes until they meet a newer list.
    """
    added = {key.kid: key for key in keys}
    if added.keys() & (current.keys.keys() | current.killed):
        raise TrustListError("the key was in a list before; make a new one")
    if not emergency and any(key.sign_from < now + PUBLISH_AHEAD for key in added.values()):
        raise TrustListError(f"a key must be published {PUBLISH_AHEAD // 3600} hours before it signs")
    return _next(current, now, lifetime, keys=current.keys | added)


def due(current: TrustList, now: int) -> dict[Purpose, int]:
    """Return the purposes whose next key is due, and when it has to begin: a day from now, or as the last one ends."""
    last = {purpose: max(_ends(current, purpose), default=now) for purpose in Purpose}
    earliest = now + PUBLISH_AHEAD + 3600
    return {
        purpose: max(earliest, end - ROTATE_AHEAD // 2) for purpose, end in last.items() if end < now + ROTATE_AHEAD
    }


def kill(current: TrustList, kid: bytes, *, now: int, lifetime: int) -> TrustList:
    """Kill a key for ever; raises TrustListError when the list never held it."""
    if kid not in current.keys:
        raise TrustListError("no such key in the list; inspect shows its keys")
    if kid in current.killed:
        raise TrustListError("the key is dead already")
    return _next(current, now, lifetime, killed=current.killed | {kid})


def extend(current: TrustList, *, now: int, lifetime: int) -> TrustList:
    """Renew the list; keys whose verification has ended fall out, and their identifiers never come back."""
    kept = {kid: key for kid, key in current.keys.items() if now < key.verify_until}
    return _next(current, now, lifetime, keys=kept, killed=current.killed | (current.keys.keys() - kept.keys()))


def change_roots(current: TrustList, roots: tuple[Root, ...], threshold: int, *, now: int, lifetime: int) -> TrustList:
    """Name new roots; the old ones and the new ones sign this list, each by their own threshold."""
    require_reachable(len({root.kid for root in roots}), threshold)
    return replace(_next(current, now, lifetime), roots=roots, threshold=threshold)


def require_reachable(roots: int, threshold: int) -> None:
    """Raise TrustListError unless so many roots can reach the threshold."""
    if not 1 <= threshold <= roots:
        raise TrustListError("the threshold must lie between one and the number of roots")


def _ends(current: TrustList, purpose: Purpose) -> list[int]:
    alive = [key for kid, key in current.keys.items() if kid not in current.killed]
    return [key.sign_until for key in alive if key.purpose is purpose]


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
