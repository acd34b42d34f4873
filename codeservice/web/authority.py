"""Authorities say what is true of a person's credentials, one by one; only the owner of a type writes it.

ID numbers and numbers of credentials stand in bodies only. Somebody else's credential is answered like none at all.
"""

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint

from codeservice import registering
from codeservice.authority import (
    READ,
    WRITE,
    Fault,
    Statement,
    StatementError,
    checked_claims,
    read_statement,
    read_validity,
    remit_of,
)
from codeservice.city import city_date
from codeservice.credential import CredentialType
from codeservice.errors import ForbiddenError, NotFoundError, UnprocessableError
from codeservice.services import Services
from codeservice.store import authority, person
from codeservice.store.person import Card
from codeservice.web import bearer
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("authority", __name__)

CALLER = ("token_required", "scope_required", "terminal_not_allowed", "too_many_requests")
_STATEMENT = tuple(
    fault.value
    for fault in (
        Fault.UNKNOWN_TYPE,
        Fault.WRONG_OWNER,
        Fault.NUMBER,
        Fault.NUMBER_CHECK,
        Fault.ID_NUMBER,
        Fault.NAME,
        Fault.CLAIMS,
        Fault.STATE,
        Fault.VALIDITY,
        Fault.FORMULA,
        Fault.SUBJECT,
        Fault.NO_CARD,
        Fault.STATE_NOT_REACHABLE,
    )
)
LONGEST_REASON = 200
"""Characters of a reason; it is kept sealed."""

_NOBODY = {Fault.PERSON_UNKNOWN: Fault.SUBJECT}
"""A number that nobody has is answered like one of somebody else: a name beside it must not be tried out."""


class CredentialStatement(Body, frozen=True):
    """What is true of one credential. Days are ISO 8601; `valid_until` is the last day, none means without end."""

    type: str
    number: str
    id_number: str
    name: str
    claims: dict[str, str | int | bool]
    valid_from: str
    valid_until: str | None = None
    state: str | None = None


class NumberRequest(Body, frozen=True):
    """A type and a number."""

    type: str
    number: str


class TransitionRequest(Body, frozen=True):
    """A transition of the type's life cycle by its name, and why."""

    name: str
    reason: str


class ReplacementRequest(Body, frozen=True):
    """The number of the new card, and why."""

    number: str
    reason: str


class CorrectionStatement(Body, frozen=True):
    """What is right, and why: all claims anew, or the validity, or both; what is not named stays."""

    reason: str
    claims: dict[str, str | int | bool] | None = None
    valid_from: str | None = None
    valid_until: str | None = None


class AuthorityCredential(Answer, frozen=True):
    """A credential as its authority sees it; `outcome` is created, updated or unchanged where something was written."""

    id: str
    type: str
    number: str
    claims: dict[str, str | int | bool]
    state: str
    state_code: str | None
    valid_from: str
    valid_until: str | None
    outcome: str | None = None


@operation(
    door,
    "PUT /authority/v1/credentials",
    body=CredentialStatement,
    returns=AuthorityCredential,
    security=Security.BEARER,
    scope=WRITE,
    problems=(*CALLER, *_STATEMENT),
)
def write_credential(services: Services, body: CredentialStatement) -> AuthorityCredential:
    """Write one credential; the same statement again changes nothing. A state changes by a transition only."""
    caller, remits = require_authority(services, WRITE)
    statement = _read(body, remits)
    written = registering.write(services, statement, registering.Writer(_actor(caller), remits))
    if written.fault is not None:
        raise StatementError(_NOBODY.get(written.fault, written.fault)).as_service_error()
    assert written.card is not None  # noqa: S101 -- what is not refused has been written
    return _answer(written.card, written.outcome)


@operation(
    door,
    "POST /authority/v1/credentials/find",
    body=NumberRequest,
    returns=AuthorityCredential,
    security=Security.BEARER,
    scope=READ,
    problems=(*CALLER, "card_not_found"),
)
def find_credential(services: Services, body: NumberRequest) -> AuthorityCredential:
    """Find a credential of one's own by its number."""
    _caller, remits = require_authority(services, READ)
    found = None
    if body.type in set(CredentialType):
        with services.database.read() as connection:
            type_ = CredentialType(body.type)
            found = person.find_card_by_number(connection, services.vault, type_, body.number)
    if found is None:
        raise NotFoundError("card_not_found")
    owned_by(remits)(found)
    return _answer(found)


@operation(
    door,
    "GET /authority/v1/credentials/<credential>",
    returns=AuthorityCredential,
    security=Security.BEARER,
    scope=READ,
    problems=(*CALLER, "card_not_found"),
)
def read_credential(services: Services, credential: str) -> AuthorityCredential:
    """Read a credential of one's own."""
    _caller, remits = require_authority(services, READ)
    with services.database.read() as connection:
        found = person.find_card(connection, services.vault, credential)
    owned_by(remits)(found)
    return _answer(found)


@operation(
    door,
    "POST /authority/v1/credentials/<credential>/transitions",
    body=TransitionRequest,
    returns=AuthorityCredential,
    security=Security.BEARER,
    scope=WRITE,
    problems=(*CALLER, "card_not_found", "card_state_not_allowed", "text_not_readable"),
)
def move_credential(services: Services, body: TransitionRequest, credential: str) -> AuthorityCredential:
    """Move a credential on by a named transition; e-card and grants follow at once, and the holder is told."""
    caller, remits = require_authority(services, WRITE)
    moved = registering.transition(
        services,
        credential,
        find=registering.named(body.name),
        reason=clean(body.reason),
        actor=_actor(caller),
        require=owned_by(remits),
    )
    return _answer(moved)


@operation(
    door,
    "POST /authority/v1/credentials/<credential>/replacements",
    body=ReplacementRequest,
    returns=AuthorityCredential,
    status=201,
    security=Security.BEARER,
    scope=WRITE,
    problems=(
        *CALLER,
        "card_not_found",
        "card_state_not_allowed",
        "credential_number_taken",
        "credential_number_not_readable",
        "text_not_readable",
    ),
)
def replace_credential(services: Services, body: ReplacementRequest, credential: str) -> AuthorityCredential:
    """File the replacement of a lost card; answers the new card, which is being made."""
    caller, remits = require_authority(services, WRITE)
    number = clean(body.number, longest=96, problem="credential_number_not_readable")
    made = registering.replace_card(
        services,
        credential,
        number=number,
        reason=clean(body.reason),
        actor=_actor(caller),
        require=owned_by(remits),
    )
    return _answer(made)


@operation(
    door,
    "POST /authority/v1/credentials/<credential>/corrections",
    body=CorrectionStatement,
    returns=AuthorityCredential,
    security=Security.BEARER,
    scope=WRITE,
    problems=(
        *CALLER,
        "card_not_found",
        "claims_not_readable",
        "validity_not_readable",
        "formula_refused",
        "type_of_another_authority",
        "text_not_readable",
    ),
)
def correct_credential(services: Services, body: CorrectionStatement, credential: str) -> AuthorityCredential:
    """Correct claims or validity; the old ones stay in the sealed history, grants are revoked, the holder is told."""
    caller, remits = require_authority(services, WRITE)
    corrected = registering.correct(
        services,
        credential,
        change=_correction(body, remits),
        reason=clean(body.reason),
        actor=_actor(caller),
        require=owned_by(remits),
    )
    return _answer(corrected)


def require_authority(services: Services, scope: str) -> tuple[bearer.Bearer, frozenset[str]]:
    """Return the calling authority and what it owns, which is nothing for any other partner."""
    caller = bearer.require(services, scope=scope, now=services.clock())
    with services.database.read() as connection:
        return caller, authority.remits_of(connection, caller.client.partner)


def owned_by(remits: frozenset[str]) -> Callable[[Card], None]:
    """Return what raises NotFoundError for a credential outside of `remits`."""

    def require(card: Card) -> None:
        if remit_of(card.type, card.claims) not in remits:
            raise NotFoundError("card_not_found")

    return require


def clean(text: str, *, longest: int = LONGEST_REASON, problem: str = "text_not_readable") -> str:
    """Return a text of people without blanks around it; raises UnprocessableError."""
    stripped = text.strip()
    if not (0 < len(stripped) <= longest and stripped.isprintable()):
        raise UnprocessableError(problem)
    return stripped


def _read(body: CredentialStatement, remits: frozenset[str]) -> Statement:
    known = {remit.partition(".")[0] for remit in remits}
    # Asked first: what another authority owns is not looked at any further.
    if body.type in set(CredentialType) and body.type not in known:
        raise ForbiddenError(Fault.WRONG_OWNER)
    try:
        return read_statement(
            type_=body.type,
            number=body.number,
            id_number=body.id_number,
            name=body.name,
            claims=body.claims,
            valid_from=body.valid_from,
            valid_until=body.valid_until,
            state=body.state,
        )
    except StatementError as error:
        raise error.as_service_error() from error


def _correction(body: CorrectionStatement, remits: frozenset[str]) -> Callable[[Card], Card]:
    def change(card: Card) -> Card:
        first, last = body.valid_from or _day(card.valid_from), body.valid_until or _last_day(card.valid_until)
        try:
            claims = card.claims if body.claims is None else checked_claims(card.type, body.claims)
            starts, ends = read_validity(first, last)
        except StatementError as error:
            raise error.as_service_error() from error
        if card.type is CredentialType.E_SOCIAL_SECURITY_CARD and claims != card.claims:
            raise UnprocessableError(Fault.CLAIMS)
        if remit_of(card.type, claims) not in remits:
            raise ForbiddenError(Fault.WRONG_OWNER)
        return replace(card, claims=claims, valid_from=starts, valid_until=ends)

    return change


def _actor(caller: bearer.Bearer) -> str:
    return f"client:{caller.client.id}"


def _answer(card: Card, outcome: str | None = None) -> AuthorityCredential:
    return AuthorityCredential(
        id=card.id,
        type=card.type.value,
        number=card.number,
        claims=dict(card.claims),
        state=card.state.value,
        state_code=card.state.field_code,
        valid_from=_day(card.valid_from),
        valid_until=_last_day(card.valid_until),
        outcome=outcome,
    )


def _day(at: int) -> str:
    return city_date(at).isoformat()


def _last_day(end: int | None) -> str | None:
    return None if end is None else city_date(end - 1).isoformat()
