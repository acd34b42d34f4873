"""Two people decide: proposing, changing, approving and rejecting, and the table of everything that can be proposed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from codeservice import emergency
from codeservice.errors import ConflictError, ForbiddenError, NotFoundError, ServiceError, UnprocessableError
from codeservice.officer import Duty
from codeservice.policy import Part
from codeservice.proposal import MAX_DOCUMENT, Proposal, ProposalState, require_approvable
from codeservice.services import Services
from codeservice.store import audit
from codeservice.store import officer as officers
from codeservice.store import proposal as proposals
from codeservice.store.database import Connection
from codeservice.store.officer import StoredOfficer
from codeservice.telling import Effect, carry_out

T = TypeVar("T")

ADMISSION = "officer"


@dataclass(frozen=True)
class Act:
    """One kind of proposal: who may propose and approve it, and what it does.

    `write` reads what was sent into the canonical document, or raises a ServiceError. `execute` runs once, in the
    transaction of the approval, with the two people (proposer, approver).
    """

    propose: Duty
    approve: Duty
    write: Callable[[Services, Connection, object, int], bytes]
    execute: Callable[[Services, Connection, Proposal, tuple[str, str], int], Effect]


class Admission(Part, frozen=True):
    """Which proposed officer may enrol."""

    officer: str


def write_admission(services: Services, connection: Connection, sent: object, _now: int) -> bytes:
    """Read which officer is admitted, with what both have to know: whose account it is, and for which duties."""
    admission = emergency.read_document(sent, Admission)
    found = officers.find(connection, services.vault, admission.officer)
    if found is None or found.state != officers.PROPOSED:
        raise NotFoundError("officer_not_found")
    return emergency.canonical_document(admission)


def execute_admission(
    _services: Services, connection: Connection, proposal: Proposal, _people: tuple[str, str], _now: int
) -> Effect:
    """Let the officer enrol."""
    officers.admit(connection, msgspec.json.decode(proposal.document, type=Admission).officer)
    return Effect()


_RULES = (Duty.HEALTH_PROPOSE, Duty.HEALTH_APPROVE)

ACTS: dict[str, Act] = {
    "health_rule": Act(*_RULES, emergency.write_rule, emergency.execute_rule),
    "health_order": Act(*_RULES, emergency.write_order, emergency.execute_order),
    "health_correction": Act(
        Duty.HEALTH_APPEALS, Duty.HEALTH_APPROVE, emergency.write_correction, emergency.execute_correction
    ),
    "health_uphold": Act(
        Duty.HEALTH_APPEALS, Duty.HEALTH_APPROVE, emergency.write_upholding, emergency.execute_upholding
    ),
    emergency.SUNSET: Act(*_RULES, emergency.write_sunset, emergency.execute_sunset),
    ADMISSION: Act(Duty.OFFICER_PROPOSE, Duty.OFFICER_APPROVE, write_admission, execute_admission),
}
"""Everything that two people decide; a new kind is a line here."""


def propose(  # noqa: PLR0913 -- the parts of a proposal
    services: Services, officer: StoredOfficer, *, kind: str, sent: object, reason: str, basis: str
) -> Proposal:
    """Ask for an act; a refusal is on record. Raises UnprocessableError or ForbiddenError."""
    now = services.clock()

    def work(connection: Connection) -> Proposal:
        document = _write(services, connection, officer, kind, sent, now)
        made = proposals.add(
            connection, kind=kind, document=document, reason=reason, basis=basis, proposer=officer.id, now=now
        )
        _audit(connection, made, "proposed", (officer.id,), now)
        return made

    return _recording_refusals(services, officer, kind, work, now)


def amend(  # noqa: PLR0913 -- the parts of a proposal
    services: Services, officer: StoredOfficer, proposal: str, *, sent: object, reason: str, basis: str
) -> Proposal:
    """Change one's own waiting proposal; whoever has looked at the old text cannot approve the new one with it."""
    now = services.clock()

    def work(connection: Connection) -> Proposal:
        found = proposals.find(connection, proposal)
        if found is None or found.proposer != officer.id:
            raise NotFoundError("proposal_not_found")
        document = _write(services, connection, officer, found.kind, sent, now)
        changed = proposals.change(connection, found, document=document, reason=reason, basis=basis)
        if changed is None:
            raise ConflictError("proposal_decided")
        _audit(connection, changed, "changed", (officer.id,), now)
        return changed

    return _recording_refusals(services, officer, "amend", work, now)


def approve(services: Services, officer: StoredOfficer, proposal: str, digest: bytes) -> Proposal:
    """Approve the text with this digest and execute it once; raises ForbiddenError, ConflictError, or what it meets."""
    now = services.clock()

    def work(connection: Connection) -> tuple[Proposal, Effect]:
        found = proposals.find(connection, proposal)
        act = None if found is None else ACTS.get(found.kind)
        if found is None or act is None:
            raise NotFoundError("proposal_not_found")
        proposer = officers.find(connection, services.vault, found.proposer)
        approver = officers.find(connection, services.vault, officer.id)
        if proposer is None or approver is None:
            raise NotFoundError("proposal_not_found")
        if proposer.state != officers.ACTIVE or approver.state != officers.ACTIVE:
            raise ForbiddenError("officer_not_active")
        require_approvable(
            found, digest, proposer=proposer.signatory, approver=approver.signatory, duty=act.approve, now=now
        )
        people = (proposer.id, approver.id)
        if not proposals.decide(connection, found, ProposalState.EXECUTED, approver=approver.id, now=now):
            raise ConflictError("proposal_decided")
        effect = act.execute(services, connection, found, people, now)
        _audit(connection, found, "executed", people, now)
        return found, effect

    found, effect = _recording_refusals(services, officer, proposal, work, now)
    carry_out(services, effect)
    return found


def reject(services: Services, officer: StoredOfficer, proposal: str) -> None:
    """Reject a waiting proposal, or take back one's own; raises ForbiddenError, NotFoundError or ConflictError."""
    now = services.clock()

    def work(connection: Connection) -> None:
        found = proposals.find(connection, proposal)
        act = None if found is None else ACTS.get(found.kind)
        if found is None or act is None:
            raise NotFoundError("proposal_not_found")
        if found.proposer != officer.id and act.approve not in officer.duties:
            raise ForbiddenError("duty_required")
        if not proposals.decide(connection, found, ProposalState.REJECTED, approver=None, now=now):
            raise ConflictError("proposal_decided")
        _audit(connection, found, "rejected", (officer.id,), now)

    services.database.transact(work)


def _write(  # noqa: PLR0913, PLR0917 -- who sends what
    services: Services, connection: Connection, officer: StoredOfficer, kind: str, sent: object, now: int
) -> bytes:
    act = ACTS.get(kind)
    if act is None:
        raise UnprocessableError("proposal_kind_unknown")
    if act.propose not in officer.duties:
        raise ForbiddenError("duty_required")
    document = act.write(services, connection, sent, now)
    if len(document) > MAX_DOCUMENT:
        raise UnprocessableError("proposal_not_readable")
    return document


def _recording_refusals(
    services: Services, officer: StoredOfficer, subject: str, work: Callable[[Connection], T], now: int
) -> T:
    try:
        return services.database.transact(work)
    except ServiceError as error:
        code = error.code

        def record(connection: Connection) -> None:
            audit.add(
                connection,
                at=now,
                actor=f"officer:{officer.id}",
                action="proposal_refused",
                subject=f"proposal:{subject}"[:80],
                details={"code": code},
            )

        services.database.transact(record)
        raise


def _audit(connection: Connection, proposal: Proposal, what: str, people: tuple[str, ...], now: int) -> None:
    details: dict[str, object] = {"kind": proposal.kind, "digest": proposal.digest.hex(), "basis": proposal.basis}
    audit.add(
        connection,
        at=now,
        actor=f"officer:{people[-1]}",
        action=f"proposal_{what}",
        subject=f"proposal:{proposal.id}",
        details=details | {"people": list(people)},
    )
