"""Terminals and back ends: enrolment with a one-time code, tokens for signed assertions, and nothing else."""

from collections.abc import Callable

import pytest

from codeservice.store import client
from tests.conftest import City
from tests.phone import Terminal


def enrolment_code(city: City, terminal: str = "bus-1") -> str:
    with city.services.database.write() as connection:
        return client.start_enrolment(connection, terminal, now=city.clock.now)


def terminal(city: City, name: str = "bus-1") -> Terminal:
    return Terminal(city.app.test_client(), name)


def test_an_enrolment_code_works_once(any_city: City) -> None:
    code = enrolment_code(any_city)
    assert terminal(any_city).enrol(code).status_code == 201
    assert terminal(any_city).enrol(code).status_code == 403


def test_an_enrolment_code_ends_after_ten_minutes(city: City) -> None:
    code = enrolment_code(city)
    city.clock.now += 600
    assert terminal(city).enrol(code).status_code == 403


def test_an_enrolment_code_is_for_one_terminal(city: City) -> None:
    assert terminal(city, "bus-2").enrol(enrolment_code(city, "bus-1")).status_code == 403


def test_five_wrong_tries_burn_an_enrolment_code(any_city: City) -> None:
    code = enrolment_code(any_city)
    for _ in range(5):
        assert terminal(any_city).enrol("0000000000").status_code == 403
    assert terminal(any_city).enrol(code).status_code == 403


def test_enrolling_again_ends_the_old_key(city: City) -> None:
    old = city.terminal("bus-1")
    assert terminal(city).enrol(enrolment_code(city)).status_code == 201
    assert old.authenticate(city.clock.now).status_code == 401


def test_a_token_lives_ten_minutes(city: City) -> None:
    bus, phone = city.terminal("bus-1"), city.phone()
    city.clock.now += 600 - 61
    assert bus.scan(phone.show(city.clock.now)).status_code == 200
    city.clock.now += 61
    answer = bus.scan(phone.show(city.clock.now))
    assert (answer.status_code, answer.get_json()["code"]) == (401, "token_required")


def test_an_assertion_is_used_once(any_city: City) -> None:
    """RFC 7523: jti."""
    bus = any_city.terminal("bus-1")
    assertion = bus.assertion(any_city.clock.now)
    assert bus.authenticate(any_city.clock.now, assertion).status_code == 200
    assert bus.authenticate(any_city.clock.now, assertion).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": "https://other.example"}, id="for another service"),
        pytest.param({"sub": "bus-2"}, id="for another client"),
        pytest.param({"iss": "bus-2"}, id="by another client"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"exp": 1 << 40}, id="valid for ever"),
        pytest.param({"exp": True}, id="true is no time"),
        pytest.param({"jti": ""}, id="without jti"),
        pytest.param({"jti": "x" * 65}, id="endless jti"),
    ],
)
def test_a_wrong_assertion_is_refused(city: City, changes: dict[str, object]) -> None:
    bus = city.terminal("bus-1")
    answer = bus.authenticate(city.clock.now, bus.assertion(city.clock.now, **changes))
    assert (answer.status_code, answer.get_json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "e30.e30.e30", "..."])
def test_junk_is_refused_like_a_wrong_key(city: City, assertion: str) -> None:
    """Unknown and wrong look the same."""
    answer = city.terminal("bus-1").authenticate(city.clock.now, assertion or " ")
    assert (answer.status_code, answer.get_json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize("name", ["\0", "\ud800"])
def test_text_that_no_database_takes_is_the_callers_fault(any_city: City, name: str) -> None:
    """NUL and lone surrogates, in every place that anybody may fill."""
    bus = any_city.terminal("bus-1")
    statuses = [
        bus.authenticate(any_city.clock.now, bus.assertion(any_city.clock.now, sub=name)).status_code,
        bus.authenticate(any_city.clock.now, bus.assertion(any_city.clock.now, jti=name)).status_code,
    ]
    enrolment = {"terminal": name, "enrolment_code": "1", "jwk": {}}
    challenge = {"challenge": name, "one_time_password": "1"}
    for path, body in (("/terminals/v1/enrolments", enrolment), ("/wallet/api/v1/sign-in", challenge)):
        statuses.append(any_city.app.test_client().post(path, json=body).status_code)
    assert all(400 <= status < 500 for status in statuses), statuses


def test_an_unknown_terminal_and_a_wrong_key_look_the_same(city: City) -> None:
    known, unknown = city.terminal("bus-1"), terminal(city, "bus-999")
    unknown.issuer = known.issuer
    stranger = terminal(city, "bus-1")
    stranger.issuer = known.issuer
    answers = [unknown.authenticate(city.clock.now), stranger.authenticate(city.clock.now)]
    assert {(answer.status_code, str(answer.get_json())) for answer in answers} == {
        (401, "{'error': 'invalid_client'}")
    }


def test_a_suspended_terminal_gets_no_token_until_it_is_resumed(city: City) -> None:
    bus = city.terminal("bus-1")
    with city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    assert bus.authenticate(city.clock.now).status_code == 401
    with city.services.database.write() as connection:
        client.resume(connection, "bus-1")
    assert bus.authenticate(city.clock.now).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "jwt"}, "invalid_request"),
        ({"scope": "verify"}, "invalid_scope"),
    ],
)
def test_other_grants_and_scopes_are_refused_in_the_words_of_oauth(
    city: City, form: dict[str, str], error: str
) -> None:
    answer = city.terminal("bus-1").authenticate(city.clock.now, **form)
    assert (answer.status_code, answer.get_json()) == (400, {"error": error})


def test_a_key_in_the_query_string_is_not_looked_at(city: City) -> None:
    bus = city.terminal("bus-1")
    answer = city.app.test_client().get(f"/scan/v1/state?access_token={bus.token}")
    assert answer.status_code == 401


@pytest.mark.parametrize("jwk", [{}, {"kty": "RSA"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}])
def test_a_terminal_needs_a_real_key(city: City, jwk: dict[str, str]) -> None:
    body = {"terminal": "bus-1", "enrolment_code": enrolment_code(city), "jwk": jwk}
    answer = city.app.test_client().post("/terminals/v1/enrolments", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "weak_key")


def test_the_state_of_a_terminal_is_its_own(city: City) -> None:
    bus = city.terminal("bus-1")
    bus.scan(city.phone().show(city.clock.now))
    headers = {"Authorization": f"Bearer {bus.token}"}
    state = city.app.test_client().get("/scan/v1/state", headers=headers).get_json()
    assert (state["terminal"], state["scene"], state["scans_today"]) == ("bus-1", "bus", 1)


@pytest.mark.parametrize(
    ("protocol", "status"),
    [
        pytest.param(None, 200, id="the scanner page"),
        pytest.param("2", 200, id="the oldest that is served"),
        pytest.param("3", 200, id="a newer one"),
        pytest.param("1", 426, id="an old one"),
        pytest.param("old", 426, id="no number"),
        pytest.param("²", 400, id="no number of ASCII"),
    ],
)
def test_a_terminal_whose_protocol_is_served_no_more_is_told_so(
    open_city: Callable[..., City], protocol: str | None, status: int
) -> None:
    city = open_city(oldest_terminal=2)
    enrolled = city.terminal("bus-1")
    headers = {"Authorization": f"Bearer {enrolled.token}"} | ({"City-Terminal": protocol} if protocol else {})
    for path in ("/terminals/v1/profile", "/scan/v1/state"):
        answer = enrolled.http.open(path, headers=headers)
        assert answer.status_code == status
        if status == 426:
            assert answer.get_json()["code"] == "terminal_too_old"
