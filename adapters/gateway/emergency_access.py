"""Emergency access ("break glass"): the minimum about a patient who cannot consent, with reason, notice and review."""

import secrets
from typing import Annotated

import msgspec
from flask import Blueprint

from adapters.contract import TypedNumber
from adapters.gateway.health_record import signed
from adapters.gateway.hospital_partner import PROBLEMS, Hospital, require_hospital
from adapters.hospital import EmergencyPolicy, EmergencyReason, Operator
from codeservice.credential import CredentialType, mask, mask_name
from codeservice.emergency_access import REPEAT_SECONDS
from codeservice.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    Rejected,
    TooManyRequestsError,
)
from codeservice.health_record import Purpose, Scope, write_scopes
from codeservice.notice import NoticeKind
from codeservice.scan import Typed
from codeservice.scanning import holder_of
from codeservice.services import Services
from codeservice.store import audit, client, emergency_access, grant, health_record, household, notice, pairwise, tally
from codeservice.store import person as people
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from codeservice.web.verification import require_act

door = Blueprint("emergency_access", __name__)

SCOPE = "emergency"
_MAX_CODE = 1000


class EmergencyRequest(Body, frozen=True):
    """Why, by whom, and who the patient is: a number from a document, or a code that its time no longer covers.

    `statement` is the clinician's own words; they are sealed and read by the reviewer.
    """

    reason: EmergencyReason
    statement: Annotated[str, msgspec.Meta(min_length=5, max_length=500)]
    operator: Operator
    typed: TypedNumber | None = None
    code: Annotated[str, msgspec.Meta(max_length=_MAX_CODE)] = ""


class Guardian(Answer, frozen=True):
    """Who acts for the patient, masked."""

    name: str
    phone: str | None


class Emergency(Answer, frozen=True):
    """The minimum, and the signed decision for the part of the record that an emergency opens.

    `review_due` is by when a second person looks at this access.
    """

    id: str
    patient: str
    name: str
    health_card: str | None
    guardians: list[Guardian]
    allowed: list[Scope]
    decision: str | None
    at: int
    review_due: int
    repeat: bool


@operation(
    door,
    "POST /api/v1/emergency-accesses",
    body=EmergencyRequest,
    returns=Emergency,
    security=Security.BEARER,
    scope=SCOPE,
    headers=("Idempotency-Key",),
    problems=(
        *PROBLEMS,
        "idempotency_key_required",
        "idempotency_key_reused",
        "emergency_not_allowed",
        "emergency_limit_reached",
        "patient_not_found",
        "signing_unavailable",
    ),
)
def open_in_emergency(services: Services, body: EmergencyRequest) -> Emergency:
    """Give the minimum about a patient in an emergency; the holder is told at once and a second person reviews it."""
    now = services.clock()
    who = require_hospital(services, scope=SCOPE, now=now)
    act, policy = require_act(), who.policy.emergency
    if policy is None or body.reason not in policy.reasons:
        raise ForbiddenError("emergency_not_allowed")
    with services.database.read() as connection:
        earlier = emergency_access.find_by_act(connection, who.client.id, act)
    if earlier is None:
        # Counted before anybody is looked for, so that a miss costs as much as a hit.
        with services.database.write() as connection:
            left = tally.take(connection, f"emergency:{now // 3600}", who.client.place, 1, policy.hourly)
        if left is None:
            raise TooManyRequestsError("emergency_limit_reached", retry_after=3600 - now % 3600)

    def work(connection: Connection) -> tuple[emergency_access.StoredEmergency, bool] | None:
        client.require_active(connection, who.client.id)
        again = emergency_access.find_by_act(connection, who.client.id, act)
        if again is not None:
            same = (again.reason, again.operator) == (body.reason, body.operator)
            if not same or _identify(services, connection, body, now) != again.person:
                raise ConflictError("idempotency_key_reused")
            return None if now - again.at > REPEAT_SECONDS else (again, True)
        holder = _identify(services, connection, body, now)
        if holder is None:
            _audit(connection, who, "emergency_missed", f"client:{who.client.id}", body, now)
            return None
        access = emergency_access.StoredEmergency(
            id=secrets.token_hex(16),
            client=who.client.id,
            act=act,
            partner=who.client.partner,
            place=who.client.place,
            person=holder,
            operator=body.operator,
            reason=body.reason,
            at=now,
            due=emergency_access.due_of(now),
            reviewed=None,
            reviewer=None,
            verdict=None,
            note=None,
        )
        emergency_access.add(connection, services.vault, access, body.statement)
        _tell(connection, who, policy, access)
        _audit(connection, who, "emergency_access", f"emergency:{access.id}", body, now)
        return access, False

    found = services.database.transact(work)
    if found is None:
        raise NotFoundError("patient_not_found")
    return _answer(services, who, policy, *found, now=now)


def _identify(services: Services, connection: Connection, body: EmergencyRequest, now: int) -> str | None:
    try:
        if body.typed is not None:
            return holder_of(services, connection, Typed(body.typed.document, body.typed.number), now)
        # Signatures and the grant count; the moment of showing does not, because nobody can show it anew.
        proved = services.verifier.prove(body.code, now=now)
    except Rejected:
        return None
    issued = grant.find(connection, proved.grant.list, proved.grant.idx)
    return None if issued is None else issued.person


def _tell(
    connection: Connection, who: Hospital, policy: EmergencyPolicy, access: emergency_access.StoredEmergency
) -> None:
    reason, now = policy.reasons[access.reason], access.at
    values = {"partner": who.client.partner_name, "reason_zh": reason.zh, "reason_en": reason.en}
    subject = f"emergency:{access.id}"
    notice.add(connection, access.person, NoticeKind.EMERGENCY_ACCESS, subject=subject, values=values, now=now)
    look = health_record.Access(
        access.person,
        access.partner,
        access.client,
        access.operator,
        "emergency",
        "name health_card guardian",
        write_scopes(policy.scopes),
        Purpose.EMERGENCY.value,
        subject,
        now,
    )
    health_record.note_access(connection, look)


def _audit(  # noqa: PLR0913, PLR0917 -- one entry
    connection: Connection, who: Hospital, action: str, subject: str, body: EmergencyRequest, now: int
) -> None:
    details: dict[str, object] = {"reason": body.reason, "operator": body.operator, "place": who.client.place}
    audit.add(connection, at=now, actor=f"client:{who.client.id}", action=action, subject=subject, details=details)


def _answer(  # noqa: PLR0913 -- one answer
    services: Services,
    who: Hospital,
    policy: EmergencyPolicy,
    access: emergency_access.StoredEmergency,
    repeat: bool,  # noqa: FBT001 -- comes as a pair with the access
    *,
    now: int,
) -> Emergency:
    def work(connection: Connection) -> tuple[str, people.Holder, str | None, list[Guardian]]:
        holder = people.find_holder(connection, services.vault, access.person)
        cards = people.cards_of(connection, services.vault, access.person)
        number = next(
            (card.number for card in cards if card.type is CredentialType.E_HEALTH_CARD and card.holds(now)), None
        )
        ties = household.active_of(connection, access.person)
        guardians = [
            people.find_holder(connection, services.vault, tie.guardian)
            for tie in ties
            if tie.dependant == access.person and tie.is_active(now)
        ]
        masked = [
            Guardian(mask_name(entry.name), None if entry.phone is None else mask(entry.phone, head=3, tail=4))
            for entry in guardians
        ]
        subject = pairwise.find_or_add(connection, services.vault, access.partner, access.person, now=now)
        return subject, holder, number, masked

    subject, holder, number, guardians = services.database.transact(work)
    allowed = [scope for scope in Scope if scope in policy.scopes]
    decision = None
    if allowed:
        decision = signed(services, who, subject, allowed, Purpose.EMERGENCY, f"emergency:{access.id}", now)
    return Emergency(
        access.id, subject, holder.name, number, guardians, allowed, decision, access.at, access.due, repeat
    )
