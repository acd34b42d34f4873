"""`python -m tests.screenshots FOLDER`: every screen of the wallet, small and large, in both modes and languages."""

import itertools
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path

from playwright.sync_api import Browser, Page

from codeservice.store import client
from codeservice.web.hall import FORMS, QUEUE
from tests.back_ends import BackEnd
from tests.households import households
from tests.policies import HALL, beside, put_in_force
from tests.running import RunningCity, chromium
from tests.wallets import DESK, PHONE, SCREENS, fresh, go, open_wallet, picture, prefer, read

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
    page, places = furnish(city, browser)
    for (size, viewport), (mode, elder), language in itertools.product(SIZES.items(), MODES.items(), ("zh", "en")):
        page.set_viewport_size(viewport)
        prefer(page, elder=elder, language=language)
        for place in places:
            go(page, city, place)
            page.wait_for_timeout(250)
            name = f"{size}-{mode}-{language}-{place.split('/', maxsplit=1)[0]}"
            page.screenshot(path=folder / f"{name}.png", full_page=size == "phone")
            print(name, flush=True)  # noqa: T201 -- a command that says what it does


def furnish(city: RunningCity, browser: Browser) -> tuple[Page, list[str]]:
    """Return a wallet with a card, a child, a scan, and a form that a hall asks for; and every place that it has."""
    family = households()[0]
    page = open_wallet(browser, city, family.parent)
    city.terminal("bus-1").scan(read(picture(page)))
    ask_for_form(city, fresh(page))
    go(page, city, "cards")
    page.get_by_test_id("add-card-open").click()
    page.get_by_test_id("card-number").fill(family.parent.card)
    page.get_by_test_id("add-card").click()
    page.get_by_test_id("card").wait_for()
    card = place_of(page, "card-open")
    go(page, city, "family-ask")
    page.get_by_test_id("tie-name").fill(family.child.name)
    page.get_by_test_id("tie-id-number").fill(family.child.id_number)
    page.get_by_test_id("certificate").fill(family.certificate)
    page.get_by_test_id("tie-send").click()
    tie = place_of(page, "show-code").rpartition("/")[2]
    go(page, city, "records")
    record = place_of(page, "dispute-open")
    go(page, city, "errands")
    form = place_of(page, "application-open")
    return page, [*SCREENS, f"family-code/{tie}", f"paper/{tie}", card, record, form]


def ask_for_form(city: RunningCity, code: str) -> None:
    """Put a hall's rules in force, draw a number there, and let the hall ask for a form."""
    with beside(city) as hall:
        put_in_force(hall, "government", HALL)
        with hall.services.database.write() as connection:
            names = {"id_": "hall", "kind": client.BACK_END, "place": "city-hall", "name": "hall"}
            client.add_client(connection, **names, scopes=frozenset({FORMS, QUEUE}))
    drawn = city.terminal("queue-1").scan(code, service="general").get_json()
    system = BackEnd(city.terminal("hall"))
    system.call("POST", "/api/v1/queue/calls", {"window": "1"})
    asked = system.call("POST", "/api/v1/applications", {"visit": drawn["scan"], "form": "register"})
    assert asked.status_code == HTTPStatus.CREATED, asked.get_json()


def place_of(page: Page, testid: str) -> str:
    """Return the place that a link leads to."""
    return str(page.get_by_test_id(testid).first.get_attribute("href")).partition("#")[2]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
