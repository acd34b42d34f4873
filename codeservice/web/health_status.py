"""Evidence for the health status, from the authorities that own it; and the officers' queue of appeals.

There is no operation here that takes a status.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from flask import Blueprint

from codeservice.assessing import Occasion, assess
from codeservice.credential import IdNumber, InvalidIdNumberError
from codeservice.errors import ForbiddenError, NotFoundError, TooManyRequestsError, UnprocessableError
from codeservice.health_status import TITLES, Cause, sources_of
from codeservice.officer import Duty
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import audit, health_appeal, health_status, person
from codeservice.store.database import Connection
from codeservice.telling import Effect, carry_out
from codeservice.web import bearer
from codeservice.web.officer import SCOPE, require_officer
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("health_status", __name__)

T = TypeVar("T")

EVIDENCE_SCOPE = "health:evidence"
MAX_ITEMS = 200
"""Pieces of evidence in one request; more come in more requests."""

_SKEW = 300
_CALLER = ("token_required", "scope_required", "terminal_not_allowed", "too_many_requests")
_Moment = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class EvidenceItem(Body, frozen=True):
    """What was seen of a person. `reference` is the authority's own number of it; the same number is recorded once."""

    id_number: Annotated[str, msgspec.Meta(max_length=32)]
    kind: _Text
    reference: _Text
    observed: _Moment
    expires: _Moment


class EvidenceRequest(Body, frozen=True):
    """Evidence, one piece or many."""

    items: Annotated[tuple[EvidenceItem, ...], msgspec.Meta(min_length=1, max_length=MAX_ITEMS)]


class EvidenceRecorded(Answer, frozen=True):
    """What became of each piece, in its order: `recorded`, `known` from before, or `person_unknown`."""

    results: list[str]


class EvidenceWithdrawal(Body, frozen=True):
    """Evidence that its source takes back."""

    kind: _Text
    reference: _Text


class AppealQueued(Answer, frozen=True):
    """An appeal that waits for two people."""

    id: str
    change: int
    status: int
    status_title: Words
    rule: str | None
    rule_version: int | None
    proposal: str | None
    evidence: list[str]
    text: str
    filed: int
    due: int


class AppealsQueued(Answer, frozen=True):
    """The queue, those due first."""

    appeals: list[AppealQueued]


@operation(
    door,
    "POST /authorities/v1/health-evidence",
    body=EvidenceRequest,
    returns=EvidenceRecorded,
    security=Security.BEARER,
    scope=EVIDENCE_SCOPE,
    problems=(*_CALLER, "health_evidence_not_owned", "health_evidence_not_readable", "health_cap_reached"),
)
def record_evidence(services: Services, body: EvidenceRequest) -> EvidenceRecorded:
    """Record evidence, all or nothing; rules in force say what follows from it, and each holder is told at once."""
    now = services.clock()
    caller = bearer.require(services, scope=EVIDENCE_SCOPE, now=now).client

    def work(connection: Connection) -> tuple[list[str], Effect]:
        owners = sources_of(health_status.rules_in_force(connection, now))
        if any(caller.partner not in owners.get(item.kind, ()) for item in body.items):
            raise ForbiddenError("health_evidence_not_owned")
        results, touched = [], set()
        for item in body.items:
            found = _find(services, connection, item, now)
            if found is None:
                results.append("person_unknown")
                continue
            recorded = health_status.add_evidence(
                connection,
                services.vault,
                person=found,
                kind=item.kind,
                source=caller.partner,
                reference=item.reference,
                observed=item.observed,
                expires=item.expires,
                client=caller.id,
                now=now,
            )
            results.append("known" if recorded is None else "recorded")
            if recorded is not None:
                touched.add(found)
        occasion = Occasion(Cause.RULE, f"client:{caller.id}", now)
        return results, assess(connection, touched, occasion)

    results, effect = _recording_refusals(services, caller.id, work, now)
    carry_out(services, effect)
    return EvidenceRecorded(results)


@operation(
    door,
    "POST /authorities/v1/health-evidence/withdrawals",
    body=EvidenceWithdrawal,
    status=204,
    security=Security.BEARER,
    scope=EVIDENCE_SCOPE,
    problems=(*_CALLER, "health_evidence_not_found"),
)
def withdraw_evidence(services: Services, body: EvidenceWithdrawal) -> None:
    """Take evidence back; its person is assessed anew without it."""
    now = services.clock()
    caller = bearer.require(services, scope=EVIDENCE_SCOPE, now=now).client

    def work(connection: Connection) -> Effect:
        withdrawn = health_status.withdraw_evidence(
            connection, services.vault, kind=body.kind, source=caller.partner, reference=body.reference, now=now
        )
        if withdrawn is None:
            raise NotFoundError("health_evidence_not_found")
        evidence, of_person = withdrawn
        actor = f"client:{caller.id}"
        subject = f"health_evidence:{evidence}"
        audit.add(connection, at=now, actor=actor, action="health_evidence_withdrawn", subject=subject, details={})
        return assess(connection, [of_person], Occasion(Cause.WITHDRAWN, actor, now))

    carry_out(services, services.database.transact(work))


@operation(
    door,
    "GET /officers/v1/health-appeals",
    returns=AppealsQueued,
    security=Security.BEARER,
    scope=SCOPE,
    problems=("token_required", "scope_required", "officer_not_active", "duty_required"),
)
def waiting_appeals(services: Services) -> AppealsQueued:
    """List the appeals that wait, with what the change rests on; who appeals is not named."""
    require_officer(services, Duty.HEALTH_APPEALS, Duty.HEALTH_APPROVE)
    queue = []
    with services.database.read() as connection:
        for appeal in health_appeal.waiting(connection, services.vault, limit=MAX_ITEMS):
            change = health_status.find_change(connection, appeal.change)
            if change is not None:
                queue.append(
                    AppealQueued(
                        id=appeal.id,
                        change=change.id,
                        status=int(change.status),
                        status_title=TITLES[change.status],
                        rule=change.rule,
                        rule_version=change.rule_version,
                        proposal=change.proposal,
                        evidence=list(change.evidence),
                        text=appeal.text,
                        filed=appeal.filed,
                        due=appeal.due,
                    )
                )
    return AppealsQueued(queue)


def _find(services: Services, connection: Connection, item: EvidenceItem, now: int) -> str | None:
    if not item.observed <= now + _SKEW or item.expires <= item.observed:
        raise UnprocessableError("health_evidence_not_readable")
    try:
        id_number = IdNumber.read(item.id_number)
    except InvalidIdNumberError as error:
        raise UnprocessableError("health_evidence_not_readable") from error
    found = person.find_by_id_number(connection, services.vault, id_number)
    return None if found is None else found.id


def _recording_refusals(services: Services, client: str, work: Callable[[Connection], T], now: int) -> T:
    try:
        return services.database.transact(work)
    except (ForbiddenError, TooManyRequestsError) as error:
        details: dict[str, object] = {"code": error.code}

        def record(connection: Connection) -> None:
            subject, action = f"client:{client}", "health_evidence_refused"
            audit.add(connection, at=now, actor=subject, action=action, subject=subject, details=details)

        services.database.transact(record)
        raise
