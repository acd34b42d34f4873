"""Emergency access: a clinician sees the minimum without consent, says why, and a second person reviews it. No I/O."""

from enum import StrEnum

REVIEW_SECONDS = 24 * 3600
"""Seconds in which a second person has to look at an access."""

REPEAT_SECONDS = 600
"""How long the same act is answered again: a lost answer is asked for again at once, or not at all."""


class Verdict(StrEnum):
    """What the second person says. Wire values: added, never renamed."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"
