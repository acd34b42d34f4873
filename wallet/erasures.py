"""Erasure: the holder gives up the wallet, after a one-time password to their own phone."""

import msgspec
from flask import Blueprint, Response

from codeservice import erasing
from codeservice.errors import ForbiddenError
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import account
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import Nothing, drop, require_person
from wallet.signin import MessageSent, about_password, send_password

door = Blueprint("erasures", __name__)

_ABOUT = "erasure"
_MESSAGE = "【城市码】注销验证码 {password}，5 分钟内有效。注销后所有码立即作废。Code to erase your wallet: {password}"
_CHANGE = ("sign_in_required", "real_name_required", "csrf_token_required")


class ErasureRequest(Body, frozen=True):
    """The one-time password that came by message."""

    challenge: str
    one_time_password: str


class KeptData(Answer, frozen=True):
    """Something that is not deleted, why, and until when; null where another law says how long."""

    what: Words
    why: Words
    until: int | None


class ErasureNotice(Answer, frozen=True):
    """What stays when the wallet is given up."""

    kept: list[KeptData]


class Erased(Answer, frozen=True):
    """How many codes died, and what stays."""

    revoked: int
    kept: list[KeptData]


@operation(
    door,
    "GET /wallet/api/v1/erasures",
    returns=ErasureNotice,
    security=Security.SESSION,
    problems=("sign_in_required", "real_name_required"),
)
def erasure_notice(services: Services) -> ErasureNotice:
    """Say what stays if the holder gives up the wallet."""
    require_person(services)
    return ErasureNotice(_kept(services.clock()))


@operation(
    door,
    "POST /wallet/api/v1/erasures/messages",
    body=Nothing,
    returns=MessageSent,
    status=202,
    security=Security.SESSION,
    problems=(*_CHANGE, "messages_too_often", "messages_unavailable"),
)
def send_erasure_message(services: Services, _body: Nothing) -> MessageSent:
    """Send the one-time password to erase with."""
    signed_in, _holder = require_person(services)
    return send_password(services, signed_in.phone, text=_MESSAGE, about=_ABOUT)


@operation(
    door,
    "POST /wallet/api/v1/erasures",
    body=ErasureRequest,
    returns=Erased,
    security=Security.SESSION,
    problems=(*_CHANGE, "one_time_password_refused"),
)
def erase_wallet(services: Services, body: ErasureRequest) -> Response:
    """Give up the wallet: every code dies at once, and everything goes that no law keeps."""
    signed_in, holder = require_person(services)
    now = services.clock()
    answer = about_password(_ABOUT, body.one_time_password)

    def use(connection: Connection) -> bool:
        phone = account.use_challenge(connection, services.vault, body.challenge, answer, now=now)
        return phone == signed_in.phone

    if not services.database.transact(use):
        raise ForbiddenError("one_time_password_refused")
    revoked = erasing.erase(services, holder, actor=f"account:{signed_in.account}")
    return drop(Response(msgspec.json.encode(Erased(revoked, _kept(now))), mimetype="application/json"))


def _kept(now: int) -> list[KeptData]:
    return [
        KeptData(entry.what, entry.why, None if entry.seconds is None else now + entry.seconds)
        for entry in erasing.KEPT
    ]
