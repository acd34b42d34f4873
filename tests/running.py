"""A whole city started as the README says, for journeys: real gunicorn, real Redis, real browser."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Browser, expect, sync_playwright

from tests.phone import Terminal

ROOT = Path(__file__).resolve().parent.parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""Options that keep Chromium from calling anybody but the pages it is shown."""

_DAY, _ZONE = 24 * 3600, 8 * 3600

# A busy machine takes longer than Playwright's five seconds for a round trip to the server.
expect.set_options(timeout=30_000)


@dataclass(frozen=True)
class Person:
    """Somebody of the demo city whose log-in `run` prints."""

    phone: str
    name: str
    id_number: str
    card: str


@dataclass
class HttpAnswer:
    """An answer of a real server, read like Flask's."""

    status_code: int
    text: str

    def get_json(self) -> Any:
        """Return the body."""
        return json.loads(self.text)


class RealHttp:
    """Calls a real server on loopback the way Flask's test client calls an application."""

    def __init__(self, port: int) -> None:
        self.port = port

    def open(self, path: str, **options: Any) -> HttpAnswer:
        """Send one request."""
        headers = dict(options.get("headers", {}))
        body: str | bytes | None = None
        if "json" in options:
            body, headers["Content-Type"] = json.dumps(options["json"]), "application/json"
        if isinstance(options.get("data"), bytes):
            body, headers["Content-Type"] = options["data"], options["content_type"]
        elif "data" in options:
            body, headers["Content-Type"] = urlencode(options["data"]), "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(options.get("method", "GET"), path, body, headers)
            with connection.getresponse() as answer:
                return HttpAnswer(answer.status, answer.read().decode())


class RunningCity:
    """A city under `python -m codeservice run`, and its operator's command line."""

    def __init__(self, data: Path, environment: dict[str, str], *options: str) -> None:
        self.data = data
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        arguments = ["run", "--port", str(self.port), "--people", "60", *options]
        said = data.with_name(f"{data.name}-said.txt")
        with said.open("wb") as target:
            self.process = subprocess.Popen(
                [*self.command(), *arguments], cwd=ROOT, env=self.environment, stdout=target, stderr=target
            )
        self.said = self._read_until_up(said)
        self.http = RealHttp(self.port)
        self._wait_for_lists()

    def command(self) -> list[str]:
        """How the command line of this city begins."""
        return [sys.executable, "-m", "codeservice", "--data", str(self.data)]

    def operate(self, *arguments: str, said: str = "") -> Any:
        """Run an operator's command, with `said` on its standard input, and return its JSON."""
        command = [*self.command(), *arguments, "--json"]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=said, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def link(self, terminal: str) -> str:
        """Return the enrolment link that was printed for a terminal."""
        found = re.search(rf"(http\S+terminal={terminal}&enrol=\S+)", self.said)
        assert found, self.said
        return found[1]

    def enrolment_code(self, terminal: str) -> str:
        """Return the printed enrolment code of a terminal."""
        return parse_qs(urlsplit(self.link(terminal)).fragment)["enrol"][0]

    def terminal(self, name: str) -> Terminal:
        """Return a terminal, newly enrolled."""
        terminal = Terminal(self.http, name)
        assert terminal.enrol(self.operate("terminals", "enrol", name)["enrolment_code"]).status_code == 201
        assert terminal.authenticate(int(time.time())).status_code == 200
        return terminal

    def people(self) -> list[Person]:
        """Return the people whose log-ins were printed."""
        found = re.findall(r"(100\d{8})  (\S+)  (\d{17}[\dX])  (\S+)", self.said)
        return [Person(*entry) for entry in found]

    def stop(self) -> int:
        """Press Ctrl-C and wait; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(180)
        finally:
            self.process.kill()

    def _read_until_up(self, said: Path) -> str:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and self.process.poll() is None:
            if "长者" in said.read_text():
                return said.read_text()
            time.sleep(0.1)
        self.process.kill()
        raise AssertionError(said.read_text())

    @staticmethod
    def _answers(port: int, path: str) -> bool:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                return answer.status == HTTPStatus.OK

    def _wait_for_lists(self) -> None:
        """Wait for the keeper's first round: what it publishes then must not be taken for news of the test."""
        port, deadline = urlsplit((self.data / "local-origin").read_text()).port, time.monotonic() + 300
        assert port is not None
        while not self._answers(port, "/snapshot"):
            assert time.monotonic() < deadline, "the keeper has published nothing"
            time.sleep(0.1)


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Open the system's Chromium, headless."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert path, "no Chromium found; `make test` installs it, or says what to install"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *arguments])
        yield browser
        browser.close()


def not_over_midnight(seconds: int) -> None:
    """Wait for the city's next day where less than so many seconds are left of this one."""
    left = _DAY - (int(time.time()) + _ZONE) % _DAY
    if left < seconds:
        time.sleep(left + 1)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
