"""QR codes that the server draws: posters and paper. Phones draw their own."""

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

QUIET_ZONE = 4
"""Modules of white around a symbol (ISO/IEC 18004)."""


def draw_svg(text: str) -> bytes:
    """Draw text as an SVG image with error correction M."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, image_factory=SvgPathImage)
    code.add_data(text)
    code.make(fit=True)
    target = io.BytesIO()
    code.make_image().save(target)
    return target.getvalue()
