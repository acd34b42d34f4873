"""The mini-program from sign-in to the gate: its own files, WeChat's runtime, a real city, an independent reader."""

import json
import re
import time
from collections.abc import Iterator
from secrets import token_hex

import pytest
from playwright.sync_api import Route, expect

from setup.miniprogram import prepare
from tests.households import households
from tests.miniprogram.host import BARS, NODE_MODULES, Host, Phone
from tests.miniprogram.wechat_server import wechat_server
from tests.phone import Terminal
from tests.running import RunningCity, chromium

DAY = 24 * 3600
LEAST_TEXT, LEAST_TARGET = 24, 60
PAGES = (
    "digit",
    "family",
    "cards",
    "messages",
    "paper",
    "records",
    "health",
    "errands",
    "place",
    "privacy",
    "devices",
    "settings",
    "help",
)
HAN = re.compile("[\u4e00-\u9fff]")
OWN_NAMES = ("语言", "中文", "文 A", "公交 1 路")
"""Chinese in English too, besides the person's name: the language's own, the sample of a size, the name of a place."""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host[RunningCity]]:
    """One city that knows a WeChat server, and one browser."""
    copied, data = tmp_path_factory.mktemp("copied"), tmp_path_factory.mktemp("city")
    prepare(NODE_MODULES, copied)
    secret = copied / "secret"
    secret.write_text(token_hex(16))
    secret.chmod(0o600)
    with wechat_server() as address, chromium() as browser:
        environment = {"CITY_WECHAT_APP": "app", "CITY_WECHAT_SECRET_FILE": str(secret), "CITY_WECHAT_API": address}
        city = RunningCity(data, environment)
        yield Host(city, browser, copied)
        assert city.stop() == 0


@pytest.fixture
def bus(host: Host[RunningCity]) -> Terminal:
    """A terminal on a bus."""
    return host.city.terminal("bus-1")


@pytest.fixture
def clinic(host: Host[RunningCity]) -> Terminal:
    """A terminal at the desk of a clinic."""
    return host.city.terminal("clinic-1")


@pytest.fixture(scope="module")
def signed_in(host: Host[RunningCity]) -> Phone:
    """Somebody who signed in with WeChat's phone number and passed the real-name check."""
    person = host.city.people()[0]
    phone = host.phone("citizen-0", person.phone)
    phone.tap("wechat-phone")
    phone.confirm(person)
    return phone


@pytest.fixture
def phone(signed_in: Phone) -> Iterator[Phone]:
    """The same phone, opened anew with network, the right time and no settings; afterwards nothing has gone wrong."""
    signed_in.faults.clear()
    signed_in.page.evaluate("wx.setStorageSync('city-code-preferences', {})")
    signed_in.open()
    signed_in.at("countdown").wait_for()
    signed_in.until_signed_in()
    yield signed_in
    assert signed_in.faults == []


def decide(terminal: Terminal, code: str) -> tuple[str, str | None]:
    """Scan; return (decision, reason)."""
    answer = terminal.scan(code).get_json()
    return answer["decision"], answer["reason"]


def test_the_city_accepts_the_code_on_the_canvas_and_every_new_one(phone: Phone, bus: Terminal) -> None:
    assert decide(bus, phone.code()) == ("accepted", None)
    assert decide(bus, phone.fresh()) == ("accepted", None)


def test_a_scene_is_chosen_by_one_tap(phone: Phone, bus: Terminal) -> None:
    phone.tap("scene-bus")
    expect(phone.at("scene-bus")).to_contain_text("✓")
    assert decide(bus, phone.fresh()) == ("accepted", None)


def test_the_screen_is_bright_and_awake_while_the_code_is_shown_and_afterwards_as_it_was(phone: Phone) -> None:
    phone.page.wait_for_function("phone.brightness === 1 && phone.awake")
    phone.hold("leave()")
    phone.page.wait_for_function("phone.brightness === 0.4 && !phone.awake")
    phone.hold("comeBack()")
    phone.page.wait_for_function("phone.brightness === 1 && phone.awake")
    phone.visit("help")
    phone.page.wait_for_function("phone.brightness === 0.4 && !phone.awake")


def test_opened_anew_it_signs_in_by_itself_and_stays_one_device(phone: Phone) -> None:
    phone.open()
    phone.until_signed_in()
    phone.go("devices")
    expect(phone.seen("device")).to_have_count(1)
    expect(phone.seen("device")).to_contain_text("本机")
    assert phone.page.evaluate("getApp().wallet.account.me.devices.length") == 1
    # Each opening begins a session, which takes the place of the one before.
    phone.page.wait_for_function("getApp().wallet.account.me.device !== null")
    phone.go("devices")
    expect(phone.seen("session").filter(has_text="WeChat on")).to_have_count(1)
    expect(phone.seen("session").filter(has_text="WeChat on")).to_contain_text("本机")


def test_a_page_opened_before_the_phone_has_signed_in_waits_for_it(phone: Phone) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    phone.page.route("**/mini-program/sign-in", hold)
    phone.open()
    # The code needs no service, and is there at once; so are the ways to the other pages.
    phone.at("countdown").wait_for()
    phone.visit("records")
    while not held:
        phone.page.wait_for_timeout(10)
    assert phone.page.evaluate("getCurrentPages().at(-1).data.loading")
    held[0].continue_()
    phone.page.wait_for_function("!getCurrentPages().at(-1).data.loading")
    assert phone.page.evaluate("getCurrentPages().at(-1).data.problem") == ""
    phone.page.unroute("**/mini-program/sign-in")


def test_nothing_about_the_person_lies_on_the_phone_even_for_one_who_can_open_it(
    phone: Phone, host: Host[RunningCity]
) -> None:
    assert set(phone.hold("clear()")) <= {"city-code-preferences"}
    person, kept = host.city.people()[0], phone.hold("opened()")
    phone.page.wait_for_function("getApp().wallet.platform.bearer() !== null")
    assert kept
    for secret in (
        person.name,
        person.id_number,
        person.phone,
        phone.page.evaluate("getApp().wallet.platform.bearer()"),
    ):
        assert not any(secret in text for text in kept)


def test_without_network_it_goes_on_also_when_opened_anew(phone: Phone, bus: Terminal) -> None:
    phone.hold("connect(false)")
    expect(phone.at("offline-badge")).to_contain_text("离线，可用至")
    assert decide(bus, phone.fresh()) == ("accepted", None)
    cut_off(phone)
    expect(phone.at("offline-badge")).to_contain_text("离线，可用至")
    assert decide(bus, phone.fresh()) == ("accepted", None)


def test_after_a_day_without_network_it_shows_no_code_and_says_why(phone: Phone) -> None:
    cut_off(phone, ahead=DAY - 3600)
    phone.code()
    cut_off(phone, ahead=DAY)
    expect(phone.at("no-code")).to_contain_text("离线，且本机没有可用的码")
    expect(phone.at("countdown")).to_have_count(0)


def test_nothing_that_could_make_a_code_outlives_a_day_and_an_hour(phone: Phone) -> None:
    """Whatever a city issues: a grant that is stored ends in time, and one that has ended is removed."""
    assert phone.hold("longest()") == DAY + 3600
    cut_off(phone, ahead=DAY + 3600)
    phone.at("no-code").wait_for()
    assert not [name for name in phone.hold("stored()") if name.startswith("city-code/grants/")]


def test_a_wrong_clock_is_told_with_its_cure(phone: Phone) -> None:
    phone.hold("ahead = 300")
    # A round begins at once, all of it by the wrong clock; the next one by itself would come within a minute.
    phone.hold("connect(true)")
    expect(phone.at("skew-warning")).to_contain_text("快了约 5 分钟")


def test_elder_mode_is_a_layout_of_its_own_with_large_text_and_targets(phone: Phone, bus: Terminal) -> None:
    phone.tap("elder-switch")
    phone.at("countdown").wait_for()
    assert decide(bus, phone.fresh()) == ("accepted", None)
    for name in ("code", *PAGES):
        if name != "code":
            phone.visit(name)
            phone.page.wait_for_function("getCurrentPages().at(-1).data.loading !== true")
        smallest = phone.hold("smallest()")
        assert smallest["text"] >= LEAST_TEXT, name
        assert smallest["target"] >= LEAST_TARGET, name
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        if name != "code":
            phone.back()
    phone.tap("elder-switch")


def test_text_can_be_made_larger_up_to_thirty_points(phone: Phone) -> None:
    phone.tap("elder-switch")
    phone.visit("settings")
    phone.tap("size-40")
    expect(phone.page.locator(".screen:visible")).to_have_css("font-size", "40px")
    phone.page.set_viewport_size({"width": 320, "height": 740})
    phone.back()
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.page.set_viewport_size({"width": 360, "height": 740})
    phone.tap("elder-switch")


def test_every_word_of_every_page_is_there_in_english(phone: Phone, host: Host[RunningCity]) -> None:
    phone.tap("language-switch")
    expect(phone.at("countdown")).to_contain_text("Renews in")
    for name in PAGES:
        phone.visit(name)
        phone.page.wait_for_function("getCurrentPages().at(-1).data.loading !== true")
        shown = phone.page.locator("page:visible").inner_text()
        for own in (*OWN_NAMES, host.city.people()[0].name[0]):
            shown = shown.replace(own, "")
        assert not HAN.search(shown), shown
        phone.back()
    phone.tap("language-switch")


def test_a_city_that_wants_a_newer_client_is_heard_and_codes_go_on(phone: Phone, bus: Terminal) -> None:
    def too_old(route: Route) -> None:
        problem = {"title": "请更新", "status": 426, "code": "client_too_old"}
        route.fulfill(status=426, content_type="application/problem+json", body=json.dumps(problem))

    phone.page.route("**/wallet/api/**", too_old)
    phone.open()
    expect(phone.at("outdated")).to_be_visible()
    assert decide(bus, phone.fresh()) == ("accepted", None)
    phone.page.unroute("**/wallet/api/**")


def test_the_digit_code_is_one_in_bars_and_digits_and_counts_at_a_desk(phone: Phone, clinic: Terminal) -> None:
    phone.visit("digit")
    digits, bars = "", "none"
    # Both change every half minute, and are read one after the other.
    for _ in range(3):
        digits = phone.at("digits").inner_text().replace("\n", "").replace(" ", "")
        bars = phone.read(BARS)
        if bars == digits:
            break
    assert bars == digits
    assert decide(clinic, digits) == ("accepted", None)
    phone.tap("digit-next")
    expect(phone.at("digits")).not_to_contain_text(digits[:9])


def test_a_parent_shows_a_child_s_code_with_and_without_network(host: Host[RunningCity], clinic: Terminal) -> None:
    family = households()[0]
    phone = host.phone("parent", family.parent.phone)
    phone.tap("wechat-phone")
    phone.confirm(family.parent)
    phone.visit("family")
    phone.tap("family-ask")
    phone.at("tie-name").fill(family.child.name)
    phone.at("tie-id-number").fill(family.child.id_number)
    phone.at("certificate").fill(family.certificate)
    phone.tap("tie-send")
    phone.page.locator(".show-code").click()
    expect(phone.at("whose")).to_contain_text(family.child.name[0])
    answer = clinic.scan(phone.code()).get_json()
    assert (answer["decision"], answer["details"]["name"]) == ("accepted", family.child.name[0] + "*")
    phone.hold("connect(false)")
    time.sleep(1.1)
    phone.page.locator("#redraw:visible").click()
    assert decide(clinic, phone.code()) == ("accepted", None)
    assert phone.faults == []
    phone.page.context.close()


def test_a_place_s_poster_is_told_from_anything_else(phone: Phone) -> None:
    phone.visit("place")
    phone.hold("poster = 'https://example.org/'")
    phone.tap("scan")
    expect(phone.at("place-said")).to_contain_text("这不是场所码")
    phone.hold("poster = '70123456'")
    phone.tap("scan")
    expect(phone.at("problem")).not_to_be_empty()
    expect(phone.at("place-said")).to_have_count(0)


def test_after_freezing_the_very_next_scan_is_refused_and_the_owner_gets_new_codes(phone: Phone, bus: Terminal) -> None:
    code = phone.fresh()
    phone.visit("devices")
    phone.tap("freeze")
    phone.tap("confirm-yes")
    expect(phone.at("no-code")).to_contain_text("您的城市码已挂失")
    assert decide(bus, code) == ("refused", "revoked")
    phone.tap("obstacle-action")
    assert decide(bus, phone.code()) == ("accepted", None)
    phone.visit("records")
    expect(phone.page.locator(".record.refused")).not_to_have_count(0)
    phone.open()
    # The one who found a phone is not signed in by its WeChat either.
    phone.tap("sign-in-again-button")
    phone.tap("wechat-phone")
    # The grant of before is shown again: in the same second it would be the same code.
    assert decide(bus, phone.fresh()) == ("accepted", None)


def test_who_shares_no_number_signs_in_by_message_and_stays_out_after_signing_out(
    host: Host[RunningCity], bus: Terminal
) -> None:
    person = host.city.people()[1]
    phone = host.phone("citizen-1")
    phone.tap("wechat-phone")
    expect(phone.at("problem")).to_contain_text("短信验证码")
    phone.at("phone").fill(person.phone)
    phone.tap("send-message")
    phone.at("one-time-password").wait_for()
    for said in ("It is good for 5 minutes", "5 分钟内有效"):
        phone.tap("language-switch")
        expect(phone.at("message-sent")).to_contain_text(said)
    phone.at("one-time-password").fill(phone.password(person.phone))
    phone.tap("sign-in")
    phone.confirm(person)
    assert decide(bus, phone.code()) == ("accepted", None)
    phone.visit("devices")
    phone.tap("sign-out")
    phone.at("wechat-enter").wait_for()
    assert phone.hold("stored()") == ["city-code-preferences"]
    phone.open()
    phone.tap("wechat-enter")
    phone.at("countdown").wait_for()
    assert phone.faults == []
    phone.page.context.close()


def cut_off(phone: Phone, ahead: int = 0) -> None:
    """Open the mini-program anew without network, on a phone whose clock is so many seconds ahead."""
    phone.open(connected=False, ahead=ahead)
