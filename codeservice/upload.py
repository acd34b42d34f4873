"""What a terminal sends of its scans: numbered without a gap, each in bytes of its own, signed together by its key.

An upload is one COSE_Sign1 under the terminal's key. A number stands for one scan for ever, so that the same upload may
come any number of times, in any order. A scan that cannot be read does not spoil the others.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from codeservice.code import MAX_INDEX, MAX_LIST, MAX_TIME, Kind
from codeservice.reason import UNDETERMINED, Reason
from codeservice.scan import Outcome
from keys.algorithms import ES256
from keys.cbor import dumps, loads
from keys.cose import Sign, UnverifiedSign1, read_sign1, sign1
from keys.errors import KeysError
from keys.jws import parse_json

UPLOAD_AAD = b"CC1 upload"
MEDIA = "application/cose"
MAX_UPLOAD = 60_000
"""Bytes of the largest upload that is read: below the largest body of any request."""

MAX_SCANS = 250
"""Scans of one upload."""

MAX_ITEM = 1024
"""Bytes of one scan; a bus tap has about 150."""

STREAM_SIZE = 8
"""Bytes of the name of a stream: one run of numbers, as long as a terminal keeps its store."""

MAX_SEQ = 1 << 53
_ACT = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_LABEL = re.compile(r"[a-z_][a-z0-9_-]{0,39}@[0-9]{1,10}", re.ASCII)
_TERMINAL = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)

_NAME, _STREAM, _LAST, _ITEMS = 1, 2, 3, 4
_ACT_KEY, _AT, _DEVICE_AT, _OUTCOME, _REASON, _KIND, _USE, _EFFECT, _SNAPSHOT, _ONLINE, _POLICY, _ASKED = range(1, 13)
_ALWAYS = {_ACT_KEY, _AT, _DEVICE_AT, _OUTCOME, _SNAPSHOT, _ONLINE}


class UploadError(Exception):
    """This is no upload, or not of this terminal."""


class ItemError(Exception):
    """This is no scan as a terminal writes it."""


@dataclass(frozen=True)
class UploadedScan:
    """One scan as the terminal decided it; never with the code itself.

    `at` is the time that the terminal kept, `device_at` what the clock of its machine said, both in epoch seconds.
    `use` is (list, idx, iat) where the terminal proved the code. `snapshot` is the version of the lists gone by, 0
    without any. `online` says that the service answered this scan itself, under the same act. `policy` is the version
    of the policy that decided here, `asked` what a trial of another version needs: entitlements, and the body without
    the code.
    """

    act: str
    at: int
    device_at: int
    outcome: Outcome
    reason: Reason | None
    kind: Kind | None
    use: tuple[int, int, int] | None
    effect: Mapping[str, Any] = field(default_factory=dict)
    snapshot: int = 0
    online: bool = False
    policy: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Upload:
    """Some scans of a stream. `last` is the highest number that the terminal has given: what it knows of in all."""

    terminal: str
    stream: bytes
    last: int
    items: tuple[tuple[int, bytes], ...]


def write_item(scan: UploadedScan) -> bytes:
    """Write one scan in its one form."""
    body: dict[int, object] = {
        _ACT_KEY: scan.act,
        _AT: scan.at,
        _DEVICE_AT: scan.device_at,
        _OUTCOME: scan.outcome.value,
        _SNAPSHOT: scan.snapshot,
        _ONLINE: scan.online,
    }
    if scan.reason is not None:
        body[_REASON] = scan.reason.value
    if scan.kind is not None:
        body[_KIND] = scan.kind.value
    if scan.use is not None:
        body[_USE] = list(scan.use)
    if scan.policy is not None:
        body[_POLICY] = scan.policy
    if scan.asked:
        body[_ASKED] = json.dumps(scan.asked, separators=(",", ":"), sort_keys=True).encode()
    if scan.effect:
        body[_EFFECT] = json.dumps(scan.effect, separators=(",", ":"), sort_keys=True).encode()
    return dumps(body)


def read_item(data: bytes) -> UploadedScan:
    """Read one scan; raises ItemError."""
    try:
        body = loads(data) if len(data) <= MAX_ITEM else None
        if not isinstance(body, dict) or not body.keys() >= _ALWAYS or body.keys() - set(range(1, 13)):
            raise ItemError("not a scan of this format")
        return _scan(body)
    except (KeysError, ValueError) as error:
        raise ItemError("not a scan of this format") from error


def _scan(body: dict[int, Any]) -> UploadedScan:
    act, at, device_at, online = body[_ACT_KEY], body[_AT], body[_DEVICE_AT], body[_ONLINE]
    if not isinstance(act, str) or not _ACT.fullmatch(act) or not isinstance(online, bool):
        raise ItemError("not a scan of this format")
    if not all(_is_number(number, MAX_TIME) for number in (at, device_at, body[_SNAPSHOT])):
        raise ItemError("numbers out of range")
    outcome = Outcome(body[_OUTCOME])
    reason = Reason(body[_REASON]) if _REASON in body else None
    kind = Kind(body[_KIND]) if _KIND in body else None
    use = _use(body[_USE]) if _USE in body else None
    # Whose code the service has accepted is in its record; of a digit code the terminal never learns it.
    is_named = online or (use is not None and kind is not None)
    _require_sense(outcome, reason, is_named=is_named, has_effect=_EFFECT in body)
    effect = parse_json(body[_EFFECT]) if isinstance(body.get(_EFFECT), bytes) else {}
    policy = body.get(_POLICY)
    if policy is not None and not (isinstance(policy, str) and _LABEL.fullmatch(policy)):
        raise ItemError("not a version of a policy")
    asked = parse_json(body[_ASKED]) if isinstance(body.get(_ASKED), bytes) else {}
    return UploadedScan(act, at, device_at, outcome, reason, kind, use, effect, body[_SNAPSHOT], online, policy, asked)


def _require_sense(outcome: Outcome, reason: Reason | None, *, is_named: bool, has_effect: bool) -> None:
    if outcome is Outcome.ACCEPTED:
        sensible = reason is None and is_named
    else:
        sensible = (
            reason is not None and not has_effect and (reason in UNDETERMINED) is (outcome is Outcome.UNDETERMINED)
        )
    if not sensible:
        raise ItemError("its parts contradict each other")


def _use(value: object) -> tuple[int, int, int]:
    match value:
        case [list_, idx, iat]:
            if _is_number(list_, MAX_LIST) and _is_number(idx, MAX_INDEX) and _is_number(iat, MAX_TIME):
                return list_, idx, iat
        case _:
            pass
    raise ItemError("not the identity of a showing")


def write_upload(upload: Upload, *, kid: bytes, sign: Sign) -> bytes:
    """Sign an upload with the terminal's key."""
    body = {
        _NAME: upload.terminal,
        _STREAM: upload.stream,
        _LAST: upload.last,
        _ITEMS: [[seq, item] for seq, item in upload.items],
    }
    return sign1(dumps(body), alg=ES256.cose, kid=kid, external_aad=UPLOAD_AAD, sign=sign)


def read_unverified(data: bytes) -> tuple[UnverifiedSign1, Upload]:
    """Read an upload whose signature is still to be checked by `is_signed_by`; raises UploadError."""
    if len(data) > MAX_UPLOAD:
        raise UploadError("too large")
    try:
        signed = read_sign1(data)
        if signed.alg != ES256.cose:
            raise UploadError("another algorithm than a terminal's")
        return signed, _upload(loads(signed.payload))
    except KeysError as error:
        raise UploadError("not an upload") from error


def _upload(body: object) -> Upload:
    match body:
        case {1: str(terminal), 2: bytes(stream), 3: last, 4: list(items), **rest} if not rest:
            named = _TERMINAL.fullmatch(terminal) and len(stream) == STREAM_SIZE
            if named and _is_number(last, MAX_SEQ) and len(items) <= MAX_SCANS:
                read = tuple(_item(item, last) for item in items)
                if [seq for seq, _ in read] == sorted({seq for seq, _ in read}):
                    return Upload(terminal, stream, last, read)
        case _:
            pass
    raise UploadError("not an upload of this format")


def _item(value: object, last: int) -> tuple[int, bytes]:
    match value:
        case [seq, bytes(item)] if _is_number(seq, MAX_SEQ) and 1 <= seq <= last:
            return seq, item
        case _:
            raise UploadError("not a numbered scan")


def is_signed_by(point: bytes, signed: UnverifiedSign1) -> bool:
    """Check the signature with the terminal's public point."""
    try:
        ES256.load(point)(signed.signature, signed.signed_bytes(UPLOAD_AAD))
    except KeysError:
        return False
    return True


def _is_number(value: object, limit: int) -> TypeGuard[int]:
    # Exactly int: true is not 1 on the wire.
    return type(value) is int and 0 <= value < limit
