"""The scanner page left alone by its city: it decides, remembers and hands over, whatever is killed meanwhile."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect, sync_playwright

from tests.crowd import Held
from tests.journeys.test_a_terminal_and_its_city import phones, wait_until
from tests.running import CHROMIUMS, QUIET, RunningCity

STATUS = """async ([name, list, idx]) => {
  const snapshot = await new Promise((resolve, reject) => {
    const request = indexedDB.open(`city-code-scanner-${name}`, 1);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const asked = request.result.transaction("fact").objectStore("fact").get("snapshot");
      asked.onsuccess = () => { resolve(asked.result?.value ?? null); request.result.close(); };
    };
  });
  const marks = snapshot?.lists.get(list);
  return marks && (["valid", "revoked"][(marks.revoked[idx >> 3] >> (idx & 7)) & 1]);
}"""
"""The status of a place in the lists that a page has kept; undefined without lists."""

BROKEN = """void ["add", "put", "count"].forEach((name) => {
  IDBObjectStore.prototype[name] = () => { throw new DOMException("", "UnknownError"); };
})"""
KEPT = """navigator.serviceWorker.ready.then(() => caches.open('city-code-scanner'))
  .then((cache) => cache.match(location.pathname)).then(Boolean)"""


@contextmanager
def chromium_of(playwright: Playwright) -> Iterator[Browser]:
    """Open a browser that nobody kills."""
    browser = playwright.chromium.launch(executable_path=next(filter(None, map(shutil.which, CHROMIUMS))), args=QUIET)
    yield browser
    browser.close()


class Killable:
    """A browser in a process group of its own, with a profile that outlives it."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
        assert path
        port = folder / "DevToolsActivePort"
        port.unlink(missing_ok=True)
        options = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}", "--no-first-run"]
        self.process = subprocess.Popen(
            [path, *QUIET, *options, "about:blank"],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: port.exists() and len(port.read_text().splitlines()) > 1)
        self.browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port.read_text().splitlines()[0]}")

    @property
    def context(self) -> BrowserContext:
        """Its profile."""
        return self.browser.contexts[0]

    def kill(self) -> None:
        """Kill it and everything it has started, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    running = RunningCity(tmp_path_factory.mktemp("city") / "city", {})
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def killable(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[[], Killable]]:
    """Open a browser with the same profile every time."""
    opened: list[Killable] = []

    def open_browser() -> Killable:
        opened.append(Killable(playwright, tmp_path / "profile"))
        return opened[-1]

    yield open_browser
    for each in opened:
        if each.process.poll() is None:
            each.kill()


def ready(page: Page) -> Page:
    page.locator("[data-testid=scanner][data-state=ready]").wait_for()
    return page


def scan(page: Page, code: str) -> tuple[str | None, str | None]:
    """Hand over a code and put the verdict away."""
    page.get_by_test_id("typed-code").fill(code)
    page.get_by_test_id("typed-submit").click()
    page.locator("[data-testid=verdict]:not([hidden])").wait_for()
    # It may be gone by itself before it is read; what it was stays written on it.
    verdict = page.get_by_test_id("verdict")
    said = verdict.get_attribute("data-decision"), verdict.get_attribute("data-reason") or None
    verdict.dispatch_event("click")
    ready(page)
    return said


def shown(held: Held) -> str:
    return held.show(int(time.time()))


def knows(page: Page, terminal: str, held: Held, status: str = "valid") -> None:
    """Wait until the page has lists that give a grant this status."""

    def found() -> bool:
        # Its next round would come within half a minute; so that nobody waits, the network seems to come back.
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(300)
        return bool(page.evaluate(STATUS, [terminal, *held.place]) == status)

    wait_until(found)


def stream_of(city: RunningCity, terminal: str) -> dict[str, Any]:
    """Return what the service knows of the numbers of a terminal."""
    rows: list[dict[str, Any]] = city.operate("terminals", "reconcile")["streams"]
    (row,) = [row for row in rows if row["client"] == terminal]
    return row


def test_what_is_too_old_or_not_this_terminals_to_decide_stays_undecided(
    city: RunningCity, playwright: Playwright
) -> None:
    ((first, second, third, *others),) = phones(city, 1, "hospital")
    with chromium_of(playwright) as browser:
        context = browser.new_context(locale="zh-CN")
        page = context.new_page()
        page.clock.install(time=time.time())
        page.goto(city.link("clinic-1"))
        ready(page)
        knows(page, "clinic-1", first)
        context.set_offline(offline=True)
        assert scan(page, shown(first)) == ("accepted", None)
        # A desk has lists of four hours; whether a code of this moment was revoked meanwhile, nobody here can tell.
        later = int(time.time()) + 5 * 3600
        page.clock.set_system_time(later)
        assert scan(page, second.show(later)) == ("undetermined", "status_stale")
        expect(page.get_by_test_id("faults")).to_contain_text("名单过旧")
        expect(page.get_by_test_id("waiting")).to_have_text("待上传 2")
        # With the service there is an answer again.
        context.set_offline(offline=False)
        expect(page.get_by_test_id("waiting")).to_have_text("", timeout=60_000)
        # Whoever waits two seconds for the service in vain decides alone, and this page is five hours ahead.
        for held in (third, *others):
            expect(page.get_by_test_id("link-state")).to_have_attribute("data-link", "online", timeout=60_000)
            said = scan(page, shown(held))
            if page.get_by_test_id("verdict-note").text_content() == "":
                break
        assert said == ("accepted", None)
        expect(page.get_by_test_id("verdict-note")).to_have_text("")
        # A hall draws numbers: another machine might draw the same.
        hall = context.new_page()
        hall.goto(city.link("queue-1"))
        ready(hall)
        knows(hall, "queue-1", third)
        context.set_offline(offline=True)
        assert scan(hall, shown(third)) == ("undetermined", "temporarily_unavailable")
        expect(hall.get_by_test_id("waiting")).to_have_text("")


def test_lost_answers_suspensions_and_a_store_that_fails(city: RunningCity, playwright: Playwright) -> None:
    ((first, second, third, fourth, fifth, *_),) = phones(city, 1)
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().text())
        route.abort()

    with chromium_of(playwright) as browser:
        context = browser.new_context(locale="zh-CN")
        page = context.new_page()
        page.goto(city.link("bus-2"))
        ready(page)
        knows(page, "bus-2", first)
        # The service stores a scan, and its answer is lost: it is told again, and is one scan.
        page.route("**/terminals/v1/uploads", lose, times=1)
        assert scan(page, shown(first)) == ("accepted", None)
        wait_until(lambda: bool(page.evaluate("window.dispatchEvent(new Event('online'))")) and bool(lost))
        expect(page.get_by_test_id("waiting")).to_have_text("", timeout=60_000)
        row = stream_of(city, "bus-2")
        assert (row["last"], row["stored"], row["quarantined"]) == (1, 1, 0)
        # Suspended while nobody could tell it: it hands over, and acts no more, also after a reload without network.
        context.set_offline(offline=True)
        assert scan(page, shown(second)) == ("accepted", None)
        city.operate("terminals", "suspend", "bus-2")
        context.set_offline(offline=False)
        expect(page.get_by_test_id("faults")).to_contain_text("停用", timeout=60_000)
        expect(page.get_by_test_id("waiting")).to_have_text("")
        row = stream_of(city, "bus-2")
        assert (row["last"], row["stored"], row["quarantined"]) == (2, 1, 1)
        page.wait_for_function(KEPT)
        context.set_offline(offline=True)
        ready(page).reload()
        assert scan(ready(page), shown(third)) == ("refused", "terminal_not_allowed")
        city.operate("terminals", "resume", "bus-2")
        context.set_offline(offline=False)
        expect(page.get_by_test_id("faults")).to_be_empty(timeout=60_000)
        expect(page.get_by_test_id("waiting")).to_have_text("")
        # What cannot be stored is not accepted, whoever decides.
        page.evaluate(BROKEN)
        assert scan(page, shown(fourth)) == ("undetermined", "temporarily_unavailable")
        expect(page.get_by_test_id("faults")).to_contain_text("存储故障")
        context.set_offline(offline=True)
        assert scan(page, shown(fifth)) == ("undetermined", "temporarily_unavailable")
        expect(page.get_by_test_id("link-state")).to_have_attribute("data-link", "offline")
        context.set_offline(offline=False)
        expect(page.get_by_test_id("link-state")).to_have_attribute("data-link", "online", timeout=60_000)
        row = stream_of(city, "bus-2")
        assert (row["last"], row["stored"], row["quarantined"]) == (3, 2, 1)


def test_a_second_page_of_a_terminal_waits_for_the_first(city: RunningCity, playwright: Playwright) -> None:
    """Two would give one number to two scans, which the service takes for a copied terminal."""
    with chromium_of(playwright) as browser:
        context = browser.new_context(locale="zh-CN")
        first = context.new_page()
        first.goto(city.link("clinic-2"))
        ready(first)
        second = context.new_page()
        second.goto(f"{city.origin}/scanner/hospital")
        second.locator("[data-testid=scanner][data-state=elsewhere]").wait_for()
        expect(second.get_by_test_id("elsewhere")).to_contain_text("另一个页面")
        first.close()
        ready(second)


def test_a_page_without_network_decides_remembers_and_hands_over_once(
    city: RunningCity, killable: Callable[[], Killable]
) -> None:
    lost, other, third, fourth = phones(city, 4)
    browser = killable()
    page = browser.context.new_page()
    page.goto(city.link("bus-1"))
    ready(page)
    page.wait_for_function(KEPT)
    online = shown(other[0])
    assert scan(page, online) == ("accepted", None)
    city.operate("revoke", "--person", lost[0].person, "--cause", "lost")
    knows(page, "bus-1", lost[0], "revoked")

    # The service is gone.
    assert city.stop() == 0
    offline = shown(third[0])
    assert scan(page, offline) == ("accepted", None)
    expect(page.get_by_test_id("verdict-note")).to_contain_text("离线判定")
    expect(page.locator("[data-testid=link-state]")).to_have_attribute("data-link", "alone")
    assert scan(page, shown(lost[0])) == ("refused", "revoked")
    assert scan(page, offline) == ("refused", "replayed")
    assert scan(page, online) == ("refused", "replayed")
    expect(page.get_by_test_id("waiting")).to_have_text("待上传 4")

    # The browser is killed in the middle of it, and starts without network.
    browser.kill()
    page = killable().context.new_page()
    page.goto(f"{city.origin}/scanner/bus")
    ready(page)
    expect(page.get_by_test_id("waiting")).to_have_text("待上传 4")
    assert scan(page, offline) == ("refused", "replayed")
    assert scan(page, shown(third[1])) == ("accepted", None)
    page.reload()
    ready(page)
    expect(page.get_by_test_id("waiting")).to_have_text("待上传 6")

    # The service is back.
    again = RunningCity(city.data, {}, "--port", str(city.port))
    expect(page.get_by_test_id("waiting")).to_have_text("", timeout=60_000)
    row = stream_of(again, "bus-1")
    assert (row["last"], row["stored"], row["quarantined"]) == (7, 7, 0)

    # Somebody is revoked while the page hears nothing.
    page.context.set_offline(offline=True)
    again.operate("revoke", "--person", fourth[0].person, "--cause", "lost")
    # The page's clock may be behind by half a round trip, of which ten seconds are the longest that sets it.
    time.sleep(6)
    assert scan(page, shown(fourth[0])) == ("accepted", None)
    page.context.set_offline(offline=False)
    expect(page.get_by_test_id("waiting")).to_have_text("", timeout=60_000)
    row = stream_of(again, "bus-1")
    assert (row["last"], row["stored"], row["quarantined"]) == (8, 8, 0)
    # On a busy machine the page may have decided before the service's answer came: both then say so.
    marks = [each["mark"] for each in again.operate("scans", "marked")]
    assert [mark for mark in marks if mark != "disagreed"] == ["revoked"]
    assert again.stop() == 0
