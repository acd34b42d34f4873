"""HL7 FHIR R4 for a hospital's own server: read and search what concerns visits of its own, and nothing else.

Errors are OperationOutcome here, as FHIR clients expect, and problem details everywhere else.
"""

import re
from collections.abc import Callable, Iterator

import msgspec
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from adapters.gateway.hospital_partner import PROBLEMS, Hospital, require_hospital
from codeservice.credential import CredentialType
from codeservice.disclosure import disclose
from codeservice.encounter import State
from codeservice.errors import BadRequestError, NotFoundError, ServiceError
from codeservice.fhir import (
    MEDIA,
    Base,
    Organisation,
    RecordConsent,
    Resource,
    Visit,
    bundle,
    capabilities,
    consent,
    coverage,
    encounter,
    outcome,
    patient,
    related_person,
)
from codeservice.scanning import attributes_of
from codeservice.services import Services
from codeservice.store import account, audit, health_record, pairwise, person
from codeservice.store import encounter as encounters
from codeservice.store.database import Connection
from codeservice.store.encounter import StoredEncounter
from codeservice.web.operation import Security, operation
from codeservice.web.problems import PROBLEMS as WORDS

door = Blueprint("fhir", __name__)

SCOPE = "fhir"
SEARCHES = {
    "Patient": ("_id",),
    "Coverage": ("patient", "beneficiary"),
    "Consent": ("patient",),
    "Encounter": ("patient", "date", "identifier"),
    "RelatedPerson": ("patient",),
}
"""The parameters of each resource's search; a search names exactly one of them."""

_COUNT = 200
_DAY = 24 * 3600
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ISSUES = {400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 429: "throttled", 503: "transient"}
_EMERGENCY = "emergency"
"""The department whose visits are of the class EMER."""


@operation(door, "GET /fhir/R4/metadata", media=MEDIA)
def fhir_metadata(services: Services) -> Response:
    """Say what this server can do; open to everybody."""
    return _write(capabilities(_base(services), SEARCHES, at=services.clock()))


def _register(type_: str, read: "Callable[[_View, str], list[Resource]]") -> None:
    def find(services: Services, id_: str) -> Response:
        view = _View(services, require_hospital(services, scope=SCOPE, now=services.clock()))
        found = services.database.transact(lambda connection: read(view.on(connection), f"_id={id_}"))
        if not found:
            raise NotFoundError("resource_not_found")
        return _write(found[0])

    def search(services: Services) -> Response:
        view = _View(services, require_hospital(services, scope=SCOPE, now=services.clock()))
        wanted = _parameter(SEARCHES[type_])
        found = services.database.transact(lambda connection: read(view.on(connection), wanted))
        return _write(bundle(view.base, found, at=view.now))

    find.__name__, search.__name__ = f"fhir_read_{type_}", f"fhir_search_{type_}"
    find.__doc__ = f"Read a {type_} of a visit of one's own."
    search.__doc__ = f"Search {type_} among visits of one's own, by one of: {', '.join(SEARCHES[type_])}."
    shared = {"media": MEDIA, "security": Security.BEARER, "scope": SCOPE}
    operation(door, f"GET /fhir/R4/{type_}/<id_>", problems=(*PROBLEMS, "resource_not_found"), **shared)(find)  # type: ignore[arg-type]
    operation(door, f"GET /fhir/R4/{type_}", problems=(*PROBLEMS, "search_not_supported"), **shared)(search)  # type: ignore[arg-type]


class _View:
    """What one hospital may see at one moment, inside one transaction."""

    def __init__(self, services: Services, who: Hospital, connection: Connection | None = None) -> None:
        self.services, self.who, self.now, self.base = services, who, services.clock(), _base(services)
        self._connection = connection

    def on(self, connection: Connection) -> "_View":
        return _View(self.services, self.who, connection)

    @property
    def connection(self) -> Connection:
        assert self._connection is not None  # noqa: S101 -- views read inside a transaction only
        return self._connection

    @property
    def since(self) -> int:
        # Zero days mean no: nothing changes at or after the next second.
        days = self.who.policy.resource_days
        return self.now - days * _DAY if days else self.now + 1

    def visits(self, subject: str) -> tuple[str, list[StoredEncounter]]:
        """Return the person and the visits of a patient of one's own; nobody and nothing for another's."""
        partner = self.who.client.partner
        holder = pairwise.find_person(self.connection, partner, subject)
        if holder is None:
            return "", []
        return holder, encounters.of_patient(self.connection, partner, holder, since=self.since)

    def subject(self, holder: str) -> str:
        partner = self.who.client.partner
        return pairwise.find_or_add(self.connection, self.services.vault, partner, holder, now=self.now)

    def note(self, holder: str, asked: str, told: str, subject: str) -> None:
        """Record that something about a patient was read."""
        client = self.who.client
        row = (holder, client.partner, client.id, "", "resource", asked, told, "", subject, self.now)
        health_record.note_access(self.connection, health_record.Access(*row))
        audit.add(
            self.connection,
            at=self.now,
            actor=f"client:{client.id}",
            action="resource_read",
            subject=subject,
            details={"resource": asked, "told": told},
        )


def _patients(view: _View, wanted: str) -> list[Resource]:
    subject = _value(wanted, "Patient")
    holder, visits = view.visits(subject)
    if not visits:
        return []
    version = account.consent_version(view.connection, holder, "hospital")
    attributes = attributes_of(view.services, view.connection, holder, view.now)
    told = disclose(view.who.force.checks, attributes, consent=version > 0, version=version)
    full = sorted(name for name, form in told.forms.items() if form == "full" and name != "insured")
    view.note(holder, "Patient", " ".join(full), f"encounter:{visits[0].id}")
    return [patient(view.base, subject, told.values, told.forms)]


def _coverages(view: _View, wanted: str) -> list[Resource]:
    subject = _value(wanted, "Patient")
    holder, visits = view.visits(subject)
    discloses = view.who.force.checks.discloses
    consents = bool(holder) and account.has_consent(view.connection, holder, "hospital")
    if not visits or "insured" not in discloses or not consents:
        return []
    cards = person.cards_of(view.connection, view.services.vault, holder)
    card = next((c for c in cards if c.type is CredentialType.MEDICAL_INSURANCE and c.holds(view.now)), None)
    view.note(holder, "Coverage", "insured", f"encounter:{visits[0].id}")
    if card is None:
        return []
    region = person.find_holder(view.connection, view.services.vault, holder).region
    kind = str(card.claims["kind"]) if "kind" in card.claims else None
    return [coverage(view.base, subject, subject, kind=kind, region=region, at=view.now)]


def _consents(view: _View, wanted: str) -> list[Resource]:
    name, value = wanted.split("=", 1)
    partner = view.who.client
    if name == "_id":
        found = health_record.find_of_partner(view.connection, value, partner.partner)
        stored = [] if found is None else [found]
    else:
        holder, visits = view.visits(_value(wanted, "Patient"))
        stored = health_record.consents_of(view.connection, holder, partner.partner) if visits else []
    reader = Organisation(partner.partner, partner.partner_name)
    resources = []
    for entry in stored:
        subject = view.subject(entry.person)
        if not view.visits(subject)[1]:
            continue
        given = RecordConsent(
            entry.id,
            entry.version,
            subject,
            reader,
            entry.scopes,
            entry.purpose,
            entry.begins,
            entry.ends,
            entry.at,
            active=not entry.withdrawn and view.now < entry.ends,
        )
        resources.append(consent(view.base, given))
    return resources


def _encounters(view: _View, wanted: str) -> list[Resource]:
    name, value = wanted.split("=", 1)
    client = view.who.client
    if name == "_id":
        found = encounters.find(view.connection, client.partner, value)
        visits = [] if found is None or found.changed < view.since else [found]
    elif name == "patient":
        visits = view.visits(_value(wanted, "Patient"))[1]
    elif name == "date":
        if not _DATE.fullmatch(value):
            raise BadRequestError("search_not_supported")
        visits = encounters.of_day(view.connection, client.partner, value, since=view.since, limit=_COUNT)
    else:
        number = value.rpartition("|")[2]
        visits = encounters.of_number(view.connection, client.partner, number, since=view.since)
    return [_encounter(view, visit) for visit in visits]


def _encounter(view: _View, visit: StoredEncounter) -> Resource:
    client, policy = view.who.client, view.who.policy
    department = policy.departments.get(visit.department)
    started = [at for at in (visit.registered, visit.arrived, visit.begun) if at is not None]
    written = Visit(
        visit.id,
        visit.number,
        visit.state,
        view.subject(visit.person),
        None if department is None else department.words,
        visit.department == _EMERGENCY,
        Organisation(client.partner, client.partner_name),
        min(started, default=visit.changed),
        visit.ended if visit.state in {State.FINISHED, State.CANCELLED} else None,
        None if visit.guardian is None else view.subject(visit.guardian),
    )
    return encounter(view.base, written)


def _related(view: _View, wanted: str) -> list[Resource]:
    return list(_guardians(view, _value(wanted, "Patient"), by_patient=not wanted.startswith("_id=")))


def _guardians(view: _View, subject: str, *, by_patient: bool) -> Iterator[Resource]:
    partner = view.who.client.partner
    if by_patient:
        visits = view.visits(subject)[1]
    else:
        guardian = pairwise.find_person(view.connection, partner, subject)
        visits = (
            [] if guardian is None else encounters.of_guardian(view.connection, partner, guardian, since=view.since)
        )
    newest: dict[str, StoredEncounter] = {}
    for visit in visits:
        if visit.guardian is not None:
            newest.setdefault(visit.guardian, visit)
    for guardian, visit in newest.items():
        consents = account.has_consent(view.connection, guardian, "hospital")
        full = consents and view.who.force.checks.discloses.get("name") == "full"
        holder = person.find_holder(view.connection, view.services.vault, guardian)
        view.note(guardian, "RelatedPerson", "name" if full else "", f"encounter:{visit.id}")
        yield related_person(view.subject(guardian), view.subject(visit.person), name=holder.name if full else None)


for _type, _read in {
    "Patient": _patients,
    "Coverage": _coverages,
    "Consent": _consents,
    "Encounter": _encounters,
    "RelatedPerson": _related,
}.items():
    _register(_type, _read)


@door.route("/fhir/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def nothing_else(_rest: str) -> Response:
    """Answer everything else below /fhir as FHIR does."""
    raise NotFoundError("resource_not_found")


@door.errorhandler(ServiceError)
def _ours(error: ServiceError) -> Response:
    response = _write(outcome(_ISSUES.get(error.status, "processing"), WORDS[error.code][0], trace=g.get("trace", "")))
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


@door.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    status = error.code or 500
    words = WORDS["method_not_allowed" if status == 405 else "bad_request"][0]  # noqa: PLR2004 -- RFC 9110
    response = _write(outcome(_ISSUES.get(status, "processing"), words, trace=g.get("trace", "")))
    response.status_code = status
    return response


def _parameter(known: tuple[str, ...]) -> str:
    """Return the one search parameter as `name=value`; raises BadRequestError."""
    given = {name: values for name, values in request.args.lists() if name != "_format"}
    match list(given.items()):
        case [(name, [value])] if name in known and value and len(value) <= 200:  # noqa: PLR2004 -- longer than any
            return f"{name}={value}"
        case _:
            raise BadRequestError("search_not_supported")


def _value(wanted: str, type_: str) -> str:
    return wanted.split("=", 1)[1].removeprefix(f"{type_}/")


def _base(services: Services) -> Base:
    return Base(f"{services.settings.origin}/fhir/R4")


def _write(resource: Resource) -> Response:
    return Response(msgspec.json.encode(resource), mimetype=MEDIA)
