"""Sign-in by one-time password, the session, and the real-name check."""

import re
import unicodedata
from typing import Annotated

import msgspec
import pyotp
from flask import Blueprint, Response, request

from codeservice.assurance import Assurance
from codeservice.city import city_day
from codeservice.credential import IdNumber, InvalidIdNumberError, mask, mask_name
from codeservice.errors import (
    BadRequestError,
    ForbiddenError,
    NotAuthenticatedError,
    TooManyRequestsError,
    UnprocessableError,
)
from codeservice.permitting import Obstacle, obstacles
from codeservice.reason import Words
from codeservice.scene import SCENES, Scene
from codeservice.services import Services
from codeservice.store import account, audit, device, person, session, tally
from codeservice.store.database import Connection
from codeservice.store.session import SignedIn
from codeservice.web.operation import Answer, Body, Security, operation
from keys.errors import KeysError
from keys.key import Purpose
from wallet.client_version import client_name
from wallet.session import COOKIE, Nothing, bearer_secret, carry, drop, require

door = Blueprint("signin", __name__)

_PHONE = re.compile(r"1[0-9]{10}", re.ASCII)
_REAL_NAME_TRIES = 10
_MAX_ASSERTION = 8192
_MESSAGES_A_DAY = 20
"""Messages to one phone in a day: with five tries each, a guesser needs 27 years for even odds on one phone."""

_MESSAGES_OF_ADDRESS = 60
"""Messages asked for from one address in an hour; a carrier's shared address may need a counter of its own."""

_SIGN_INS_OF_ADDRESS = 120
"""Tries to sign in from one address in an hour."""


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
    """What the authority's record is asked, and what the identity service gave to the client, if it was asked."""

    name: str
    id_number: str
    assertion: Annotated[str, msgspec.Meta(max_length=_MAX_ASSERTION)] | None = None


class Person(Answer, frozen=True):
    """The holder, masked."""

    name: str
    id_number: str


class SceneTitle(Answer, frozen=True):
    """A scene that a code can be shown at.

    `obstacle` is why this wallet gets no codes for it on this device, as a wire name of a problem, and `obstacle_until`
    when that passes by itself; both null where nothing is in the way.
    """

    name: str
    bit: int
    title: Words
    obstacle: str | None
    obstacle_until: int | None


class Device(Answer, frozen=True):
    """A device of this account."""

    id: str
    name: str
    enrolled_at: int


class Me(Answer, frozen=True):
    """Who is signed in, and what the wallet needs to know of the service.

    `device` is the one of this session; null until it was enrolled here or has proved its key, see `sessions/device`.
    `algorithm` is the one by which the city signs grants and the phone shows them; null while the city cannot sign.
    `assurance` says how the person was confirmed: 0 not yet, 1 by the authority's record, 2 by a document, 3 in
    presence. `token` is a new secret of
    the session for a client without cookies, which uses it from now on; null while the old one is good.
    """

    session: str
    csrf: str
    issuer: str
    server_time: int
    phone: str
    person: Person | None
    scenes: list[SceneTitle]
    devices: list[Device]
    device: str | None
    guide: str | None
    algorithm: str | None
    assurance: int
    token: str | None = None


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
    if not is_phone(body.phone):
        raise BadRequestError("phone_not_readable")
    text = "【城市码】验证码 {password}，5 分钟内有效。City code: {password}"
    return send_password(services, body.phone, text=text)


def is_phone(text: str) -> bool:
    """Whether a text is a mobile number of mainland China."""
    return _PHONE.fullmatch(text) is not None


def send_password(services: Services, to: str, *, text: str, about: str = "") -> MessageSent:
    """Send a one-time password to a phone, in a `text` that says what it is for; raises TooManyRequestsError.

    With `about` it answers only as `about_password` writes it, so that one for signing in confirms nothing else.
    """
    now = services.clock()
    password = pyotp.HOTP(pyotp.random_base32()).at(0)
    answer = about_password(about, password)

    def work(connection: Connection) -> str | None:
        phone, address = subject_of(services, to), subject_of(services, request.remote_addr or "")
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
        phone = use_password(services, connection, body.challenge, body.one_time_password, now=now)
        if phone is None:
            return None
        return begin(connection, account.find_or_add(connection, services.vault, phone, now=now), now=now)

    secret = services.database.transact(work)
    if secret is None:
        raise ForbiddenError("one_time_password_refused")
    answer = Response(msgspec.json.encode(me_of(services, secret)), mimetype="application/json")
    return carry(services, answer, secret)


def use_password(services: Services, connection: Connection, challenge: str, password: str, *, now: int) -> str | None:
    """Use a one-time password and return the phone that it was sent to; None when it is refused."""
    address = subject_of(services, request.remote_addr or "")
    if tally.take(connection, f"sign_in:{now // 3600}", address, 1, _SIGN_INS_OF_ADDRESS) is None:
        return None
    return account.use_challenge(connection, services.vault, challenge, password, now=now)


def begin(connection: Connection, account_: str, *, now: int) -> str:
    """Begin a session for a wallet and return its secret.

    A session that the client had before ends, so that one which somebody else has fixed is worth nothing.
    """
    session.end_of_secret(connection, bearer_secret() or request.cookies.get(COOKIE, ""))
    subject = f"account:{account_}"
    audit.add(connection, at=now, actor=subject, action="signed_in", subject=subject, details={})
    return session.add(connection, account_, client=client_name(), now=now)


def me_of(services: Services, secret: str) -> Me:
    """Describe who has just signed in with a new secret."""
    with services.database.read() as connection:
        found = session.find(connection, services.vault, secret, now=services.clock())
    if found is None:
        raise NotAuthenticatedError("sign_in_required")
    return _me(services, found)


@operation(door, "GET /wallet/api/v1/me", returns=Me, security=Security.SESSION, problems=("sign_in_required",))
def me(services: Services) -> Response:
    """Say who is signed in; once a day with a new secret for the session."""
    found = require(services)
    fresh = None
    if found.is_due:
        fresh = services.database.transact(
            lambda connection: session.rotate(connection, found.session, now=services.clock())
        )
    without_cookies = bearer_secret() is not None
    described = _me(services, found, token=fresh if without_cookies else None)
    answer = Response(msgspec.json.encode(described), mimetype="application/json")
    return answer if fresh is None or without_cookies else carry(services, answer, fresh)


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
        session.end(connection, signed_in.session)
    return drop(Response(status=204))


@operation(
    door,
    "POST /wallet/api/v1/real-name",
    body=RealNameRequest,
    returns=Me,
    security=Security.SESSION,
    problems=(
        "sign_in_required",
        "csrf_token_required",
        "identity_not_confirmed",
        "too_many_tries",
        "identity_service_unavailable",
    ),
)
def confirm_identity(services: Services, body: RealNameRequest) -> Me:
    """Compare name, ID number and phone with the authority's record; one answer for every way to fail.

    With the assertion of an identity service the phone may be another than the record's: the document stands for it.
    """
    signed_in = require(services)
    now = services.clock()
    _count_try(services, signed_in, now)
    assurance = Assurance.RECORD
    if body.assertion is not None:
        assurance = services.identity.confirm(body.name, body.id_number, body.assertion)

    def work(connection: Connection) -> bool:
        phone = signed_in.phone if assurance is Assurance.RECORD else None
        holder = _find_holder(connection, services, body, phone)
        if holder is None:
            return False
        bound = account.bind_person(connection, signed_in.account, holder.id, assurance=assurance)
        if bound:
            subject = f"person:{holder.id}"
            actor = f"account:{signed_in.account}"
            details: dict[str, object] = {"assurance": assurance.value}
            audit.add(connection, at=now, actor=actor, action="identity_confirmed", subject=subject, details=details)
        return bound

    if not services.database.transact(work):
        raise UnprocessableError("identity_not_confirmed")
    return _me(services, require(services))


def subject_of(services: Services, text: str) -> str:
    """Return whom a counter counts: a keyed name, so that a dump tells neither phone nor address."""
    return services.vault.index(text, kind="limit").hex()[:32]


def _count_try(services: Services, signed_in: SignedIn, now: int) -> None:
    name = f"real_name:{now // 3600}"
    with services.database.write() as connection:
        left = tally.take(connection, name, signed_in.account, 1, _REAL_NAME_TRIES)
    if left is None:
        raise TooManyRequestsError("too_many_tries", retry_after=3600)


def _find_holder(
    connection: Connection, services: Services, body: RealNameRequest, phone: str | None
) -> person.Holder | None:
    """Find whom a request names; with a `phone` only if it is the one on record."""
    try:
        id_number = IdNumber.read(body.id_number[:32])
    except InvalidIdNumberError:
        return None
    holder = person.find_by_id_number(connection, services.vault, id_number)
    name = unicodedata.normalize("NFKC", body.name).strip()
    same_phone = holder is not None and phone in (None, holder.phone)
    return holder if holder is not None and same_phone and holder.name == name else None


def _me(services: Services, signed_in: SignedIn, *, token: str | None = None) -> Me:
    with services.database.read() as connection:
        devices = device.of_account(connection, signed_in.account)
        holder = None if signed_in.person is None else person.find_holder(connection, services.vault, signed_in.person)
        barred = obstacles(services, connection, tuple(SCENES.values()), signed_in.account, signed_in.device)
    return Me(
        session=signed_in.session,
        csrf=signed_in.csrf,
        issuer=services.settings.origin,
        server_time=services.clock(),
        phone=mask(signed_in.phone, head=3, tail=4),
        person=None if holder is None else Person(mask_name(holder.name), holder.id_number.masked),
        scenes=[_scene(scene, barred.get(scene.name)) for scene in SCENES.values()],
        devices=[Device(entry.id, entry.name, entry.enrolled) for entry in devices],
        device=signed_in.device,
        guide=services.settings.guide,
        algorithm=_algorithm(services),
        assurance=signed_in.assurance,
        token=token,
    )


def _scene(scene: Scene, obstacle: Obstacle | None) -> SceneTitle:
    code, until = (None, None) if obstacle is None else (obstacle.code, obstacle.until)
    return SceneTitle(scene.name, scene.bit, scene.title, code, until)


def _algorithm(services: Services) -> str | None:
    """Return the algorithm of the keys that a phone makes for grants; None while the city cannot sign."""
    try:
        return services.signer(Purpose.GRANT).key.algorithm
    except KeysError:
        return None
