"""A phone in WeChat in a city that signs by SM2, where keys, codes and the lists of keys are of that suite."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from codeservice import demo
from codeservice.app import open_services
from codeservice.code import read_code
from codeservice.one_machine import prepare_keys, prepare_secrets
from keys.algorithms import SM2
from tests.conftest import NOW, PEOPLE, SEED, Clock, settings_of
from tests.miniprogram.town import Town, open_town
from tests.running import chromium


@pytest.fixture(scope="module")
def town(redis_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A city that was begun with SM2, and its phones."""
    folder = tmp_path_factory.mktemp("sm2")
    settings = settings_of(folder, redis_address)
    prepare_secrets(folder, suite=SM2)
    prepare_keys(settings, NOW - 3600, suite=SM2)
    services = open_services(settings, Clock(NOW))
    services.database.migrate()
    demo.make_city(services, people=PEOPLE, seed=SEED, progress=lambda _done, _all: None)
    services.database.close()
    with (
        chromium() as browser,
        open_town(folder, tmp_path_factory.mktemp("town"), redis_address, browser) as opened,
    ):
        yield opened


def test_codes_of_the_mini_program_are_accepted_with_and_without_network(town: Town) -> None:
    phone, bus = town.phone(town.city.citizen()), town.city.terminal("bus-1")

    def decide(code: str) -> tuple[str, str | None]:
        read = read_code(code)
        assert read.show is not None
        assert (read.issuer.alg, read.show.alg) == (SM2.cose, SM2.cose)
        answer = bus.scan(code).get_json()
        return answer["decision"], answer["reason"]

    assert decide(phone.code()) == ("accepted", None)
    phone.hold("connect(false)")
    assert decide(phone.fresh()) == ("accepted", None)
    # In another second than the last code's.
    time.sleep(1.1)
    phone.open(connected=False)
    expect(phone.at("offline-badge")).to_contain_text("离线，可用至")
    assert decide(phone.code()) == ("accepted", None)
    assert phone.faults == []
