"""The authorities of the demo city: what each owns, its office and its back end, and the identifiers of its licences.

The codes of organisations are made up: digits 3 to 8 are a division code that was never assigned.
"""

from dataclasses import dataclass

from codeservice.authority import OFFICE, READ, WRITE
from codeservice.claims import Category
from codeservice.credential import LICENCES, CredentialType
from codeservice.licence import LicenceIdentifier
from codeservice.store import authority, client
from codeservice.store.database import Connection

_T = CredentialType
_DEFINER = "111000000000000000"
_TYPE_NUMBERS = {type_: f"{number:03d}" for number, type_ in enumerate(sorted(LICENCES), start=1)}


@dataclass(frozen=True)
class DemoAuthority:
    """A partner that owns `types` and `categories` of benefits; `code` is its code as an issuer of licences."""

    id: str
    name: str
    code: str
    types: tuple[CredentialType, ...] = ()
    categories: tuple[Category, ...] = ()

    @property
    def back_end(self) -> str:
        """The identifier of its OAuth 2 client."""
        return f"{self.id}-back-end"

    @property
    def remits(self) -> tuple[str, ...]:
        """What it owns."""
        return (*self.types, *(f"{_T.BENEFIT}.{category}" for category in self.categories))


AUTHORITIES = (
    DemoAuthority(
        "human-resources",
        "市人力资源和社会保障局",
        "113499010000000001",
        (_T.SOCIAL_SECURITY_CARD, _T.E_SOCIAL_SECURITY_CARD, _T.SOCIAL_SECURITY_LICENCE),
    ),
    DemoAuthority(
        "police",
        "市公安局",
        "113499010000000002",
        (_T.E_ID, _T.ID_CARD, _T.DRIVING_LICENCE, _T.VEHICLE_LICENCE),
    ),
    DemoAuthority(
        "health-commission",
        "市卫生健康委员会",
        "113499010000000003",
        (_T.E_HEALTH_CARD, _T.BIRTH_CERTIFICATE),
        (Category.BLOOD_DONOR,),
    ),
    DemoAuthority("medical-insurance", "市医疗保障局", "113499010000000004", (_T.MEDICAL_INSURANCE,)),
    DemoAuthority("transport", "市交通运输局", "113499010000000005", (_T.TRANSPORT_QUALIFICATION, _T.TRANSPORT_PERMIT)),
    DemoAuthority("market-regulator", "市市场监督管理局", "113499010000000006", (_T.BUSINESS_LICENCE,)),
    DemoAuthority(
        "civil-affairs",
        "市民政局",
        "113499010000000007",
        (),
        (Category.SENIOR, Category.STUDENT, Category.DISABLED, Category.VETERAN),
    ),
)
"""Every remit has one owner. Students and veterans belong to bureaus of their own in a real city."""

_ISSUERS = {type_: entry.code for entry in AUTHORITIES for type_ in entry.types}


def licence_number(type_: CredentialType, serial: str) -> str:
    """Return the identifier of a licence of the demo city."""
    return LicenceIdentifier(_DEFINER + _TYPE_NUMBERS[type_], _ISSUERS[type_], serial).text


def add_authorities(connection: Connection) -> None:
    """Add the authorities with an office and a back end each, which waits for its enrolment."""
    for entry in AUTHORITIES:
        client.add_partner(connection, id_=entry.id, name=entry.name)
        client.add_place(connection, id_=entry.id, partner=entry.id, scene=OFFICE, name=entry.name)
        client.add_client(
            connection,
            id_=entry.back_end,
            kind=client.BACK_END,
            place=entry.id,
            name=entry.name,
            scopes=frozenset({READ, WRITE}),
        )
        for remit in entry.remits:
            authority.give_remit(connection, remit, entry.id)
