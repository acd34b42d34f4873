"""What terminals fetch to go on without a network: the whole snapshot, then delta after delta."""

from flask import Blueprint, Response

from codeservice.errors import NotFoundError
from codeservice.services import Services
from codeservice.store import snapshot
from codeservice.web.operation import operation
from codeservice.web.published import COSE, VERSION, published

door = Blueprint("snapshot", __name__)

_FRESH, _FOR_EVER = 5, 24 * 3600


@operation(door, "GET /snapshot", media=COSE, problems=("snapshot_not_found",))
def newest_snapshot(services: Services) -> Response:
    """Give every revoked and suspended place as one signed document; later deltas continue it."""
    with services.database.read() as connection:
        found = snapshot.newest(connection)
    if found is None:
        raise NotFoundError("snapshot_not_found")
    return published(found[1], COSE, seconds=_FRESH)


@operation(door, "GET /snapshot/deltas/<base>", media=COSE, problems=("delta_not_found",))
def next_delta(services: Services, base: str) -> Response:
    """Give the delta that continues a version; 404 when there is none yet, or when the version is too old."""
    with services.database.read() as connection:
        found = snapshot.delta_after(connection, int(base)) if VERSION.fullmatch(base) else None
    if found is None:
        raise NotFoundError("delta_not_found")
    return published(found, COSE, seconds=_FOR_EVER)
