"""Wallets: accounts, sessions, linked cards, consents, devices, and what holders dispute."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Serial, Table


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
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    phone_sealed: Mapped[bytes]
    text_sealed: Mapped[bytes]
    row: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[int]


class Session(Table):
    """A signed-in client; it holds the secret, the table its hashes.

    `next_hash` is a secret that was handed out at `next_at` and not used yet, `previous_hash` the one before the last
    change, which is still good until `previous_until`. `device` is the phone that has proved its key in this session;
    `seen` is exact to the hour.
    """

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    next_hash: Mapped[bytes | None] = mapped_column(unique=True)
    next_at: Mapped[int | None]
    previous_hash: Mapped[bytes | None] = mapped_column(unique=True)
    previous_until: Mapped[int | None]
    csrf: Mapped[str] = mapped_column(String(64))
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    device: Mapped[str | None] = mapped_column(ForeignKey("device.id"), index=True)
    client: Mapped[str] = mapped_column(String(40))
    created: Mapped[int]
    rotated: Mapped[int]
    seen: Mapped[int]
    expires: Mapped[int]


class WechatIdentity(Table):
    """A WeChat user of this city's mini-program, and the wallet that they have bound."""

    __tablename__ = "wechat_identity"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    openid_sealed: Mapped[bytes]
    openid_index: Mapped[bytes] = mapped_column(unique=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    created: Mapped[int]


class BindingTicket(Table):
    """A WeChat user who has logged in and has no wallet yet; the client holds the ticket, the table its hash."""

    __tablename__ = "binding_ticket"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    ticket_hash: Mapped[bytes] = mapped_column(unique=True)
    openid_sealed: Mapped[bytes]
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
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
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


class ScanDispute(Table):
    """What a holder says against a scan of theirs, once, and what they were answered."""

    __tablename__ = "scan_dispute"
    __table_args__ = (
        CheckConstraint("kind in ('not_me', 'wrong')", name="kind"),
        UniqueConstraint("scan", "person"),
        Index(None, "answered", "due"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    scan: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    text_sealed: Mapped[bytes | None]
    at: Mapped[int] = mapped_column(index=True)
    due: Mapped[int]
    upheld: Mapped[bool | None]
    reply_sealed: Mapped[bytes | None]
    answered: Mapped[int | None]
