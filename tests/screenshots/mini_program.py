"""The mini-program: every page and every form on it, before signing in, without network, and frozen."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from codeservice.demo import Citizen
from codeservice.private_redis import PrivateRedis
from tests.conftest import make_city_template
from tests.families import families
from tests.miniprogram.furnished import STOPS, furnish, stop_at
from tests.miniprogram.host import Phone
from tests.miniprogram.town import Town, open_town
from tests.screenshots.album import CHOICES, MODES, SIZES, keep


def take(folder: Path, browser: Browser) -> None:
    """Come in as somebody new, walk through a furnished mini-program, then lose the network and freeze the codes."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="city-screens-")))
        redis = PrivateRedis()
        stack.callback(redis.stop)
        template = make_city_template(place / "template", redis.address)
        town = stack.enter_context(open_town(template, place / "town", redis.address, browser))
        adults = [citizen for citizen in town.city.people if citizen.phone]
        parent = next(family.parent for family in families(town.city) if family.parent.phone)
        come_in(town, next(citizen for citizen in adults if citizen is not parent), folder)
        phone = furnish(town)
        for size, mode, language in CHOICES:
            begin(phone, size, mode, language)
            phone.at("countdown").wait_for()
            for way in STOPS:
                stop_at(phone, way)
                keep(phone.page, named(folder, size, mode, language, "-".join(way) or "code"))
            phone.open(connected=False)
            phone.at("offline-badge").wait_for()
            keep(phone.page, named(folder, size, mode, language, "code-offline"))
            phone.open()
            phone.at("countdown").wait_for()
        phone.visit("devices")
        phone.tap("freeze")
        phone.tap("confirm-yes")
        phone.at("no-code").wait_for()
        by_switches(phone, folder, "code-frozen")


def come_in(town: Town, citizen: Citizen, folder: Path) -> None:
    """Sign in and stop before the real-name check, with pictures of each step."""
    phone = town.host.phone(citizen.holder.id, str(citizen.phone))
    for size, mode, language in CHOICES:
        begin(phone, size, mode, language)
        phone.at("wechat-phone").wait_for()
        keep(phone.page, named(folder, size, mode, language, "sign-in"))
    phone.at("phone").fill(str(citizen.phone))
    phone.tap("send-message")
    phone.at("one-time-password").wait_for()
    by_switches(phone, folder, "sign-in-password")
    phone.open()
    phone.tap("wechat-phone")
    phone.at("confirm-real-name").wait_for()
    for size, mode, language in CHOICES:
        begin(phone, size, mode, language)
        phone.at("confirm-real-name").wait_for()
        keep(phone.page, named(folder, size, mode, language, "real-name"))
    phone.page.context.close()


def begin(phone: Phone, size: str, mode: str, language: str) -> None:
    """Open the mini-program anew in a size, mode and language."""
    phone.page.set_viewport_size(SIZES[size])
    chosen = {"elder": MODES[mode], "language": language}
    phone.page.evaluate("chosen => wx.setStorageSync('city-code-preferences', chosen)", chosen)
    phone.open()


def by_switches(phone: Phone, folder: Path, name: str) -> None:
    """Take a page that is gone when the mini-program is opened anew: its own switches choose."""
    for size, mode, language in CHOICES:
        phone.page.set_viewport_size(SIZES[size])
        chosen = phone.page.evaluate("wx.getStorageSync('city-code-preferences')")
        if chosen["elder"] != MODES[mode]:
            phone.tap("elder-switch")
        if chosen["language"] != language:
            phone.tap("language-switch")
        keep(phone.page, named(folder, size, mode, language, name))


def named(folder: Path, size: str, mode: str, language: str, name: str) -> Path:
    """Return the file of a page."""
    return folder / f"{size}-{mode}-{language}-{name.replace('#', '').replace('.', '')}.png"
