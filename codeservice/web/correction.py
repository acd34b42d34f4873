"""Requests for corrections: a partner reports an error in a record, and its authority answers from a queue."""

import secrets
from typing import Literal

from flask import Blueprint

from codeservice.authority import READ, REPLY_WITHIN, WRITE, remit_of
from codeservice.credential import TITLES, CredentialType
from codeservice.notice import NoticeKind
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import audit, authority, correction, notice, person
from codeservice.store.database import Connection
from codeservice.web import bearer
from codeservice.web.authority import CALLER, clean, require_authority
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("correction", __name__)

REPORT = "corrections:report"
"""Scope of a partner's back end that may report errors."""

LONGEST_TEXT = 500
_QUEUE = 200
_RESULTS = {
    correction.ACCEPTED: Words("已受理更正", "it will be corrected"),
    correction.REJECTED: Words("记录无误，不予更正", "the record stays as it is"),
}


class CorrectionReport(Body, frozen=True):
    """Which record is wrong, by type and number, and what is wrong in it."""

    type: str
    number: str
    text: str


class CorrectionAnswer(Body, frozen=True):
    """The authority's answer and its words for whoever has asked."""

    result: Literal["accepted", "rejected"]
    text: str


class CorrectionReceipt(Answer, frozen=True):
    """The request was taken; `due` is when its authority has to answer."""

    id: str
    due: int


class QueuedCorrection(Answer, frozen=True):
    """A request in the queue; `reporter` is `holder` or the identifier of a partner."""

    id: str
    credential: str
    type: str
    reporter: str
    text: str
    at: int
    due: int
    overdue: bool


class CorrectionQueue(Answer, frozen=True):
    """What waits for an answer, the most urgent first."""

    requests: list[QueuedCorrection]


@operation(
    door,
    "POST /api/v1/corrections",
    body=CorrectionReport,
    returns=CorrectionReceipt,
    status=202,
    security=Security.BEARER,
    scope=REPORT,
    problems=(*CALLER, "text_not_readable"),
)
def report_error(services: Services, body: CorrectionReport) -> CorrectionReceipt:
    """Report an error in a record; the answer is the same whether there is such a record or not."""
    now = services.clock()
    caller = bearer.require(services, scope=REPORT, now=now)
    text = clean(body.text, longest=LONGEST_TEXT)

    def work(connection: Connection) -> str | None:
        if body.type not in set(CredentialType):
            return None
        type_ = CredentialType(body.type)
        found = person.find_card_by_number(connection, services.vault, type_, body.number)
        reporter = f"partner:{caller.client.partner}"
        return None if found is None else queue(services, connection, found, reporter=reporter, text=text)

    id_ = services.database.transact(work)
    return CorrectionReceipt(id_ or secrets.token_hex(16), now + REPLY_WITHIN)


@operation(
    door,
    "GET /authority/v1/correction-requests",
    returns=CorrectionQueue,
    security=Security.BEARER,
    scope=READ,
    problems=CALLER,
)
def correction_requests(services: Services) -> CorrectionQueue:
    """List the requests that wait for this authority's answer."""
    caller, _remits = require_authority(services, READ)
    now = services.clock()
    with services.database.read() as connection:
        found = correction.waiting(connection, services.vault, caller.client.partner, limit=_QUEUE)
    return CorrectionQueue(
        [
            QueuedCorrection(
                entry.id,
                entry.credential,
                entry.type,
                "holder" if entry.reporter.startswith("person:") else entry.reporter.removeprefix("partner:"),
                entry.text,
                entry.at,
                entry.due,
                now >= entry.due,
            )
            for entry in found
        ]
    )


@operation(
    door,
    "POST /authority/v1/correction-requests/<request>/answer",
    body=CorrectionAnswer,
    status=204,
    security=Security.BEARER,
    scope=WRITE,
    problems=(*CALLER, "correction_not_found", "text_not_readable"),
)
def answer_correction(services: Services, body: CorrectionAnswer, request: str) -> None:
    """Answer a request once; the holder is told. The correction itself is an operation of its own."""
    caller, _remits = require_authority(services, WRITE)
    text, now = clean(body.text, longest=LONGEST_TEXT), services.clock()

    def work(connection: Connection) -> None:
        found = correction.answer(
            connection,
            services.vault,
            request,
            partner=caller.client.partner,
            state=body.result,
            text=text,
            now=now,
        )
        title, result = TITLES[CredentialType(found.type)], _RESULTS[body.result]
        values = {"card_zh": title.zh, "card_en": title.en, "result_zh": result.zh, "result_en": result.en}
        if found.reporter == f"person:{found.person}":
            subject = f"correction:{found.id}"
            notice.add(
                connection, found.person, NoticeKind.CORRECTION_ANSWERED, subject=subject, values=values, now=now
            )
        audit.add(
            connection,
            at=now,
            actor=f"client:{caller.client.id}",
            action="correction_answered",
            subject=f"correction:{found.id}",
            details={"result": body.result},
        )

    services.database.transact(work)


def queue(services: Services, connection: Connection, card: person.Card, *, reporter: str, text: str) -> str | None:
    """Put a request into the queue of a credential's authority; None when nobody owns it."""
    now = services.clock()
    owner = authority.owner_of(connection, remit_of(card.type, card.claims))
    if owner is None:
        return None
    id_ = correction.add(
        connection,
        services.vault,
        card.id,
        partner=owner,
        reporter=reporter,
        text=text,
        now=now,
        due=now + REPLY_WITHIN,
    )
    subject = f"correction:{id_}"
    audit.add(connection, at=now, actor=reporter, action="correction_requested", subject=subject, details={})
    return id_
