"""Consents to open a health record, and who has opened what. The record itself is kept by others."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Serial, Table


class RecordConsent(Table):
    """One version of a consent, never changed; the newest version of an identifier counts.

    `ends` is exclusive. `withdrawn` is the last word: no version follows it.
    """

    __tablename__ = "record_consent"
    __table_args__ = (Index(None, "person", "partner"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    scopes: Mapped[str]
    purpose: Mapped[str] = mapped_column(String(20))
    begins: Mapped[int]
    ends: Mapped[int]
    withdrawn: Mapped[bool]
    at: Mapped[int]


class RecordRequest(Table):
    """A hospital's question for a consent; `state` is waiting, given or declined, and `consent` what came of it."""

    __tablename__ = "record_request"
    __table_args__ = (Index(None, "person", "at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    operator: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[str]
    purpose: Mapped[str] = mapped_column(String(20))
    days: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    at: Mapped[int]
    expires: Mapped[int]
    consent: Mapped[str | None] = mapped_column(String(32))


class HealthAccess(Table):
    """One look at what is about a person's health, allowed or not: what the holder sees of it.

    `what` is resource, record, insurance or emergency; `scopes` are what was allowed, empty for nothing.
    """

    __tablename__ = "health_access"
    __table_args__ = (Index(None, "person", "id"),)
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    operator: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(12))
    asked: Mapped[str]
    scopes: Mapped[str]
    purpose: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))
    at: Mapped[int] = mapped_column(index=True)
