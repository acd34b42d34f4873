"""The digit code: one-time passwords, check digit, bar code, and the two pages that show and take it."""

import base64
import io
import random
from collections.abc import Iterator

import pyotp
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from codeservice.digit import luhn_digit, write_digit_code
from tests.running import chromium
from tests.wallet.core.javascript import blank, in_node, served

RFC_6238_SEED = base64.b32encode(b"12345678901234567890123456789012").decode().rstrip("=")
RFC_6238_SHA_256 = {
    59: "46119246",
    1111111109: "68084774",
    1111111111: "67062674",
    1234567890: "91819424",
    2000000000: "90698825",
    20000000000: "77737706",
}
"""RFC 6238, appendix B."""

EVERY_PAIR = ["".join(f"{pair:02d}" for pair in range(start, start + 10)) for start in range(0, 100, 10)]


def test_one_time_passwords_are_those_of_rfc_6238() -> None:
    moments = list(RFC_6238_SHA_256)
    answers = in_node("totp", seed=RFC_6238_SEED, moments=moments, digits=8)
    assert dict(zip(moments, answers, strict=True)) == RFC_6238_SHA_256


def test_one_time_passwords_are_those_of_another_implementation() -> None:
    chance = random.Random(7)
    moments = [chance.randrange(1 << 33) for _ in range(50)]
    for digits, seed in ((8, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), (6, "GEZDGNBVGY3TQOJQ")):
        passwords = pyotp.TOTP(seed, digits=digits, digest="sha256")
        assert in_node("totp", seed=seed, moments=moments, digits=digits) == [passwords.at(now) for now in moments]


def test_digit_codes_are_those_of_the_service() -> None:
    moments = [1_800_000_000, 1_800_000_029, 1_800_000_030]
    handle, seed = "012345678", pyotp.random_base32()
    codes = in_node("digits", handle=handle, seed=seed, moments=moments)
    assert codes == [write_digit_code(handle, seed, now) for now in moments]
    assert codes[0] == codes[1] != codes[2]


def test_the_check_digit_finds_every_single_wrong_digit() -> None:
    good = "123456789012345670"
    good = good[:-1] + luhn_digit(good[:-1])
    wrong = [good[:at] + str((int(good[at]) + by) % 10) + good[at + 1 :] for at in range(18) for by in range(1, 10)]
    short = [good[:-1], good + "0", " " + good[1:], "１" + good[1:], ""]
    answers = in_node("luhn", texts=[good, *wrong, *short])
    assert answers[0] == [good[-1], True]
    assert not any(fits for _, fits in answers[1:])
    assert [digit for digit, _ in answers[1:163]] == [luhn_digit(text[:-1]) for text in wrong]


def test_base32_is_read_in_one_way_only() -> None:
    texts = [
        "",
        "MY",
        "MZXQ",
        "MZXW6",
        "MZXW6YQ",
        "MZXW6YTBOI",
        "mzxw6",
        "MZXW6===",
        "MZ",
        "M",
        "MZX",
        "MZXW61",
        "MZXW6YTB0I",
    ]
    read = [b"", b"f", b"fo", b"foo", b"foob", b"foobar", *[None] * 7]
    answers = in_node("base32", texts=texts)
    assert [
        None if text is None else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in answers
    ] == read


def test_only_pairs_of_digits_become_bars() -> None:
    good, *bad = in_node("bars", texts=["00", "0", "", "0a", "００", "0 1 "])
    assert len(good) == 11 * 3 + 13
    assert bad == [None] * 5


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page with nothing but a canvas."""
    with served() as origin, chromium() as browser:
        yield blank(browser.new_context(device_scale_factor=2).new_page(), origin)


@pytest.mark.parametrize("digits", ["123456789012345678", "000000000000000000", "999999999999999999", *EVERY_PAIR])
def test_the_bar_code_is_read_by_an_independent_reader(page: Page, digits: str) -> None:
    script = """digits => import('/wallet/core/code128.js').then(({ drawBars }) => {
      const canvas = document.querySelector('canvas');
      const { width } = drawBars(canvas, digits, { room: 320, height: 90, density: devicePixelRatio });
      canvas.style.width = `${width}px`;
    })"""
    page.evaluate(script, digits)
    image = Image.open(io.BytesIO(page.locator("canvas").screenshot()))
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128))
    assert [(code.text, code.format) for code in found] == [(digits, zxingcpp.BarcodeFormat.Code128)]
