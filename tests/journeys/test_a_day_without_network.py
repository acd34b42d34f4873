"""The web wallet a day without network: its code counts to the last hour, and then the page says why there is none."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.miniprogram.town import GoingClock, Town, person_of
from tests.phone import decision
from tests.wallets import PHONE, fresh, picture, read, sign_in

HOUR = 3600


@pytest.fixture
def phone(town: Town) -> Iterator[Page]:
    """A web wallet with a code on screen, whose clock is the city's."""
    context = town.host.browser.new_context(viewport=PHONE, locale="zh-CN")
    page = context.new_page()
    page.clock.install(time=town.city.clock.now)
    sign_in(page, town.host.city, person_of(town.city.citizen()))
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    yield page
    context.close()


def test_after_nearly_a_day_a_code_counts_and_after_a_day_and_an_hour_the_page_says_why_there_is_none(
    town: Town, phone: Page
) -> None:
    assert scanned(town, read(picture(phone))) == ("accepted", None)
    phone.context.set_offline(offline=True)
    wait(town, phone, 24 * HOUR - 600)
    assert scanned(town, fresh(phone)) == ("accepted", None)
    phone.reload()
    assert scanned(town, fresh(phone)) == ("accepted", None)
    wait(town, phone, HOUR + 600)
    expect(phone.get_by_test_id("no-code")).to_contain_text("离线，且本机没有可用的码")
    assert phone.locator("[data-testid=qr][data-iat]").count() == 0
    phone.context.set_offline(offline=False)
    phone.locator("[data-testid=qr][data-iat]").wait_for()
    assert scanned(town, read(picture(phone))) == ("accepted", None)


def scanned(town: Town, code: str) -> tuple[str, str | None]:
    """Show a code on a bus."""
    return decision(town.city.terminal("bus-1").scan(code))


def wait(town: Town, page: Page, seconds: int) -> None:
    """Let time go by, for the city and for the phone."""
    assert isinstance(town.city.clock, GoingClock)
    town.city.clock.ahead += seconds
    page.clock.fast_forward(seconds * 1000)
