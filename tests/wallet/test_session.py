"""Sessions: their secret changes by itself, a copy of an old one ends them, and their owner sees and ends them."""

from typing import Any

import pytest

from codeservice.store import account, session
from tests.conftest import City
from tests.phone import Phone

COOKIE = "session"
PATH = "/wallet/"
HOUR = 3600


def secret_of(phone: Phone) -> str:
    http: Any = phone.http
    return str(http.get_cookie(COOKIE, path=PATH).value)


def with_secret(city: City, secret: str) -> Phone:
    """Return a client that holds the copy of a cookie."""
    browser = city.app.test_client()
    browser.set_cookie(COOKIE, secret, path=PATH)
    return Phone(browser)


def signed_in(city: City) -> Phone:
    """Return another client of the same citizen, signed in."""
    phone = Phone(city.app.test_client())
    city.clock.now += account.RESEND_AFTER
    phone.sign_in(str(city.citizen().phone), city.password)
    return phone


def status(phone: Phone) -> int:
    return phone.call("GET", "/me").status_code


def test_the_secret_is_another_one_after_a_day_and_the_old_one_soon_ends(any_city: City) -> None:
    city = any_city
    phone = city.phone()
    first = secret_of(phone)
    assert status(phone) == 200
    assert secret_of(phone) == first
    city.clock.now += session.ROTATE_AFTER
    assert status(phone) == 200
    second = secret_of(phone)
    assert second != first
    # Until the new one is used the answer may have been lost; for a minute after it requests cross each other.
    assert status(with_secret(city, first)) == 200
    assert status(phone) == 200
    assert status(with_secret(city, first)) == 200


def test_a_copy_of_an_old_secret_ends_the_session_for_everybody(any_city: City) -> None:
    city = any_city
    phone = city.phone()
    copied = with_secret(city, secret_of(phone))
    city.clock.now += session.ROTATE_AFTER
    status(phone)
    assert status(phone) == 200
    city.clock.now += session.OVERLAP
    assert status(copied) == 401
    assert status(phone) == 401


def test_two_tabs_that_ask_at_once_do_not_sign_each_other_out(city: City) -> None:
    phone = city.phone()
    tab = with_secret(city, secret_of(phone))
    city.clock.now += session.ROTATE_AFTER
    assert status(phone) == 200
    assert status(tab) == 200
    # Both hold what the browser kept last, whichever answer that was.
    assert secret_of(tab) != secret_of(phone)
    for holder in (phone, tab):
        assert status(with_secret(city, secret_of(holder))) == 200


def test_an_answer_that_was_lost_costs_nobody_the_session(city: City) -> None:
    phone = city.phone()
    kept = secret_of(phone)
    for _ in range(3):
        city.clock.now += session.ROTATE_AFTER
        assert status(with_secret(city, kept)) == 200


def test_a_holder_sees_where_they_are_signed_in_and_ends_one_or_all_others(any_city: City) -> None:
    city = any_city
    phone = city.phone()
    second, third = signed_in(city), signed_in(city)
    listed = phone.call("GET", "/sessions").get_json()["sessions"]
    assert [entry["current"] for entry in listed] == [False, False, True]
    assert [entry["device"] for entry in listed] == [None, None, "test phone"]
    assert phone.call("DELETE", f"/sessions/{listed[0]['id']}").status_code == 204
    assert [status(phone), status(second), status(third)] == [200, 200, 401]
    assert phone.call("POST", "/sessions/end-others", {}).get_json() == {"ended": 1}
    assert [status(phone), status(second)] == [200, 401]


def on_phone(city: City, phone: Phone) -> Phone:
    """Return a new session of the same citizen, on the same phone."""
    again = signed_in(city)
    again.key, again.device = phone.key, phone.device
    assert again.call("GET", "/me").get_json()["device"] is None
    return again


def test_a_session_that_began_anew_joins_its_phone_whose_older_ones_end(any_city: City) -> None:
    city = any_city
    phone, elsewhere = city.phone(), signed_in(city)
    again = on_phone(city, phone)
    assert again.join(city.clock.now).status_code == 204
    assert again.call("GET", "/me").get_json()["device"] == phone.device
    listed = again.call("GET", "/sessions").get_json()["sessions"]
    assert [(entry["device"], entry["current"]) for entry in listed] == [("test phone", True), (None, False)]
    assert [status(phone), status(elsewhere)] == [401, 200]


def test_no_session_joins_a_phone_whose_key_it_does_not_hold_or_a_second_one(city: City) -> None:
    phone, other = city.phone(), city.phone()
    stranger, now = on_phone(city, phone), city.clock.now
    assert stranger.join(now, session=phone.me["session"]).get_json()["code"] == "proof_refused"
    stranger.key = other.key
    assert stranger.join(now).get_json()["code"] == "proof_refused"
    stranger.key = phone.key
    assert stranger.join(now - 3600).get_json()["code"] == "clock_skew"
    stranger.device = "0" * 32
    assert stranger.join(now).get_json()["code"] == "device_removed"
    other.key, other.device = phone.key, phone.device
    assert other.join(now).get_json()["code"] == "session_has_device"
    assert status(phone) == 200


def test_when_a_session_was_seen_is_told_to_the_hour_and_never_before_it_began(city: City) -> None:
    phone = city.phone()
    (new,) = phone.call("GET", "/sessions").get_json()["sessions"]
    assert new["seen_at"] == new["started_at"] == city.clock.now
    city.clock.now += 2 * HOUR + 60
    (later,) = phone.call("GET", "/sessions").get_json()["sessions"]
    assert later["seen_at"] == city.clock.now // HOUR * HOUR


def test_nobody_ends_the_session_of_another_person(city: City) -> None:
    phone = city.phone()
    (mine,) = phone.call("GET", "/sessions").get_json()["sessions"]
    stranger = Phone(city.app.test_client())
    stranger.sign_in("10000000099", city.password)
    refused = stranger.call("DELETE", f"/sessions/{mine['id']}")
    assert (refused.status_code, refused.get_json()["code"]) == (404, "session_not_found")
    assert status(phone) == 200


def test_a_copied_session_brings_no_other_phone_and_fetches_nothing_for_one(city: City) -> None:
    phone = city.phone()
    thief = with_secret(city, secret_of(phone))
    thief.me = phone.call("GET", "/me").get_json()
    assert thief.enrol(city.clock.now).get_json()["code"] == "session_has_device"
    other = city.phone()
    thief.key, thief.device = other.key, other.device
    assert thief.fetch(city.clock.now).get_json()["code"] == "session_has_device"


def test_a_holder_is_told_of_another_device_and_not_of_the_first(city: City) -> None:
    first = city.phone()
    assert "device_added" not in kinds(first)
    city.phone()
    assert kinds(first).count("device_added") == 1


def kinds(phone: Phone) -> list[str]:
    return [entry["kind"] for entry in phone.call("GET", "/notices").get_json()["notices"]]


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("miniprogram/1.1.9", 426),
        ("miniprogram/1.2.0", 401),
        ("miniprogram/1.10.0", 401),
        ("web/0.9.0", 401),
        ("nonsense", 401),
        (None, 401),
    ],
)
def test_a_client_that_is_too_old_is_asked_to_upgrade(open_city: Any, client: str | None, expected: int) -> None:
    city: City = open_city(oldest_clients=frozenset({"miniprogram/1.2.0"}))
    headers = {} if client is None else {"X-Client": client}
    answer = city.app.test_client().get("/wallet/api/v1/me", headers=headers)
    assert answer.status_code == expected
    assert city.app.test_client().get("/wallet/", headers=headers).status_code == 200
