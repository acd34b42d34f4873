"""A citizen's visits to government halls: numbers, forms filled with consent, reviews."""

import hashlib
from typing import Annotated, Literal

import msgspec
from flask import Blueprint

from codeservice.errors import ConflictError, NotFoundError
from codeservice.hall import STATE_TITLES, HallRules, State
from codeservice.reason import Words
from codeservice.reviewing import add_review
from codeservice.services import Services
from codeservice.store import application, audit, client, hall, review
from codeservice.store.database import Connection
from codeservice.web.hall import ReviewKept, rules_at
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import require_person

door = Blueprint("halls", __name__)

_NEWEST = 50
_SESSION = ("sign_in_required", "real_name_required")


class HallVisit(Answer, frozen=True):
    """One visit; `before` counts who is called first while it waits. `grade` is the holder's, once it was reviewed."""

    visit: str
    hall: str
    number: str
    service: str
    state: str
    state_title: Words
    window: str | None
    before: int | None
    drawn: int
    grade: int | None


class HallVisits(Answer, frozen=True):
    """The newest visits."""

    visits: list[HallVisit]


class FormPreviewField(Answer, frozen=True):
    """One field of a form with the value that would be shared; None is left for the holder to fill in by hand."""

    name: str
    title: Words
    value: str | None


class OwnApplication(Answer, frozen=True):
    """A form that a hall asks for: what for, which fields, and what became of it."""

    application: str
    hall: str
    service: str
    title: Words
    purpose: Words
    minutes: int
    fields: list[str]
    state: str
    asked: int
    consented: int | None
    expires: int | None
    ended: int | None


class OwnApplications(Answer, frozen=True):
    """The newest applications."""

    applications: list[OwnApplication]


class FormPreview(Answer, frozen=True):
    """Exactly what would be shared; a consent names `digest`, so that it is to these values and no others."""

    application: str
    hall: str
    purpose: Words
    minutes: int
    fields: list[FormPreviewField]
    digest: str


class FormConsentRequest(Body, frozen=True):
    """Yes to the values of a preview."""

    digest: Annotated[str, msgspec.Meta(max_length=64)]


class ApplicationClosing(Body, frozen=True):
    """No, or no longer."""

    state: Literal["refused", "withdrawn"]


class OwnReviewRequest(Body, frozen=True):
    """A review; with `callback` the hall may call the holder about it."""

    grade: Annotated[int, msgspec.Meta(ge=1, le=5)]
    tags: Annotated[tuple[str, ...], msgspec.Meta(max_length=10)] = ()
    callback: bool = False


@operation(door, "GET /wallet/api/v1/visits", returns=HallVisits, security=Security.SESSION, problems=_SESSION)
def visits(services: Services) -> HallVisits:
    """List the holder's newest visits to halls."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = hall.of_person(connection, holder, limit=_NEWEST)
        grades = review.grades(connection, [visit.id for visit, _ in found])
        return HallVisits([_visit(connection, visit, name, grades.get(visit.id)) for visit, name in found])


@operation(
    door,
    "POST /wallet/api/v1/visits/<visit>/review",
    body=OwnReviewRequest,
    returns=ReviewKept,
    status=201,
    security=Security.SESSION,
    problems=(
        *_SESSION,
        "csrf_token_required",
        "visit_not_found",
        "review_not_possible",
        "review_tag_unknown",
        "policy_not_readable",
    ),
)
def review_visit(services: Services, body: OwnReviewRequest, visit: str) -> ReviewKept:
    """Review a finished visit of one's own, once; the window does not learn who."""
    _signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> int | None:
        found = hall.find(connection, visit, person=holder)
        name, rules = _hall(services, connection, found.place, now)
        return add_review(
            connection,
            found,
            rules.reviews,
            grade=body.grade,
            tags=body.tags,
            callback=body.callback,
            by="holder",
            hall=name,
            now=now,
        )

    return ReviewKept(services.database.transact(work))


@operation(
    door, "GET /wallet/api/v1/applications", returns=OwnApplications, security=Security.SESSION, problems=_SESSION
)
def applications(services: Services) -> OwnApplications:
    """List what halls have asked the holder for, and what became of it."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = application.of_person(connection, holder, limit=_NEWEST)
    return OwnApplications([_application(entry) for entry in found])


@operation(
    door,
    "GET /wallet/api/v1/applications/<application_id>/preview",
    returns=FormPreview,
    security=Security.SESSION,
    problems=(*_SESSION, "application_not_found", "application_not_open"),
)
def preview_application(services: Services, application_id: str) -> FormPreview:
    """Show exactly what a consent would share."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        found = application.find(connection, application_id, person=holder)
        if found.state != application.ASKED:
            raise ConflictError("application_not_open")
        values = application.values_now(connection, services.vault, found, now=now)
    form = found.form
    fields = [FormPreviewField(field.name, field.title.words, values[field.name]) for field in form.fields]
    return FormPreview(found.id, found.place_name, form.purpose.words, form.minutes, fields, _digest(found.id, values))


@operation(
    door,
    "POST /wallet/api/v1/applications/<application_id>/consent",
    body=FormConsentRequest,
    returns=OwnApplication,
    security=Security.SESSION,
    problems=(
        *_SESSION,
        "csrf_token_required",
        "application_not_found",
        "application_not_open",
        "application_changed",
    ),
)
def consent_to_application(services: Services, body: FormConsentRequest, application_id: str) -> OwnApplication:
    """Consent to one application: these values, this hall, this purpose, for the minutes of the form."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> OwnApplication:
        found = application.find(connection, application_id, person=holder)
        values = application.values_now(connection, services.vault, found, now=now)
        if body.digest != _digest(found.id, values):
            raise ConflictError("application_changed")
        if not application.consent(connection, services.vault, found, values, now=now):
            raise ConflictError("application_not_open")
        _audit(connection, signed_in.account, "application_consented", found, now)
        return _application(application.find(connection, application_id, person=holder))

    return services.database.transact(work)


@operation(
    door,
    "POST /wallet/api/v1/applications/<application_id>/closing",
    body=ApplicationClosing,
    returns=OwnApplication,
    security=Security.SESSION,
    problems=(*_SESSION, "csrf_token_required", "application_not_found", "application_not_open"),
)
def close_application(services: Services, body: ApplicationClosing, application_id: str) -> OwnApplication:
    """Refuse an application, or withdraw a consent that was not used yet."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> OwnApplication:
        found = application.find(connection, application_id, person=holder)
        if not application.close(connection, found, body.state, now=now):
            raise ConflictError("application_not_open")
        _audit(connection, signed_in.account, f"application_{body.state}", found, now)
        return _application(application.find(connection, application_id, person=holder))

    return services.database.transact(work)


def _hall(services: Services, connection: Connection, place: str, now: int) -> tuple[str, HallRules]:
    found = next((entry for entry in client.every_place(connection) if entry.id == place), None)
    if found is None:
        raise NotFoundError("visit_not_found")
    return found.name, rules_at(services, found.policy, now)


def _visit(connection: Connection, visit: hall.Visit, name: str, grade: int | None) -> HallVisit:
    before = hall.before(connection, visit) if visit.state is State.WAITING else None
    return HallVisit(
        visit.id,
        name,
        visit.number,
        visit.service,
        visit.state.value,
        STATE_TITLES[visit.state],
        visit.window,
        before,
        visit.drawn,
        grade,
    )


def _application(stored: application.StoredApplication) -> OwnApplication:
    form = stored.form
    return OwnApplication(
        application=stored.id,
        hall=stored.place_name,
        service=stored.service,
        title=form.title.words,
        purpose=form.purpose.words,
        minutes=form.minutes,
        fields=[field.name for field in form.fields],
        state=stored.state,
        asked=stored.asked,
        consented=stored.consented,
        expires=stored.expires,
        ended=stored.ended,
    )


def _digest(id_: str, values: dict[str, str | None]) -> str:
    return hashlib.sha256(msgspec.json.encode([id_, sorted(values.items())])).hexdigest()


def _audit(connection: Connection, account: str, action: str, found: application.StoredApplication, now: int) -> None:
    audit.add(
        connection,
        at=now,
        actor=f"account:{account}",
        action=action,
        subject=f"application:{found.id}",
        details={"form": found.form.code, "fields": [field.name for field in found.form.fields]},
    )
