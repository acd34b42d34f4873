"""Requests for corrections in the queue of the authority that owns the record."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from codeservice.errors import NotFoundError
from codeservice.store.models import CorrectionRequest, Credential
from codeservice.store.sealed import CORRECTION_REPLY, CORRECTION_TEXT
from keys.vault import Vault

OPEN, ACCEPTED, REJECTED = "open", "accepted", "rejected"


@dataclass(frozen=True)
class StoredCorrection:
    """One request, opened. `due` is when an answer is owed, `reply` what the authority has answered."""

    id: str
    credential: str
    person: str
    type: str
    reporter: str
    text: str
    at: int
    due: int
    state: str
    reply: str | None


def add(  # noqa: PLR0913 -- one row
    connection: Connection,
    vault: Vault,
    credential: str,
    *,
    partner: str,
    reporter: str,
    text: str,
    now: int,
    due: int,
) -> str:
    """Put a request into the queue of `partner`; returns its identifier."""
    id_ = secrets.token_hex(16)
    connection.execute(
        insert(CorrectionRequest).values(
            id=id_,
            credential=credential,
            partner=partner,
            reporter=reporter,
            text_sealed=CORRECTION_TEXT.seal(vault, text, id_),
            at=now,
            due=due,
            state=OPEN,
        )
    )
    return id_


def waiting(connection: Connection, vault: Vault, partner: str, *, limit: int) -> list[StoredCorrection]:
    """Return what a partner has to answer, the most urgent first."""
    query = _query().where(CorrectionRequest.partner == partner, CorrectionRequest.state == OPEN)
    rows = connection.execute(query.order_by(CorrectionRequest.due, CorrectionRequest.id).limit(limit))
    return [_opened(vault, row) for row in rows]


def of_person(connection: Connection, vault: Vault, person: str, *, limit: int) -> list[StoredCorrection]:
    """Return the newest requests about a person's credentials that the person has made."""
    query = _query().where(Credential.person == person, CorrectionRequest.reporter == f"person:{person}")
    rows = connection.execute(query.order_by(CorrectionRequest.at.desc(), CorrectionRequest.id).limit(limit))
    return [_opened(vault, row) for row in rows]


def answer(  # noqa: PLR0913 -- one row
    connection: Connection, vault: Vault, request: str, *, partner: str, state: str, text: str, now: int
) -> StoredCorrection:
    """Answer an open request of one's own queue once; raises NotFoundError."""
    changed = connection.execute(
        update(CorrectionRequest)
        .where(CorrectionRequest.id == request, CorrectionRequest.partner == partner, CorrectionRequest.state == OPEN)
        .values(state=state, reply_sealed=CORRECTION_REPLY.seal(vault, text, request), replied=now)
    )
    if changed.rowcount != 1:
        raise NotFoundError("correction_not_found")
    return _opened(vault, connection.execute(_query().where(CorrectionRequest.id == request)).one())


def _query() -> Select[Any]:
    return select(*CorrectionRequest.__table__.c, Credential.person, Credential.type).join(
        Credential, Credential.id == CorrectionRequest.credential
    )


def _opened(vault: Vault, row: Row[Any]) -> StoredCorrection:
    reply = None if row.reply_sealed is None else CORRECTION_REPLY.open(vault, row.reply_sealed, row.id)
    text = CORRECTION_TEXT.open(vault, row.text_sealed, row.id)
    return StoredCorrection(
        row.id, row.credential, row.person, row.type, row.reporter, text, row.at, row.due, row.state, reply
    )
