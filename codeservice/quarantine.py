"""Why an uploaded item became no scan. Nothing that a terminal sends is dropped: what cannot count is kept aside."""

from enum import StrEnum


class QuarantineReason(StrEnum):
    """The closed list of reasons."""

    MALFORMED = "malformed"
    DAMAGED = "damaged"
    """The item is empty: the terminal's own store was damaged."""
    FUTURE = "future"
    BEFORE_ENROLMENT = "before_enrolment"
    UNKNOWN_GRANT = "unknown_grant"
    TERMINAL_SUSPENDED = "terminal_suspended"
    FORK = "fork"
    """Other bytes under a number that is known: two terminals count on with one key."""
    WRONG_EFFECT = "wrong_effect"
    UNKNOWN_ANSWER = "unknown_answer"
    """The terminal says that the service answered this scan, and the record has no such answer."""
    ACT_REUSED = "act_reused"
    """Another number of this terminal has the same business act."""
