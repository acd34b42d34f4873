"""What a till does beside scanning: its policy's choices, the holder's prescriptions, dispensing, taking back."""

import hashlib
from typing import Annotated, cast

import msgspec
from flask import Blueprint

from adapters.pharmacy import PharmacyPolicy
from adapters.terminals import SCOPE, policy_of, require_terminal
from codeservice.errors import BadRequestError, ConflictError, NotFoundError
from codeservice.reason import Words
from codeservice.receiving import was_decided_offline
from codeservice.scan import Outcome
from codeservice.services import Services
from codeservice.store import audit, client, medicine, prescription, scan
from codeservice.store.client import StoredClient
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from codeservice.web.verification import require_act

door = Blueprint("pharmacy", __name__)

SCENE = "pharmacy"
SCAN_LIFE = 600
"""Seconds after a scan in which prescriptions of its holder are seen and redeemed."""

_CALLER = ("token_required", "scope_required", "terminal_not_allowed", "terminal_too_old", "policy_not_readable")
_ACT = ("idempotency_key_required", "idempotency_key_reused")


class MedicineChoice(Answer, frozen=True):
    """A class of medicines that a till may sell, the most packages at once, and whether its buyers register now."""

    code: str
    title: Words
    most: int
    registration: bool


class AnswerOption(Answer, frozen=True):
    """One possible answer of a buyer."""

    code: str
    title: Words


class PharmacyChoices(Answer, frozen=True):
    """What a till offers by the policy in force; `reasons` and `symptoms` are empty while nobody is registered."""

    classes: list[MedicineChoice]
    reasons: list[AnswerOption]
    symptoms: list[AnswerOption]


class PrescribedItem(Answer, frozen=True):
    """A prescribed medicine and the packages that are left."""

    item: str
    code: str
    name: str
    quantity: int
    remaining: int


class OpenPrescription(Answer, frozen=True):
    """A prescription of which something may be dispensed."""

    prescription: str
    prescriber: str
    expires: int
    items: list[PrescribedItem]


class OpenPrescriptions(Answer, frozen=True):
    """The holder's open prescriptions."""

    prescriptions: list[OpenPrescription]


class DispensedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Packages of one prescribed item."""

    item: Annotated[str, msgspec.Meta(max_length=32)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=999)]


class RedemptionRequest(Body, frozen=True):
    """The scan that presented the holder, and what is dispensed: all of it or nothing."""

    scan: Annotated[str, msgspec.Meta(max_length=32)]
    items: Annotated[tuple[DispensedItem, ...], msgspec.Meta(min_length=1, max_length=50)]

    def __post_init__(self) -> None:
        """Raise ValueError for an item that is there twice."""
        if len({entry.item for entry in self.items}) != len(self.items):
            raise ValueError("each item once")


class Redeemed(Answer, frozen=True):
    """What was dispensed."""

    redemption: str
    at: int
    items: dict[str, int]


class ReversalRequest(Body, frozen=True):
    """What is taken back: the sale of a scan or a redemption, one of them."""

    scan: Annotated[str, msgspec.Meta(max_length=32)] = ""
    redemption: Annotated[str, msgspec.Meta(max_length=32)] = ""


class Reversed(Answer, frozen=True):
    """When it was taken back; the same when it is asked again."""

    at: int


@operation(
    door,
    "GET /scan/v1/pharmacy/choices",
    returns=PharmacyChoices,
    security=Security.BEARER,
    scope=SCOPE,
    problems=_CALLER,
)
def pharmacy_choices(services: Services) -> PharmacyChoices:
    """Tell a till what it may sell with a limit, and what buyers are asked now."""
    _who, policy = _till(services)
    with services.database.read() as connection:
        registering = medicine.is_on(connection)
    rule = policy.registration if registering else None
    return PharmacyChoices(
        [
            MedicineChoice(entry.code, entry.title.words, entry.packages, rule is not None and entry.registration)
            for entry in policy.classes
        ],
        [] if rule is None else [AnswerOption(code, text.words) for code, text in rule.reasons.items()],
        [] if rule is None else [AnswerOption(code, text.words) for code, text in rule.symptoms.items()],
    )


@operation(
    door,
    "GET /scan/v1/pharmacy/scans/<scan_id>/prescriptions",
    returns=OpenPrescriptions,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_CALLER, "scan_not_found", "scan_too_old"),
)
def scanned_prescriptions(services: Services, scan_id: str) -> OpenPrescriptions:
    """List the open prescriptions of the holder whom this till has just scanned; what it saw is in the record."""
    now = services.clock()
    till, _policy = _till(services)

    def work(connection: Connection) -> list[prescription.StoredPrescription]:
        holder = _scanned(services, connection, till, scan_id, now)
        found = prescription.open_of(connection, services.vault, holder, now=now)
        _audit(connection, till, now, "prescriptions_seen", f"scan:{scan_id}", {"count": len(found)})
        return found

    return OpenPrescriptions([_open(entry) for entry in services.database.transact(work)])


@operation(
    door,
    "POST /scan/v1/pharmacy/redemptions",
    body=RedemptionRequest,
    returns=Redeemed,
    status=201,
    security=Security.BEARER,
    scope=SCOPE,
    headers=("Idempotency-Key",),
    problems=(
        *_CALLER,
        *_ACT,
        "scan_not_found",
        "scan_too_old",
        "prescription_not_found",
        "prescription_not_open",
        "prescription_used_up",
    ),
)
def redeem_prescription(services: Services, body: RedemptionRequest) -> Redeemed:
    """Dispense prescribed packages, whole or in part; the same act dispenses once."""
    now, act = services.clock(), require_act()
    till, _policy = _till(services)
    items = {entry.item: entry.quantity for entry in body.items}
    asked = hashlib.sha256(msgspec.json.encode([body.scan, sorted(items.items())])).digest()

    def work(connection: Connection) -> prescription.StoredRedemption:
        client.require_active(connection, till.id)
        holder = _scanned(services, connection, till, body.scan, now)
        id_ = prescription.redeem(
            connection,
            client=till.id,
            act=act,
            asked=asked,
            scan=body.scan,
            person=holder,
            partner=till.partner,
            place=till.place,
            items=items,
            now=now,
        )
        found = prescription.find_redemption(connection, id_)
        if found is None:
            raise NotFoundError("prescription_not_found")
        if found.at == now:
            packages = sum(items.values())
            _audit(connection, till, now, "prescription_redeemed", f"redemption:{id_}", {"packages": packages})
        return found

    found = services.database.transact(work)
    return Redeemed(found.id, found.at, dict(found.items))


@operation(
    door,
    "POST /scan/v1/pharmacy/reversals",
    body=ReversalRequest,
    returns=Reversed,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_CALLER, "body_not_readable", "sale_not_found", "reversal_too_late"),
)
def reverse_sale(services: Services, body: ReversalRequest) -> Reversed:
    """Take back what this till has sold or dispensed a moment ago; limit and prescription get it back, once."""
    now = services.clock()
    till, policy = _till(services)
    if bool(body.scan) == bool(body.redemption):
        raise BadRequestError("body_not_readable")

    def work(connection: Connection) -> int:
        client.require_active(connection, till.id)
        found = _sold(connection, till, body)
        if found.reversed is not None:
            return found.reversed
        if now - found.at > policy.reversal_minutes * 60:
            raise ConflictError("reversal_too_late")
        if isinstance(found, medicine.Sale):
            medicine.reverse(connection, found, now=now)
            subject = f"scan:{found.scan}"
        else:
            prescription.reverse(connection, found, now=now)
            subject = f"redemption:{found.id}"
        _audit(connection, till, now, "sale_reversed", subject, {})
        return now

    return Reversed(services.database.transact(work))


def _sold(
    connection: Connection, till: StoredClient, body: ReversalRequest
) -> medicine.Sale | prescription.StoredRedemption:
    """Return what this till has sold or dispensed, locked until it is taken back; raises NotFoundError."""
    if body.redemption:
        redemption = prescription.find_redemption(connection, body.redemption, hold=True)
        if redemption is not None and redemption.client == till.id:
            return redemption
    else:
        found = scan.find_of_partner(connection, till.partner, body.scan)
        sale = medicine.find(connection, body.scan, hold=True)
        if found is not None and found.client == till.id and sale is not None:
            return sale
    raise NotFoundError("sale_not_found")


def _till(services: Services) -> tuple[StoredClient, PharmacyPolicy]:
    now = services.clock()
    who = require_terminal(services, scene=SCENE, now=now).client
    return who, cast("PharmacyPolicy", policy_of(services, who, now).document)


def _scanned(services: Services, connection: Connection, till: StoredClient, scan_id: str, now: int) -> str:
    found = scan.find_of_partner(connection, till.partner, scan_id)
    accepted = found is not None and found.outcome == Outcome.ACCEPTED.value and found.scene == SCENE
    if found is None or not accepted or found.client != till.id or found.person is None:
        raise NotFoundError("scan_not_found")
    # A scan that was decided without the service does not show that the holder stands there now.
    if now - found.at > SCAN_LIFE or was_decided_offline(services, found):
        raise ConflictError("scan_too_old")
    return found.person


def _open(entry: prescription.StoredPrescription) -> OpenPrescription:
    items = [
        PrescribedItem(item.id, item.code, item.name, item.quantity, item.remaining)
        for item in entry.items
        if item.remaining > 0
    ]
    return OpenPrescription(entry.id, entry.prescriber, entry.expires, items)


def _audit(  # noqa: PLR0913, PLR0917 -- one entry
    connection: Connection, till: StoredClient, now: int, action: str, subject: str, details: dict[str, object]
) -> None:
    audit.add(connection, at=now, actor=f"client:{till.id}", action=action, subject=subject, details=details)
