"""Assessing: from what is recorded of a person to their health status, with its notice and its audit entry.

This is the only place that writes a status. It takes none: it asks the rules what follows from evidence and orders.
"""

from collections.abc import Mapping

from codeservice.code import Kind
from codeservice.entitlement import Health
from codeservice.errors import TooManyRequestsError
from codeservice.health_status import Cause, Finding, decide, notice_values
from codeservice.notice import NoticeKind
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, grant, health_status, notice, tally
from codeservice.store.database import Connection
from codeservice.store.health_status import Standing
from codeservice.telling import Effect, carry_out

_BATCH = 200
_AUDITED = 20
"""Identifiers of evidence that an audit entry names; a rule needs eight at most."""


def assess(  # noqa: PLR0913 -- who, why, by whom, when
    connection: Connection,
    person: str,
    *,
    cause: Cause,
    actor: str,
    people: tuple[str, ...] = (),
    proposal: str | None = None,
    now: int,
) -> Effect:
    """Give a person the status that follows from the record at `now`; changes nothing when they have it.

    `actor` and `people` are who brought it about, `proposal` what they decided. Raises TooManyRequestsError when a rule
    would reach more people in an hour than its cap.
    """
    standing = health_status.lock(connection, person)
    rules = health_status.rules_in_force(connection, now)
    evidence = health_status.evidence_of(connection, person)
    finding = decide(rules, evidence, health_status.orders_of(connection, person), now)
    if _is_same(standing, finding):
        return Effect()
    if cause is Cause.RULE and finding is not None and finding.rule is not None:
        _count(connection, finding.rule, {entry.rule.rule: entry.rule.cap_per_hour for entry in rules}, now)
    return _write(connection, person, finding, cause=cause, actor=actor, people=people, proposal=proposal, now=now)


def end_of_emergency(  # noqa: PLR0913 -- who, by whom, when
    connection: Connection, person: str, *, actor: str, people: tuple[str, ...], proposal: str, now: int
) -> Effect:
    """End a person's status because the emergency has ended, whatever was recorded."""
    health_status.lock(connection, person)
    return _write(connection, person, None, cause=Cause.SUNSET, actor=actor, people=people, proposal=proposal, now=now)


def renew(services: Services) -> int:
    """Assess anew whose status has had its time; returns how many. A milder one may stand behind the one that ended."""
    now = services.clock()
    with services.database.read() as connection:
        ended = health_status.people_with_status(connection, until=now, limit=_BATCH)

    for person in ended:

        def work(connection: Connection, person: str = person) -> Effect:
            return assess(connection, person, cause=Cause.EXPIRED, actor="service:health-status", now=now)

        carry_out(services, services.database.transact(work))
    return len(ended)


def _is_same(standing: Standing, finding: Finding | None) -> bool:
    if finding is None:
        return standing.status is Health.NONE
    return (standing.status, standing.rule, standing.until) == (finding.status, finding.rule, finding.until)


def _count(connection: Connection, rule: str, caps: Mapping[str, int], now: int) -> None:
    if tally.take(connection, f"health_rule:{rule}:{now // 3600}", "all", 1, caps[rule]) is None:
        raise TooManyRequestsError("health_cap_reached", retry_after=3600 - now % 3600)


def _write(  # noqa: PLR0913 -- one change with everything that belongs to it
    connection: Connection,
    person: str,
    finding: Finding | None,
    *,
    cause: Cause,
    actor: str,
    people: tuple[str, ...],
    proposal: str | None,
    now: int,
) -> Effect:
    kind = NoticeKind.HEALTH_STATUS_ENDED if finding is None else NoticeKind.HEALTH_STATUS_CHANGED
    basis = _basis(finding, proposal)
    evidence = () if finding is None else finding.evidence
    told = notice.add(connection, person, kind, subject="health-status", values=notice_values(finding, cause), now=now)
    # An order is the proposal that it stands on; a correction is the one that brought the change about.
    on = proposal or (None if finding is None else finding.proposal)
    change = health_status.add_change(
        connection, person, finding, cause=cause, proposal=on, evidence=evidence, notice=told, now=now
    )
    dead = [
        entry
        for kind_ in (Kind.DEVICE, Kind.SERVED)
        for entry in grant.live(connection, now=now, person=person, kind=kind_)
    ]
    grant.change(connection, dead, Status.REVOKED, cause="health_status_changed", now=now)
    details: dict[str, object] = {"cause": cause.value, "notice": told, "grants": len(dead)} | basis
    details |= {"evidence": list(evidence[:_AUDITED]), "people": list(people)}
    # Neither the status nor the person: the entry outlives both, and the change tells whose it was while it stands.
    subject = f"health_change:{change}"
    audit.add(connection, at=now, actor=actor, action="health_status_changed", subject=subject, details=details)
    return Effect(tuple((entry.list, entry.idx) for entry in dead), (person,))


def _basis(finding: Finding | None, proposal: str | None) -> dict[str, object]:
    basis: dict[str, object] = {} if proposal is None else {"proposal": proposal}
    if finding is not None and finding.rule is not None:
        basis |= {"rule": f"{finding.rule}/{finding.version}"}
    if finding is not None and finding.proposal is not None:
        basis |= {"order": finding.proposal}
    return basis
