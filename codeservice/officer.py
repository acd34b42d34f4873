"""Officers: what people of an authority may do, and their second factor (TOTP, RFC 6238). No I/O."""

import hmac
from enum import StrEnum

import pyotp

CLIENT_PREFIX = "officer:"
"""What stands before an officer's identifier where a token names who calls; no other client's name begins so."""

STEP = 30
"""Seconds of one one-time code (RFC 6238 section 4.1)."""

STEPS_AROUND = (0, -1, 1)
"""Steps around the present one whose codes are taken: a phone's clock may be half a minute wrong."""

MAX_TRIES = 5
"""Wrong one-time codes until an officer is locked out."""

LOCK_SECONDS = 900


class Duty(StrEnum):
    """What an officer may be there for. Wire values: added, never renamed."""

    HEALTH_PROPOSE = "health:propose"
    HEALTH_APPROVE = "health:approve"
    HEALTH_APPEALS = "health:appeals"
    OFFICER_PROPOSE = "officer:propose"
    OFFICER_APPROVE = "officer:approve"
    POLICY_PROPOSE = "policy:propose"
    POLICY_APPROVE = "policy:approve"


def matching_step(seed: str, code: str, *, now: int) -> int | None:
    """Return the step whose one-time code this is, or None; whether it was used before is the record's matter."""
    totp = pyotp.TOTP(seed, interval=STEP)
    present = now // STEP
    for step in (present + around for around in STEPS_AROUND):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def address_of_seed(seed: str, officer: str) -> str:
    """Write the address (otpauth:) that an authenticator reads from a QR code."""
    return pyotp.TOTP(seed, interval=STEP).provisioning_uri(name=officer, issuer_name="City Code")
