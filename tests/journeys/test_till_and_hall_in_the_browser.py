"""The till, the queue machine and a hall's display in a real browser, with policies that are in force."""

import os
import threading
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from codeservice.store import client
from codeservice.web.hall import QUEUE
from codeservice.web.medicine import PRESCRIBE, SWITCH
from tests.back_ends import open_back_end
from tests.conftest import City
from tests.policies import put_in_force
from tests.running import chromium

WALL: ViewportSize = {"width": 1280, "height": 800}
SLIM: ViewportSize = {"width": 360, "height": 740}
FEVER: dict[str, Any] = {
    "classes": [
        {
            "code": "fever",
            "title": {"zh": "退热药", "en": "Fever medicine"},
            "packages": 2,
            "period": 7,
            "registration": True,
        }
    ],
    "registration": {
        "reasons": {"self": {"zh": "本人使用", "en": "For oneself"}},
        "symptoms": {"fever": {"zh": "发热", "en": "Fever"}},
        "keep_days": 14,
    },
}
SERVICES: dict[str, Any] = {
    "services": [
        {"code": "social", "title": {"zh": "社会保险", "en": "Social insurance"}, "prefix": "A"},
        {"code": "licence", "title": {"zh": "证照办理", "en": "Licences"}, "prefix": "B"},
    ],
    "windows": [{"code": str(number), "services": ["social", "licence"]} for number in range(1, 7)],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def origin(city: City) -> Iterator[str]:
    """The city on a port of its own, whose answers carry the time of its clock: pages go by that."""

    class Handler(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(city.clock.now, usegmt=True)

    server = make_server("127.0.0.1", 0, city.app, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def open_scanner(city: City, browser: Browser, origin: str, scene: str, terminal: str) -> Page:
    with city.services.database.write() as connection:
        code = client.start_enrolment(connection, terminal, now=city.clock.now)
    page = browser.new_context(viewport=WALL, locale="zh-CN").new_page()
    page.goto(f"{origin}/scanner/{scene}#terminal={terminal}&enrol={code}")
    expect(page.get_by_test_id("ready")).to_be_visible()
    return page


def scan(page: Page, code: str, *words: str) -> None:
    """Scan, and wait for the verdict with these words; asked in the page, because it goes by itself."""
    page.get_by_test_id("typed-code").fill(code)
    page.get_by_test_id("typed-submit").click()
    page.wait_for_function(
        """(words) => {
          const verdict = document.querySelector("[data-testid=verdict]:not([hidden])");
          return verdict && words.every((word) => verdict.innerText.includes(word));
        }""",
        arg=list(words),
    )


def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("CITY_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_till_offers_the_policys_classes_registers_and_dispenses(city: City, browser: Browser, origin: str) -> None:
    put_in_force(city, "pharmacy", FEVER)
    phone = city.phone()
    open_back_end(city, "authority", "first-hospital", SWITCH).call(
        "PUT", "/api/v1/medicine-registry", {"on": True, "reason": "season"}
    )
    seen = city.terminal("clinic-1").scan(phone.show(city.clock.now)).get_json()["scan"]
    items = [{"code": "M1", "name": "阿莫西林胶囊", "quantity": 3}]
    hospital = open_back_end(city, "his", "first-hospital", PRESCRIBE)
    made = hospital.call(
        "POST", "/api/v1/prescriptions", {"verification": seen, "prescriber": "D-17", "items": items}
    ).get_json()
    page = open_scanner(city, browser, origin, "pharmacy", "till-east")
    expect(page.get_by_test_id("medicine-ephedrine")).to_have_count(0)
    expect(page.get_by_test_id("registration")).to_be_hidden()
    page.get_by_test_id("medicine-fever").check()
    page.get_by_test_id("packages-more").click(click_count=3)
    expect(page.get_by_test_id("packages")).to_have_text("2")
    page.get_by_test_id("reason-self").check()
    page.get_by_test_id("symptom-fever").check()
    shot(page, "till-registration")
    city.clock.now += 1
    scan(page, phone.show(city.clock.now), "退热药")
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-decision", "accepted")
    verdict.dispatch_event("click")
    expect(page.get_by_test_id("medicine-none")).to_be_checked()
    expect(page.get_by_test_id("registration")).to_be_hidden()
    page.get_by_test_id("prescribed-quantity").fill("2")
    shot(page, "till-prescriptions")
    page.get_by_test_id("prescriptions-redeem").click()
    expect(page.get_by_test_id("prescriptions-said")).to_have_text("已配药")
    state = hospital.call("GET", f"/api/v1/prescriptions/{made['prescription']}").get_json()
    assert state["items"][0]["dispensed"] == 2
    page.get_by_test_id("prescriptions-close").click()
    expect(page.get_by_test_id("prescriptions")).to_be_hidden()


def test_a_queue_machine_lets_the_service_be_chosen(city: City, browser: Browser, origin: str) -> None:
    put_in_force(city, "government", SERVICES)
    phone = city.phone()
    page = open_scanner(city, browser, origin, "government", "queue-1")
    page.get_by_test_id("service-licence").check()
    shot(page, "queue-machine")
    city.clock.now += 1
    scan(page, phone.show(city.clock.now), "B001", "证照办理")


@pytest.mark.parametrize("size", [WALL, SLIM], ids=["wall", "slim"])
def test_a_display_follows_the_windows_by_itself(city: City, browser: Browser, origin: str, size: ViewportSize) -> None:
    put_in_force(city, "government", SERVICES)
    phone, machine = city.phone(), city.terminal("queue-1")
    hall = open_back_end(city, "hall-system", "city-hall", QUEUE)
    page = browser.new_context(viewport=size).new_page()
    page.goto(f"{origin}/hall/city-hall/display")
    expect(page.get_by_test_id("nobody")).to_be_visible()
    for number in range(6):
        city.clock.now += 1
        machine.scan(phone.show(city.clock.now), service=("social", "licence")[number % 2])
    for window in ("1", "2", "5", "6"):
        hall.call("POST", "/api/v1/queue/calls", {"window": window})
    expect(page.get_by_test_id("called").locator("li")).to_have_count(4)
    expect(page.get_by_test_id("called")).to_contain_text("A001")
    expect(page.get_by_test_id("waiting")).to_contain_text("社会保险")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"display-{size['width']}")
    page.route("**/numbers", lambda route: route.abort())
    expect(page.get_by_test_id("stale")).to_be_visible(timeout=20_000)
