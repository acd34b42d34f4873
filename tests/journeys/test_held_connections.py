"""The events server beside a running city: it holds many connections, lets go when told, and starves nobody."""

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from codeservice.worker import READ_SECONDS, SPARE, WRITE_SECONDS
from tests.fleet import phone_with, services_of
from tests.running import RunningCity, free_port
from tests.waiting import wait_until

THREADS = 128
"""Threads of the events server that `run` starts."""


@pytest.fixture
def city(tmp_path: Path) -> Iterator[RunningCity]:
    """A running city."""
    running = RunningCity(tmp_path / "city", {})
    yield running
    if running.process.poll() is None:
        running.stop()


def port_of(city: RunningCity) -> int:
    """Return the port of the events server."""
    return urlsplit((city.data / "local-events").read_text()).port or 0


def hold(city: RunningCity, closing_: ExitStack) -> http.client.HTTPResponse:
    """Hold one stream."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(city), timeout=60)
    closing_.enter_context(closing(connection))
    connection.request("GET", "/events")
    return closing_.enter_context(connection.getresponse())


def news(stream: http.client.HTTPResponse) -> dict[str, int]:
    """Wait for the next event."""
    data = next(line for line in stream if line.startswith(b"data: "))
    body: dict[str, int] = json.loads(data.removeprefix(b"data: "))
    return body


def test_a_stream_lives_longer_than_the_time_limit_of_reading(city: RunningCity) -> None:
    """Nothing is read from a terminal that only listens."""
    with ExitStack() as held, services_of(city) as services:
        stream = hold(city, held)
        first = news(stream)
        time.sleep(READ_SECONDS + 2)
        phone_with(services, 1)[0].revoke(services)
        assert news(stream)["snapshot"] > first["snapshot"]


def test_more_streams_than_the_server_holds_are_refused_and_scans_do_not_notice(city: RunningCity) -> None:
    with ExitStack() as held:
        streams = [hold(city, held) for _ in range(THREADS)]
        statuses = [stream.status for stream in streams]
        assert statuses == [200] * (THREADS - SPARE) + [503] * SPARE
        assert all(int(stream.headers["Retry-After"]) > 0 for stream in streams if stream.status == 503)
        assert city.http.open("/readyz/scans").status_code == 200
    with ExitStack() as held:
        # What was given back is held for others, at the latest with the next heartbeat.
        deadline = time.monotonic() + 60
        while hold(city, held).status != 200:
            assert time.monotonic() < deadline
            time.sleep(1)


def test_held_streams_end_when_the_city_stops(city: RunningCity) -> None:
    with ExitStack() as held:
        streams = [hold(city, held) for _ in range(20)]
        first = [news(stream) for stream in streams]
        assert len({state["snapshot"] for state in first}) == 1
        ended: list[bool] = []
        readers = [
            threading.Thread(target=lambda stream=stream: ended.append(stream.read() is not None)) for stream in streams
        ]
        for reader in readers:
            reader.start()
        assert city.stop() == 0
        for reader in readers:
            reader.join(60)
        # Each was ended as a whole, not cut off.
        assert ended == [True] * len(streams)


def test_a_stream_goes_on_with_another_process_when_its_own_was_killed(city: RunningCity) -> None:
    """What every client does: it asks again, and begins with what is in force."""
    with ExitStack() as held:
        stream = hold(city, held)
        first = news(stream)
        worker = worker_behind(city)
        worker_killed = time.monotonic()

        os.kill(worker, signal.SIGKILL)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            stream.read()
        again = None
        while again is None and time.monotonic() < worker_killed + 60:
            try:
                again = hold(city, held)
            except (ConnectionError, http.client.RemoteDisconnected):
                time.sleep(0.2)
        assert again is not None
        assert news(again) == first


def worker_behind(city: RunningCity) -> int:
    """Return the process of the events server that holds connections."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                elder = Path(f"/proc/{parent}/cmdline").read_bytes()
            except (OSError, ValueError):
                continue
            if b"wsgi:events()" in command and command == elder and str(port_of(city)).encode() in command:
                return int(entry.name)
    raise AssertionError("no worker")


def test_answers_that_nobody_takes_do_not_stop_the_others(city: RunningCity) -> None:
    """Requests by the hundred on connections whose answers pile up, as many as there are threads twice over."""
    asks = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200
    with ExitStack() as held:
        for _ in range(16):
            lazy = held.enter_context(socket.socket())
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.connect(("127.0.0.1", city.port))
            lazy.sendall(asks)
        # Every thread writes what nobody reads, or this would show nothing. Until then they fill what the system keeps
        # for the sixteen, which on a slow machine takes a while.
        wait_until(lambda: not lives(city, within=1))
        assert lives(city, within=6 * WRITE_SECONDS)


def lives(city: RunningCity, *, within: float) -> bool:
    """Whether the city's own server answers before so many seconds have passed."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", city.port), timeout=2) as caller:
            caller.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            if b" 200 " in caller.recv(64):
                return True
    return False


def three_free_ports() -> int:
    """Return the first of three ports in a row that nobody uses, not even a connection that has just ended."""
    while True:
        port = free_port()
        with ExitStack() as probes, suppress(OSError, OverflowError):
            for number in (port + 1, port + 2):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", number))
            return port


def test_a_taken_port_beside_the_citys_own_is_passed_over(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port = three_free_ports()
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        city = RunningCity(tmp_path / "city", {}, "--port", str(port))
        try:
            assert port_of(city) == port + 2
        finally:
            city.stop()
