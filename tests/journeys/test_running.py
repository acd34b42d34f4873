"""`make run` as people live with it: stopped, started again, interrupted, started twice, and besieged."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import ROOT, RunningCity, free_port

RUN = [sys.executable, "-m", "codeservice", "--data"]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[RunningCity]:
    """A running city."""
    running = RunningCity(tmp_path / "city", {})
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """A running city for tests that change nothing."""
    running = RunningCity(tmp_path_factory.mktemp("shared") / "city", {})
    yield running
    running.stop()


def run_in_vain(data: Path, port: int) -> str:
    """Run a city that cannot start; returns what it said."""
    command = [*RUN, str(data), "run", "--port", str(port), "--people", "5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    return done.stderr


def test_a_second_run_keeps_the_data(city: RunningCity) -> None:
    """Ctrl-C stops everything cleanly; the next run goes on with the same city."""
    people = city.operate("people", "list")
    assert city.stop() == 0
    second = RunningCity(city.data, {})
    assert second.operate("people", "list") == people
    assert second.operate("audit", "check")["fault"] is None
    assert second.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_an_interrupted_first_run_leaves_nothing_half_made(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "city"
    command = [*RUN, str(data), "run", "--port", str(free_port()), "--people", "50000"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (data / "city.db").exists() and process.poll() is None:
        time.sleep(0.05)
    time.sleep(1.5)
    process.send_signal(number)
    assert process.wait(30) == 0
    again = RunningCity(data, {})
    assert len(again.operate("people", "list", "--limit", "1000")) == 60
    assert again.stop() == 0


def test_a_taken_port_is_said_in_one_line_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = run_in_vain(tmp_path / "city", taken.getsockname()[1])
    assert "is taken by another program" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "city" / "city.db").exists()


def test_a_second_city_on_the_same_folder_is_refused_and_the_first_goes_on(city: RunningCity) -> None:
    assert "runs on" in run_in_vain(city.data, free_port())
    assert city.operate("terminals", "enrol", "bus-1")["link"].startswith(city.origin)
    assert city.http.open("/livez").status_code == 200


def test_nothing_is_left_after_ctrl_c(city: RunningCity) -> None:
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(city.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(children) >= 3
    assert city.stop() == 0
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(int(child), 0)


def test_clients_that_send_half_a_request_do_not_stop_the_others(city: RunningCity) -> None:
    half = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nContent-Type: text/plain\r\n\r\nhalf"
    stalled = [socket.create_connection(("127.0.0.1", city.port)) for _ in range(16)]
    for connection in stalled:
        connection.sendall(half)
    time.sleep(12)
    assert city.http.open("/livez").status_code == 200
    for connection in stalled:
        connection.close()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("Content-Length: 2\r\nContent-Length: 3", id="two lengths"),
        pytest.param("Content-Length: 2\r\nTransfer-Encoding: chunked", id="a length and chunks"),
        pytest.param("Transfer-Encoding: chunked, identity", id="a list of codings"),
        pytest.param("Transfer-Encoding: xchunked", id="a coding that nobody knows"),
        pytest.param("Content-Length: +2", id="a sign"),
        pytest.param("X-Folded: a\r\n b\r\nContent-Length: 2", id="a folded line"),
        pytest.param("Content-Length : 2", id="a space before the colon"),
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused_and_the_connection_ends(
    shared: RunningCity, head: str
) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as connection:
        connection.sendall(f"POST /oauth/token HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{{}}".encode())
        said = b""
        while part := connection.recv(65536):
            said += part
    assert said.split()[1] in {b"400", b"501"}
