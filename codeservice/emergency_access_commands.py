"""The review of emergency accesses: the queue, one access with the clinician's words, and the second person's word."""

import argparse
from datetime import UTC, datetime

from codeservice.commands import CommandError, Result, services_of
from codeservice.emergency_access import Verdict
from codeservice.notice import NoticeKind
from codeservice.reason import Words
from codeservice.store import audit, client, emergency_access, notice
from codeservice.store.database import Connection
from codeservice.store.emergency_access import StoredEmergency

VERDICTS = [verdict.value for verdict in Verdict]
_TITLES = {Verdict.JUSTIFIED: Words("理由成立", "justified"), Verdict.UNJUSTIFIED: Words("理由不成立", "not justified")}


def emergencies_list(options: argparse.Namespace) -> Result:
    """List the accesses that wait for their review; not good when one is late."""
    services = services_of(options)
    now = services.clock()
    with services.database.read() as connection:
        found = emergency_access.waiting(connection, limit=options.limit)
        late = emergency_access.count_overdue(connection, now=now)
    lines = [f"{_line(entry)}{'  LATE' if entry.due <= now else ''}" for entry in found]
    return Result(
        {"waiting": [_data(entry) for entry in found], "late": late},
        [*lines, f"{len(found)} wait for a second person, {late} of them late."],
        good=late == 0,
    )


def emergencies_show(options: argparse.Namespace) -> Result:
    """Show one access with what the clinician wrote; reading it is audited."""
    services = services_of(options)
    _require_name(options.reviewer)

    def work(connection: Connection) -> tuple[StoredEmergency, str]:
        found = emergency_access.find(connection, options.emergency)
        audit.add(
            connection,
            at=services.clock(),
            actor=f"officer:{options.reviewer}",
            action="emergency_read",
            subject=f"emergency:{found.id}",
            details={},
        )
        return found, emergency_access.statement_of(connection, services.vault, found.id)

    found, statement = services.database.transact(work)
    return Result(_data(found) | {"statement": statement}, [_line(found), statement])


def emergencies_review(options: argparse.Namespace) -> Result:
    """Write the second person's word; the holder is told."""
    services = services_of(options)
    _require_name(options.reviewer)
    verdict, now = Verdict(options.verdict), services.clock()
    if len(options.note) > 200:  # noqa: PLR2004 -- the column's length
        raise CommandError("a note has at most 200 characters")

    def work(connection: Connection) -> StoredEmergency:
        found = emergency_access.review(
            connection, options.emergency, reviewer=options.reviewer, verdict=verdict, note=options.note, now=now
        )
        names = dict(client.partners_of(connection, "hospital"))
        words = _TITLES[verdict]
        values = {"partner": names.get(found.partner, found.partner), "verdict_zh": words.zh, "verdict_en": words.en}
        subject = f"emergency:{found.id}"
        kind = NoticeKind.EMERGENCY_REVIEWED
        notice.add(connection, found.person, kind, subject=subject, values=values, now=now)
        audit.add(
            connection,
            at=now,
            actor=f"officer:{options.reviewer}",
            action="emergency_reviewed",
            subject=subject,
            details={"verdict": verdict.value, "late": now > found.due},
        )
        return found

    found = services.database.transact(work)
    return Result(_data(found), [f"{found.id}: {_TITLES[verdict].en}; the holder was told."])


def _require_name(reviewer: str) -> None:
    if not (reviewer.replace("-", "").isalnum() and reviewer.isascii() and len(reviewer) <= 24):  # noqa: PLR2004
        raise CommandError("a reviewer is named by at most 24 letters, digits and dashes")


def _line(entry: StoredEmergency) -> str:
    at, due = (datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%MZ") for moment in (entry.at, entry.due))
    return f"{entry.id}  {at}  {entry.place}  {entry.operator}  {entry.reason}  due {due}"


def _data(entry: StoredEmergency) -> dict[str, object]:
    kept = ("id", "client", "partner", "place", "operator", "reason", "at", "due", "reviewed", "reviewer", "verdict")
    return {name: getattr(entry, name) for name in kept} | {"note": entry.note}
