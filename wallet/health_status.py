"""The holder's own health status: what it rests on, until when, what it was before, and the appeal against it."""

from typing import Annotated

import msgspec
from flask import Blueprint

from codeservice.entitlement import Health
from codeservice.errors import ConflictError, NotFoundError
from codeservice.health_status import APPEAL_DAYS, APPEAL_TITLES, SHAPES, TITLES
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import audit, health_appeal, health_status
from codeservice.store.database import Connection
from codeservice.store.health_status import Change
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import require_person

door = Blueprint("health_status", __name__)

_NEWEST = 100
_SESSION = ("sign_in_required", "real_name_required")


class HealthAppealSeen(Answer, frozen=True):
    """An appeal of the holder; it is answered by `due`."""

    id: str
    state: str
    state_title: Words
    filed: int
    due: int
    decided: int | None


class HealthEvidenceSeen(Answer, frozen=True):
    """A kind of evidence that the status rests on, and when it was seen."""

    kind: str
    observed: int


class HealthChangeSeen(Answer, frozen=True):
    """One change: the status with words and shape, its reason, what it rests on, and the appeal if there is one.

    `evidence_title` says in words what kinds of evidence those are, or that two people have decided.
    """

    change: int
    status: int
    title: Words
    shape: str
    reason: Words
    basis: str | None
    cause: str
    rule: str | None
    rule_version: int | None
    evidence: list[HealthEvidenceSeen]
    evidence_title: Words | None
    at: int
    until: int | None
    appeal: HealthAppealSeen | None


class MyHealthStatus(Answer, frozen=True):
    """The status of this moment. `status` 0 is no status, which is not green; `current` is what it rests on."""

    status: int
    title: Words
    shape: str
    until: int | None
    current: HealthChangeSeen | None
    appeal_days: int


class MyHealthChanges(Answer, frozen=True):
    """Every change, the newest first."""

    changes: list[HealthChangeSeen]


class HealthAppealRequest(Body, frozen=True):
    """Which change is wrong, and why."""

    change: int
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


@operation(
    door, "GET /wallet/api/v1/health-status", returns=MyHealthStatus, security=Security.SESSION, problems=_SESSION
)
def my_health_status(services: Services) -> MyHealthStatus:
    """Show the holder's status; one whose time is over is none."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        newest = health_status.changes_of(connection, holder, limit=1)
        seen = _seen_all(services, connection, holder, newest)
    current = newest[0] if newest else None
    counts = current is not None and current.until is not None and now < current.until
    status = current.status if counts and current is not None else Health.NONE
    until = current.until if counts and current is not None else None
    return MyHealthStatus(int(status), TITLES[status], SHAPES[status], until, seen[0] if seen else None, APPEAL_DAYS)


@operation(
    door,
    "GET /wallet/api/v1/health-status/changes",
    returns=MyHealthChanges,
    security=Security.SESSION,
    problems=_SESSION,
)
def my_health_changes(services: Services) -> MyHealthChanges:
    """List every change of the holder's status."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = health_status.changes_of(connection, holder, limit=_NEWEST)
        return MyHealthChanges(_seen_all(services, connection, holder, found))


@operation(
    door,
    "POST /wallet/api/v1/health-status/appeals",
    body=HealthAppealRequest,
    returns=HealthAppealSeen,
    status=201,
    security=Security.SESSION,
    problems=(*_SESSION, "csrf_token_required", "health_change_not_found", "health_appeal_exists"),
)
def appeal(services: Services, body: HealthAppealRequest) -> HealthAppealSeen:
    """Appeal against one change of one's own; two people decide it."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> health_appeal.Appeal:
        change = health_status.find_change(connection, body.change)
        if change is None or change.person != holder:
            raise NotFoundError("health_change_not_found")
        filed = health_appeal.file(connection, services.vault, change=change.id, person=holder, text=body.text, now=now)
        found = None if filed is None else health_appeal.find(connection, services.vault, filed)
        if found is None:
            raise ConflictError("health_appeal_exists")
        actor, subject = f"account:{signed_in.account}", f"health_change:{change.id}"
        audit.add(
            connection, at=now, actor=actor, action="health_appealed", subject=subject, details={"appeal": found.id}
        )
        return found

    return _appeal(services.database.transact(work))


def _seen_all(services: Services, connection: Connection, holder: str, changes: list[Change]) -> list[HealthChangeSeen]:
    appeals = {entry.change: entry for entry in health_appeal.of_person(connection, services.vault, holder)}
    return [_seen(connection, change, appeals.get(change.id)) for change in changes]


def _seen(connection: Connection, change: Change, filed: health_appeal.Appeal | None) -> HealthChangeSeen:
    evidence = health_status.kinds_of(connection, change.evidence)
    basis = change.values.get("basis")
    return HealthChangeSeen(
        change=change.id,
        status=int(change.status),
        title=TITLES[change.status],
        shape=SHAPES[change.status],
        reason=Words(str(change.values["reason_zh"]), str(change.values["reason_en"])),
        basis=None if basis is None else str(basis),
        cause=change.cause.value,
        rule=change.rule,
        rule_version=change.rule_version,
        evidence=[HealthEvidenceSeen(kind, observed) for kind, observed in evidence],
        evidence_title=_title(change),
        at=change.at,
        until=change.until,
        appeal=None if filed is None else _appeal(filed),
    )


def _title(change: Change) -> Words | None:
    chinese, english = (change.values.get(f"evidence_{language}") for language in ("zh", "en"))
    return None if chinese is None or english is None else Words(str(chinese), str(english))


def _appeal(filed: health_appeal.Appeal) -> HealthAppealSeen:
    state = filed.state
    return HealthAppealSeen(filed.id, state.value, APPEAL_TITLES[state], filed.filed, filed.due, filed.decided)
