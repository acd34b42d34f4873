"""The health status: rules, evidence, orders, what came of them, appeals, and certificates of destruction."""

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Serial, Table


class HealthRule(Table):
    """One version of a rule, never changed but for `ended`, the moment of a sunset. `proposal` put it in force."""

    __tablename__ = "health_rule"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[bytes]
    begins: Mapped[int]
    ends: Mapped[int]
    ended: Mapped[int | None]
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.id"))


class HealthEvidence(Table):
    """What an authority has seen of a person. `set_aside` is when it was withdrawn, or corrected after an appeal."""

    __tablename__ = "health_evidence"
    __table_args__ = (UniqueConstraint("source", "kind", "reference_index"), Index(None, "person", "kind"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    reference_sealed: Mapped[bytes]
    reference_index: Mapped[bytes]
    observed: Mapped[int]
    expires: Mapped[int]
    recorded: Mapped[int]
    client: Mapped[str] = mapped_column(String(32))
    set_aside: Mapped[int | None]


class HealthOrder(Table):
    """That two people ordered a status for one person; `set_aside` is when a correction took it back."""

    __tablename__ = "health_order"
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    status: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[int]
    until: Mapped[int]
    set_aside: Mapped[int | None]


class HealthChange(Table):
    """One change of a person's status, with what it rests on and the notice that told of it. Never changed."""

    __tablename__ = "health_change"
    __table_args__ = (
        CheckConstraint("status in (0, 1, 2, 3)", name="status"),
        Index(None, "person", "id"),
    )
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    status: Mapped[int] = mapped_column(SmallInteger)
    cause: Mapped[str] = mapped_column(String(20))
    rule: Mapped[str | None] = mapped_column(String(40))
    rule_version: Mapped[int | None]
    proposal: Mapped[str | None] = mapped_column(ForeignKey("proposal.id"))
    evidence: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[int]
    until: Mapped[int | None]
    notice: Mapped[int] = mapped_column(ForeignKey("notice.id"), unique=True)


class HealthStatus(Table):
    """The newest change of each person; its row is the lock under which the next one is made."""

    __tablename__ = "health_status"
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    change: Mapped[int | None] = mapped_column(ForeignKey("health_change.id"))
    status: Mapped[int] = mapped_column(SmallInteger)
    rule: Mapped[str | None] = mapped_column(String(40))
    until: Mapped[int | None] = mapped_column(index=True)


class HealthAppeal(Table):
    """A holder's appeal against a change, in their words, and what two people made of it."""

    __tablename__ = "health_appeal"
    __table_args__ = (CheckConstraint("state in ('filed', 'upheld', 'corrected')", name="state"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    change: Mapped[int] = mapped_column(ForeignKey("health_change.id"), unique=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    text_sealed: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(20))
    filed: Mapped[int]
    due: Mapped[int]
    decided: Mapped[int | None]
    proposal: Mapped[str | None] = mapped_column(ForeignKey("proposal.id"))


class HealthCertificate(Table):
    """A signed certificate of destruction (COSE_Sign1, base64url)."""

    __tablename__ = "health_certificate"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.id"))
    at: Mapped[int]
    signed: Mapped[str] = mapped_column(Text)
