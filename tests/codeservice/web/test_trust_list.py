"""The published keys: signed by the roots, cached by their content, and gone when killed."""

import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from keys import ceremony, rotation
from keys.key import Purpose
from keys.keyring import PINNED, pinned
from keys.trustlist import accept, first
from tests.ceremonies import put_in_force_by_demo
from tests.conftest import NOW, City

DAY = 24 * 3600


def test_the_published_list_is_the_one_in_force_and_verifies_by_the_pinned_roots(city: City) -> None:
    answer = city.app.test_client().get("/trust-list")
    assert (answer.status_code, answer.mimetype) == (200, "application/cose")
    roots, threshold = pinned(city.services.settings.keys)
    read = first(answer.data, roots=roots, threshold=threshold, now=city.clock.now)
    assert read == city.services.trust_list()
    assert PINNED.encode() not in answer.data


def test_an_unchanged_list_costs_no_bytes(city: City) -> None:
    client = city.app.test_client()
    etag = client.get("/trust-list").headers["ETag"]
    again = client.get("/trust-list", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert "max-age=60" in again.headers["Cache-Control"]


def test_a_verifier_that_was_away_follows_version_by_version(city: City) -> None:
    client = city.app.test_client()
    before, etag = city.services.trust_list(), client.get("/trust-list").headers["ETag"]
    for _ in range(3):
        current = city.services.trust_list()
        put_in_force_by_demo(city, rotation.extend(current, now=city.clock.now, lifetime=DAY))
    newest = client.get("/trust-list", headers={"If-None-Match": etag})
    assert newest.status_code == 200
    current = before
    for version in (2, 3, 4):
        answer = client.get(f"/trust-list/{version}")
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        current = accept(current, answer.data, now=city.clock.now)
    assert current == city.services.trust_list()
    assert answer.data == newest.data


def test_a_version_that_never_was_is_not_found(city: City) -> None:
    for version in ("0", "2", "01", "-1", "１", "x", "99999999999999999999"):
        answer = city.app.test_client().get(f"/trust-list/{version}")
        assert answer.status_code == 404
        assert answer.get_json()["code"] == "trust_list_not_found"


def test_a_lost_history_is_a_problem_and_not_a_crash(city: City) -> None:
    for path in (city.services.settings.keys / "history").iterdir():
        path.unlink()
    answer = city.app.test_client().get("/trust-list")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "keys_unavailable")
    assert str(city.services.settings.keys) not in answer.text


def test_partners_verify_our_tokens_by_the_jwk_set(city: City) -> None:
    answer = city.app.test_client().get("/.well-known/jwks.json")
    assert answer.mimetype == "application/jwk-set+json"
    keys = {entry["kid"]: entry for entry in answer.get_json()["keys"]}
    token = city.terminal("bus-1").token
    entry = keys[jwt.get_unverified_header(token)["kid"]]
    assert entry["purpose"] == Purpose.TOKEN
    public = ECAlgorithm.from_jwk(json.dumps(entry))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    options = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    assert jwt.decode(token, public, algorithms=["ES256"], options=options)["iss"]  # type: ignore[arg-type]


def test_a_killed_key_leaves_the_jwk_set_within_a_second(city: City) -> None:
    current = city.services.trust_list()
    kid = current.signing(Purpose.GRANT, NOW)[0].kid
    put_in_force_by_demo(city, rotation.kill(current, kid, now=city.clock.now, lifetime=ceremony.LIST_LIFE))
    shown = [entry["kid"] for entry in city.app.test_client().get("/.well-known/jwks.json").get_json()["keys"]]
    assert kid.hex() not in shown
    assert len(shown) == 2 * len(Purpose) - 1
