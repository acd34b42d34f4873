"""The session of a wallet: how a request carries it, its owner's list of sessions, and ending them."""

from flask import Blueprint, Response, request

from codeservice.errors import ForbiddenError, NotAuthenticatedError, NotFoundError, UnprocessableError
from codeservice.services import Services
from codeservice.store import audit, session
from codeservice.store.database import Connection
from codeservice.store.session import SignedIn
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("session", __name__)

COOKIE = "session"
_PATH = "/wallet/"
_SCHEME = "Bearer "
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CHANGE = ("sign_in_required", "csrf_token_required")


class Nothing(Body, frozen=True):
    """An empty body."""


class OpenSession(Answer, frozen=True):
    """One session: by which client and on which enrolled device, since when, and last seen.

    `seen_at` is exact to the hour, and never before `started_at`.
    """

    id: str
    current: bool
    client: str
    device: str | None
    started_at: int
    seen_at: int


class OpenSessions(Answer, frozen=True):
    """The sessions of the account, the newest first."""

    sessions: list[OpenSession]


class Ended(Answer, frozen=True):
    """How many sessions were ended."""

    ended: int


def bearer_secret() -> str | None:
    """Return the secret that a client without cookies sends, None for a browser."""
    authorization = request.headers.get("Authorization", "")
    return authorization.removeprefix(_SCHEME) if authorization.startswith(_SCHEME) else None


def carry(services: Services, response: Response, secret: str) -> Response:
    """Give a browser the secret of its session, in a cookie that no script reads."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=session.LIFE,
        path=_PATH,
        secure=services.settings.secure,
        httponly=True,
        samesite="Strict",
    )
    return response


def drop(response: Response) -> Response:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path=_PATH)
    return response


def require(services: Services) -> SignedIn:
    """Return who is signed in. Raises NotAuthenticatedError, or ForbiddenError for a change without CSRF token.

    No other site can make a browser send the Authorization header, so that a client without cookies needs no token.
    """
    bearer, now = bearer_secret(), services.clock()
    secret = request.cookies.get(COOKIE) if bearer is None else bearer
    if not secret:
        raise NotAuthenticatedError("sign_in_required")
    with services.database.read() as connection:
        found = session.find(connection, services.vault, secret, now=now)
        news = session.has_news(connection, secret, now=now)
    stands = not news or services.database.transact(lambda connection: session.use(connection, secret, now=now))
    if found is None or not stands:
        raise NotAuthenticatedError("sign_in_required")
    if bearer is None and request.method not in _SAFE_METHODS and request.headers.get("X-CSRF-Token") != found.csrf:
        raise ForbiddenError("csrf_token_required")
    return found


def require_person(services: Services) -> tuple[SignedIn, str]:
    """Return who is signed in and their person; raises UnprocessableError before the real-name check."""
    found = require(services)
    if found.person is None:
        raise UnprocessableError("real_name_required")
    return found, found.person


@operation(
    door,
    "GET /wallet/api/v1/sessions",
    returns=OpenSessions,
    security=Security.SESSION,
    problems=("sign_in_required",),
)
def sessions(services: Services) -> OpenSessions:
    """List where the holder is signed in."""
    signed_in = require(services)
    with services.database.read() as connection:
        found = session.of_account(connection, signed_in.account, now=services.clock())
    return OpenSessions(
        [
            OpenSession(
                entry.id,
                entry.id == signed_in.session,
                entry.client,
                entry.device_name,
                entry.created,
                max(entry.created, entry.seen),
            )
            for entry in found
        ]
    )


@operation(
    door,
    "DELETE /wallet/api/v1/sessions/<session_id>",
    status=204,
    security=Security.SESSION,
    problems=(*_CHANGE, "session_not_found"),
)
def end_session(services: Services, session_id: str) -> None:
    """End one session; codes that its phone holds go on until the device is removed."""
    signed_in = require(services)

    def work(connection: Connection) -> None:
        if not session.end_one(connection, signed_in.account, session_id):
            raise NotFoundError("session_not_found")
        _record(services, connection, signed_in, 1)

    services.database.transact(work)


@operation(
    door,
    "POST /wallet/api/v1/sessions/end-others",
    body=Nothing,
    returns=Ended,
    security=Security.SESSION,
    problems=_CHANGE,
)
def end_other_sessions(services: Services, _body: Nothing) -> Ended:
    """End every session but this one."""
    signed_in = require(services)

    def work(connection: Connection) -> int:
        ended = session.end_others(connection, signed_in.account, but=signed_in.session)
        _record(services, connection, signed_in, ended)
        return ended

    return Ended(services.database.transact(work))


def _record(services: Services, connection: Connection, signed_in: SignedIn, ended: int) -> None:
    subject = f"account:{signed_in.account}"
    details: dict[str, object] = {"count": ended}
    audit.add(connection, at=services.clock(), actor=subject, action="sessions_ended", subject=subject, details=details)
