"""Posters: the code of a place that citizens scan, signed and bound to place and time. No I/O.

A poster is text of digits, as codes are, under a prefix that no reader of codes accepts. It opens nothing and changes
nothing: what follows from it is an entry in the holder's own records.
"""

import re
from dataclasses import astuple, dataclass, fields
from typing import Literal, TypeGuard

import msgspec

from codeservice.code import MAX_TIME, from_digits, to_digits
from codeservice.errors import ConflictError, Rejected
from codeservice.location import Location
from codeservice.policy import PolicyVersion
from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sign1
from keys.errors import KeysError
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList

PREFIX = "70"
POSTER_AAD = b"CC1 poster"
MAX_DIGITS = 600
MAX_LIFE = 400 * 24 * 3600
"""Seconds of the longest life of a printed poster."""

SCREEN_SECONDS = 60
"""Seconds for which a poster on a screen is good."""

SKEW = 30
"""Seconds that a phone's clock may be away from the screen's."""

MAX_GENERATION = 1 << 32
_PLACE = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_PLACE_KEY, _BEGINS, _ENDS, _GENERATION, _SCREEN, _LOCATION = range(1, 7)


class PosterError(ValueError):
    """This is no poster of this city, or not at this time."""


@dataclass(frozen=True)
class Poster:
    """A poster of a place, good from `begins` until before `ends` (epoch seconds).

    A print of a later `generation` kills all earlier ones. `screen` tells one that changes every minute from a print.
    `location` is there where the phone is to compare its own with it.
    """

    place: str
    begins: int
    ends: int
    generation: int
    screen: bool
    location: Location | None = None


class PosterRules(msgspec.Struct, frozen=True):
    """What a policy says of posters, whatever else it says."""

    posters: Literal["none", "screen", "printed"] = "none"
    confirm_here: bool = False
    passages: frozenset[str] = frozenset()

    def carried(self, location: Location | None) -> Location | None:
        """Return what a poster carries of its place's location: nothing unless phones are to compare theirs.

        Raises ConflictError where they are, and the place has none.
        """
        if self.confirm_here and location is None:
            raise ConflictError("place_not_located")
        return location if self.confirm_here else None


def poster_rules(version: PolicyVersion | None, scene: str) -> PosterRules:
    """Read what the policy in force says of the posters of a place of `scene`: nothing where there is none."""
    if version is None or version.scene != scene:
        return PosterRules()
    return msgspec.json.decode(version.document, type=PosterRules)


def poster_payload(poster: Poster) -> bytes:
    """Write the payload in its one form."""
    body: dict[int, object] = {
        _PLACE_KEY: poster.place,
        _BEGINS: poster.begins,
        _ENDS: poster.ends,
        _GENERATION: poster.generation,
        _SCREEN: poster.screen,
    }
    if poster.location is not None:
        body[_LOCATION] = list(astuple(poster.location))
    return dumps(body)


def write_poster(poster: Poster, *, signer: Signer, now: int) -> str:
    """Sign a poster with the status key; raises KeyNotUsableError or SignerError."""
    signed = sign1(
        poster_payload(poster),
        alg=algorithm_named(signer.key.algorithm).cose,
        kid=signer.key.kid,
        external_aad=POSTER_AAD,
        sign=lambda data: signer.sign(data, now=now),
    )
    return PREFIX + to_digits(signed)


def read_poster(text: str, *, trust_list: TrustList, now: int) -> Poster:
    """Read and verify a poster as scanned at `now`; raises PosterError. Whether it was printed again is not in it."""
    if not text.startswith(PREFIX) or len(text) > MAX_DIGITS:
        raise PosterError("no poster")
    try:
        signed = read_sign1(from_digits(text[len(PREFIX) :]))
        if signed.kid is None:
            raise PosterError("it names no key")
        key = trust_list.find(signed.kid, Purpose.STATUS, now)
        if signed.alg != algorithm_named(key.algorithm).cose:
            raise PosterError("another algorithm than the key's")
        key.verify(signed.signature, signed.signed_bytes(POSTER_AAD))
        poster = read_poster_payload(signed.payload)
    except (Rejected, KeysError) as error:
        raise PosterError("no poster of this city") from error
    skew = SKEW if poster.screen else 0
    if not poster.begins - skew <= now < poster.ends + skew:
        raise PosterError("not at this time")
    return poster


def read_poster_payload(payload: bytes) -> Poster:
    """Read a payload, a closed schema; raises PosterError."""
    try:
        body = loads(payload)
    except KeysError as error:
        raise PosterError("no poster of this format") from error
    match body:
        case {1: str(place), 2: begins, 3: ends, 4: generation, 5: bool(screen), **further}:
            sound = _is_number(begins, MAX_TIME) and _is_number(ends, MAX_TIME)
            named = _is_number(generation, MAX_GENERATION) and _PLACE.fullmatch(place)
            if sound and named and 0 < ends - begins <= (SCREEN_SECONDS if screen else MAX_LIFE):
                return Poster(place, begins, ends, generation, screen, _read_location(further))
        case _:
            pass
    raise PosterError("no poster of this format")


def _read_location(further: dict[object, object]) -> Location | None:
    if not further:
        return None
    values = further.pop(_LOCATION, None)
    if isinstance(values, list) and len(values) == len(fields(Location)) and not further:
        try:
            return Location(*values)
        except ValueError as error:
            raise PosterError("no such location") from error
    raise PosterError("no poster of this format")


def _is_number(value: object, limit: int) -> TypeGuard[int]:
    # Exactly int: true is not 1 on the wire.
    return type(value) is int and 0 <= value < limit
