"""Government halls server to server: windows call numbers, forms are fetched by consent, reviews are answered."""

from typing import Annotated, Literal

import msgspec
from flask import Blueprint

from codeservice import hall as rules
from codeservice.city import city_day
from codeservice.errors import ConflictError, NotFoundError, UnprocessableError
from codeservice.hall import Act, HallRules, State
from codeservice.notice import NoticeKind
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import application, audit, client, hall, notice, person, review
from codeservice.store.client import StoredClient
from codeservice.store.database import Connection
from codeservice.web import bearer
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("hall", __name__)

SCENE = "government"
QUEUE = "queue:serve"
FORMS = "applications:read"
REVIEWS = "reviews:read"
"""Scopes of a hall's back end, each for one of its counters."""

_CALLER = ("token_required", "scope_required", "terminal_not_allowed", "policy_not_readable")
_REVIEWED = 90 * 24 * 3600
"""Seconds back from now whose reviews are counted."""

Identifier = Annotated[str, msgspec.Meta(max_length=32)]
WindowName = Annotated[str, msgspec.Meta(max_length=4)]


class CallRequest(Body, frozen=True):
    """The window that calls."""

    window: WindowName


class ActRequest(Body, frozen=True):
    """What a window does with the visit that it has in hand; `service` is where a transferred one waits."""

    window: WindowName
    act: Literal["recall", "serve", "finish", "no_show", "transfer"]
    service: Annotated[str, msgspec.Meta(max_length=20)] = ""


class WindowVisit(Answer, frozen=True):
    """A visit as windows see it: a number, no name."""

    visit: str
    number: str
    service: str
    priority: bool
    state: str
    window: str | None
    calls: int


class ApplicationRequest(Body, frozen=True):
    """The visit and the form that its holder is asked for."""

    visit: Identifier
    form: Annotated[str, msgspec.Meta(max_length=20)]


class ApplicationState(Answer, frozen=True):
    """Where an application stands: asked, consented, fetched, refused or withdrawn."""

    application: str
    state: str
    expires: int | None


class ApplicationValues(Answer, frozen=True):
    """The values of a form, exactly its fields; None where no credential in force says it."""

    application: str
    form: str
    values: dict[str, str | None]


class ReviewFigures(Answer, frozen=True):
    """Reviews of one window for one service; `average` is of grades from 1 to 5."""

    window: str
    service: str
    reviews: int
    bad: int
    average: float


class ReviewStatistics(Answer, frozen=True):
    """Reviews of the last ninety days."""

    figures: list[ReviewFigures]


class ReviewKept(Answer, frozen=True):
    """By when the hall answers a bad review; None for a good one."""

    answered_by: int | None


class FollowUp(Answer, frozen=True):
    """An answer that the hall owes; `phone` only where the holder asked to be called."""

    visit: str
    number: str
    service: str
    window: str
    grade: int
    tags: list[str]
    due: int
    overdue: bool
    phone: str | None


class FollowUps(Answer, frozen=True):
    """What the hall owes, the most urgent first."""

    follow_ups: list[FollowUp]


class FollowUpAnswer(Body, frozen=True):
    """How a bad review was answered, by its code."""

    outcome: Literal["explained", "corrected", "apologised", "not_reached"]


OUTCOMES = {
    "explained": Words("已解释说明", "explained"),
    "corrected": Words("已整改", "corrected"),
    "apologised": Words("已致歉", "apologised for"),
    "not_reached": Words("未能联系到您", "you could not be reached"),
}


@operation(
    door,
    "POST /api/v1/queue/calls",
    body=CallRequest,
    returns=WindowVisit,
    security=Security.BEARER,
    scope=QUEUE,
    problems=(*_CALLER, "window_not_found", "window_busy", "queue_empty"),
)
def call_next(services: Services, body: CallRequest) -> WindowVisit:
    """Call the next number for a window; a window that has called is told the same number again."""
    now = services.clock()
    who, found = _hall(services, QUEUE)
    window = found.window(body.window)
    if window is None:
        raise NotFoundError("window_not_found")

    def work(connection: Connection) -> hall.Visit | None:
        client.require_active(connection, who.id)
        return hall.call_next(connection, who.place, window.code, window.services, day=city_day(now), now=now)

    called = services.database.transact(work)
    if called is None:
        raise NotFoundError("queue_empty")
    return _visit(called)


@operation(
    door,
    "POST /api/v1/queue/visits/<visit>/acts",
    body=ActRequest,
    returns=WindowVisit,
    security=Security.BEARER,
    scope=QUEUE,
    problems=(*_CALLER, "window_not_found", "hall_service_not_found", "visit_not_found", "visit_state_not_allowed"),
)
def act_on_visit(services: Services, body: ActRequest, visit: str) -> WindowVisit:
    """Recall, serve, finish, transfer or give up the visit that a window has in hand."""
    now = services.clock()
    who, found = _hall(services, QUEUE)
    if found.window(body.window) is None:
        raise NotFoundError("window_not_found")
    if body.service and found.service(body.service) is None:
        raise UnprocessableError("hall_service_not_found")

    def work(connection: Connection) -> hall.Visit:
        client.require_active(connection, who.id)
        stored = hall.find(connection, visit, place=who.place)
        return hall.act(connection, stored, Act(body.act), body.window, service=body.service or None, now=now)

    return _visit(services.database.transact(work))


@operation(
    door,
    "POST /api/v1/applications",
    body=ApplicationRequest,
    returns=ApplicationState,
    status=201,
    security=Security.BEARER,
    scope=FORMS,
    problems=(*_CALLER, "visit_not_found", "visit_state_not_allowed", "form_not_found"),
)
def ask_for_form(services: Services, body: ApplicationRequest) -> ApplicationState:
    """Ask the holder of a visit at a window for a form; the wallet shows what it would share."""
    now = services.clock()
    who, found = _hall(services, FORMS)
    form = found.form(body.form)
    if form is None:
        raise NotFoundError("form_not_found")

    def work(connection: Connection) -> ApplicationState:
        client.require_active(connection, who.id)
        visit = hall.find(connection, body.visit, place=who.place)
        if visit.state not in rules.IN_HAND:
            raise ConflictError("visit_state_not_allowed")
        id_ = application.ask(connection, visit=visit.id, person=visit.person, place=who.place, form=form, now=now)
        values = {"hall": who.place_name, "form_zh": form.title.zh, "form_en": form.title.en}
        notice.add(
            connection,
            visit.person,
            NoticeKind.APPLICATION_ASKED,
            subject=f"application:{id_}",
            values=values,
            now=now,
        )
        _audit(connection, who, now, "application_asked", f"application:{id_}", {"form": form.code})
        return ApplicationState(id_, application.ASKED, None)

    return services.database.transact(work)


@operation(
    door,
    "GET /api/v1/applications/<application_id>",
    returns=ApplicationState,
    security=Security.BEARER,
    scope=FORMS,
    problems=(*_CALLER, "application_not_found"),
)
def application_state(services: Services, application_id: str) -> ApplicationState:
    """Say whether the holder has consented; no values."""
    who, _rules = _hall(services, FORMS)
    with services.database.read() as connection:
        found = application.find(connection, application_id, place=who.place)
    return ApplicationState(found.id, found.state, found.expires)


@operation(
    door,
    "POST /api/v1/applications/<application_id>/values",
    returns=ApplicationValues,
    security=Security.BEARER,
    scope=FORMS,
    problems=(*_CALLER, "application_not_found", "application_not_open", "application_changed"),
)
def fetch_form(services: Services, application_id: str) -> ApplicationValues:
    """Fetch a form that the holder has consented to: once, and nothing beyond its fields."""
    now = services.clock()
    who, _rules = _hall(services, FORMS)

    def work(connection: Connection) -> ApplicationValues:
        client.require_active(connection, who.id)
        found = application.find(connection, application_id, place=who.place)
        values = application.fetch(connection, services.vault, found, now=now)
        details: dict[str, object] = {"form": found.form.code, "fields": sorted(values)}
        _audit(connection, who, now, "application_fetched", f"application:{found.id}", details)
        return ApplicationValues(found.id, found.form.code, values)

    return services.database.transact(work)


@operation(
    door,
    "GET /api/v1/reviews/statistics",
    returns=ReviewStatistics,
    security=Security.BEARER,
    scope=REVIEWS,
    problems=_CALLER,
)
def review_statistics(services: Services) -> ReviewStatistics:
    """Count the hall's reviews by window and service; who gave them is not told."""
    now = services.clock()
    who, found = _hall(services, REVIEWS)
    with services.database.read() as connection:
        figures = review.figures(connection, who.place, since=now - _REVIEWED, bad=found.reviews.bad)
    return ReviewStatistics(
        [
            ReviewFigures(entry.window, entry.service, entry.reviews, entry.bad, round(entry.sum / entry.reviews, 2))
            for entry in figures
        ]
    )


@operation(
    door,
    "GET /api/v1/follow-ups",
    returns=FollowUps,
    security=Security.BEARER,
    scope=REVIEWS,
    problems=_CALLER,
)
def follow_ups(services: Services) -> FollowUps:
    """List the bad reviews that the hall has not answered yet; each reading is in the audit log."""
    now = services.clock()
    who, _rules = _hall(services, REVIEWS)

    def work(connection: Connection) -> list[FollowUp]:
        found = review.open_follow_ups(connection, who.place)
        _audit(connection, who, now, "follow_ups_read", f"place:{who.place}", {"count": len(found)})
        return [_follow_up(services, connection, entry, now) for entry in found]

    return FollowUps(services.database.transact(work))


@operation(
    door,
    "POST /api/v1/follow-ups/<visit>/answer",
    body=FollowUpAnswer,
    status=204,
    security=Security.BEARER,
    scope=REVIEWS,
    problems=(*_CALLER, "follow_up_not_found"),
)
def answer_follow_up(services: Services, body: FollowUpAnswer, visit: str) -> None:
    """Note how a bad review was answered; the holder is told."""
    now = services.clock()
    who, _rules = _hall(services, REVIEWS)

    def work(connection: Connection) -> None:
        client.require_active(connection, who.id)
        found = review.find_follow_up(connection, who.place, visit)
        if found is None or not review.close_follow_up(connection, visit, body.outcome, now=now):
            raise NotFoundError("follow_up_not_found")
        words = OUTCOMES[body.outcome]
        values = {"hall": who.place_name, "outcome_zh": words.zh, "outcome_en": words.en}
        notice.add(
            connection, found.person, NoticeKind.REVIEW_ANSWERED, subject=f"visit:{visit}", values=values, now=now
        )
        _audit(connection, who, now, "review_answered", f"visit:{visit}", {"outcome": body.outcome})

    services.database.transact(work)


def rules_at(services: Services, policy: str, now: int) -> HallRules:
    """Return what the policy of this name says of a hall; raises UnavailableError where it cannot be looked up."""
    version = services.policies(policy, now)
    return rules.read_rules(None if version is None else version.document)


def _hall(services: Services, scope: str) -> tuple[StoredClient, HallRules]:
    now = services.clock()
    who = bearer.require(services, scope=scope, now=now).client
    if who.scene != SCENE:
        # The client of another kind of place has no windows and no visits.
        return who, HallRules((), (), ())
    return who, rules_at(services, who.policy, now)


def _visit(stored: hall.Visit) -> WindowVisit:
    return WindowVisit(
        stored.id, stored.number, stored.service, stored.priority, State(stored.state), stored.window, stored.calls
    )


def _follow_up(services: Services, connection: Connection, entry: review.FollowUp, now: int) -> FollowUp:
    phone = person.find_holder(connection, services.vault, entry.person).phone if entry.callback else None
    return FollowUp(
        visit=entry.visit,
        number=entry.number,
        service=entry.service,
        window=entry.window,
        grade=entry.grade,
        tags=entry.tags,
        due=entry.due,
        overdue=now > entry.due,
        phone=phone,
    )


def _audit(  # noqa: PLR0913, PLR0917 -- one entry
    connection: Connection, who: StoredClient, now: int, action: str, subject: str, details: dict[str, object]
) -> None:
    audit.add(connection, at=now, actor=f"client:{who.id}", action=action, subject=subject, details=details)
