"""Devices and grants: keys of one's own, fresh for every grant."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.code import from_digits, read_code
from codeservice.store import account
from keys import jws
from keys.p256 import compressed
from tests.conftest import City
from tests.phone import Phone, jwk_of, sign_jws


def test_two_grants_of_one_person_share_nothing(any_city: City) -> None:
    phone = any_city.phone(count=2)
    first, second = (read_code(phone.show(any_city.clock.now, index)).grant for index in range(2))
    assert first.idx != second.idx
    assert first.device != second.device


def test_a_code_names_nobody(city: City) -> None:
    citizen = city.citizen()
    data = from_digits(city.phone().show(city.clock.now)[2:])
    for secret in (citizen.holder.name, citizen.holder.id_number.text, citizen.holder.id, str(citizen.phone)):
        assert secret.encode() not in data


def test_a_grant_for_one_scene_carries_only_the_facts_of_that_scene(city: City) -> None:
    assert set(read_code(city.phone(scene="hospital").show(city.clock.now)).grant.entitlements) == {3}
    assert set(read_code(city.phone(scene="bus").show(city.clock.now)).grant.entitlements) == {1, 2}


def test_a_batch_does_not_run_out_at_once(city: City) -> None:
    expiries = [made["expires"] for made, _key in city.phone(count=8).grants]
    assert len(set(expiries)) == 8


def test_the_same_key_is_never_bound_twice(city: City) -> None:
    """Shared with another grant."""
    phone = city.phone()
    point = jws.encode(compressed(ec.generate_private_key(ec.SECP256R1()).public_key()))
    assert fetch_with(phone, city.clock.now, [point]) == (200, None)
    assert fetch_with(phone, city.clock.now, [point]) == (409, "key_used_before")


@pytest.mark.parametrize(
    ("keys", "status", "code"),
    [
        pytest.param([], 400, "body_not_readable", id="none"),
        pytest.param("x", 400, "body_not_readable", id="no list"),
        pytest.param([jws.encode(b"\2" + bytes(32))] * 17, 400, "body_not_readable", id="too many"),
        pytest.param([jws.encode(b"\2" + b"\xff" * 32)], 422, "weak_key", id="not on the curve"),
        pytest.param([jws.encode(b"\0")], 422, "weak_key", id="infinity"),
        pytest.param(["!"], 422, "weak_key", id="not base64url"),
    ],
)
def test_keys_that_are_no_keys_are_refused(city: City, keys: object, status: int, code: str) -> None:
    assert fetch_with(city.phone(), city.clock.now, keys) == (status, code)


def test_a_proof_of_another_moment_is_a_clock_skew(city: City) -> None:
    """The wallet tells the owner to set the clock."""
    phone = city.phone()
    assert phone.fetch(city.clock.now + 31).get_json()["code"] == "clock_skew"
    assert phone.fetch(city.clock.now - 31).get_json()["code"] == "clock_skew"
    assert phone.fetch(city.clock.now - 29).status_code == 200


def test_a_proof_by_another_key_is_refused(city: City) -> None:
    phone = city.phone()
    phone.key = ec.generate_private_key(ec.SECP256R1())
    assert phone.fetch(city.clock.now).get_json()["code"] == "proof_refused"


def test_somebody_elses_device_is_as_good_as_none(city: City) -> None:
    mine, theirs = city.phone(), city.phone(city.people[1] if city.people[1].phone else city.people[2])
    mine.device = theirs.device
    assert mine.fetch(city.clock.now).get_json()["code"] == "device_removed"
    assert mine.call("DELETE", f"/devices/{theirs.device}").status_code == 404


def test_a_device_proof_is_for_this_session_and_this_service(city: City) -> None:
    phone = city.phone()
    key = ec.generate_private_key(ec.SECP256R1())
    for claims in (
        {"aud": "https://other.example", "sub": phone.me["session"]},
        {"aud": phone.me["issuer"], "sub": "another session"},
    ):
        proof = sign_jws(key, "device-proof+jwt", claims | {"iat": city.clock.now}, jwk=jwk_of(key))
        answer = phone.call("POST", "/devices", {"name": "x", "proof": proof})
        assert answer.get_json()["code"] == "proof_refused"


def test_a_device_key_is_enrolled_once(city: City) -> None:
    phone = city.phone()
    city.clock.now += account.RESEND_AFTER
    phone.sign_in(str(city.citizen().phone), city.password)
    assert phone.enrol(city.clock.now).get_json()["code"] == "key_used_before"


def test_grants_are_limited_by_the_hour_and_the_last_code_still_works(city: City) -> None:
    phone = city.phone(count=16)
    codes = [phone.fetch(city.clock.now, count=16).status_code for _ in range(15)]
    assert codes[:14] == [200] * 14
    assert codes[14] == 429
    answer = city.terminal("bus-1").scan(phone.show(city.clock.now)).get_json()
    assert answer["decision"] == "accepted"


def test_a_wallet_learns_which_of_its_own_grants_still_count(city: City) -> None:
    phone = city.phone(count=2)
    places = [[made["list"], made["idx"]] for made, _key in phone.grants]
    answer = phone.call("POST", "/grants/status", {"grants": [*places, [1, 1]]}).get_json()
    assert answer["statuses"] == ["valid", "valid", "revoked"]


def test_an_unknown_scene_is_refused(city: City) -> None:
    assert city.phone().fetch(city.clock.now, scene="moon").get_json()["code"] == "scene_not_found"


def fetch_with(phone: Phone, now: int, keys: object) -> tuple[int, str | None]:
    """Fetch grants for these keys; returns status and problem."""
    claims = {"aud": phone.me["issuer"], "iat": now, "sub": phone.device, "scene": "all", "keys": keys}
    answer = phone.call("POST", "/grants", {"proof": sign_jws(phone.key, "grant-request+jwt", claims)})
    return answer.status_code, answer.get_json().get("code")
