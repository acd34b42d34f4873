"""The digit code: eighteen digits for one-dimensional scanners and for the counter's ear. Online only, single use.

    nine digits     a rotating handle: drawn at random for one showing, so that it finds one record and names nobody
    eight digits    a time-based one-time password (RFC 6238, SHA-256, 30 s) under a seed of that handle alone
    one digit       a check digit (Luhn, ISO/IEC 7812-1 annex B) over the seventeen before it

Nobody signs it. What makes it safe is that the server counts tries, for each handle and for each terminal.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import pyotp

from codeservice.errors import Rejected
from codeservice.reason import Reason

HANDLE_DIGITS, PASSWORD_DIGITS = 9, 8
LENGTH = HANDLE_DIGITS + PASSWORD_DIGITS + 1
STEP = 30
"""Seconds of one password."""

LIFE = 600
"""Seconds a handle may be shown."""

HANDLE_TRIES = 5
"""Wrong passwords after which a handle is burnt."""

TERMINAL_TRIES = 30
"""Wrong digit codes of one terminal in a minute, after which it has to wait: a clerk who mistypes has fewer."""

_TEXT = re.compile(rf"[0-9]{{{LENGTH}}}", re.ASCII)


@dataclass(frozen=True)
class DigitCode:
    """A digit code that was read and not verified."""

    handle: str
    password: str


def is_digit_code(text: str) -> bool:
    """Whether a text has the shape of a digit code; the check digit is not looked at."""
    return _TEXT.fullmatch(text) is not None


def read_digit_code(text: str) -> DigitCode:
    """Read a digit code; raises Rejected(malformed) when a digit was mistyped."""
    if not is_digit_code(text) or luhn_digit(text[:-1]) != text[-1]:
        raise Rejected(Reason.MALFORMED)
    return DigitCode(text[:HANDLE_DIGITS], text[HANDLE_DIGITS:-1])


def write_digit_code(handle: str, seed: str, now: int) -> str:
    """Write what a wallet shows at `now`."""
    digits = handle + _passwords(seed).at(now)
    return digits + luhn_digit(digits)


def is_password(seed: str, password: str, now: int) -> bool:
    """Whether a password is that of now, of the step before or of the step after."""
    moment = datetime.fromtimestamp(now, UTC)
    return bool(_passwords(seed).verify(password, for_time=moment, valid_window=1))


def new_handle() -> str:
    """Draw a handle."""
    return f"{secrets.randbelow(10**HANDLE_DIGITS):0{HANDLE_DIGITS}d}"


def new_seed() -> str:
    """Draw a seed (base32, 160 bits)."""
    return pyotp.random_base32()


def luhn_digit(digits: str) -> str:
    """Return the check digit: it finds every single wrong digit and nearly every swap of neighbours."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def _passwords(seed: str) -> pyotp.TOTP:
    return pyotp.TOTP(seed, digits=PASSWORD_DIGITS, digest=sha256, interval=STEP)
