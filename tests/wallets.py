"""A citizen's wallet in a real browser, for journeys and pictures: signing in, going to a screen, reading the code."""

import io
import time
from typing import Protocol

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from tests.running import Person

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}


class Reached(Protocol):
    """A city that browsers reach."""

    @property
    def origin(self) -> str:
        """Where."""
        ...


SCREENS = {
    "code": "qr",
    "cards": "card-list",
    "messages": "message-list",
    "records": "record-list",
    "me": "person-name",
    "family": "family-limits",
    "family-ask": "tie-form",
    "paper": "print",
    "health": "health-status",
    "privacy": "consent-hospital",
    "health-records": "give-open",
    "data": "export",
    "devices": "device",
    "place": "poster-form",
    "errands": "errands",
    "settings": "language-zh",
    "help": "help-lost",
    "home": "home-state",
    "digit": "digit-text",
}
"""Every place that needs no name of something, with the part that is there once it is drawn."""


def open_wallet(browser: Browser, city: Reached, person: Person, viewport: ViewportSize = PHONE) -> Page:
    """Return the wallet of a person on a phone of its own, signed in and with a code on screen."""
    page = browser.new_context(viewport=viewport, locale="zh-CN", accept_downloads=True).new_page()
    sign_in(page, city, person)
    return page


def sign_in(page: Page, city: Reached, person: Person) -> None:
    """Sign in, pass the real-name check when it is asked, and wait for the first code."""
    page.goto(f"{city.origin}/wallet/")
    page.get_by_test_id("phone").fill(person.phone)
    send = page.get_by_test_id("send-message")
    send.click()
    asked = page.locator("[data-testid=one-time-password], [data-testid=problem][data-code=messages_too_often]")
    asked.wait_for()
    while asked.get_attribute("data-testid") == "problem":
        # Each try counts as one of the day's.
        page.wait_for_timeout(10_000)
        send.click()
        asked.wait_for()
    page.get_by_test_id("one-time-password").fill(password(page, city, person.phone))
    page.get_by_test_id("sign-in").click()
    page.locator("[data-screen=real-name], [data-screen=code], [data-screen=home]").wait_for()
    if page.get_by_test_id("real-name-form").count() > 0:
        page.get_by_test_id("name").fill(person.name)
        page.get_by_test_id("id-number").fill(person.id_number)
        page.get_by_test_id("confirm-real-name").click()
    page.locator("[data-testid=qr][data-iat]").wait_for()


def password(page: Page, city: Reached, phone: str) -> str:
    """Read the newest one-time password of a phone from the demo gateway."""
    messages = page.context.new_page()
    messages.goto(f"{city.origin}/demo/messages")
    said = messages.locator("li", has_text=phone).first.inner_text()
    messages.close()
    return said.split("码 ")[1][:6]


def go(page: Page, city: Reached, place: str) -> None:
    """Go to a screen and wait until it is drawn."""
    page.goto(f"{city.origin}/wallet/#{place}")
    page.locator(f"[data-screen='{place.split('/', maxsplit=1)[0]}']").wait_for()
    if place in SCREENS:
        page.get_by_test_id(SCREENS[place]).first.wait_for()


def prefer(page: Page, **chosen: str) -> None:
    """Set preferences of this phone (language, elder, text, motion) and open the wallet anew."""
    page.evaluate(
        "(chosen) => Object.entries(chosen).forEach(([name, value]) => localStorage.setItem(name, value))",
        {f"city-code-{name}": value for name, value in chosen.items()},
    )
    page.reload()


def picture(page: Page) -> bytes:
    """Take a picture of the code on the screen."""
    page.locator("[data-testid=qr][data-iat]").wait_for()
    return page.get_by_test_id("qr").screenshot()


def read(image: bytes) -> str:
    """Read a picture with an independent QR reader."""
    # The reader looks for every kind of bar code, and sometimes sees a second one in the pattern of the first.
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(image)), formats=QR)
    assert len(found) == 1
    return found[0].text


def fresh(page: Page) -> str:
    """Ask for a new code and read it from the screen."""
    before = page.get_by_test_id("qr").get_attribute("data-iat")
    # Two codes of one second would be the same code.
    time.sleep(1.1)
    page.get_by_test_id("redraw").click()
    page.locator(f"[data-testid=qr][data-iat]:not([data-iat='{before}'])").wait_for()
    return read(picture(page))
