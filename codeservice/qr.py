"""QR codes that a command draws: as a picture, or in characters on the console."""

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathImage

QUIET_ZONE = 4
"""Modules of white around a symbol (ISO/IEC 18004)."""


def draw_png(text: str) -> bytes:
    """Draw text as a PNG picture."""
    target = io.BytesIO()
    _symbol(text).make_image().save(target)
    return target.getvalue()


def draw_svg(text: str) -> bytes:
    """Draw text as an SVG picture."""
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, image_factory=SvgPathImage)
    symbol.add_data(text)
    symbol.make(fit=True)
    target = io.BytesIO()
    symbol.make_image().save(target)
    return target.getvalue()


def draw_characters(text: str) -> list[str]:
    """Draw text in half blocks, two modules a character, for light characters on a dark ground."""
    target = io.StringIO()
    _symbol(text).print_ascii(out=target, invert=True)
    return target.getvalue().splitlines()


def _symbol(text: str) -> "qrcode.QRCode[PilImage]":
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, image_factory=PilImage)
    symbol.add_data(text)
    symbol.make(fit=True)
    return symbol
