"""Who is calling with an access token: a terminal or a partner's back end."""

import math
import time
from dataclasses import dataclass

from flask import g, request

from codeservice.errors import ForbiddenError, NotAuthenticatedError, TooManyRequestsError
from codeservice.rate import BACK_END_RATE, TERMINAL_RATE
from codeservice.scan import Caller
from codeservice.services import Services
from codeservice.store import client
from codeservice.token import Access, read_access
from keys.errors import KeysError
from keys.jws import header_of
from keys.key import Purpose

_SCHEME = "Bearer "


@dataclass(frozen=True)
class Bearer:
    """An authenticated client with what its token allows."""

    client: client.StoredClient
    scopes: frozenset[str]

    @property
    def caller(self) -> Caller:
        """The client as the scanner of a place."""
        found = self.client
        return Caller(id=found.id, partner=found.partner, place=found.place, scene=found.scene)


def require(services: Services, *, scope: str, now: int) -> Bearer:
    """Return who is calling.

    Raises NotAuthenticatedError, ForbiddenError when the scope is missing, TooManyRequestsError above its rate.
    """
    access = access_of(services, now)
    if scope not in access.scopes:
        raise ForbiddenError("scope_required")
    with services.database.read() as connection:
        found = client.find(connection, access.client)
    if found is None or found.state != client.ACTIVE or scope not in found.scopes:
        raise ForbiddenError("terminal_not_allowed")
    g.client = found.id
    rate = TERMINAL_RATE if found.kind == client.TERMINAL else BACK_END_RATE
    wait = services.limiter.wait(found.id, rate, time.monotonic())
    if wait > 0:
        raise TooManyRequestsError("too_many_requests", retry_after=math.ceil(wait))
    return Bearer(found, found.scopes & access.scopes)


def access_of(services: Services, now: int) -> Access:
    """Read the access token of the request; raises NotAuthenticatedError."""
    authorization = request.headers.get("Authorization", "")
    if not authorization.startswith(_SCHEME):
        raise NotAuthenticatedError("token_required")
    token = authorization.removeprefix(_SCHEME)
    try:
        kid = bytes.fromhex(str(header_of(token).get("kid", "")))
        key = services.trust_list().find(kid, Purpose.TOKEN, now)
        return read_access(token, key=key, issuer=services.settings.origin, now=now)
    except (KeysError, ValueError) as error:
        raise NotAuthenticatedError("token_required") from error
