"""Proposals: one row an act, and the one update that decides it."""

import secrets
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from codeservice.proposal import LIFE, Proposal, ProposalState, digest_of
from codeservice.store.models import Proposal as ProposalRow


def add(  # noqa: PLR0913 -- one row
    connection: Connection, *, kind: str, document: bytes, reason: str, basis: str, proposer: str, now: int
) -> Proposal:
    """Insert a proposal that waits for a second person."""
    made = Proposal(
        id=secrets.token_hex(16),
        kind=kind,
        document=document,
        digest=digest_of(kind, document, reason, basis),
        reason=reason,
        basis=basis,
        proposer=proposer,
        approver=None,
        created=now,
        expires=now + LIFE,
        decided=None,
        state=ProposalState.WAITING,
    )
    values = dict(vars(made))
    values["digest_hash"] = values.pop("digest")
    connection.execute(insert(ProposalRow).values(values | {"state": made.state.value}))
    return made


def find(connection: Connection, proposal: str) -> Proposal | None:
    """Return one proposal, locked."""
    row = connection.execute(select(ProposalRow.__table__).where(ProposalRow.id == proposal).with_for_update()).first()
    return None if row is None else _proposal(row)


def waiting(connection: Connection, *, now: int, limit: int) -> list[Proposal]:
    """Return the proposals that may still be approved, the oldest first."""
    query = select(ProposalRow.__table__).where(
        ProposalRow.state == ProposalState.WAITING.value, ProposalRow.expires > now
    )
    return [
        _proposal(row) for row in connection.execute(query.order_by(ProposalRow.created, ProposalRow.id).limit(limit))
    ]


def change(connection: Connection, proposal: Proposal, *, document: bytes, reason: str, basis: str) -> Proposal | None:
    """Give a waiting proposal another text, and so another digest; None when it was decided meanwhile."""
    digest = digest_of(proposal.kind, document, reason, basis)
    changed = connection.execute(
        update(ProposalRow)
        .where(ProposalRow.id == proposal.id, ProposalRow.state == ProposalState.WAITING.value)
        .values(document=document, reason=reason, basis=basis, digest_hash=digest)
    )
    return find(connection, proposal.id) if changed.rowcount == 1 else None


def decide(connection: Connection, proposal: Proposal, state: ProposalState, *, approver: str | None, now: int) -> bool:
    """Decide a proposal that still waits with the very digest that was looked at; True for one caller only."""
    changed = connection.execute(
        update(ProposalRow)
        .where(
            ProposalRow.id == proposal.id,
            ProposalRow.state == ProposalState.WAITING.value,
            ProposalRow.digest_hash == proposal.digest,
        )
        .values(state=state.value, approver=approver, decided=now)
    )
    return changed.rowcount == 1


def newest_executed(connection: Connection, kind: str) -> Proposal | None:
    """Return the proposal of a kind that was executed last."""
    query = select(ProposalRow.__table__).where(
        ProposalRow.kind == kind, ProposalRow.state == ProposalState.EXECUTED.value
    )
    row = connection.execute(query.order_by(ProposalRow.decided.desc(), ProposalRow.id).limit(1)).first()
    return None if row is None else _proposal(row)


def _proposal(row: Row[Any]) -> Proposal:
    values = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name has the underscore
    values["digest"] = values.pop("digest_hash")
    values["state"] = ProposalState(values["state"])
    return Proposal(**values)
