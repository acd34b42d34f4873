"""Requests per second of the scan endpoint, as a ratio to a Flask page that returns a constant.

Both run under the same gunicorn settings at the same time and are asked in turn by the same clients; every scan is of a
code that was never shown before, is decided in full and committed to SQLite before the answer.
"""

import http.client
import itertools
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from codeservice import demo
from codeservice.app import open_services
from codeservice.code import write_device_code
from codeservice.issuing import issue_batch
from codeservice.one_machine import environment_of, prepare_keys, prepare_secrets
from codeservice.private_redis import PrivateRedis
from codeservice.scene import scenes_named
from codeservice.services import Services
from codeservice.settings import settings_from
from codeservice.store import account, client, device, person
from codeservice.token import write_access
from keys.algorithms import ES256
from keys.key import Purpose
from keys.p256 import compressed, sign_p256

ROUNDS = 5
SECONDS = 3.0
CLIENTS = 8
PEOPLE = 40
TERMINALS = 100
BOUND = 0.05
"""Smallest share of the constant page's rate that is good, on SQLite with one commit a scan."""

_SETTINGS = ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "30"]
_ROOT = Path(__file__).resolve().parent.parent


class Load:
    """A bounded load: `CLIENTS` connections for `SECONDS` each round."""

    def __init__(self, port: int, path: str, tokens: list[str]) -> None:
        self.port, self.path, self.tokens = port, path, itertools.cycle(tokens)
        self.answers = 0
        self.bad: list[bytes] = []
        self._lock = threading.Lock()

    def rate(self, bodies: Iterator[bytes]) -> float:
        """Return answers per second."""
        self.answers = 0
        start = time.perf_counter()
        threads = [threading.Thread(target=self._ask, args=(bodies, start + SECONDS)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.answers / (time.perf_counter() - start)

    def _ask(self, bodies: Iterator[bytes], until: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while time.perf_counter() < until:
            with self._lock:
                body, token = next(bodies, None), next(self.tokens)
            if body is None:
                break
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            headers["Idempotency-Key"] = secrets.token_hex(8)
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            with self._lock:
                self.answers += 1
                if answer.status != 200 or (body and b'"decision":"accepted"' not in text):
                    self.bad.append(text)
        connection.close()


def measure() -> bool:
    """Print the ratio; True when it is within the bound and every answer was right."""
    with tempfile.TemporaryDirectory(prefix="city-bench-") as folder, _city(Path(folder)) as (services, settings):
        tokens = _tokens(services)
        phones = _phones(services)
        scan_port, constant_port = 18301, 18302
        with (
            _server("wsgi:application()", scan_port, settings),
            _server("bench.constant:application()", constant_port, settings),
        ):
            scan = Load(scan_port, "/scan/v1/bus", tokens)
            constant = Load(constant_port, "/", [""])
            pairs = []
            for _ in range(ROUNDS):
                codes = _codes(phones)
                pairs.append((scan.rate(iter(codes)), constant.rate(iter(lambda: b"", None))))
    ratio = statistics.median(first / second for first, second in pairs)
    print(f"  scan, SQLite, one commit each {statistics.median(pair[0] for pair in pairs):8.0f} requests/s")
    print(f"  constant page                 {statistics.median(pair[1] for pair in pairs):8.0f} requests/s")
    verdict = "ok" if ratio >= BOUND else "BELOW THE BOUND"
    print(f"  ratio                         {ratio:8.3f}    bound {BOUND}  {verdict}")
    if scan.bad or constant.bad:
        print(f"  wrong answers: {len(scan.bad) + len(constant.bad)}, first {(scan.bad + constant.bad)[0][:200]!r}")
    return ratio >= BOUND and not scan.bad and not constant.bad


@contextmanager
def _city(folder: Path) -> Iterator[tuple[Services, dict[str, str]]]:
    redis = PrivateRedis()
    try:
        prepare_secrets(folder)
        settings = environment_of(folder, {"REDIS_URL": redis.address})
        services = open_services(settings_from(settings))
        prepare_keys(services.settings, services.clock())
        services.database.migrate()
        demo.make_city(services, people=PEOPLE, seed=1, progress=lambda _done, _all: None)
        yield services, settings
    finally:
        redis.stop()


@contextmanager
def _server(application: str, port: int, settings: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", *_SETTINGS]
    environment = {**os.environ, **settings, "PYTHONPATH": str(_ROOT)}
    process = subprocess.Popen(command, env=environment, cwd=_ROOT, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/livez")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit("a server did not start")


def _tokens(services: Services) -> list[str]:
    """Enrol a fleet of terminals, so that none meets its rate limit, and write their tokens as the endpoint would."""
    now = services.clock()
    names = [f"validator-{number}" for number in range(TERMINALS)]
    with services.database.write() as connection:
        for name in names:
            public = compressed(ec.generate_private_key(ec.SECP256R1()).public_key())
            client.add_client(
                connection, id_=name, kind=client.TERMINAL, place="bus-line-1", name=name, scopes=frozenset({"scan"})
            )
            client.enrol(connection, name, client.start_enrolment(connection, name, now=now), public, now=now)
    issuer, signer = services.settings.origin, services.signer(Purpose.TOKEN)
    scopes = frozenset({"scan"})
    return [write_access(client=name, scopes=scopes, issuer=issuer, signer=signer, now=now) for name in names]


def _phones(services: Services) -> list[tuple[bytes, ec.EllipticCurvePrivateKey]]:
    """Issue one grant to each of the people."""
    made = []
    now = services.clock()
    with services.database.read() as connection:
        holders = person.page(connection, services.vault, after="", limit=PEOPLE)
    for number, holder in enumerate(holders):
        device_key, grant_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        with services.database.write() as connection:
            owner = account.find_or_add(connection, services.vault, f"1999{number:07d}", now=now)
            public = compressed(device_key.public_key())
            enrolled = device.enrol(connection, account=owner, person=holder.id, public=public, name="x", now=now)
        points = [compressed(grant_key.public_key())]
        scenes = scenes_named("bus")
        issued = issue_batch(
            services, holder.id, enrolled, scene="bus", scenes=scenes, points=points, algorithm=ES256.name, now=now
        )
        made.append((issued[0].signed, grant_key))
    return made


_SHOWN: set[tuple[int, int]] = set()


def _codes(phones: list[tuple[bytes, ec.EllipticCurvePrivateKey]]) -> list[bytes]:
    """Show every phone once for every second of the window that was not shown before."""
    now = int(time.time())
    bodies = []
    for moment in range(now - 45, now + 20):
        for number, (signed, key) in enumerate(phones):
            if (number, moment) in _SHOWN:
                continue
            _SHOWN.add((number, moment))
            text = write_device_code(
                signed,
                iat=moment,
                algorithm=ES256,
                sign=lambda message, key=key: sign_p256(key, message),  # type: ignore[misc]
            )
            bodies.append(json.dumps({"code": text}).encode())
    return bodies
