"""A city that signs by SM2, in a real browser: the wallet's keys, the scanner page, and no network."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from codeservice.code import read_code
from keys.algorithms import SM2
from tests.journeys.test_in_the_browser import Journey, decide, scanner, wallet
from tests.running import RunningCity, chromium
from tests.wallets import fresh, picture

KEPT_KEYS = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("city-code-wallet");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const all = opening.result.transaction("grants").objectStore("grants").getAll();
    all.onsuccess = () => resolve(all.result.map(({ privateKey }) => privateKey instanceof CryptoKey ? "WebCrypto"
      : [...privateKey.wrappingKey.usages, privateKey.wrappingKey.extractable, privateKey.sealed.length].join(" ")));
  };
})"""


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """A city that was begun with --suite SM2."""
    city = RunningCity(tmp_path_factory.mktemp("city"), {}, "--suite", "SM2")
    with chromium() as browser:
        yield Journey(city, browser, "", lambda: None)
    assert city.stop() == 0


def library_calls(page: Page) -> list[str]:
    """Return what the page fetched for SM2."""
    script = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    return [name for name in page.evaluate(script) if "sm_crypto" in name]


def test_a_picture_of_the_wallet_is_accepted_by_the_scanner_page(journey: Journey) -> None:
    phone, desk = wallet(journey, 0), scanner(journey, "bus-1")
    code = read_code(fresh(phone))
    assert code.show is not None
    assert (code.issuer.alg, code.show.alg) == (SM2.cose, SM2.cose)
    desk.get_by_test_id("picture").set_input_files(
        FilePayload(name="code.png", mimeType="image/png", buffer=picture(phone))
    )
    # Asked in the page, because it goes by itself.
    desk.wait_for_function(
        "() => document.querySelector('[data-testid=verdict][data-decision=accepted]:not([hidden])')"
    )
    desk.context.close()
    assert len(library_calls(phone)) == 1


def test_a_private_key_rests_under_a_key_that_cannot_be_read(journey: Journey) -> None:
    """AES-GCM: 32 bytes and their tag."""
    kept = wallet(journey, 0).evaluate(KEPT_KEYS)
    assert kept
    assert set(kept) == {"encrypt decrypt false 48"}


def test_without_network_the_wallet_goes_on_also_after_a_reload(journey: Journey) -> None:
    phone, terminal = wallet(journey, 1), journey.terminal("bus-2")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.context.set_offline(offline=True)
    assert decide(terminal, fresh(phone)) == ("accepted", None)
    phone.reload()
    phone.locator("[data-testid=qr][data-iat]").wait_for()
    expect(phone.get_by_test_id("offline-badge")).to_be_visible()
    assert decide(terminal, fresh(phone)) == ("accepted", None)


def test_a_code_from_the_command_line_is_accepted(journey: Journey) -> None:
    person = journey.city.people()[2]
    code = journey.city.operate("demo-code", person.phone)["code"]
    assert decide(journey.terminal("bus-1"), code) == ("accepted", None)


def test_every_checkpoint_of_the_audit_log_verifies(journey: Journey) -> None:
    checked = journey.city.operate("audit", "check")
    assert checked["fault"] is None
    assert checked["sealed"] > 0
