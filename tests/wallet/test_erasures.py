"""Erasure: codes die at once, what the wallet holds is gone, what the law keeps is named and leads nowhere."""

from typing import Any

from codeservice.store import account
from codeservice.store.retention import SCAN_LIFE
from tests.conftest import City
from tests.phone import Phone, decision


def ask(city: City, phone: Phone) -> str:
    city.clock.now += account.RESEND_AFTER
    return str(phone.call("POST", "/erasures/messages", {}).get_json()["challenge"])


def password(city: City) -> str:
    with city.services.database.read() as connection:
        text = account.newest_messages(connection, city.services.vault, limit=1)[0][1]
    return text.split("注销验证码 ")[1][:6]


def test_after_erasure_no_code_counts_and_nobody_is_signed_in(any_city: City) -> None:
    city = any_city
    phone, other = city.phone(), city.phone()
    paper = phone.call("POST", "/papers", {}).get_json()["code"]
    terminal, counter = city.terminal("bus-1"), city.terminal("clinic-1")
    answer = phone.call("POST", "/erasures", {"challenge": ask(city, phone), "one_time_password": password(city)})
    assert answer.get_json()["revoked"] == 5
    for shown in (phone, other):
        assert decision(terminal.scan(shown.show(city.clock.now))) == ("refused", "revoked")
        assert shown.call("GET", "/me").status_code == 401
    assert decision(counter.scan(paper, document_checked=True)) == ("refused", "revoked")


def test_what_stays_is_named_before_and_after(city: City) -> None:
    phone = city.phone()
    before = phone.call("GET", "/erasures").get_json()["kept"]
    answer = phone.call("POST", "/erasures", {"challenge": ask(city, phone), "one_time_password": password(city)})
    after = answer.get_json()["kept"]
    assert [entry["what"] for entry in before] == [entry["what"] for entry in after]
    assert after[1]["until"] == city.clock.now + SCAN_LIFE
    assert all(entry["why"]["zh"] and entry["why"]["en"] for entry in after)


def test_a_new_wallet_of_the_same_person_begins_empty(any_city: City) -> None:
    city = any_city
    phone = city.phone()
    phone.call("PUT", "/consents/hospital", {"given": True})
    for card in phone.call("GET", "/cards").get_json()["cards"]:
        phone.call("POST", f"/cards/{card['id']}/link", {})
    phone.call("POST", "/erasures", {"challenge": ask(city, phone), "one_time_password": password(city)})
    again = city.phone()
    assert again.me["devices"] == [] or len(again.call("GET", "/me").get_json()["devices"]) == 1
    assert again.call("GET", "/notices").get_json()["notices"] == []
    given = {entry["scene"]: entry["given"] for entry in again.call("GET", "/consents").get_json()["consents"]}
    assert not any(given.values())


def test_a_password_for_signing_in_erases_nothing(city: City) -> None:
    phone = city.phone()
    city.clock.now += account.RESEND_AFTER
    sent = phone.call("POST", "/sign-in/messages", {"phone": str(city.citizen().phone)}).get_json()
    body = {"challenge": sent["challenge"], "one_time_password": city.password()}
    assert phone.call("POST", "/erasures", body).get_json()["code"] == "one_time_password_refused"
    assert phone.call("GET", "/me").status_code == 200


def test_nothing_leads_from_the_phone_number_to_the_person(city: City) -> None:
    """The dump of an erased wallet: no phone number, no name of a device, no person at the wallet."""
    citizen, phone = city.citizen(), city.phone()
    phone.call("POST", "/erasures", {"challenge": ask(city, phone), "one_time_password": password(city)})
    with city.services.database.read() as connection:
        rows: Any = connection.exec_driver_sql("SELECT person, phone_index FROM account").all()
        names = [name for (name,) in connection.exec_driver_sql("SELECT name FROM device")]
        indexes = city.services.vault.indexes(str(citizen.phone), kind="phone")
    assert [person for person, _index in rows] == [None]
    assert not {index for _person, index in rows} & set(indexes)
    assert names == [""]
