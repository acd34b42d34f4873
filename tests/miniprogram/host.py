"""A phone in WeChat: the unmodified mini-program on WeChat's component runtime, in a page of the city's own origin."""

import io
import mimetypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route

from tests.running import ROOT, Person, RealHttp

PROGRAM = ROOT / "wallet" / "miniprogram"
NODE_MODULES = ROOT / "node_modules"
RUNTIME = {
    "runtime/glass_easel.js": NODE_MODULES / "glass-easel" / "dist" / "glass_easel.all.es.js",
    "runtime/template_compiler.js": NODE_MODULES / "glass-easel-template-compiler" / "pkg" / "module.js",
}
BARS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128)
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
PLACEHOLDER = "https://code.example.org"


class Served(Protocol):
    """A city that is reached over a port."""

    @property
    def origin(self) -> str:
        """Where it is reached."""

    @property
    def http(self) -> RealHttp:
        """Calls it."""


C = TypeVar("C", bound=Served)


@dataclass
class Host(Generic[C]):
    """Serves the host page, the runtime and the mini-program under the city's origin, and opens phones."""

    city: C
    browser: Browser
    copied: Path
    ahead: float = 0
    """Seconds by which the city's time, and that of its phones, is ahead of this machine's."""

    def phone(self, openid: str, number: str = "") -> "Phone":
        """Return a phone of somebody whom WeChat knows by an identifier and, if they share it, a number."""
        context = self.browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2)
        page = context.new_page()
        page.route("**/host/**", self._serve)
        phone = Phone(page, self.city, {"openid": openid, "number": number, "ahead": self.ahead})
        page.on("pageerror", lambda error: phone.faults.append(str(error)))
        page.on("console", lambda said: phone.faults.append(said.text) if is_fault(said) else None)
        phone.open()
        return phone

    def _serve(self, route: Route) -> None:
        name = route.request.url.split("/host/", 1)[1]
        file = self._file(name)
        # A page may go without a style sheet of its own.
        body = b"" if file.suffix == ".wxss" and not file.exists() else file.read_bytes()
        if name == "program/city.js":
            # The one file that an integrator changes.
            body = body.replace(PLACEHOLDER.encode(), self.city.origin.encode())
        kind = mimetypes.guess_type(name)[0] or "text/plain"
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    def _file(self, name: str) -> Path:
        if name in RUNTIME:
            return RUNTIME[name]
        if name.startswith(("program/core/", "program/lib/")):
            return self.copied / name.removeprefix("program/")
        if name.startswith("program/"):
            return PROGRAM / name.removeprefix("program/")
        return Path(__file__).parent / name


def is_fault(said: ConsoleMessage) -> bool:
    """Whether something went wrong in the page; that the city refused a request may be what a test is about."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


class Phone:
    """The mini-program on somebody's phone."""

    def __init__(self, page: Page, city: Served, owner: dict[str, Any]) -> None:
        self.page = page
        self.city = city
        self.owner = owner
        self.faults: list[str] = []

    def open(self, **state: Any) -> None:
        """Open the mini-program, anew if it is open, on a phone in a state: `connected`, `ahead`, see wechat.js."""
        self.page.evaluate("state => { window.name = JSON.stringify(state); }", self.owner | state)
        self.page.goto(f"{self.city.origin}/host/host.html")
        self.page.locator("page:visible").wait_for()

    def until_signed_in(self) -> None:
        """Wait until the city has said whose phone this is."""
        self.page.wait_for_function("getApp().wallet.account.fresh")

    def at(self, name: str) -> Locator:
        """Return what has an id on the page."""
        return self.page.locator(f"#{name}")

    def tap(self, name: str) -> None:
        """Tap what has an id."""
        self.at(name).click()

    def visit(self, name: str) -> None:
        """Go from the first page to another."""
        self.tap(f"to-{name}")
        self.page.locator(f"body[data-page='pages/{name}/{name}']").wait_for()

    def back(self) -> None:
        """Go back."""
        self.tap("back")

    def home(self) -> None:
        """Go back to the first page."""
        while self.page.locator("body").get_attribute("data-page") != "pages/code/code":
            self.back()

    def go(self, *names: str) -> None:
        """Go from the first page to another by way of others, and wait until it has been loaded."""
        self.home()
        for name in names:
            self.visit(name)
            self.page.wait_for_function("getCurrentPages().at(-1).data.loading !== true")

    def sure(self, name: str) -> None:
        """Tap the first of what has a class and cannot be undone, and say yes."""
        self.page.locator(f".{name}:visible, #{name}:visible").first.click()
        self.tap("confirm-yes")
        self.at("confirm-yes").wait_for(state="detached")

    def seen(self, name: str) -> Locator:
        """Return everything of a class that can be seen."""
        return self.page.locator(f".{name}:visible")

    def hold(self, script: str) -> Any:
        """Do something with the phone itself, see wechat.js."""
        return self.page.evaluate(f"phone.{script}")

    def confirm(self, person: Person) -> None:
        """Pass the real-name check, and wait for the first code."""
        self.at("name").fill(person.name)
        self.at("id-number").fill(person.id_number)
        self.tap("confirm-real-name")
        self.at("countdown").wait_for()

    def code(self) -> str:
        """Read the code from a picture of the screen with an independent reader."""
        self.page.locator("#countdown:visible").wait_for()
        return self.read(QR)

    def read(self, kind: zxingcpp.BarcodeFormats) -> str:
        """Read the one code of a kind on the screen."""
        found = zxingcpp.read_barcodes(Image.open(io.BytesIO(self.page.screenshot())), formats=kind)
        assert len(found) == 1
        return found[0].text

    def fresh(self) -> str:
        """Ask for a new code and read it."""
        before = self.code()
        # Two codes of one second would be the same code.
        time.sleep(1.1)
        self.tap("redraw")
        return self._until(self.code, lambda code: code != before)

    def password(self, number: str) -> str:
        """Read the newest one-time password of a number from the demo gateway."""
        text = self.city.http.open("/demo/messages").text
        return text[text.index(number) :].split("验证码 ")[1][:6]

    def _until(self, look: Callable[[], str], good: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + 30
        while not good(seen := look()):
            assert time.monotonic() < deadline
        return seen
