"""The kiosk page in a real browser: every verdict, every input, every state, at the size of a phone and of a desk."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from adapters.terminal import verdict as verdicts
from adapters.terminal.answer import FAULTS, State
from adapters.terminal.desk import Desk
from adapters.terminal.inputs.reading import Reading
from adapters.terminal.kiosk.kiosk import Kiosk
from tests.keyboard import type_as_a_scanner
from tests.running import chromium
from tests.scanning import ADULT, BUYER, GOOD, PATIENT, UNKNOWN, USED, FakeScanning, healthy
from tests.waiting import wait_until

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
DIGITS = "123456789012345675"


@dataclass
class Place:
    """A terminal at work with its page open."""

    browser: Browser
    scanning: FakeScanning = field(default_factory=FakeScanning)
    port: int = 0

    def start(self) -> None:
        """Run the terminal."""
        self.kiosk = Kiosk(self.port)
        self.port = self.kiosk.port
        self.desk = Desk(self.scanning, (), (self.kiosk,), time.monotonic)
        self.kiosk.serve(self.desk.take)
        self._stop = Event()
        self._beats = Thread(target=self._beat)
        self._beats.start()

    def _beat(self) -> None:
        while not self._stop.wait(0.1):
            self.desk.tick()

    def hang(self) -> None:
        """Let the program answer nothing, while its port stays open."""
        self._stop.set()
        self._beats.join()

    def stop(self) -> None:
        """End the program."""
        self.hang()
        self.desk.close()

    def open(self, size: ViewportSize = DESK) -> Page:
        """Open the page; anything that it says to the console, or asks elsewhere, fails the test."""
        page = self.browser.new_context(viewport=size, locale="zh-CN").new_page()
        self.said: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._note)
        page.goto(self.kiosk.address)
        page.locator("[data-testid=kiosk][data-state=ready]").wait_for()
        return page

    def _note(self, request: Any) -> None:
        if not request.url.startswith(self.kiosk.address):
            self.said.append(request.url)

    def scan(self, text: str) -> None:
        """Scan with another input of the same terminal."""
        self.desk.take(Reading(text))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        yield browser


@pytest.fixture
def place(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    # What is looked at from another process stays until it was seen.
    monkeypatch.setattr(verdicts, "STAY", 60.0)
    monkeypatch.setattr(verdicts, "STAY_TO_COMPARE", 60.0)
    place = Place(browser)
    place.start()
    yield place
    # The pages go first: one that is open says that its connection is gone.
    for context in browser.contexts:
        context.close()
    place.stop()
    assert place.said == []


def verdict(page: Page, decision: str) -> Any:
    shown = page.locator(f"[data-testid=verdict][data-decision={decision}]")
    shown.wait_for()
    return shown


@pytest.mark.parametrize(
    ("text", "decision", "words"),
    [
        pytest.param(GOOD, "accepted", ["通过", "Accepted", "成人", "Adult", "2.00 元", "¥2.00"], id="accepted"),
        pytest.param(
            USED, "refused", ["不通过", "Refused", "此码已被使用", "already used", "请持码人刷新"], id="refused"
        ),
        pytest.param(UNKNOWN, "undetermined", ["无法判定", "Cannot decide", "可放行", "Let pass"], id="let pass"),
    ],
)
def test_a_hand_scanner_types_and_the_verdict_fills_the_screen(
    place: Place, text: str, decision: str, words: list[str]
) -> None:
    page = place.open()
    type_as_a_scanner(page, text)
    shown = verdict(page, decision)
    box = shown.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1280, "height": 800}
    assert page.locator("#verdict .sign:visible").count() == 1
    for word in words:
        expect(shown).to_contain_text(word)
    assert place.scanning.texts == [text]


def test_another_keyboard_layout_or_input_method_does_not_change_the_digits(place: Place) -> None:
    page = place.open()
    page.evaluate(
        """(digits) => {
          for (const code of [...[...digits].map((digit) => `Digit${digit}`), "Enter"])
            document.body.dispatchEvent(new KeyboardEvent("keydown", { code, key: "Process", bubbles: true }));
        }""",
        DIGITS,
    )
    verdict(page, "refused")
    assert place.scanning.texts == [DIGITS]


@pytest.mark.parametrize("end", ["Enter", "Tab", "NumpadEnter", "Control+KeyJ"])
def test_every_end_that_scanners_send_is_an_end(place: Place, end: str) -> None:
    page = place.open()
    type_as_a_scanner(page, DIGITS, end)
    verdict(page, "refused")
    assert place.scanning.texts == [DIGITS]


def test_a_verdict_goes_by_itself_by_a_tap_and_by_the_next_code(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    page = place.open()
    ready = page.locator("[data-testid=kiosk][data-state=ready]")
    monkeypatch.setattr(verdicts, "STAY", 5.0)
    place.scan(USED)
    verdict(page, "refused")
    assert page.get_by_test_id("ready").evaluate("(element) => element.inert")
    ready.wait_for()
    monkeypatch.setattr(verdicts, "STAY", 60.0)
    place.scan("1")
    verdict(page, "refused").click()
    ready.wait_for()
    place.scan("2")
    verdict(page, "refused")
    type_as_a_scanner(page, GOOD)
    verdict(page, "accepted")
    assert place.scanning.texts == [USED, "1", "2", GOOD]


def test_what_other_inputs_scan_is_shown_on_every_page(place: Place) -> None:
    pages = [place.open(PHONE), place.open(DESK)]
    place.scan(GOOD)
    for page in pages:
        verdict(page, "accepted")


def test_a_digit_code_is_typed_by_hand(place: Place) -> None:
    page = place.open()
    page.get_by_test_id("typed-code").fill(f"{DIGITS[:6]} {DIGITS[6:]}")
    page.get_by_test_id("typed-code").press("Enter")
    verdict(page, "refused")
    assert page.get_by_test_id("typed-code").input_value() == ""
    type_as_a_scanner(page, GOOD)
    verdict(page, "accepted")
    assert place.scanning.texts == [DIGITS, GOOD]


def test_a_checked_document_counts_for_one_scan(place: Place) -> None:
    page = place.open()
    page.get_by_test_id("document-checked").check()
    type_as_a_scanner(page, DIGITS)
    verdict(page, "refused")
    type_as_a_scanner(page, GOOD)
    verdict(page, "accepted")
    assert [body for _, body, _ in place.scanning.scanned] == [{"document_checked": True}, None]


def test_a_pharmacy_says_what_it_sells(place: Place) -> None:
    place.scanning.now, place.scanning.details = healthy(scene="pharmacy"), BUYER
    page = place.open()
    page.get_by_test_id("medicine-ephedrine").check()
    page.get_by_test_id("packages-more").click()
    type_as_a_scanner(page, GOOD)
    shown = verdict(page, "accepted")
    expect(shown).to_contain_text("含麻黄碱复方制剂")
    assert place.scanning.scanned[0][1] == {"medicine": {"class": "ephedrine", "packages": 2}}
    shown.click()
    # The next customer buys something else.
    expect(page.get_by_test_id("medicine-none")).to_be_checked()


def test_a_clinic_compares_faces_and_nothing_about_a_person_stays_in_the_page(place: Place) -> None:
    place.scanning.now, place.scanning.details = healthy(scene="hospital"), PATIENT
    page = place.open()
    place.scan(GOOD)
    shown = verdict(page, "accepted")
    expect(page.get_by_test_id("holder-check")).to_be_visible()
    expect(shown).to_contain_text(PATIENT.name)
    shown.click()
    page.locator("[data-testid=kiosk][data-state=ready]").wait_for()
    assert PATIENT.name not in page.content()
    page.reload()
    page.locator("[data-testid=kiosk][data-state=ready]").wait_for()
    assert PATIENT.name not in page.content()


def test_a_name_is_a_text_whatever_is_in_it(place: Place) -> None:
    name = "<img src=x onerror=alert(1)>"
    place.scanning.details = type(PATIENT)(name, "", insured=None)
    page = place.open()
    place.scan(GOOD)
    expect(verdict(page, "accepted")).to_contain_text(name)
    assert page.locator("#verdict img").count() == 0


def test_the_ready_screen_says_how_the_terminal_is(place: Place) -> None:
    page = place.open()
    expect(page.get_by_test_id("title")).to_contain_text("乘车")
    expect(page.get_by_test_id("link")).to_contain_text("在线")
    expect(page.get_by_test_id("figures")).to_contain_text("12 秒")
    expect(page.get_by_test_id("faults")).to_be_hidden()
    place.scanning.now = healthy(
        connected=False, waiting=77, oldest_waiting=7200, now=None, faults=("time_untrusted", "queue_full")
    )
    expect(page.get_by_test_id("link")).to_contain_text("离线")
    expect(page.get_by_test_id("figures")).to_contain_text("77")
    expect(page.get_by_test_id("clock")).to_have_text("--:--:--")
    for fault in place.scanning.now.faults:
        expect(page.get_by_test_id("faults")).to_contain_text(FAULTS[fault].zh)
        expect(page.get_by_test_id("faults")).to_contain_text(FAULTS[fault].en)


def test_the_clock_beats(place: Place) -> None:
    page = place.open()
    times = []
    for second in range(2):
        place.scanning.now = healthy(now=1_800_000_000 + second)
        expect(page.get_by_test_id("clock")).to_have_text(f"16:00:0{second}")
        times.append(second)
    assert times == [0, 1]


def test_a_program_that_hangs_shows_and_one_that_comes_back_is_found(place: Place) -> None:
    page = place.open()
    place.hang()
    page.get_by_test_id("gone").wait_for()
    expect(page.get_by_test_id("gone")).to_contain_text("终端程序无应答")
    place.desk.close()
    place.start()
    page.get_by_test_id("gone").wait_for(state="hidden")
    type_as_a_scanner(page, GOOD)
    verdict(page, "accepted")
    # What a browser says of a connection that was lost is no fault of the page.
    place.said = [line for line in place.said if "ERR_" not in line]


NOTES = """() => {
window.notes = [];
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const tone = make.call(this);
  const start = tone.start.bind(tone);
  tone.start = (at) => { window.notes.push(`${tone.type} ${tone.frequency.value}`); start(at); };
  return tone;
};
}"""


def test_each_decision_sounds_different(place: Place) -> None:
    page = place.open()
    page.evaluate(NOTES)
    page.get_by_test_id("ready").click(position={"x": 5, "y": 5})
    sounds = set()
    for text, decision in ((GOOD, "accepted"), (USED, "refused"), (UNKNOWN, "undetermined")):
        page.evaluate("window.notes.length = 0")
        place.scan(text)
        verdict(page, decision)
        page.wait_for_function("window.notes.length > 0")
        sounds.add(tuple(page.evaluate("window.notes")))
    assert len(sounds) == 3


STATES: list[tuple[str, State, Any, str | None]] = [
    ("ready", healthy(), ADULT, None),
    ("faults", healthy(connected=False, now=None, faults=tuple(FAULTS)), ADULT, None),
    ("pharmacy", healthy(scene="pharmacy"), BUYER, None),
    ("accepted", healthy(), ADULT, GOOD),
    ("clinic", healthy(scene="hospital"), PATIENT, GOOD),
    ("sold", healthy(scene="pharmacy"), BUYER, GOOD),
    ("refused", healthy(), ADULT, USED),
    ("let pass", healthy(), ADULT, UNKNOWN),
]


@pytest.mark.parametrize(
    "size", [PHONE, DESK, {"width": 640, "height": 320}], ids=["phone", "desk", "phone on its side"]
)
def test_nothing_runs_over_the_edge_in_any_state(place: Place, size: ViewportSize) -> None:
    for name, state, details, text in STATES:
        place.scanning.now, place.scanning.details = state, details
        page = place.open(size)
        page.locator(f"[data-testid=kiosk][data-scene={state.scene}]").wait_for()
        if text:
            place.scanning._last = None
            place.scan(text)
            page.get_by_test_id("verdict").wait_for()
        wide = "[...document.querySelectorAll('body *')].filter((one) => one.checkVisibility() && !one.closest('svg')"
        over = page.evaluate(
            f"{wide} && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML)"
        )
        assert over == [], name
        page.context.close()


def test_everything_is_reached_by_keyboard_and_named_for_a_screen_reader(place: Place) -> None:
    place.scanning.now = healthy(scene="pharmacy")
    page = place.open()
    page.get_by_test_id("medicine-ephedrine").check()
    page.get_by_test_id("medicine-ephedrine").blur()
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.testid"))
    for name in ("packages-fewer", "packages-more", "document-checked", "typed-code", "typed-submit"):
        assert name in reached
    for name in ("document-checked", "typed-code", "typed-submit", "packages-more"):
        assert (
            page.get_by_test_id(name).evaluate("(one) => (one.labels?.[0] ?? one).textContent + one.ariaLabel").strip()
        )
    assert page.get_by_test_id("verdict").get_attribute("aria-live") == "assertive"
    assert page.get_by_test_id("faults").get_attribute("role") == "alert"


def test_the_state_that_does_not_change_is_not_read_out_again(place: Place) -> None:
    page = place.open()
    expect(page.get_by_test_id("link")).to_contain_text("在线")
    page.evaluate(
        "window.changes = 0; new MutationObserver(() => { window.changes += 1; })"
        ".observe(document.getElementById('link'), { childList: true, subtree: true, characterData: true })"
    )
    place.scanning.now = healthy(now=1_800_000_077)
    expect(page.get_by_test_id("clock")).to_have_text("16:01:17")
    assert page.evaluate("window.changes") == 0


def test_a_page_closed_and_opened_again_many_times_leaves_nothing_behind(place: Place) -> None:
    page = place.open()
    for _ in range(20):
        page.reload()
    page.locator("[data-testid=kiosk][data-state=ready]").wait_for()
    wait_until(lambda: len(place.kiosk.audience._pages) == 1)
