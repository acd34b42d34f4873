"""Vectors of posters: what is read at a moment under the keys, and what is read by who has no keys.

A poster is no code, so the manifest of codes does not name them.
"""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from codeservice.code import from_digits, to_digits
from codeservice.errors import Rejected
from codeservice.location import MAX_RADIUS, MIN_RADIUS, STEPS, Location
from codeservice.poster import (
    MAX_DIGITS,
    MAX_LIFE,
    POSTER_AAD,
    PREFIX,
    SCREEN_SECONDS,
    SKEW,
    Poster,
    PosterError,
    poster_payload,
    read_poster_payload,
)
from codeservice.profile import PROFILE_AAD
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sign1
from keys.errors import KeysError
from keys.key import Purpose
from tests.makers import DAY, ISSUERS, NOW

SIGNER = ISSUERS[Purpose.STATUS].signer(Purpose.STATUS)
PRINT = Poster("city-library", NOW, NOW + 10 * DAY, 1, screen=False)
SCREEN = Poster("city-library", NOW, NOW + SCREEN_SECONDS, 1, screen=True)
LATITUDE, LONGITUDE, RADIUS = 3_123_042, 12_147_370, 200
LOCATED = replace(PRINT, location=Location(LATITUDE, LONGITUDE, RADIUS))
FARTHEST = replace(SCREEN, location=Location(-90 * STEPS, -180 * STEPS, MAX_RADIUS))
"""The numbers that are farthest from zero."""


def document() -> dict[str, Any]:
    """Return the file: the key, texts, moments, and what is read."""
    vectors = [
        {"name": name, "text": text, "now": now, "poster": written(poster), "unverified": written(unverified(text))}
        for name, text, now, poster in [*_good_and_late(), *((name, text, NOW, None) for name, text in _bad())]
    ]
    key = SIGNER.key
    return {"aad": POSTER_AAD.decode(), "kid": key.kid.hex(), "public": key.public.hex(), "vectors": vectors}


def signed(payload: bytes, aad: bytes = POSTER_AAD, purpose: Purpose = Purpose.STATUS, **header: bytes | None) -> str:
    """Sign any payload as a poster."""
    signer = ISSUERS[purpose].signer(purpose)
    parts = {"kid": signer.key.kid} | header
    return PREFIX + to_digits(
        sign1(payload, alg=-7, external_aad=aad, sign=lambda data: signer.sign(data, now=NOW), **parts)
    )


def unverified(text: str) -> Poster | None:
    """Read what is of the form of a poster, whoever signed it and for whatever time; None for anything else."""
    if not text.startswith(PREFIX) or len(text) > MAX_DIGITS:
        return None
    try:
        taken_apart = read_sign1(from_digits(text[len(PREFIX) :]))
        return None if taken_apart.kid is None else read_poster_payload(taken_apart.payload)
    except (Rejected, KeysError, PosterError):
        return None


def written(poster: Poster | None) -> dict[str, Any] | None:
    """Write a poster for JSON; one without a location has no word of it."""
    return None if poster is None else {name: value for name, value in asdict(poster).items() if value is not None}


def _good_and_late() -> Iterator[tuple[str, str, int, Poster | None]]:
    flipped = signed(poster_payload(PRINT))
    last = SCREEN_SECONDS + SKEW
    yield "print", signed(poster_payload(PRINT)), NOW, PRINT
    yield "print-over", signed(poster_payload(PRINT)), PRINT.ends, None
    yield "screen", signed(poster_payload(SCREEN)), NOW + last - 1, SCREEN
    yield "screen-forwarded", signed(poster_payload(SCREEN)), NOW + last, None
    yield "flipped", flipped[:-1] + str((int(flipped[-1]) + 1) % 10), NOW, None
    yield "located", signed(poster_payload(LOCATED)), NOW, LOCATED
    yield "located-farthest", signed(poster_payload(FARTHEST)), NOW, FARTHEST


def _bad() -> Iterator[tuple[str, str]]:
    whole = signed(poster_payload(PRINT))
    yield "signed-for-another-use", signed(poster_payload(PRINT), PROFILE_AAD)
    yield "under-the-key-of-grants", signed(poster_payload(PRINT), purpose=Purpose.GRANT)
    yield "under-the-key-of-served-codes", signed(poster_payload(PRINT), purpose=Purpose.SERVED)
    yield "names-no-key", signed(poster_payload(PRINT), kid=None)
    yield "a-field-too-many", _with(_6=1)
    yield "another-field-too-many", _with(_7=1)
    yield "a-field-too-few", _with(_4=None)
    yield "true-for-a-number", _with(_4=True)
    yield "a-number-for-true", _with(_5=1)
    yield "a-number-past-2-53", _with(_4=1 << 60)
    yield "a-screen-that-lasts", _with(_5=True)
    yield "a-print-that-lasts-too-long", _with(_3=NOW + MAX_LIFE + 1)
    yield "no-time-at-all", _with(_3=NOW)
    yield "a-path-for-a-place", _with(_1="../etc")
    yield "a-place-of-two-lines", _with(_1="city-library\n")
    yield "a-list", signed(dumps([]))
    yield "nothing", signed(b"")
    yield "another-prefix", "71" + whole[2:]
    yield "no-prefix", whole[2:]
    yield "a-digit-after-it", whole + "0"
    yield "full-width-digits", whole.replace("1", "\uff11")
    yield "empty", ""
    yield "too-long", "70" + "7" * 5000
    for name, location in LOCATIONS.items():
        yield name, _with(_6=location)
    yield "beside-a-location", _with(_6=[LATITUDE, LONGITUDE, RADIUS], _7=1)


LOCATIONS: dict[str, object] = {
    "location-empty": [],
    "location-without-a-radius": [LATITUDE, LONGITUDE],
    "location-with-more": [LATITUDE, LONGITUDE, RADIUS, 0],
    "location-by-names": {1: LATITUDE, 2: LONGITUDE, 3: RADIUS},
    "location-as-text": "31.23042,121.47370",
    "latitude-as-text": ["31", LONGITUDE, RADIUS],
    "longitude-true": [LATITUDE, True, RADIUS],
    "radius-in-bytes": [LATITUDE, LONGITUDE, b"\xc8"],
    "past-the-pole": [90 * STEPS + 1, LONGITUDE, RADIUS],
    "past-the-date-line": [LATITUDE, -180 * STEPS - 1, RADIUS],
    "latitude-past-2-53": [1 << 60, LONGITUDE, RADIUS],
    "radius-too-small": [LATITUDE, LONGITUDE, MIN_RADIUS - 1],
    "radius-too-large": [LATITUDE, LONGITUDE, MAX_RADIUS + 1],
    "radius-below-zero": [LATITUDE, LONGITUDE, -RADIUS],
}
"""What is no location, by what is wrong with it."""


def _with(**changes: object) -> str:
    """Sign a print with other fields, named by their numbers; None leaves one out."""
    body = loads(poster_payload(PRINT)) | {int(name[1:]): value for name, value in changes.items()}
    return signed(dumps({name: value for name, value in body.items() if value is not None}))
