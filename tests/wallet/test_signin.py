"""Sign-in, session and real-name check."""

from collections.abc import Callable

import pytest

from codeservice.store import account
from tests.conftest import City
from tests.phone import Answer, Phone


def new_phone(city: City) -> Phone:
    return Phone(city.app.test_client())


def send(phone: Phone, number: str = "10000000001") -> Answer:
    return phone.call("POST", "/sign-in/messages", {"phone": number})


def answer_with(phone: Phone, challenge: str, password: str) -> Answer:
    return phone.call("POST", "/sign-in", {"challenge": challenge, "one_time_password": password})


def test_a_one_time_password_works_once(any_city: City) -> None:
    phone = new_phone(any_city)
    challenge, password = send(phone).get_json()["challenge"], any_city.password()
    assert answer_with(phone, challenge, password).status_code == 200
    assert answer_with(phone, challenge, password).status_code == 403


def test_a_one_time_password_ends_after_five_minutes(city: City) -> None:
    phone = new_phone(city)
    challenge, password = send(phone).get_json()["challenge"], city.password()
    city.clock.now += account.CHALLENGE_LIFE
    assert answer_with(phone, challenge, password).status_code == 403


def test_five_wrong_tries_end_a_one_time_password(any_city: City) -> None:
    phone = new_phone(any_city)
    challenge, password = send(phone).get_json()["challenge"], any_city.password()
    wrong = "000000" if password != "000000" else "000001"
    for _ in range(5):
        assert answer_with(phone, challenge, wrong).status_code == 403
    assert answer_with(phone, challenge, password).status_code == 403


def test_a_one_time_password_belongs_to_its_challenge(city: City) -> None:
    phone = new_phone(city)
    send(phone)
    password = city.password()
    other = send(new_phone(city), "10000000002").get_json()["challenge"]
    wrong = city.password() == password
    assert wrong or answer_with(phone, other, password).status_code == 403


def test_messages_are_a_minute_apart_and_ten_an_hour(any_city: City) -> None:
    phone = new_phone(any_city)
    for _ in range(10):
        assert send(phone).status_code == 202
        assert send(phone).status_code == 429
        any_city.clock.now += account.RESEND_AFTER
    refused = send(phone)
    assert refused.status_code == 429
    assert refused.get_json()["code"] == "messages_too_often"


def test_a_session_is_new_at_every_sign_in(city: City) -> None:
    """A session that somebody fixed before sign-in is worth nothing."""
    browser = city.app.test_client()
    browser.set_cookie("session", "fixed-by-an-attacker", path="/wallet/")
    phone = Phone(browser)
    phone.sign_in("10000000001", city.password)
    cookie = browser.get_cookie("session", path="/wallet/")
    assert cookie is not None
    assert cookie.value != "fixed-by-an-attacker"
    assert cookie.http_only
    assert cookie.same_site == "Strict"


def test_a_session_ends_with_sign_out(city: City) -> None:
    phone = city.phone()
    cookie = phone.http.get_cookie("session", path="/wallet/")  # type: ignore[attr-defined]
    assert phone.call("POST", "/sign-out", {}).status_code == 204
    phone.http.set_cookie("session", cookie.value, path="/wallet/")  # type: ignore[attr-defined]
    assert phone.call("GET", "/me").status_code == 401


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_change_needs_the_sessions_own_csrf_token(city: City, token: str) -> None:
    phone = city.phone()
    phone.me["csrf"] = token
    assert phone.call("POST", "/freeze", {}).get_json()["code"] == "csrf_token_required"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda name, number: ("别人", number), id="another name"),
        pytest.param(lambda name, _number: (name, "349901199901019999"), id="a wrong check digit"),
        pytest.param(lambda name, _number: (name, "34990119990101001X"), id="nobody's number"),
        pytest.param(lambda name, number: (name, "x" * 5000), id="junk"),
    ],
)
def test_every_way_to_fail_the_real_name_check_looks_the_same(city: City, change) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Nobody learns whether a number exists."""
    phone, citizen = new_phone(city), city.citizen()
    phone.sign_in(str(citizen.phone), city.password)
    answer = phone.confirm(*change(citizen.holder.name, citizen.holder.id_number.text))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "identity_not_confirmed")


def test_somebody_elses_name_and_number_do_not_pass_from_another_phone(city: City) -> None:
    """Name and ID number are no secret: the phone on record must be the one that signed in."""
    phone, citizen = new_phone(city), city.citizen()
    phone.sign_in("10099999999", city.password)
    answer = phone.confirm(citizen.holder.name, citizen.holder.id_number.text)
    assert answer.get_json()["code"] == "identity_not_confirmed"


def test_the_real_name_check_is_tried_ten_times_an_hour(city: City) -> None:
    phone = new_phone(city)
    phone.sign_in("10000000001", city.password)
    for _ in range(10):
        assert phone.confirm("x", "y").status_code == 422
    assert phone.confirm("x", "y").status_code == 429


def test_a_small_x_at_the_end_of_an_id_number_is_the_same_number(city: City) -> None:
    citizen = next(entry for entry in city.people if entry.phone and entry.holder.id_number.text.endswith("X"))
    phone = new_phone(city)
    phone.sign_in(str(citizen.phone), city.password)
    assert phone.confirm(citizen.holder.name, citizen.holder.id_number.text.lower()).status_code == 200


def test_me_is_masked(city: City) -> None:
    me = city.phone().call("GET", "/me").get_json()
    citizen = city.citizen()
    assert me["person"]["name"] == citizen.holder.name[0] + "*" * (len(citizen.holder.name) - 1)
    assert citizen.holder.id_number.text not in str(me)
    assert str(citizen.phone) not in str(me)


def test_before_the_real_name_check_there_is_nothing_to_show(city: City) -> None:
    phone = new_phone(city)
    phone.sign_in("10000000001", city.password)
    for path in ("/cards", "/records", "/consents", "/ticket-offers"):
        assert phone.call("GET", path).get_json()["code"] == "real_name_required"


def test_one_phone_gets_twenty_messages_a_day(city: City) -> None:
    phone = new_phone(city)
    statuses = []
    for _ in range(25):
        statuses.append(send(phone).status_code)
        city.clock.now += 700
    assert statuses == [202] * 20 + [429] * 5


def test_one_address_cannot_send_messages_to_a_whole_city(city: City) -> None:
    phone = new_phone(city)
    statuses = [send(phone, f"1380000{number:04d}").status_code for number in range(70)]
    assert (statuses.count(202), statuses.count(429)) == (60, 10)


@pytest.mark.parametrize(("proxies", "is_believed"), [(0, False), (1, True)], ids=["no proxy", "one proxy"])
def test_a_forwarded_address_counts_only_behind_a_proxy(
    open_city: Callable[..., City], proxies: int, *, is_believed: bool
) -> None:
    """Whoever calls the application directly may write what they like into the header."""
    city = open_city(proxies=proxies)
    statuses = []
    for number in range(70):
        headers = {"X-Forwarded-For": f"203.0.113.{number % 250}, 198.51.{number // 250}.{number % 250}"}
        body = {"phone": f"100{number:08d}"}
        statuses.append(
            city.app.test_client().post("/wallet/api/v1/sign-in/messages", json=body, headers=headers).status_code
        )
    assert (429 in statuses) is not is_believed


def test_signing_in_again_ends_the_session_before(city: City) -> None:
    phone = city.phone()
    old = phone.http.get_cookie("session", path="/wallet/").value  # type: ignore[attr-defined]
    city.clock.now += account.RESEND_AFTER
    phone.sign_in(str(city.citizen().phone), city.password)
    phone.http.set_cookie("session", old, path="/wallet/")  # type: ignore[attr-defined]
    assert phone.call("GET", "/me").status_code == 401
