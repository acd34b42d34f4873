"""From the answer to a revocation on, no verifier accepts: four real workers, terminals with a connection, hard times.

PostgreSQL, because four workers that write at once are a city; every request comes over a new connection, so that the
kernel chooses the worker.
"""

import http.client
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.services import Services
from codeservice.snapshot import Snapshot, accept
from codeservice.status import Status
from codeservice.store import audit, scan
from keys.trustlist import TrustList
from tests.conftest import new_database
from tests.fleet import Held, ask, phone_with, services_of, tokens
from tests.mortal_redis import MortalRedis, hard_times
from tests.phone import Phone
from tests.running import HttpAnswer, RealHttp, RunningCity

WORKERS = 4
ASKS, ASKS_EACH, CONTROL_EVERY = 10_000, 10, 4
"""Asks for codes of revoked grants, how many after each revocation, and after how many of them an honest code comes."""

TERMINALS = 50
BOUND = 60.0
"""Seconds in which 99 of 100 connected terminals have to know: the promise, not the speed of this machine."""

SEED = 20270101


@pytest.fixture(scope="module")
def server() -> Iterator[MortalRedis]:
    """A Redis of one's own that may die."""
    made = MortalRedis()
    yield made
    made.close()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, postgresql: str, server: MortalRedis) -> Iterator[RunningCity]:
    """A running city with four workers on PostgreSQL."""
    environment = {"CITY_DATABASE": new_database(postgresql), "REDIS_URL": server.address}
    running = RunningCity(tmp_path_factory.mktemp("four") / "city", environment, "--workers", str(WORKERS))
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0


@pytest.fixture(scope="module")
def services(city: RunningCity) -> Iterator[Services]:
    """The services of that city in this process."""
    with services_of(city) as opened:
        yield opened


def workers_of(city: RunningCity) -> list[int]:
    """Return the process numbers of the workers that decide scans."""
    command = ["pgrep", "-f", f"wsgi:application.*127.0.0.1:{city.port} "]
    found = {int(line) for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()}
    return [pid for pid in found if parent_of(pid) in found]


def parent_of(pid: int) -> int:
    """Return its parent, 0 for a process that has gone since it was seen."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def ticks_of(pid: int) -> int:
    """Return how much a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def read(answer: Any) -> tuple[str, str | None]:
    """Return what a scan decided, or that nobody did."""
    if answer.status_code != 200:
        return f"status {answer.status_code}", None
    body = answer.get_json()
    return body["decision"], body["reason"]


def say(text: str) -> None:
    """Print a figure; pytest shows it with -s."""
    sys.stdout.write(f"\n{text}")


def test_no_worker_accepts_after_the_answer_whatever_becomes_of_redis(
    city: RunningCity, services: Services, server: MortalRedis
) -> None:
    """10,000 tries with codes that were never used, while Redis is flushed, killed and stopped at random moments."""
    rounds = ASKS // ASKS_EACH
    fleet, before = tokens(services, 40), {pid: ticks_of(pid) for pid in workers_of(city)}
    assert len(before) == WORKERS
    turn = itertools.cycle(fleet)
    lock, grants, revoked = threading.Lock(), list[Held](), list[Held]()
    stale: list[tuple[str, str | None]] = []
    honest: list[tuple[str, str | None]] = []
    asked: list[int] = []

    def next_grant() -> Held:
        with lock:
            if not grants:
                grants.extend(phone_with(services, 8))
            return grants.pop()

    def one_round(number: int) -> None:
        held = next_grant()
        code = held.show(services.clock())
        with lock:
            mine = [next(turn) for _ in range(ASKS_EACH + 1)]
        held.revoke(services)
        revoked.append(held)
        for token in mine[:-1]:
            answer = read(ask(city.http, token, code))
            if answer != ("refused", "revoked"):
                stale.append(answer)
            asked.append(1)
        if number % CONTROL_EVERY == 0:
            honest.append(read(ask(city.http, mine[-1], next_grant().show(services.clock()))))

    with hard_times(server, seed=SEED) as troubles, ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(one_round, number) for number in range(rounds)]:
            done.result()
    say(f"{len(asked)} asks after {rounds} revocations, {len(troubles)} troubles with Redis")
    assert len(asked) == ASKS
    assert stale == []
    assert set(troubles) == {"flush", "kill", "hang"}
    # Not because nothing is accepted any more, and not because one worker has answered everything.
    assert set(honest) == {("accepted", None)}
    assert all(ticks_of(pid) > ticks for pid, ticks in before.items())
    newcomer = ConnectedTerminal(city, services.trust_list(), threading.Event())
    give_up = time.monotonic() + BOUND
    while not all(newcomer.knows(held) for held in revoked):
        assert time.monotonic() < give_up
        time.sleep(0.5)
        newcomer.follow()


def test_a_device_that_its_owner_removes_is_refused_by_the_next_scan(city: RunningCity, services: Services) -> None:
    """The same by the wallet's own door."""
    person = city.people()[0]
    owner = Phone(city.http)
    owner.http = Session(city.port)
    owner.sign_in(person.phone, lambda: newest_password(city))
    assert owner.confirm(person.name, person.id_number).status_code == 200
    (token,) = tokens(services, 1)
    for _ in range(5):
        assert owner.enrol(services.clock()).status_code == 201
        assert owner.fetch(services.clock(), "bus", 8).status_code == 200
        codes = [owner.show(services.clock(), index) for index in range(8)]
        assert read(ask(city.http, token, codes[0])) == ("accepted", None)
        assert owner.call("DELETE", f"/devices/{owner.device}").status_code == 204
        decided = {read(ask(city.http, token, code)) for code in codes[1:] for _ in range(2)}
        assert decided == {("refused", "revoked")}
        owner.key = ec.generate_private_key(ec.SECP256R1())


class Session(RealHttp):
    """Keeps the cookie, as a browser does."""

    cookie = ""

    def open(self, path: str, **options: Any) -> Any:
        """Send one request."""
        headers = dict(options.get("headers", {})) | {"Cookie": self.cookie, "Content-Type": "application/json"}
        body = json.dumps(options["json"]) if "json" in options else None
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(options.get("method", "GET"), path, body, headers)
            with connection.getresponse() as answer:
                if cookie := answer.getheader("Set-Cookie"):
                    self.cookie = cookie.split(";")[0]
                return HttpAnswer(answer.status, answer.read().decode())


def newest_password(city: RunningCity) -> str:
    """Read the newest one-time password from the page of demo messages."""
    page = city.http.open("/demo/messages").text
    return page.split("验证码 ")[1][:6]


class ConnectedTerminal(threading.Thread):
    """A terminal that is told of news, fetches what is new, and knows only what it has accepted."""

    def __init__(self, city: RunningCity, trust_list: TrustList, stop: threading.Event) -> None:
        super().__init__()
        self.city, self.trust_list, self.stop = city, trust_list, stop
        self.state: Snapshot | None = None
        self.watched: dict[tuple[int, int], float] = {}
        self.seen: dict[tuple[int, int], float] = {}
        self.ready = threading.Event()
        self.broken: list[BaseException] = []

    def run(self) -> None:
        """Follow until it is told to stop; a connection that ends is made again."""
        while not self.stop.is_set():
            try:
                with closing(self.news()) as news:
                    for _news in news:
                        self.follow()
                        if self.stop.is_set():
                            return
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)
            except Exception as error:
                self.broken.append(error)
                raise

    def news(self) -> Generator[None]:
        """Give a sign for each news; overridden."""
        raise NotImplementedError

    @contextmanager
    def asked(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """Ask the events server."""
        address = urlsplit((self.city.data / "local-events").read_text())
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=40)
        with closing(connection):
            connection.request("GET", path)
            with connection.getresponse() as answer:
                assert answer.status == 200
                yield answer

    def follow(self) -> None:
        """Fetch delta after delta."""
        if self.state is None:
            self.take("/snapshot")
        while self.state is not None and self.take(f"/snapshot/deltas/{self.state.version}"):
            pass
        now = time.monotonic()
        for place in self.watched.keys() - self.seen.keys():
            if self.state is not None and self.state.status(*place) is Status.REVOKED:
                self.seen[place] = now
        self.ready.set()

    def knows(self, held: Held) -> bool:
        """Whether its state says that a grant is revoked."""
        return self.state is not None and self.state.status(*held.place) is Status.REVOKED

    def take(self, path: str) -> bool:
        """Fetch and accept one document; False when there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.city.port, timeout=40)
        with closing(connection):
            connection.request("GET", path)
            with connection.getresponse() as answer:
                document = answer.read()
        if answer.status == 200:
            self.state = accept(self.state, document, trust_list=self.trust_list, now=int(time.time()))
        return answer.status == 200


class StreamTerminal(ConnectedTerminal):
    """Holds one stream of server-sent events."""

    def news(self) -> Generator[None]:
        """Give a sign for each event."""
        with self.asked("/events") as answer:
            for line in answer:
                if line.startswith(b"data:"):
                    yield


class PollingTerminal(ConnectedTerminal):
    """Asks again and again, and each time the answer waits for news."""

    def news(self) -> Generator[None]:
        """Give a sign for each answer."""
        known = 0 if self.state is None else self.state.version
        with self.asked(f"/events/next?snapshot={known}&trust_list=1") as answer:
            answer.read()
        yield


def test_connected_terminals_know_within_a_minute_also_without_redis(
    city: RunningCity, services: Services, server: MortalRedis
) -> None:
    """50 terminals with a connection, of which ten ask by long polls; Redis well, killed, hanging and back again."""
    stop = threading.Event()
    kinds = [PollingTerminal if number % 5 == 0 else StreamTerminal for number in range(TERMINALS)]
    terminals = [kind(city, services.trust_list(), stop) for kind in kinds]
    for terminal in terminals:
        terminal.start()
    grants = phone_with(services, 8)
    answered: dict[tuple[int, int], float] = {}

    def revoke_and_wait() -> None:
        held = grants.pop()
        for terminal in terminals:
            terminal.watched[held.place] = 0.0
        held.revoke(services)
        answered[held.place] = time.monotonic()
        give_up = time.monotonic() + 2 * BOUND
        while any(held.place not in terminal.seen for terminal in terminals) and time.monotonic() < give_up:
            time.sleep(0.05)

    phases: tuple[tuple[str, Callable[[], None]], ...] = (
        ("Redis is well", lambda: None),
        ("Redis was killed", server.kill),
        ("Redis is back, empty", server.start),
        ("Redis hangs", server.hang),
        ("Redis goes on", server.go_on),
    )
    try:
        assert all(terminal.ready.wait(60) for terminal in terminals)
        for name, change in phases:
            change()
            revoke_and_wait()
            place = list(answered)[-1]
            times = [terminal.seen.get(place, float("inf")) - answered[place] for terminal in terminals]
            say(f"{name}: median {statistics.median(times):.1f} s, last {max(times):.1f} s")
    finally:
        stop.set()
        # The last news lets everybody see that it is over.
        grants.pop().revoke(services)
        for terminal in terminals:
            terminal.join(60)
    delays = sorted(
        terminal.seen.get(place, float("inf")) - at for place, at in answered.items() for terminal in terminals
    )
    p99 = delays[int(len(delays) * 0.99)]
    say(f"{len(delays)} notices at {TERMINALS} terminals: p99 {p99:.1f} s, bound {BOUND:.0f} s")
    assert [terminal.broken for terminal in terminals if terminal.broken] == []
    assert len(delays) == TERMINALS * len(phases)
    assert p99 < BOUND


def test_workers_that_are_killed_under_load_lose_nothing_and_double_nothing(
    city: RunningCity, services: Services
) -> None:
    """Who gets no answer asks again with the same act."""
    fleet, lock = itertools.cycle(tokens(services, 24)), threading.Lock()
    codes = [held for _ in range(80) for held in phone_with(services, 8)]
    decided: dict[str, list[tuple[str, str | None]]] = {}
    lost: list[int] = []
    served: list[int] = []

    def scan_one(number: int) -> None:
        held, act = codes[number], f"act-{number}"
        with lock:
            token = next(fleet)
        code = held.show(services.clock())
        for _ in range(20):
            try:
                answer = read(ask(city.http, token, code, act))
            except (OSError, http.client.HTTPException):
                lost.append(number)
                time.sleep(0.1)
                continue
            decided.setdefault(act, []).append(answer)
            served.append(number)
            break
        # Asked again with the same act it is the same answer, asked with another the code is used up.
        again = ask_until_answered(city.http, token, code, act)
        decided[act].append(again)
        decided[act].append(ask_until_answered(city.http, token, code, f"other-{number}"))

    with services.database.read() as connection:
        before = scan.count_since(connection, 0)
    with dying_workers(city, served) as killed, ThreadPoolExecutor(8) as pool:
        list(pool.map(scan_one, range(len(codes))))
    say(f"{len(codes)} codes, {len(killed)} workers killed, {len(lost)} requests without an answer")
    assert len(killed) >= 2
    assert all(
        answers == [("accepted", None), ("accepted", None), ("refused", "replayed")] for answers in decided.values()
    )
    assert len(decided) == len(codes)
    with services.database.read() as connection:
        assert scan.count_since(connection, 0) - before == 2 * len(codes)
        assert audit.check(connection, lambda _payload, _signed: True).fault is None


@contextmanager
def dying_workers(city: RunningCity, served: list[int]) -> Iterator[list[int]]:
    """Kill a worker every half second, as long as others serve; gives whom."""
    chance, stop, killed = random.Random(SEED), threading.Event(), list[int]()

    def kill() -> None:
        enough = 0
        while not stop.wait(0.5):
            # On a slow machine nobody would live to answer if they were killed faster than they begin.
            if len(served) >= enough and (pids := workers_of(city)):
                enough = len(served) + 8 * WORKERS
                chosen = chance.choice(sorted(pids))
                # It may have gone by itself since it was seen.
                with suppress(ProcessLookupError):
                    os.kill(chosen, 9)
                    killed.append(chosen)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        stop.set()
        killer.join()


def ask_until_answered(http_: RealHttp, token: str, code: str, act: str) -> tuple[str, str | None]:
    for _ in range(20):
        try:
            return read(ask(http_, token, code, act))
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    return "no answer", None
