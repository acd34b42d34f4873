"""Posters: what is written is read again, in its time, under the right key, and nothing else is taken for one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from codeservice.code import read_code, to_digits
from codeservice.errors import Rejected
from codeservice.poster import (
    MAX_LIFE,
    POSTER_AAD,
    PREFIX,
    SCREEN_SECONDS,
    SKEW,
    Poster,
    PosterError,
    poster_payload,
    read_poster,
    write_poster,
)
from codeservice.profile import PROFILE_AAD, ProfileError, accept_profile
from keys.cbor import dumps, loads
from keys.cose import sign1
from keys.key import Purpose
from tests.makers import CODES, DAY, ISSUERS, NOW, make_list

SIGNER = ISSUERS[Purpose.STATUS].signer(Purpose.STATUS)
LIST = make_list()
PRINT = Poster("city-library", NOW, NOW + 10 * DAY, 1, screen=False)
SCREEN = Poster("city-library", NOW, NOW + SCREEN_SECONDS, 1, screen=True)
VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "posters.json"


def read(text: str, now: int = NOW) -> Poster:
    """Read with the keys of the tests."""
    return read_poster(text, trust_list=LIST, now=now)


def signed(payload: bytes, aad: bytes = POSTER_AAD, purpose: Purpose = Purpose.STATUS) -> str:
    """Sign any payload as a poster."""
    signer = ISSUERS[purpose].signer(purpose)
    made = sign1(payload, alg=-7, kid=signer.key.kid, external_aad=aad, sign=lambda data: signer.sign(data, now=NOW))
    return PREFIX + to_digits(made)


def changed(**fields: object) -> bytes:
    """Write a payload with other fields, named by their numbers."""
    body = loads(poster_payload(PRINT)) | {int(name[1:]): value for name, value in fields.items()}
    return dumps({name: value for name, value in body.items() if value is not None})


@pytest.mark.parametrize("poster", [PRINT, SCREEN], ids=["print", "screen"])
def test_what_is_written_is_read_again(poster: Poster) -> None:
    text = write_poster(poster, signer=SIGNER, now=NOW)
    assert read(text) == poster
    assert text.isascii()
    assert text.isdigit()


@pytest.mark.parametrize(
    ("poster", "at", "good"),
    [
        pytest.param(PRINT, -1, False, id="a print before its time"),
        pytest.param(PRINT, 10 * DAY - 1, True, id="its last second"),
        pytest.param(PRINT, 10 * DAY, False, id="over"),
        pytest.param(SCREEN, -SKEW, True, id="a phone that is slow"),
        pytest.param(SCREEN, SCREEN_SECONDS + SKEW - 1, True, id="a phone that is fast"),
        pytest.param(SCREEN, SCREEN_SECONDS + SKEW, False, id="a picture that was forwarded"),
    ],
)
def test_a_poster_counts_in_its_time(poster: Poster, at: int, good: bool) -> None:  # noqa: FBT001 -- a parameter
    text = write_poster(poster, signer=SIGNER, now=NOW)
    if good:
        assert read(text, NOW + at) == poster
    else:
        with pytest.raises(PosterError):
            read(text, NOW + at)


BAD = {
    "a field too many": signed(changed(_6=1)),
    "a field too few": signed(changed(_4=None)),
    "true for a number": signed(changed(_4=True)),
    "a number for true": signed(changed(_5=1)),
    "a screen that lasts": signed(changed(_5=True)),
    "a print that lasts too long": signed(changed(_3=NOW + MAX_LIFE + 1)),
    "no time at all": signed(changed(_3=NOW)),
    "a path for a place": signed(changed(_1="../etc")),
    "a list": signed(dumps([])),
    "nothing": signed(b""),
    "of another use": signed(poster_payload(PRINT), PROFILE_AAD),
    "under the key of grants": signed(poster_payload(PRINT), purpose=Purpose.GRANT),
    "under the key of served codes": signed(poster_payload(PRINT), purpose=Purpose.SERVED),
    "another prefix": "71" + signed(poster_payload(PRINT))[2:],
    "no prefix": signed(poster_payload(PRINT))[2:],
    "text after it": signed(poster_payload(PRINT)) + "0",
    "full-width digits": signed(poster_payload(PRINT)).replace("1", "１"),
    "empty": "",
    "too long": "7" * 5000,
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_anything_else_is_no_poster(text: str) -> None:
    with pytest.raises(PosterError):
        read(text)


def test_every_flipped_digit_and_every_cut_is_refused() -> None:
    text = write_poster(PRINT, signer=SIGNER, now=NOW)
    for at in range(len(text)):
        for broken in (text[:at], text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]):
            with pytest.raises(PosterError):
                read(broken)


@pytest.mark.parametrize("kind", CODES)
def test_a_code_is_no_poster_and_a_poster_is_no_code(kind: str) -> None:
    code = CODES[kind]()  # type: ignore[index]
    for text in (code, PREFIX + code[2:]):
        with pytest.raises(PosterError):
            read(text)
    poster = write_poster(PRINT, signer=SIGNER, now=NOW)
    for text in (poster, kind + poster[2:]):
        with pytest.raises(Rejected):
            read_code(text)


def test_a_poster_is_no_profile() -> None:
    payload = poster_payload(PRINT)
    for aad in (POSTER_AAD, PROFILE_AAD):
        made = sign1(
            payload, alg=-7, kid=SIGNER.key.kid, external_aad=aad, sign=lambda data: SIGNER.sign(data, now=NOW)
        )
        with pytest.raises(ProfileError):
            accept_profile(None, made, terminal="gate-1", trust_list=LIST, now=NOW)


def test_the_vectors_hold() -> None:
    """For readers in other languages: the key, the text, the moment, and what is read or that nothing is."""
    vectors = json.loads(VECTORS.read_text())
    assert bytes.fromhex(vectors["public"]) == SIGNER.key.public
    assert bytes.fromhex(vectors["kid"]) == SIGNER.key.kid
    for vector in vectors["vectors"]:
        expected = vector["poster"]
        if expected is None:
            with pytest.raises(PosterError):
                read(vector["text"], vector["now"])
        else:
            assert read(vector["text"], vector["now"]) == Poster(**expected), vector["name"]


def test_a_later_print_is_another_poster() -> None:
    assert read(write_poster(replace(PRINT, generation=2), signer=SIGNER, now=NOW)).generation == 2
