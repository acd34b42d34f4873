"""Tables of the service. Personal data is in columns that end in `_sealed` (encrypted) or `_index` (blind)."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite gives an automatic number only to a column declared INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")


class Table(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: String(200), bytes: LargeBinary, int: BigInteger, dict[str, Any]: JSON}  # noqa: RUF012 -- SQLAlchemy's own hook


class Person(Table):
    """A holder as the authority records them."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name_sealed: Mapped[bytes]
    id_number_sealed: Mapped[bytes]
    id_number_index: Mapped[bytes] = mapped_column(unique=True)
    phone_sealed: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    region: Mapped[str] = mapped_column(String(6))
    household: Mapped[str | None] = mapped_column(String(32), index=True)
    household_role: Mapped[str | None] = mapped_column(String(20))


class Credential(Table):
    """What an authority says of a person."""

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("type", "number_index"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    type: Mapped[str] = mapped_column(String(40))
    number_sealed: Mapped[bytes]
    number_index: Mapped[bytes]
    claims_sealed: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[int]
    valid_until: Mapped[int | None]


class Account(Table):
    """A wallet: a phone number, and after the real-name check a person."""

    __tablename__ = "account"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    phone_sealed: Mapped[bytes]
    phone_index: Mapped[bytes] = mapped_column(unique=True)
    person: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    assurance: Mapped[int] = mapped_column(SmallInteger)
    created: Mapped[int]


class Challenge(Table):
    """A one-time password that was sent and not used yet; only its keyed hash is kept."""

    __tablename__ = "challenge"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    phone_sealed: Mapped[bytes]
    phone_index: Mapped[bytes] = mapped_column(index=True)
    answer_hash: Mapped[bytes]
    created: Mapped[int]
    expires: Mapped[int]
    tries: Mapped[int] = mapped_column(SmallInteger)


class Message(Table):
    """A message of the demo gateway, which shows it on a page instead of sending it."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    phone_sealed: Mapped[bytes]
    text_sealed: Mapped[bytes]
    row: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[int]


class Session(Table):
    """A signed-in browser; the cookie holds the secret, the table its hash."""

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    csrf: Mapped[str] = mapped_column(String(64))
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    created: Mapped[int]
    expires: Mapped[int]


class LinkedCard(Table):
    """A credential that a citizen has put into the wallet."""

    __tablename__ = "linked_card"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    credential: Mapped[str] = mapped_column(ForeignKey("credential.id"), primary_key=True)
    at: Mapped[int]


class Consent(Table):
    """A holder's consent to one scene, as a history; the newest row of a scene counts."""

    __tablename__ = "consent"
    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    scene: Mapped[str] = mapped_column(String(20))
    given: Mapped[bool]
    version: Mapped[int]
    at: Mapped[int]
    __table_args__ = (Index(None, "person", "scene", "id"),)


class Device(Table):
    """A phone or browser that holds keys for one person."""

    __tablename__ = "device"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    public: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(80))
    enrolled: Mapped[int]
    removed: Mapped[int | None]


class StatusList(Table):
    """A status list: places for grants of one span of time, so that whole lists retire.

    `used` places were handed out, in the order that `secret` gives; none after `closes`. `lasting` lists hold the codes
    that live longer than a phone's grant.
    """

    __tablename__ = "status_list"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int]
    used: Mapped[int]
    secret: Mapped[bytes]
    lasting: Mapped[bool]
    opened: Mapped[int]
    closes: Mapped[int]
    retires: Mapped[int]


class PublishedList(Table):
    """A status list as it was last signed, in both forms; `what` says what its bits mean, `digest` is of its array."""

    __tablename__ = "published_list"
    list: Mapped[int] = mapped_column(ForeignKey("status_list.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(10), primary_key=True)
    issued: Mapped[int]
    digest_hash: Mapped[bytes]
    jwt: Mapped[bytes]
    cwt: Mapped[bytes]


class PublishedSnapshot(Table):
    """A signed document for verifiers without a network: a whole snapshot, or a delta that continues version `base`."""

    __tablename__ = "published_snapshot"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_delta: Mapped[bool] = mapped_column(primary_key=True)
    base: Mapped[int | None] = mapped_column(unique=True)
    document: Mapped[bytes]


class Grant(Table):
    """An issued grant: its place in a list, whose it is, who signed it, and its status. The record that decides."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("status in (0, 1, 2)", name="status"),
        # What lists are made of: few of many rows.
        Index("ix_grant_marked", "list", "idx", sqlite_where=text("status <> 0"), postgresql_where=text("status <> 0")),
    )
    list: Mapped[int] = mapped_column(Integer, primary_key=True)
    idx: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    device: Mapped[str | None] = mapped_column(ForeignKey("device.id"), index=True)
    public: Mapped[bytes | None] = mapped_column(unique=True)
    kid: Mapped[bytes | None]
    kind: Mapped[str] = mapped_column(String(2))
    scene: Mapped[str] = mapped_column(String(20))
    issued: Mapped[int]
    expires: Mapped[int] = mapped_column(index=True)
    status: Mapped[int] = mapped_column(SmallInteger)
    cause: Mapped[str | None] = mapped_column(String(40))
    changed: Mapped[int | None]


class DigitHandle(Table):
    """A rotating handle of a digit code, good for one showing; `tries` counts wrong passwords."""

    __tablename__ = "digit_handle"
    handle: Mapped[str] = mapped_column(String(9), primary_key=True)
    list: Mapped[int] = mapped_column(Integer)
    idx: Mapped[int]
    seed_sealed: Mapped[bytes]
    expires: Mapped[int] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(SmallInteger)


class Partner(Table):
    """An organisation that runs places: a bus company, a hospital, a pharmacy chain."""

    __tablename__ = "partner"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str]


class Place(Table):
    """One place of a partner, of one scene; `capacity` is people a day, where the scene counts them."""

    __tablename__ = "place"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    scene: Mapped[str] = mapped_column(String(20))
    name: Mapped[str]
    capacity: Mapped[int | None]


class Client(Table):
    """An OAuth 2 client: a terminal at a place, or a partner's back end. It authenticates with its own key.

    `enrolled` is when it was enrolled for the first time, `key_enrolled` when the key came that it has now.
    """

    __tablename__ = "client"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    name: Mapped[str]
    scopes: Mapped[str]
    state: Mapped[str] = mapped_column(String(20))
    public: Mapped[bytes | None]
    enrolment_hash: Mapped[bytes | None]
    enrolment_expires: Mapped[int | None]
    enrolment_tries: Mapped[int] = mapped_column(SmallInteger)
    enrolled: Mapped[int | None]
    key_enrolled: Mapped[int | None]
    __table_args__ = (CheckConstraint("kind in ('terminal', 'back_end')", name="kind"),)


class UsedAssertion(Table):
    """An authentication assertion that was used (RFC 7523: jti); kept until it would expire anyway."""

    __tablename__ = "used_assertion"
    client: Mapped[str] = mapped_column(String(32), primary_key=True)
    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires: Mapped[int] = mapped_column(index=True)


class Scan(Table):
    """One scan with its decision. `act` is the caller's idempotency key; no raw code is kept.

    Of a scan that a terminal has uploaded `stream` and `seq` are its number there, `item_hash` is of the bytes that
    came, `device_at` what the clock of the terminal's machine said, and `received` when it came.
    """

    __tablename__ = "scan"
    __table_args__ = (
        UniqueConstraint("client", "act"),
        UniqueConstraint("client", "stream", "seq"),
        Index(None, "person", "at"),
        Index(None, "list", "idx", "iat"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    act: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[bytes]
    partner: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(32))
    scene: Mapped[str] = mapped_column(String(20))
    at: Mapped[int] = mapped_column(index=True)
    person: Mapped[str | None] = mapped_column(String(32))
    list: Mapped[int | None] = mapped_column(Integer)
    idx: Mapped[int | None]
    iat: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    effect: Mapped[dict[str, Any]]
    disclosed: Mapped[dict[str, Any]]
    stream: Mapped[str | None] = mapped_column(String(16))
    seq: Mapped[int | None]
    item_hash: Mapped[bytes | None]
    device_at: Mapped[int | None]
    received: Mapped[int | None]


class ScanMark(Table):
    """What is wrong with a scan that stands all the same, because it has happened.

    `at` is when that was found. `since` is from when on the record forbids it, `other` the scan that came before it.
    """

    __tablename__ = "scan_mark"
    __table_args__ = (Index(None, "mark", "at"),)
    scan: Mapped[str] = mapped_column(ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True)
    mark: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[int]
    since: Mapped[int | None]
    other: Mapped[str | None] = mapped_column(String(32))


class Stream(Table):
    """A terminal's run of numbers. `last` is the highest that it says it has given, `highest` the highest that came.

    `too_old` numbers came when their scans were past their time and are only counted; so are those that were stored or
    quarantined and deleted since.
    """

    __tablename__ = "stream"
    client: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    last: Mapped[int]
    highest: Mapped[int]
    too_old: Mapped[int]
    deleted_scans: Mapped[int]
    deleted_items: Mapped[int]
    first_upload: Mapped[int]
    last_upload: Mapped[int] = mapped_column(index=True)


class StreamRange(Table):
    """Numbers of a stream that came, without a gap from `first` to `last`; `at` is when the earliest of them came."""

    __tablename__ = "stream_range"
    client: Mapped[str] = mapped_column(String(32), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
    at: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(["client", "stream"], ["stream.client", "stream.stream"], ondelete="CASCADE"),
    )


class Quarantine(Table):
    """An uploaded item that became no scan, in its bytes, with the reason why."""

    __tablename__ = "quarantine"
    client: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_hash: Mapped[bytes] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    received: Mapped[int] = mapped_column(index=True)
    item: Mapped[bytes]


class FirstUse(Table):
    """A code that was accepted once: the unique row that stops a replay."""

    __tablename__ = "first_use"
    list: Mapped[int] = mapped_column(Integer, primary_key=True)
    idx: Mapped[int] = mapped_column(primary_key=True)
    iat: Mapped[int] = mapped_column(primary_key=True)


class Tally(Table):
    """A bounded counter, for example packages of a medicine per person and day."""

    __tablename__ = "tally"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True)
    used: Mapped[int]


class Moment(Table):
    """When something happened last, for rules such as "within three seconds"."""

    __tablename__ = "moment"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[int]


class Ticket(Table):
    """A reservation of one person for one place and day."""

    __tablename__ = "ticket"
    place: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    at: Mapped[int]


class AuditEntry(Table):
    """An audit entry, written with what it is about; `position` is its leaf once it is sealed."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    details: Mapped[str] = mapped_column(String(2000))
    position: Mapped[int | None] = mapped_column(unique=True)


class AuditCheckpoint(Table):
    """A signed root of the audit tree, with the edge from which the tree goes on."""

    __tablename__ = "audit_checkpoint"
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    edge: Mapped[bytes]
    at: Mapped[int]
    signed: Mapped[bytes]


class Fact(Table):
    """Small facts of this installation: its identifier, the demo city's seed and size, the sealed trust list."""

    __tablename__ = "fact"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(2000))
