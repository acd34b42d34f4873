"""What a holder may say against a scan of theirs, and until when somebody has to answer. No I/O."""

from enum import StrEnum

from codeservice.reason import Words

ANSWER_WITHIN = 15 * 24 * 3600
"""Seconds in which an answer is owed."""

LONGEST_TEXT = 300
"""Characters of what a holder writes and of what they are answered."""


class DisputeKind(StrEnum):
    """What is said to be wrong. Wire values: added, never renamed."""

    NOT_ME = "not_me"
    WRONG = "wrong"


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


STATE_TITLES = {
    DisputeState.OPEN: Words("异议处理中", "Your objection is being looked at"),
    DisputeState.UPHELD: Words("异议成立", "Your objection was right"),
    DisputeState.REJECTED: Words("异议不成立", "Your objection was not upheld"),
}


def state_of(upheld: bool | None) -> DisputeState:  # noqa: FBT001 -- a column with three values
    """Return the state by the answer, None while there is none."""
    if upheld is None:
        return DisputeState.OPEN
    return DisputeState.UPHELD if upheld else DisputeState.REJECTED
