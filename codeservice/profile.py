"""What a terminal is told of itself: its place and scene, what it may do without the service, the scene's small tables.

A profile is one COSE_Sign1 under a status key, for one terminal and for a day. Holders are in it under handles that
mean something at this place only; the site keys, one for each day, are shared by the terminals of the place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from codeservice.code import MAX_INDEX, MAX_LIST, MAX_TIME
from codeservice.policy import MAX_DOCUMENT, PolicyVersion
from codeservice.reason import Words
from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sign1
from keys.errors import KeysError
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList

PROFILE_AAD = b"CC1 profile"
MAX_PROFILE = 1 << 22
"""Bytes of the largest profile that is read: room for about 100,000 tickets."""

MAX_LIFETIME = 24 * 3600
"""Seconds from the moment of a profile to its end: so long a suspended terminal that nobody reaches goes on."""

SKEW = 30
"""Seconds that a profile may be ahead of the terminal's clock."""

SITE_KEY_SIZE, HANDLE_SIZE = 32, 8
MAX_AGE = 24 * 3600
MAX_COUNT = 1 << 32
_TEXT = 200
_SLOT = re.compile(r"[0-9]{2}:[0-9]{2}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

_TEXTS = ("terminal", "scene", "place", "place_name", "partner_name", "events")
_FIELDS = {"version", "expires", *_TEXTS, "list_age", "holder_limit", "terminal_limit", "site_keys", "tickets"}
_OPTIONAL = {"guide", "capacity", "policy", "slots", "asks_health"}


class ProfileError(Exception):
    """A profile is refused; the one in force stays."""


@dataclass(frozen=True)
class Profile:
    """Times are epoch seconds. `list_age` is 0 for a scene that decides nothing without the service.

    `events` is the address that tells of news. `capacity` is people a day, `site_keys` go by day (ISO 8601), and
    `tickets` gives for a day the handle of the holder whose grant has this place (list, idx), once for each ticket.
    """

    version: int
    expires: int
    terminal: str
    scene: str
    place: str
    place_name: str
    partner_name: str
    events: str
    list_age: int
    holder_limit: int
    terminal_limit: int
    guide: str | None = None
    capacity: int | None = None
    site_keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    tickets: Mapping[str, Mapping[tuple[int, int], tuple[bytes, int]]] = field(default_factory=dict)
    """For each day, by place of a grant: the holder's handle, and how many tickets the holder has."""

    slots: Mapping[str, Mapping[tuple[int, int], str]] = field(default_factory=dict)
    """For each day, by place of a grant: the slot that the tickets are for, where they are for one."""

    policy: PolicyVersion | None = None
    """What decides at the place; None from a service that knew no policies."""

    asks_health: bool = False
    """Whether a rule of a health emergency allows the scene to ask for the health status that its policy names."""


def write_profile(profile: Profile) -> bytes:
    """Write the payload."""
    body: dict[str, object] = {name: getattr(profile, name) for name in _FIELDS - {"tickets", "site_keys"}}
    body |= {name: getattr(profile, name) for name in _OPTIONAL if getattr(profile, name) is not None}
    if profile.policy is not None:
        policy = profile.policy
        body["policy"] = [policy.name, policy.version, policy.title.zh, policy.title.en, policy.document]
    # Only where somebody has booked a slot, only in an emergency: a terminal that knows neither reads all others.
    body.pop("slots")
    if not profile.asks_health:
        body.pop("asks_health")
    if any(profile.slots.values()):
        body["slots"] = {
            day: [[list_, idx, slot] for (list_, idx), slot in sorted(places.items())]
            for day, places in profile.slots.items()
        }
    body["site_keys"] = dict(profile.site_keys)
    body["tickets"] = {
        day: [[list_, idx, handle, count] for (list_, idx), (handle, count) in sorted(places.items())]
        for day, places in profile.tickets.items()
    }
    return dumps(body)


def sign_profile(profile: Profile, *, signer: Signer, now: int) -> bytes:
    """Sign a profile with the status key; raises KeyNotUsableError or SignerError."""
    alg = algorithm_named(signer.key.algorithm).cose
    return sign1(
        write_profile(profile),
        alg=alg,
        kid=signer.key.kid,
        external_aad=PROFILE_AAD,
        sign=lambda data: signer.sign(data, now=now),
    )


def accept_profile(current: Profile | None, data: bytes, *, terminal: str, trust_list: TrustList, now: int) -> Profile:
    """Read a profile for `terminal` that is no older than the one in force; raises ProfileError."""
    if len(data) > MAX_PROFILE:
        raise ProfileError("too large")
    try:
        signed = read_sign1(data)
        if signed.kid is None:
            raise ProfileError("it names no key")
        key = trust_list.find(signed.kid, Purpose.STATUS, now)
        if signed.alg != algorithm_named(key.algorithm).cose:
            raise ProfileError("another algorithm than the key's")
        key.verify(signed.signature, signed.signed_bytes(PROFILE_AAD))
        profile = read_profile(signed.payload)
    except KeysError as error:
        raise ProfileError("not a profile of this city") from error
    if profile.terminal != terminal:
        raise ProfileError("for another terminal")
    if profile.version > now + SKEW:
        raise ProfileError("made in the future; look at the clock")
    if current is not None and profile.version < current.version:
        raise ProfileError("older than the one in force")
    return profile


def read_profile(payload: bytes) -> Profile:
    """Read a payload; raises ProfileError."""
    try:
        body = loads(payload)
    except KeysError as error:
        raise ProfileError("not a profile of this format") from error
    if not isinstance(body, dict) or not _FIELDS <= body.keys() <= _FIELDS | _OPTIONAL:
        raise ProfileError("not a profile of this format")
    values: dict[str, Any] = dict(body)
    numbers = {"version": MAX_TIME, "expires": MAX_TIME, "list_age": MAX_AGE + 1}
    numbers |= dict.fromkeys(("holder_limit", "terminal_limit", "capacity"), MAX_COUNT)
    if not all(_is_number(values[name], limit) for name, limit in numbers.items() if name in values):
        raise ProfileError("numbers out of range")
    if not all(isinstance(values[name], str) and len(values[name]) <= _TEXT for name in _TEXTS):
        raise ProfileError("texts out of range")
    if not isinstance(values.get("guide", ""), str):
        raise ProfileError("texts out of range")
    if not values["version"] < values["expires"] <= values["version"] + MAX_LIFETIME:
        raise ProfileError("it lives longer than a profile may")
    values["site_keys"] = _site_keys(values["site_keys"])
    values["tickets"] = _tickets(values["tickets"])
    values["slots"] = {
        day: dict(_slot(entry) for entry in _entries(entries))
        for day, entries in _by_day(values.get("slots", {})).items()
    }
    if values.get("asks_health", True) is not True:
        raise ProfileError("not a profile of this format")
    if "policy" in values:
        values["policy"] = _policy(values["policy"], values["scene"])
    return Profile(**values)


def _policy(value: object, scene: str) -> PolicyVersion:
    match value:
        case [str(name), version, str(zh), str(en), bytes(document)]:
            fits = max(len(name), len(zh), len(en)) <= _TEXT and len(document) <= MAX_DOCUMENT
            if fits and _is_number(version, MAX_COUNT):
                return PolicyVersion(name, version, scene, Words(zh, en), document)
        case _:
            pass
    raise ProfileError("no policy")


def _site_keys(value: object) -> dict[str, bytes]:
    keys = _by_day(value)
    if not all(isinstance(key, bytes) and len(key) == SITE_KEY_SIZE for key in keys.values()):
        raise ProfileError("no keys of a site")
    return keys


def _tickets(value: object) -> dict[str, dict[tuple[int, int], tuple[bytes, int]]]:
    return {day: dict(_ticket(entry) for entry in _entries(entries)) for day, entries in _by_day(value).items()}


def _ticket(entry: object) -> tuple[tuple[int, int], tuple[bytes, int]]:
    match entry:
        case [list_, idx, bytes(handle), count] if len(handle) == HANDLE_SIZE:
            if _is_number(list_, MAX_LIST) and _is_number(idx, MAX_INDEX) and _is_number(count, MAX_COUNT):
                return (list_, idx), (handle, count)
        case _:
            pass
    raise ProfileError("no tickets of a day")


def _slot(entry: object) -> tuple[tuple[int, int], str]:
    match entry:
        case [list_, idx, str(slot)] if _SLOT.fullmatch(slot):
            if _is_number(list_, MAX_LIST) and _is_number(idx, MAX_INDEX):
                return (list_, idx), slot
        case _:
            pass
    raise ProfileError("no slots of a day")


def _by_day(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(day, str) and _DAY.fullmatch(day) for day in value):
        raise ProfileError("a table that does not go by day")
    return value


def _entries(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ProfileError("no tickets of a day")
    return value


def _is_number(value: object, limit: int) -> TypeGuard[int]:
    # Exactly int: true is not 1 on the wire.
    return type(value) is int and 0 <= value < limit
