"""The wallet's digit code on the screen, and the scanner that takes it typed or by a hand scanner."""

import io
import re
import time
from collections.abc import Iterator

import pyotp
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from codeservice.digit import is_password, read_digit_code, write_digit_code
from tests.keyboard import type_as_a_scanner
from tests.wallet.core.pages import HANDLES, ISSUER, SEED, PretendCity, claims_of

GOOD = write_digit_code(HANDLES[0], SEED, 1_800_000_000)
MISTYPED = GOOD[:4] + str((int(GOOD[4]) + 1) % 10) + GOOD[5:]
SCAN = "/scan/v1/bus"
DIGIT_CODES = "/wallet/api/v1/digit-codes"
SHOWN = """() => [
  document.querySelector("[data-testid=digit-text]").innerText,
  Number(document.querySelector("[data-testid=digit-bars]").dataset.iat),
]"""
"""The digits on the screen and when they were made, read in one moment: both change when a step ends."""


@pytest.fixture
def wallet(browser: Browser, origin: str, city: PretendCity) -> Iterator[Page]:
    """A wallet on a phone, signed in, at its first screen."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, device_scale_factor=2, service_workers="block", locale="zh-CN"
    )
    page = city.join(context.new_page())
    # With this answer the first round of upkeep is over; the next one begins seconds later.
    with page.expect_response("**/wallet/api/v1/notices"):
        page.goto(f"{origin}/wallet/")
    page.get_by_test_id("digit-code-open").wait_for()
    yield page
    context.close()


@pytest.fixture
def scanner(desk: Page, origin: str) -> Page:
    """A scanner in a bus, ready."""
    desk.goto(f"{origin}/scanner/bus#terminal=bus-1&enrol=1")
    desk.locator("[data-testid=scanner][data-state=ready]").wait_for()
    return desk


def drawn(page: Page) -> str:
    """Wait for a digit code and return its digits."""
    page.locator("[data-testid=digit-code][data-state=drawn]").wait_for()
    return page.get_by_test_id("digit-text").inner_text().strip()


def open_digits(page: Page) -> str:
    """Open the view from the first screen by keyboard."""
    page.get_by_test_id("digit-code-open").focus()
    page.keyboard.press("Enter")
    return drawn(page)


def bars(page: Page) -> str:
    """Read the bar code from a picture of the page."""
    image = Image.open(io.BytesIO(page.screenshot()))
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128))
    assert len(found) == 1
    return str(found[0].text)


def begins(handle: str) -> re.Pattern[str]:
    """Match a text that begins with a handle, however it is spaced."""
    return re.compile(r"^\s*" + r"\s*".join(handle))


def test_the_digits_and_the_bars_are_one_code_of_this_moment(wallet: Page, city: PretendCity) -> None:
    open_digits(wallet)
    text, made = wallet.evaluate(SHOWN)
    groups = text.split()
    assert [len(group) for group in groups] == [3] * 6
    code = read_digit_code("".join(groups))
    assert code.handle == HANDLES[0]
    assert is_password(SEED, code.password, int(time.time()))
    assert code.password == pyotp.TOTP(SEED, digits=8, digest="sha256").at(made)
    claims = claims_of(city.asked[DIGIT_CODES][0]["proof"])
    assert (claims["aud"], claims["sub"], claims["scene"], claims["count"]) == (ISSUER, "device-1", "all", 4)
    # The picture is taken last: the code changes with the clock, the handle does not.
    assert read_digit_code(bars(wallet)).handle == HANDLES[0]
    expect(wallet.get_by_test_id("digit-countdown")).to_contain_text("秒")


def test_the_next_code_has_another_handle_and_five_need_two_calls(wallet: Page, city: PretendCity) -> None:
    seen = [open_digits(wallet)]
    for number in range(1, 5):
        wallet.get_by_test_id("digit-next").click()
        expect(wallet.get_by_test_id("digit-text")).to_have_text(begins(HANDLES[number]))
        seen.append(drawn(wallet))
    assert ["".join(text.split())[:9] for text in seen] == HANDLES[:5]
    assert len(city.asked[DIGIT_CODES]) == 2


def test_a_new_password_comes_when_the_step_ends(wallet: Page, city: PretendCity) -> None:
    wallet.clock.install()
    wallet.reload()
    before = open_digits(wallet)
    # The server's clock goes along, or the wallet would correct its own.
    city.ahead = 31
    wallet.clock.run_for(31_000)
    expect(wallet.get_by_test_id("digit-text")).not_to_have_text(before)
    assert drawn(wallet).split()[:3] == before.split()[:3]


def test_an_expired_handle_is_replaced_without_being_asked(wallet: Page, city: PretendCity) -> None:
    city.life = 2
    open_digits(wallet)
    expect(wallet.get_by_test_id("digit-text")).to_have_text(begins(HANDLES[4]))
    assert len(city.asked[DIGIT_CODES]) >= 2


def test_leaving_the_view_removes_the_digits_and_coming_back_shows_others(wallet: Page) -> None:
    first = open_digits(wallet)
    wallet.get_by_test_id("digit-code-close").click()
    wallet.get_by_test_id("digit-code-open").wait_for()
    assert wallet.get_by_test_id("digit-text").count() == 0
    assert "".join(first.split())[:9] not in "".join(wallet.content().split())
    assert "".join(open_digits(wallet).split())[:9] == HANDLES[1]


def test_another_language_and_large_text_keep_the_code(wallet: Page) -> None:
    """Elder mode: everything fits, and the bars can still be read."""
    open_digits(wallet)
    wallet.get_by_test_id("elder-switch").click()
    assert "".join(drawn(wallet).split())[:9] == HANDLES[0]
    wallet.get_by_test_id("language-switch").click()
    assert "".join(drawn(wallet).split())[:9] == HANDLES[0]
    expect(wallet.get_by_test_id("digit-code")).to_contain_text("Works once, online only")
    assert wallet.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert float(wallet.evaluate("parseFloat(getComputedStyle(document.querySelector('.digit-text')).fontSize)")) >= 32
    wallet.get_by_test_id("digit-bars").scroll_into_view_if_needed()
    assert read_digit_code(bars(wallet)).handle == HANDLES[0]


def without_network(wallet: Page) -> None:
    """Open the view while no call gets through, and read what it says."""
    wallet.unroute("**/wallet/api/**")
    wallet.route("**/wallet/api/**", lambda route: route.abort())
    wallet.get_by_test_id("digit-code-open").click()
    wallet.locator("[data-testid=digit-code][data-state=none]").wait_for()
    expect(wallet.get_by_test_id("no-digit-code")).to_contain_text("联网")
    assert wallet.get_by_test_id("digit-text").inner_text() == ""


def test_without_network_the_view_says_what_to_do_and_goes_on_by_itself(wallet: Page, city: PretendCity) -> None:
    without_network(wallet)
    wallet.unroute("**/wallet/api/**")
    city.join(wallet)
    assert drawn(wallet)


def test_who_does_not_want_to_wait_for_the_next_round_asks_for_the_code(wallet: Page, city: PretendCity) -> None:
    without_network(wallet)
    # The wallet's rounds stay without network, or one of them could be sooner than the finger.
    wallet.route(f"**{DIGIT_CODES}", city.answer)
    wallet.get_by_test_id("digit-retry").click()
    assert drawn(wallet)


def test_a_refusal_is_told_in_the_servers_words(wallet: Page, city: PretendCity) -> None:
    problem = {"code": "too_many_requests", "title": "请求过于频繁", "detail": "请稍后再试"}
    city.problems[DIGIT_CODES] = (429, problem)
    wallet.get_by_test_id("digit-code-open").click()
    wallet.locator("[data-testid=digit-code][data-state=none]").wait_for()
    expect(wallet.get_by_test_id("no-digit-code")).to_contain_text("请求过于频繁")
    assert len(city.asked[DIGIT_CODES]) == 1


def test_typed_digits_are_sent_once_they_are_right(scanner: Page, city: PretendCity) -> None:
    other = write_digit_code(HANDLES[1], SEED, 1_800_000_000)
    for typed in (" ".join(GOOD[at : at + 3] for at in range(0, 18, 3)), other):
        scanner.get_by_test_id("typed-code").fill(typed)
        scanner.get_by_test_id("typed-submit").click()
        scanner.locator("[data-testid=verdict][data-decision=accepted]").wait_for()
        scanner.get_by_test_id("verdict").dispatch_event("click")
    assert [body["code"] for body in city.asked[SCAN]] == [GOOD, other]


@pytest.mark.parametrize("typed", [MISTYPED, GOOD[:-1], GOOD + "0", "1"])
def test_mistyped_digits_are_told_without_asking_the_server(scanner: Page, city: PretendCity, typed: str) -> None:
    scanner.get_by_test_id("typed-code").fill(typed)
    scanner.get_by_test_id("typed-submit").click()
    scanner.locator("[data-testid=verdict][data-decision=refused]").wait_for()
    expect(scanner.get_by_test_id("verdict-reason")).to_have_text("数字码有误")
    assert SCAN not in city.asked


def test_a_hand_scanner_may_read_the_bars(scanner: Page, city: PretendCity) -> None:
    for digits in (GOOD, MISTYPED):
        type_as_a_scanner(scanner, digits)
        decision = "accepted" if digits == GOOD else "refused"
        scanner.locator(f"[data-testid=verdict][data-decision={decision}]:not([hidden])").wait_for()
        scanner.get_by_test_id("verdict").dispatch_event("click")
    assert [body["code"] for body in city.asked[SCAN]] == [GOOD]


def test_the_document_counts_for_one_scan(scanner: Page, city: PretendCity) -> None:
    paper = "93" + "1" * 300
    box = scanner.get_by_test_id("document-checked")
    box.check()
    scan(scanner, paper)
    expect(box).not_to_be_checked()
    scan(scanner, "94" + "1" * 300)
    assert [body.get("document_checked") for body in city.asked[SCAN]] == [True, None]


def test_the_same_code_in_view_after_the_document_was_checked_is_one_act(scanner: Page, city: PretendCity) -> None:
    """The box goes off by itself; within three seconds only a hand on the box makes the same code another act.

    The page's clock stands still, because typing takes a busy machine longer than that.
    """
    paper = "93" + "1" * 300
    box = scanner.get_by_test_id("document-checked")
    scanner.clock.install(time=1_800_000_000)
    scanner.clock.pause_at(1_800_000_060)
    box.check()
    scan(scanner, paper)
    scanner.clock.run_for(2_900)
    hand_scan(scanner, paper)
    assert len(city.asked[SCAN]) == 1
    box.check()
    scan(scanner, paper)
    assert [body.get("document_checked") for body in city.asked[SCAN]] == [True, True]
    # The hand scanner was heard: once the time is over, what it reads is another act.
    scanner.clock.run_for(3_100)
    hand_scan(scanner, paper)
    scanner.locator("[data-testid=verdict][data-decision=accepted]:not([hidden])").wait_for()
    assert [body.get("document_checked") for body in city.asked[SCAN]] == [True, True, None]


def test_a_scan_without_an_answer_is_repeated_with_the_document(scanner: Page, city: PretendCity) -> None:
    """The same act with the same key carries the same body, whatever the box shows now."""
    paper, sent = "93" + "1" * 300, list[Request]()
    scanner.on("request", lambda request: sent.append(request))  # noqa: PLW0108 -- it marks its handlers
    city.problems[SCAN] = (503, {"code": "temporarily_unavailable"})
    scanner.get_by_test_id("document-checked").check()
    scan(scanner, paper, decision="undetermined")
    expect(scanner.get_by_test_id("document-checked")).not_to_be_checked()
    city.problems.clear()
    time.sleep(3.1)
    scan(scanner, paper)
    assert [body.get("document_checked") for body in city.asked[SCAN]] == [True, True]
    assert len({request.headers["idempotency-key"] for request in sent if request.url.endswith(SCAN)}) == 1


def scan(page: Page, code: str, decision: str = "accepted") -> None:
    """Type a code, wait for the verdict and put it away."""
    page.get_by_test_id("typed-code").fill(code)
    page.get_by_test_id("typed-submit").click()
    page.locator(f"[data-testid=verdict][data-decision={decision}]:not([hidden])").wait_for()
    page.get_by_test_id("verdict").dispatch_event("click")


def hand_scan(page: Page, code: str) -> None:
    """Send a code by keyboard, as a hand scanner does."""
    for digit in code:
        page.keyboard.press(f"Digit{digit}")
    page.keyboard.press("Enter")
