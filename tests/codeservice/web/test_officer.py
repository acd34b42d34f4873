"""Officers: nobody comes in with one factor, and no one-time password works twice."""

import pyotp
import pytest

from codeservice.officer import LOCK_SECONDS, MAX_TRIES, STEP
from codeservice.store import officer as officers
from tests.conftest import City
from tests.officers import OfficerDesk, hire
from tests.phone import at_once


def test_both_factors_let_an_officer_in(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    assert desk.call("GET", "/proposals").status_code == 200


def test_the_key_alone_does_not_let_anybody_in(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    city.clock.now += STEP
    assert desk.sign_in(city.clock.now, password="000000").status_code == 401
    body = {"officer": "li", "client_assertion": desk.assertion(city.clock.now)}
    assert desk.http.open("/officers/v1/sign-in", method="POST", json=body).status_code == 400
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": desk.assertion(city.clock.now),
    }
    assert desk.http.open("/oauth/token", method="POST", data=form).status_code == 401


def test_the_one_time_password_alone_does_not_let_anybody_in(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    city.clock.now += STEP
    thief = OfficerDesk(desk.http, "li")
    thief.issuer, thief.seed = desk.issuer, desk.seed
    assert thief.sign_in(city.clock.now).status_code == 401
    assert desk.sign_in(city.clock.now).status_code == 200


def test_a_one_time_password_works_once_also_fifty_times_at_once(any_city: City) -> None:
    desk = hire(any_city, "li", any_city.people[0])
    any_city.clock.now += STEP
    password = pyotp.TOTP(desk.seed).at(any_city.clock.now)
    assertions = [desk.assertion(any_city.clock.now) for _ in range(50)]

    def enter(number: int) -> int:
        mine = OfficerDesk(any_city.app.test_client(), "li")
        return mine.sign_in(any_city.clock.now, password=password, assertion=assertions[number]).status_code

    assert sorted(at_once(50, enter)) == [200] + [401] * 49


def test_an_older_one_time_password_does_not_work_after_a_newer_one(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    older = pyotp.TOTP(desk.seed).at(city.clock.now + STEP)
    city.clock.now += 2 * STEP
    assert desk.sign_in(city.clock.now).status_code == 200
    assert desk.sign_in(city.clock.now, password=older).status_code == 401


def test_wrong_one_time_passwords_lock_the_officer_out_for_a_while(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    city.clock.now += STEP
    for _ in range(MAX_TRIES):
        assert desk.sign_in(city.clock.now, password="000000").status_code == 401
    assert desk.sign_in(city.clock.now).status_code == 401
    city.clock.now += LOCK_SECONDS
    assert desk.sign_in(city.clock.now).status_code == 200


def test_an_assertion_works_once(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    city.clock.now += STEP
    assertion = desk.assertion(city.clock.now)
    assert desk.sign_in(city.clock.now, password="000000", assertion=assertion).status_code == 401
    assert desk.sign_in(city.clock.now, assertion=assertion).status_code == 401


def test_a_suspended_officer_may_not_even_use_the_token_in_hand(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    with city.services.database.write() as connection:
        officers.suspend(connection, "li")
    assert desk.call("GET", "/proposals").status_code == 403
    city.clock.now += STEP
    assert desk.sign_in(city.clock.now).status_code == 401


def test_a_terminal_is_no_officer_whatever_it_asks(city: City) -> None:
    token = city.terminal("bus-1").token
    for path in ("/proposals", "/health-appeals"):
        answer = city.app.test_client().get(f"/officers/v1{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 403


def test_an_enrolment_code_binds_one_key(city: City) -> None:
    desk = hire(city, "li", city.people[0])
    again = OfficerDesk(desk.http, "li")
    assert again.enrol("0" * 20).status_code == 403


def test_a_second_account_of_a_person_is_recognised(city: City) -> None:
    hire(city, "li", city.people[0])
    hire(city, "li-too", city.people[0])
    with city.services.database.read() as connection:
        number = city.people[0].holder.id_number
        assert officers.accounts_of(connection, city.services.vault, number) == ["li", "li-too"]


@pytest.mark.parametrize("officer", ["nobody", "x" * 24])
def test_an_unknown_officer_is_answered_like_a_wrong_key(city: City, officer: str) -> None:
    desk = OfficerDesk(city.app.test_client(), officer)
    desk.issuer = city.services.settings.origin
    desk.seed = pyotp.random_base32()
    answer = desk.sign_in(city.clock.now)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "officer_refused")
