"""Health records in a wallet: consents with their history, hospitals' questions, and who has looked."""

import secrets
from typing import Annotated

import msgspec
from flask import Blueprint

from codeservice.errors import ConflictError, NotFoundError, UnprocessableError
from codeservice.health_record import (
    CONSENTABLE,
    MAX_CONSENT_DAYS,
    PURPOSE_TITLES,
    SCOPE_TITLES,
    Purpose,
    Scope,
    write_scopes,
)
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import audit, client, health_record
from codeservice.store.database import Connection
from codeservice.store.health_record import StoredConsent, StoredRequest
from codeservice.store.session import SignedIn
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import require_person

door = Blueprint("health_records", __name__)

_NEWEST = 100
_DAY = 24 * 3600
_HOSPITAL = "hospital"
_SESSION = ("sign_in_required", "real_name_required")
_CHANGES = (*_SESSION, "csrf_token_required")


class Titled(Answer, frozen=True):
    """Something that can be chosen."""

    code: str
    title: Words


class Institution(Answer, frozen=True):
    """A hospital that a consent can be given to."""

    id: str
    name: str


class RecordChoices(Answer, frozen=True):
    """What a consent is made of."""

    institutions: list[Institution]
    scopes: list[Titled]
    purposes: list[Titled]
    max_days: int


class RecordConsentRequest(Body, frozen=True):
    """Which parts are opened to whom, what for, and until when (epoch seconds; `begins` is now if it is left out)."""

    institution: Annotated[str, msgspec.Meta(max_length=32)]
    scopes: Annotated[frozenset[Scope], msgspec.Meta(min_length=1)]
    purpose: Purpose
    ends: Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
    begins: Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)] | None = None


class RecordConsent(Answer, frozen=True):
    """One version of a consent; `active` says whether it opens anything now."""

    id: str
    version: int
    institution: str
    scopes: list[Titled]
    purpose: Titled
    begins: int
    ends: int
    withdrawn: bool
    active: bool
    at: int


class RecordConsents(Answer, frozen=True):
    """Consents, or the versions of one."""

    consents: list[RecordConsent]


class RecordQuestion(Answer, frozen=True):
    """What a hospital asks for; `days` is how long the consent would last."""

    id: str
    institution: str
    scopes: list[Titled]
    purpose: Titled
    days: int
    at: int
    expires: int


class RecordQuestions(Answer, frozen=True):
    """The questions that wait for an answer."""

    requests: list[RecordQuestion]


class QuestionAnswer(Body, frozen=True):
    """Yes or no."""

    given: bool


class HealthAccess(Answer, frozen=True):
    """One look: what was asked for and what was allowed, by whom, under which consent, visit or emergency."""

    at: int
    institution: str
    operator: str
    what: str
    asked: list[str]
    allowed: list[str]
    purpose: str
    subject: str


class HealthAccesses(Answer, frozen=True):
    """The newest looks."""

    accesses: list[HealthAccess]


@operation(
    door, "GET /wallet/api/v1/record-choices", returns=RecordChoices, security=Security.SESSION, problems=_SESSION
)
def record_choices(services: Services) -> RecordChoices:
    """List the hospitals, parts and purposes that a consent can name."""
    require_person(services)
    with services.database.read() as connection:
        found = [Institution(*entry) for entry in client.partners_of(connection, _HOSPITAL)]
    scopes = [Titled(scope.value, SCOPE_TITLES[scope]) for scope in Scope]
    return RecordChoices(
        found, scopes, [_purpose(entry) for entry in Purpose if entry in CONSENTABLE], MAX_CONSENT_DAYS
    )


@operation(
    door, "GET /wallet/api/v1/record-consents", returns=RecordConsents, security=Security.SESSION, problems=_SESSION
)
def record_consents(services: Services) -> RecordConsents:
    """List the holder's consents, each in its newest version."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        names = dict(client.partners_of(connection, _HOSPITAL))
        found = health_record.consents_of(connection, holder)
    return RecordConsents([_consent(entry, names, now) for entry in found[:_NEWEST]])


@operation(
    door,
    "GET /wallet/api/v1/record-consents/<consent>/versions",
    returns=RecordConsents,
    security=Security.SESSION,
    problems=(*_SESSION, "record_consent_not_found"),
)
def record_consent_versions(services: Services, consent: str) -> RecordConsents:
    """List every version of a consent, oldest first; only the newest opens anything."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        names = dict(client.partners_of(connection, _HOSPITAL))
        found = health_record.history(connection, holder, consent)
    if not found:
        raise NotFoundError("record_consent_not_found")
    versions = [_consent(entry, names, now) for entry in found]
    older = [msgspec.structs.replace(entry, active=False) for entry in versions[:-1]]
    return RecordConsents([*older, versions[-1]])


@operation(
    door,
    "POST /wallet/api/v1/record-consents",
    body=RecordConsentRequest,
    returns=RecordConsent,
    status=201,
    security=Security.SESSION,
    problems=(*_CHANGES, "partner_not_found", "record_scope_not_allowed", "record_period_not_allowed"),
)
def give_record_consent(services: Services, body: RecordConsentRequest) -> RecordConsent:
    """Open parts of one's record to a hospital, for a purpose and a time."""
    signed_in, holder = require_person(services)
    now = services.clock()
    begins = now if body.begins is None else body.begins
    if body.purpose not in CONSENTABLE:
        raise UnprocessableError("record_scope_not_allowed")
    if not max(now, begins) < body.ends <= now + MAX_CONSENT_DAYS * _DAY:
        raise UnprocessableError("record_period_not_allowed")

    def work(connection: Connection) -> RecordConsent:
        names = dict(client.partners_of(connection, _HOSPITAL))
        if body.institution not in names:
            raise UnprocessableError("partner_not_found")
        scopes = tuple(scope for scope in Scope if scope in body.scopes)
        given = _new(holder, body.institution, scopes, body.purpose, begins, body.ends, now)
        _keep(connection, signed_in, given)
        return _consent(given, names, now)

    return services.database.transact(work)


@operation(
    door,
    "DELETE /wallet/api/v1/record-consents/<consent>",
    returns=RecordConsent,
    security=Security.SESSION,
    problems=(*_CHANGES, "record_consent_not_found"),
)
def withdraw_record_consent(services: Services, consent: str) -> RecordConsent:
    """Withdraw a consent; it counts from the next request of the hospital."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> RecordConsent:
        found = health_record.withdraw(connection, holder, consent, now=now)
        if found is None:
            raise NotFoundError("record_consent_not_found")
        _audit(connection, signed_in, "record_consent_withdrawn", found, now)
        return _consent(found, dict(client.partners_of(connection, _HOSPITAL)), now)

    return services.database.transact(work)


@operation(
    door, "GET /wallet/api/v1/record-requests", returns=RecordQuestions, security=Security.SESSION, problems=_SESSION
)
def record_requests(services: Services) -> RecordQuestions:
    """List the questions of hospitals that wait for the holder's answer."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        names = dict(client.partners_of(connection, _HOSPITAL))
        found = health_record.requests_of(connection, holder, now=services.clock())
    return RecordQuestions([_question(entry, names) for entry in found])


@operation(
    door,
    "POST /wallet/api/v1/record-requests/<request>/answer",
    body=QuestionAnswer,
    status=204,
    security=Security.SESSION,
    problems=(*_CHANGES, "record_request_not_found", "record_request_closed"),
)
def answer_record_request(services: Services, body: QuestionAnswer, request: str) -> None:
    """Answer a hospital's question, once; a yes is a consent that can be withdrawn like any other."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> None:
        found = health_record.find_request(connection, request, person=holder)
        if found is None:
            raise NotFoundError("record_request_not_found")
        ends = now + found.days * _DAY
        given = _new(holder, found.partner, found.scopes, found.purpose, now, ends, now)
        state = health_record.GIVEN if body.given else health_record.DECLINED
        consent = given.id if body.given else None
        if not health_record.answer_request(connection, found, state, consent, now=now):
            raise ConflictError("record_request_closed")
        if body.given:
            _keep(connection, signed_in, given)
        else:
            actor = f"account:{signed_in.account}"
            subject = f"record_request:{found.id}"
            audit.add(connection, at=now, actor=actor, action="record_request_declined", subject=subject, details={})

    services.database.transact(work)


@operation(
    door, "GET /wallet/api/v1/health-accesses", returns=HealthAccesses, security=Security.SESSION, problems=_SESSION
)
def health_accesses(services: Services) -> HealthAccesses:
    """List who has looked at what is about the holder's health, allowed or not, the newest first."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = health_record.accesses_of(connection, holder, limit=_NEWEST)
    return HealthAccesses(
        [
            HealthAccess(
                look.at,
                name,
                look.operator,
                look.what,
                look.asked.split(),
                look.scopes.split(),
                look.purpose,
                look.subject,
            )
            for look, name in found
        ]
    )


def _new(  # noqa: PLR0913, PLR0917 -- one consent
    holder: str, partner: str, scopes: tuple[Scope, ...], purpose: Purpose, begins: int, ends: int, now: int
) -> StoredConsent:
    id_ = secrets.token_hex(16)
    return StoredConsent(id_, 1, holder, partner, scopes, purpose, begins, ends, withdrawn=False, at=now)


def _keep(connection: Connection, signed_in: SignedIn, given: StoredConsent) -> None:
    health_record.add_consent(connection, given)
    _audit(connection, signed_in, "record_consent_given", given, given.at)


def _audit(connection: Connection, signed_in: SignedIn, action: str, given: StoredConsent, now: int) -> None:
    audit.add(
        connection,
        at=now,
        actor=f"account:{signed_in.account}",
        action=action,
        subject=f"consent:{given.id}",
        details={"partner": given.partner, "scopes": write_scopes(given.scopes), "purpose": given.purpose.value},
    )


def _consent(entry: StoredConsent, names: dict[str, str], now: int) -> RecordConsent:
    return RecordConsent(
        entry.id,
        entry.version,
        names.get(entry.partner, entry.partner),
        _scopes(entry.scopes),
        _purpose(entry.purpose),
        entry.begins,
        entry.ends,
        entry.withdrawn,
        entry.holds(now),
        entry.at,
    )


def _question(entry: StoredRequest, names: dict[str, str]) -> RecordQuestion:
    name = names.get(entry.partner, entry.partner)
    return RecordQuestion(
        entry.id, name, _scopes(entry.scopes), _purpose(entry.purpose), entry.days, entry.at, entry.expires
    )


def _scopes(scopes: tuple[Scope, ...]) -> list[Titled]:
    return [Titled(scope.value, SCOPE_TITLES[scope]) for scope in scopes]


def _purpose(purpose: Purpose) -> Titled:
    return Titled(purpose.value, PURPOSE_TITLES[purpose])
