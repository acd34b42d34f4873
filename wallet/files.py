"""The wallet's own files as they are sent: compressed for those who take it, and only if the browser's copy is old."""

import gzip
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from flask import Response, request, send_file, send_from_directory
from werkzeug.security import safe_join

_TEXTS = frozenset({".js", ".css", ".svg", ".webmanifest", ".wasm", ".txt"})
"""What becomes smaller; pictures are compressed already."""


def send_static(folder: Path, name: str) -> Response:
    """Send a file of a folder; raises NotFound. It holds nothing of a person, so its size can tell nothing."""
    joined = safe_join(str(folder), name)
    path = None if joined is None else Path(joined)
    if path is None or path.suffix not in _TEXTS or not path.is_file():
        return send_from_directory(folder, name)
    if request.accept_encodings.quality("gzip") > 0:
        changed = path.stat().st_mtime_ns
        packed = _packed(path, changed)
        # A tag of its own, because a tag names bytes.
        response = send_file(BytesIO(packed), download_name=path.name, etag=f"{changed:x}-{len(packed):x}-gzip")
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = send_from_directory(folder, name)
    response.vary.add("Accept-Encoding")
    return response


@lru_cache(maxsize=512)
def _packed(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)
