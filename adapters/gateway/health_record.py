"""Health records for a hospital's own server: may it open one now, and asking the holder for a consent.

The answer is the authorisation and no medical content: a signed decision that the keeper of the record checks.
"""

from typing import Annotated

import msgspec
from flask import Blueprint

from adapters.gateway.hospital_partner import PROBLEMS, Hospital, require_hospital, require_patient
from adapters.hospital import Operator
from codeservice.errors import NotFoundError, UnavailableError, UnprocessableError
from codeservice.health_record import (
    CONSENTABLE,
    DECISION_LIFE,
    MAX_CONSENT_DAYS,
    PURPOSE_TITLES,
    SCOPE_TITLES,
    Purpose,
    Scope,
    sign_decision,
    write_scopes,
)
from codeservice.notice import NoticeKind
from codeservice.services import Services
from codeservice.store import audit, health_record, notice
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from keys.errors import KeyNotUsableError, SignerError
from keys.key import Purpose as KeyPurpose

door = Blueprint("health_record", __name__)

SCOPE = "records"
_Patient = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
_Scopes = Annotated[frozenset[Scope], msgspec.Meta(min_length=1)]


class AccessRequest(Body, frozen=True):
    """Which parts of whose record a clinician wants to open, and what for."""

    patient: _Patient
    scopes: _Scopes
    purpose: Purpose
    operator: Operator


class RecordAccess(Answer, frozen=True):
    """The parts that may be opened now; `decision` is signed (JWS) for the record's keeper, None when nothing is."""

    patient: str
    allowed: list[Scope]
    purpose: Purpose
    expires: int
    decision: str | None


class ConsentQuestion(Body, frozen=True):
    """Which parts a hospital asks the holder to open to it, what for, and for how many days."""

    patient: _Patient
    scopes: _Scopes
    purpose: Purpose
    operator: Operator
    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_CONSENT_DAYS)]


class RecordRequestAnswer(Answer, frozen=True):
    """A question: waiting, given, declined, or waiting past its end, which is a no."""

    id: str
    state: str
    expires: int


@operation(
    door,
    "POST /api/v1/record-access",
    body=AccessRequest,
    returns=RecordAccess,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*PROBLEMS, "patient_not_found", "record_scope_not_allowed", "signing_unavailable"),
)
def open_record(services: Services, body: AccessRequest) -> RecordAccess:
    """Ask which parts of a record may be opened now; every question is recorded and shown to the holder."""
    now = services.clock()
    who = require_hospital(services, scope=SCOPE, now=now)
    _require_askable(who, body.scopes, body.purpose)

    def work(connection: Connection) -> tuple[list[Scope], str]:
        holder = require_patient(connection, who, body.patient)
        consents = [
            consent
            for consent in health_record.consents_of(connection, holder, who.client.partner)
            if consent.purpose is body.purpose and consent.holds(now)
        ]
        open_ = {scope for consent in consents for scope in consent.scopes} & body.scopes & who.policy.records
        allowed = [scope for scope in Scope if scope in open_]
        basis = " ".join(sorted(consent.id for consent in consents if open_ & set(consent.scopes)))
        access = health_record.Access(
            holder,
            who.client.partner,
            who.client.id,
            body.operator,
            "record",
            write_scopes(body.scopes),
            write_scopes(allowed),
            body.purpose.value,
            f"consent:{basis.split(' ')[0]}" if basis else "",
            now,
        )
        health_record.note_access(connection, access)
        audit.add(
            connection,
            at=now,
            actor=f"client:{who.client.id}",
            action="record_access",
            subject=f"person:{holder}",
            details={
                "asked": write_scopes(body.scopes),
                "allowed": write_scopes(allowed),
                "purpose": body.purpose.value,
                "operator": body.operator,
            },
        )
        return allowed, basis

    allowed, basis = services.database.transact(work)
    decision = signed(services, who, body.patient, allowed, body.purpose, basis, now) if allowed else None
    return RecordAccess(body.patient, allowed, body.purpose, now + DECISION_LIFE, decision)


def signed(  # noqa: PLR0913, PLR0917 -- one argument for each claim
    services: Services, who: Hospital, subject: str, scopes: list[Scope], purpose: Purpose, basis: str, now: int
) -> str:
    """Sign a decision for the platform that keeps the record; raises UnavailableError."""
    try:
        return sign_decision(
            partner=who.client.partner,
            subject=subject,
            scopes=scopes,
            purpose=purpose,
            basis=basis,
            issuer=services.settings.origin,
            signer=services.signer(KeyPurpose.TOKEN),
            now=now,
        )
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=5) from error


@operation(
    door,
    "POST /api/v1/record-requests",
    body=ConsentQuestion,
    returns=RecordRequestAnswer,
    status=201,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*PROBLEMS, "patient_not_found", "record_scope_not_allowed"),
)
def ask_for_consent(services: Services, body: ConsentQuestion) -> RecordRequestAnswer:
    """Ask the holder to open parts of the record to this hospital; the holder is told at once."""
    now = services.clock()
    who = require_hospital(services, scope=SCOPE, now=now)
    _require_askable(who, body.scopes, body.purpose)

    def work(connection: Connection) -> health_record.StoredRequest:
        holder = require_patient(connection, who, body.patient)
        request = health_record.add_request(
            connection,
            person=holder,
            partner=who.client.partner,
            client=who.client.id,
            operator=body.operator,
            scopes=tuple(scope for scope in Scope if scope in body.scopes),
            purpose=body.purpose,
            days=body.days,
            now=now,
        )
        values = {
            "partner": who.client.partner_name,
            "scopes_zh": "、".join(SCOPE_TITLES[scope].zh for scope in request.scopes),
            "scopes_en": ", ".join(SCOPE_TITLES[scope].en for scope in request.scopes),
            "purpose_zh": PURPOSE_TITLES[body.purpose].zh,
            "purpose_en": PURPOSE_TITLES[body.purpose].en,
        }
        kind = NoticeKind.RECORD_REQUESTED
        notice.add(connection, holder, kind, subject=f"record_request:{request.id}", values=values, now=now)
        audit.add(
            connection,
            at=now,
            actor=f"client:{who.client.id}",
            action="record_requested",
            subject=f"record_request:{request.id}",
            details={"scopes": write_scopes(request.scopes), "purpose": body.purpose.value, "operator": body.operator},
        )
        return request

    return _answer(services.database.transact(work))


@operation(
    door,
    "GET /api/v1/record-requests/<request>",
    returns=RecordRequestAnswer,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*PROBLEMS, "record_request_not_found"),
)
def find_record_request(services: Services, request: str) -> RecordRequestAnswer:
    """Read what became of a question of one's own."""
    who = require_hospital(services, scope=SCOPE, now=services.clock())
    with services.database.read() as connection:
        found = health_record.find_request(connection, request, partner=who.client.partner)
    if found is None:
        raise NotFoundError("record_request_not_found")
    return _answer(found)


def _answer(request: health_record.StoredRequest) -> RecordRequestAnswer:
    return RecordRequestAnswer(request.id, request.state, request.expires)


def _require_askable(who: Hospital, scopes: frozenset[Scope], purpose: Purpose) -> None:
    if purpose not in CONSENTABLE or not scopes <= who.policy.records:
        raise UnprocessableError("record_scope_not_allowed")
