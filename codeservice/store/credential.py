"""The registry of credentials: found, locked, written and moved on by their authorities, with a sealed history."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from codeservice.credential import CredentialState, CredentialType
from codeservice.errors import ConflictError, NotFoundError
from codeservice.store.models import Credential, CredentialChange
from codeservice.store.person import Card, open_card
from codeservice.store.sealed import CARD_CLAIMS, CHANGE_BEFORE, CREDENTIAL_NUMBER
from keys.vault import Vault

_CHUNK = 2000
_INSERT = insert(Credential)
_INSERT_CHANGE = insert(CredentialChange)
_MARK = (
    update(Credential)
    .where(Credential.id == bindparam("row"))
    .values(source=bindparam("run"), source_line=bindparam("line"))
)


@dataclass(frozen=True)
class Change:
    """One entry of the history, opened: the act, who did it, and what the credential was before, with the reason."""

    act: str
    actor: str
    at: int
    before: dict[str, Any]


def hold(connection: Connection, vault: Vault, credential: str) -> Card:
    """Open a credential and keep every other writer of it waiting; raises NotFoundError."""
    row = connection.execute(select(Credential.__table__).where(Credential.id == credential).with_for_update()).first()
    if row is None:
        raise NotFoundError("card_not_found")
    return open_card(vault, row)


def hold_numbers(
    connection: Connection, vault: Vault, wanted: Sequence[tuple[CredentialType, str]]
) -> dict[tuple[CredentialType, str], Card]:
    """Open and lock those credentials that exist of types and numbers."""
    keys = {
        (type_.value, index): (type_, number)
        for type_, number in wanted
        for index in vault.indexes(number, kind=CREDENTIAL_NUMBER)
    }
    found: dict[tuple[CredentialType, str], Card] = {}
    for type_ in {type_ for type_, _number in wanted}:
        indexes = [index for name, index in keys if name == type_.value]
        rows = connection.execute(
            select(Credential.__table__)
            .where(Credential.type == type_.value, Credential.number_index.in_(indexes))
            .order_by(Credential.id)
            .with_for_update()
        )
        for row in rows:
            found[keys[type_.value, row.number_index]] = open_card(vault, row)
    return found


def add_rows(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert credentials that were sealed before."""
    if rows:
        connection.execute(_INSERT, list(rows))


def follower_of(connection: Connection, vault: Vault, card: str) -> Card | None:
    """Open and lock the e-card that has the state of a card."""
    row = connection.execute(select(Credential.__table__).where(Credential.follows == card).with_for_update()).first()
    return None if row is None else open_card(vault, row)


def replaced_by(connection: Connection, vault: Vault, card: str) -> Card | None:
    """Open and lock the card that a card takes over from."""
    query = select(Credential.__table__).where(Credential.replaced_by == card).with_for_update()
    row = connection.execute(query).first()
    return None if row is None else open_card(vault, row)


def move(connection: Connection, card: Card, state: CredentialState, *, now: int) -> None:
    """Give a credential another state; raises ConflictError when it is no longer in the one that `card` says.

    A loss that a replacement was filed for stays a loss until the new card takes over.
    """
    statement = update(Credential).where(Credential.id == card.id, Credential.state == card.state.value)
    if state is CredentialState.NORMAL:
        statement = statement.where(Credential.replaced_by.is_(None))
    changed = connection.execute(statement.values(state=state.value, state_since=now))
    if changed.rowcount != 1:
        raise ConflictError("card_state_not_allowed")


def file_replacement(connection: Connection, card: Card, new: str) -> None:
    """Note once which card will take over from a lost one; raises ConflictError."""
    changed = connection.execute(
        update(Credential)
        .where(
            Credential.id == card.id,
            Credential.state == CredentialState.LOST.value,
            Credential.replaced_by.is_(None),
        )
        .values(replaced_by=new)
    )
    if changed.rowcount != 1:
        raise ConflictError("card_state_not_allowed")


def rewrite(  # noqa: PLR0913 -- one row
    connection: Connection,
    vault: Vault,
    card: Card,
    *,
    claims: Mapping[str, object],
    valid_from: int,
    valid_until: int | None,
) -> None:
    """Give a credential that is held other claims and another validity."""
    connection.execute(
        update(Credential)
        .where(Credential.id == card.id)
        .values(
            claims_sealed=CARD_CLAIMS.seal(vault, json.dumps(claims, ensure_ascii=False), card.id),
            valid_from=valid_from,
            valid_until=valid_until,
        )
    )


def mark_source(connection: Connection, run: str, lines: Sequence[tuple[str, int]]) -> None:
    """Note which lines of an import wrote which credentials, given as (credential, line)."""
    if lines:
        rows = [{"row": credential, "run": run, "line": line} for credential, line in lines]
        connection.execute(_MARK, rows)


def add_change(  # noqa: PLR0913 -- one row
    connection: Connection, vault: Vault, card: Card, *, act: str, actor: str, reason: str, now: int
) -> str:
    """Keep what a credential was before an act, sealed; returns the identifier of the entry."""
    id_ = secrets.token_hex(16)
    before = {
        "claims": card.claims,
        "state": card.state.value,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "reason": reason,
    }
    sealed = CHANGE_BEFORE.seal(vault, json.dumps(before, ensure_ascii=False), id_)
    row = {"id": id_, "credential": card.id, "act": act, "actor": actor, "at": now, "before_sealed": sealed}
    connection.execute(_INSERT_CHANGE, row)
    return id_


def changes_of(connection: Connection, vault: Vault, credential: str) -> list[Change]:
    """Return the history of a credential, the newest entry first."""
    rows = connection.execute(
        select(CredentialChange.__table__)
        .where(CredentialChange.credential == credential)
        .order_by(CredentialChange.at.desc(), CredentialChange.id)
    )
    return [
        Change(row.act, row.actor, row.at, json.loads(CHANGE_BEFORE.open(vault, row.before_sealed, row.id)))
        for row in rows
    ]


def due_for_release(connection: Connection, *, before: int, limit: int) -> list[str]:
    """Return the social-security cards that have been lost temporarily since `before` or longer."""
    query = (
        select(Credential.id)
        .where(
            Credential.state == CredentialState.TEMPORARILY_LOST.value,
            Credential.type == CredentialType.SOCIAL_SECURITY_CARD.value,
            Credential.state_since <= before,
        )
        .order_by(Credential.state_since)
        .limit(limit)
    )
    return list(connection.scalars(query))


def count_states(connection: Connection, types: Sequence[CredentialType]) -> Counter[tuple[str, str]]:
    """Count the credentials of types by type and state."""
    rows = connection.execute(
        select(Credential.type, Credential.state, func.count())
        .where(Credential.type.in_([type_.value for type_ in types]))
        .group_by(Credential.type, Credential.state)
    )
    return Counter({(type_, state): count for type_, state, count in rows})


def every_of(connection: Connection, vault: Vault, type_: CredentialType) -> Iterator[Card]:
    """Open every credential of a type, in the order of identifiers."""
    after = ""
    while True:
        rows = connection.execute(
            select(Credential.__table__)
            .where(Credential.type == type_.value, Credential.id > after)
            .order_by(Credential.id)
            .limit(_CHUNK)
        ).all()
        yield from (open_card(vault, row) for row in rows)
        if len(rows) < _CHUNK:
            return
        after = rows[-1].id
