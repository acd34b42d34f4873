"""Reads the code in a picture file: QR first, Code 128 where there is none."""

from pathlib import Path

import zxingcpp
from PIL import Image

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
"""Larger pictures are not decoded: a small file can unpack to gigabytes."""

_FILES = ("PNG", "JPEG")
# One kind after the other: a reader that looks for bars at the same time finds some in the pattern of a QR code.
_KINDS = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128)


class PictureError(Exception):
    """This is no picture, or not all of one."""


def read_picture(path: Path) -> str:
    """Return the text of the one code in a picture, "" when there is none or more than one; raises PictureError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PictureError("too large")
        with Image.open(path, formats=_FILES) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError("too large")
            grey = picture.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("not a picture") from error
    for kind in _KINDS:
        texts = {found.text for found in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(kind))}
        if texts:
            return texts.pop() if len(texts) == 1 else ""
    return ""
