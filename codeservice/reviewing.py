"""Reviewing a visit: the same rules for a holder's wallet and for the kiosk of a hall."""

from collections.abc import Sequence

from codeservice.city import city_day
from codeservice.errors import ConflictError, UnprocessableError
from codeservice.hall import ReviewRule, State
from codeservice.notice import NoticeKind
from codeservice.store import audit, notice, review
from codeservice.store.database import Connection
from codeservice.store.hall import Visit

_DAY = 24 * 3600


def add_review(  # noqa: PLR0913 -- one review
    connection: Connection,
    visit: Visit,
    rule: ReviewRule,
    *,
    grade: int,
    tags: Sequence[str],
    callback: bool,
    by: str,
    hall: str,
    now: int,
) -> int | None:
    """Keep the one review of a finished visit, and tell the holder by when a bad one is answered (returned too).

    Raises ConflictError for a visit that is not finished, reviewed or too long ago, UnprocessableError for a tag that
    the hall does not have.
    """
    if set(tags) - rule.tags.keys():
        raise UnprocessableError("review_tag_unknown")
    if visit.state is not State.FINISHED or visit.ended is None or now - visit.ended > rule.days * _DAY:
        raise ConflictError("review_not_possible")
    try:
        due = review.add(
            connection, visit, rule, grade=grade, tags=sorted(set(tags)), callback=callback, by=by, now=now
        )
    except LookupError as error:
        raise ConflictError("review_not_possible") from error
    if due is not None:
        notice.add(
            connection,
            visit.person,
            NoticeKind.REVIEW_TAKEN_UP,
            subject=f"visit:{visit.id}",
            values={"hall": hall, "day": city_day(due)},
            now=now,
        )
    # The grade is not in the log: it is not who has reviewed that a hall should look up.
    audit.add(connection, at=now, actor=f"review:{by}", action="reviewed", subject=f"visit:{visit.id}", details={})
    return due
