"""The files of the kiosk page, read once; part of them are the browser scanner's own."""

from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).resolve().parent / "static"
_SCANNER = Path(__file__).resolve().parents[2] / "scanner" / "static"
_HTML, _CSS, _JS, _SVG = "text/html", "text/css", "text/javascript", "image/svg+xml"

_FILES = {
    "/": (_HERE / "kiosk.html", _HTML),
    "/kiosk.css": (_HERE / "kiosk.css", _CSS),
    "/kiosk.js": (_HERE / "kiosk.js", _JS),
    "/verdict.js": (_HERE / "verdict.js", _JS),
    "/heartbeat.js": (_HERE / "heartbeat.js", _JS),
    "/words.js": (_HERE / "words.js", _JS),
    "/icon.svg": (_HERE / "icon.svg", _SVG),
    "/circumstances.js": (_SCANNER / "circumstances.js", _JS),
    "/medicine.js": (_SCANNER / "medicine.js", _JS),
    "/option.js": (_SCANNER / "option.js", _JS),
    "/memory.js": (_SCANNER / "memory.js", _JS),
    "/sounds.js": (_SCANNER / "sounds.js", _JS),
    "/wedge.js": (_SCANNER / "wedge.js", _JS),
}

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer carries."""


@dataclass(frozen=True)
class File:
    """One file as it is served."""

    content: bytes
    media: str


def read_files() -> dict[str, File]:
    """Read them all, by their paths; raises OSError for one that was not installed."""
    return {path: File(file.read_bytes(), f"{media}; charset=utf-8") for path, (file, media) in _FILES.items()}
