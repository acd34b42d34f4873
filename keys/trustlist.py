"""The trust list: the versioned, root-signed list of keys that a verifier accepts.

Rules only, no I/O. A list is one COSE_Sign message (RFC 9052 section 4.1) over a deterministic CBOR map; each root
signs on its own. `accept` takes lists in the order of the rules:

1. the bytes are one COSE_Sign of this schema;
2. distinct roots of the list in force reach its threshold, and distinct roots named in the new list reach the new one;
3. the version is the successor of the version in force, or the same bytes again;
4. killed keys stay killed; every other key stays with its point, purpose, algorithm and beginning, or is killed: an
   identifier that was in a list once never means anything else. The ends of a key may come nearer, never move away;
5. the list is issued neither in the future nor before the one in force, and lives for at most `MAX_LIFETIME`.

Expiry is not a rule of acceptance: an expired list may lead to a newer one. It is a rule of use: `find` refuses.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import ALG, KID, Sign
from keys.errors import AlgorithmUnavailableError, KeyNotUsableError, KeysError, RollbackError, TrustListError
from keys.key import KeyState, PublicKey, Purpose, kid_of

TRUST_AAD = b"CC1 trust"
MAX_TRUST_LIST = 65_536
"""Bytes of the largest list that is read: room for about 500 keys."""

MAX_LIFETIME = 366 * 24 * 3600
"""Seconds of the longest list: stolen roots cannot write one that is never asked for again."""

_FORMAT = 1
_FIELDS = {"format", "version", "issued", "expires", "threshold", "roots", "keys", "killed"}
_KEY_FIELDS = {"alg", "use", "point", "from", "until", "verify"}
_Signature = tuple[bytes, bytes, bytes]
"""Protected header, kid and signature of one root."""

_IDENTITY = "identity"
MAX_IDENTITY = 64
"""Bytes of the longest identity of a signer."""


@dataclass(frozen=True)
class Root:
    """An offline key that signs trust lists."""

    algorithm: str
    public: bytes

    @property
    def kid(self) -> bytes:
        """The identifier derived from the key."""
        return kid_of(self.algorithm, self.public)


@dataclass(frozen=True)
class TrustList:
    """Keys by identifier, the roots that rule them, and the identifiers of killed keys. Times are epoch seconds."""

    version: int
    issued: int
    expires: int
    threshold: int
    roots: tuple[Root, ...]
    keys: dict[bytes, PublicKey]
    killed: frozenset[bytes]
    digest: bytes = field(default=b"", compare=False)

    def find(self, kid: bytes, purpose: Purpose, now: int) -> PublicKey:
        """Return the key that may verify signatures of `purpose` at `now`.

        Raises KeyNotUsableError; `UnknownKeyError` for a key that the list does not hold, or no longer.
        """
        if now >= self.expires:
            raise ExpiredListError("the trust list has expired; fetch a newer one")
        key = self.keys.get(kid)
        if key is None or kid in self.killed:
            raise UnknownKeyError("no such key in the trust list")
        if key.purpose is not purpose:
            raise WrongPurposeError(f"the key is for {key.purpose}")
        if key.state(now) not in (KeyState.SIGNING, KeyState.VERIFYING):
            raise UnknownKeyError("the key is not in its time")
        return key

    def signing(self, purpose: Purpose, now: int) -> list[PublicKey]:
        """Return the keys that may sign for `purpose` at `now`, the newest first; raises KeyNotUsableError if none."""
        if now >= self.expires:
            raise ExpiredListError("the trust list has expired; fetch a newer one")
        candidates = [
            key
            for kid, key in self.keys.items()
            if key.purpose is purpose and kid not in self.killed and key.state(now) is KeyState.SIGNING
        ]
        if not candidates:
            raise KeyNotUsableError(f"no key may sign for {purpose} now")
        return sorted(candidates, key=lambda key: (key.sign_from, key.kid), reverse=True)


class UnknownKeyError(KeyNotUsableError):
    """The list does not hold the key, or it was killed, or it is out of its time."""


class WrongPurposeError(KeyNotUsableError):
    """The key is for something else."""


class ExpiredListError(KeyNotUsableError):
    """The list is too old to decide anything."""


def write(trust_list: TrustList) -> bytes:
    """Write the payload that roots sign."""
    return dumps(
        {
            "format": _FORMAT,
            "version": trust_list.version,
            "issued": trust_list.issued,
            "expires": trust_list.expires,
            "threshold": trust_list.threshold,
            "roots": [[root.algorithm, root.public] for root in trust_list.roots],
            "keys": [_write_key(key) for key in sorted(trust_list.keys.values(), key=lambda key: key.kid)],
            "killed": sorted(trust_list.killed),
        }
    )


def sign(payload: bytes, signers: Iterable[tuple[Root, Sign]]) -> bytes:
    """Sign a payload with every given root; returns the untagged COSE_Sign."""
    return _write_signed(payload, [_signature(payload, root, sign_bytes) for root, sign_bytes in signers])


def countersign(data: bytes, signers: Iterable[tuple[Root, Sign]]) -> bytes:
    """Add signatures to a list; a root that signed before signs again. Raises TrustListError."""
    payload, before = _take_apart(data)
    added = [_signature(payload, root, sign_bytes) for root, sign_bytes in signers]
    again = {kid for _, kid, _ in added}
    return _write_signed(payload, [*(entry for entry in before if entry[1] not in again), *added])


def read_unsigned(data: bytes) -> TrustList:
    """Read a list that not enough roots have signed yet: for those who are asked to sign it, never for a verifier."""
    payload, _ = _take_apart(data)
    return _read(payload)


def missing(current: TrustList, data: bytes) -> int:
    """Return how many signatures a successor of `current` lacks: of its own roots or of the new ones, the more."""
    payload, signatures = _take_apart(data)
    offered = _read(payload)
    return max(
        0,
        *(ruling.threshold - len(_signed_by(payload, signatures, ruling.roots)) for ruling in (current, offered)),
    )


def first(data: bytes, *, roots: Iterable[Root], threshold: int, now: int) -> TrustList:
    """Read a list when none is in force yet, trusting `roots` handed over by other means; raises TrustListError."""
    payload, signatures = _take_apart(data)
    # Signatures first: what nobody signed is not worth reading.
    _require_threshold(payload, signatures, tuple(roots), threshold)
    trust_list = _read(payload)
    _require_threshold(payload, signatures, trust_list.roots, trust_list.threshold)
    _require_time(trust_list, now)
    return trust_list


def accept(current: TrustList, data: bytes, *, now: int) -> TrustList:
    """Read the successor of `current` by the rules above; raises TrustListError and leaves `current` in force."""
    payload, signatures = _take_apart(data)
    _require_threshold(payload, signatures, current.roots, current.threshold)
    offered = _read(payload)
    _require_threshold(payload, signatures, offered.roots, offered.threshold)
    if offered.version == current.version and offered.digest == current.digest:
        return current
    require_successor(current, offered, now)
    return offered


def require_successor(current: TrustList, offered: TrustList, now: int) -> None:
    """Raise TrustListError unless `offered` may follow `current`, signatures aside: rules 3 to 5."""
    if offered.version != current.version + 1:
        raise RollbackError(f"version {offered.version} does not follow {current.version}")
    _require_append_only(current, offered)
    if offered.issued < current.issued:
        raise RollbackError("issued before the list that it follows")
    _require_time(offered, now)


def _require_append_only(current: TrustList, offered: TrustList) -> None:
    if not current.killed <= offered.killed:
        raise TrustListError("a killed key would come back")
    for kid, before in current.keys.items():
        key = offered.keys.get(kid)
        if key is None:
            if kid not in offered.killed:
                raise TrustListError("a key would be dropped without a trace, and could come back as something else")
        elif _what(before) != _what(key):
            raise TrustListError("a key would change its purpose or its beginning")
        elif key.sign_until > before.sign_until or key.verify_until > before.verify_until:
            raise TrustListError("a key would live longer than was published")
    if offered.killed & (offered.keys.keys() - current.keys.keys()):
        raise TrustListError("a killed key would come back")


def _what(key: PublicKey) -> tuple[object, ...]:
    return key.purpose, key.public, key.algorithm, key.identity, key.sign_from


def _require_time(offered: TrustList, now: int) -> None:
    if offered.issued > now:
        raise TrustListError("issued in the future")
    if offered.expires <= offered.issued:
        raise TrustListError("expires before it was issued")
    if offered.expires - offered.issued > MAX_LIFETIME:
        raise TrustListError(f"valid for more than {MAX_LIFETIME // 86400} days")


def _require_threshold(payload: bytes, signatures: list[_Signature], roots: tuple[Root, ...], threshold: int) -> None:
    if threshold < 1 or len({root.kid for root in roots}) < threshold:
        raise TrustListError("the threshold is not reachable")
    valid = _signed_by(payload, signatures, roots)
    if len(valid) < threshold:
        raise TrustListError(f"signed by {len(valid)} of the {threshold} roots needed")


def _signed_by(payload: bytes, signatures: list[_Signature], roots: tuple[Root, ...]) -> set[bytes]:
    by_kid = {root.kid: root for root in roots}
    return {
        kid for protected, kid, signature in signatures if _is_signed(by_kid.get(kid), protected, payload, signature)
    }


def _signature(payload: bytes, root: Root, sign_bytes: Sign) -> _Signature:
    protected = dumps({ALG: algorithm_named(root.algorithm).cose, KID: root.kid})
    return protected, root.kid, sign_bytes(_signed_bytes(protected, payload))


def _write_signed(payload: bytes, signatures: Iterable[_Signature]) -> bytes:
    return dumps([b"", {}, payload, [[protected, {}, signature] for protected, _, signature in signatures]])


def _is_signed(root: Root | None, protected: bytes, payload: bytes, signature: bytes) -> bool:
    if root is None or protected != dumps({ALG: algorithm_named(root.algorithm).cose, KID: root.kid}):
        return False
    try:
        algorithm_named(root.algorithm).load(root.public)(signature, _signed_bytes(protected, payload))
    except AlgorithmUnavailableError as error:
        raise TrustListError(str(error)) from error
    except KeysError:
        return False
    return True


def _signed_bytes(protected: bytes, payload: bytes) -> bytes:
    return dumps(["Signature", b"", protected, TRUST_AAD, payload])


def _take_apart(data: bytes) -> tuple[bytes, list[_Signature]]:
    if len(data) > MAX_TRUST_LIST:
        raise TrustListError("too large")
    try:
        message = loads(data)
    except KeysError as error:
        raise TrustListError("not a COSE_Sign message") from error
    match message:
        case [b"", {**body}, bytes(payload), list(signatures)] if not body:
            entries = [_entry(signature) for signature in signatures]
            # One check for one root: a list that names a root a thousand times must not cost a thousand checks.
            if len({kid for _, kid, _ in entries}) != len(entries):
                raise TrustListError("a root signed twice")
            return payload, entries
        case _:
            raise TrustListError("not a COSE_Sign message")


def _entry(signature: object) -> _Signature:
    match signature:
        case [bytes(protected), {**unprotected}, bytes(raw)] if not unprotected:
            return protected, _kid(protected), raw
        case _:
            raise TrustListError("not a COSE_Signature")


def _kid(protected: bytes) -> bytes:
    try:
        header = loads(protected)
    except KeysError as error:
        raise TrustListError("not a COSE_Signature") from error
    match header:
        case {4: bytes(kid)}:
            return kid
        case _:
            raise TrustListError("a signature names no key")


def _read(payload: bytes) -> TrustList:
    try:
        body = loads(payload)
        return _build(body, hashlib.sha256(payload).digest())
    except AlgorithmUnavailableError as error:
        raise TrustListError(str(error)) from error
    except (KeysError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrustListError("not a trust list of this format") from error


def _build(body: dict[str, Any], digest: bytes) -> TrustList:
    lists = [body[name] for name in ("roots", "keys", "killed")] if body.keys() == _FIELDS else [None]
    if not all(isinstance(entry, list) for entry in lists):
        raise TrustListError("not a trust list of this format")
    numbers = [body[name] for name in ("format", "version", "issued", "expires", "threshold")]
    if any(isinstance(number, bool) or not isinstance(number, int) or number < 0 for number in numbers):
        raise TrustListError("not a trust list of this format")
    roots = tuple(Root(algorithm, public) for algorithm, public in body["roots"])
    for root in roots:
        algorithm_named(root.algorithm).load(root.public)
    keys = [_read_key(entry) for entry in body["keys"]]
    killed = frozenset(body["killed"])
    if len({key.kid for key in keys}) != len(keys) or not all(isinstance(kid, bytes) for kid in killed):
        raise TrustListError("a key stands twice, or a killed identifier is no byte string")
    format_, version, issued, expires, threshold = numbers
    if format_ != _FORMAT:
        raise TrustListError("not a trust list of this format")
    return TrustList(version, issued, expires, threshold, roots, {key.kid: key for key in keys}, killed, digest)


def _write_key(key: PublicKey) -> dict[str, object]:
    identity = {_IDENTITY: key.identity} if key.identity else {}
    return identity | {
        "alg": key.algorithm,
        "use": key.purpose.value,
        "point": key.public,
        "from": key.sign_from,
        "until": key.sign_until,
        "verify": key.verify_until,
    }


def _read_key(entry: dict[str, Any]) -> PublicKey:
    identity = entry.get(_IDENTITY, b"")
    if entry.keys() - {_IDENTITY} != _KEY_FIELDS or not isinstance(identity, bytes) or len(identity) > MAX_IDENTITY:
        raise TrustListError("not a key of this format")
    if _IDENTITY in entry and not identity:
        raise TrustListError("an empty identity is left out")
    begins, ends, verifies = (entry[name] for name in ("from", "until", "verify"))
    times = [begins, ends, verifies]
    if any(isinstance(time, bool) or not isinstance(time, int) for time in times) or times != sorted(times):
        raise TrustListError("the times of a key are out of order")
    kid = kid_of(entry["alg"], entry["point"])
    return PublicKey(kid, entry["alg"], Purpose(entry["use"]), entry["point"], begins, ends, verifies, identity)
