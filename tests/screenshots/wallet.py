"""The web wallet: every screen, and what it shows before signing in, without network, and when its owner froze it."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

from playwright.sync_api import Browser, Page

from codeservice.store import client
from codeservice.web.hall import FORMS, QUEUE
from tests.back_ends import BackEnd
from tests.households import households
from tests.policies import HALL, beside, put_in_force
from tests.running import Person, RunningCity
from tests.screenshots.album import CHOICES, MODES, SIZES, keep, running_city
from tests.wallets import PHONE, SCREENS, fresh, go, open_wallet, password, picture, prefer, read

Arrive = Callable[[], None]


def take(folder: Path, browser: Browser) -> None:
    """Come in as somebody new, walk through a furnished wallet, then lose the network and freeze the codes."""
    with running_city() as city:
        come_in(city, browser, folder, city.people()[1])
        page, places = furnish(city, browser)
        walk(page, folder, {place.partition("/")[0]: partial(go, page, city, place) for place in places})
        go(page, city, "code")
        page.context.set_offline(offline=True)
        walk(page, folder, {"code-offline": page.get_by_test_id("offline-badge").wait_for})
        page.context.set_offline(offline=False)
        page.set_viewport_size(PHONE)
        prefer(page, elder="0", language="zh")
        go(page, city, "devices")
        page.get_by_test_id("freeze").click()
        page.get_by_test_id("freeze-yes").click()
        frozen = page.locator("[data-testid=no-code][data-reason=frozen]")
        frozen.wait_for()
        walk(page, folder, {"code-frozen": partial(arrive, page, city, frozen.wait_for)})


def walk(page: Page, folder: Path, screens: dict[str, Arrive]) -> None:
    """Take every screen under every choice. `screens` says by name how to arrive once the wallet has been opened."""
    for size, mode, language in CHOICES:
        page.set_viewport_size(SIZES[size])
        prefer(page, elder=str(int(MODES[mode])), language=language)
        for name, arrive_there in screens.items():
            arrive_there()
            keep(page, folder / f"{size}-{mode}-{language}-{name}.png")


def arrive(page: Page, city: RunningCity, drawn: Arrive) -> None:
    """Go to the code, which may not be the first screen, and wait for what is there."""
    page.goto(f"{city.origin}/wallet/#code")
    drawn()


def come_in(city: RunningCity, browser: Browser, folder: Path, person: Person) -> None:
    """Sign in and stop before the real-name check, with pictures of each step."""
    page = browser.new_context(viewport=PHONE, locale="zh-CN").new_page()
    page.goto(f"{city.origin}/wallet/")
    walk(page, folder, {"sign-in": page.get_by_test_id("phone").wait_for})
    page.get_by_test_id("phone").fill(person.phone)
    page.get_by_test_id("send-message").click()
    page.get_by_test_id("one-time-password").wait_for()
    for size, mode, language in CHOICES:
        page.set_viewport_size(SIZES[size])
        # What was begun lasts while the page lives: it is not opened anew, as `prefer` does.
        press(page, "elder-switch", when=(page.evaluate("localStorage['city-code-elder']") == "1") != MODES[mode])
        press(page, "language-switch", when=page.evaluate("document.documentElement.lang.slice(0, 2)") != language)
        keep(page, folder / f"{size}-{mode}-{language}-sign-in-password.png")
    page.get_by_test_id("one-time-password").fill(password(page, city, person.phone))
    page.get_by_test_id("sign-in").click()
    form = page.get_by_test_id("real-name-form")
    form.wait_for()
    walk(page, folder, {"real-name": form.wait_for})
    page.context.close()


def press(page: Page, testid: str, *, when: bool) -> None:
    """Press a switch where it stands otherwise."""
    if when:
        page.get_by_test_id(testid).click()


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
