"""Sealed columns: none is forgotten, and each ciphertext belongs to its row."""

import pytest
from sqlalchemy import select, update

from codeservice.store import sealed
from codeservice.store.models import Account, Credential, Message, Person, Table
from keys.errors import VaultError
from keys.vault import Use
from tests.conftest import City

TABLES = list(Table.metadata.tables.values())
KEYED_HASHES = {"scan.fingerprint", "challenge.answer_hash"}
"""Columns with a keyed hash of something that is not kept; they are counted for the index key and not made anew."""


def columns(ending: str) -> set[str]:
    return {f"{table.name}.{column.name}" for table in TABLES for column in table.c if column.name.endswith(ending)}


def test_every_sealed_column_is_resealed() -> None:
    assert {str(field.sealed) for field in sealed.FIELDS} == columns("_sealed")


def test_every_blind_index_is_made_anew() -> None:
    assert {str(field.index) for field in sealed.FIELDS if field.kind} == columns("_index")


def test_every_keyed_hash_is_counted() -> None:
    assert {str(column) for column in sealed._KEYED} == KEYED_HASHES


def test_every_binary_column_is_known_to_be_sealed_indexed_hashed_or_public() -> None:
    """A new column of bytes has to be thought about."""
    binary = {str(column) for table in TABLES for column in table.c if column.type.python_type is bytes}
    hashes = {name for name in binary if name.endswith("_hash")} | KEYED_HASHES
    public = {
        "device.public",
        "grant.public",
        "grant.kid",
        "client.public",
        "officer.public",
        "proposal.document",
        "health_rule.document",
        "status_list.secret",
        "policy.document",
        "published_list.jwt",
        "published_list.cwt",
        "published_snapshot.document",
        "quarantine.item",
        "transit_statement.file",
    }
    audit = {"audit_checkpoint.root", "audit_checkpoint.edge", "audit_checkpoint.signed"}
    assert binary - columns("_sealed") - columns("_index") - hashes - public - audit == set()


@pytest.mark.parametrize("table", sealed.TABLES, ids=lambda table: str(table.__tablename__))
def test_every_sealed_table_has_a_key_of_one_column_to_go_on_after(table: type[Table]) -> None:
    assert sealed.key_of(table).key in {"id", "handle"}


def test_no_two_columns_share_a_place() -> None:
    assert len({field.place("x") for field in sealed.FIELDS}) == len(sealed.FIELDS)


def test_every_value_of_the_city_is_under_the_first_keys(any_city: City) -> None:
    any_city.phone()
    with any_city.services.database.read() as connection:
        people = len(any_city.people)
        phones = sum(1 for citizen in any_city.people if citizen.phone)
        cards = sum(len(citizen.cards) for citizen in any_city.people)
        messages = len(connection.execute(select(Message.id)).all())
        fields = 2 * people + phones + 2 * cards + 1 + messages + 2 * messages
        assert sealed.count_versions(connection, Use.DATA) == {1: fields}
        assert sealed.count_versions(connection, Use.INDEX)[1] >= people + phones + cards
        assert sealed.count_stale(connection, (1, 1)) == 0
        rows = people + cards + 1 + messages + messages
        assert sealed.count_stale(connection, (2, 1)) == rows
        assert sealed.count_stale(connection, (1, 2)) == rows - messages


def test_a_ciphertext_opens_in_its_own_row_and_column_only(city: City) -> None:
    vault = city.services.vault
    with city.services.database.read() as connection:
        one, two = connection.execute(select(Person.__table__).limit(2)).all()
        card = connection.execute(select(Credential.__table__).limit(1)).one()
    assert sealed.PERSON_NAME.open(vault, one.name_sealed, one.id)
    for field, ciphertext, row in (
        (sealed.PERSON_NAME, one.name_sealed, two.id),
        (sealed.PERSON_ID_NUMBER, one.name_sealed, one.id),
        (sealed.CARD_CLAIMS, card.number_sealed, card.id),
    ):
        with pytest.raises(VaultError):
            field.open(vault, ciphertext, row)


def test_a_row_that_was_changed_meanwhile_is_left_as_it_is(any_city: City) -> None:
    """The writer who came first has sealed with the active key already."""
    any_city.phone()
    services = any_city.services
    with services.database.read() as connection:
        (row,) = sealed.find_stale(connection, Account, (2, 1), after=None, limit=1)
    renewal = sealed.renew(services.vault, Account, row)
    theirs = sealed.ACCOUNT_PHONE.seal(services.vault, "10000000099", row["id"])
    with services.database.write() as connection:
        connection.execute(update(Account).values(phone_sealed=theirs))
    with services.database.write() as connection:
        assert sealed.replace(connection, Account, renewal)
    with services.database.read() as connection:
        assert connection.scalar(select(Account.phone_sealed)) == theirs


def test_a_person_without_a_phone_stays_without_one(any_city: City) -> None:
    services = any_city.services
    with services.database.write() as connection:
        without = select(Person.__table__).where(Person.phone_sealed.is_(None)).limit(1)
        row = connection.execute(without).mappings().one()
        assert sealed.replace(connection, Person, sealed.renew(services.vault, Person, row))
        renewed = connection.execute(select(Person.__table__).where(Person.id == row["id"])).mappings().one()
    assert (renewed["phone_sealed"], renewed["phone_index"]) == (None, None)
    assert renewed["name_sealed"] != row["name_sealed"]
