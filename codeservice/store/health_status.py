"""The health status in the record: rules, evidence, orders, and the history of what came of them."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from codeservice.entitlement import Health
from codeservice.health_status import Cause, Evidence, Finding, Order, Rule, RuleInForce
from codeservice.store.models import (
    HealthChange,
    HealthEvidence,
    HealthOrder,
    HealthRule,
    HealthStatus,
    Notice,
    Proposal,
)
from codeservice.store.sealed import EVIDENCE_REFERENCE, HEALTH_REFERENCE
from codeservice.store.upsert import insert_once
from keys.vault import Vault

_RULES = (
    select(HealthRule.__table__, Proposal.basis)
    .join(Proposal, Proposal.id == HealthRule.proposal)
    .order_by(HealthRule.id, HealthRule.version)
)


@dataclass(frozen=True)
class Standing:
    """The status of a person as it was recorded last; `until` may be over."""

    change: int | None
    status: Health
    rule: str | None
    until: int | None


@dataclass(frozen=True)
class Change:
    """One change; `values` are what its notice said."""

    id: int
    person: str
    status: Health
    cause: Cause
    rule: str | None
    rule_version: int | None
    proposal: str | None
    evidence: tuple[str, ...]
    at: int
    until: int | None
    values: dict[str, Any]


def add_rule(connection: Connection, rule: Rule, document: bytes, *, proposal: str) -> int:
    """Insert the next version of a rule; returns its number. From its beginning on it stands instead of the last."""
    newest = connection.scalar(
        select(HealthRule.version).where(HealthRule.id == rule.rule).order_by(HealthRule.version.desc()).limit(1)
    )
    version = (newest or 0) + 1
    row = {"id": rule.rule, "version": version, "document": document, "begins": rule.begins, "ends": rule.ends}
    connection.execute(insert(HealthRule).values(row | {"proposal": proposal}))
    return version


def rules_in_force(connection: Connection, now: int) -> list[RuleInForce]:
    """Return the rules in force at `now`, each in its newest version that has begun."""
    newest: dict[str, Row[Any]] = {}
    for row in connection.execute(_RULES.where(HealthRule.begins <= now, HealthRule.ended.is_(None))):
        newest[row.id] = row
    return [
        RuleInForce(msgspec.json.decode(row.document, type=Rule), row.version, row.basis)
        for row in newest.values()
        if now < row.ends
    ]


def end_rules(connection: Connection, *, now: int) -> None:
    """Put every rule out of force, also those that have not begun, and set aside all evidence and every order."""
    connection.execute(update(HealthRule).where(HealthRule.ended.is_(None)).values(ended=now))
    connection.execute(update(HealthEvidence).where(HealthEvidence.set_aside.is_(None)).values(set_aside=now))
    connection.execute(update(HealthOrder).where(HealthOrder.set_aside.is_(None)).values(set_aside=now))


def add_evidence(  # noqa: PLR0913 -- one row
    connection: Connection,
    vault: Vault,
    *,
    person: str,
    kind: str,
    source: str,
    reference: str,
    observed: int,
    expires: int,
    client: str,
    now: int,
) -> str | None:
    """Insert evidence and return its identifier; None when its source has recorded this reference before."""
    id_ = secrets.token_hex(16)
    is_new = insert_once(
        connection,
        HealthEvidence,
        id=id_,
        person=person,
        kind=kind,
        source=source,
        reference_sealed=EVIDENCE_REFERENCE.seal(vault, reference, id_),
        reference_index=vault.index(reference, kind=HEALTH_REFERENCE),
        observed=observed,
        expires=expires,
        recorded=now,
        client=client,
    )
    return id_ if is_new else None


def withdraw_evidence(  # noqa: PLR0913 -- one row
    connection: Connection, vault: Vault, *, kind: str, source: str, reference: str, now: int
) -> tuple[str, str] | None:
    """Set evidence aside that its source takes back; returns (evidence, person), None when it has no such."""
    row = connection.execute(
        update(HealthEvidence)
        .where(
            HealthEvidence.source == source,
            HealthEvidence.kind == kind,
            EVIDENCE_REFERENCE.is_one_of(vault, reference),
            HealthEvidence.set_aside.is_(None),
        )
        .values(set_aside=now)
        .returning(HealthEvidence.id, HealthEvidence.person)
    ).first()
    return None if row is None else (row.id, row.person)


def evidence_of(connection: Connection, person: str) -> list[Evidence]:
    """Return the evidence of a person that stands."""
    table = HealthEvidence
    query = select(table.id, table.kind, table.source, table.observed, table.expires)
    rows = connection.execute(query.where(table.person == person, table.set_aside.is_(None)))
    return [Evidence(**row) for row in rows.mappings()]


def add_orders(  # noqa: PLR0913 -- one row for each person
    connection: Connection, people: Iterable[str], *, proposal: str, status: Health, reason: str, at: int, until: int
) -> None:
    """Insert what an order says of each person."""
    row = {"proposal": proposal, "status": int(status), "reason": reason, "at": at, "until": until}
    connection.execute(insert(HealthOrder), [row | {"person": person} for person in people])


def orders_of(connection: Connection, person: str) -> list[Order]:
    """Return the orders that stand of a person."""
    query = select(HealthOrder.__table__, Proposal.basis).join(Proposal, Proposal.id == HealthOrder.proposal)
    rows = connection.execute(query.where(HealthOrder.person == person, HealthOrder.set_aside.is_(None)))
    return [Order(row.proposal, Health(row.status), row.reason, row.at, row.until, row.basis) for row in rows]


def set_aside(connection: Connection, change: Change, *, now: int) -> None:
    """Set aside what a change rests on: its evidence, or its order as far as it is of this person."""
    for evidence in change.evidence:
        connection.execute(
            update(HealthEvidence)
            .where(HealthEvidence.id == evidence, HealthEvidence.set_aside.is_(None))
            .values(set_aside=now)
        )
    connection.execute(
        update(HealthOrder)
        .where(HealthOrder.proposal == change.proposal, HealthOrder.person == change.person)
        .values(set_aside=now)
    )


def lock(connection: Connection, person: str) -> Standing:
    """Return what was recorded last of a person; whoever asks next waits until this transaction has ended."""
    insert_once(connection, HealthStatus, person=person, status=int(Health.NONE))
    row = connection.execute(
        select(HealthStatus.__table__).where(HealthStatus.person == person).with_for_update()
    ).one()
    return Standing(row.change, Health(row.status), row.rule, row.until)


def standing_of(connection: Connection, person: str) -> Standing | None:
    """Return what was recorded last of a person; None for somebody who never had a status."""
    row = connection.execute(select(HealthStatus.__table__).where(HealthStatus.person == person)).first()
    return None if row is None else Standing(row.change, Health(row.status), row.rule, row.until)


def add_change(  # noqa: PLR0913 -- one row
    connection: Connection,
    person: str,
    finding: Finding | None,
    *,
    cause: Cause,
    proposal: str | None,
    evidence: Sequence[str],
    notice: int,
    now: int,
) -> int:
    """Insert a change under the lock of its person, and make it the newest; returns its identifier."""
    status = Health.NONE if finding is None else finding.status
    rule, version, until = (None, None, None) if finding is None else (finding.rule, finding.version, finding.until)
    row: dict[str, Any] = {"person": person, "status": int(status), "cause": cause.value, "at": now, "until": until}
    row |= {"rule": rule, "rule_version": version, "proposal": proposal, "evidence": list(evidence), "notice": notice}
    change = connection.execute(insert(HealthChange).values(row).returning(HealthChange.id)).scalar_one()
    values = {"change": change, "status": int(status), "rule": rule, "until": until}
    connection.execute(update(HealthStatus).where(HealthStatus.person == person).values(values))
    return change


def changes_of(connection: Connection, person: str, *, limit: int) -> list[Change]:
    """Return the newest changes of a person."""
    query = _CHANGES.where(HealthChange.person == person).order_by(HealthChange.id.desc()).limit(limit)
    return [_change(row) for row in connection.execute(query)]


def find_change(connection: Connection, change: int) -> Change | None:
    """Return one change."""
    row = connection.execute(_CHANGES.where(HealthChange.id == change)).first()
    return None if row is None else _change(row)


def kinds_of(connection: Connection, evidence: Sequence[str]) -> list[tuple[str, int]]:
    """Return (kind, observed) of evidence."""
    table = HealthEvidence
    rows = connection.execute(select(table.kind, table.observed).where(table.id.in_(evidence)).order_by(table.id))
    return [(row.kind, row.observed) for row in rows]


def people_with_status(connection: Connection, *, until: int | None, limit: int) -> list[str]:
    """Return people whose status has not been ended in the record, of those that end by themselves until `until`."""
    query = select(HealthStatus.person).where(HealthStatus.status != int(Health.NONE))
    if until is not None:
        query = query.where(HealthStatus.until <= until)
    return list(connection.scalars(query.order_by(HealthStatus.person).limit(limit)))


_CHANGES = select(HealthChange.__table__, Notice.values.label("said")).join(Notice, Notice.id == HealthChange.notice)


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        person=row.person,
        status=Health(row.status),
        cause=Cause(row.cause),
        rule=row.rule,
        rule_version=row.rule_version,
        proposal=row.proposal,
        evidence=tuple(row.evidence),
        at=row.at,
        until=row.until,
        values=dict(row.said),
    )
