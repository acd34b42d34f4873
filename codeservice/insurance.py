"""Insurance tokens: good once and for minutes, for one institution, one clerk and one business. No I/O.

Modelled on the token that a hospital gets for a medical-insurance e-credential: the code carries no insurance data, and
the hospital's server learns what holds when it redeems the token.
"""

import hashlib
import re

from keys.jws import encode
from keys.vault import Vault

MAX_LIFE = 900
"""Seconds that no policy may exceed."""

REPEAT_SECONDS = 600
"""How long the one redemption is answered again under the same idempotency key: its answer may have been lost."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def token_of(vault: Vault, scan: str, *, at: int) -> str:
    """Return the token of a scan, 256 bits: the same when its answer is asked for again; nobody else can make it."""
    return encode(vault.secret(scan, kind="insurance_token", at=at))


def hash_of(token: str) -> bytes | None:
    """Return what is kept of a token; None for a text that is none."""
    return hashlib.sha256(f"insurance token {token}".encode()).digest() if _TOKEN.fullmatch(token) else None
