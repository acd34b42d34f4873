"""Every column of personal data, what binds its ciphertexts to their rows, and how a row is sealed anew."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, LargeBinary, RowMapping, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import KeyedColumnElement

from codeservice.store.models import (
    Account,
    BindingTicket,
    Challenge,
    CorrectionRequest,
    Credential,
    CredentialChange,
    DigitHandle,
    EmergencyAccess,
    HallApplication,
    HealthAppeal,
    HealthEvidence,
    HouseholdTie,
    LicenceCopy,
    MedicineRegistration,
    Message,
    Officer,
    Person,
    PrescriptionItem,
    Scan,
    ScanDispute,
    Table,
    WechatIdentity,
)
from keys.vault import Use, Vault

StaleRow: TypeAlias = RowMapping
"""A row with a value that is not under the active keys."""

PHONE = "phone"
ID_NUMBER = "id_number"
CREDENTIAL_NUMBER = "credential_number"
HEALTH_REFERENCE = "health_reference"
OPENID = "openid"


@dataclass(frozen=True)
class SealedField:
    """A column `<name>_sealed`, and `<name>_index` of a `kind` where the value is looked up."""

    table: type[Table]
    name: str
    row: tuple[str, ...] = ("id",)
    kind: str = ""

    @property
    def sealed(self) -> KeyedColumnElement[Any]:
        """The column of the ciphertexts."""
        return self.table.__table__.c[f"{self.name}_sealed"]

    @property
    def index(self) -> KeyedColumnElement[Any]:
        """The column of the blind indexes; only of a field with a kind."""
        return self.table.__table__.c[f"{self.name}_index"]

    def place(self, *row: object) -> str:
        """Return what a ciphertext of this column is bound to; `row` are the values of the columns named in `row`."""
        return ":".join((f"{self.table.__tablename__}.{self.name}", *map(str, row)))

    def seal(self, vault: Vault, plain: str, *row: object) -> bytes:
        """Encrypt a value for one row."""
        return vault.seal(plain, place=self.place(*row))

    def open(self, vault: Vault, sealed: bytes, *row: object) -> str:
        """Decrypt a value of one row; raises VaultError."""
        return vault.open(sealed, place=self.place(*row))

    def is_one_of(self, vault: Vault, plain: str) -> ColumnElement[bool]:
        """Match the rows whose value is `plain`, under whichever index key it was written."""
        return self.index.in_(vault.indexes(plain, kind=self.kind))


PERSON_NAME = SealedField(Person, "name")
PERSON_ID_NUMBER = SealedField(Person, "id_number", kind=ID_NUMBER)
PERSON_PHONE = SealedField(Person, "phone", kind=PHONE)
CARD_NUMBER = SealedField(Credential, "number", kind=CREDENTIAL_NUMBER)
CARD_CLAIMS = SealedField(Credential, "claims")
ACCOUNT_PHONE = SealedField(Account, "phone", kind=PHONE)
WECHAT_OPENID = SealedField(WechatIdentity, "openid", kind=OPENID)
TICKET_OPENID = SealedField(BindingTicket, "openid")
CHALLENGE_PHONE = SealedField(Challenge, "phone", kind=PHONE)
MESSAGE_PHONE = SealedField(Message, "phone", row=("row",))
MESSAGE_TEXT = SealedField(Message, "text", row=("row",))
CHANGE_BEFORE = SealedField(CredentialChange, "before")
CORRECTION_TEXT = SealedField(CorrectionRequest, "text")
CORRECTION_REPLY = SealedField(CorrectionRequest, "reply")
COPY_REQUESTER = SealedField(LicenceCopy, "requester")
COPY_PURPOSE = SealedField(LicenceCopy, "purpose")
TIE_NAME = SealedField(HouseholdTie, "typed_name")
TIE_ID_NUMBER = SealedField(HouseholdTie, "typed_id_number", kind=ID_NUMBER)
REGISTRATION_CODES = SealedField(MedicineRegistration, "codes", row=("scan",))
PRESCRIBED_MEDICINE = SealedField(PrescriptionItem, "medicine")
APPLICATION_VALUES = SealedField(HallApplication, "values")
DIGIT_SEED = SealedField(DigitHandle, "seed", row=("handle", "list", "idx"))
OFFICER_NAME = SealedField(Officer, "name")
OFFICER_ID_NUMBER = SealedField(Officer, "id_number", kind=ID_NUMBER)
OFFICER_SEED = SealedField(Officer, "seed")
EVIDENCE_REFERENCE = SealedField(HealthEvidence, "reference", kind=HEALTH_REFERENCE)
APPEAL_TEXT = SealedField(HealthAppeal, "text")
EMERGENCY_STATEMENT = SealedField(EmergencyAccess, "statement")
DISPUTE_TEXT = SealedField(ScanDispute, "text")
DISPUTE_REPLY = SealedField(ScanDispute, "reply")

FIELDS = (
    PERSON_NAME,
    PERSON_ID_NUMBER,
    PERSON_PHONE,
    CARD_NUMBER,
    CARD_CLAIMS,
    CHANGE_BEFORE,
    CORRECTION_TEXT,
    CORRECTION_REPLY,
    COPY_REQUESTER,
    COPY_PURPOSE,
    ACCOUNT_PHONE,
    WECHAT_OPENID,
    TICKET_OPENID,
    CHALLENGE_PHONE,
    MESSAGE_PHONE,
    MESSAGE_TEXT,
    REGISTRATION_CODES,
    PRESCRIBED_MEDICINE,
    APPLICATION_VALUES,
    DIGIT_SEED,
    TIE_NAME,
    TIE_ID_NUMBER,
    OFFICER_NAME,
    OFFICER_ID_NUMBER,
    OFFICER_SEED,
    EVIDENCE_REFERENCE,
    APPEAL_TEXT,
    EMERGENCY_STATEMENT,
    DISPUTE_TEXT,
    DISPUTE_REPLY,
)
"""All of them; a column that is missing here would keep an old key alive for ever."""

TABLES: tuple[type[Table], ...] = tuple(dict.fromkeys(field.table for field in FIELDS))

_KEYED: tuple[KeyedColumnElement[Any], ...] = (Scan.__table__.c.fingerprint, Challenge.__table__.c.answer_hash)
"""Keyed hashes whose values are not kept: they cannot be made anew, and go when their rows have had their time."""


@dataclass(frozen=True)
class Renewal:
    """New values for one row, which count only while the ciphertexts are still those they were made of."""

    id: object
    before: Mapping[str, bytes | None]
    values: Mapping[str, bytes]


def count_versions(connection: Connection, use: Use) -> Counter[int]:
    """Count the values under each version of the keys of one use. Reads every row."""
    found: Counter[int] = Counter()
    columns = [field.sealed for field in FIELDS] if use is Use.DATA else [*_indexes(), *_KEYED]
    for column in columns:
        version = _version(column)
        rows = connection.execute(select(version, func.count()).where(column.is_not(None)).group_by(version))
        for first, count in rows:
            # A value that was emptied by hand is under no key at all.
            found[first[0] if first else 0] += count
    return found


def count_stale(connection: Connection, active: tuple[int, int]) -> int:
    """Count the rows with a value that is not under the `active` versions of data key and index key."""
    counts = (connection.scalar(select(func.count()).where(_is_stale(table, active))) for table in TABLES)
    return sum(count or 0 for count in counts)


def find_stale(
    connection: Connection, table: type[Table], active: tuple[int, int], *, after: object, limit: int
) -> Sequence[StaleRow]:
    """Return the next rows that are not under the `active` versions, in the order of their keys."""
    key = key_of(table)
    rows = select(table.__table__).where(_is_stale(table, active)).order_by(key).limit(limit)
    if after is not None:
        rows = rows.where(key > after)
    return connection.execute(rows).mappings().all()


def renew(vault: Vault, table: type[Table], row: StaleRow) -> Renewal:
    """Open every sealed value of a row and seal it anew, its index too; raises VaultError for one that cannot be."""
    before: dict[str, bytes | None] = {}
    values: dict[str, bytes] = {}
    for field in _fields(table):
        sealed = before[field.sealed.key] = row[field.sealed.key]
        if sealed is None:
            continue
        where = [row[name] for name in field.row]
        plain = field.open(vault, sealed, *where)
        values[field.sealed.key] = field.seal(vault, plain, *where)
        if field.kind:
            values[field.index.key] = vault.index(plain, kind=field.kind)
    return Renewal(row[key_of(table).key], before, values)


def replace(connection: Connection, table: type[Table], renewal: Renewal) -> bool:
    """Write a renewal; False when another row holds its index.

    A row that was changed or deleted meanwhile is left as it is: whoever changed it has sealed it with the active key.
    """
    columns = table.__table__.c
    unchanged = [columns[name].is_not_distinct_from(value) for name, value in renewal.before.items()]
    try:
        with connection.begin_nested():
            connection.execute(update(table).where(key_of(table) == renewal.id, *unchanged).values(renewal.values))
    except IntegrityError:
        return False
    return True


def key_of(table: type[Table]) -> KeyedColumnElement[Any]:
    """Return the one column of a table's primary key; raises ValueError when there are several."""
    (key,) = table.__table__.primary_key
    return key


def _fields(table: type[Table]) -> list[SealedField]:
    return [field for field in FIELDS if field.table is table]


def _indexes() -> list[KeyedColumnElement[Any]]:
    return [field.index for field in FIELDS if field.kind]


def _is_stale(table: type[Table], active: tuple[int, int]) -> ColumnElement[bool]:
    # NULL differs from nothing: a value that is not there is not stale.
    data, index = (bytes([version]) for version in active)
    fields = _fields(table)
    return or_(
        *(_version(field.sealed) != data for field in fields),
        *(_version(field.index) != index for field in fields if field.kind),
    )


def _version(column: KeyedColumnElement[Any]) -> ColumnElement[bytes]:
    return func.substr(column, 1, 1, type_=LargeBinary)
