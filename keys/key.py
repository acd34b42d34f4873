"""A public key with its purpose and its time; private keys live behind `signer`."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from keys.algorithms import algorithm_named
from keys.errors import KeyNotUsableError

KID_SIZE = 8
"""Bytes of a key identifier: enough for a map of a few hundred keys, short enough for a QR code."""


class Purpose(StrEnum):
    """What a key may sign; a signature under a key of another purpose is refused."""

    GRANT = "grant"
    SERVED = "served"
    PAPER = "paper"
    STATUS = "status"
    TOKEN = "token"  # noqa: S105 -- a purpose, not a password
    CHECKPOINT = "checkpoint"


class KeyState(StrEnum):
    """Where a key stands at one moment; computed, never stored."""

    PUBLISHED = "published"
    SIGNING = "signing"
    VERIFYING = "verifying"
    RETIRED = "retired"


@dataclass(frozen=True)
class PublicKey:
    """A verification key. `public` is a compressed point; times are epoch seconds, ends are exclusive.

    `identity` is the signer's distinguishing identity for algorithms that have one (SM2, GM/T 0003.2), empty for the
    algorithm's default.
    """

    kid: bytes
    algorithm: str
    purpose: Purpose
    public: bytes
    sign_from: int
    sign_until: int
    verify_until: int
    identity: bytes = b""
    verify: Callable[[bytes, bytes], None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Load the point once; raises BadKeyError or UnknownAlgorithmError."""
        object.__setattr__(self, "verify", algorithm_named(self.algorithm).load(self.public, self.identity))

    def state(self, now: int) -> KeyState:
        """Return the state at `now`."""
        if now < self.sign_from:
            return KeyState.PUBLISHED
        if now < self.sign_until:
            return KeyState.SIGNING
        return KeyState.VERIFYING if now < self.verify_until else KeyState.RETIRED

    def require_signing(self, now: int) -> None:
        """Raise KeyNotUsableError unless the key may sign at `now`."""
        if self.state(now) is not KeyState.SIGNING:
            raise KeyNotUsableError(f"key {self.kid.hex()} is {self.state(now)}, it may not sign")


def kid_of(algorithm: str, public: bytes) -> bytes:
    """Derive the key identifier: the first eight bytes of SHA-256 over algorithm name and point."""
    return hashlib.sha256(algorithm.encode() + b"\0" + public).digest()[:KID_SIZE]
