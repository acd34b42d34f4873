"""Ten codes of a real wallet, photographed and held before the scanner's camera one after the other, as a film."""

import io
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, Response, expect

from tests.running import RunningCity, chromium, not_over_midnight
from tests.wallets import open_wallet

SIDE = 480
FRAMES_A_SECOND = 5
SECONDS_A_CODE = 3
BLANK_SECONDS = 30
CODES = 10
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


def frame(picture: bytes | None) -> bytes:
    """Return one grey frame of YUV4MPEG2: white paper, and on it a picture."""
    paper = Image.new("L", (SIDE, SIDE), 255)
    if picture is not None:
        code = Image.open(io.BytesIO(picture)).convert("L").resize((440, 440), Image.Resampling.LANCZOS)
        paper.paste(code, ((SIDE - 440) // 2, (SIDE - 440) // 2))
    return b"FRAME\n" + paper.tobytes() + bytes([128]) * (SIDE * SIDE // 2)


def write_film(film: Path, pictures: list[bytes]) -> None:
    """Write a film of all pictures; the blank at its end keeps Chromium, which repeats it, from showing one twice."""
    with film.open("wb") as file:
        file.write(f"YUV4MPEG2 W{SIDE} H{SIDE} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            file.write(frame(picture) * (SECONDS_A_CODE * FRAMES_A_SECOND))
        file.write(frame(None) * (BLANK_SECONDS * FRAMES_A_SECOND))


def photographed(wallet: Page) -> list[bytes]:
    """Take a picture of each of ten codes; a code carries its second, so that each has one of its own."""
    code, pictures = wallet.get_by_test_id("qr"), list[bytes]()
    for _ in range(CODES):
        before = code.get_attribute("data-iat")
        time.sleep(1.1)
        wallet.get_by_test_id("redraw").click()
        wallet.locator(f"[data-testid=qr][data-iat]:not([data-iat='{before}'])").wait_for()
        pictures.append(code.screenshot())
    return pictures


def test_ten_codes_before_the_camera_are_ten_scans_accepted_and_none_twice(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    city, film = RunningCity(tmp_path_factory.mktemp("city"), {}), tmp_path_factory.mktemp("film") / "camera.y4m"
    asked, answers = list[Any](), list[Any]()

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/scan/v1/bus"):
            asked.append(request.post_data_json)

    def hear(response: Response) -> None:
        if response.request.method == "POST" and response.url.endswith("/scan/v1/bus"):
            answers.append(response)

    # The page counts the scans of a day.
    not_over_midnight(180)
    try:
        with chromium(*CAMERA, f"--use-file-for-fake-video-capture={film}") as browser:
            wallet = open_wallet(browser, city, city.people()[0])
            write_film(film, photographed(wallet))
            scanner = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN").new_page()
            scanner.on("request", note)
            scanner.on("response", hear)
            scanner.goto(city.link("bus-1"))
            # Answers are counted: a scan that a contact counted before its answer came is counted twice by the page.
            until = time.monotonic() + 120
            while len(answers) < CODES and time.monotonic() < until:
                scanner.wait_for_timeout(100)
            # Its next contact, within half a minute, sets that right.
            expect(scanner.get_by_test_id("scans-today")).to_contain_text(str(CODES), timeout=120_000)
            told = [answer.json() for answer in answers]
    finally:
        assert city.stop() == 0
    assert [(answer["decision"], answer["reason"], answer["repeat"]) for answer in told] == [
        ("accepted", None, False)
    ] * CODES
    assert len({answer["scan"] for answer in told}) == CODES
    assert len(asked) == len({body["code"] for body in asked}) == CODES
