"""Policies of scenes, their trials, and which version is in force."""

from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Serial, Table


class Policy(Table):
    """One version of a policy, never changed."""

    __tablename__ = "policy"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scene: Mapped[str] = mapped_column(String(20))
    title: Mapped[dict[str, Any]]
    document: Mapped[bytes]
    at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))


class PolicyTrial(Table):
    """A version tried on recorded scans: how many, and how many would have been decided or booked otherwise."""

    __tablename__ = "policy_trial"
    __table_args__ = (ForeignKeyConstraint(["name", "version"], ["policy.name", "policy.version"]),)
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    scans: Mapped[int]
    differing: Mapped[int]
    at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))


class PolicySwitch(Table):
    """From `begins` on, this version of the policy is in force, until a later switch. Rolling back is a switch too."""

    __tablename__ = "policy_switch"
    __table_args__ = (
        ForeignKeyConstraint(["name", "version"], ["policy.name", "policy.version"]),
        Index(None, "name", "begins", "id"),
    )
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    begins: Mapped[int]
    at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str]
