"""Journeys through the wallet's screens: a child's code, paper, records, consent, loss, and what stays on the phone."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.households import Household, households
from tests.journeys.test_in_the_browser import decide, fresh, picture, read
from tests.phone import Terminal
from tests.running import RunningCity, chromium
from tests.wallets import go, open_wallet, sign_in

STORED = "() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href]"


@dataclass(frozen=True)
class Journey:
    """One city, one browser, a parent's wallet that knows the child, and a phone that is going to be lost."""

    city: RunningCity
    browser: Browser
    family: Household
    page: Page
    lost: Page

    def terminal(self, name: str) -> Terminal:
        """Return an enrolled terminal."""
        code = self.city.operate("terminals", "enrol", name)["enrolment_code"]
        terminal = Terminal(self.city.http, name)
        assert terminal.enrol(code).status_code == 201
        assert terminal.authenticate(int(time.time())).status_code == 200
        return terminal

    def go(self, place: str) -> Page:
        """Return the parent's wallet at a screen."""
        go(self.page, self.city, place)
        return self.page


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """One city for the module; the tests go on from each other's state but for what each of them makes."""
    city = RunningCity(tmp_path_factory.mktemp("city"), {})
    family = households()[0]
    with chromium() as browser:
        # Early, because another message to the same phone is sent after a minute only.
        lost = open_wallet(browser, city, households()[1].parent)
        page = open_wallet(browser, city, family.parent)
        go(page, city, "family-ask")
        page.get_by_test_id("tie-name").fill(family.child.name)
        page.get_by_test_id("tie-id-number").fill(family.child.id_number)
        page.get_by_test_id("certificate").fill(family.certificate)
        page.get_by_test_id("tie-send").click()
        page.get_by_test_id("show-code").wait_for()
        yield Journey(city, browser, family, page, lost)
    city.stop()


def at_the_clinic(terminal: Terminal, code: str, **body: Any) -> dict[str, Any]:
    """Show a code at a desk that looks at a document too."""
    answer: dict[str, Any] = terminal.scan(code, **body).get_json()
    return answer


def printed(page: Page) -> str:
    """Read the paper code on the screen with an independent reader."""
    shown = page.get_by_test_id("paper-picture")
    shown.wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=paper-picture]').naturalWidth > 0")
    return read(shown.screenshot())


def test_a_guardian_shows_a_child_s_code_and_it_is_the_child_who_is_accepted(journey: Journey) -> None:
    page = journey.go("family")
    page.get_by_test_id("show-code").click()
    expect(page.get_by_test_id("family-code")).to_contain_text(journey.family.child.name[0])
    answer = at_the_clinic(journey.terminal("clinic-1"), read(picture(page)))
    assert (answer["decision"], answer["details"]["name"]) == ("accepted", journey.family.child.name[0] + "*")


def test_the_child_s_code_is_shown_without_network_too(journey: Journey) -> None:
    page = journey.go("family")
    page.get_by_test_id("show-code").click()
    page.locator("[data-testid=qr][data-iat]").wait_for()
    terminal = journey.terminal("clinic-1")
    page.context.set_offline(offline=True)
    assert decide(terminal, fresh(page)) == ("accepted", None)
    page.context.set_offline(offline=False)


def test_a_reprint_says_before_that_the_old_paper_dies_and_then_it_does(journey: Journey) -> None:
    terminal = journey.terminal("clinic-1")
    page = journey.go("paper")
    page.get_by_test_id("print").click()
    page.get_by_test_id("print-yes").click()
    first = printed(page)
    assert at_the_clinic(terminal, first, document_checked=True)["decision"] == "accepted"
    page.get_by_test_id("print").click()
    expect(page.get_by_role("group")).to_contain_text("以前那张立即作废")
    page.get_by_test_id("print-yes").click()
    page.wait_for_function(
        "(before) => document.querySelector('[data-testid=paper-picture]')?.src !== before",
        arg=page.get_by_test_id("paper-picture").get_attribute("src"),
    )
    second = printed(page)
    assert at_the_clinic(terminal, first, document_checked=True)["reason"] == "revoked"
    assert at_the_clinic(terminal, second, document_checked=True)["decision"] == "accepted"
    expect(page.get_by_test_id("paper")).to_have_count(1)
    page.get_by_test_id("revoke-paper").click()
    page.get_by_test_id("revoke-paper-yes").click()
    expect(page.get_by_test_id("paper")).to_have_count(0)
    assert at_the_clinic(terminal, second, document_checked=True)["reason"] == "revoked"


def test_consent_counts_from_the_next_scan_and_so_does_its_withdrawal(journey: Journey) -> None:
    terminal, name = journey.terminal("clinic-1"), journey.family.parent.name
    masked = name[0] + "*" * (len(name) - 1)
    for given, seen in ((True, name), (False, masked)):
        page = journey.go("privacy")
        page.get_by_test_id("consent-hospital").click()
        page.locator(f"[data-testid=consent-hospital][aria-checked={str(given).lower()}]").wait_for()
        page = journey.go("code")
        assert at_the_clinic(terminal, fresh(page))["details"]["name"] == seen
    page = journey.go("records")
    found = page.locator("[data-testid=record][data-scene=hospital][data-decision=accepted]")
    found.nth(1).wait_for()
    first, second = found.all()[:2]
    expect(first).to_contain_text("姓名（遮盖）")
    expect(second).not_to_contain_text("姓名（遮盖）")


def test_a_message_waits_with_a_number_on_its_tab_and_is_read_once_it_was_seen(journey: Journey) -> None:
    page = journey.go("code")
    page.reload()
    expect(page.get_by_test_id("unread")).to_be_visible()
    page.get_by_test_id("tab-messages").click()
    page.locator("[data-testid=message][data-kind=tie_active]").wait_for()
    expect(page.get_by_test_id("unread")).to_be_hidden()
    page.reload()
    page.locator("[data-testid=message][data-read='1']").first.wait_for()
    expect(page.locator("[data-testid=message][data-read='0']")).to_have_count(0)


def test_freezing_from_another_phone_kills_the_codes_of_this_one(journey: Journey) -> None:
    lost, terminal = journey.lost, journey.terminal("bus-1")
    code = fresh(lost)
    found = open_wallet(journey.browser, journey.city, households()[1].parent)
    go(found, journey.city, "devices")
    expect(found.get_by_test_id("device")).to_have_count(2)
    found.get_by_test_id("freeze").click()
    found.get_by_test_id("confirm-yes").click()
    found.locator("[data-testid=no-code][data-reason=frozen]").wait_for()
    assert decide(terminal, code) == ("refused", "revoked")
    found.get_by_test_id("obstacle-action").click()
    found.locator("[data-testid=qr][data-iat]").wait_for()
    assert decide(terminal, fresh(found)) == ("accepted", None)
    for page in (lost, found):
        page.context.close()


def test_nothing_of_the_person_stands_in_storage_or_addresses(journey: Journey) -> None:
    addresses: list[str] = []
    page = journey.page
    page.on("request", lambda request: addresses.append(request.url))
    kept: list[str] = []
    for place in ("code", "cards", "messages", "records", "family", "paper", "devices", "privacy", "me"):
        kept += journey.go(place).evaluate(STORED)
    people = (journey.family.parent, journey.family.child)
    secrets = [text for person in people for text in (person.phone, person.name, person.id_number, person.card)]
    said = json.dumps(kept + addresses, ensure_ascii=False)
    assert not [secret for secret in secrets if secret in said]
    assert set(json.loads(kept[0])) <= {f"city-code-{name}" for name in ("language", "elder", "text", "motion")}


def test_help_is_read_before_signing_in_and_without_network(journey: Journey) -> None:
    page = journey.browser.new_context(locale="zh-CN").new_page()
    page.goto(f"{journey.city.origin}/wallet/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(offline=True)
    page.reload()
    page.get_by_test_id("help-open").click()
    page.get_by_test_id("help-lost").locator("summary").click()
    expect(page.get_by_test_id("help-lost")).to_contain_text("立即挂失")
    page.context.set_offline(offline=False)
    page.get_by_test_id("back").click()
    sign_in(page, journey.city, households()[2].parent)
    page.context.close()
