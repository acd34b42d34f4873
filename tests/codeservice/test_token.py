"""Tokens: who may call is proved by an assertion, and what may be called is in a short token."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codeservice.token import (
    ASSERTION_LIFE,
    TOKEN_LIFE,
    Access,
    Assertion,
    read_access,
    read_assertion,
    sign_assertion,
    unverified_client,
    write_access,
)
from keys import jws
from keys.errors import NotSignedError
from keys.key import Purpose
from tests.makers import ISSUERS, NOW, PHONE, SM2_ISSUERS, STRANGER, Pair
from tests.phone import sign_jws

ISSUER = "https://city.example"
TOKEN = ISSUERS[Purpose.TOKEN]
CLAIMS: dict[str, Any] = {"iss": "bus-1", "sub": "bus-1", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "a1"}
DEEP = jws.encode(b"[" * 6000)


def assertion(typ: str = "client-authentication+jwt", **changes: object) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    return sign_jws(PHONE.private, typ, claims)


def read(text: str, *, client: str = "bus-1", now: int = NOW) -> Assertion:
    return read_assertion(text, client=client, point=PHONE.point, issuer=ISSUER, now=now)


def access(now: int = NOW) -> str:
    signer = TOKEN.signer(Purpose.TOKEN)
    return write_access(client="bus-1", scopes=frozenset({"scan"}), issuer=ISSUER, signer=signer, now=now)


def test_a_good_assertion_is_read() -> None:
    assert read(assertion()) == Assertion("a1", NOW + 90)


def test_an_assertion_of_ours_is_read_and_no_two_are_alike() -> None:
    made = [sign_assertion("bus-1", PHONE.private, issuer=ISSUER, now=NOW) for _ in range(2)]
    assert len({read(text).jti for text in made}) == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(assertion(iss="bus-2"), id="another issuer"),
        pytest.param(assertion(sub="bus-2"), id="another subject"),
        pytest.param(assertion(iss=...), id="no issuer"),
        pytest.param(assertion(sub=...), id="no subject"),
        pytest.param(assertion(aud="https://other.example"), id="another audience"),
        pytest.param(assertion(aud=...), id="no audience"),
        pytest.param(assertion(exp=NOW - 30), id="expired"),
        pytest.param(assertion(exp=NOW + ASSERTION_LIFE + 31), id="valid for too long"),
        pytest.param(assertion(exp=...), id="no exp"),
        pytest.param(assertion(exp=str(NOW + 60)), id="exp is text"),
        pytest.param(assertion(exp=True), id="exp is true"),
        pytest.param(assertion(exp=NOW + 60.5), id="exp is a float"),
        pytest.param(assertion(jti=...), id="no jti"),
        pytest.param(assertion(jti=""), id="empty jti"),
        pytest.param(assertion(jti="x" * 65), id="long jti"),
        pytest.param(assertion(jti=7), id="jti is a number"),
        pytest.param(assertion("at+jwt"), id="an access token's kind"),
        pytest.param(assertion("grant-request+jwt"), id="a grant request's kind"),
        pytest.param(sign_jws(STRANGER.private, "client-authentication+jwt", CLAIMS), id="another key"),
        pytest.param(access(), id="an access token"),
    ],
)
def test_another_assertion_is_refused(text: str) -> None:
    with pytest.raises(NotSignedError):
        read(text)


@pytest.mark.parametrize(("now", "good"), [(NOW + 89, True), (NOW + 90, False), (NOW - 90, True), (NOW - 91, False)])
def test_an_assertion_counts_around_its_minute(now: int, good: bool) -> None:  # noqa: FBT001 -- a column of the table
    if good:
        assert read(assertion(), now=now).expires > now
        return
    with pytest.raises(NotSignedError):
        read(assertion(), now=now)


def test_the_caller_is_named_before_it_is_proved() -> None:
    assert unverified_client(assertion()) == "bus-1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a", id="one part"),
        pytest.param("a.!.b", id="no base64url"),
        pytest.param("a.e30.b", id="no subject"),
        pytest.param(assertion(sub=7), id="subject is a number"),
        pytest.param(assertion(sub=None), id="subject is null"),
        pytest.param(f"a.{DEEP}.b", id="deeply nested"),
        pytest.param("a." + "A" * 100_000, id="very long"),
    ],
)
def test_a_text_that_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(NotSignedError):
        unverified_client(text)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=40))
@example("\ud800.\ud800.\ud800")
def test_reading_is_total(text: str) -> None:
    """Any text is refused with NotSignedError."""
    readers = (unverified_client, read, lambda text: read_access(text, key=TOKEN.key(), issuer=ISSUER, now=NOW))
    for read_any in readers:
        with pytest.raises(NotSignedError):
            read_any(text)


def read_token(text: str, *, now: int = NOW, issuer: str = ISSUER) -> Access:
    return read_access(text, key=TOKEN.key(Purpose.TOKEN), issuer=issuer, now=now)


def test_a_token_says_who_may_do_what() -> None:
    assert read_token(access()) == Access("bus-1", frozenset({"scan"}))


def test_a_token_without_scopes_permits_nothing() -> None:
    token = write_access(client="bus-1", scopes=frozenset(), issuer=ISSUER, signer=TOKEN.signer(Purpose.TOKEN), now=NOW)
    assert read_token(token).scopes == frozenset()


def test_a_token_lives_ten_minutes() -> None:
    assert TOKEN_LIFE == 600
    assert read_token(access(), now=NOW + 599).client == "bus-1"
    with pytest.raises(NotSignedError):
        read_token(access(), now=NOW + 600)


ACCESS_CLAIMS = {"iss": ISSUER, "aud": ISSUER, "client_id": "bus-1", "scope": "scan", "exp": NOW + 600}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(assertion(), id="an assertion"),
        pytest.param(sign_jws(STRANGER.private, "at+jwt", ACCESS_CLAIMS), id="another key"),
        pytest.param(sign_jws(TOKEN.private, "JWT", ACCESS_CLAIMS), id="another kind"),
        pytest.param(sign_jws(TOKEN.private, "at+jwt", ACCESS_CLAIMS | {"iss": "https://other"}), id="another issuer"),
        pytest.param(
            sign_jws(TOKEN.private, "at+jwt", ACCESS_CLAIMS | {"aud": "https://other"}), id="another audience"
        ),
        pytest.param(sign_jws(TOKEN.private, "at+jwt", ACCESS_CLAIMS | {"exp": "never"}), id="exp is text"),
        pytest.param(sign_jws(TOKEN.private, "at+jwt", {"aud": ISSUER, "iss": ISSUER}), id="no exp"),
    ],
)
def test_another_token_is_refused(token: str) -> None:
    with pytest.raises(NotSignedError):
        read_token(token)


def test_a_token_of_another_city_is_refused() -> None:
    with pytest.raises(NotSignedError):
        read_token(access(), issuer="https://other.example")


SM2_TOKEN = SM2_ISSUERS[Purpose.TOKEN]


def signed_by(pair: Pair, header: dict[str, object], claims: object = ACCESS_CLAIMS) -> str:
    """Sign any header and claims by one of our pairs."""
    signed = ".".join(jws.encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{jws.encode(pair.sign(signed.encode()))}"


@pytest.mark.parametrize("pair", [TOKEN, SM2_TOKEN], ids=["ES256", "SM2"])
def test_a_token_is_signed_by_the_suite_of_the_city(pair: Pair) -> None:
    signer = pair.signer(Purpose.TOKEN)
    token = write_access(client="bus-1", scopes=frozenset({"scan"}), issuer=ISSUER, signer=signer, now=NOW)
    assert jws.header_of(token)["alg"] == pair.suite.name
    assert read_access(token, key=signer.key, issuer=ISSUER, now=NOW) == Access("bus-1", frozenset({"scan"}))
    for other in (TOKEN, SM2_TOKEN, STRANGER):
        if other is not pair:
            with pytest.raises(NotSignedError):
                read_access(token, key=other.key(Purpose.TOKEN), issuer=ISSUER, now=NOW)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        pytest.param({"alg": "ES256", "typ": "at+jwt"}, ACCESS_CLAIMS, id="SM2 called ES256"),
        pytest.param({"alg": "none", "typ": "at+jwt"}, ACCESS_CLAIMS, id="called none"),
        pytest.param({"typ": "at+jwt"}, ACCESS_CLAIMS, id="no algorithm"),
        pytest.param({"alg": "SM2"}, ACCESS_CLAIMS, id="no kind"),
        pytest.param({"alg": "SM2", "typ": "at+jwt", "crit": ["exp"]}, ACCESS_CLAIMS, id="something critical"),
        pytest.param({"alg": "SM2", "typ": "at+jwt", "jwk": {}}, ACCESS_CLAIMS, id="a key of its own"),
        pytest.param({"alg": "SM2", "typ": "at+jwt"}, [ACCESS_CLAIMS], id="claims are a list"),
        pytest.param({"alg": "SM2", "typ": "at+jwt"}, ACCESS_CLAIMS | {"aud": [ISSUER, "x"]}, id="two audiences"),
    ],
)
def test_a_token_of_another_form_is_refused_although_our_key_signed_it(
    header: dict[str, object], claims: object
) -> None:
    good = signed_by(SM2_TOKEN, {"alg": "SM2", "typ": "at+jwt"})
    key = SM2_TOKEN.key(Purpose.TOKEN)
    assert read_access(good, key=key, issuer=ISSUER, now=NOW).client == "bus-1"
    with pytest.raises(NotSignedError):
        read_access(signed_by(SM2_TOKEN, header, claims), key=key, issuer=ISSUER, now=NOW)
