"""What a place learns about an accepted holder: exactly what its policy names, as far as the holder consents."""

from collections.abc import Mapping
from dataclasses import dataclass

from codeservice.credential import mask, mask_name
from codeservice.reason import Words
from codeservice.scan import Disclosure, Policy

CONSENT_VERSION = 2
"""Version of the consent text; a new text asks again."""

CONSENT_SINCE = {"health_card": 2, "insurance_token": 2}
"""Attributes that came with a later version than the first: a consent to an earlier text does not cover them."""

ATTRIBUTE_TITLES = {
    "name": Words("姓名", "Name"),
    "id_number": Words("身份证号", "ID number"),
    "insured": Words("是否参保", "Insured or not"),
    "health_card": Words("电子健康卡号", "E-health card number"),
    "insurance_token": Words("医保查询令牌（一次有效）", "Token to ask for insurance, good once"),
}
"""The attributes that a policy may name."""


@dataclass(frozen=True)
class Attributes:
    """What the city knows of a holder and a place may ask for."""

    name: str
    id_number: str
    insured: bool
    health_card: str | None = None
    insurance_token: str | None = None


@dataclass(frozen=True)
class Disclosed:
    """The values a place gets, and for the record what was given in which form (never the values)."""

    values: Mapping[str, str | bool]
    forms: Mapping[str, str]


NOTHING = Disclosed({}, {})


def disclose(policy: Policy, attributes: Attributes, *, consent: bool, version: int = CONSENT_VERSION) -> Disclosed:
    """Apply a policy; without consent FULL becomes MASKED. What cannot be masked needs consent or is left out.

    `version` is that of the text which the holder consented to.
    """
    values: dict[str, str | bool] = {}
    forms: dict[str, str] = {}
    for name, wanted in policy.discloses.items():
        covered = consent and CONSENT_SINCE.get(name, 1) <= version
        form = wanted if covered else Disclosure.MASKED
        value = _value(attributes, name, form)
        if value is None:
            continue
        values[name], forms[name] = value, form.value
    return Disclosed(values, forms)


def _value(attributes: Attributes, name: str, form: Disclosure) -> str | bool | None:  # noqa: PLR0911 -- one line each
    match name, form:
        case "name", Disclosure.FULL:
            return attributes.name
        case "name", Disclosure.MASKED:
            return mask_name(attributes.name)
        case "id_number", Disclosure.FULL:
            return attributes.id_number
        case "id_number", Disclosure.MASKED:
            return mask(attributes.id_number)
        case "insured", Disclosure.FULL:
            return attributes.insured
        case "health_card", Disclosure.FULL:
            return attributes.health_card
        case "insurance_token", Disclosure.FULL:
            return attributes.insurance_token
        case _:
            return None
