"""What terminals fetch to go on without a network: the whole snapshot, then delta after delta."""

import re

from flask import Blueprint, Response, request

from codeservice.errors import NotFoundError
from codeservice.services import Services
from codeservice.store import snapshot
from codeservice.web.operation import operation

door = Blueprint("snapshot", __name__)

COSE = "application/cose"
_VERSION = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_FRESH, _FOR_EVER = 5, 24 * 3600


@operation(door, "GET /snapshot", media=COSE, problems=("snapshot_not_found",))
def newest_snapshot(services: Services) -> Response:
    """Give every revoked and suspended place as one signed document; later deltas continue it."""
    with services.database.read() as connection:
        found = snapshot.newest(connection)
    if found is None:
        raise NotFoundError("snapshot_not_found")
    return _cached(found[1], _FRESH)


@operation(door, "GET /snapshot/deltas/<base>", media=COSE, problems=("delta_not_found",))
def next_delta(services: Services, base: str) -> Response:
    """Give the delta that continues a version; 404 when there is none yet, or when the version is too old."""
    with services.database.read() as connection:
        found = snapshot.delta_after(connection, int(base)) if _VERSION.fullmatch(base) else None
    if found is None:
        raise NotFoundError("delta_not_found")
    return _cached(found, _FOR_EVER)


def _cached(body: bytes, seconds: int) -> Response:
    response = Response(body, mimetype=COSE)
    response.add_etag()
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.make_conditional(request)
    return response
