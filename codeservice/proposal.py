"""Proposals: an act that one person asks for and another person approves. Values and rules, no I/O.

1. Who approves is another officer, and another natural person: a second account does not help.
2. An approval is of one exact text: it names the digest over kind, document, reason and basis.
3. A proposal is executed once, within a day, in the transaction of its approval.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from codeservice.errors import ConflictError, ForbiddenError
from keys.cbor import dumps

LIFE = 24 * 3600
"""Seconds in which a proposal may be approved."""

MAX_DOCUMENT = 1 << 20
"""Bytes of the largest document, which names 1,000 people by their identifiers."""


class ProposalState(StrEnum):
    """Where a proposal stands; one whose time is over stays waiting and can only be rejected."""

    WAITING = "waiting"
    EXECUTED = "executed"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Proposal:
    """One proposal. `document` is canonical JSON that names people by identifiers only; times are epoch seconds."""

    id: str
    kind: str
    document: bytes
    digest: bytes
    reason: str
    basis: str
    proposer: str
    approver: str | None
    created: int
    expires: int
    decided: int | None
    state: ProposalState


def digest_of(kind: str, document: bytes, reason: str, basis: str) -> bytes:
    """Return what an approval covers: SHA-256 over the exact act and why it is asked for."""
    return hashlib.sha256(dumps(["CC1 proposal", kind, document, reason, basis])).digest()


@dataclass(frozen=True)
class Signatory:
    """An officer as far as the rules of two people need them; `person` is the ID number of the natural person."""

    id: str
    person: str
    duties: frozenset[str]


def require_approvable(  # noqa: PLR0913 -- what each rule looks at
    proposal: Proposal, digest: bytes, *, proposer: Signatory, approver: Signatory, duty: str, now: int
) -> None:
    """Raise ForbiddenError or ConflictError unless `approver` may approve the text with this digest at `now`."""
    if duty not in approver.duties:
        raise ForbiddenError("duty_required")
    if approver.id == proposer.id or approver.person == proposer.person:
        raise ForbiddenError("second_person_required")
    if proposal.state is not ProposalState.WAITING:
        raise ConflictError("proposal_decided")
    if now >= proposal.expires:
        raise ConflictError("proposal_expired")
    of_record = digest_of(proposal.kind, proposal.document, proposal.reason, proposal.basis)
    # The second comparison finds a text that was changed behind the service's back.
    if digest != proposal.digest or of_record != proposal.digest:
        raise ConflictError("proposal_changed")
