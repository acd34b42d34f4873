"""Assessing: from what is recorded of a person to their health status, with its notice and its audit entry.

This is the only place that writes a status. It takes none: it asks the rules what follows from evidence and orders.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codeservice.code import Kind
from codeservice.entitlement import Health
from codeservice.errors import TooManyRequestsError
from codeservice.health_status import Cause, Finding, decide, notice_values
from codeservice.notice import NoticeKind
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, grant, health_status, notice, tally
from codeservice.store.database import Connection
from codeservice.store.grant import IssuedGrant
from codeservice.store.health_status import Standing
from codeservice.telling import Effect, carry_out

_BATCH = 200
_KINDS = (Kind.DEVICE, Kind.SERVED)
"""Kinds of codes that may say a health status; paper never does, and digits ask the record each time."""


@dataclass(frozen=True)
class Occasion:
    """Why people are assessed: the cause, who acts, which two `people` decided it in which `proposal`, and when."""

    cause: Cause
    actor: str
    now: int
    people: tuple[str, ...] = ()
    proposal: str | None = None


def assess(connection: Connection, persons: Iterable[str], occasion: Occasion) -> Effect:
    """Give each person the status that follows from the record at this moment; changes nothing for those who have it.

    Raises TooManyRequestsError when a rule would reach more people in an hour than its cap.
    """
    now = occasion.now
    rules = health_status.rules_in_force(connection, now)
    caps = {entry.rule.rule: entry.rule.cap_per_hour for entry in rules}

    def follow(person: str, standing: Standing) -> list[IssuedGrant] | None:
        evidence = health_status.evidence_of(connection, person)
        finding = decide(rules, evidence, health_status.orders_of(connection, person), now)
        if _is_same(standing, finding):
            return None
        if occasion.cause is Cause.RULE and finding is not None and finding.rule is not None:
            _count(connection, finding.rule, caps[finding.rule], now)
        return _write(connection, person, finding, occasion)

    return _for_each(connection, persons, follow, now)


def end_of_emergency(connection: Connection, persons: Iterable[str], occasion: Occasion) -> Effect:
    """End the status of each person because the emergency has ended, whatever was recorded."""

    def follow(person: str, _standing: Standing) -> list[IssuedGrant]:
        return _write(connection, person, None, occasion)

    return _for_each(connection, persons, follow, occasion.now)


def renew(services: Services) -> int:
    """Assess anew whose status has had its time; returns how many. A milder one may stand behind the one that ended."""
    now = services.clock()
    with services.database.read() as connection:
        ended = health_status.people_with_status(connection, until=now, limit=_BATCH)

    for person in ended:

        def work(connection: Connection, person: str = person) -> Effect:
            return assess(connection, [person], Occasion(Cause.EXPIRED, "service:health-status", now))

        carry_out(services, services.database.transact(work))
    return len(ended)


def _for_each(
    connection: Connection,
    persons: Iterable[str],
    follow: Callable[[str, Standing], list[IssuedGrant] | None],
    now: int,
) -> Effect:
    # All in one order and before anything else is locked, so that two acts never wait for each other.
    standings = {person: health_status.lock(connection, person) for person in sorted(set(persons))}
    followed = {person: follow(person, standing) for person, standing in standings.items()}
    dead = [entry for grants in followed.values() for entry in grants or ()]
    grant.change(connection, dead, Status.REVOKED, cause="health_status_changed", now=now)
    told = tuple(person for person, grants in followed.items() if grants is not None)
    return Effect(tuple((entry.list, entry.idx) for entry in dead), told)


def _is_same(standing: Standing, finding: Finding | None) -> bool:
    if finding is None:
        return standing.status is Health.NONE
    return (standing.status, standing.rule, standing.until) == (finding.status, finding.rule, finding.until)


def _count(connection: Connection, rule: str, cap: int, now: int) -> None:
    if tally.take(connection, f"health_rule:{rule}:{now // 3600}", "all", 1, cap) is None:
        raise TooManyRequestsError("health_cap_reached", retry_after=3600 - now % 3600)


def _write(connection: Connection, person: str, finding: Finding | None, occasion: Occasion) -> list[IssuedGrant]:
    """Write a change with its notice and its audit entry; returns the grants that have to die."""
    cause, proposal, now = occasion.cause, occasion.proposal, occasion.now
    kind = NoticeKind.HEALTH_STATUS_ENDED if finding is None else NoticeKind.HEALTH_STATUS_CHANGED
    evidence = () if finding is None else finding.evidence
    values = notice_values(finding, cause)
    told = notice.add(connection, person, kind, subject="health-status", values=values, now=now)
    # An order is the proposal that it stands on; a correction is the one that brought the change about.
    on = proposal or (None if finding is None else finding.proposal)
    change = health_status.add_change(
        connection, person, finding, cause=cause, proposal=on, evidence=evidence, notice=told, now=now
    )
    dead = [entry for kind_ in _KINDS for entry in grant.live(connection, now=now, person=person, kind=kind_)]
    details: dict[str, object] = {"cause": cause.value, "notice": told, "grants": len(dead)}
    details |= _basis(finding, proposal) | {"evidence": list(evidence), "people": list(occasion.people)}
    # Neither the status nor the person: the entry outlives both, and the change tells whose it was while it stands.
    subject = f"health_change:{change}"
    action = "health_status_changed"
    audit.add(connection, at=now, actor=occasion.actor, action=action, subject=subject, details=details)
    return dead


def _basis(finding: Finding | None, proposal: str | None) -> dict[str, object]:
    basis: dict[str, object] = {} if proposal is None else {"proposal": proposal}
    if finding is not None and finding.rule is not None:
        basis |= {"rule": f"{finding.rule}/{finding.version}"}
    if finding is not None and finding.proposal is not None:
        basis |= {"order": finding.proposal}
    return basis
