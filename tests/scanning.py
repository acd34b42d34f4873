"""A terminal that behaves, for what is around it: answers and states of every kind, and what was scanned in order."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from adapters.bus import TITLES, BusDetails
from adapters.contract import Details
from adapters.hospital import HospitalDetails
from adapters.pharmacy import PharmacyDetails
from adapters.terminal.answer import Answer, State
from adapters.terminal.runtime import SAME_SCAN, InputError
from codeservice.entitlement import Fare
from codeservice.reason import MESSAGES, UNDETERMINED, Reason, Words
from codeservice.scan import Outcome
from tests.makers import NOW

ADULT = BusDetails("adult", TITLES[Fare.ADULT], 200, counted=True)
PATIENT = HospitalDetails("欧阳*明", "3499************1234", insured=True)
BUYER = PharmacyDetails("王*", "3499************0011", "ephedrine", Words("含麻黄碱复方制剂", "Ephedrine"), 1, 1)

GOOD = "9" * 100
"""A text that every fake terminal accepts, with details of its scene."""

UNKNOWN = "8" * 100
"""A text that it cannot decide."""

USED = "7" * 100
"""A text that it refuses as used before."""


def accepted(details: Details | None = ADULT, *, scene: str = "bus", **changes: Any) -> Answer:
    """Make an acceptance."""
    answer = Answer(
        act="act-1",
        seq=1,
        decision=Outcome.ACCEPTED,
        reason=None,
        message=Words("成人", "Adult"),
        advice=Words("", ""),
        details=details,
        at=NOW,
        scene=scene,
        let_pass=False,
        online=False,
        repeat=False,
        holder_check_required=False,
    )
    return msgspec.structs.replace(answer, **changes)


def rejected(reason: Reason, **changes: Any) -> Answer:
    """Make a refusal, or an answer that nobody can tell."""
    message, advice = MESSAGES[reason]
    outcome = Outcome.UNDETERMINED if reason in UNDETERMINED else Outcome.REFUSED
    return msgspec.structs.replace(
        accepted(None, decision=outcome, reason=reason.value, message=message, advice=advice), **changes
    )


def healthy(**changes: Any) -> State:
    """Make the state of a terminal without faults."""
    state = State(
        terminal="bus-1",
        scene="bus",
        place_name="1 路 3 号车",
        connected=True,
        now=NOW,
        snapshot=812,
        list_age=12,
        trust_list=4,
        key_age=3 * 3600,
        last_seq=1204,
        waiting=0,
        oldest_waiting=None,
        scans_today=318,
        faults=(),
    )
    return msgspec.structs.replace(state, **changes)


@dataclass
class FakeSync:
    """A contact that succeeds, or fails as it is told."""

    failure: Exception | None = None
    started: bool = False
    steps: int = 0

    def start(self) -> None:
        """Note it."""
        self.started = True

    def step(self) -> None:
        """Succeed or fail."""
        self.steps += 1
        if self.failure is not None:
            raise self.failure


@dataclass
class FakeScanning:
    """Accepts GOOD, cannot tell UNKNOWN, refuses USED, and calls the rest malformed.

    The same text within three seconds is one scan.
    """

    details: Details | None = ADULT
    now: State = field(default_factory=healthy)
    sync: FakeSync = field(default_factory=FakeSync)
    steady: Callable[[], float] = time.monotonic
    scanned: list[tuple[str, Mapping[str, object] | None, str | None]] = field(default_factory=list)
    seq: int = 0

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[str, float, Answer] | None = None

    @property
    def texts(self) -> list[str]:
        """What was handed in, in order."""
        return [text for text, _, _ in self.scanned]

    def scan(self, text: str, *, body: Mapping[str, object] | None = None, act: str | None = None) -> Answer:
        """Decide."""
        if body and body.keys() - {"document_checked", "medicine"}:
            raise InputError("the scene bus does not know this")
        with self._lock:
            self.scanned.append((text, body, act))
            now = self.steady()
            if self._last and self._last[0] == text and now - self._last[1] < SAME_SCAN:
                return msgspec.structs.replace(self._last[2], repeat=True)
            self.seq += 1
            answer = msgspec.structs.replace(self._decide(text), seq=self.seq, act=act or f"act-{self.seq}")
            self._last = (text, now, answer)
            return answer

    def _decide(self, text: str) -> Answer:
        if text == GOOD:
            check = isinstance(self.details, HospitalDetails | PharmacyDetails)
            return accepted(self.details, scene=self.now.scene, holder_check_required=check)
        if text == UNKNOWN:
            return rejected(Reason.STATUS_STALE, let_pass=True, advice=Words("请先乘车", "Let them ride"))
        return rejected(Reason.REPLAYED if text == USED else Reason.MALFORMED)

    def state(self) -> State:
        """Say the state that the test has chosen."""
        return self.now


@contextmanager
def open_fake(
    folder: Path,
    *,
    has_battery: bool,
    site: tuple[str, int] | None = None,
    relay: tuple[str, int] | None = None,
    alone: bool = True,
) -> Iterator[FakeScanning]:
    """Stand for `adapters.terminal.opening.open_terminal`."""
    yield FakeScanning()
