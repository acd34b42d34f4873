"""Intents: what a signer is about to sign, on record before it signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from keys.key import Purpose


@dataclass(frozen=True)
class Statement:
    """What a message says, as a policy has read it; nothing personal.

    `subject` is what it is about. `binding`, where there is one, is what it ties the subject to, for ever: a second
    statement about the subject with another binding is refused. `expires` is in epoch seconds.
    """

    subject: str
    expires: int
    binding: bytes | None = None


@dataclass(frozen=True)
class Intent:
    """One message that will be signed: when (epoch seconds), by which key, its SHA-256 digest, and what it says."""

    at: int
    kid: bytes
    purpose: Purpose
    digest: bytes
    statement: Statement


class Journal(Protocol):
    """Where intents are kept."""

    def record(self, intents: Sequence[Intent]) -> None:
        """Record all or none; they outlast a power cut when this returns.

        Raises RefusedError when a subject is bound to something else, SignerError when nothing can be recorded.
        """
        ...

    def taken(self, purpose: Purpose, since: int) -> Sequence[tuple[int, int]]:
        """Return, oldest first, in which second how many intents of a purpose were recorded, from `since` on."""
        ...
