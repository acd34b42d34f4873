"""Claims: what each type of credential says beside holder, number, state and validity. Closed schemas; no I/O."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from codeservice.credential import CredentialType

LONGEST = 100
"""Characters of the longest text in a claim."""

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
_Optional = _Text | msgspec.UnsetType
_Generation = Literal[2, 3]


class ClaimsError(ValueError):
    """Claims do not fit the schema of their type: one is missing, unknown, or has a value that it cannot have."""


class Category(StrEnum):
    """Categories of benefits. Wire values: added, never renamed."""

    SENIOR = "senior"
    STUDENT = "student"
    DISABLED = "disabled"
    VETERAN = "veteran"
    BLOOD_DONOR = "blood_donor"


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the schemas."""


class SocialSecurityCard(Claims, frozen=True):
    """Generation 2 authenticates itself only, generation 3 the reader too."""

    generation: _Generation
    bank: _Optional = msgspec.UNSET


class ESocialSecurityCard(Claims, frozen=True):
    """`card` is the number of the social-security card that it belongs to."""

    card: _Text


class EId(Claims, frozen=True):
    """Nothing but a result: no name and no number is behind it here."""

    result_only: bool

    def __post_init__(self) -> None:
        """Raise ValueError for anything but a result."""
        if not self.result_only:
            raise ValueError("an e-ID is a result only")


class EHealthCard(Claims, frozen=True):
    """`attribute` is 1 for a temporary card and 2 for a formal one."""

    attribute: Literal[1, 2]


class MedicalInsurance(Claims, frozen=True):
    """Kind of basic medical insurance."""

    kind: Literal["employee", "resident"]


class Benefit(Claims, frozen=True):
    """One category for one record."""

    category: Category


class BusinessLicence(Claims, frozen=True):
    """Kind of the business."""

    kind: _Text
    name: _Optional = msgspec.UNSET


class IdCard(Claims, frozen=True):
    """Who has issued the card."""

    issuer: _Text


class SocialSecurityLicence(Claims, frozen=True):
    """The licence form of a social-security card."""

    generation: _Generation


class DrivingLicence(Claims, frozen=True, rename={"class_": "class"}):
    """Vehicle class."""

    class_: Annotated[str, msgspec.Meta(pattern="^[A-Z][0-9]?$")]


class VehicleLicence(Claims, frozen=True):
    """Number plate."""

    plate: _Text


class TransportQualification(Claims, frozen=True, rename={"class_": "class"}):
    """Kind of road transport that a worker is qualified for."""

    class_: _Text


class TransportPermit(Claims, frozen=True):
    """Plate of the vehicle."""

    vehicle: _Text


class BirthCertificate(Claims, frozen=True):
    """Household that the child was born into."""

    household: _Text


SCHEMAS: dict[CredentialType, type[Claims]] = {
    CredentialType.SOCIAL_SECURITY_CARD: SocialSecurityCard,
    CredentialType.E_SOCIAL_SECURITY_CARD: ESocialSecurityCard,
    CredentialType.E_ID: EId,
    CredentialType.E_HEALTH_CARD: EHealthCard,
    CredentialType.MEDICAL_INSURANCE: MedicalInsurance,
    CredentialType.BENEFIT: Benefit,
    CredentialType.BUSINESS_LICENCE: BusinessLicence,
    CredentialType.ID_CARD: IdCard,
    CredentialType.SOCIAL_SECURITY_LICENCE: SocialSecurityLicence,
    CredentialType.DRIVING_LICENCE: DrivingLicence,
    CredentialType.VEHICLE_LICENCE: VehicleLicence,
    CredentialType.TRANSPORT_QUALIFICATION: TransportQualification,
    CredentialType.TRANSPORT_PERMIT: TransportPermit,
    CredentialType.BIRTH_CERTIFICATE: BirthCertificate,
}
"""Every type has one."""


def read_claims(type_: CredentialType, values: Mapping[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """Read the claims of a type; raises ClaimsError. Without `strict`, texts such as "3" are read as numbers."""
    try:
        read = msgspec.convert(dict(values), type=SCHEMAS[type_], strict=strict)
    except msgspec.ValidationError as error:
        raise ClaimsError from error
    claims: dict[str, Any] = msgspec.to_builtins(read)
    return claims


def claim_names() -> list[str]:
    """Return the names of all claims of all types, each once."""
    names = {field.encode_name for schema in SCHEMAS.values() for field in msgspec.structs.fields(schema)}
    return sorted(names)
