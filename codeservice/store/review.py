"""Reviews of visits, and what a hall owes after a bad one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from codeservice.hall import ReviewRule
from codeservice.store.hall import Visit
from codeservice.store.models import HallFollowUp, HallReview, HallVisit
from codeservice.store.upsert import insert_once

_DAY = 24 * 3600


@dataclass(frozen=True)
class Figures:
    """Reviews of one window for one service."""

    window: str
    service: str
    reviews: int
    bad: int
    sum: int


@dataclass(frozen=True)
class FollowUp:
    """An answer that a hall owes, or has given (`closed`). Times are epoch seconds."""

    visit: str
    person: str
    number: str
    service: str
    window: str
    grade: int
    tags: list[str]
    callback: bool
    opened: int
    due: int
    closed: int | None
    outcome: str | None


def add(  # noqa: PLR0913 -- one row
    connection: Connection,
    visit: Visit,
    rule: ReviewRule,
    *,
    grade: int,
    tags: Sequence[str],
    callback: bool,
    by: str,
    now: int,
) -> int | None:
    """Keep the one review of a visit; raises LookupError when there is one.

    Returns by when the hall has to answer, None where it need not.
    """
    row = {"visit": visit.id, "place": visit.place, "service": visit.service, "window": visit.window or ""}
    if not insert_once(connection, HallReview, **row, grade=grade, tags=list(tags), by=by, at=now):
        raise LookupError("a visit has one review")
    if grade > rule.bad:
        return None
    due = now + rule.answer_days * _DAY
    values = {"visit": visit.id, "place": visit.place, "callback": callback, "opened": now, "due": due}
    connection.execute(insert(HallFollowUp).values(values))
    return due


def grades(connection: Connection, visits: Sequence[str]) -> dict[str, int]:
    """Return the grades of those of these visits that were reviewed."""
    rows = connection.execute(select(HallReview.visit, HallReview.grade).where(HallReview.visit.in_(visits)))
    return {row.visit: int(row.grade) for row in rows}


def figures(connection: Connection, place: str, *, since: int, bad: int) -> list[Figures]:
    """Count the reviews of a hall since a moment, by window and service."""
    rows = connection.execute(
        select(
            HallReview.window,
            HallReview.service,
            func.count(),
            func.count().filter(HallReview.grade <= bad),
            func.sum(HallReview.grade),
        )
        .where(HallReview.place == place, HallReview.at >= since)
        .group_by(HallReview.window, HallReview.service)
        .order_by(HallReview.window, HallReview.service)
    )
    return [Figures(row[0], row[1], int(row[2]), int(row[3]), int(row[4])) for row in rows]


_FOLLOW_UPS = (
    select(
        HallFollowUp.visit,
        HallVisit.person,
        HallVisit.number,
        HallReview.service,
        HallReview.window,
        HallReview.grade,
        HallReview.tags,
        HallFollowUp.callback,
        HallFollowUp.opened,
        HallFollowUp.due,
        HallFollowUp.closed,
        HallFollowUp.outcome,
    )
    .join(HallReview, HallReview.visit == HallFollowUp.visit)
    .join(HallVisit, HallVisit.id == HallFollowUp.visit)
)


def open_follow_ups(connection: Connection, place: str) -> list[FollowUp]:
    """Return what a hall still owes, the most urgent first."""
    query = _FOLLOW_UPS.where(HallFollowUp.place == place, HallFollowUp.closed.is_(None)).order_by(HallFollowUp.due)
    return [FollowUp(**row) for row in connection.execute(query).mappings()]


def find_follow_up(connection: Connection, place: str, visit: str) -> FollowUp | None:
    """Find what a hall owes after one visit."""
    query = _FOLLOW_UPS.where(HallFollowUp.place == place, HallFollowUp.visit == visit)
    row = connection.execute(query).mappings().first()
    return None if row is None else FollowUp(**row)


def close_follow_up(connection: Connection, visit: str, outcome: str, *, now: int) -> bool:
    """Note that the hall has answered; False when it had before."""
    changed = connection.execute(
        update(HallFollowUp)
        .where(HallFollowUp.visit == visit, HallFollowUp.closed.is_(None))
        .values(closed=now, outcome=outcome)
    )
    return changed.rowcount == 1
