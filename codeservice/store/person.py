"""Persons and their credentials, sealed; and what an authority's record answers."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from codeservice.credential import CredentialState, CredentialType, IdNumber
from codeservice.errors import NotFoundError
from codeservice.store.models import Credential, Person
from codeservice.store.sealed import (
    CARD_CLAIMS,
    CARD_NUMBER,
    CREDENTIAL_NUMBER,
    ID_NUMBER,
    PERSON_ID_NUMBER,
    PERSON_NAME,
    PERSON_PHONE,
    PHONE,
)
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
    phone: str | None = None


@dataclass(frozen=True)
class Card:
    """A credential, opened. Times are epoch seconds.

    `follows` is the card whose state an e-card has, `replaced_by` the card that will take over, `state_since` when the
    state began, where that is known. `source` and `source_line` name the import and its line that wrote it last.
    """

    id: str
    person: str
    type: CredentialType
    number: str
    claims: dict[str, Any]
    state: CredentialState
    valid_from: int
    valid_until: int | None
    follows: str | None = None
    replaced_by: str | None = None
    state_since: int | None = None
    source: str | None = None
    source_line: int | None = None

    def holds(self, now: int) -> bool:
        """Whether the credential is in force at `now`."""
        in_time = self.valid_from <= now and (self.valid_until is None or now < self.valid_until)
        return in_time and self.state is CredentialState.NORMAL


def add_holders(connection: Connection, vault: Vault, holders: list[Holder]) -> None:
    """Insert persons."""
    connection.execute(insert(Person), [_holder_row(vault, holder) for holder in holders])


def find_holder(connection: Connection, vault: Vault, person: str) -> Holder:
    """Open one person; raises NotFoundError."""
    row = connection.execute(select(Person.__table__).where(Person.id == person)).first()
    if row is None:
        raise NotFoundError("person_not_found")
    return _open_holder(vault, row)


def find_by_id_number(connection: Connection, vault: Vault, id_number: IdNumber) -> Holder | None:
    """Find the person with exactly this ID number."""
    is_this = PERSON_ID_NUMBER.is_one_of(vault, id_number.text)
    row = connection.execute(select(Person.__table__).where(is_this)).first()
    return None if row is None else _open_holder(vault, row)


def find_by_phone(connection: Connection, vault: Vault, phone: str) -> str | None:
    """Find the identifier of the person whose record has this phone."""
    return connection.scalar(select(Person.id).where(PERSON_PHONE.is_one_of(vault, phone)).limit(1))


def page(connection: Connection, vault: Vault, *, after: str, limit: int) -> list[Holder]:
    """List persons in the order of their identifiers."""
    rows = connection.execute(select(Person.__table__).where(Person.id > after).order_by(Person.id).limit(limit))
    return [_open_holder(vault, row) for row in rows]


def find_by_id_numbers(connection: Connection, vault: Vault, numbers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return (identifier, name) of everybody who has one of these valid ID numbers, by ID number."""
    wanted = {index: number for number in numbers for index in vault.indexes(number, kind=ID_NUMBER)}
    rows = connection.execute(
        select(Person.id, Person.name_sealed, Person.id_number_index).where(Person.id_number_index.in_(list(wanted)))
    )
    return {wanted[row.id_number_index]: (row.id, PERSON_NAME.open(vault, row.name_sealed, row.id)) for row in rows}


def add_cards(connection: Connection, vault: Vault, cards: list[Card]) -> None:
    """Insert credentials."""
    if cards:
        connection.execute(insert(Credential), [card_row(vault, card) for card in cards])


def card_row(vault: Vault, card: Card) -> dict[str, object]:
    """Return the row of a credential, sealed."""
    return {
        "id": card.id,
        "person": card.person,
        "type": card.type.value,
        "number_sealed": CARD_NUMBER.seal(vault, card.number, card.id),
        "number_index": vault.index(card.number, kind=CREDENTIAL_NUMBER),
        "claims_sealed": CARD_CLAIMS.seal(vault, json.dumps(card.claims, ensure_ascii=False), card.id),
        "state": card.state.value,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "follows": card.follows,
        "replaced_by": card.replaced_by,
        "state_since": card.state_since,
        "source": card.source,
        "source_line": card.source_line,
    }


def cards_of(connection: Connection, vault: Vault, person: str) -> list[Card]:
    """Return every credential of a person."""
    rows = connection.execute(
        select(Credential.__table__).where(Credential.person == person).order_by(Credential.type, Credential.id)
    )
    return [open_card(vault, row) for row in rows]


def find_card(connection: Connection, vault: Vault, card: str) -> Card:
    """Open one credential; raises NotFoundError."""
    row = connection.execute(select(Credential.__table__).where(Credential.id == card)).first()
    if row is None:
        raise NotFoundError("card_not_found")
    return open_card(vault, row)


def find_card_by_number(connection: Connection, vault: Vault, type_: CredentialType, number: str) -> Card | None:
    """Find the credential of a type with exactly this number."""
    is_this = CARD_NUMBER.is_one_of(vault, number)
    row = connection.execute(select(Credential.__table__).where(Credential.type == type_.value, is_this)).first()
    return None if row is None else open_card(vault, row)


def _holder_row(vault: Vault, holder: Holder) -> dict[str, object]:
    phone = holder.phone
    return {
        "id": holder.id,
        "name_sealed": PERSON_NAME.seal(vault, holder.name, holder.id),
        "id_number_sealed": PERSON_ID_NUMBER.seal(vault, holder.id_number.text, holder.id),
        "id_number_index": vault.index(holder.id_number.text, kind=ID_NUMBER),
        "phone_sealed": None if phone is None else PERSON_PHONE.seal(vault, phone, holder.id),
        "phone_index": None if phone is None else vault.index(phone, kind=PHONE),
        "region": holder.region,
        "household": holder.household,
        "household_role": holder.household_role,
    }


def _open_holder(vault: Vault, row: Row[Any]) -> Holder:
    return Holder(
        id=row.id,
        name=PERSON_NAME.open(vault, row.name_sealed, row.id),
        id_number=IdNumber(PERSON_ID_NUMBER.open(vault, row.id_number_sealed, row.id)),
        region=row.region,
        phone=None if row.phone_sealed is None else PERSON_PHONE.open(vault, row.phone_sealed, row.id),
        household=row.household,
        household_role=row.household_role,
    )


def open_card(vault: Vault, row: Row[Any]) -> Card:
    """Open the row of a credential; raises VaultError."""
    return Card(
        id=row.id,
        person=row.person,
        type=CredentialType(row.type),
        number=CARD_NUMBER.open(vault, row.number_sealed, row.id),
        claims=json.loads(CARD_CLAIMS.open(vault, row.claims_sealed, row.id)),
        state=CredentialState(row.state),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        follows=row.follows,
        replaced_by=row.replaced_by,
        state_since=row.state_since,
        source=row.source,
        source_line=row.source_line,
    )
