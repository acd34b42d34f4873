"""What tests of pages share: a browser, the pages' files on a port, and a pretended server's side of them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.running import chromium
from tests.wallet.core.javascript import served
from tests.wallet.core.pages import PretendCity


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages of a module."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where the pages are served."""
    with served() as address:
        yield address


@pytest.fixture
def city() -> Iterator[PretendCity]:
    """The server's side; at the end no page may have complained."""
    made = PretendCity()
    yield made
    assert made.faults == []


@pytest.fixture
def desk(browser: Browser, city: PretendCity) -> Iterator[Page]:
    """A page of its own at a desk, joined to the server's side and not opened yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    yield city.join(context.new_page())
    context.close()
