"""The page that a paper code is printed on: one A4 sheet as PDF, the symbol drawn with `qrcode`, both languages."""

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from codeservice.city import city_day
from codeservice.qr import QUIET_ZONE

_FONT = "STSong-Light"
"""A font for Chinese that every PDF reader brings or replaces (Adobe-GB1), so that none has to be embedded."""

_SIDE = 100 * mm
"""Edge of the symbol with its quiet zone: large enough for a worn print and an old camera."""

_MARGIN = 25 * mm
_LINES = (
    "请与本人证件一起出示；工作人员核对证件后扫码。",
    "Show it with your document; the staff look at the document first, then scan.",
    "重新打印后，本张立即作废。遗失请尽快在钱包或服务窗口作废。",
    "Printing again kills this sheet at once. If you lose it, revoke it in the wallet or at a counter.",
    "请勿折叠或弄脏图案。Do not fold or soil the symbol.",
)


def draw_pdf(text: str, *, name: str, issued: int, expires: int) -> bytes:
    """Draw a paper code. `name` is masked; nobody's number stands on the sheet."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    target = io.BytesIO()
    # Without the time of drawing: the same code gives the same file.
    page = Canvas(target, pagesize=A4, invariant=1, lang="zh-CN")
    page.setTitle("城市码纸质码 City code on paper")
    width, height = A4
    middle, line = width / 2, height - _MARGIN
    page.setFont(_FONT, 30)
    page.drawCentredString(middle, line, "城市码 · 纸质码")
    page.setFont(_FONT, 16)
    page.drawCentredString(middle, line - 10 * mm, "City code on paper")
    bottom = line - 20 * mm - _SIDE
    _draw_symbol(page, text, (width - _SIDE) / 2, bottom)
    page.setFont(_FONT, 26)
    page.drawCentredString(middle, bottom - 12 * mm, name)
    page.setFont(_FONT, 18)
    page.drawCentredString(middle, bottom - 22 * mm, f"{city_day(issued)} 至 {city_day(expires)} 前有效")
    page.setFont(_FONT, 14)
    page.drawCentredString(middle, bottom - 29 * mm, f"Good from {city_day(issued)} until before {city_day(expires)}")
    for number, words in enumerate(_LINES):
        page.drawCentredString(middle, bottom - (42 + 8 * number) * mm, words)
    page.showPage()
    page.save()
    return target.getvalue()


def _draw_symbol(page: Canvas, text: str, left: float, bottom: float) -> None:
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    symbol.add_data(text)
    symbol.make(fit=True)
    rows = symbol.get_matrix()
    module = _SIDE / len(rows)
    path = page.beginPath()
    for down, row in enumerate(rows):
        for across, is_dark in enumerate(row):
            if is_dark:
                path.rect(left + across * module, bottom + _SIDE - (down + 1) * module, module, module)
    page.drawPath(path, stroke=0, fill=1)
