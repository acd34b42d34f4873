"""Profiles: what a terminal is told of itself, by HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from adapters import ADAPTERS
from adapters.gateway import profile as gateway_profile
from codeservice.app import open_vault, vault_file_of
from codeservice.city import city_day
from codeservice.profile import MAX_LIFETIME, Profile, ProfileError, accept_profile
from codeservice.snapshot import SNAPSHOT_AAD, Snapshot, sign, write_snapshot
from codeservice.status import Status
from codeservice.store import client, ticket
from keys.cose import read_sign1
from keys.key import Purpose
from keys.signing_protocol import MAX_MESSAGE
from keys.suite import AES_256_GCM
from keys.vault import Use
from tests.conftest import City
from tests.phone import Phone, Terminal
from tests.scenes import TERMINALS, WITHOUT_HALL

DAY = 24 * 3600


def ask(city: City, terminal: Terminal) -> Any:
    headers = {"Authorization": f"Bearer {terminal.token}"}
    return city.app.test_client().get("/terminals/v1/profile", headers=headers)


def profile(city: City, terminal: Terminal) -> Profile:
    """Fetch a profile and read it as a terminal does."""
    answer = ask(city, terminal)
    assert (answer.status_code, answer.mimetype) == (200, "application/cose")
    return read(city, answer.data, terminal.id)


def read(city: City, data: bytes, terminal: str) -> Profile:
    return accept_profile(None, data, terminal=terminal, trust_list=city.services.trust_list(), now=city.clock.now)


def book(city: City, phone: Phone) -> None:
    body = {"place": "lake-park", "day": city_day(city.clock.now)}
    assert phone.call("POST", "/tickets", body).status_code == 201


def places(phone: Phone) -> set[tuple[int, int]]:
    return {(held["list"], held["idx"]) for held, _key in phone.grants}


@pytest.mark.parametrize("scene", WITHOUT_HALL)
def test_a_profile_tells_a_terminal_its_scene_and_what_it_may_do_alone(any_city: City, scene: str) -> None:
    found = profile(any_city, any_city.terminal(TERMINALS[scene]))
    offline = ADAPTERS[scene].default.offline
    assert offline is not None
    assert (found.terminal, found.scene, found.events) == (TERMINALS[scene], scene, any_city.services.settings.origin)
    limits = (offline.list_age, offline.holder_limit, offline.terminal_limit)
    assert (found.list_age, found.holder_limit, found.terminal_limit) == limits
    assert (found.version, found.expires) == (any_city.clock.now, any_city.clock.now + MAX_LIFETIME)
    assert found.capacity == (500 if scene == "scenic_spot" else None)


def test_a_scene_that_decides_nothing_alone_has_no_limits_to_go_by(city: City) -> None:
    found = profile(city, city.terminal("queue-1"))
    assert (found.list_age, found.holder_limit, found.terminal_limit, found.tickets) == (0, 0, 0, {})


def test_the_address_of_events_and_the_guide_are_those_of_the_settings(city: City) -> None:
    settings = replace(city.services.settings, events="https://events.city.example", guide="HTTPS://M.EXAMPLE.CN/#")
    city.app.extensions["services"] = replace(city.services, settings=settings)
    found = profile(city, city.terminal("bus-1"))
    assert (found.events, found.guide) == ("https://events.city.example", "HTTPS://M.EXAMPLE.CN/#")


def test_the_terminals_of_a_place_share_a_key_of_the_day_and_nobody_else_has_it(city: City) -> None:
    found = [profile(city, city.terminal(name)).site_keys for name in ("bus-1", "bus-2", "clinic-1")]
    today, tomorrow = city_day(city.clock.now), city_day(city.clock.now + DAY)
    assert found[0] == found[1]
    assert [set(keys) for keys in found] == [{today, tomorrow}] * 3
    assert len({*found[0].values(), *found[2].values()}) == 4
    city.clock.now += DAY
    assert profile(city, city.terminal("bus-1")).site_keys[tomorrow] == found[0][tomorrow]


def test_new_index_keys_change_no_key_of_a_site_that_a_terminal_may_hold_already(city: City) -> None:
    """Otherwise the terminals of a place would not understand each other until all have fetched again."""
    before = profile(city, city.terminal("bus-1")).site_keys
    vault_file_of(city.services.settings).rotate(Use.INDEX, AES_256_GCM, now=city.clock.now, after=0)
    vault = open_vault(city.services.settings, city.clock)
    city.app.extensions["services"] = services = replace(city.services, vault=vault)
    assert services.vault.active()[1] == 2
    assert profile(city, city.terminal("bus-2")).site_keys == before
    city.clock.now += 2 * DAY
    after = profile(city, city.terminal("bus-2")).site_keys
    assert not set(after.values()) & set(before.values())


def test_a_gate_knows_the_grants_of_everybody_with_a_ticket_and_of_nobody_else(any_city: City) -> None:
    with_ticket, without = (any_city.phone(citizen) for citizen in [c for c in any_city.people if c.phone][:2])
    book(any_city, with_ticket)
    found = profile(any_city, any_city.terminal("gate-1")).tickets
    today, tomorrow = city_day(any_city.clock.now), city_day(any_city.clock.now + DAY)
    assert found[today].keys() == places(with_ticket)
    assert not found[tomorrow]
    assert places(without)
    assert {count for _, count in found[today].values()} == {1}
    assert len({handle for handle, _ in found[today].values()}) == 1


def test_only_grants_that_are_good_at_the_gate_are_listed(any_city: City) -> None:
    citizen = any_city.citizen()
    for_all, for_gates, for_buses, lost = (
        any_city.phone(citizen, scene=scene) for scene in ("all", "scenic_spot", "bus", "all")
    )
    for_all.fetch_digits(any_city.clock.now)
    book(any_city, for_all)
    any_city.give(lost, Status.REVOKED)
    today = city_day(any_city.clock.now)
    listed = profile(any_city, any_city.terminal("gate-1")).tickets[today].keys()
    assert listed == places(for_all) | places(for_gates)
    assert not listed & places(for_buses)
    any_city.clock.now += 25 * 3600
    assert profile(any_city, any_city.terminal("gate-1")).tickets == {
        city_day(any_city.clock.now + days * DAY): {} for days in (0, 1)
    }


def test_a_handle_is_the_same_at_one_place_and_tells_nothing_at_another(city: City) -> None:
    with city.services.database.write() as connection:
        client.add_place(connection, id_="hill", partner="city-tourism", scene="scenic_spot", name="青山")
        client.add_client(
            connection, id_="gate-9", kind=client.TERMINAL, place="hill", name="x", scopes=frozenset({"scan"})
        )
    phone, today = city.phone(), city_day(city.clock.now)
    with city.services.database.write() as connection:
        for place in ("lake-park", "hill"):
            assert ticket.book(connection, place, today, city.citizen().holder.id, now=city.clock.now)
    handles = [
        {handle for handle, _ in profile(city, city.terminal(name)).tickets[today].values()}
        for name in ("gate-1", "gate-2", "gate-9")
    ]
    assert handles[0] == handles[1]
    assert not handles[0] & handles[2]
    assert phone.grants


def test_a_profile_names_nobody(city: City) -> None:
    phone = city.phone()
    book(city, phone)
    data = ask(city, city.terminal("gate-1")).data
    holder = city.citizen().holder
    for secret in (holder.id, holder.name, holder.id_number.text, str(holder.phone)):
        assert secret.encode() not in data
    assert bytes.fromhex(holder.id) not in data


def test_the_profile_of_a_full_place_can_still_be_signed_by_a_signer_process(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {(65_535, (1 << 20) - 1 - number): (bytes(8), 1) for number in range(gateway_profile.MOST_TICKETS)}
    monkeypatch.setattr(gateway_profile, "_tickets", lambda *_arguments: full)
    signed = read_sign1(ask(city, city.terminal("gate-1")).data)
    assert MAX_MESSAGE // 2 < len(signed.payload) < MAX_MESSAGE - 100


def test_when_a_place_is_too_full_the_newest_grants_are_listed(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    older, newer = city.phone(), city.phone()
    book(city, older)
    monkeypatch.setattr(gateway_profile, "MOST_TICKETS", 2)
    assert profile(city, city.terminal("gate-1")).tickets[city_day(city.clock.now)].keys() == places(newer)


def test_a_profile_is_signed_in_every_configuration_of_keys(configured_city: City) -> None:
    assert profile(configured_city, configured_city.terminal("gate-1")).scene == "scenic_spot"


def test_only_a_terminal_that_may_scan_gets_a_profile(city: City) -> None:
    terminal = city.terminal("bus-1")
    assert city.app.test_client().get("/terminals/v1/profile").status_code == 401
    with city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    answer = ask(city, terminal)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "terminal_not_allowed")


def test_a_profile_is_for_one_terminal_and_is_no_snapshot(city: City) -> None:
    data = ask(city, city.terminal("bus-1")).data
    with pytest.raises(ProfileError, match="another terminal"):
        read(city, data, "bus-2")
    now, signer = city.clock.now, city.services.signer(Purpose.STATUS)
    state = Snapshot.of(now, now + 60, {})
    snapshot = sign(write_snapshot(now, state.expires, state.lists), SNAPSHOT_AAD, signer=signer, now=now)
    with pytest.raises(ProfileError, match="not a profile"):
        read(city, snapshot, "bus-1")


def test_a_profile_is_kept_by_nobody_on_the_way(city: City) -> None:
    assert ask(city, city.terminal("bus-1")).headers["Cache-Control"] == "no-store"
