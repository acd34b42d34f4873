"""Visits of a hospital: what a patient does at the desk, the states of a visit, and its number. No I/O.

A person at one department of a place on one day of the city is one visit, whatever shows who they are.
"""

import hashlib
from base64 import b32encode
from enum import StrEnum

from codeservice.reason import Words


class Act(StrEnum):
    """What is done at the desk. Wire values: added, never renamed."""

    REGISTER = "register"
    CHECK_IN = "check_in"


class State(StrEnum):
    """Where a visit stands. Wire values: added, never renamed."""

    REGISTERED = "registered"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    CANCELLED = "cancelled"


STATE_OF_ACT = {Act.REGISTER: State.REGISTERED, Act.CHECK_IN: State.ARRIVED}
"""The state that an act at the desk asks for; a visit that is further stays where it is."""

BEFORE = {
    State.ARRIVED: frozenset({State.REGISTERED}),
    State.IN_PROGRESS: frozenset({State.ARRIVED}),
    State.FINISHED: frozenset({State.IN_PROGRESS}),
    State.CANCELLED: frozenset({State.REGISTERED, State.ARRIVED}),
}
"""The states from which a hospital may move a visit to each state; none leads back to registered."""

ACT_TITLES = {Act.REGISTER: Words("挂号", "Registration"), Act.CHECK_IN: Words("报到", "Check-in")}
STATE_TITLES = {
    State.REGISTERED: Words("已挂号", "Registered"),
    State.ARRIVED: Words("已报到", "Arrived"),
    State.IN_PROGRESS: Words("就诊中", "In progress"),
    State.FINISHED: Words("已结束", "Finished"),
    State.CANCELLED: Words("已取消", "Cancelled"),
}


def id_of(place: str, department: str, day: str, person: str) -> str:
    """Return the identifier of a visit, 128 bits.

    It depends on nothing but what the visit is, so that a visit booked offline has the same one in whatever order its
    scans arrive. Nobody can guess it: a person's own identifier is 128 random bits that never leave the service.
    """
    return _digest(place, department, day, person).hex()[:32]


def number_of(place: str, department: str, day: str, person: str) -> str:
    """Return the number of a visit that people read: twelve letters and digits, the day's last two digits first."""
    return day[-2:] + b32encode(_digest(place, department, day, person))[:10].decode()


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(("encounter", *parts)).encode()).digest()
