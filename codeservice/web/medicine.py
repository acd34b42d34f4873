"""Medicines server to server: hospitals prescribe, the health authority registers buyers, chains read their day."""

import hashlib
from datetime import date
from typing import Annotated

import msgspec
from flask import Blueprint, Response

from codeservice.city import day_span, midnight
from codeservice.errors import BadRequestError, NotFoundError
from codeservice.scan import Outcome
from codeservice.services import Services
from codeservice.spreadsheet import write_rows
from codeservice.store import audit, client, medicine, pairwise, prescription, scan
from codeservice.store.client import StoredClient
from codeservice.store.database import Connection
from codeservice.web import bearer
from codeservice.web.operation import Answer, Body, Security, operation
from codeservice.web.verification import require_act

door = Blueprint("medicine", __name__)

PRESCRIBE = "prescriptions:write"
SWITCH = "medicine_registry:switch"
REGISTRY = "medicine_registry:read"
REPORTS = "medicine_reports:read"
"""Scopes of back ends: a hospital's, the health authority's (two), and a pharmacy chain's."""

SEEN_WITHIN = 24 * 3600
"""Seconds after a hospital's scan in which it may prescribe for the holder."""

_PAGE = 500
_CALLER = ("token_required", "scope_required", "terminal_not_allowed")


class PrescribedMedicine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A medicine by its code and name, and packages."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=999)]


class PrescriptionRequest(Body, frozen=True):
    """A prescription for whom the hospital knows, by one of two: a scan of its own of today, or its own patient."""

    prescriber: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[A-Za-z0-9-]+$")]
    items: Annotated[tuple[PrescribedMedicine, ...], msgspec.Meta(min_length=1, max_length=20)]
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 3
    verification: Annotated[str, msgspec.Meta(max_length=32)] = ""
    patient: Annotated[str, msgspec.Meta(max_length=32)] = ""


class PrescriptionItem(Answer, frozen=True):
    """A prescribed medicine and what was dispensed of it."""

    item: str
    code: str
    name: str
    quantity: int
    dispensed: int


class Dispensing(Answer, frozen=True):
    """One act of dispensing; `reversed` is when it was taken back."""

    redemption: str
    place: str
    at: int
    reversed: int | None
    items: dict[str, int]


class PrescriptionState(Answer, frozen=True):
    """A prescription as it stands, without its holder: open, dispensed, expired or cancelled."""

    prescription: str
    state: str
    prescriber: str
    issued: int
    expires: int
    items: list[PrescriptionItem]
    history: list[Dispensing]


class SwitchRequest(Body, frozen=True):
    """On or off, and why; the reason goes into the record."""

    on: bool
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class RegistryState(Answer, frozen=True):
    """Whether buyers are registered, since when (0: never), and how many were, ever."""

    on: bool
    since: int
    registered: int


class RegisteredBuyer(Answer, frozen=True):
    """One registered buyer."""

    number: int
    at: int
    place: str
    medicine: str
    packages: int
    reason: str
    symptoms: list[str]
    name: str
    id_number: str
    phone: str | None


class RegisteredBuyers(Answer, frozen=True):
    """Registrations in their order; ask again after the last number."""

    registrations: list[RegisteredBuyer]


class ReportLine(Answer, frozen=True):
    """One class at one place: sales and packages that stand, packages taken back, and the counter kept beside them."""

    place: str
    medicine: str
    sales: int
    packages: int
    reversed: int
    counted: int
    balanced: bool


class DayReport(Answer, frozen=True):
    """What a chain dispensed in one day."""

    day: str
    lines: list[ReportLine]


@operation(
    door,
    "POST /api/v1/prescriptions",
    body=PrescriptionRequest,
    returns=PrescriptionState,
    status=201,
    security=Security.BEARER,
    scope=PRESCRIBE,
    headers=("Idempotency-Key",),
    problems=(
        *_CALLER,
        "idempotency_key_required",
        "idempotency_key_reused",
        "verification_not_found",
        "patient_not_found",
    ),
)
def prescribe(services: Services, body: PrescriptionRequest) -> PrescriptionState:
    """Prescribe for a holder whom this hospital has scanned within a day; the same act is one prescription."""
    now, act = services.clock(), require_act()
    who = bearer.require(services, scope=PRESCRIBE, now=now).client
    if bool(body.verification) == bool(body.patient):
        raise BadRequestError("body_not_readable")
    items = [prescription.NewItem(item.code, item.name, item.quantity) for item in body.items]

    def work(connection: Connection) -> PrescriptionState:
        client.require_active(connection, who.id)
        id_ = prescription.add(
            connection,
            services.vault,
            person=_holder(connection, who, body, now),
            partner=who.partner,
            client=who.id,
            act=act,
            asked=hashlib.sha256(msgspec.json.encode(body)).digest(),
            prescriber=body.prescriber,
            items=items,
            expires=now + body.valid_days * 24 * 3600,
            now=now,
        )
        stored = prescription.find(connection, services.vault, id_, partner=who.partner)
        if stored.issued == now:
            _audit(connection, who, now, "prescribed", f"prescription:{id_}", {"items": len(items)})
        return _state(connection, stored, now)

    return services.database.transact(work)


@operation(
    door,
    "GET /api/v1/prescriptions/<prescription_id>",
    returns=PrescriptionState,
    security=Security.BEARER,
    scope=PRESCRIBE,
    problems=(*_CALLER, "prescription_not_found"),
)
def find_prescription(services: Services, prescription_id: str) -> PrescriptionState:
    """Read a prescription of one's own hospital, with everything that was dispensed of it."""
    now = services.clock()
    who = bearer.require(services, scope=PRESCRIBE, now=now).client
    with services.database.read() as connection:
        stored = prescription.find(connection, services.vault, prescription_id, partner=who.partner)
        return _state(connection, stored, now)


@operation(
    door,
    "POST /api/v1/prescriptions/<prescription_id>/cancellation",
    returns=PrescriptionState,
    security=Security.BEARER,
    scope=PRESCRIBE,
    problems=(*_CALLER, "prescription_not_found"),
)
def cancel_prescription(services: Services, prescription_id: str) -> PrescriptionState:
    """Cancel what is left of a prescription; cancelling twice is cancelling once."""
    now = services.clock()
    who = bearer.require(services, scope=PRESCRIBE, now=now).client

    def work(connection: Connection) -> PrescriptionState:
        client.require_active(connection, who.id)
        prescription.find(connection, services.vault, prescription_id, partner=who.partner)
        if prescription.cancel(connection, prescription_id, partner=who.partner, now=now):
            _audit(connection, who, now, "prescription_cancelled", f"prescription:{prescription_id}", {})
        stored = prescription.find(connection, services.vault, prescription_id, partner=who.partner)
        return _state(connection, stored, now)

    return services.database.transact(work)


@operation(
    door,
    "PUT /api/v1/medicine-registry",
    body=SwitchRequest,
    returns=RegistryState,
    security=Security.BEARER,
    scope=SWITCH,
    problems=(*_CALLER, "registry_switched_before"),
)
def switch_registry(services: Services, body: SwitchRequest) -> RegistryState:
    """Switch the registry of buyers on or off for the whole city, at once."""
    now = services.clock()
    who = bearer.require(services, scope=SWITCH, now=now).client

    def work(connection: Connection) -> RegistryState:
        client.require_active(connection, who.id)
        medicine.switch(connection, on=body.on, actor=f"client:{who.id}", reason=body.reason, now=now)
        details: dict[str, object] = {"on": body.on, "reason": body.reason}
        _audit(connection, who, now, "medicine_registry_switched", "medicine_registry", details)
        return _registry(connection)

    return services.database.transact(work)


@operation(
    door,
    "GET /api/v1/medicine-registry",
    returns=RegistryState,
    security=Security.BEARER,
    scope=SWITCH,
    problems=_CALLER,
)
def registry_state(services: Services) -> RegistryState:
    """Say whether buyers are registered."""
    bearer.require(services, scope=SWITCH, now=services.clock())
    with services.database.read() as connection:
        return _registry(connection)


@operation(
    door,
    "GET /api/v1/medicine-registry/registrations/<after>",
    returns=RegisteredBuyers,
    security=Security.BEARER,
    scope=REGISTRY,
    problems=(*_CALLER, "not_found"),
)
def read_registrations(services: Services, after: str) -> RegisteredBuyers:
    """Read registrations after a number, 500 at most; each reading is in the audit log."""
    now = services.clock()
    who = bearer.require(services, scope=REGISTRY, now=now).client
    if not (after.isascii() and after.isdigit() and len(after) < 16):  # noqa: PLR2004 -- below any number's bound
        raise NotFoundError("not_found")

    def work(connection: Connection) -> list[medicine.Registration]:
        found = medicine.registrations(connection, services.vault, after=int(after), limit=_PAGE, now=now)
        details: dict[str, object] = {"after": int(after), "count": len(found)}
        _audit(connection, who, now, "medicine_registry_read", "medicine_registry", details)
        return found

    return RegisteredBuyers([RegisteredBuyer(**vars(entry)) for entry in services.database.transact(work)])


@operation(
    door,
    "GET /api/v1/medicine-reports/<day>",
    returns=DayReport,
    security=Security.BEARER,
    scope=REPORTS,
    problems=(*_CALLER, "day_not_readable"),
)
def medicine_report(services: Services, day: str) -> DayReport:
    """Report what the caller's own chain dispensed in one day."""
    return DayReport(day, [_line(entry) for entry in _report(services, day)])


@operation(
    door,
    "GET /api/v1/medicine-reports/<day>/csv",
    media="text/csv",
    security=Security.BEARER,
    scope=REPORTS,
    problems=(*_CALLER, "day_not_readable"),
)
def medicine_report_file(services: Services, day: str) -> Response:
    """Report the same as a file for spreadsheets."""
    return Response(report_csv(day, _report(services, day)), mimetype="text/csv")


def _holder(connection: Connection, who: StoredClient, body: PrescriptionRequest, now: int) -> str:
    if body.patient:
        person = pairwise.find_person(connection, who.partner, body.patient)
        if person is None:
            raise NotFoundError("patient_not_found")
        return person
    found = scan.find_of_partner(connection, who.partner, body.verification)
    accepted = found is not None and found.outcome == Outcome.ACCEPTED.value and found.scene == who.scene
    if found is None or not accepted or found.person is None or now - found.at > SEEN_WITHIN:
        raise NotFoundError("verification_not_found")
    return found.person


def report_csv(day: str, lines: list[medicine.Line]) -> bytes:
    """Write a report as a file for spreadsheets."""
    header = ("day", *ReportLine.__struct_fields__)
    return write_rows([header, *((day, *msgspec.structs.astuple(_line(entry))) for entry in lines)])


def read_day(text: str) -> tuple[int, int]:
    """Return the civil day that a text names as epoch seconds; raises BadRequestError."""
    try:
        return day_span(midnight(date.fromisoformat(text)))
    except (ValueError, OverflowError) as error:
        raise BadRequestError("day_not_readable") from error


def _report(services: Services, day: str) -> list[medicine.Line]:
    who = bearer.require(services, scope=REPORTS, now=services.clock()).client
    span = read_day(day)
    with services.database.read() as connection:
        return medicine.report(connection, who.partner, span)


def _line(entry: medicine.Line) -> ReportLine:
    return ReportLine(**vars(entry), balanced=entry.balanced)


def _registry(connection: Connection) -> RegistryState:
    found = medicine.switched(connection)
    return RegistryState(found.on, found.at, found.registered)


def _state(connection: Connection, stored: prescription.StoredPrescription, now: int) -> PrescriptionState:
    items = [PrescriptionItem(item.id, item.code, item.name, item.quantity, item.dispensed) for item in stored.items]
    mine = {item.id for item in stored.items}
    history = [
        Dispensing(
            entry.id,
            entry.place_name,
            entry.at,
            entry.reversed,
            # What the same act dispensed of another hospital's prescription is not this one's to know.
            {item: quantity for item, quantity in entry.items.items() if item in mine},
        )
        for entry in prescription.history(connection, stored.id)
    ]
    return PrescriptionState(
        stored.id, stored.state(now), stored.prescriber, stored.issued, stored.expires, items, history
    )


def _audit(  # noqa: PLR0913, PLR0917 -- one entry
    connection: Connection, who: StoredClient, now: int, action: str, subject: str, details: dict[str, object]
) -> None:
    audit.add(connection, at=now, actor=f"client:{who.id}", action=action, subject=subject, details=details)
