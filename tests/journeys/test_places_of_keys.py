"""Where signing keys live: out of the workers' reach, missed by nobody but issuing when they are away."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.gateway import door as gateway
from codeservice.app import create_app, open_services
from codeservice.settings import SettingsError
from keys.algorithms import Algorithm
from keys.errors import SignerError
from keys.key import Purpose
from keys.p256 import P256Key, compressed
from tests.conftest import CONFIGURATIONS, NOW, City, Clock, Configuration
from tests.places import PASSPHRASE, Ground, in_process, in_token, serving, short_folder
from tests.tokens import PIN, SoftHsm
from wallet.views import door as wallet

OUTSIDE = [configuration for configuration in CONFIGURATIONS if configuration.set_up is not None]


@pytest.fixture(params=OUTSIDE, ids=lambda configuration: configuration.name)
def outside_city(open_city: Callable[..., City], request: pytest.FixtureRequest) -> City:
    """A city whose private keys are not in the workers' folder."""
    return open_city(configuration=request.param)


def signing_points(city: City) -> set[bytes]:
    return {key.public for key in city.services.trust_list().keys.values()}


def test_no_signing_key_can_be_read_where_the_workers_are(outside_city: City) -> None:
    """No key file in their folders, and what secret they have opens none."""
    settings = outside_city.services.settings
    files = [path for path in settings.keys.parent.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if path.suffix == ".pem"]
    assert not [path for path in files if b"PRIVATE KEY" in path.read_bytes()]
    if settings.passphrase_file is None:
        assert not [path for path in files if PASSPHRASE in path.read_bytes()]
    else:
        assert settings.passphrase_file.read_bytes() == PIN


def test_no_signing_key_is_in_the_memory_of_who_issues_with_a_token(open_city: Callable[..., City]) -> None:
    """The same look finds the key of a city that signs with files."""

    def held(name: str) -> bool:
        configuration = next(entry for entry in CONFIGURATIONS if entry.name == name)
        city = open_city(configuration=configuration)
        city.phone()
        points = {found.public for found in gc.get_objects() if isinstance(found, P256Key)}
        points |= {
            compressed(found.public_key())
            for found in gc.get_objects()
            if isinstance(found, ec.EllipticCurvePrivateKey)
        }
        return bool(points & signing_points(city))

    assert (held("files"), held("token")) == (True, False)


@pytest.fixture
def process_city(open_city: Callable[..., City]) -> Iterator[tuple[City, ExitStack]]:
    """A city whose signer process a test can stop."""
    with ExitStack() as stopping, short_folder() as folder:

        def set_up(ground: Ground, suite: Algorithm) -> dict[str, Any]:
            return in_process(Ground(ground.keys, folder, ground.clock, ground.softhsm, stopping), suite)

        yield open_city(configuration=Configuration("stoppable", set_up=set_up)), stopping


def test_without_its_signer_a_city_issues_nothing_and_goes_on_verifying(process_city: tuple[City, ExitStack]) -> None:
    city, signer = process_city
    phone, bus = city.phone(), city.terminal("bus-1")
    assert bus.scan(phone.show(city.clock.now)).get_json()["decision"] == "accepted"
    signer.close()
    refused = phone.fetch(city.clock.now)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "signing_unavailable")
    assert int(refused.headers["Retry-After"]) >= 1  # type: ignore[attr-defined]
    late = bus.authenticate(city.clock.now)
    assert (late.status_code, late.get_json()["code"]) == (503, "signing_unavailable")
    assert bus.scan(phone.show(city.clock.now + 5)).get_json()["decision"] == "accepted"


def test_a_worker_that_starts_without_its_signer_is_ready_to_verify(process_city: tuple[City, ExitStack]) -> None:
    """A balancer that took it out would stop the scans as well."""
    city, signer = process_city
    code = city.phone().show(city.clock.now)
    bus = city.terminal("bus-1")
    signer.close()
    services = open_services(city.services.settings, city.clock)
    http = create_app(services, (gateway, wallet)).test_client()
    ready = http.get("/readyz")
    assert (ready.status_code, ready.get_json()["grant_key"]) == (200, False)
    assert bus.on(http).scan(code).get_json()["decision"] == "accepted"
    services.database.close()


def test_a_city_issues_again_when_its_signer_is_back(process_city: tuple[City, ExitStack]) -> None:
    city, signer = process_city
    phone = city.phone()
    address = str(city.services.settings.signer).removeprefix("process:")
    signer.close()
    assert phone.fetch(city.clock.now).status_code == 503
    place = Path(address).with_name("signing").as_uri()
    with serving(city.services.settings.keys, place, Path(address), city.clock):
        assert phone.fetch(city.clock.now).status_code == 200


def test_without_its_token_a_city_issues_nothing_and_goes_on_verifying(
    open_city: Callable[..., City], softhsm: SoftHsm
) -> None:
    """The token is taken away and comes back."""
    city = open_city(configuration=Configuration("token", set_up=in_token))
    phone, bus = city.phone(), city.terminal("bus-1")
    away = softhsm.tokens.with_name("away")
    softhsm.tokens.rename(away)
    softhsm.tokens.mkdir()
    try:
        refused = phone.fetch(city.clock.now)
        assert (refused.status_code, refused.get_json()["code"]) == (503, "signing_unavailable")
        assert bus.scan(phone.show(city.clock.now)).get_json()["decision"] == "accepted"
    finally:
        softhsm.tokens.rmdir()
        away.rename(softhsm.tokens)
    assert phone.fetch(city.clock.now).status_code == 200


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604], ids=oct)
def test_a_city_does_not_start_with_a_passphrase_that_others_can_read(city: City, mode: int) -> None:
    path = city.services.settings.passphrase_file
    assert path is not None
    path.chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600"):
        open_services(city.services.settings, Clock(NOW))


@pytest.mark.parametrize("sample", [b"changeme", b"Password", b"123456\n", b"secret", b"1234"])
def test_a_city_does_not_start_with_a_secret_of_the_handbooks(city: City, sample: bytes) -> None:
    path = city.services.settings.passphrase_file
    assert path is not None
    path.write_bytes(sample)
    with pytest.raises(SettingsError, match="every handbook"):
        open_services(city.services.settings, Clock(NOW))


def test_a_passphrase_that_is_opened_to_others_while_a_city_runs_opens_no_key(city: City) -> None:
    path = city.services.settings.passphrase_file
    assert path is not None
    path.chmod(0o644)
    with pytest.raises(SignerError, match="chmod 600"):
        city.services.signer(Purpose.GRANT)


def test_a_key_file_that_others_can_read_signs_nothing(city: City) -> None:
    for path in (city.services.settings.keys / "signing").glob("*.pem"):
        path.chmod(0o644)
    with pytest.raises(SignerError, match="chmod 600"):
        city.services.signer(Purpose.GRANT)
