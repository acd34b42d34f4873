"""The city code, version 1: from text to an unverified code, and from a grant to text. Verifies nothing.

Text is decimal digits: two for the kind, then the bytes of one COSE_Sign1, seven bytes to seventeen digits.
docs/format.md gives every byte. Reading is total: any text gives a code or `Rejected`, and the size is looked at first.
"""

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from codeservice.errors import Rejected
from codeservice.reason import Reason
from keys.algorithms import CURVES, Algorithm
from keys.cbor import dumps, loads
from keys.cose import Sign, UnverifiedSign1, read_sign1, sign1
from keys.errors import KeysError
from keys.key import KID_SIZE, PublicKey, Purpose

MAX_DIGITS = 700
"""Longest text that is read, guide not counted; the largest device code has 651 digits."""

MAX_GRANT_LIFETIME = 72 * 3600
"""Seconds between nbf and exp of a grant."""

MAX_GRANT = 185
"""Bytes of the largest grant under ES256: its device code has 267 bytes, 651 digits, QR version 10 at level L."""

MAX_SERVED_LIFETIME = 60
"""Seconds between iat and exp of a served code."""

_SHORTEST = 3

SHOW_AAD = b"CC1 show"

_GROUP_BYTES, _GROUP_DIGITS = 7, 17
_NUMBER = 8
_TAIL_DIGITS = {0: 0, 1: 3, 2: 5, 3: 8, 4: 10, 5: 13, 6: 15}
_TAIL_BYTES = {digits: size for size, digits in _TAIL_DIGITS.items()}
_DIGITS = re.compile(r"[0-9]+", re.ASCII)

_EXP, _NBF, _IAT, _CNF, _CITY = 4, 5, 6, 8, -70001
_COSE_KEY = 1
_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_EC2 = 2
_COORDINATE = 32

MAX_TIME = 1 << 33
MAX_LIST = 1 << 16
MAX_INDEX = 1 << 32
MAX_SCENES = 1 << 16
MAX_ENTITLEMENT = 1 << 8
MAX_ENTITLEMENT_VALUE = 1 << 16
MAX_ENTITLEMENTS = 16


class Kind(StrEnum):
    """The kinds of code. Three are named by the first two digits of their text; a digit code has 18 digits in all.

    `TYPED` is no code: a number that staff have typed from a document that they checked.
    """

    DEVICE = "91"
    SERVED = "92"
    PAPER = "93"
    DIGIT = "18"
    TYPED = "00"

    # Enum's own hash is a Python function; kinds are looked up several times for every code.
    __hash__ = str.__hash__


@dataclass(frozen=True)
class Form:
    """How the issuer signs a kind: external_aad, purpose of the key, and the claims of its closed schema."""

    aad: bytes
    purpose: Purpose
    claims: frozenset[int]


FORMS = {
    Kind.DEVICE: Form(b"CC1 grant", Purpose.GRANT, frozenset({_EXP, _NBF, _CNF, _CITY})),
    Kind.SERVED: Form(b"CC1 served", Purpose.SERVED, frozenset({_EXP, _IAT, _CITY})),
    Kind.PAPER: Form(b"CC1 paper", Purpose.PAPER, frozenset({_EXP, _NBF, _CITY})),
}


_BY_PREFIX = {kind.value: kind for kind in FORMS}


class Grant(NamedTuple):
    """The claims of a grant. Times are epoch seconds; `list` and `idx` are its only identifier.

    `issued` is nbf for device and paper codes and iat for served codes. `device` is the holder's compressed point, or
    None where the kind binds no device. `generation` counts the prints of a paper code.
    """

    list: int
    idx: int
    scenes: int
    entitlements: dict[int, int]
    issued: int
    expires: int
    device: bytes | None = None
    generation: int | None = None


class UnverifiedShow(NamedTuple):
    """The outer layer of a code, taken apart: who claims to have shown which signed grant when.

    `signed` is the grant as COSE_Sign1 bytes. `show` and `iat` are None for kinds that only the issuer signs.
    """

    kind: Kind
    signed: bytes
    show: UnverifiedSign1 | None
    iat: int | None


class UnverifiedGrant(NamedTuple):
    """A grant that was read and not verified."""

    grant: Grant
    issuer: UnverifiedSign1
    kid: bytes


@dataclass(frozen=True)
class UnverifiedCode:
    """A code that was read and not verified: nothing in it may be believed yet."""

    kind: Kind
    grant: Grant
    issuer: UnverifiedSign1
    show: UnverifiedSign1 | None
    iat: int

    @property
    def use(self) -> tuple[int, int, int]:
        """What a replay repeats: list, idx and iat. Never a signature, because ECDSA signatures have twins."""
        return self.grant.list, self.grant.idx, self.iat


def to_digits(data: bytes) -> str:
    """Write bytes as decimal digits, seven bytes to seventeen digits, the tail shorter."""
    groups = [data[at : at + _GROUP_BYTES] for at in range(0, len(data), _GROUP_BYTES)]
    widths = [_GROUP_DIGITS if len(group) == _GROUP_BYTES else _TAIL_DIGITS[len(group)] for group in groups]
    return "".join(f"{int.from_bytes(group):0{width}d}" for group, width in zip(groups, widths, strict=True))


def from_digits(digits: str) -> bytes:
    """Read what `to_digits` wrote; raises Rejected(malformed) for anything else."""
    if not _DIGITS.fullmatch(digits):
        raise Rejected(Reason.MALFORMED)
    return _from_checked_digits(digits, 0)


def _from_checked_digits(digits: str, start: int) -> bytes:
    # int() takes signs, underscores and digits of every script; the caller has seen that there are none.
    layout = _layout(start, len(digits))
    if layout is None:
        raise Rejected(Reason.MALFORMED)
    data = bytearray(layout.write.pack(*map(int, layout.read.unpack(digits.encode()))))
    if any(data[layout.above]) or any(data[layout.above_tail]):
        # A group above its limit: two texts for one code.
        raise Rejected(Reason.MALFORMED)
    del data[layout.above_tail], data[layout.above]
    return bytes(data)


class _Layout(NamedTuple):
    """Where the groups of a text lie, and where their numbers stand when each is written with eight bytes.

    Seventeen digits are below 2^57, so that every number fits; the bytes above the seven of a group, or above those
    of the tail, have to be zero.
    """

    read: struct.Struct
    write: struct.Struct
    above: slice
    above_tail: slice


@lru_cache(maxsize=2 * MAX_DIGITS)
def _layout(start: int, length: int) -> _Layout | None:
    groups, tail = divmod(length - start, _GROUP_DIGITS)
    if tail not in _TAIL_BYTES:
        return None
    texts = [f"{start}x"] + [f"{_GROUP_DIGITS}s"] * groups + [f"{tail}s"] * bool(tail)
    end = groups * _NUMBER
    return _Layout(
        struct.Struct("".join(texts)),
        struct.Struct(f">{groups + bool(tail)}Q"),
        slice(0, end, _NUMBER),
        slice(end, end + _NUMBER - _TAIL_BYTES[tail]),
    )


def read_code(text: str, *, guide: str | None = None) -> UnverifiedCode:
    """Read a whole code; `guide` is the city's configured address in front, accepted exactly or not at all.

    Raises Rejected with malformed or unsupported_version.
    """
    shown = read_show(text, guide=guide)
    read = read_signed_grant(shown.kind, shown.signed)
    iat = read.grant.issued if shown.iat is None else shown.iat
    return UnverifiedCode(shown.kind, read.grant, read.issuer, shown.show, iat)


def read_show(text: str, *, guide: str | None = None) -> UnverifiedShow:
    """Read the outer layer of a code; the grant inside stays bytes. Raises Rejected like `read_code`."""
    if guide is not None and len(text) <= len(guide) + MAX_DIGITS:
        text = text.removeprefix(guide)
    if not _SHORTEST <= len(text) <= MAX_DIGITS or not _DIGITS.fullmatch(text):
        raise Rejected(Reason.MALFORMED)
    kind = _kind(text[:2])
    data = _from_checked_digits(text, len(kind.value))
    if kind is not Kind.DEVICE:
        return UnverifiedShow(kind, data, None, None)
    try:
        return _read_device_show(data)
    except KeysError as error:
        raise Rejected(Reason.MALFORMED) from error


def read_signed_grant(kind: Kind, signed: bytes) -> UnverifiedGrant:
    """Read the inner layer of a code: a grant and who signed it. Raises Rejected(malformed)."""
    try:
        issuer = read_sign1(signed)
        grant = read_grant(kind, issuer)
    except KeysError as error:
        raise Rejected(Reason.MALFORMED) from error
    if issuer.kid is None:
        raise Rejected(Reason.MALFORMED)
    return UnverifiedGrant(grant, issuer, issuer.kid)


def _kind(prefix: str) -> Kind:
    kind = _BY_PREFIX.get(prefix)
    if kind is None:
        raise Rejected(Reason.UNSUPPORTED_VERSION if prefix[0] == "9" else Reason.MALFORMED)
    return kind


def _read_device_show(data: bytes) -> UnverifiedShow:
    outer = read_sign1(data)
    # A bare grant under the device prefix ends here: it has a kid, and its payload is no array of two.
    if outer.kid is not None:
        raise Rejected(Reason.MALFORMED)
    payload = loads(outer.payload)
    if not isinstance(payload, list) or len(payload) != 2 or not isinstance(payload[1], bytes):  # noqa: PLR2004
        raise Rejected(Reason.MALFORMED)
    return UnverifiedShow(Kind.DEVICE, payload[1], outer, _number(payload[0], MAX_TIME))


def read_grant(kind: Kind, signed: UnverifiedSign1) -> Grant:
    """Read the claims of an unverified grant by the closed schema of its kind; raises Rejected(malformed)."""
    if signed.kid is None or len(signed.kid) != KID_SIZE:
        raise Rejected(Reason.MALFORMED)
    claims = loads(signed.payload)
    if not isinstance(claims, dict) or claims.keys() != FORMS[kind].claims:
        raise Rejected(Reason.MALFORMED)
    city = claims[_CITY]
    fields = 5 if kind is Kind.PAPER else 4
    if not isinstance(city, list) or len(city) != fields:
        raise Rejected(Reason.MALFORMED)
    return Grant(
        list=_number(city[0], MAX_LIST),
        idx=_number(city[1], MAX_INDEX),
        scenes=_number(city[2], MAX_SCENES),
        entitlements=_read_entitlements(city[3]),
        issued=_number(claims[_IAT if kind is Kind.SERVED else _NBF], MAX_TIME),
        expires=_number(claims[_EXP], MAX_TIME),
        device=_read_device(claims[_CNF], signed.alg) if kind is Kind.DEVICE else None,
        generation=_number(city[4], MAX_LIST) if kind is Kind.PAPER else None,
    )


def _number(value: object, limit: int) -> int:
    # Exactly int: bool is a subclass of int in Python, and true is not 1 on the wire.
    if type(value) is int and 0 <= value < limit:
        return value
    raise Rejected(Reason.MALFORMED)


def _read_entitlements(value: object) -> dict[int, int]:
    if not isinstance(value, dict) or len(value) > MAX_ENTITLEMENTS:
        raise Rejected(Reason.MALFORMED)
    return {_number(key, MAX_ENTITLEMENT): _number(entry, MAX_ENTITLEMENT_VALUE) for key, entry in value.items()}


def _read_device(value: object, alg: int) -> bytes:
    key = value.get(_COSE_KEY) if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(key, dict) or key.keys() != {_KTY, _CRV, _X, _Y}:
        raise Rejected(Reason.MALFORMED)
    x, sign = key[_X], key[_Y]
    if _number(key[_KTY], 8) != _EC2 or not isinstance(sign, bool) or not isinstance(x, bytes):
        raise Rejected(Reason.MALFORMED)
    # The phone signs by the issuer's algorithm, so its key lies on that curve; an unknown algorithm is refused later.
    curve = CURVES.get(alg)
    # Exactly int: true is not 1 on the wire.
    if len(x) != _COORDINATE or (curve is not None and (type(key[_CRV]) is not int or key[_CRV] != curve)):
        raise Rejected(Reason.MALFORMED)
    return bytes([3 if sign else 2]) + x


def write_grant(kind: Kind, grant: Grant, *, key: PublicKey, algorithm: Algorithm, sign: Sign) -> bytes:
    """Write and sign a grant (for served and paper kinds: the whole code) as COSE_Sign1 bytes."""
    city: list[object] = [grant.list, grant.idx, grant.scenes, grant.entitlements]
    claims: dict[int, Any] = {_EXP: grant.expires, _CITY: city}
    claims[_IAT if kind is Kind.SERVED else _NBF] = grant.issued
    if kind is Kind.PAPER:
        city.append(grant.generation)
    if kind is Kind.DEVICE and grant.device is not None:
        claims[_CNF] = {_COSE_KEY: _write_device(grant.device, algorithm)}
    return sign1(dumps(claims), alg=algorithm.cose, kid=key.kid, external_aad=FORMS[kind].aad, sign=sign)


def _write_device(point: bytes, algorithm: Algorithm) -> dict[int, object]:
    return {_KTY: _EC2, _CRV: algorithm.curve, _X: point[1:], _Y: point[0] == 3}  # noqa: PLR2004 -- SEC 1 prefix of an odd y


def write_device_code(grant: bytes, *, iat: int, algorithm: Algorithm, sign: Sign) -> str:
    """Write what a phone shows: the grant and the moment, signed by the device key."""
    shown = sign1(dumps([iat, grant]), alg=algorithm.cose, kid=None, external_aad=SHOW_AAD, sign=sign)
    return Kind.DEVICE.value + to_digits(shown)


def write_issuer_code(kind: Kind, signed: bytes) -> str:
    """Write a served or paper code as text."""
    return kind.value + to_digits(signed)
