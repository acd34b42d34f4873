"""Answers that everybody may have and keep: public, cached by their content, nothing of anybody in them."""

import re

from flask import Response, request

COSE = "application/cose"
VERSION = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
"""A version in an address, in its one form."""


def published(body: bytes, media: str, *, seconds: int, encoding: str | None = None) -> Response:
    """Answer with `body`, which may be kept for `seconds`; 304 when the caller has it already."""
    response = Response(body, mimetype=media)
    if encoding is not None:
        response.content_encoding = encoding
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.add_etag()
    response.make_conditional(request)
    return response
