"""Persons and their credentials, sealed; and what an authority's record answers."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from codeservice.credential import TRANSITIONS, CredentialState, CredentialType, IdNumber
from codeservice.errors import ConflictError, NotFoundError
from codeservice.store.models import Credential, Person
from keys.vault import Vault


@dataclass(frozen=True)
class Holder:
    """A person, opened."""

    id: str
    name: str
    id_number: IdNumber
    region: str
    household: str | None = None
    household_role: str | None = None
    phone_index: bytes | None = None


@dataclass(frozen=True)
class Card:
    """A credential, opened. Times are epoch seconds."""

    id: str
    person: str
    type: CredentialType
    number: str
    claims: dict[str, Any]
    state: CredentialState
    valid_from: int
    valid_until: int | None

    def holds(self, now: int) -> bool:
        """Whether the credential is in force at `now`."""
        in_time = self.valid_from <= now and (self.valid_until is None or now < self.valid_until)
        return in_time and self.state is CredentialState.NORMAL


def add_holders(connection: Connection, vault: Vault, holders: list[Holder]) -> None:
    """Insert persons."""
    rows = [
        {
            "id": holder.id,
            "name_sealed": vault.seal(holder.name, place=f"person.name:{holder.id}"),
            "id_number_sealed": vault.seal(holder.id_number.text, place=f"person.id_number:{holder.id}"),
            "id_number_index": vault.index(holder.id_number.text, kind="id_number"),
            "phone_index": holder.phone_index,
            "region": holder.region,
            "household": holder.household,
            "household_role": holder.household_role,
        }
        for holder in holders
    ]
    connection.execute(insert(Person), rows)


def find_holder(connection: Connection, vault: Vault, person: str) -> Holder:
    """Open one person; raises NotFoundError."""
    row = connection.execute(select(Person.__table__).where(Person.id == person)).first()
    if row is None:
        raise NotFoundError("person_not_found")
    return _open_holder(vault, row)


def find_by_id_number(connection: Connection, vault: Vault, id_number: IdNumber) -> Holder | None:
    """Find the person with exactly this ID number."""
    index = vault.index(id_number.text, kind="id_number")
    row = connection.execute(select(Person.__table__).where(Person.id_number_index == index)).first()
    return None if row is None else _open_holder(vault, row)


def find_by_phone(connection: Connection, vault: Vault, phone: str) -> str | None:
    """Find the identifier of the person whose record has this phone."""
    return connection.scalar(select(Person.id).where(Person.phone_index == vault.index(phone, kind="phone")).limit(1))


def page(connection: Connection, vault: Vault, *, after: str, limit: int) -> list[Holder]:
    """List persons in the order of their identifiers."""
    rows = connection.execute(select(Person.__table__).where(Person.id > after).order_by(Person.id).limit(limit))
    return [_open_holder(vault, row) for row in rows]


def add_cards(connection: Connection, vault: Vault, cards: list[Card]) -> None:
    """Insert credentials."""
    rows = [
        {
            "id": card.id,
            "person": card.person,
            "type": card.type.value,
            "number_sealed": vault.seal(card.number, place=f"credential.number:{card.id}"),
            "number_index": vault.index(card.number, kind="credential_number"),
            "claims_sealed": vault.seal(
                json.dumps(card.claims, ensure_ascii=False), place=f"credential.claims:{card.id}"
            ),
            "state": card.state.value,
            "valid_from": card.valid_from,
            "valid_until": card.valid_until,
        }
        for card in cards
    ]
    if rows:
        connection.execute(insert(Credential), rows)


def cards_of(connection: Connection, vault: Vault, person: str) -> list[Card]:
    """Return every credential of a person."""
    rows = connection.execute(select(Credential.__table__).where(Credential.person == person).order_by(Credential.type))
    return [_open_card(vault, row) for row in rows]


def find_card(connection: Connection, vault: Vault, card: str) -> Card:
    """Open one credential; raises NotFoundError."""
    row = connection.execute(select(Credential.__table__).where(Credential.id == card)).first()
    if row is None:
        raise NotFoundError("card_not_found")
    return _open_card(vault, row)


def find_card_by_number(connection: Connection, vault: Vault, type_: CredentialType, number: str) -> Card | None:
    """Find the credential of a type with exactly this number."""
    index = vault.index(number, kind="credential_number")
    row = connection.execute(
        select(Credential.__table__).where(Credential.type == type_.value, Credential.number_index == index)
    ).first()
    return None if row is None else _open_card(vault, row)


def change_state(connection: Connection, card: Card, state: CredentialState) -> None:
    """Move a credential to another state; raises ConflictError for a change its life cycle does not have."""
    if state not in TRANSITIONS[card.state]:
        raise ConflictError("card_state_not_allowed")
    changed = connection.execute(
        update(Credential)
        .where(Credential.id == card.id, Credential.state == card.state.value)
        .values(state=state.value)
    )
    if changed.rowcount != 1:
        raise ConflictError("card_state_not_allowed")


def _open_holder(vault: Vault, row: Row[Any]) -> Holder:
    return Holder(
        id=row.id,
        name=vault.open(row.name_sealed, place=f"person.name:{row.id}"),
        id_number=IdNumber(vault.open(row.id_number_sealed, place=f"person.id_number:{row.id}")),
        region=row.region,
        phone_index=row.phone_index,
        household=row.household,
        household_role=row.household_role,
    )


def _open_card(vault: Vault, row: Row[Any]) -> Card:
    return Card(
        id=row.id,
        person=row.person,
        type=CredentialType(row.type),
        number=vault.open(row.number_sealed, place=f"credential.number:{row.id}"),
        claims=json.loads(vault.open(row.claims_sealed, place=f"credential.claims:{row.id}")),
        state=CredentialState(row.state),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
