"""What may be true of a grant, and which changes are allowed."""

from enum import IntEnum


class Status(IntEnum):
    """Status of one place in a status list; the numbers are those of the IETF Token Status List."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2


TRANSITIONS = {
    Status.VALID: frozenset({Status.REVOKED, Status.SUSPENDED}),
    Status.SUSPENDED: frozenset({Status.REVOKED, Status.VALID}),
    Status.REVOKED: frozenset({Status.REVOKED}),
}
"""Revoked is final: revoking twice changes nothing, and nothing leads back."""
