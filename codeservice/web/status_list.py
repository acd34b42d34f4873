"""Published status lists: open to everybody, cached by their content, fit for a mirror."""

import gzip

import msgspec
from flask import Blueprint, Response, request

from codeservice.errors import NotFoundError
from codeservice.services import Services
from codeservice.status_token import CWT_MEDIA, JWT_MEDIA, TTL, Published, address_of
from codeservice.store import status_list
from codeservice.web.operation import Answer, operation
from codeservice.web.published import published

door = Blueprint("status_list", __name__)

_NUMBER = 5
"""Digits of the largest number of a list."""


class Aggregation(Answer, frozen=True):
    """Addresses of every status list that is published (draft-ietf-oauth-status-list section 9)."""

    status_lists: list[str]


@operation(door, "GET /status-lists", returns=Aggregation)
def status_list_aggregation(services: Services) -> Response:
    """List the addresses of all status lists, so that a verifier fetches them before it needs one."""
    with services.database.read() as connection:
        known = status_list.published_digests(connection)
    origin = services.settings.origin
    addresses = [address_of(origin, list_, Published(what)) for list_, what in sorted(known)]
    return _answer(msgspec.json.encode(Aggregation(addresses)), "application/json")


@operation(door, "GET /status-lists/<number>/<what>", media=JWT_MEDIA, problems=("status_list_not_found",))
def published_status_list(services: Services, number: str, what: str) -> Response:
    """Give one Status List Token: a CWT if `application/statuslist+cwt` is asked for, else a JWT."""
    if not (number.isascii() and number.isdigit() and len(number) <= _NUMBER) or what not in set(Published):
        raise NotFoundError("status_list_not_found")
    with services.database.read() as connection:
        token = status_list.published(connection, int(number), Published(what))
    if token is None:
        raise NotFoundError("status_list_not_found")
    wants = request.accept_mimetypes.best_match([JWT_MEDIA, CWT_MEDIA], default=JWT_MEDIA)
    return _answer(token.cwt if wants == CWT_MEDIA else token.jwt, wants)


def _answer(body: bytes, media: str) -> Response:
    packed = request.accept_encodings.quality("gzip") > 0
    content = gzip.compress(body, compresslevel=1, mtime=0) if packed else body
    response = published(content, media, seconds=TTL, encoding="gzip" if packed else None)
    response.vary.update(("Accept", "Accept-Encoding"))
    return response
