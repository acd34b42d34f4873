"""Proposals by HTTP: what one officer asks for, another looks at and approves."""

import json
from typing import Annotated, Any

import msgspec
from flask import Blueprint

from codeservice import approving
from codeservice.approving import ACTS
from codeservice.credential import mask_name
from codeservice.errors import BadRequestError, NotFoundError
from codeservice.proposal import Proposal
from codeservice.services import Services
from codeservice.store import officer as officers
from codeservice.store import person
from codeservice.store import proposal as proposals
from codeservice.store.database import Connection
from codeservice.store.officer import StoredOfficer
from codeservice.web.officer import SCOPE, require_officer
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("proposal", __name__)

_NEWEST = 200
_CALLER = ("token_required", "scope_required", "officer_not_active", "duty_required")
_WRITING = (
    "proposal_kind_unknown",
    "proposal_not_readable",
    "health_reason_not_allowed",
    "health_order_too_large",
    "health_people_unknown",
    "no_health_emergency",
    "authority_not_found",
    "health_change_not_found",
    "health_appeal_not_found",
    "officer_not_found",
)
_DECIDING = ("proposal_not_found", "proposal_decided")
_Reason = Annotated[str, msgspec.Meta(min_length=4, max_length=200)]
_Basis = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9.:/-]{2,79}$")]


class ProposalRequest(Body, frozen=True):
    """An act to ask for: its kind, its content, why in words, and the code of its legal basis."""

    kind: str
    document: dict[str, Any]
    reason: _Reason
    basis: _Basis


class ProposalText(Body, frozen=True):
    """A new text of a proposal."""

    document: dict[str, Any]
    reason: _Reason
    basis: _Basis


class ProposalApproval(Body, frozen=True):
    """The digest (hex) of the text that the approver has looked at."""

    digest: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class ProposalSeen(Answer, frozen=True):
    """A proposal. `people` are those whom it names, masked; the `digest` covers kind, document, reason and basis."""

    id: str
    kind: str
    document: Any
    reason: str
    basis: str
    digest: str
    proposer: str
    approver: str | None
    created: int
    expires: int
    state: str
    people: list[str]


class ProposalsSeen(Answer, frozen=True):
    """Proposals that wait."""

    proposals: list[ProposalSeen]


@operation(
    door,
    "POST /officers/v1/proposals",
    body=ProposalRequest,
    returns=ProposalSeen,
    status=201,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_CALLER, *_WRITING),
)
def propose(services: Services, body: ProposalRequest) -> ProposalSeen:
    """Ask for an act; nothing happens until another person approves it."""
    officer = require_officer(services)
    made = approving.propose(
        services, officer, kind=body.kind, sent=body.document, reason=body.reason, basis=body.basis
    )
    return _seen(services, made)


@operation(
    door,
    "GET /officers/v1/proposals",
    returns=ProposalsSeen,
    security=Security.BEARER,
    scope=SCOPE,
    problems=_CALLER,
)
def waiting_proposals(services: Services) -> ProposalsSeen:
    """List the proposals that wait and that the officer may propose or approve."""
    officer = require_officer(services)
    with services.database.read() as connection:
        found = proposals.waiting(connection, now=services.clock(), limit=_NEWEST)
    return ProposalsSeen([_seen(services, entry) for entry in found if _may_see(officer, entry)])


@operation(
    door,
    "GET /officers/v1/proposals/<proposal>",
    returns=ProposalSeen,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_CALLER, "proposal_not_found"),
)
def show_proposal(services: Services, proposal: str) -> ProposalSeen:
    """Show one proposal with the people whom it names, masked."""
    officer = require_officer(services)
    with services.database.read() as connection:
        found = proposals.find(connection, proposal)
    if found is None or not _may_see(officer, found):
        raise NotFoundError("proposal_not_found")
    return _seen(services, found)


@operation(
    door,
    "PUT /officers/v1/proposals/<proposal>",
    body=ProposalText,
    returns=ProposalSeen,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_CALLER, *_WRITING, *_DECIDING),
)
def change_proposal(services: Services, body: ProposalText, proposal: str) -> ProposalSeen:
    """Change one's own proposal; it has another digest from then on."""
    officer = require_officer(services)
    changed = approving.amend(services, officer, proposal, sent=body.document, reason=body.reason, basis=body.basis)
    return _seen(services, changed)


@operation(
    door,
    "POST /officers/v1/proposals/<proposal>/approval",
    body=ProposalApproval,
    returns=ProposalSeen,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(
        *_CALLER,
        *_WRITING,
        *_DECIDING,
        "second_person_required",
        "proposal_expired",
        "proposal_changed",
        "health_cap_reached",
        "officer_not_proposed",
    ),
)
def approve_proposal(services: Services, body: ProposalApproval, proposal: str) -> ProposalSeen:
    """Approve exactly this text and execute it, once."""
    officer = require_officer(services)
    approving.approve(services, officer, proposal, bytes.fromhex(body.digest))
    with services.database.read() as connection:
        found = proposals.find(connection, proposal)
    if found is None:
        raise NotFoundError("proposal_not_found")
    return _seen(services, found)


@operation(
    door,
    "POST /officers/v1/proposals/<proposal>/rejection",
    status=204,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_CALLER, *_DECIDING),
)
def reject_proposal(services: Services, proposal: str) -> None:
    """Reject a proposal, or take back one's own."""
    approving.reject(services, require_officer(services), proposal)


def _may_see(officer: StoredOfficer, proposal: Proposal) -> bool:
    act = ACTS.get(proposal.kind)
    return act is not None and bool(officer.duties & {act.propose.value, act.approve.value})


def _seen(services: Services, proposal: Proposal) -> ProposalSeen:
    try:
        document = json.loads(proposal.document) if proposal.document else {}
    except ValueError as error:
        raise BadRequestError("bad_request") from error
    with services.database.read() as connection:
        people = _people(services, connection, document)
    return ProposalSeen(
        id=proposal.id,
        kind=proposal.kind,
        document=document,
        reason=proposal.reason,
        basis=proposal.basis,
        digest=proposal.digest.hex(),
        proposer=proposal.proposer,
        approver=proposal.approver,
        created=proposal.created,
        expires=proposal.expires,
        state=proposal.state.value,
        people=people,
    )


def _people(services: Services, connection: Connection, document: dict[str, Any]) -> list[str]:
    holders = [person.find_holder(connection, services.vault, entry) for entry in document.get("people", ())]
    named = [f"{mask_name(holder.name)} {holder.id_number.masked}" for holder in holders]
    if "officer" in document:
        officer = officers.find(connection, services.vault, document["officer"])
        if officer is not None:
            # Who approves has to see which person it is, and for what.
            named.append(
                f"{officer.name} {officer.id_number.masked} {officer.authority} {' '.join(sorted(officer.duties))}"
            )
    return named
