"""Partners verify server to server, each for its own place, with what its scopes and the holder allow."""

import jwt
import pytest

from tests.conftest import City
from tests.phone import Answer, Terminal


def verify(back_end: Terminal, code: str, act: str = "act") -> Answer:
    headers = {"Authorization": f"Bearer {back_end.token}", "Idempotency-Key": act}
    return back_end.http.open("/api/v1/verifications", method="POST", json={"code": code}, headers=headers)


def read(client: Terminal, verification: str) -> Answer:
    headers = {"Authorization": f"Bearer {client.token}"}
    return client.http.open(f"/api/v1/verifications/{verification}", method="GET", headers=headers)


def test_a_back_end_gets_the_decision_and_the_attributes_of_its_scopes(any_city: City) -> None:
    phone, back_end = any_city.phone(), any_city.terminal("hospital-back-end")
    phone.call("PUT", "/consents/hospital", {"given": True})
    answer = verify(back_end, phone.show(any_city.clock.now)).get_json()
    assert answer["decision"] == "accepted"
    assert set(answer["attributes"]) == {"name", "insured"}
    assert answer["attributes"]["name"] == any_city.citizen().holder.name


def test_without_consent_a_back_end_gets_masked_attributes_only(city: City) -> None:
    answer = verify(city.terminal("hospital-back-end"), city.phone().show(city.clock.now)).get_json()
    assert set(answer["attributes"]) == {"name"}
    assert "*" in answer["attributes"]["name"]


def test_the_same_act_is_one_verification(city: City) -> None:
    back_end, code = city.terminal("hospital-back-end"), city.phone().show(city.clock.now)
    first, second = (verify(back_end, code).get_json() for _ in range(2))
    assert first["id"] == second["id"]
    assert (first["repeat"], second["repeat"]) == (False, True)


def test_a_verification_is_read_again_by_its_partner_only(city: City) -> None:
    """Another partner's is as unknown as one that never was."""
    back_end = city.terminal("hospital-back-end")
    made = verify(back_end, city.phone().show(city.clock.now)).get_json()["id"]
    assert read(back_end, made).get_json()["decision"] == "accepted"
    bus_scan = city.terminal("bus-1").scan(city.phone().show(city.clock.now)).get_json()["scan"]
    for unknown in (bus_scan, "0" * 32, "../../etc/passwd", "' OR 1=1--"):
        assert read(back_end, unknown).status_code == 404


def test_a_terminal_cannot_use_the_partners_interface(city: City) -> None:
    answer = verify(city.terminal("clinic-1"), city.phone().show(city.clock.now))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "scope_required")


def test_a_bad_code_is_a_normal_answer(city: City) -> None:
    answer = verify(city.terminal("hospital-back-end"), "not a code")
    assert (answer.status_code, answer.get_json()["reason"]) == (200, "malformed")


@pytest.mark.parametrize("act", ["", "a b", "ä", "x" * 65])
def test_an_idempotency_key_is_needed_and_short(city: City, act: str) -> None:
    answer = verify(city.terminal("hospital-back-end"), "1", act)
    assert answer.status_code == 400


def test_a_token_of_fewer_scopes_gets_fewer_attributes(city: City) -> None:
    back_end = city.terminal("hospital-back-end")
    assert back_end.authenticate(city.clock.now, scope="verify").status_code == 200
    assert verify(back_end, city.phone().show(city.clock.now)).get_json()["attributes"] == {}


def test_a_standard_library_may_authenticate(city: City) -> None:
    """Typ JWT, and the token endpoint as the audience."""
    back_end = city.terminal("hospital-back-end")
    claims = {"iss": back_end.id, "sub": back_end.id, "aud": f"{back_end.issuer}/oauth/token", "jti": "1"}
    assertion = jwt.encode(claims | {"exp": city.clock.now + 60}, back_end.key, algorithm="ES256")
    assert back_end.authenticate(city.clock.now, assertion, resource="ignored").status_code == 200
