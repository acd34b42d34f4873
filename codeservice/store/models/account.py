"""Wallets: accounts, sessions, linked cards, consents and devices."""

from sqlalchemy import ForeignKey, Index, SmallInteger, String
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
