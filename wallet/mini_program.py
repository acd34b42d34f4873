"""Sign-in from the mini-program: by the log-in of its platform, then once by a phone number that binds the two."""

from typing import Annotated

import msgspec
from flask import Blueprint, request

from codeservice.errors import BadRequestError, ForbiddenError, TooManyRequestsError, UnprocessableError
from codeservice.services import Services
from codeservice.store import account, audit, session, tally, wechat
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, operation
from wallet.signin import Me, begin, is_phone, me_of, subject_of, use_password

door = Blueprint("mini_program", __name__)

_LOG_INS_OF_ADDRESS = 600
"""Log-ins from one address in an hour; the mini-program logs in each time it is opened without a session."""

_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class LogIn(Body, frozen=True):
    """The code that wx.login gave. Who it is the platform says: an identifier from a client counts for nothing."""

    login_code: _Code


class Binding(Body, frozen=True):
    """Which phone number the one who logged in has.

    By the code of getPhoneNumber, or by a one-time password that came by message.
    """

    ticket: _Code
    phone_code: _Code | None = None
    challenge: _Code | None = None
    one_time_password: _Code | None = None


class LoggedIn(Answer, frozen=True):
    """A session's secret with whose it is, or a ticket for one who has to name a phone number first."""

    token: str | None
    ticket: str | None
    expires_in: int
    me: Me | None


@operation(
    door,
    "POST /wallet/api/v1/mini-program/sign-in",
    body=LogIn,
    returns=LoggedIn,
    problems=("login_code_refused", "too_many_tries", "wechat_unavailable"),
)
def log_in(services: Services, body: LogIn) -> LoggedIn:
    """Begin a session for a WeChat user with a wallet; give a ticket to one without."""
    _count_log_in(services)
    openid, now = services.mini_program.openid_of(body.login_code), services.clock()

    def work(connection: Connection) -> tuple[str | None, str | None]:
        found = wechat.find_account(connection, services.vault, openid)
        if found is None:
            return None, wechat.add_ticket(connection, services.vault, openid, now=now)
        return begin(connection, found, now=now), None

    token, ticket = services.database.transact(work)
    if token is None:
        return LoggedIn(None, ticket, wechat.TICKET_LIFE, None)
    return LoggedIn(token, None, session.LIFE, me_of(services, token))


@operation(
    door,
    "POST /wallet/api/v1/mini-program/bindings",
    body=Binding,
    returns=LoggedIn,
    problems=(
        "ticket_refused",
        "phone_code_refused",
        "phone_not_readable",
        "one_time_password_refused",
        "too_many_tries",
        "wechat_unavailable",
    ),
)
def bind(services: Services, body: Binding) -> LoggedIn:
    """Bind the WeChat user of a ticket to the wallet of their phone number, and begin a session."""
    now = services.clock()
    by_message = body.challenge is not None and body.one_time_password is not None
    if by_message is (body.phone_code is not None):
        raise BadRequestError("body_not_readable")
    allowed = None
    if body.phone_code is not None:
        _count_log_in(services)
        allowed = services.mini_program.phone_of(body.phone_code)
        if not is_phone(allowed):
            raise UnprocessableError("phone_not_readable")

    def work(connection: Connection) -> str | ForbiddenError | UnprocessableError:
        phone = allowed
        if body.challenge is not None and body.one_time_password is not None:
            phone = use_password(services, connection, body.challenge, body.one_time_password, now=now)
        if phone is None:
            # Returned, not raised: the try has to be counted.
            return ForbiddenError("one_time_password_refused")
        openid = wechat.use_ticket(connection, services.vault, body.ticket, now=now)
        if openid is None:
            return UnprocessableError("ticket_refused")
        found = account.find_or_add(connection, services.vault, phone, now=now)
        wechat.bind(connection, services.vault, openid, found, now=now)
        subject = f"account:{found}"
        audit.add(connection, at=now, actor=subject, action="wechat_bound", subject=subject, details={})
        return begin(connection, found, now=now)

    token = services.database.transact(work)
    if not isinstance(token, str):
        raise token
    return LoggedIn(token, None, session.LIFE, me_of(services, token))


def _count_log_in(services: Services) -> None:
    name, address = f"wechat:{services.clock() // 3600}", subject_of(services, request.remote_addr or "")
    with services.database.write() as connection:
        left = tally.take(connection, name, address, 1, _LOG_INS_OF_ADDRESS)
    if left is None:
        raise TooManyRequestsError("too_many_tries", retry_after=3600)
