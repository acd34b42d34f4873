"""Credentials: what authorities say about holders. Types, ID numbers, masking and life cycles; no I/O."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from codeservice.reason import Words

_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


class InvalidIdNumberError(ValueError):
    """A text is not a valid citizen ID number (GB 11643)."""


@dataclass(frozen=True)
class IdNumber:
    """A valid citizen ID number (GB 11643-1999): region, birth date, sequence, check character."""

    text: str

    @classmethod
    def read(cls, text: str) -> "IdNumber":
        """Read and check; a small x at the end is accepted. Raises InvalidIdNumberError."""
        text = text.strip().upper()
        if not _ID_NUMBER.fullmatch(text) or id_check_character(text[:17]) != text[17]:
            raise InvalidIdNumberError
        try:
            date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
        except ValueError as error:
            raise InvalidIdNumberError from error
        return cls(text)

    @property
    def born(self) -> date:
        """The date of birth."""
        return date(int(self.text[6:10]), int(self.text[10:12]), int(self.text[12:14]))

    @property
    def masked(self) -> str:
        """The first four and the last four characters."""
        return mask(self.text)


def id_check_character(first17: str) -> str:
    """Return the ISO 7064 MOD 11-2 check character of an ID number's first seventeen digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first17, strict=True))
    return _CHECKS[total % 11]


def mask(text: str, *, head: int = 4, tail: int = 4) -> str:
    """Hide the middle of a number; a short one is hidden whole."""
    hidden = len(text) - head - tail
    return "*" * len(text) if hidden <= 0 else text[:head] + "*" * hidden + text[len(text) - tail :]


def mask_name(name: str) -> str:
    """Keep the first character of a name."""
    return name[:1] + "*" * max(len(name) - 1, 1)


class CredentialType(StrEnum):
    """What kinds of credential the city links."""

    SOCIAL_SECURITY_CARD = "social_security_card"
    E_SOCIAL_SECURITY_CARD = "e_social_security_card"
    E_ID = "e_id"
    E_HEALTH_CARD = "e_health_card"
    MEDICAL_INSURANCE = "medical_insurance"
    BENEFIT = "benefit"
    BUSINESS_LICENCE = "business_licence"
    ID_CARD = "id_card"
    SOCIAL_SECURITY_LICENCE = "social_security_licence"
    DRIVING_LICENCE = "driving_licence"
    VEHICLE_LICENCE = "vehicle_licence"
    TRANSPORT_QUALIFICATION = "transport_qualification"
    TRANSPORT_PERMIT = "transport_permit"
    BIRTH_CERTIFICATE = "birth_certificate"


TITLES = {
    CredentialType.SOCIAL_SECURITY_CARD: Words("社会保障卡", "Social-security card"),
    CredentialType.E_SOCIAL_SECURITY_CARD: Words("电子社会保障卡", "e-social-security card"),
    CredentialType.E_ID: Words("网络身份凭证", "e-ID"),
    CredentialType.E_HEALTH_CARD: Words("电子健康卡", "e-health card"),
    CredentialType.MEDICAL_INSURANCE: Words("基本医疗保险", "Medical insurance"),
    CredentialType.BENEFIT: Words("待遇资格", "Benefit"),
    CredentialType.BUSINESS_LICENCE: Words("营业执照", "Business licence"),
    CredentialType.ID_CARD: Words("居民身份证电子证照", "ID card, electronic"),
    CredentialType.SOCIAL_SECURITY_LICENCE: Words("社会保障卡电子证照", "Social-security card, electronic"),
    CredentialType.DRIVING_LICENCE: Words("机动车驾驶证", "Driving licence"),
    CredentialType.VEHICLE_LICENCE: Words("机动车行驶证", "Vehicle licence"),
    CredentialType.TRANSPORT_QUALIFICATION: Words("道路运输从业资格证", "Road-transport qualification"),
    CredentialType.TRANSPORT_PERMIT: Words("道路运输证", "Road-transport permit"),
    CredentialType.BIRTH_CERTIFICATE: Words("出生医学证明", "Birth certificate"),
}


LICENCES = frozenset(
    {
        CredentialType.BUSINESS_LICENCE,
        CredentialType.ID_CARD,
        CredentialType.SOCIAL_SECURITY_LICENCE,
        CredentialType.DRIVING_LICENCE,
        CredentialType.VEHICLE_LICENCE,
        CredentialType.TRANSPORT_QUALIFICATION,
        CredentialType.TRANSPORT_PERMIT,
        CredentialType.BIRTH_CERTIFICATE,
    }
)
"""The electronic licences: their numbers are licence identifiers, and copies can be made of them."""

ENTITLING = frozenset({CredentialType.BENEFIT, CredentialType.MEDICAL_INSURANCE})
"""The types that entitlements are derived from: a new one changes what a grant must say."""


class CredentialState(StrEnum):
    """State of a credential; `field_code` gives the letters of card-management systems."""

    ON_HAND = "on_hand"
    NOT_ACTIVATED = "not_activated"
    NORMAL = "normal"
    TEMPORARILY_LOST = "temporarily_lost"
    LOST = "lost"
    CANCELLED_AFTER_LOSS = "cancelled_after_loss"
    CANCELLED = "cancelled"
    SUSPENDED = "suspended"

    @property
    def field_code(self) -> str | None:
        """The state code that card-management systems of the field use; None for a state that no card has."""
        return _FIELD_CODES.get(self)


_FIELD_CODES = {
    CredentialState.NOT_ACTIVATED: "A",
    CredentialState.ON_HAND: "0",
    CredentialState.NORMAL: "1",
    CredentialState.TEMPORARILY_LOST: "B",
    CredentialState.LOST: "2",
    CredentialState.CANCELLED_AFTER_LOSS: "3",
    CredentialState.CANCELLED: "4",
}

STATE_TITLES = {
    CredentialState.ON_HAND: Words("放号", "Number given out, card being made"),
    CredentialState.NOT_ACTIVATED: Words("未启用", "Not activated"),
    CredentialState.NORMAL: Words("正常", "Valid"),
    CredentialState.TEMPORARILY_LOST: Words("临时挂失", "Reported lost, temporarily"),
    CredentialState.LOST: Words("挂失", "Reported lost"),
    CredentialState.CANCELLED_AFTER_LOSS: Words("挂失后注销", "Cancelled after loss"),
    CredentialState.CANCELLED: Words("注销", "Cancelled"),
    CredentialState.SUSPENDED: Words("暂停", "Suspended"),
}
