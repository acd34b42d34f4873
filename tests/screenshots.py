"""`python -m tests.screenshots FOLDER`: every screen of the wallet, small and large, in both modes and languages."""

import itertools
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.households import households
from tests.running import RunningCity, chromium
from tests.wallets import DESK, PHONE, SCREENS, go, open_wallet, prefer

SIZES = {"phone": PHONE, "desk": DESK}
MODES = {"normal": "0", "elder": "1"}


def main(folder: Path) -> int:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="city-screens-") as data:
        city = RunningCity(Path(data) / "city", {})
        try:
            with chromium() as browser:
                take(city, browser, folder)
        finally:
            city.stop()
    return 0


def take(city: RunningCity, browser: Browser, folder: Path) -> None:
    """Furnish a wallet, then walk through its screens once for each size, mode and language."""
    page, family = furnish(city, browser)
    for (size, viewport), (mode, elder), language in itertools.product(SIZES.items(), MODES.items(), ("zh", "en")):
        page.set_viewport_size(viewport)
        prefer(page, elder=elder, language=language)
        for place in [*SCREENS, f"family-code/{family}", f"paper/{family}"]:
            go(page, city, place)
            page.wait_for_timeout(250)
            name = f"{size}-{mode}-{language}-{place.split('/', maxsplit=1)[0]}"
            page.screenshot(path=folder / f"{name}.png", full_page=size == "phone")
            print(name, flush=True)  # noqa: T201 -- a command that says what it does


def furnish(city: RunningCity, browser: Browser) -> tuple[Page, str]:
    """Return a wallet with a card and a child, and the tie to the child."""
    family = households()[0]
    page = open_wallet(browser, city, family.parent)
    go(page, city, "cards")
    page.get_by_test_id("add-card-open").click()
    page.get_by_test_id("card-number").fill(family.parent.card)
    page.get_by_test_id("add-card").click()
    page.get_by_test_id("card").wait_for()
    go(page, city, "family-ask")
    page.get_by_test_id("tie-name").fill(family.child.name)
    page.get_by_test_id("tie-id-number").fill(family.child.id_number)
    page.get_by_test_id("certificate").fill(family.certificate)
    page.get_by_test_id("tie-send").click()
    page.get_by_test_id("show-code").wait_for()
    return page, str(page.get_by_test_id("show-code").get_attribute("href")).rpartition("/")[2]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
