"""How surely somebody was confirmed, how long a phone is known, and what scenes demand before codes are issued."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from adapters import ADAPTERS
from codeservice.assurance import Assurance
from codeservice.digit import write_digit_code
from codeservice.identity_service import IdentityService
from codeservice.policy import write_document
from codeservice.store import account
from tests.conftest import City, Operate, app_of
from tests.identity_service import SECRET, IdentityServer, identity_server
from tests.phone import Phone, decision
from tests.policies import put_in_force

DAY = 24 * 3600


def demand(city: City, **demands: Any) -> None:
    """Let hospitals demand something of wallets, and be as usual otherwise."""
    usual = json.loads(write_document(ADAPTERS["hospital"].default))
    put_in_force(city, "hospital", usual | {"demands": demands})


def second_phone(city: City) -> Phone:
    """Sign the owner in on another phone, which registers."""
    phone = Phone(city.app.test_client())
    city.clock.now += account.RESEND_AFTER
    phone.sign_in(str(city.citizen().phone), city.password)
    assert phone.enrol(city.clock.now).status_code == 201
    return phone


def obstacle(phone: Phone, scene: str = "hospital") -> tuple[str | None, int | None]:
    """Return what the wallet is told to stand in the way of a scene."""
    scenes = phone.call("GET", "/me").get_json()["scenes"]
    found = next(entry for entry in scenes if entry["name"] == scene)
    return found["obstacle"], found["obstacle_until"]


def test_the_record_is_the_lowest_level_and_a_city_that_demands_nothing_gives_every_scene(any_city: City) -> None:
    phone = any_city.phone()
    assert phone.call("GET", "/me").get_json()["assurance"] == Assurance.RECORD
    assert obstacle(phone) == (None, None)


def test_a_scene_that_demands_presence_gives_no_code_of_any_kind_to_whom_nobody_has_seen(
    any_city: City, operate_on: Callable[[City], Operate]
) -> None:
    phone, scene = any_city.phone(), "hospital"
    demand(any_city, assurance="presence")
    assert obstacle(phone) == ("assurance_required", None)
    now = any_city.clock.now
    refused = (
        phone.fetch(now, scene, 1),
        phone.fetch_digits(now, scene, 1),
        phone.call("POST", "/served-codes", {"scene": scene}),
    )
    assert [(answer.status_code, answer.get_json()["code"]) for answer in refused] == [(422, "assurance_required")] * 3
    # One for everywhere is issued, and is good everywhere else.
    assert phone.fetch(now, "all", 2).status_code == 200
    clinic = any_city.terminal("clinic-1")
    assert decision(clinic.scan(phone.show(now))) == ("refused", "wrong_scene")
    assert decision(any_city.terminal("bus-1").scan(phone.show(now, 1))) == ("accepted", None)
    operate = operate_on(any_city)
    assert operate("people", "confirm", any_city.citizen().holder.id, "--by", "counter 3") == (0, {"wallets": 1})
    assert obstacle(phone) == (None, None)
    assert phone.fetch(any_city.clock.now, scene, 1).status_code == 200
    assert phone.call("GET", "/notices").get_json()["notices"][0]["kind"] == "seen_at_counter"
    assert decision(clinic.scan(phone.show(any_city.clock.now))) == ("accepted", None)


def test_nobody_without_a_wallet_is_confirmed(operate: Operate) -> None:
    code, said = operate("people", "confirm", "0" * 32, "--by", "counter 3")
    assert code == 1
    assert "people find" in said


def test_a_new_phone_waits_before_it_may_show_codes_where_much_is_at_stake(any_city: City) -> None:
    """The phone that was there first goes on, and its owner is told of the second one."""
    first = any_city.phone()
    demand(any_city, device_age=DAY)
    second = second_phone(any_city)
    registered = any_city.clock.now
    assert obstacle(first) == (None, None)
    assert obstacle(second) == ("device_too_new", registered + DAY)
    assert second.fetch(any_city.clock.now, "hospital", 1).get_json()["code"] == "device_too_new"
    assert second.fetch(any_city.clock.now, "bus", 1).status_code == 200
    assert first.call("GET", "/notices").get_json()["notices"][0]["kind"] == "device_added"
    any_city.clock.now = registered + DAY
    assert obstacle(second) == (None, None)
    assert second.fetch(any_city.clock.now, "hospital", 1).status_code == 200


def test_a_digit_code_for_everywhere_is_refused_where_its_phone_may_show_nothing(city: City) -> None:
    phone = city.phone()
    demand(city, assurance="document")
    (code,) = phone.fetch_digits(city.clock.now, "all", 1).get_json()["codes"]
    digits = write_digit_code(code["handle"], code["seed"], city.clock.now)
    assert decision(city.terminal("clinic-1").scan(digits)) == ("refused", "wrong_scene")


def test_a_wallet_prints_no_paper_for_a_scene_that_it_may_not_have_codes_for(city: City) -> None:
    phone = city.phone()
    demand(city, assurance="presence")
    made = phone.call("POST", "/papers", {})
    assert made.status_code == 201
    answer = city.terminal("clinic-1").scan(made.get_json()["code"], document_checked=True)
    assert decision(answer) == ("refused", "wrong_scene")


def test_where_no_key_is_trusted_that_nobody_attests_only_codes_of_the_moment_count(city: City) -> None:
    """No client here can attest its key: such a scene takes what the service serves for a minute, and no batch."""
    usual = json.loads(write_document(ADAPTERS["hospital"].default))
    put_in_force(city, "hospital", usual | {"kinds": ["served"], "with_document": []})
    phone, clinic = city.phone(scene="hospital"), city.terminal("clinic-1")
    assert decision(clinic.scan(phone.show(city.clock.now)))[0] == "refused"
    served = phone.call("POST", "/served-codes", {"scene": "hospital"}).get_json()["code"]
    assert decision(clinic.scan(served)) == ("accepted", None)


def test_a_known_phone_that_signs_in_anew_is_known_again_once_it_has_proved_its_key(any_city: City) -> None:
    phone = any_city.phone()
    demand(any_city, device_age=DAY)
    any_city.clock.now += DAY
    again = Phone(any_city.app.test_client())
    again.sign_in(str(any_city.citizen().phone), any_city.password)
    again.key, again.device = phone.key, phone.device
    assert obstacle(again) == ("device_required", None)
    assert again.join(any_city.clock.now).status_code == 204
    assert obstacle(again) == (None, None)
    assert again.fetch(any_city.clock.now, "hospital").status_code == 200


@pytest.fixture
def server() -> Iterator[IdentityServer]:
    with identity_server() as double:
        yield double


def confirm(city: City, server: IdentityServer, assertion: str, number: str = "10099999999") -> Any:
    """Sign in with a phone that is on no record, and confirm with an assertion."""
    services = replace(city.services, identity=IdentityService(server.address, SECRET))
    phone = Phone(app_of(services).test_client())
    city.clock.now += account.RESEND_AFTER
    phone.sign_in(number, city.password)
    holder = city.citizen().holder
    body = {"name": holder.name, "id_number": holder.id_number.text, "assertion": assertion}
    return phone.call("POST", "/real-name", body)


def test_a_document_in_the_hands_confirms_somebody_whose_phone_is_on_no_record(
    any_city: City, server: IdentityServer
) -> None:
    holder = any_city.citizen().holder
    assertion = server.vouch(holder.name, holder.id_number.text, "document")
    answer = confirm(any_city, server, assertion)
    assert (answer.status_code, answer.get_json()["assurance"]) == (200, Assurance.DOCUMENT)


def test_an_assertion_is_good_once_and_for_nobody_else(city: City, server: IdentityServer) -> None:
    holder = city.citizen().holder
    used = server.vouch(holder.name, holder.id_number.text, "presence")
    assert confirm(city, server, used).status_code == 200
    for assertion in (used, server.vouch("别人", holder.id_number.text, "presence"), "made up", ""):
        answer = confirm(city, server, assertion, "10099999998")
        assert (answer.status_code, answer.get_json()["code"]) == (422, "identity_not_confirmed")


@pytest.mark.parametrize("fault", ["down", "broken", "level of its own", "wrong secret"])
def test_an_identity_service_that_cannot_be_asked_confirms_nobody(
    city: City, server: IdentityServer, fault: str
) -> None:
    server.fault = fault
    holder = city.citizen().holder
    answer = confirm(city, server, server.vouch(holder.name, holder.id_number.text, "document"))
    assert (answer.status_code, answer.get_json()["code"]) == (503, "identity_service_unavailable")


def test_without_an_identity_service_an_assertion_confirms_nobody(city: City) -> None:
    holder = city.citizen().holder
    body = {"name": holder.name, "id_number": holder.id_number.text, "assertion": "x"}
    phone = Phone(city.app.test_client())
    phone.sign_in(str(city.citizen().phone), city.password)
    assert phone.call("POST", "/real-name", body).get_json()["code"] == "identity_service_unavailable"
