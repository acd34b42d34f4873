"""Disputes: a holder says that a scan was not theirs or is wrong, and sees what they were answered."""

from flask import Blueprint

from codeservice.errors import ConflictError, NotFoundError, TooManyRequestsError, UnprocessableError
from codeservice.reason import Words
from codeservice.scan_dispute import ANSWER_WITHIN, LONGEST_TEXT, STATE_TITLES, DisputeKind
from codeservice.services import Services
from codeservice.store import audit, scan_dispute, tally
from codeservice.store.database import Connection
from codeservice.web.authority import clean
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import require_person

door = Blueprint("disputes", __name__)

_A_DAY = 20
"""Disputes of one holder in a day."""

_SESSION = ("sign_in_required", "real_name_required")


class DisputeRequest(Body, frozen=True):
    """What is wrong: "not_me" or "wrong", and why in the holder's words, which may be empty."""

    kind: str
    text: str = ""


class DisputeReceipt(Answer, frozen=True):
    """When an answer is owed."""

    due: int


class DisputedScan(Answer, frozen=True):
    """One dispute; `state` is open, upheld or rejected."""

    record: str
    kind: str
    text: str
    at: int
    due: int
    state: str
    state_title: Words
    reply: str | None
    answered_at: int | None


class DisputedScans(Answer, frozen=True):
    """The holder's disputes, the newest first."""

    disputes: list[DisputedScan]


@operation(
    door,
    "POST /wallet/api/v1/records/<record>/disputes",
    body=DisputeRequest,
    returns=DisputeReceipt,
    status=202,
    security=Security.SESSION,
    problems=(
        *_SESSION,
        "csrf_token_required",
        "record_not_found",
        "dispute_not_readable",
        "text_not_readable",
        "disputed_before",
        "too_many_tries",
    ),
)
def dispute_record(services: Services, body: DisputeRequest, record: str) -> DisputeReceipt:
    """Say that a scan of one's own code was not by oneself, or that what it says is wrong."""
    signed_in, holder = require_person(services)
    now = services.clock()
    if body.kind not in set(DisputeKind):
        raise UnprocessableError("dispute_not_readable")
    text = clean(body.text, longest=LONGEST_TEXT) if body.text.strip() else ""
    kind = DisputeKind(body.kind)

    def work(connection: Connection) -> None:
        if not scan_dispute.is_of(connection, record, holder):
            raise NotFoundError("record_not_found")
        if tally.take(connection, f"disputes:{now // 86400}", holder, 1, _A_DAY) is None:
            raise TooManyRequestsError("too_many_tries", retry_after=86400)
        if not scan_dispute.add(connection, services.vault, scan=record, person=holder, kind=kind, text=text, now=now):
            raise ConflictError("disputed_before")
        actor = f"account:{signed_in.account}"
        details: dict[str, object] = {"kind": kind.value}
        audit.add(connection, at=now, actor=actor, action="scan_disputed", subject=f"scan:{record}", details=details)

    services.database.transact(work)
    return DisputeReceipt(now + ANSWER_WITHIN)


@operation(door, "GET /wallet/api/v1/disputes", returns=DisputedScans, security=Security.SESSION, problems=_SESSION)
def disputes(services: Services) -> DisputedScans:
    """List the holder's disputes with their answers."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = scan_dispute.of_person(connection, services.vault, holder)
    return DisputedScans(
        [
            DisputedScan(
                record=entry.scan,
                kind=entry.kind.value,
                text=entry.text,
                at=entry.at,
                due=entry.due,
                state=entry.state.value,
                state_title=STATE_TITLES[entry.state],
                reply=entry.reply,
                answered_at=entry.answered,
            )
            for entry in found
        ]
    )
