"""Objections to records of scans: said once, sealed, answered, and told."""

from typing import Any

import pytest

from codeservice.scan_dispute import ANSWER_WITHIN, LONGEST_TEXT
from codeservice.store.retention import SCAN_LIFE, purge
from tests.conftest import City
from tests.phone import Phone


def scanned(city: City) -> tuple[Phone, dict[str, Any]]:
    """Return a phone whose code was scanned once, and the record."""
    phone = city.phone()
    city.terminal("bus-1").scan(phone.show(city.clock.now))
    (record,) = phone.call("GET", "/records").get_json()["records"]
    return phone, record


def test_an_objection_is_answered_and_told(any_city: City, operate_on: Any) -> None:
    city = any_city
    operate = operate_on(city)
    phone, record = scanned(city)
    assert record["dispute"] is None
    asked = phone.call("POST", f"/records/{record['id']}/disputes", {"kind": "not_me", "text": "那天我在家"})
    assert asked.get_json() == {"due": city.clock.now + ANSWER_WITHIN}
    assert phone.call("GET", "/records").get_json()["records"][0]["dispute"] == "open"
    _code, waiting = operate("disputes", "list")
    (entry,) = waiting["waiting"]
    assert (entry["kind"], entry["text"], entry["scan"]) == ("not_me", "那天我在家", record["id"])
    code, _said = operate("disputes", "answer", entry["dispute"], "--verdict", "upheld", "--reply", "已核实并更正")
    assert code == 0
    (answered,) = phone.call("GET", "/disputes").get_json()["disputes"]
    assert (answered["state"], answered["reply"]) == ("upheld", "已核实并更正")
    assert phone.call("GET", "/notices").get_json()["notices"][0]["kind"] == "dispute_answered"
    again, _said = operate("disputes", "answer", entry["dispute"], "--verdict", "rejected", "--reply", "x")
    assert again != 0


def test_an_objection_is_made_once(city: City) -> None:
    phone, record = scanned(city)
    path, body = f"/records/{record['id']}/disputes", {"kind": "wrong"}
    assert phone.call("POST", path, body).status_code == 202
    assert phone.call("POST", path, body).get_json()["code"] == "disputed_before"


def test_nobody_objects_to_the_scans_of_others(city: City) -> None:
    _phone, record = scanned(city)
    stranger = Phone(city.app.test_client())
    second = next(citizen for citizen in city.people if citizen.phone and citizen.holder != city.citizen().holder)
    other = city.phone(second)
    refused = other.call("POST", f"/records/{record['id']}/disputes", {"kind": "wrong"})
    assert (refused.status_code, refused.get_json()["code"]) == (404, "record_not_found")
    assert stranger.call("POST", f"/records/{record['id']}/disputes", {"kind": "wrong"}).status_code == 401


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "other"}, "dispute_not_readable"),
        ({"kind": "wrong", "text": "长" * (LONGEST_TEXT + 1)}, "text_not_readable"),
    ],
)
def test_an_objection_that_cannot_be_read_is_refused(city: City, body: dict[str, str], code: str) -> None:
    phone, record = scanned(city)
    assert phone.call("POST", f"/records/{record['id']}/disputes", body).get_json()["code"] == code


def test_an_objection_goes_with_its_record(city: City) -> None:
    phone, record = scanned(city)
    phone.call("POST", f"/records/{record['id']}/disputes", {"kind": "wrong"})
    with city.services.database.write() as connection:
        purge(connection, now=city.clock.now + SCAN_LIFE + 1)
        assert connection.exec_driver_sql("SELECT count(*) FROM scan_dispute").scalar() == 0
