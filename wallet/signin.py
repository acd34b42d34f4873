"""Sign-in by one-time password, the session, and the real-name check."""

import re
import unicodedata

import msgspec
import pyotp
from flask import Blueprint, Response, request

from codeservice.city import city_day
from codeservice.credential import IdNumber, InvalidIdNumberError, mask, mask_name
from codeservice.errors import (
    BadRequestError,
    ForbiddenError,
    NotAuthenticatedError,
    TooManyRequestsError,
    UnprocessableError,
)
from codeservice.reason import Words
from codeservice.scene import SCENES
from codeservice.services import Services
from codeservice.store import account, audit, device, person, tally
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from keys.errors import KeysError
from keys.key import Purpose

door = Blueprint("signin", __name__)

COOKIE = "session"
_PATH = "/wallet/"
_PHONE = re.compile(r"1[0-9]{10}", re.ASCII)
_REAL_NAME_TRIES = 10
_MESSAGES_A_DAY = 20
"""Messages to one phone in a day: with five tries each, a guesser needs 27 years for even odds on one phone."""

_MESSAGES_OF_ADDRESS = 60
"""Messages asked for from one address in an hour; a carrier's shared address may need a counter of its own."""

_SIGN_INS_OF_ADDRESS = 120
"""Tries to sign in from one address in an hour."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

REAL_NAME_BY_RECORD = 1
"""Assurance: name, ID number and phone agree with the authority's record. Nobody has seen a face."""


class MessageRequest(Body, frozen=True):
    """Where to send a one-time password."""

    phone: str


class MessageSent(Answer, frozen=True):
    """What to answer to; the same whether the phone is known or not."""

    challenge: str
    expires_in: int
    resend_in: int


class SignInRequest(Body, frozen=True):
    """The one-time password that came by message."""

    challenge: str
    one_time_password: str


class RealNameRequest(Body, frozen=True):
    """What the authority's record is asked."""

    name: str
    id_number: str


class Nothing(Body, frozen=True):
    """An empty body."""


class Person(Answer, frozen=True):
    """The holder, masked."""

    name: str
    id_number: str


class SceneTitle(Answer, frozen=True):
    """A scene that a code can be shown at."""

    name: str
    bit: int
    title: Words


class Device(Answer, frozen=True):
    """A device of this account."""

    id: str
    name: str
    enrolled_at: int


class Me(Answer, frozen=True):
    """Who is signed in, and what the wallet needs to know of the service.

    `algorithm` is the one by which the city signs grants and the phone shows them; null while the city cannot sign.
    """

    session: str
    csrf: str
    issuer: str
    server_time: int
    phone: str
    person: Person | None
    scenes: list[SceneTitle]
    devices: list[Device]
    guide: str | None
    algorithm: str | None


def require(services: Services) -> account.SignedIn:
    """Return who is signed in. Raises NotAuthenticatedError, or ForbiddenError for a change without CSRF token."""
    secret = request.cookies.get(COOKIE)
    if not secret:
        raise NotAuthenticatedError("sign_in_required")
    with services.database.read() as connection:
        found = account.find_session(connection, services.vault, secret, now=services.clock())
    if found is None:
        raise NotAuthenticatedError("sign_in_required")
    if request.method not in _SAFE_METHODS and request.headers.get("X-CSRF-Token") != found.csrf:
        raise ForbiddenError("csrf_token_required")
    return found


def require_person(services: Services) -> tuple[account.SignedIn, str]:
    """Return who is signed in and their person; raises UnprocessableError before the real-name check."""
    found = require(services)
    if found.person is None:
        raise UnprocessableError("real_name_required")
    return found, found.person


@operation(
    door,
    "POST /wallet/api/v1/sign-in/messages",
    body=MessageRequest,
    returns=MessageSent,
    status=202,
    problems=("phone_not_readable", "messages_too_often", "messages_unavailable"),
)
def send_message(services: Services, body: MessageRequest) -> MessageSent:
    """Send a one-time password to a phone."""
    if not _PHONE.fullmatch(body.phone):
        raise BadRequestError("phone_not_readable")
    text = "【城市码】验证码 {password}，5 分钟内有效。City code: {password}"
    return send_password(services, body.phone, text=text)


def send_password(services: Services, to: str, *, text: str, about: str = "") -> MessageSent:
    """Send a one-time password to a phone, in a `text` that says what it is for; raises TooManyRequestsError.

    With `about` it answers only as `about_password` writes it, so that one for signing in confirms nothing else.
    """
    now = services.clock()
    password = pyotp.HOTP(pyotp.random_base32()).at(0)
    answer = about_password(about, password)

    def work(connection: Connection) -> str | None:
        phone, address = _subject(services, to), _subject(services, request.remote_addr or "")
        if tally.take(connection, f"messages:{city_day(now)}", phone, 1, _MESSAGES_A_DAY) is None:
            return None
        if tally.take(connection, f"messages:{now // 3600}", address, 1, _MESSAGES_OF_ADDRESS) is None:
            return None
        return account.add_challenge(connection, services.vault, phone=to, answer=answer, now=now)

    challenge = services.database.transact(work)
    if challenge is None:
        raise TooManyRequestsError("messages_too_often", retry_after=account.RESEND_AFTER)
    services.messages.send(to, text.format(password=password), now=now)
    return MessageSent(challenge, account.CHALLENGE_LIFE, account.RESEND_AFTER)


def about_password(about: str, password: str) -> str:
    """Join a one-time password with what it is about."""
    return f"{about} {password}" if about else password


@operation(door, "POST /wallet/api/v1/sign-in", body=SignInRequest, returns=Me, problems=("one_time_password_refused",))
def sign_in(services: Services, body: SignInRequest) -> Response:
    """Begin a new session with a one-time password; the session that this browser had ends."""
    now = services.clock()

    def work(connection: Connection) -> str | None:
        address = _subject(services, request.remote_addr or "")
        if tally.take(connection, f"sign_in:{now // 3600}", address, 1, _SIGN_INS_OF_ADDRESS) is None:
            return None
        phone = account.use_challenge(connection, services.vault, body.challenge, body.one_time_password, now=now)
        if phone is None:
            return None
        found = account.find_or_add(connection, services.vault, phone, now=now)
        account.end_session_of(connection, request.cookies.get(COOKIE, ""))
        audit.add(
            connection, at=now, actor=f"account:{found}", action="signed_in", subject=f"account:{found}", details={}
        )
        return account.add_session(connection, found, now=now)

    secret = services.database.transact(work)
    if secret is None:
        raise ForbiddenError("one_time_password_refused")
    with services.database.read() as connection:
        signed_in = account.find_session(connection, services.vault, secret, now=now)
    if signed_in is None:
        raise NotAuthenticatedError("sign_in_required")
    response = Response(msgspec.json.encode(_me(services, signed_in)), mimetype="application/json")
    response.set_cookie(
        COOKIE,
        secret,
        max_age=account.SESSION_LIFE,
        path=_PATH,
        secure=services.settings.secure,
        httponly=True,
        samesite="Strict",
    )
    return response


@operation(door, "GET /wallet/api/v1/me", returns=Me, security=Security.SESSION, problems=("sign_in_required",))
def me(services: Services) -> Me:
    """Say who is signed in."""
    return _me(services, require(services))


@operation(
    door,
    "POST /wallet/api/v1/sign-out",
    body=Nothing,
    status=204,
    security=Security.SESSION,
    problems=("sign_in_required", "csrf_token_required"),
)
def sign_out(services: Services, _body: Nothing) -> Response:
    """End the session."""
    signed_in = require(services)
    with services.database.write() as connection:
        account.end_session(connection, signed_in.session)
    response = Response(status=204)
    response.delete_cookie(COOKIE, path=_PATH)
    return response


@operation(
    door,
    "POST /wallet/api/v1/real-name",
    body=RealNameRequest,
    returns=Me,
    security=Security.SESSION,
    problems=("sign_in_required", "csrf_token_required", "identity_not_confirmed", "too_many_tries"),
)
def confirm_identity(services: Services, body: RealNameRequest) -> Me:
    """Compare name, ID number and phone with the authority's record; one answer for every way to fail."""
    signed_in = require(services)
    now = services.clock()
    _count_try(services, signed_in, now)

    def work(connection: Connection) -> bool:
        holder = _find_holder(connection, services, body, signed_in.phone)
        if holder is None:
            return False
        bound = account.bind_person(connection, signed_in.account, holder.id, assurance=REAL_NAME_BY_RECORD)
        if bound:
            subject = f"person:{holder.id}"
            actor = f"account:{signed_in.account}"
            audit.add(connection, at=now, actor=actor, action="identity_confirmed", subject=subject, details={})
        return bound

    if not services.database.transact(work):
        raise UnprocessableError("identity_not_confirmed")
    return _me(services, require(services))


def _subject(services: Services, text: str) -> str:
    # A counter's name: keyed, so that a dump tells neither phone nor address.
    return services.vault.index(text, kind="limit").hex()[:32]


def _count_try(services: Services, signed_in: account.SignedIn, now: int) -> None:
    name = f"real_name:{now // 3600}"
    with services.database.write() as connection:
        left = tally.take(connection, name, signed_in.account, 1, _REAL_NAME_TRIES)
    if left is None:
        raise TooManyRequestsError("too_many_tries", retry_after=3600)


def _find_holder(connection: Connection, services: Services, body: RealNameRequest, phone: str) -> person.Holder | None:
    try:
        id_number = IdNumber.read(body.id_number[:32])
    except InvalidIdNumberError:
        return None
    holder = person.find_by_id_number(connection, services.vault, id_number)
    name = unicodedata.normalize("NFKC", body.name).strip()
    same_phone = holder is not None and holder.phone == phone
    return holder if holder is not None and same_phone and holder.name == name else None


def _me(services: Services, signed_in: account.SignedIn) -> Me:
    with services.database.read() as connection:
        devices = device.of_account(connection, signed_in.account)
        holder = None if signed_in.person is None else person.find_holder(connection, services.vault, signed_in.person)
    return Me(
        session=signed_in.session,
        csrf=signed_in.csrf,
        issuer=services.settings.origin,
        server_time=services.clock(),
        phone=mask(signed_in.phone, head=3, tail=4),
        person=None if holder is None else Person(mask_name(holder.name), holder.id_number.masked),
        scenes=[SceneTitle(scene.name, scene.bit, scene.title) for scene in SCENES.values()],
        devices=[Device(entry.id, entry.name, entry.enrolled) for entry in devices],
        guide=services.settings.guide,
        algorithm=_algorithm(services),
    )


def _algorithm(services: Services) -> str | None:
    """Return the algorithm of the keys that a phone makes for grants; None while the city cannot sign."""
    try:
        return services.signer(Purpose.GRANT).key.algorithm
    except KeysError:
        return None
