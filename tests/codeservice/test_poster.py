"""Posters: what is written is read again, in its time, under the right key, and nothing else is taken for one."""

import json
from dataclasses import replace
from typing import Any

import pytest

from codeservice.code import read_code
from codeservice.errors import Rejected
from codeservice.location import Location
from codeservice.poster import (
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
from keys.cose import sign1
from tests.makers import CODES, DAY, NOW, make_list
from tests.running import ROOT
from tests.vectors.posters import FARTHEST, LOCATED, PRINT, SCREEN, SIGNER

LIST = make_list()
VECTORS = json.loads((ROOT / "tests/vectors/posters.json").read_text())["vectors"]


def read(text: str, now: int = NOW) -> Poster:
    """Read with the keys of the tests."""
    return read_poster(text, trust_list=LIST, now=now)


@pytest.mark.parametrize(
    "poster", [PRINT, SCREEN, LOCATED, FARTHEST], ids=["print", "screen", "located", "at the south pole"]
)
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


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_vector_is_read_as_it_says_or_is_no_poster(vector: dict[str, Any]) -> None:
    expected = vector["poster"]
    if expected is None:
        with pytest.raises(PosterError):
            read(vector["text"], vector["now"])
    else:
        located = {"location": Location(**expected["location"])} if "location" in expected else {}
        assert read(vector["text"], vector["now"]) == Poster(**(expected | located))


def test_every_flipped_digit_and_every_cut_is_refused() -> None:
    text = write_poster(LOCATED, signer=SIGNER, now=NOW)
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


def test_a_later_print_is_another_poster() -> None:
    assert read(write_poster(replace(PRINT, generation=2), signer=SIGNER, now=NOW)).generation == 2
