"""Cards and licences in a wallet: what the authorities say, masked, and linking one's own."""

from flask import Blueprint

from codeservice.authority import MAX_NUMBER
from codeservice.city import city_day
from codeservice.credential import STATE_TITLES, TITLES, CredentialType, mask
from codeservice.errors import TooManyRequestsError, UnprocessableError
from codeservice.notice import NoticeKind
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import account, notice, person, tally
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import require_person

door = Blueprint("cards", __name__)

_LINK_TRIES = 10
_SESSION = ("sign_in_required", "real_name_required")


class CardRequest(Body, frozen=True):
    """The card to link: its type and its number as printed."""

    type: str
    number: str


class Card(Answer, frozen=True):
    """One card, its number masked."""

    id: str
    type: str
    title: Words
    number: str
    state: str
    state_title: Words
    valid_until: int | None


class Cards(Answer, frozen=True):
    """The cards of a wallet."""

    cards: list[Card]


class CardType(Answer, frozen=True):
    """A kind of card that can be linked."""

    type: str
    title: Words


class CardTypes(Answer, frozen=True):
    """The kinds of cards that can be linked."""

    types: list[CardType]


@operation(door, "GET /wallet/api/v1/card-types", returns=CardTypes)
def card_types(_services: Services) -> CardTypes:
    """List the kinds of cards."""
    return CardTypes([CardType(type_.value, TITLES[type_]) for type_ in CredentialType])


@operation(door, "GET /wallet/api/v1/cards", returns=Cards, security=Security.SESSION, problems=_SESSION)
def cards(services: Services) -> Cards:
    """List the linked cards."""
    signed_in, _holder = require_person(services)
    with services.database.read() as connection:
        linked = account.linked_cards(connection, signed_in.account)
        return Cards([_card(person.find_card(connection, services.vault, card)) for card in linked])


@operation(
    door,
    "POST /wallet/api/v1/cards",
    body=CardRequest,
    returns=Card,
    status=201,
    security=Security.SESSION,
    problems=(*_SESSION, "csrf_token_required", "card_not_confirmed", "too_many_tries"),
)
def link_card(services: Services, body: CardRequest) -> Card:
    """Link a card that the authority's record says is the holder's; one answer for every way to fail."""
    signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.write() as connection:
        left = tally.take(connection, f"link_card:{now // 3600}", signed_in.account, 1, _LINK_TRIES)
    if left is None:
        raise TooManyRequestsError("too_many_tries", retry_after=3600)
    if body.type not in set(CredentialType):
        raise UnprocessableError("card_not_confirmed")
    number = body.number.strip()[:MAX_NUMBER]

    def work(connection: Connection) -> person.Card | None:
        found = person.find_card_by_number(connection, services.vault, CredentialType(body.type), number)
        if found is None:
            return None
        if found.person != holder:
            _tell_owner(connection, found, now)
            return None
        account.link_card(connection, signed_in.account, found.id, now=now)
        return found

    linked = services.database.transact(work)
    if linked is None:
        raise UnprocessableError("card_not_confirmed")
    return _card(linked)


def _tell_owner(connection: Connection, card: person.Card, now: int) -> None:
    """Tell the owner that somebody else had the number of their card, once a day for each card."""
    if tally.take(connection, f"card_tried:{city_day(now)}", card.id, 1, 1) is None:
        return
    title = TITLES[card.type]
    values = {"card_zh": title.zh, "card_en": title.en}
    notice.add(connection, card.person, NoticeKind.CARD_TRIED, subject=f"card:{card.id}", values=values, now=now)


def _card(card: person.Card) -> Card:
    return Card(
        id=card.id,
        type=card.type.value,
        title=TITLES[card.type],
        number=mask(card.number),
        state=card.state.value,
        state_title=STATE_TITLES[card.state],
        valid_until=card.valid_until,
    )
