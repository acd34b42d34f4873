"""A citizen's purchases of medicines with limits, and prescriptions."""

from flask import Blueprint

from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import medicine, prescription
from codeservice.web.operation import Answer, Security, operation
from wallet.session import require_person

door = Blueprint("medicines", __name__)

_NEWEST = 100
_SESSION = ("sign_in_required", "real_name_required")


class Purchase(Answer, frozen=True):
    """Packages of a class; `reversed` is when they were taken back."""

    at: int
    place: str
    medicine: str
    title: Words
    packages: int
    reversed: int | None


class Purchases(Answer, frozen=True):
    """The newest purchases."""

    purchases: list[Purchase]


class OwnPrescribedItem(Answer, frozen=True):
    """A prescribed medicine and what was dispensed of it."""

    name: str
    quantity: int
    dispensed: int


class OwnPrescription(Answer, frozen=True):
    """One prescription: open, dispensed, expired or cancelled."""

    prescription: str
    state: str
    issued: int
    expires: int
    items: list[OwnPrescribedItem]


class OwnPrescriptions(Answer, frozen=True):
    """The newest prescriptions."""

    prescriptions: list[OwnPrescription]


@operation(door, "GET /wallet/api/v1/purchases", returns=Purchases, security=Security.SESSION, problems=_SESSION)
def purchases(services: Services) -> Purchases:
    """List the holder's newest purchases of medicines with limits."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = medicine.of_person(connection, holder, limit=_NEWEST)
    return Purchases(
        [Purchase(sale.at, place, sale.medicine, sale.title, sale.packages, sale.reversed) for sale, place in found]
    )


@operation(
    door, "GET /wallet/api/v1/prescriptions", returns=OwnPrescriptions, security=Security.SESSION, problems=_SESSION
)
def own_prescriptions(services: Services) -> OwnPrescriptions:
    """List the holder's newest prescriptions."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        found = prescription.of_person(connection, services.vault, holder, limit=_NEWEST)
    return OwnPrescriptions(
        [
            OwnPrescription(
                entry.id,
                entry.state(now),
                entry.issued,
                entry.expires,
                [OwnPrescribedItem(item.name, item.quantity, item.dispensed) for item in entry.items],
            )
            for entry in found
        ]
    )
