"""The journey in a real browser: wallet to scanner, through revocation, a dead Redis and a dead network.

Once as the README starts it (SQLite, a private Redis), once on PostgreSQL with a Redis that was started separately.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import redis
from playwright.sync_api import Browser, FilePayload, Page, expect

from codeservice.code import Kind, read_code
from codeservice.private_redis import PrivateRedis
from codeservice.upload import MEDIA, Upload, write_item, write_upload
from keys import ceremony, rotation
from keys.key import Purpose
from keys.p256 import sign_p256
from tests.conftest import new_database
from tests.phone import Terminal
from tests.running import Person, RunningCity, chromium, not_over_midnight
from tests.scenes import TERMINALS, WITHOUT_HALL
from tests.uploading import EFFECTS, PATH, scan_of
from tests.wallets import fresh, picture, read

WINDOW = 60
VERDICT = "() => !document.querySelector('[data-testid=verdict]').hidden"
"""Asked in the page, because a verdict goes by itself."""


@dataclass
class Journey:
    """One running city with one browser."""

    city: RunningCity
    browser: Browser
    redis_address: str
    stop_redis: Callable[[], None]
    wallets: dict[int, Page] = field(default_factory=dict)

    def terminal(self, name: str) -> Terminal:
        """Return an enrolled terminal."""
        return self.city.terminal(name)


@pytest.fixture(scope="module", params=["sqlite-private-redis", "postgresql-own-redis"])
def journey(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """A city of each kind, with people of its own."""
    environment = {"REDIS_URL": "", "CITY_DATABASE": ""}
    server = None
    if request.param == "postgresql-own-redis":
        server = PrivateRedis()
        database = new_database(request.getfixturevalue("postgresql"))
        environment = {"REDIS_URL": server.address, "CITY_DATABASE": database}
    city = RunningCity(tmp_path_factory.mktemp("city"), {name: text for name, text in environment.items() if text})
    address = server.address if server else (city.data / "local-redis").read_text()

    def stop_redis() -> None:
        redis.Redis.from_url(address).shutdown(nosave=True)

    with chromium() as browser:
        yield Journey(city, browser, address, stop_redis)
    assert city.stop() == 0
    if server:
        server.stop()


def sign_in(page: Page, city: RunningCity, person: Person) -> None:
    """Sign in, pass the real-name check, and wait for the first code."""
    page.goto(f"{city.origin}/wallet/")
    # What a city of SM2 needs besides is kept when it is fetched, by a worker that listens by then.
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.get_by_test_id("phone").fill(person.phone)
    page.get_by_test_id("send-message").click()
    page.get_by_test_id("one-time-password").wait_for()
    messages = page.context.new_page()
    messages.goto(f"{city.origin}/demo/messages")
    said = messages.locator("li", has_text=person.phone).first.inner_text()
    messages.close()
    page.get_by_test_id("one-time-password").fill(said.split("验证码 ")[1][:6])
    page.get_by_test_id("sign-in").click()
    page.get_by_test_id("name").fill(person.name)
    page.get_by_test_id("id-number").fill(person.id_number)
    page.get_by_test_id("confirm-real-name").click()
    page.locator("[data-testid=qr][data-iat]").wait_for()


def wallet(journey: Journey, number: int) -> Page:
    """Return the wallet of one of the printed people, on a phone of its own that stays signed in."""
    if number not in journey.wallets:
        context = journey.browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
        journey.wallets[number] = context.new_page()
        sign_in(journey.wallets[number], journey.city, journey.city.people()[number])
    return journey.wallets[number]


def decide(terminal: Terminal, code: str) -> tuple[str, str | None]:
    """Scan; return (decision, reason)."""
    answer = terminal.scan(code).get_json()
    return answer["decision"], answer["reason"]


def scanner(journey: Journey, terminal: str) -> Page:
    """Open the scanner page and enrol it with the printed link."""
    page = journey.browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN").new_page()
    page.goto(journey.city.link(terminal))
    page.locator("[data-testid=scanner][data-state=ready]").wait_for()
    return page


@pytest.mark.parametrize("scene", WITHOUT_HALL)
def test_a_picture_of_the_wallet_is_accepted_by_the_scanner_page_of_every_scene(journey: Journey, scene: str) -> None:
    """Wallet canvas -> picture -> scanner page -> accepted."""
    phone, desk = wallet(journey, 0), scanner(journey, TERMINALS[scene])
    phone.get_by_test_id(f"scene-{scene}").click()
    if scene == "scenic_spot":
        # A ticket of today.
        not_over_midnight(60)
        phone.get_by_test_id("book-ticket").click()
        phone.locator("[data-testid=tickets][data-state=booked]").wait_for()
    phone.locator(f"[data-testid=scene-{scene}][aria-pressed=true]").wait_for()
    # Whoever waits two seconds for the service in vain decides alone, and a gate alone knows of no ticket yet.
    for _ in range(3):
        fresh(phone)
        file = FilePayload(name="code.png", mimeType="image/png", buffer=picture(phone))
        desk.locator("[data-testid=scanner][data-state=ready]").wait_for()
        desk.get_by_test_id("picture").set_input_files(file)
        desk.wait_for_function(VERDICT)
        if desk.get_by_test_id("verdict-note").text_content() == "":
            break
        expect(desk.get_by_test_id("link-state")).to_have_attribute("data-link", "online", timeout=60_000)
    expect(desk.get_by_test_id("verdict-note")).to_have_text("")
    expect(desk.get_by_test_id("verdict")).to_have_attribute("data-decision", "accepted")
    desk.context.close()


def test_the_owner_reads_that_a_code_was_used_a_second_time_without_network(journey: Journey) -> None:
    phone, terminal = wallet(journey, 3), journey.terminal("bus-2")
    code = fresh(phone)
    assert decide(terminal, code) == ("accepted", None)
    other, now = journey.terminal("bus-1"), int(time.time()) + 1
    scan = scan_of(now, kind=Kind.DEVICE, use=read_code(code).use, effect=EFFECTS["bus"])
    upload = Upload(other.id, bytes(8), 1, ((1, write_item(scan)),))
    body = write_upload(upload, kid=bytes(8), sign=lambda data: sign_p256(other.key, data))
    answer = journey.city.http.open(PATH, method="POST", data=body, content_type=MEDIA)
    assert answer.get_json()["stored"] == [1]
    phone.get_by_test_id("tab-records").click()
    expect(phone.get_by_test_id("record-mark")).to_have_text(["同一个码在此前已被使用"])
    phone.get_by_test_id("tab-code").click()
    phone.locator("[data-testid=qr][data-iat]").wait_for()


def test_a_wallet_of_es256_fetches_nothing_for_sm2(journey: Journey) -> None:
    script = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    fetched = wallet(journey, 0).evaluate(script)
    assert any(name.endswith("/wallet/lib/wallet.js") for name in fetched)
    assert not [name for name in fetched if "sm2" in name or "sm_crypto" in name]


def test_after_revoke_answers_the_very_next_scan_is_refused_whatever_redis_does(journey: Journey) -> None:
    """Revoked; revoked with Redis flushed; revoked with Redis stopped; and honest codes go on without Redis."""
    phone, honest, terminal = wallet(journey, 1), wallet(journey, 2), journey.terminal("bus-2")
    owners = {number: person_of(journey, number) for number in (1, 2)}
    assert decide(terminal, fresh(phone)) == ("accepted", None)
    code = fresh(phone)
    revoke(journey, owners[1])
    assert decide(terminal, code) == ("refused", "revoked")

    redis.Redis.from_url(journey.redis_address).flushall()
    assert decide(terminal, code) == ("refused", "revoked")

    journey.stop_redis()
    assert decide(terminal, code) == ("refused", "revoked")
    assert decide(terminal, fresh(honest)) == ("accepted", None)
    later = fresh(honest)
    revoke(journey, owners[2])
    assert decide(terminal, later) == ("refused", "revoked")


def test_without_network_the_wallet_goes_on_and_an_old_screenshot_does_not(journey: Journey) -> None:
    """Offline the phone signs by itself; a reload offline works too; a picture dies with its window."""
    phone, terminal = wallet(journey, 3), journey.terminal("bus-1")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    screenshot, taken = read(picture(phone)), time.time()
    phone.context.set_offline(offline=True)
    assert decide(terminal, fresh(phone)) == ("accepted", None)
    expect(phone.get_by_test_id("offline-badge")).to_be_visible()
    phone.reload()
    phone.locator("[data-testid=qr][data-iat]").wait_for()
    assert decide(terminal, fresh(phone)) == ("accepted", None)
    time.sleep(max(0.0, taken + WINDOW + 2 - time.time()))
    assert decide(terminal, screenshot) == ("refused", "expired")


def test_when_the_grant_key_is_killed_the_wallet_recovers_by_itself(journey: Journey) -> None:
    """Two holders kill the key; its codes are refused within a second or two, and the phone fetches others unasked."""
    phone, terminal = wallet(journey, 3), journey.terminal("bus-1")
    phone.context.set_offline(offline=False)
    phone.get_by_test_id("scene-bus").click()
    phone.locator("[data-testid=scene-bus][aria-pressed=true]").wait_for()
    assert decide(terminal, fresh(phone)) == ("accepted", None)
    code = fresh(phone)
    kill_grant_key(journey)
    until = time.monotonic() + 120
    while decide(terminal, code) != ("refused", "unknown_key"):
        assert time.monotonic() < until
        time.sleep(0.3)
    recover(phone, terminal)


def recover(phone: Page, terminal: Terminal) -> None:
    """Wait until a phone shows codes that count."""
    # Its next round would come within a minute; so that the test need not wait, the network seems to come back.
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    until = time.monotonic() + 300
    while decide(terminal, fresh(phone)) != ("accepted", None):
        assert time.monotonic() < until


def kill_grant_key(journey: Journey) -> None:
    """Kill the key that signs grants now, by the roots of the demo."""
    keys, now = journey.city.data / "keys", int(time.time())
    passphrase = (journey.city.data / "passphrase").read_bytes().strip()
    current = ceremony.read_list(keys, now=now)
    kid = current.signing(Purpose.GRANT, now)[0].kid
    ceremony.propose(keys, rotation.kill(current, kid, now=now, lifetime=ceremony.LIST_LIFE), now=now)
    assert ceremony.sign_proposal(keys, dict.fromkeys(("one", "two"), passphrase), now=now) == 0


def person_of(journey: Journey, number: int) -> str:
    """Return the identifier of one of the printed people; asked before a code is shown, which lives for a minute."""
    owner = journey.city.people()[number]
    found: str = journey.city.operate("people", "find", "--reason", "test", said=f"{owner.id_number}\n")["id"]
    return found


def revoke(journey: Journey, person: str) -> None:
    """Revoke everything of a person from the operator's command line."""
    journey.city.operate("revoke", "--person", person, "--cause", "test")
