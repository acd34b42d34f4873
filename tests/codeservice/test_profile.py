"""The format of profiles: what is written is read again; whatever else comes leaves the profile in force as it is."""

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.code import MAX_INDEX, MAX_LIST
from codeservice.profile import (
    HANDLE_SIZE,
    MAX_LIFETIME,
    MAX_PROFILE,
    PROFILE_AAD,
    SITE_KEY_SIZE,
    SKEW,
    Profile,
    ProfileError,
    accept_profile,
    read_profile,
    sign_profile,
    write_profile,
)
from keys.cbor import dumps, loads
from keys.cose import sign1
from keys.key import Purpose
from tests.makers import HOUR, ISSUERS, NOW, Pair, flips, make_list, truncations

DAY = "2027-01-15"
SIGNER = ISSUERS[Purpose.STATUS].signer(Purpose.STATUS)
LIST = make_list()
PROFILE = Profile(
    version=NOW,
    expires=NOW + MAX_LIFETIME,
    terminal="gate-1",
    scene="scenic_spot",
    place="lake-park",
    place_name="镜湖景区",
    partner_name="城市文旅",
    events="https://city.example",
    list_age=12 * HOUR,
    holder_limit=20,
    terminal_limit=20_000,
    guide="HTTPS://M.EXAMPLE.CN/#",
    capacity=500,
    site_keys={DAY: bytes(SITE_KEY_SIZE)},
    tickets={DAY: {(1, 7): (bytes(HANDLE_SIZE), 1), (1, 9): (bytes(HANDLE_SIZE), 2)}},
)

days = st.dates().map(lambda day: day.isoformat())
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
numbers = st.integers(0, 1 << 20)
handles = st.binary(min_size=HANDLE_SIZE, max_size=HANDLE_SIZE)
places = st.tuples(st.integers(0, MAX_LIST - 1), st.integers(0, MAX_INDEX - 1))
profiles = st.builds(
    lambda version, life, **rest: Profile(version=version, expires=version + life, **rest),
    version=st.integers(0, 1 << 32),
    life=st.integers(1, MAX_LIFETIME),
    **dict.fromkeys(("terminal", "scene", "place", "place_name", "partner_name", "events"), texts),
    list_age=st.integers(0, 24 * HOUR),
    holder_limit=numbers,
    terminal_limit=numbers,
    guide=st.none() | texts,
    capacity=st.none() | numbers,
    site_keys=st.dictionaries(days, st.binary(min_size=SITE_KEY_SIZE, max_size=SITE_KEY_SIZE), max_size=2),
    tickets=st.dictionaries(days, st.dictionaries(places, st.tuples(handles, numbers), max_size=4), max_size=2),
)


def signed(profile: Profile) -> bytes:
    return sign_profile(profile, signer=SIGNER, now=NOW)


def accepted(data: bytes, current: Profile | None = None, terminal: str = "gate-1") -> Profile:
    return accept_profile(current, data, terminal=terminal, trust_list=LIST, now=NOW)


def is_accepted(data: bytes) -> bool:
    try:
        accepted(data)
    except ProfileError:
        return False
    return True


@given(profile=profiles)
def test_a_profile_is_read_as_it_was_written(profile: Profile) -> None:
    assert read_profile(write_profile(profile)) == profile


@given(data=st.binary(max_size=400))
def test_any_bytes_are_refused_and_never_crash_a_terminal(data: bytes) -> None:
    with pytest.raises(ProfileError):
        read_profile(data)
    with pytest.raises(ProfileError):
        accepted(data)


trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(loads(write_profile(PROFILE)))), value=trees)
def test_any_field_of_any_type_is_read_or_refused(name: str, value: object) -> None:
    body = cbor2.dumps(loads(write_profile(PROFILE)) | {name: value}, canonical=True)
    try:
        read = read_profile(body)
    except ProfileError:
        return
    assert read_profile(write_profile(read)) == read


def test_a_profile_of_the_city_for_this_terminal_is_accepted() -> None:
    assert accepted(signed(PROFILE)) == PROFILE
    assert accepted(signed(PROFILE), current=PROFILE) == PROFILE


BAD: dict[str, dict[str, Any]] = {
    "another terminal": {"terminal": "gate-2"},
    "the future": {"version": NOW + SKEW + 1},
    "lives too long": {"expires": NOW + MAX_LIFETIME + 1},
    "never lives": {"expires": NOW},
    "a short site key": {"site_keys": {DAY: bytes(SITE_KEY_SIZE - 1)}},
    "a site key of no day": {"site_keys": {"15 January": bytes(SITE_KEY_SIZE)}},
    "a short handle": {"tickets": {DAY: {(1, 7): (bytes(HANDLE_SIZE - 1), 1)}}},
    "a place beyond the lists": {"tickets": {DAY: {(MAX_LIST, 7): (bytes(HANDLE_SIZE), 1)}}},
    "an endless name": {"place_name": "镜" * 201},
    "lists that never grow old": {"list_age": 24 * HOUR + 1},
    "a limit below zero": {"holder_limit": -1},
    "a capacity that is true": {"capacity": True},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_another_profile_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        accepted(signed(replace(PROFILE, **changes)))


def test_an_older_profile_is_refused() -> None:
    """Whoever plays back yesterday's answer cannot give a terminal more time."""
    with pytest.raises(ProfileError, match="older"):
        accepted(signed(PROFILE), current=replace(PROFILE, version=NOW + 1))


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.STATUS}))
def test_a_key_for_another_purpose_signs_no_profile(purpose: Purpose) -> None:
    assert not is_accepted(sign_profile(PROFILE, signer=ISSUERS[purpose].signer(purpose), now=NOW))


def test_a_key_that_the_city_does_not_know_signs_no_profile() -> None:
    assert not is_accepted(sign_profile(PROFILE, signer=Pair(999).signer(Purpose.STATUS), now=NOW))


def test_a_document_without_a_key_for_another_use_or_too_large_is_refused() -> None:
    payload, pair = write_profile(PROFILE), ISSUERS[Purpose.STATUS]
    assert is_accepted(sign1(payload, alg=-7, kid=pair.kid, external_aad=PROFILE_AAD, sign=pair.sign))
    for kid, alg, aad in (
        (None, -7, PROFILE_AAD),
        (pair.kid, -8, PROFILE_AAD),
        (pair.kid, -7, b"CC1 snapshot"),
    ):
        assert not is_accepted(sign1(payload, alg=alg, kid=kid, external_aad=aad, sign=pair.sign))
    with pytest.raises(ProfileError, match="too large"):
        accepted(bytes(MAX_PROFILE + 1))


def test_no_flipped_bit_and_no_cut_is_accepted() -> None:
    good = signed(replace(PROFILE, tickets={}))
    assert is_accepted(good)
    assert not any(map(is_accepted, flips(good, range(0, 8 * len(good), 3))))
    assert not any(map(is_accepted, truncations(good)))


def test_a_profile_shows_no_key_of_the_site() -> None:
    assert bytes(SITE_KEY_SIZE).hex() not in repr(PROFILE)
    assert repr(bytes(SITE_KEY_SIZE)) not in repr(PROFILE)
    assert dumps(loads(write_profile(PROFILE))) == write_profile(PROFILE)
