"""A whole city on one machine: secrets, keys, database, private Redis, demo city, web and events servers, keeper."""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from codeservice import demo
from codeservice.app import open_services, read_secret
from codeservice.demo_words import welcome
from codeservice.enrolment import write_link
from codeservice.private_redis import PrivateRedis, PrivateRedisError
from codeservice.services import Services
from codeservice.settings import Settings, SettingsError, settings_from
from codeservice.store import client, fact
from keys import ceremony, rotation
from keys.algorithms import ES256, SM2, Algorithm
from keys.envelope import VaultFile
from keys.keyring import LIST
from keys.master import open_master_key
from keys.suite import AES_256_GCM, SM4_GCM

_ENROLMENT_LIFE = 24 * 3600
"""Seconds the scanner links of a demo run work; an operator's own links work for ten minutes."""

_READY_SECONDS = 60
_STOP_SECONDS = 15
_ROOTS = ("one", "two", "three")
_THRESHOLD = 2
_SEALS = {ES256.name: AES_256_GCM, SM2.name: SM4_GCM}
"""Name of the algorithm that signs to the suite that seals personal data in a new city."""

_DATABASE = "city.db"
_PASSPHRASE = "passphrase"  # noqa: S105 -- the name of a file
_VAULT = "vault"
_LOCAL = "127.0.0.1"
_LAST_PORT = 65535
_PORTS_TRIED = 50
_EVENTS_THREADS = "128"
_LOCAL_REDIS = "local-redis"
_LOCAL_ORIGIN = "local-origin"
_LOCAL_EVENTS = "local-events"


def environment_of(data: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the city in `data`; what the environment sets goes first."""
    local = {
        "CITY_DATABASE": f"sqlite:///{data / _DATABASE}",
        "CITY_KEYS": str(data / "keys"),
        "CITY_PASSPHRASE_FILE": str(data / _PASSPHRASE),
        "CITY_VAULT_FILE": str(data / _VAULT),
        "CITY_MASTER_KEY": _master_key(data),
        "CITY_ORIGIN": _noted(data / _LOCAL_ORIGIN, "http://127.0.0.1:8000"),
        "CITY_EVENTS": _noted(data / _LOCAL_EVENTS, ""),
        "REDIS_URL": _noted(data / _LOCAL_REDIS, "unix:///nonexistent/redis.sock"),
        "CITY_DEMO": "1",
    }
    given = {name: value for name, value in environment.items() if name.startswith("CITY_") or name == "REDIS_URL"}
    if given.get("CITY_SIGNER"):
        # Who names another place for the keys says what opens it; the demo's passphrase does not.
        del local["CITY_PASSPHRASE_FILE"]
    return local | given


def run(  # noqa: PLR0913 -- the options of one command
    data: Path,
    environment: Mapping[str, str],
    *,
    port: int,
    origin: str | None,
    workers: int,
    people: int,
    seed: int,
    suite: Algorithm = ES256,
) -> None:
    """Run until SIGINT or SIGTERM, then stop everything. Raises SettingsError when something cannot start."""
    stopping = _Stopping()
    prepare_secrets(data, suite=suite)
    _require_free(port)
    lock = _lock(data)
    if "CITY_ORIGIN" not in environment:
        (data / _LOCAL_ORIGIN).write_text(origin or f"http://127.0.0.1:{port}")
    events_port = _free_port_after(port)
    # Behind an address of somebody's own a proxy passes /events on.
    is_local = origin is None and "CITY_ORIGIN" not in environment
    (data / _LOCAL_EVENTS).write_text(f"http://{_LOCAL}:{events_port}" if is_local else "")
    redis = None
    if not environment.get("REDIS_URL"):
        try:
            redis = PrivateRedis()
        except PrivateRedisError as error:
            raise SettingsError(str(error)) from error
        (data / _LOCAL_REDIS).write_text(redis.address)
    services: Services | None = None
    try:
        settings = environment_of(data, environment)
        services = open_services(settings_from(settings))
        prepare_keys(services.settings, services.clock(), suite=suite)
        services.database.migrate()
        if services.settings.demo:
            _make_city(services, people, seed, stopping)
        servers = (_web_server(port, workers), _events_server(events_port))
        _serve(data, services, settings, stopping, servers=servers, redis_is_private=redis is not None)
    except _StoppedError:
        print("\nStopped before the city was made; nothing of it is kept.", flush=True)
    finally:
        if services is not None:
            services.database.close()
        if redis is not None:
            redis.stop()
        lock.close()


def prepare_secrets(data: Path, *, suite: Algorithm = ES256) -> None:
    """Make the data folder, the passphrase of the signing keys, and the vault with its master key.

    A new city that signs by SM2 seals by SM4 and SM3. Raises SettingsError when a database has lost its vault: a new
    one would not open it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase, vault = data / _PASSPHRASE, data / _VAULT
    if not passphrase.exists():
        passphrase.touch(0o600)
        passphrase.write_text(secrets.token_urlsafe(32) + "\n")
    if vault.exists():
        return
    if (data / _DATABASE).exists():
        raise SettingsError(f"{vault} is gone; put its backup back, or delete {data} to begin anew")
    VaultFile(vault, open_master_key(_master_key(data))).create(_SEALS[suite.name])


def _master_key(data: Path) -> str:
    return (data / "master").resolve().as_uri()


def prepare_keys(settings: Settings, now: int, *, suite: Algorithm = ES256) -> None:
    """Hold the ceremony of a demo: all roots on one machine under one passphrase, and a list renewed in time.

    A new city signs by `suite`; one that exists goes on with its own.

    Raises SettingsError when the signing keys live elsewhere and nobody has held a ceremony.
    """
    folder = settings.keys
    if settings.signer is not None or settings.passphrase_file is None:
        if not (folder / LIST).exists():
            raise SettingsError(f"{folder} has no trust list; make one: python -m keys begin {folder} --at ADDRESS")
        return
    passphrase = read_secret(settings.passphrase_file)
    roots = dict.fromkeys(_ROOTS, passphrase)
    if not (folder / LIST).exists():
        place = ceremony.Place(ceremony.signing_folder(folder), passphrase, suite)
        ceremony.begin(folder, place, root_passphrases=roots, threshold=_THRESHOLD, now=now)
        return
    current = ceremony.read_list(folder, now=now)
    if current.expires - now < ceremony.LIST_LIFE // 2 and ceremony.share_path(folder, _ROOTS[0]).exists():
        following = rotation.extend(current, now=now, lifetime=ceremony.LIST_LIFE)
        ceremony.propose(folder, following, now=now)
        ceremony.sign_proposal(folder, dict.fromkeys(_ROOTS[:_THRESHOLD], passphrase), now=now)


@dataclass(frozen=True)
class _Server:
    """One gunicorn: where it listens, and what answers there once it serves."""

    port: int
    sign_of_life: str
    application: str
    worker: str
    options: tuple[str, ...]

    def command(self, root: Path) -> list[str]:
        """How it is started."""
        bind = f"{_LOCAL}:{self.port}"
        gunicorn = ["-m", "gunicorn", self.application, "--bind", bind, "--worker-class", self.worker, *self.options]
        return [*gunicorn, "--graceful-timeout", "10", "--no-control-socket", "--chdir", str(root)]


def _web_server(port: int, workers: int) -> _Server:
    options = ("--workers", str(workers), "--threads", "4")
    return _Server(port, "/readyz", "wsgi:application()", "codeservice.worker.Worker", options)


def _events_server(port: int) -> _Server:
    return _Server(port, "/livez", "wsgi:events()", "codeservice.worker.EventsWorker", ("--threads", _EVENTS_THREADS))


def _serve(  # noqa: PLR0913
    data: Path,
    services: Services,
    settings: dict[str, str],
    stopping: "_Stopping",
    *,
    servers: Sequence[_Server],
    redis_is_private: bool,
) -> None:
    log = (data / "city.log").open("ab")
    root = Path(__file__).resolve().parent.parent
    # The children are told to stop one by one; a Ctrl-C that reached them all at once would race with that.
    children = [
        subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, *arguments],
            env={**os.environ, **settings, "PYTHONPATH": str(root)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        for arguments in (*(server.command(root) for server in servers), ["-m", "codeservice", "keep"])
    ]
    try:
        for server in servers:
            _wait_ready(server, children, data)
        print("\n".join(welcome(services, data, _links(services), redis_is_private=redis_is_private)), flush=True)
        while not stopping.asked:
            for child in children:
                if child.poll() is not None:
                    raise SettingsError(f"a part of the city stopped by itself; see {data / 'city.log'}")
            time.sleep(0.2)
        print("\nStopping ...", flush=True)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        log.close()
    print("Stopped. The data is kept; run again to go on.", flush=True)


class _StoppedError(Exception):
    """Somebody asked to stop before there was anything to serve."""


class _Stopping:
    """Notes SIGINT, SIGTERM, and SIGHUP when the window is closed."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True


def _make_city(services: Services, people: int, seed: int, stopping: _Stopping) -> None:
    def progress(done: int, every: int) -> None:
        if stopping.asked:
            raise _StoppedError
        show_progress(done, every)

    if demo.make_city(services, people=people, seed=seed, progress=progress):
        return
    with services.database.read() as connection:
        print(f"  this data folder holds a city of {fact.get(connection, 'demo_people')} people", file=sys.stderr)


def _require_free(port: int) -> None:
    if not _is_free(port):
        raise SettingsError(f"port {port} is taken by another program; choose one: --port 9000")


def _free_port_after(port: int) -> int:
    for number in range(port + 1, min(port + _PORTS_TRIED, _LAST_PORT) + 1):
        if _is_free(number):
            return number
    raise SettingsError(f"no port behind {port} is free for the events server; choose another: --port 9000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOCAL, port))
        except OSError:
            return False
    return True


def _lock(data: Path) -> TextIO:
    handle = (data / "run.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise SettingsError(f"a city runs on {data} already; stop it, or choose another folder with --data") from error
    return handle


def _wait_ready(server: _Server, children: list[subprocess.Popen[bytes]], data: Path) -> None:
    address = f"http://{_LOCAL}:{server.port}{server.sign_of_life}"
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and all(child.poll() is None for child in children):
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:  # noqa: PLR2004
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    log = data / "city.log"
    raise SettingsError(f"the service did not become ready; is another program on port {server.port}? See {log}")


def _links(services: Services) -> list[tuple[client.StoredClient, str]]:
    now = services.clock()
    links = []
    with services.database.write() as connection:
        for entry in client.every(connection):
            if entry.kind == client.TERMINAL and entry.state != client.SUSPENDED:
                code = client.start_enrolment(connection, entry.id, now=now, life=_ENROLMENT_LIFE)
                links.append((entry, write_link(services, entry, code)))
    return links


def show_progress(done: int, people: int) -> None:
    """Show how far the demo city is, on one line of standard error."""
    print(f"  demo city: {done} of {people} people", end="\n" if done == people else "\r", file=sys.stderr, flush=True)


def _noted(path: Path, default: str) -> str:
    return path.read_text().strip() if path.exists() else default
