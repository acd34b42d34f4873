"""The scanner page on its device: camera, lamp, serial scanner, sounds, and the lock of a terminal without staff."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from codeservice.digit import write_digit_code
from tests.keyboard import type_as_a_scanner
from tests.running import chromium
from tests.wallet.core.pages import HANDLES, SEED, PretendCity

SCAN = "/scan/v1/bus"
CAMERAS = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=2")
PORT = Path(__file__).with_name("serial_port.js")
LINK = "#terminal=bus-1&enrol=1"
PIN = "20461"
CODES = [write_digit_code(handle, SEED, 1_800_000_000) for handle in HANDLES]
SIZES: list[ViewportSize] = [
    {"width": 320, "height": 640},
    {"width": 360, "height": 740},
    {"width": 800, "height": 480},
    {"width": 1280, "height": 800},
]
FAIL = "void (MediaDevices.prototype.getUserMedia = async () => { throw new DOMException('', '%s'); })"
LAMP = """(() => {
  const ask = MediaStreamTrack.prototype.getCapabilities;
  MediaStreamTrack.prototype.getCapabilities = function () { return { ...ask.call(this), torch: true }; };
  MediaStreamTrack.prototype.applyConstraints = async (wanted) => { globalThis.lamp = wanted.advanced[0].torch; };
})()"""
EARS = """(() => {
  globalThis.heard = [];
  globalThis.felt = [];
  navigator.vibrate = (pattern) => felt.push(pattern);
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { heard.push(this.frequency.value); return start.call(this, at); };
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser with two cameras for all pages."""
    with chromium(*CAMERAS) as opened:
        yield opened


@pytest.fixture
def page(desk: Page) -> Page:
    """A desk without a camera: reading its pictures takes time."""
    desk.add_init_script(FAIL % "NotFoundError")
    return desk


def opened(page: Page, origin: str) -> Page:
    """Enrol the scanner of a bus and wait for its ready screen."""
    page.goto(f"{origin}/scanner/bus{LINK}")
    return ready(page)


def ready(page: Page) -> Page:
    """Wait for the ready screen."""
    page.locator("[data-testid=scanner][data-state=ready]").wait_for()
    return page


def settings(page: Page) -> Page:
    """Open the settings by keyboard."""
    page.get_by_test_id("settings-open").focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("settings").wait_for()
    return page


def accepted(page: Page) -> None:
    """Wait for a yes and put it away."""
    page.locator("[data-testid=verdict][data-decision=accepted]:not([hidden])").wait_for()
    page.get_by_test_id("verdict").dispatch_event("click")


def typed(page: Page, code: str) -> None:
    """Type a code and put the yes away."""
    page.get_by_test_id("typed-code").fill(code)
    page.get_by_test_id("typed-submit").click()
    accepted(page)


def lock(page: Page) -> Page:
    """Set the PIN, which locks."""
    settings(page)
    page.get_by_test_id("pin-new").fill(PIN)
    page.get_by_test_id("pin-again").fill(PIN)
    page.get_by_test_id("pin-set-submit").click()
    page.locator("[data-testid=scanner][data-locked]").wait_for()
    return page


def try_pin(page: Page, pin: str) -> None:
    """Ask to unlock with a PIN, by keyboard."""
    if page.get_by_test_id("unlock-form").is_hidden():
        page.get_by_test_id("unlock").focus()
        page.keyboard.press("Enter")
    page.get_by_test_id("unlock-pin").fill(pin)
    page.keyboard.press("Enter")


def test_the_camera_chosen_runs_and_is_chosen_again_after_a_reload(desk: Page, origin: str) -> None:
    settings(opened(desk, origin))
    choice = desk.get_by_test_id("camera-choice")
    expect(choice.locator("option")).to_have_count(2)
    assert len(set(choice.locator("option").all_inner_texts())) == 2
    before = choice.input_value()
    other = next(str(option.get_attribute("value")) for option in choice.locator("option").all()[::-1])
    assert before != other
    for _ in range(2):
        choice.select_option(other)
        desk.wait_for_function(
            "id => document.getElementById('video').srcObject?.getVideoTracks()[0].getSettings().deviceId === id",
            arg=other,
        )
        desk.reload()
        settings(ready(desk))
        expect(choice).to_have_value(other)
    assert json.loads(desk.evaluate("localStorage['city-code-scanner-settings']")) == {"camera": other}


def test_the_lamp_is_offered_only_where_the_camera_has_one(desk: Page, origin: str) -> None:
    opened(desk, origin)
    desk.locator("[data-testid=scanner][data-camera=on]").wait_for()
    expect(desk.get_by_test_id("torch")).to_be_hidden()
    desk.add_init_script(LAMP)
    desk.reload()
    lamp = desk.get_by_test_id("torch")
    for pressed in ("true", "false"):
        lamp.click()
        expect(lamp).to_have_attribute("aria-pressed", pressed)
        assert desk.evaluate("String(lamp)") == pressed


def test_a_camera_that_fails_says_why_and_what_to_do(page: Page, origin: str) -> None:
    opened(page, origin)
    words, start = page.get_by_test_id("no-camera"), page.get_by_test_id("camera-start")
    for error, chinese, english in (
        ("NotAllowedError", "没有摄像头权限", "not allowed"),
        ("NotReadableError", "其他程序占用", "in use"),
        ("NotFoundError", "没有摄像头。", "No camera"),
    ):
        page.evaluate(FAIL % error)
        start.click()
        expect(words).to_contain_text(chinese)
        expect(words).to_contain_text("扫码枪")
        page.get_by_test_id("language-switch").click()
        expect(words).to_contain_text(english)
        page.get_by_test_id("language-switch").click()


def test_a_camera_that_is_unplugged_says_so(desk: Page, origin: str) -> None:
    opened(desk, origin)
    desk.locator("[data-testid=scanner][data-camera=on]").wait_for()
    desk.evaluate("document.getElementById('video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    expect(desk.get_by_test_id("no-camera")).to_contain_text("摄像头已断开")
    desk.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    desk.locator("[data-testid=scanner][data-camera=on]").wait_for()


def serial(page: Page, origin: str) -> Page:
    """Open a scanner and choose its serial port."""
    page.add_init_script(PORT.read_text())
    settings(opened(page, origin))
    # The first contact is over: it would overwrite what the page has counted meanwhile.
    expect(page.get_by_test_id("scans-today")).not_to_be_empty()
    expect(page.get_by_test_id("serial-said")).to_contain_text("还没有选择")
    page.get_by_test_id("serial-choose").click()
    expect(page.get_by_test_id("serial-state")).to_contain_text("已就绪")
    return page


def test_readings_of_a_serial_scanner_end_by_cr_lf_or_tab_in_whatever_pieces_they_come(
    page: Page, origin: str, city: PretendCity
) -> None:
    serial(page, origin)
    for code, pieces in zip(CODES, (["{}\r"], ["{}\n"], ["{}\t"], ["{}\r\n"], ["", "{}", "\r", "\n"]), strict=False):
        for piece in pieces:
            page.evaluate("text => cable.write(text)", piece.format(code))
        accepted(page)
    page.evaluate("text => [...text].forEach((letter) => cable.write(letter))", CODES[5] + "\r")
    accepted(page)
    page.evaluate("text => cable.write(text)", f"{CODES[6]}\r{CODES[7]}\r")
    page.locator("[data-testid=verdict]:not([hidden])").wait_for()
    expect(page.get_by_test_id("scans-today")).to_contain_text("8")
    assert [body["code"] for body in city.asked[SCAN]] == CODES
    options = {"baudRate": 115200, "dataBits": 8, "stopBits": 1, "parity": "none"}
    assert page.evaluate("cable.opened") == [options]


def test_one_code_by_wedge_and_by_serial_is_one_scan(page: Page, origin: str, city: PretendCity) -> None:
    serial(page, origin)
    # One act is three seconds by the page's clock, which stands: a busy machine takes longer than that.
    page.clock.install(time=1_800_000_000)
    page.clock.pause_at(1_800_000_060)
    type_as_a_scanner(page, CODES[0])
    accepted(page)
    page.evaluate("text => cable.write(text)", f"{CODES[0]}\r{CODES[0]}\r{CODES[1]}\r")
    accepted(page)
    assert [body["code"] for body in city.asked[SCAN]] == CODES[:2]


def test_a_serial_scanner_is_found_again_after_it_was_unplugged_and_after_a_reload(
    page: Page, origin: str, city: PretendCity
) -> None:
    serial(page, origin)
    state = page.get_by_test_id("serial-state")
    page.evaluate("cable.write('1234')")
    page.evaluate("cable.unplug()")
    expect(state).to_contain_text("已断开")
    page.evaluate("cable.plug()")
    expect(state).to_contain_text("已就绪")
    page.evaluate("text => cable.write(text)", f"{CODES[0]}\r")
    accepted(page)
    page.reload()
    expect(state).to_contain_text("已就绪")
    page.evaluate("text => cable.write(text)", f"{CODES[1]}\r")
    accepted(page)
    page.evaluate("cable.fault()")
    page.evaluate("text => cable.write(text)", f"{CODES[2]}\r")
    accepted(page)
    assert [body["code"] for body in city.asked[SCAN]] == CODES[:3]


def test_another_speed_is_used_and_remembered_and_a_taken_port_is_tried_again(page: Page, origin: str) -> None:
    serial(page, origin)
    page.evaluate("cable.taken = true")
    page.get_by_test_id("baud").select_option("9600")
    expect(page.get_by_test_id("serial-state")).to_contain_text("占用")
    page.evaluate("cable.taken = false")
    expect(page.get_by_test_id("serial-state")).to_contain_text("已就绪")
    assert page.evaluate("cable.opened.map(({ baudRate }) => baudRate)") == [115200, 9600]
    page.reload()
    expect(page.get_by_test_id("serial-state")).to_contain_text("已就绪")
    assert page.evaluate("cable.opened.map(({ baudRate }) => baudRate)") == [9600]


def test_a_list_of_ports_that_is_closed_changes_nothing_and_a_browser_without_ports_says_so(
    page: Page, origin: str
) -> None:
    page.add_init_script(PORT.read_text())
    settings(opened(page, origin))
    page.evaluate("cable.offered = false")
    page.get_by_test_id("serial-choose").click()
    expect(page.get_by_test_id("serial-said")).to_contain_text("还没有选择")
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'serial', { value: undefined })")
    page.add_init_script("delete navigator.serial")
    page.reload()
    expect(settings(ready(page)).get_by_test_id("serial-said")).to_contain_text("不支持串口")
    expect(page.get_by_test_id("serial-choose")).to_be_hidden()


def test_each_decision_sounds_and_shakes_in_its_own_way(page: Page, origin: str, city: PretendCity) -> None:
    page.add_init_script(EARS)
    opened(page, origin)
    sounds = []
    for code, problem in ((CODES[0], None), ("1", None), (CODES[1], (503, {"code": "x", "title": "x"}))):
        if problem:
            city.problems[SCAN] = problem
        page.get_by_test_id("typed-code").fill(code)
        page.get_by_test_id("typed-submit").click()
        page.locator("[data-testid=verdict]:not([hidden])").wait_for()
        sounds.append(page.evaluate("JSON.stringify([heard.splice(0), felt.splice(0)])"))
        page.get_by_test_id("verdict").dispatch_event("click")
    assert len(set(sounds)) == 3
    assert all(json.loads(sound)[0] and json.loads(sound)[1] for sound in sounds)
    expect(page.get_by_test_id("sound-state")).to_have_text("提示音：中")


def test_sound_can_be_off_which_the_page_says_and_remembers(page: Page, origin: str) -> None:
    page.add_init_script(EARS)
    settings(opened(page, origin))
    page.get_by_test_id("volume").select_option("off")
    page.reload()
    ready(page)
    expect(page.get_by_test_id("sound-state")).to_have_text("提示音：关")
    typed(page, CODES[0])
    assert page.evaluate("[heard.length, felt.length]") == [0, 1]


def test_who_wants_less_motion_is_not_shaken(page: Page, origin: str) -> None:
    page.add_init_script(EARS)
    page.emulate_media(reduced_motion="reduce")
    typed(opened(page, origin), CODES[0])
    assert page.evaluate("[heard.length, felt.length]") == [2, 0]
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_locked_page_scans_and_keeps_everything_else_behind_the_pin(
    page: Page, origin: str, city: PretendCity
) -> None:
    lock(opened(page, origin))
    page.wait_for_function("document.fullscreenElement !== null")
    for _ in range(2):
        staff = page.locator("[data-staff]")
        assert staff.count() >= 10
        assert [part.get_attribute("id") for part in staff.all() if part.is_visible()] == []
        expect(page.get_by_test_id("lock-state")).to_have_text("已锁定")
        page.reload()
        ready(page)
    typed(page, CODES[0])
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.testid ?? ''"))
    assert reached - {"", "scanner"} == {"unlock", "language-switch", "typed-code", "typed-submit"}
    try_pin(page, PIN)
    expect(page.get_by_test_id("settings-open")).to_be_focused()
    expect(page.get_by_test_id("lock-state")).to_be_empty()
    expect(page.get_by_test_id("unlock")).to_be_hidden()
    assert len(city.asked[SCAN]) == 1


def test_an_unlocked_page_locks_again_when_staff_have_gone(page: Page, origin: str, city: PretendCity) -> None:
    """Holders and hand scanners go on; they are no staff."""
    page.clock.install()
    lock(opened(page, origin))
    try_pin(page, PIN)
    expect(page.get_by_test_id("settings-open")).to_be_focused()
    page.clock.run_for(150_000)
    settings(page)
    page.clock.run_for(100_000)
    for code in CODES[:2]:
        type_as_a_scanner(page, code)
        accepted(page)
    expect(page.get_by_test_id("settings")).to_be_visible()
    page.clock.run_for(81_000)
    page.locator("[data-testid=scanner][data-locked]").wait_for()
    expect(page.get_by_test_id("settings")).to_be_hidden()
    assert len(city.asked[SCAN]) == 2
    page.get_by_test_id("unlock").click()
    expect(page.get_by_test_id("unlock-pin")).to_be_focused()


def test_the_settings_are_a_panel_of_their_own(page: Page, origin: str) -> None:
    """They never push the camera away, and close by their button, by Escape and when the page is locked."""
    opened(page, origin)
    expect(page.get_by_test_id("scans-today")).not_to_be_empty()
    where = "document.querySelector('.frame').getBoundingClientRect().top"
    for size in SIZES:
        page.set_viewport_size(size)
        before = page.evaluate(where)
        settings(page)
        assert page.evaluate(where) == before
        expect(page.get_by_test_id("settings-close")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("settings")).to_be_hidden()
        expect(page.get_by_test_id("settings-open")).to_be_focused()
    settings(page)
    page.get_by_test_id("settings-close").click()
    expect(page.get_by_test_id("settings")).to_be_hidden()


def test_a_ticked_document_does_not_outlive_the_staff(page: Page, origin: str, city: PretendCity) -> None:
    opened(page, origin)
    page.get_by_test_id("document-checked").check()
    typed(lock(page), CODES[0])
    assert "document_checked" not in city.asked[SCAN][0]


def test_a_pin_has_four_to_eight_digits_and_is_typed_twice(page: Page, origin: str) -> None:
    settings(opened(page, origin))
    write = "(field, text) => { field.value = text; }"
    for first, second, words in (
        ("123", "123", "四到八位"),
        ("123456789", "123456789", "四到八位"),
        ("12a4", "12a4", "四到八位"),
        (PIN, "20462", "不一致"),
    ):
        page.get_by_test_id("pin-new").evaluate(write, first)
        page.get_by_test_id("pin-again").evaluate(write, second)
        page.get_by_test_id("pin-set-submit").click()
        expect(page.get_by_test_id("pin-problem")).to_contain_text(words)
        assert page.locator("[data-locked]").count() == 0


def test_wrong_pins_wait_longer_and_longer_and_a_reload_does_not_help(page: Page, origin: str) -> None:
    page.clock.install()
    lock(opened(page, origin))
    said, button = page.get_by_test_id("unlock-said"), page.get_by_test_id("unlock-try")
    for _ in range(5):
        expect(button).to_be_enabled()
        try_pin(page, "00000")
        expect(said).to_have_text("PIN 不对。")
    for seconds in (30, 60):
        expect(button).to_be_disabled()
        page.reload()
        ready(page)
        page.get_by_test_id("unlock").click()
        expect(button).to_be_disabled()
        left = re.findall(r"\d+", page.get_by_test_id("unlock-wait").inner_text())
        # The page's clock goes on while it is loaded.
        assert 0 < int(left[0]) <= seconds
        page.clock.fast_forward(seconds * 1000)
        expect(button).to_be_enabled()
        if seconds < 60:
            try_pin(page, "00000")
            expect(said).to_have_text("PIN 不对。")
    try_pin(page, PIN)
    expect(page.get_by_test_id("settings-open")).to_be_focused()


def test_the_pin_is_kept_as_a_salted_derivation_only(page: Page, origin: str) -> None:
    lock(opened(page, origin))
    kept = page.evaluate("""() => new Promise((done) => {
      const opening = indexedDB.open("city-code-terminals");
      opening.onsuccess = () => {
        const asking = opening.result.transaction("terminals").objectStore("terminals").get("bus");
        asking.onsuccess = () => {
          const { salt, proof, ...rest } = asking.result.lock;
          done({ ...rest, salt: salt.length, proof: proof.length });
        };
      };
    })""")
    assert kept == {"salt": 16, "proof": 32, "rounds": kept["rounds"], "wrong": 0, "waitUntil": 0, "closed": True}
    assert kept["rounds"] >= 310_000
    assert PIN not in page.evaluate("JSON.stringify([localStorage, sessionStorage])")


def test_who_forgot_the_pin_enrols_anew_with_a_link_of_the_operator(page: Page, origin: str, city: PretendCity) -> None:
    lock(opened(page, origin))
    city.problems["/terminals/v1/enrolments"] = (403, {"code": "enrolment_refused", "title": "登记被拒绝"})
    page.goto(f"{origin}/scanner/bus?1{LINK}")
    page.get_by_test_id("enrol-problem").wait_for()
    page.reload()
    ready(page)
    assert page.locator("[data-locked]").count() == 1, "a link that the city refuses opens nothing"
    city.problems.clear()
    page.goto(f"{origin}/scanner/bus?2{LINK}")
    ready(page)
    assert page.locator("[data-locked]").count() == 0
    expect(settings(page).get_by_test_id("pin-set")).to_be_visible()


def test_staff_enrol_anew_in_the_settings(page: Page, origin: str, city: PretendCity) -> None:
    settings(opened(page, origin))
    link = page.get_by_test_id("enrol-anew-link")
    link.fill("https://city.example/")
    page.get_by_test_id("enrol-anew-submit").click()
    expect(page.get_by_test_id("enrol-anew-problem")).to_contain_text("不是登记链接")
    link.fill(f"{origin}/scanner/bus{LINK}")
    with page.expect_navigation():
        page.get_by_test_id("enrol-anew-submit").click()
    ready(page)
    assert len(city.asked["/terminals/v1/enrolments"]) == 2
    assert "#" not in page.url


def test_the_settings_fit_every_screen_and_every_thumb(page: Page, origin: str) -> None:
    page.add_init_script(PORT.read_text())
    opened(page, origin).get_by_test_id("language-switch").click()
    settings(page)
    small = """() => [...document.querySelectorAll("button, select, .line input, .choice, .button")]
      .filter((part) => part.checkVisibility()).map((part) => [part.dataset.testid, part.getBoundingClientRect()])
      .filter(([, { width, height }]) => width < 44 || height < 44).map(([name]) => name)"""
    outside = """() => {
      const panel = document.getElementById("settings"), edge = panel.getBoundingClientRect().left + panel.clientWidth;
      return [...panel.querySelectorAll("*")].filter((part) => part.checkVisibility()
        && part.getBoundingClientRect().right > edge + 1).map((part) => part.id || part.className || part.tagName);
    }"""
    for size in SIZES:
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
        assert page.evaluate(outside) == [], size
        assert page.evaluate(small) == [], size
    unnamed = """() => [...document.querySelectorAll("#settings select, #settings input")]
      .filter((part) => !part.labels?.[0]?.textContent).map((part) => part.id)"""
    assert page.evaluate(unnamed) == []
