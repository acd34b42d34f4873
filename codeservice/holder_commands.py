"""What holders have said and taken away: objections to scans, answered by the city; exports, checked."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from codeservice.assurance import Assurance
from codeservice.commands import ACTOR, CommandError, Result, services_of
from codeservice.export import verify_export
from codeservice.notice import NoticeKind
from codeservice.scan_dispute import LONGEST_TEXT
from codeservice.store import account, audit, notice, scan_dispute
from codeservice.store.database import Connection
from codeservice.store.scan_dispute import StoredDispute
from keys.errors import KeysError


def disputes_list(options: argparse.Namespace) -> Result:
    """List the objections without an answer; not good when one is late. What holders wrote is for who answers them."""
    services = services_of(options)
    now = services.clock()
    with services.database.read() as connection:
        found = scan_dispute.waiting(connection, services.vault, limit=options.limit)
    late = sum(entry.due <= now for entry in found)
    lines = [f"{_line(entry)}{'  LATE' if entry.due <= now else ''}" for entry in found]
    return Result(
        {"waiting": [_data(entry) for entry in found], "late": late},
        [*lines, f"{len(found)} wait for an answer, {late} of them late."],
        good=late == 0,
    )


def disputes_answer(options: argparse.Namespace) -> Result:
    """Answer an objection once; the holder is told."""
    services = services_of(options)
    now = services.clock()
    reply = options.reply.strip()
    if not 0 < len(reply) <= LONGEST_TEXT:
        raise CommandError(f"a reply has 1 to {LONGEST_TEXT} characters")
    upheld = options.verdict == "upheld"

    def work(connection: Connection) -> StoredDispute:
        found = scan_dispute.answer(connection, services.vault, options.dispute, upheld=upheld, reply=reply, now=now)
        if found is None:
            raise CommandError("no such objection waits for an answer; `disputes list` shows them")
        subject = f"scan:{found.scan}"
        notice.add(connection, found.person, NoticeKind.DISPUTE_ANSWERED, subject=subject, values={}, now=now)
        details: dict[str, object] = {"upheld": upheld}
        audit.add(
            connection, at=now, actor=ACTOR, action="dispute_answered", subject=f"dispute:{found.id}", details=details
        )
        return found

    found = services.database.transact(work)
    return Result(_data(found), [f"The objection is {found.state.value}; the holder was told."])


def people_confirm(options: argparse.Namespace) -> Result:
    """Note that somebody at a counter has compared a person with their document; the person is told."""
    services = services_of(options)
    now = services.clock()

    def work(connection: Connection) -> int:
        accounts = account.of_person(connection, options.person)
        for owner in accounts:
            account.bind_person(connection, owner, options.person, assurance=Assurance.PRESENCE)
        if accounts:
            subject = f"person:{options.person}"
            notice.add(connection, options.person, NoticeKind.SEEN_AT_COUNTER, subject=subject, values={}, now=now)
            details: dict[str, object] = {"by": options.by, "assurance": Assurance.PRESENCE.value}
            action = "identity_confirmed"
            audit.add(connection, at=now, actor=ACTOR, action=action, subject=subject, details=details)
        return len(accounts)

    count = services.database.transact(work)
    if count == 0:
        raise CommandError("nobody with a wallet has this identifier; `people find` looks one up")
    return Result({"wallets": count}, [f"Confirmed in presence: {count} wallet{'' if count == 1 else 's'}."])


def exports_verify(options: argparse.Namespace) -> Result:
    """Check the file that a holder has taken away by the trust list in force."""
    services = services_of(options)
    path: Path = options.file
    try:
        seal = verify_export(path.read_bytes(), trust_list=services.trust_list(), now=services.clock())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except KeysError as error:
        return Result({"good": False, "why": str(error)}, [f"Refused: {error}."], good=False)
    made = datetime.fromtimestamp(seal.at, UTC).isoformat()
    return Result({"good": True, "at": seal.at}, [f"Genuine: this city wrote it at {made}, and nothing was changed."])


def _data(entry: StoredDispute) -> dict[str, object]:
    return {
        "dispute": entry.id,
        "scan": entry.scan,
        "kind": entry.kind.value,
        "text": entry.text,
        "at": entry.at,
        "due": entry.due,
        "state": entry.state.value,
        "reply": entry.reply,
    }


def _line(entry: StoredDispute) -> str:
    due = datetime.fromtimestamp(entry.due, UTC).date().isoformat()
    return f"{entry.id}  scan {entry.scan}  {entry.kind.value}  until {due}  {entry.text}"
