"""From sign-in to a scan at every door, by HTTP, on SQLite and on PostgreSQL."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
import redis

from adapters.bus import BusDetails
from adapters.gateway import door as gateway
from codeservice.app import create_app, open_services
from codeservice.city import city_day
from codeservice.issuing import GRANT_LIFE
from codeservice.rate import RateLimiter
from codeservice.status import Status
from codeservice.store import client
from codeservice.store.status import RevokedCache
from tests.conftest import City
from tests.phone import Answer, Phone, Terminal, at_once, decision
from tests.scenes import TERMINALS
from wallet.views import door as wallet


def book_ticket(city: City, phone: Phone) -> None:
    """Book a ticket of today."""
    offer = phone.call("GET", "/ticket-offers").get_json()["offers"][0]
    body = {"place": offer["place"], "day": city_day(city.clock.now)}
    assert phone.call("POST", "/tickets", body).status_code == 201


@pytest.mark.parametrize("scene", TERMINALS)
def test_a_code_is_accepted_at_every_scene(any_city: City, scene: str) -> None:
    phone, terminal = any_city.phone(), any_city.terminal(TERMINALS[scene])
    book_ticket(any_city, phone)
    assert decision(terminal.scan(phone.show(any_city.clock.now))) == ("accepted", None)


@pytest.mark.parametrize("made_for", TERMINALS)
@pytest.mark.parametrize("shown_at", TERMINALS)
def test_a_code_for_one_scene_is_refused_elsewhere_and_not_used_up(city: City, made_for: str, shown_at: str) -> None:
    """All ordered pairs of scenes."""
    if made_for == shown_at:
        return
    phone = city.phone(scene=made_for)
    book_ticket(city, phone)
    code = phone.show(city.clock.now)
    assert decision(city.terminal(TERMINALS[shown_at]).scan(code)) == ("refused", "wrong_scene")
    assert decision(city.terminal(TERMINALS[made_for]).scan(code)) == ("accepted", None)


def test_after_revoke_answers_the_next_scan_is_refused(any_city: City) -> None:
    phone, terminal = any_city.phone(), any_city.terminal("bus-1")
    assert decision(terminal.scan(phone.show(any_city.clock.now))) == ("accepted", None)
    any_city.give(phone, Status.REVOKED)
    assert decision(terminal.scan(phone.show(any_city.clock.now + 1))) == ("refused", "revoked")


def test_a_flushed_redis_loses_no_revocation(any_city: City, redis_address: str) -> None:
    """The record answers."""
    phone, terminal = any_city.phone(), any_city.terminal("bus-1")
    any_city.give(phone, Status.REVOKED)
    redis.Redis.from_url(redis_address).flushall()
    assert decision(terminal.scan(phone.show(any_city.clock.now))) == ("refused", "revoked")


def test_a_redis_that_is_gone_loses_no_revocation_and_stops_nobody(any_city: City) -> None:
    phone, other, terminal = any_city.phone(), any_city.phone(), any_city.terminal("bus-1")
    gone = replace(any_city.services, revoked=RevokedCache("unix:///nonexistent/redis.sock"))
    any_city.app.extensions["services"] = gone
    any_city.give(phone, Status.REVOKED, gone)
    assert decision(terminal.scan(phone.show(any_city.clock.now))) == ("refused", "revoked")
    assert decision(terminal.scan(other.show(any_city.clock.now))) == ("accepted", None)


def test_a_forged_fact_in_redis_cannot_make_a_revoked_code_valid(city: City, redis_address: str) -> None:
    """The cache holds only negative facts."""
    phone, terminal = city.phone(), city.terminal("bus-1")
    city.give(phone, Status.REVOKED)
    made = phone.grants[0][0]
    redis.Redis.from_url(redis_address).setbit(f"revoked:{made['list']}", made["idx"], 0)
    assert decision(terminal.scan(phone.show(city.clock.now))) == ("refused", "revoked")


def test_a_screenshot_older_than_the_window_has_expired(city: City) -> None:
    phone, terminal = city.phone(), city.terminal("bus-1")
    screenshot = phone.show(city.clock.now)
    city.clock.now += 61
    assert decision(terminal.scan(screenshot)) == ("refused", "expired")


def test_a_phone_whose_clock_is_fast_is_told_so(city: City) -> None:
    phone, terminal = city.phone(), city.terminal("bus-1")
    assert decision(terminal.scan(phone.show(city.clock.now + 29))) == ("accepted", None)
    assert decision(terminal.scan(phone.show(city.clock.now + 31))) == ("refused", "clock_skew")


def test_a_phone_goes_on_for_a_day_without_network(city: City) -> None:
    """A grant fetched yesterday still makes codes; after its time it says so."""
    phone = city.phone()
    city.clock.now += 23 * 3600
    assert decision(city.terminal("bus-1").scan(phone.show(city.clock.now))) == ("accepted", None)
    city.clock.now += 2 * 3600
    assert decision(city.terminal("bus-1").scan(phone.show(city.clock.now))) == ("refused", "expired")


def test_every_grant_of_a_batch_older_than_its_lifetime_is_expired(city: City) -> None:
    phone = city.phone(count=4)
    city.clock.now += GRANT_LIFE + 1
    bus = city.terminal("bus-1")
    assert {decision(bus.scan(phone.show(city.clock.now, index))) for index in range(4)} == {("refused", "expired")}


def test_a_terminal_cannot_bring_its_own_time(city: City) -> None:
    """What it sends beside the code is no time to go by, and the screenshot stays one."""
    phone, terminal = city.phone(), city.terminal("bus-1")
    shown_at = city.clock.now
    screenshot = phone.show(shown_at)
    city.clock.now += 61
    for name in ("now", "at", "iat", "time", "timestamp"):
        body: dict[str, Any] = {name: shown_at}
        assert terminal.scan(screenshot, **body).status_code == 400
    assert decision(terminal.scan(screenshot)) == ("refused", "expired")


def test_the_identifier_of_a_real_record_is_no_code(city: City) -> None:
    """Nothing that the record is keyed by is looked up because somebody scanned it."""
    phone, bus = city.phone(), city.terminal("bus-1")
    scanned = bus.scan(phone.show(city.clock.now)).get_json()["scan"]
    made = phone.grants[0][0]
    identifiers = [scanned, phone.device, city.citizen().holder.id, "bus-1", str(made["idx"])]
    identifiers += [f"{made['list']}:{made['idx']}", made["grant"], str(uuid.UUID(scanned))]
    # A place that happens to begin with 9 reads as the start of a later version of the code.
    reasons = {("refused", "malformed"), ("refused", "unsupported_version")}
    assert {decision(bus.scan(identifier)) for identifier in identifiers} <= reasons
    assert len(phone.call("GET", "/records").get_json()["records"]) == 1


def test_one_code_at_two_terminals_at_once_has_one_winner(any_city: City) -> None:
    """64 threads, 20 rounds."""
    phone = any_city.phone()
    first, second = any_city.terminal("clinic-1"), any_city.terminal("clinic-2")
    for round_ in range(20):
        code = phone.show(any_city.clock.now + round_)
        # The race is what is tried here; a terminal would be told to wait after a hundred scans in a breath.
        any_city.app.extensions["services"] = replace(any_city.services, limiter=RateLimiter())

        def scan(number: int, code: str = code) -> tuple[str, str | None]:
            return decision((first, second)[number % 2].on(any_city.app.test_client()).scan(code))

        answers = at_once(64, scan)
        assert answers.count(("accepted", None)) == 1
        assert answers.count(("refused", "replayed")) == 63


def test_the_same_act_is_answered_the_same_way_however_often_it_is_sent(any_city: City) -> None:
    """One execution, equal answers."""
    phone, terminal = any_city.phone(), any_city.terminal("till-east")
    code, medicine = phone.show(any_city.clock.now), {"class": "ephedrine", "packages": 1}

    def scan(_number: int) -> Any:
        return terminal.on(any_city.app.test_client()).scan(code, act="one-act", medicine=medicine).get_json()

    answers = at_once(50, scan)
    assert {answer["scan"] for answer in answers} == {answers[0]["scan"]}
    assert {answer["details"]["remaining"] for answer in answers} == {1}
    assert sum(not answer["repeat"] for answer in answers) == 1


def test_an_act_whose_answer_was_lost_is_answered_the_same_way_after_a_restart(any_city: City) -> None:
    """The service ended between its commit and its answer: one use, and the terminal learns what was decided."""
    phone, terminal = any_city.phone(), any_city.terminal("till-east")
    code, medicine = phone.show(any_city.clock.now), {"class": "ephedrine", "packages": 1}
    lost = terminal.scan(code, act="one-act", medicine=medicine).get_json()
    services = open_services(any_city.services.settings, any_city.clock)
    again = terminal.on(create_app(services, (gateway, wallet)).test_client())
    answer = again.scan(code, act="one-act", medicine=medicine).get_json()
    assert (answer["scan"], answer["decision"], answer["repeat"]) == (lost["scan"], "accepted", True)
    assert answer["details"]["remaining"] == lost["details"]["remaining"] == 1
    assert decision(again.scan(code, act="another", medicine=medicine)) == ("refused", "replayed")
    services.database.close()


def test_the_same_code_for_another_act_is_a_replay(city: City) -> None:
    phone, terminal = city.phone(), city.terminal("bus-1")
    code = phone.show(city.clock.now)
    assert decision(terminal.scan(code, act="a")) == ("accepted", None)
    assert decision(terminal.scan(code, act="b")) == ("refused", "replayed")


@pytest.mark.parametrize("first", ["terminal", "back end"])
def test_a_code_is_used_up_for_terminals_and_for_partners_back_ends_alike(any_city: City, first: str) -> None:
    phone, desk = any_city.phone(), any_city.terminal("clinic-1")
    code, back_end = phone.show(any_city.clock.now), any_city.terminal("hospital-back-end")
    headers = {"Authorization": f"Bearer {back_end.token}", "Idempotency-Key": "act"}

    def verify() -> Answer:
        return back_end.http.open("/api/v1/verifications", method="POST", json={"code": code}, headers=headers)

    channels = [lambda: desk.scan(code), verify]
    answers = [ask() for ask in (channels if first == "terminal" else reversed(channels))]
    assert [decision(answer) for answer in answers] == [("accepted", None), ("refused", "replayed")]


def test_an_act_cannot_be_used_for_another_code(city: City) -> None:
    phone, terminal = city.phone(), city.terminal("bus-1")
    terminal.scan(phone.show(city.clock.now), act="a")
    answer = terminal.scan(phone.show(city.clock.now + 1), act="a")
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "idempotency_key_reused"


def test_two_taps_within_three_seconds_count_once(any_city: City) -> None:
    phone, terminal = any_city.phone(), any_city.terminal("bus-1")
    first = terminal.scan(phone.show(any_city.clock.now)).get_json()["details"]
    any_city.clock.now += 2
    second = terminal.scan(phone.show(any_city.clock.now)).get_json()["details"]
    any_city.clock.now += 3
    third = terminal.scan(phone.show(any_city.clock.now)).get_json()["details"]
    assert [tap["counted"] for tap in (first, second, third)] == [True, False, True]
    assert [tap["fare_cents"] for tap in (first, second, third)] == [200, 0, 200]


def test_a_medicine_limit_holds_over_all_pharmacies_and_ends_at_midnight(any_city: City) -> None:
    phone = any_city.phone()
    east, west = any_city.terminal("till-east"), any_city.terminal("till-west")

    def sell(till: Terminal, packages: int, at: int) -> tuple[str, str | None]:
        return decision(till.scan(phone.show(at), medicine={"class": "ephedrine", "packages": packages}))

    now = any_city.clock.now
    assert sell(east, 1, now) == ("accepted", None)
    assert sell(west, 2, now + 1) == ("refused", "limit_reached")
    assert sell(west, 1, now + 2) == ("accepted", None)
    assert sell(east, 1, now + 3) == ("refused", "limit_reached")
    any_city.clock.now += 12 * 3600
    any_city.terminal("till-east").authenticate(any_city.clock.now)
    assert sell(any_city.terminal("till-east"), 2, any_city.clock.now) == ("accepted", None)


def test_a_refusal_does_not_use_the_code_up(any_city: City) -> None:
    """Without a ticket the gate refuses; after booking the same code is good."""
    phone, gate = any_city.phone(), any_city.terminal("gate-1")
    code = phone.show(any_city.clock.now)
    assert decision(gate.scan(code)) == ("refused", "no_ticket")
    book_ticket(any_city, phone)
    assert decision(gate.scan(code)) == ("accepted", None)


def test_a_ticket_admits_once_a_day(any_city: City) -> None:
    phone, gate = any_city.phone(), any_city.terminal("gate-1")
    book_ticket(any_city, phone)
    assert decision(gate.scan(phone.show(any_city.clock.now))) == ("accepted", None)
    assert decision(gate.scan(phone.show(any_city.clock.now + 1))) == ("refused", "limit_reached")


def test_a_hospital_sees_in_full_only_what_the_holder_consents_to(city: City) -> None:
    phone, desk = city.phone(), city.terminal("clinic-1")
    citizen = city.citizen()
    masked = desk.scan(phone.show(city.clock.now)).get_json()["details"]
    assert masked["id_number"] == citizen.holder.id_number.masked
    assert masked["insured"] is None
    assert phone.call("PUT", "/consents/hospital", {"given": True}).status_code == 200
    full = desk.scan(phone.show(city.clock.now + 1)).get_json()["details"]
    assert (full["name"], full["id_number"]) == (citizen.holder.name, citizen.holder.id_number.text)
    phone.call("PUT", "/consents/hospital", {"given": False})
    again = desk.scan(phone.show(city.clock.now + 2)).get_json()["details"]
    assert again["name"] != citizen.holder.name


def test_a_bus_learns_the_fare_class_and_nothing_else(city: City) -> None:
    answer = city.terminal("bus-1").scan(city.phone().show(city.clock.now)).get_json()
    assert set(answer["details"]) == set(BusDetails.__struct_fields__)


def test_a_suspended_terminal_is_refused_at_once_although_its_token_lives(any_city: City) -> None:
    phone, terminal = any_city.phone(), any_city.terminal("bus-1")
    with any_city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    answer = terminal.scan(phone.show(any_city.clock.now))
    assert answer.status_code == 403
    assert answer.get_json()["code"] == "terminal_not_allowed"


def test_a_terminal_scans_only_for_its_own_scene(city: City) -> None:
    answer = city.terminal("bus-1").scan(city.phone().show(city.clock.now), scene="hospital")
    assert answer.status_code == 403


def test_the_holder_sees_every_scan_refused_ones_too(city: City) -> None:
    phone, bus, gate = city.phone(), city.terminal("bus-1"), city.terminal("gate-1")
    bus.scan(phone.show(city.clock.now))
    gate.scan(phone.show(city.clock.now + 1))
    records = phone.call("GET", "/records").get_json()["records"]
    assert {(record["scene"], record["reason"]) for record in records} == {("bus", None), ("scenic_spot", "no_ticket")}


def test_the_holder_is_told_of_a_screenshot_and_of_the_wrong_place(city: City) -> None:
    phone, bus = city.phone(scene="hospital"), city.terminal("bus-1")
    bus.scan(phone.show(city.clock.now))
    bus.scan(phone.show(city.clock.now - 100))
    records = phone.call("GET", "/records").get_json()["records"]
    assert sorted(record["reason"] for record in records) == ["expired", "wrong_scene"]


def test_a_loss_kills_every_code_on_every_device_and_ends_other_sessions(any_city: City) -> None:
    """In one transaction."""
    lost, other = any_city.phone(), any_city.phone()
    code = lost.show(any_city.clock.now)
    assert other.call("POST", "/freeze", {}).get_json()["revoked"] == 4
    assert decision(any_city.terminal("bus-1").scan(code)) == ("refused", "revoked")
    assert lost.call("GET", "/me").status_code == 401
    assert lost.fetch(any_city.clock.now).status_code == 401
    assert other.fetch(any_city.clock.now).get_json()["code"] == "device_removed"


def test_removing_a_device_kills_its_codes_and_no_others(any_city: City) -> None:
    first, second, bus = any_city.phone(), any_city.phone(), any_city.terminal("bus-1")
    assert second.call("DELETE", f"/devices/{first.device}").status_code == 204
    assert decision(bus.scan(first.show(any_city.clock.now))) == ("refused", "revoked")
    assert decision(bus.scan(second.show(any_city.clock.now))) == ("accepted", None)


def test_an_act_sent_again_tells_no_more_than_the_first_time(city: City) -> None:
    """Consent that was given meanwhile counts for the next act, not for the last one."""
    phone, desk = city.phone(), city.terminal("clinic-1")
    code = phone.show(city.clock.now)
    first = desk.scan(code, act="visit").get_json()["details"]
    phone.call("PUT", "/consents/hospital", {"given": True})
    again = desk.scan(code, act="visit").get_json()["details"]
    assert city.citizen().holder.name not in str(again)
    assert again["name"] in ("", first["name"])


def test_an_act_sent_again_after_ten_minutes_tells_nothing_of_the_holder(city: City) -> None:
    phone, desk = city.phone(), city.terminal("clinic-1")
    code = phone.show(city.clock.now)
    desk.scan(code, act="visit")
    city.clock.now += 590
    desk.authenticate(city.clock.now)
    assert desk.scan(code, act="visit").get_json()["details"]["name"]
    city.clock.now += 11
    details = desk.scan(code, act="visit").get_json()["details"]
    assert (details["name"], details["id_number"]) == ("", "")


def test_an_act_is_not_used_for_another_sale(city: City) -> None:
    phone, till = city.phone(), city.terminal("till-east")
    code = phone.show(city.clock.now)
    assert decision(till.scan(code, act="sale")) == ("accepted", None)
    answer = till.scan(code, act="sale", medicine={"class": "ephedrine", "packages": 2})
    assert answer.get_json()["code"] == "idempotency_key_reused"
