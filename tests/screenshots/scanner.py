"""The scanner page of every scene: ready, settings, yes, no; and not enrolled, locked, without network.

It has no mode for elders: who works at it is staff.
"""

import itertools
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.policies import HALL, beside, put_in_force
from tests.scenes import TERMINALS
from tests.screenshots.album import LANGUAGES, SIZES, keep, running_city
from tests.wallets import DESK, fresh, open_wallet

ONE_ACT_SECONDS = 3
"""As long the page takes a code that it reads again for the same act."""
PIN = "246810"
CHOICES = list(itertools.product(SIZES, LANGUAGES))
LINK = "[data-testid=link-state]"
OFFLINE = f"{LINK}[data-link=offline], {LINK}[data-link=alone]"


def take(folder: Path, browser: Browser) -> None:
    """Put a scanner into every scene, and show it codes."""
    with running_city() as city:
        with beside(city) as hall:
            put_in_force(hall, "government", HALL)
        wallets = [open_wallet(browser, city, person) for person in city.people()[: len(CHOICES)]]
        for scene, terminal in TERMINALS.items():
            page = open_scanner(browser, city.link(terminal))
            # Somebody else each time: who has gone in with a ticket does not go in again.
            for (size, language), wallet in zip(CHOICES, wallets, strict=True):
                look(page, size, language)
                scans(page, code_for(wallet, scene), folder / f"{size}-{language}-{scene}")
            if scene == "bus":
                hard_times(page, wallets[0], folder)
            page.context.close()
        stranger = open_scanner(browser, f"{city.origin}/scanner/bus", part="not-enrolled")
        for size, language in CHOICES:
            look(stranger, size, language)
            keep(stranger, folder / f"{size}-{language}-not-enrolled.png")


def code_for(wallet: Page, scene: str) -> str:
    """Return a new code for a scene, with a ticket where one is needed."""
    wallet.get_by_test_id(f"scene-{scene}").click()
    if scene == "scenic_spot":
        wallet.get_by_test_id("book-ticket").click()
        wallet.locator("[data-testid=tickets][data-state=booked]").wait_for()
    return fresh(wallet)


def open_scanner(browser: Browser, link: str, part: str = "ready") -> Page:
    """Open the page at a desk and wait for what it shows."""
    page = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
    page.goto(link)
    page.get_by_test_id(part).wait_for()
    return page


def look(page: Page, size: str, language: str) -> None:
    """Set size and language."""
    page.set_viewport_size(SIZES[size])
    if page.evaluate("document.documentElement.lang.slice(0, 2)") != language:
        page.get_by_test_id("language-switch").click()


def scans(page: Page, code: str, stem: Path) -> None:
    """Take the page ready, with its settings open, with a yes, and with a no to the same code."""
    keep(page, named(stem, "ready"))
    page.get_by_test_id("settings-open").click()
    keep(page, named(stem, "settings"), whole=False)
    page.get_by_test_id("settings-close").click()
    show(page, code, "accepted", named(stem, "accepted"))
    time.sleep(ONE_ACT_SECONDS)
    show(page, code, "refused", named(stem, "refused"))


def show(page: Page, code: str, decision: str, file: Path) -> None:
    """Type a code, and take the verdict while it is there."""
    page.get_by_test_id("typed-code").fill(code)
    page.get_by_test_id("typed-submit").click()
    page.locator(f"[data-testid=verdict][data-decision={decision}]:not([hidden])").wait_for()
    keep(page, file, whole=False)
    page.get_by_test_id("verdict").dispatch_event("click")


def hard_times(page: Page, wallet: Page, folder: Path) -> None:
    """Take the page mistyped at, without network, locked, and asking for the PIN."""
    for size, language in CHOICES:
        look(page, size, language)
        stem = folder / f"{size}-{language}"
        show(page, "1" * 18, "refused", named(stem, "mistyped"))
        code = fresh(wallet)
        page.context.set_offline(offline=True)
        page.locator(OFFLINE).wait_for()
        keep(page, named(stem, "offline"))
        show(page, code, "accepted", named(stem, "offline-accepted"))
        page.context.set_offline(offline=False)
        page.locator(f"{LINK}[data-link=online]").wait_for()
    page.get_by_test_id("settings-open").click()
    for part in ("pin-new", "pin-again"):
        page.get_by_test_id(part).fill(PIN)
    page.get_by_test_id("pin-set-submit").click()
    page.locator("[data-testid=scanner][data-locked]").wait_for()
    for size, language in CHOICES:
        look(page, size, language)
        keep(page, named(folder / f"{size}-{language}", "locked"))
        page.get_by_test_id("unlock").click()
        keep(page, named(folder / f"{size}-{language}", "locked-pin"))
        page.get_by_test_id("unlock").click()


def named(stem: Path, state: str) -> Path:
    """Return the file of a state."""
    return stem.with_name(f"{stem.name}-{state}.png")
