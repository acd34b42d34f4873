"""What a verifier without a network goes by: every revoked and suspended place at one moment, and what changed since.

A snapshot or a delta is one COSE_Sign1 under a status key. Its version is the second in which it was made, so that
nobody can push the version ahead of the clock. A delta continues exactly one state: it names its version and the digest
of its lists, whichever documents led there. What does not fit is refused, and the whole is fetched again. Of each list
that changed, a delta carries the newly revoked places and those whose suspension began or ended; it names the lists
that have retired.

What was revoked once stays revoked at the verifier as long as its list lives, whatever a later document leaves out.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from codeservice import places
from codeservice.code import MAX_LIST, MAX_TIME
from codeservice.places import MAX_SIZE, PlacesError
from codeservice.status import Status
from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import UnverifiedSign1, read_sign1, sign1
from keys.errors import BadSignatureError, KeysError
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList

SNAPSHOT_AAD, DELTA_AAD = b"CC1 snapshot", b"CC1 delta"
MAX_DOCUMENT = 1 << 24
"""Bytes of the largest document that is read."""

MAX_LISTS = 4096
MAX_PLACES = 1 << 28
"""Places of all lists of one state: 64 MB in its two bit arrays, and a grant a day for four days for 60 million people.

A document of a few kilobytes could name lists of a gigabyte; a terminal must survive even a stolen status key.
"""

MAX_LIFETIME = 24 * 3600
"""Seconds from the moment of a document to its end: after that a verifier cannot tell."""

_DIGEST_SIZE = 16

SKEW = 30
"""Seconds that a document may be ahead of the verifier's clock."""

_VERSION, _EXPIRES, _LISTS, _BASE, _DIGEST, _RETIRED = 1, 2, 3, 4, 5, 6
_DELTA = (_BASE, _DIGEST, _RETIRED)

_COSE_SIGN1, _EMPTY_MAP = b"\x84", b"\xa0"
_BSTR = 0x40
_WIDTHS = {0x58: 1, 0x59: 2, 0x5A: 4}
"""Bytes of the length behind the head of a longer byte string (RFC 8949 section 3)."""

_MAX_HEADER = 64


class SnapshotError(Exception):
    """A document is refused; the state in force stays as it is."""


class BaseError(SnapshotError):
    """A delta continues another state: fetch the whole snapshot."""


class OlderError(SnapshotError):
    """The document is older than the state in force."""


class Marks(NamedTuple):
    """The marked places of one list: two bit arrays over `size` places."""

    size: int
    revoked: bytes
    suspended: bytes


@dataclass(frozen=True)
class Snapshot:
    """The status of every living grant at `version`, in epoch seconds; `digest` is that of its lists."""

    version: int
    expires: int
    lists: Mapping[int, Marks]
    digest: bytes

    @classmethod
    def of(cls, version: int, expires: int, lists: Mapping[int, Marks]) -> "Snapshot":
        """Make a state of its lists."""
        content = hashlib.sha256()
        for id_, marks in sorted(lists.items()):
            # Sizes first: no two states give the same bytes.
            content.update(struct.pack(">HI", id_, marks.size))
            content.update(marks.revoked)
            content.update(marks.suspended)
        return cls(version, expires, lists, content.digest()[:_DIGEST_SIZE])

    def status(self, list_: int, idx: int) -> Status | None:
        """Return the status of a place; None for a list that is newer than this snapshot, or retired."""
        marks = self.lists.get(list_)
        if marks is None:
            return None
        if not 0 <= idx < marks.size:
            # Nobody was ever given this place.
            return Status.REVOKED
        at, bit = idx >> 3, idx & 7
        if marks.revoked[at] >> bit & 1:
            return Status.REVOKED
        return Status.SUSPENDED if marks.suspended[at] >> bit & 1 else Status.VALID


def write_snapshot(version: int, expires: int, lists: Mapping[int, Marks]) -> bytes:
    """Write the payload of a whole snapshot."""
    entries = [_entry(id_, marks) for id_, marks in sorted(lists.items())]
    return dumps({_VERSION: version, _EXPIRES: expires, _LISTS: entries})


def write_delta(before: Snapshot, version: int, expires: int, lists: Mapping[int, Marks]) -> bytes:
    """Write the payload that leads from `before` to `lists`; raises SnapshotError when a list changed its size."""
    entries = []
    for id_, marks in sorted(lists.items()):
        known = before.lists.get(id_)
        if known is None:
            entries.append(_entry(id_, marks))
        elif known.size != marks.size:
            raise SnapshotError("a list never changes its size")
        elif known != marks:
            revoked = places.without(marks.revoked, known.revoked)
            suspended = places.changed(known.suspended, marks.suspended)
            entries.append([id_, places.write(revoked), places.write(suspended)])
    body: dict[int, object] = {_VERSION: version, _EXPIRES: expires, _LISTS: entries}
    body |= {_BASE: before.version, _DIGEST: before.digest, _RETIRED: sorted(before.lists.keys() - lists.keys())}
    return dumps(body)


def resume(payload: bytes, deltas: Iterable[bytes]) -> Snapshot:
    """Read again what a verifier has accepted before and kept as its own: a payload of `write_snapshot`, then deltas.

    Nothing is verified: only for a store that nobody else can write. Raises SnapshotError.
    """
    try:
        version, expires, lists, rest = _take_body(loads(payload))
        if rest:
            raise SnapshotError("not a snapshot of this format")
        state = Snapshot.of(version, expires, _read_snapshot(None, lists))
        for delta in deltas:
            version, expires, lists, rest = _take_body(loads(delta))
            state = Snapshot.of(version, expires, _read_delta(_require_base(state, rest), lists, rest))
    except (KeysError, PlacesError) as error:
        raise SnapshotError("not a state that was kept") from error
    return state


class Document(NamedTuple):
    """What is kept of a document that was accepted: who signed it, its payload, and whether it continues a state."""

    kid: bytes
    payload: bytes
    is_delta: bool


def open_document(data: bytes) -> Document:
    """Take apart a document that `accept` has taken."""
    signed = read_sign1(data)
    return Document(signed.kid or b"", signed.payload, _BASE in loads(signed.payload))


def sign(payload: bytes, aad: bytes, *, signer: Signer, now: int) -> bytes:
    """Sign a payload with the status key; raises KeyNotUsableError or SignerError."""
    alg = algorithm_named(signer.key.algorithm).cose
    return sign1(payload, alg=alg, kid=signer.key.kid, external_aad=aad, sign=lambda data: signer.sign(data, now=now))


def accept(current: Snapshot | None, data: bytes, *, trust_list: TrustList, now: int) -> Snapshot:
    """Read a snapshot or a delta and return the state after it; `current` itself when it has that version already.

    Raises SnapshotError and leaves `current` as it is; BaseError and OlderError say what to do.
    """
    if len(data) > MAX_DOCUMENT:
        raise SnapshotError("too large")
    _require_flat(data)
    try:
        signed = read_sign1(data)
        is_delta = _is_delta(signed, trust_list, now)
        version, expires, lists, rest = _read_body(loads(signed.payload), now)
        if current is not None and version == current.version:
            return current
        if current is not None and version < current.version:
            raise OlderError("older than the state in force")
        if is_delta:
            after = _read_delta(_require_base(current, rest), lists, rest)
        elif rest:
            raise SnapshotError("not a snapshot of this format")
        else:
            after = _read_snapshot(current, lists)
        return Snapshot.of(version, expires, after)
    except (KeysError, PlacesError) as error:
        raise SnapshotError(f"not a document of this city: {error}") from error


def _require_flat(data: bytes) -> None:
    # What nobody signed may not cost much: megabytes of empty arrays would be read as a gigabyte of lists.
    header = _end_of_bytes(data, 1)
    payload = _end_of_bytes(data, header + 1)
    heads = data[:1], data[header : header + 1], _end_of_bytes(data, payload)
    if header > _MAX_HEADER or heads != (_COSE_SIGN1, _EMPTY_MAP, len(data)):
        raise SnapshotError("not a signed document")


def _end_of_bytes(data: bytes, at: int) -> int:
    head = data[at] if at < len(data) else 0
    if not _BSTR <= head <= max(_WIDTHS):
        raise SnapshotError("not a signed document")
    begin = at + 1 + _WIDTHS.get(head, 0)
    return begin + (int.from_bytes(data[at + 1 : begin]) if head in _WIDTHS else head - _BSTR)


def _is_delta(signed: UnverifiedSign1, trust_list: TrustList, now: int) -> bool:
    """Check the signature; returns for which of the two uses it was made."""
    if signed.kid is None:
        raise SnapshotError("it names no key")
    key = trust_list.find(signed.kid, Purpose.STATUS, now)
    if signed.alg != algorithm_named(key.algorithm).cose:
        raise SnapshotError("another algorithm than the key's")
    try:
        key.verify(signed.signature, signed.signed_bytes(DELTA_AAD))
    except BadSignatureError:
        key.verify(signed.signature, signed.signed_bytes(SNAPSHOT_AAD))
        return False
    return True


def _read_body(body: object, now: int) -> tuple[int, int, list[object], dict[object, object]]:
    version, expires, lists, rest = _take_body(body)
    if version > now + SKEW:
        raise SnapshotError("made in the future; look at the clock")
    return version, expires, lists, rest


def _take_body(body: object) -> tuple[int, int, list[object], dict[object, object]]:
    match body:
        case {1: int(version), 2: int(expires), 3: list(lists), **rest}:
            if not (_is_below(version, MAX_TIME) and _is_below(expires, MAX_TIME)):
                raise SnapshotError("times out of range")
        case _:
            raise SnapshotError("not a document of this format")
    if not version < expires <= version + MAX_LIFETIME:
        raise SnapshotError("it lives longer than a document may")
    return version, expires, lists, rest


def _require_base(current: Snapshot | None, rest: dict[object, object]) -> Snapshot:
    if current is None or (rest.get(_BASE), rest.get(_DIGEST)) != (current.version, current.digest):
        raise BaseError("it continues another state; fetch the snapshot")
    return current


def _read_snapshot(current: Snapshot | None, lists: list[object]) -> dict[int, Marks]:
    known: Mapping[int, Marks] = current.lists if current is not None else {}
    after = _gather(map(_read_whole, lists), {})
    _require_ascending(list(after), len(lists))
    for id_, marks in after.items():
        before = known.get(id_)
        if before is None:
            continue
        if before.size != marks.size:
            # Nor may what was revoked come back in a list that only looks like another.
            raise SnapshotError("a list never changes its size")
        after[id_] = marks._replace(revoked=places.union(before.revoked, marks.revoked))
    return after


def _read_delta(current: Snapshot, lists: list[object], rest: dict[object, object]) -> dict[int, Marks]:
    retired = rest.get(_RETIRED)
    if rest.keys() != set(_DELTA) or not isinstance(retired, list) or not all(map(_is_list_number, retired)):
        raise SnapshotError("not a delta of this format")
    _require_ascending(retired, len(retired))
    gone = set(retired)
    kept = {id_: marks for id_, marks in current.lists.items() if id_ not in gone}
    changed = _gather((_read_change(entry, current.lists) for entry in lists), kept)
    _require_ascending(list(changed), len(lists))
    if not gone <= current.lists.keys() - changed.keys():
        raise SnapshotError("a list would retire that is not there, or that changes")
    return kept | changed


def _gather(entries: Iterable[tuple[int, Marks]], kept: Mapping[int, Marks]) -> dict[int, Marks]:
    # Entry by entry, so that what is too much is never made.
    lists: dict[int, Marks] = {}
    count, room = len(kept), MAX_PLACES - sum(marks.size for marks in kept.values())
    for id_, marks in entries:
        lists[id_] = marks
        if id_ not in kept:
            count, room = count + 1, room - marks.size
        if room < 0 or count > MAX_LISTS:
            raise SnapshotError("more lists or places than a terminal holds")
    return lists


def _read_change(entry: object, known: Mapping[int, Marks]) -> tuple[int, Marks]:
    match entry:
        case [int(id_), revoked, suspended] if _is_list_number(id_) and id_ in known:
            size, before, idle = known[id_]
            after = places.union(before, places.read(revoked, size))
            return id_, Marks(size, after, places.changed(idle, places.read(suspended, size)))
        case _:
            id_, marks = _read_whole(entry)
            if id_ in known:
                raise SnapshotError("a known list would begin anew")
            return id_, marks


def _read_whole(entry: object) -> tuple[int, Marks]:
    match entry:
        case [int(id_), int(size), revoked, suspended] if (
            _is_list_number(id_) and _is_below(size, MAX_SIZE + 1) and size
        ):
            return id_, Marks(size, places.read(revoked, size), places.read(suspended, size))
        case _:
            raise SnapshotError("not a list of this format")


def _require_ascending(ids: list[int], count: int) -> None:
    if len(ids) != count or ids != sorted(set(ids)):
        raise SnapshotError("lists out of order or repeated")


def _is_list_number(value: object) -> bool:
    return isinstance(value, int) and _is_below(value, MAX_LIST)


def _is_below(value: int, limit: int) -> bool:
    # Exactly int: true is not 1 on the wire.
    return type(value) is int and 0 <= value < limit


def _entry(id_: int, marks: Marks) -> list[object]:
    return [id_, marks.size, places.write(marks.revoked), places.write(marks.suspended)]
