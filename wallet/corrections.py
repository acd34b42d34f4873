"""Corrections from a wallet: the holder says what is wrong in a card, and sees what its authority has answered."""

from flask import Blueprint

from codeservice.authority import REPLY_WITHIN
from codeservice.errors import ConflictError, NotFoundError, TooManyRequestsError
from codeservice.services import Services
from codeservice.store import correction, person, tally
from codeservice.store.database import Connection
from codeservice.web.authority import clean
from codeservice.web.correction import LONGEST_TEXT, CorrectionReceipt, queue
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import require_person

door = Blueprint("corrections", __name__)

_A_DAY = 10
"""Requests of one holder in a day."""

_NEWEST = 100
_SESSION = ("sign_in_required", "real_name_required")


class WrongCard(Body, frozen=True):
    """What is wrong in a card, in the holder's words."""

    text: str


class AskedCorrection(Answer, frozen=True):
    """One request; `state` is open, accepted or rejected, `due` is when an answer is owed."""

    id: str
    card: str
    text: str
    at: int
    due: int
    state: str
    reply: str | None


class AskedCorrections(Answer, frozen=True):
    """The newest requests."""

    corrections: list[AskedCorrection]


@operation(
    door,
    "POST /wallet/api/v1/cards/<card>/corrections",
    body=WrongCard,
    returns=CorrectionReceipt,
    status=202,
    security=Security.SESSION,
    problems=(
        *_SESSION,
        "csrf_token_required",
        "card_not_found",
        "card_state_not_allowed",
        "text_not_readable",
        "too_many_tries",
    ),
)
def ask_for_correction(services: Services, body: WrongCard, card: str) -> CorrectionReceipt:
    """Ask the authority of a card of one's own to correct it."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    text = clean(body.text, longest=LONGEST_TEXT)

    def work(connection: Connection) -> str:
        found = person.find_card(connection, services.vault, card)
        if found.person != holder:
            raise NotFoundError("card_not_found")
        if tally.take(connection, f"corrections:{now // 86400}", holder, 1, _A_DAY) is None:
            raise TooManyRequestsError("too_many_tries", retry_after=86400)
        id_ = queue(services, connection, found, reporter=f"person:{holder}", text=text)
        if id_ is None:
            raise ConflictError("card_state_not_allowed")
        return id_

    return CorrectionReceipt(services.database.transact(work), now + REPLY_WITHIN)


@operation(
    door, "GET /wallet/api/v1/corrections", returns=AskedCorrections, security=Security.SESSION, problems=_SESSION
)
def asked_corrections(services: Services) -> AskedCorrections:
    """List the holder's requests with their answers, the newest first."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = correction.of_person(connection, services.vault, holder, limit=_NEWEST)
    return AskedCorrections(
        [
            AskedCorrection(entry.id, entry.credential, entry.text, entry.at, entry.due, entry.state, entry.reply)
            for entry in found
        ]
    )
