"""Consent to open a health record: scopes, purposes, and the signed decision that a record platform verifies. No I/O.

The service holds no medical content. Its answer is the authorisation: what a hospital may open now, for how long, and
under whose consent.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from codeservice.reason import Words
from keys import jws
from keys.errors import NotSignedError
from keys.key import PublicKey
from keys.signer import Signer

DECISION = "record-access+jwt"
"""The typ of a signed decision: it is no access token."""

AUDIENCE = "urn:city-code:record-platform"
"""Who decisions are for: the platforms that keep records."""

DECISION_LIFE = 300
"""Seconds in which a decision opens a record; a withdrawal counts from the next request, so this bounds it."""

MAX_CONSENT_DAYS = 366
REQUEST_LIFE = 24 * 3600
"""Seconds in which a holder may answer a hospital's question."""

CLAIMS = frozenset({"iss", "aud", "sub", "azp", "scope", "purpose", "basis", "iat", "exp", "jti"})


class Scope(StrEnum):
    """A part of a health record. Wire values: added, never renamed."""

    ALLERGIES = "allergies"
    MEDICATION = "medication"
    VISITS = "visits"
    LABS = "labs"
    IMAGING = "imaging"


class Purpose(StrEnum):
    """What a record is opened for. Wire values: added, never renamed."""

    TREATMENT = "treatment"
    REFERRAL = "referral"
    CHRONIC_CARE = "chronic_care"
    EMERGENCY = "emergency"


CONSENTABLE = frozenset({Purpose.TREATMENT, Purpose.REFERRAL, Purpose.CHRONIC_CARE})
"""Purposes that a holder consents to; an emergency needs no consent and gets a review instead."""

SCOPE_TITLES = {
    Scope.ALLERGIES: Words("过敏史", "Allergies"),
    Scope.MEDICATION: Words("用药记录", "Medication"),
    Scope.VISITS: Words("就诊记录", "Visits"),
    Scope.LABS: Words("检验结果", "Laboratory results"),
    Scope.IMAGING: Words("影像检查", "Imaging"),
}
PURPOSE_TITLES = {
    Purpose.TREATMENT: Words("诊疗", "Treatment"),
    Purpose.REFERRAL: Words("转诊", "Referral"),
    Purpose.CHRONIC_CARE: Words("慢病管理", "Chronic care"),
    Purpose.EMERGENCY: Words("急救", "Emergency"),
}


@dataclass(frozen=True)
class Decision:
    """What a verified decision says: partner `partner` may open `scopes` of the patient it knows as `subject`."""

    id: str
    partner: str
    subject: str
    scopes: tuple[Scope, ...]
    purpose: Purpose
    basis: str
    expires: int


def write_scopes(scopes: Iterable[Scope]) -> str:
    """Write scopes in their one order."""
    wanted = set(scopes)
    return " ".join(scope for scope in Scope if scope in wanted)


def read_scopes(text: str) -> tuple[Scope, ...]:
    """Read what `write_scopes` wrote."""
    return tuple(Scope(name) for name in text.split())


def sign_decision(  # noqa: PLR0913 -- one argument for each claim
    *,
    partner: str,
    subject: str,
    scopes: Iterable[Scope],
    purpose: Purpose,
    basis: str,
    issuer: str,
    signer: Signer,
    now: int,
) -> str:
    """Sign that a partner may open parts of a record; `basis` names the consent or the emergency access."""
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": subject,
        "azp": partner,
        "scope": write_scopes(scopes),
        "purpose": purpose.value,
        "basis": basis,
        "iat": now,
        "exp": now + DECISION_LIFE,
        "jti": secrets.token_hex(16),
    }
    return jws.sign(claims, typ=DECISION, signer=signer, now=now)


def read_decision(token: str, *, key: PublicKey, issuer: str, now: int) -> Decision:
    """Verify a decision as a record platform does; raises NotSignedError."""
    claims = jws.read_own(token, typ=DECISION, key=key, audience=AUDIENCE)
    if claims.keys() != CLAIMS or claims["iss"] != issuer or not _is_current(claims, now):
        raise NotSignedError("no decision of this city and this moment")
    try:
        scopes, purpose = read_scopes(str(claims["scope"])), Purpose(claims["purpose"])
    except ValueError as error:
        raise NotSignedError("it says what nobody knows") from error
    return Decision(
        str(claims["jti"]),
        str(claims["azp"]),
        str(claims["sub"]),
        scopes,
        purpose,
        str(claims["basis"]),
        claims["exp"],
    )


def _is_current(claims: dict[str, Any], now: int) -> bool:
    return type(claims["exp"]) is int and now < claims["exp"]
