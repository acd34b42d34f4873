"""Drills with keys: rotated under load, killed by two holders, and never brought back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

import pytest

from codeservice.app import open_services, require_no_rollback
from codeservice.issuing import GRANT_LIFE
from codeservice.keeper import note
from codeservice.settings import SettingsError
from keys import rotation
from keys.cose import read_sign1
from keys.errors import TrustListError
from keys.jws import decode
from keys.key import Purpose
from keys.keyring import HISTORY, LIST
from tests.ceremonies import (
    DAY,
    HOUR,
    force,
    kill,
    look_again,
    passphrase_of,
    publish,
    put_in_force_by_demo,
)
from tests.conftest import City
from tests.phone import Phone, Terminal

PHONES = 4


def kid_of_grants(phone: Phone) -> set[bytes | None]:
    """Return the keys under which a phone's grants were signed."""
    return {read_sign1(decode(grant["grant"])).kid for grant, _key in phone.grants}


def scans(city: City, phones: list[Phone], buses: list[Terminal], moments: Iterator[int]) -> list[dict[str, Any]]:
    """Let every phone fetch new grants, then show an old and a new one, all at the same time."""

    def one(pair: tuple[Phone, Terminal]) -> list[dict[str, Any]]:
        phone, bus = pair
        before = phone.grants
        assert phone.fetch(city.clock.now).status_code == 200
        fresh, phone.grants = phone.grants, before
        shown = [phone.show(next(moments))]
        phone.grants = fresh
        shown.append(phone.show(next(moments)))
        return [bus.scan(code).get_json() for code in shown]

    with ThreadPoolExecutor(len(phones)) as pool:
        return [answer for answers in pool.map(one, zip(phones, buses, strict=True)) for answer in answers]


def test_the_grant_key_is_rotated_under_load_and_no_honest_code_is_refused(any_city: City) -> None:
    """From the day before the new key signs until the last grant under the old one has ended."""
    city = any_city
    phones = [city.phone(citizen) for citizen in adults(city)]
    buses = [city.terminal("bus-1"), city.terminal("bus-2")] * (PHONES // 2)
    old, seen = kid_of_grants(phones[0]), set()
    fresh = publish(city)
    steps = count()
    for _ in range(14):
        city.clock.now += 4 * HOUR
        sign_in_again(city, phones, buses)
        look_again(city.services)
        # Asked by many threads at once, which a generator does not bear.
        moments = map(partial(earlier, city.clock.now), steps)
        answers = scans(city, phones, buses, moments)
        assert [answer["decision"] for answer in answers] == ["accepted"] * len(answers), answers
        for phone in phones:
            seen |= kid_of_grants(phone)
    assert seen == old | {fresh}
    assert kid_of_grants(phones[0]) == {fresh}


def earlier(now: int, step: int) -> int:
    """Return a moment of the last twenty seconds."""
    return now - step % 20


def adults(city: City) -> list[Any]:
    """Return citizens who have a phone of their own."""
    return [citizen for citizen in city.people if citizen.phone][:PHONES]


def sign_in_again(city: City, phones: list[Phone], buses: list[Terminal]) -> None:
    """Sessions and tokens end after hours and minutes; grants go on."""
    for phone, citizen in zip(phones, adults(city), strict=True):
        phone.sign_in(str(citizen.phone), city.password)
    for bus in buses:
        assert bus.authenticate(city.clock.now).status_code == 200


def test_codes_under_a_killed_key_are_refused_and_wallets_recover_by_themselves(any_city: City) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    (kid,) = kid_of_grants(phone)
    assert bus.scan(phone.show(any_city.clock.now, 0)).get_json()["decision"] == "accepted"
    assert kid is not None
    kill(any_city, kid)
    assert bus.scan(phone.show(any_city.clock.now, 1)).get_json()["reason"] == "unknown_key"
    places = [[grant["list"], grant["idx"]] for grant, _key in phone.grants]
    told = phone.call("POST", "/grants/status", {"grants": places}).get_json()
    assert told["statuses"] == ["revoked", "revoked"]
    assert phone.fetch(any_city.clock.now).status_code == 200
    assert kid not in kid_of_grants(phone)
    assert bus.scan(phone.show(any_city.clock.now + 1)).get_json()["decision"] == "accepted"


def test_grants_under_living_keys_outlive_the_kill_of_another(any_city: City) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    kill(any_city, any_city.services.trust_list().signing(Purpose.PAPER, any_city.clock.now)[0].kid)
    places = [[grant["list"], grant["idx"]] for grant, _key in phone.grants]
    assert phone.call("POST", "/grants/status", {"grants": places}).get_json()["statuses"] == ["valid", "valid"]
    assert bus.scan(phone.show(any_city.clock.now)).get_json()["decision"] == "accepted"


def test_served_and_paper_codes_die_with_their_keys_too(any_city: City) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    code = phone.call("POST", "/served-codes", {"scene": "bus"}).get_json()["code"]
    kill(any_city, any_city.services.trust_list().signing(Purpose.SERVED, any_city.clock.now)[0].kid)
    assert bus.scan(code).get_json()["reason"] == "unknown_key"
    again = phone.call("POST", "/served-codes", {"scene": "bus"}).get_json()["code"]
    assert bus.scan(again).get_json()["decision"] == "accepted"


def test_a_code_under_the_outgoing_key_counts_until_its_own_end(any_city: City) -> None:
    city = any_city
    phone, bus = city.phone(), city.terminal("bus-1")
    publish(city)
    city.clock.now += DAY + HOUR - 60
    phone.sign_in(str(city.citizen().phone), city.password)
    assert phone.fetch(city.clock.now).status_code == 200
    old = kid_of_grants(phone)
    city.clock.now += GRANT_LIFE - 120
    bus.authenticate(city.clock.now)
    assert bus.scan(phone.show(city.clock.now)).get_json()["decision"] == "accepted"
    phone.sign_in(str(city.citizen().phone), city.password)
    assert phone.fetch(city.clock.now).status_code == 200
    assert kid_of_grants(phone).isdisjoint(old)


@pytest.mark.parametrize("way", ["a list without it", "the old list", "the old folder, restarted"])
def test_a_killed_key_never_comes_back(any_city: City, way: str) -> None:
    city = any_city
    phone, bus = city.phone(), city.terminal("bus-1")
    keys = city.services.settings.keys
    (kid,) = kid_of_grants(phone)
    assert kid is not None
    before = (keys / LIST).read_bytes()
    first = city.services.trust_list()
    kill(city, kid)
    note(city.services)
    if way == "a list without it":
        with pytest.raises(TrustListError):
            put_in_force_by_demo(city, rotation.extend(first, now=city.clock.now, lifetime=DAY))
        force(
            keys,
            rotation.extend(first, now=city.clock.now, lifetime=DAY),
            dict.fromkeys(("one", "two"), passphrase_of(city)),
        )
    else:
        (keys / LIST).write_bytes(before)
    if way == "the old folder, restarted":
        for path in (keys / HISTORY).glob("trust-2.cose"):
            path.unlink()
        services = open_services(city.services.settings, city.clock)
        with pytest.raises(SettingsError, match="copy the newest"):
            require_no_rollback(services)
        services.database.close()
    look_again(city.services)
    assert kid in city.services.trust_list().killed
    assert bus.scan(phone.show(city.clock.now, 1)).get_json()["reason"] == "unknown_key"
