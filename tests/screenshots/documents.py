"""The pictures of the documents: a first day with the city, as the README tells it."""

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page

from tests.running import Person, RunningCity
from tests.scenes import TERMINALS, WITHOUT_HALL
from tests.screenshots.album import running_city
from tests.wallets import DESK, PHONE, go, password


def take(folder: Path, browser: Browser) -> None:
    """Walk through wallet and scanners, as the README says, and take a picture at every step."""
    with running_city() as city:
        walk(city, browser, folder)


def walk(city: RunningCity, browser: Browser, folder: Path) -> None:
    """Take the steps."""
    person = city.people()[0]
    phone = browser.new_context(viewport=PHONE, locale="zh-CN").new_page()

    def shot(page: Page, name: str) -> None:
        page.wait_for_timeout(400)
        # Sixty-four colours are enough for pages of few colours, and a quarter of the bytes.
        Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(64).save(
            folder / f"{name}.png", optimize=True
        )
        print(name, flush=True)  # noqa: T201 -- a command that says what it does

    walk_in(city, phone, person, shot)
    phone.get_by_test_id("scene-scenic_spot").click()
    phone.get_by_test_id("book-ticket").click()
    phone.locator("[data-testid=tickets][data-state=booked]").wait_for()
    shot(phone, "wallet-ticket")
    for scene in WITHOUT_HALL:
        phone.get_by_test_id(f"scene-{scene}").click()
        phone.wait_for_timeout(1500)
        scan(city, browser, phone, TERMINALS[scene], scene, shot)
    go(phone, city, "cards")
    phone.get_by_test_id("add-card-open").click()
    phone.get_by_test_id("card-number").fill(person.card)
    phone.get_by_test_id("add-card").click()
    phone.get_by_test_id("card").wait_for()
    for place in ("cards", "records", "privacy"):
        go(phone, city, place)
        shot(phone, f"wallet-{place}")
    phone.get_by_test_id("tab-code").click()
    phone.context.set_offline(offline=True)
    phone.get_by_test_id("offline-badge").wait_for()
    shot(phone, "wallet-offline")
    phone.context.set_offline(offline=False)
    phone.get_by_test_id("elder-switch").click()
    shot(phone, "wallet-code-elder")


def walk_in(city: RunningCity, phone: Page, person: Person, shot: Callable[[Page, str], None]) -> None:
    """Sign in and pass the real-name check."""
    phone.goto(f"{city.origin}/wallet/")
    phone.get_by_test_id("phone").fill(person.phone)
    phone.get_by_test_id("send-message").click()
    phone.get_by_test_id("one-time-password").wait_for()
    phone.get_by_test_id("one-time-password").fill(password(phone, city, person.phone))
    phone.get_by_test_id("sign-in").click()
    phone.get_by_test_id("name").fill(person.name)
    phone.get_by_test_id("id-number").fill(person.id_number)
    shot(phone, "wallet-real-name")
    phone.get_by_test_id("confirm-real-name").click()
    phone.locator("[data-testid=qr][data-iat]").wait_for()
    shot(phone, "wallet-code")


def scan(  # noqa: PLR0917 -- one scan
    city: RunningCity, browser: Browser, phone: Page, terminal: str, scene: str, shot: Callable[[Page, str], None]
) -> None:
    """Scan the phone's code at a scanner, once good and once again."""
    desk = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
    desk.goto(city.link(terminal))
    desk.locator("[data-testid=scanner][data-state=ready]").wait_for()
    if scene in ("bus", "pharmacy"):
        shot(desk, f"scanner-{scene}-ready")
    code = FilePayload(name="code.png", mimeType="image/png", buffer=phone.get_by_test_id("qr").screenshot())
    desk.get_by_test_id("picture").set_input_files(code)
    desk.locator("[data-testid=verdict][data-decision=accepted]").wait_for()
    shot(desk, f"scanner-{scene}-accepted")
    if scene == "bus":
        desk.locator("[data-testid=scanner][data-state=ready]").wait_for()
        desk.wait_for_timeout(3000)
        desk.get_by_test_id("picture").set_input_files(code)
        desk.locator("[data-testid=verdict][data-decision=refused]").wait_for()
        shot(desk, "scanner-bus-refused")
    desk.context.close()
