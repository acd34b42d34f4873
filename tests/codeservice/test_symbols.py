"""Symbols: the QR versions that the format states, drawn by one library and read by another."""

import io

import pytest
import qrcode
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from codeservice.code import Kind, to_digits
from tests.makers import bytes_of, make_code, make_grant, make_paper, make_served

LARGEST = {"list": 65535, "idx": 2**32 - 1}
GUIDE = "https://code.city.example/#"
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
DEVICE = make_code(make_grant(**LARGEST))
BOUND = Kind.DEVICE.value + to_digits(bytes(range(1, 256)) + bytes(range(1, 13)))
"""As many digits as the largest device code that is ever issued; only its length matters here."""


def draw(parts: list[tuple[str, int]], level: int) -> tuple[int, bytes]:
    """Draw segments; returns the version and a PNG."""
    code = qrcode.QRCode(error_correction=level, border=4, box_size=4)
    for text, mode in parts:
        code.add_data(QRData(text.encode(), mode=mode))  # type: ignore[call-overload]
    code.make(fit=True)
    target = io.BytesIO()
    code.make_image().save(target)
    return int(code.version or 0), target.getvalue()


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        pytest.param(DEVICE, {ERROR_CORRECT_L: 10, ERROR_CORRECT_M: 11, ERROR_CORRECT_Q: 14}, id="device"),
        pytest.param(BOUND, {ERROR_CORRECT_L: 10, ERROR_CORRECT_M: 12}, id="device, upper bound"),
        pytest.param(make_served(**LARGEST), {ERROR_CORRECT_L: 6, ERROR_CORRECT_M: 8, ERROR_CORRECT_Q: 9}, id="served"),
        pytest.param(make_paper(**LARGEST), {ERROR_CORRECT_L: 6, ERROR_CORRECT_M: 8, ERROR_CORRECT_Q: 9}, id="paper"),
    ],
)
def test_every_kind_has_the_version_that_the_format_states_and_reads_back(text: str, versions: dict[int, int]) -> None:
    for level, version in versions.items():
        drawn, image = draw([(text, MODE_NUMBER)], level)
        assert drawn == version
        assert [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(image)), formats=QR)] == [text]


@pytest.mark.parametrize(("level", "version"), [(ERROR_CORRECT_L, 11), (ERROR_CORRECT_M, 12)])
def test_a_guide_costs_one_version_as_a_segment_of_its_own(level: int, version: int) -> None:
    drawn, image = draw([(GUIDE, MODE_8BIT_BYTE), (DEVICE, MODE_NUMBER)], level)
    assert drawn == version
    assert zxingcpp.read_barcodes(Image.open(io.BytesIO(image)), formats=QR)[0].text == GUIDE + DEVICE


def test_two_libraries_draw_what_the_other_reads() -> None:
    """zxing-cpp draws too, and by itself chooses the numeric mode."""
    barcode = zxingcpp.create_barcode(DEVICE, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
    image = Image.fromarray(barcode.to_image(scale=4)) if hasattr(barcode, "to_image") else None
    assert image is not None
    assert zxingcpp.read_barcodes(image, formats=QR)[0].text == DEVICE


def test_the_sizes_are_within_the_budget() -> None:
    """Printed, so that a reader of the run sees them."""
    sizes = {"device": len(bytes_of(DEVICE)), "served": len(bytes_of(make_served(**LARGEST)))}
    print("bytes of the largest codes:", sizes, "digits of a device code:", len(DEVICE))  # noqa: T201 -- asked for
    assert sizes["device"] <= 247
    assert sizes["served"] <= 150
    assert (len(BOUND), len(bytes_of(BOUND))) == (651, 267)
