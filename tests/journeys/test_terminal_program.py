"""The program of a terminal against a running city: enrolled from a picture, with its page, its gate and no network."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import qrcode
from playwright.sync_api import Page, expect

from tests.keyboard import type_as_a_scanner
from tests.running import ROOT, RunningCity, chromium, free_port
from tests.waiting import wait_until

PROGRAM = [sys.executable, "-m", "adapters.terminal"]
ACCEPTED = "() => document.querySelector('[data-testid=verdict][data-decision=accepted]:not([hidden])')"
"""Asked in the page, because a verdict goes by itself."""


class Validator:
    """A bus validator: a folder, and the program on it."""

    def __init__(self, city: RunningCity, folder: Path) -> None:
        self.city, self.folder = city, folder
        self.data, self.gate = folder / "terminal", folder / "gate"
        self.gate.touch()
        self.port = free_port()

    def command(self, *arguments: str) -> str:
        """Run a command to its end."""
        command = [*PROGRAM, *arguments, "--data", str(self.data)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Run until stopped, without inputs but the page."""
        options = ["--input", "none", "--output", "json", "--kiosk", str(self.port), "--signal", str(self.gate)]
        self.process = subprocess.Popen(
            [*PROGRAM, "run", *options, "--data", str(self.data)], cwd=ROOT, stdout=subprocess.PIPE
        )

    def stop(self) -> list[dict[str, Any]]:
        """Stop it, and return every answer it gave."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[RunningCity]:
    city = RunningCity(tmp_path / "city", {})
    yield city
    if city.process.poll() is None:
        os.kill(city.process.pid, signal.SIGINT)
        city.process.wait(30)


def code_of(city: RunningCity, number: int) -> str:
    code = city.operate("demo-code", city.people()[number].phone)["code"]
    assert isinstance(code, str)
    return code


def show(page: Page, code: str) -> None:
    """Type as a hand scanner does."""
    page.locator("[data-testid=kiosk][data-state=ready]").wait_for()
    type_as_a_scanner(page, code)


def test_a_validator_goes_on_when_the_city_is_gone(city: RunningCity, tmp_path: Path) -> None:
    validator = Validator(city, tmp_path)
    qrcode.make(city.link("bus-1")).get_image().save(tmp_path / "link.png")
    assert "bus-1" in validator.command("enrol", "--picture", str(tmp_path / "link.png"))
    validator.start()
    with chromium() as browser:
        page = browser.new_context(locale="zh-CN").new_page()
        wait_until(lambda: listens(validator.port))
        page.goto(f"http://127.0.0.1:{validator.port}/")
        expect(page.get_by_test_id("link")).to_contain_text("在线", timeout=30_000)
        expect(page.get_by_test_id("faults")).to_be_hidden(timeout=30_000)
        show(page, code_of(city, 0))
        page.wait_for_function(ACCEPTED)

        code = code_of(city, 1)
        assert city.stop() == 0
        show(page, code)
        page.wait_for_function(ACCEPTED)
        expect(page.get_by_test_id("link")).to_contain_text("离线", timeout=30_000)
        expect(page.get_by_test_id("figures")).to_contain_text("待上传")
    answers = validator.stop()
    assert [answer["decision"] for answer in answers] == ["accepted", "accepted"]
    assert validator.gate.read_text().split() == ["A", "A"]
    assert "待上传 1 条" in validator.command("queue")


def listens(port: int) -> bool:
    """Whether the program does. A browser is not asked: refused once, it may still leave for a page that says so."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
