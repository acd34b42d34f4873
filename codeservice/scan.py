"""Values of one scan: who asks, under which policy, what was verified, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from codeservice.code import Grant, Kind
from codeservice.entitlement import Health
from codeservice.reason import UNDETERMINED, Reason, Words
from codeservice.scene import Scene

MAX_WINDOW = 120
"""Seconds that no policy may exceed on either side of iat."""


class Outcome(StrEnum):
    """The three answers."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNDETERMINED = "undetermined"


class Disclosure(StrEnum):
    """How much of an attribute a scene may see. FULL needs the holder's consent and falls back to MASKED."""

    MASKED = "masked"
    FULL = "full"


@dataclass(frozen=True)
class Offline:
    """What a terminal of a scene does while it cannot reach the service.

    `list_age` is how many seconds old its lists may be. `let_pass` and `advice` say what becomes of a person when the
    terminal cannot tell: that is never an acceptance, only what the people at the door do meanwhile. `holder_limit`
    and `terminal_limit` bound the acceptances of one holder in a day, and of one terminal between two uploads.
    """

    list_age: int
    let_pass: bool
    advice: Words
    holder_limit: int
    terminal_limit: int


@dataclass(frozen=True)
class Policy:
    """What a scene accepts and what it may see.

    `kinds` are the code kinds accepted without more, `with_document` those accepted when the person at the counter has
    checked a document as well; `early` and `late` are the seconds around iat in which a shown
    code counts (at most 120); `discloses` names the attributes answered after acceptance; `holder_check` asks the
    person at the counter to compare the face, because a screen cannot stop a live relay; `offline` is None for a scene
    that decides nothing without the service. `health` names the health statuses that are let in, None asks for none.
    """

    scene: Scene
    kinds: frozenset[Kind]
    with_document: frozenset[Kind] = frozenset({Kind.PAPER})
    early: int = 30
    late: int = 60
    discloses: Mapping[str, Disclosure] = field(default_factory=dict)
    holder_check: bool = False
    offline: Offline | None = None
    health: frozenset[Health] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a window that no policy may have."""
        if not (0 <= self.early <= MAX_WINDOW and 0 <= self.late <= MAX_WINDOW):
            raise ValueError(f"a window lies between 0 and {MAX_WINDOW} seconds")


@dataclass(frozen=True)
class Caller:
    """Who scans: an authenticated terminal or a partner's back end. Never taken from the body of a request."""

    id: str
    partner: str
    place: str
    scene: str


@dataclass(frozen=True)
class Typed:
    """A number that staff have typed from a document: its kind (`id_number` or a type of credential) and the number."""

    document: str
    number: str = field(repr=False)


@dataclass(frozen=True)
class Verified:
    """A code whose signatures, time and scene were checked. `signed` is the grant's bytes, where it has any."""

    kind: Kind
    grant: Grant
    iat: int
    signed: bytes = field(default=b"", repr=False, compare=False)

    @property
    def use(self) -> tuple[int, int, int]:
        """The identity of this showing: list, idx, iat. A typed number has none: see `kind`."""
        return self.grant.list, self.grant.idx, self.iat


@dataclass(frozen=True)
class Acceptance:
    """One scan that was accepted before: when (epoch seconds), where, and what it booked."""

    id: str
    at: int
    place: str
    effect: Mapping[str, Any]


@dataclass(frozen=True)
class Earlier:
    """What was accepted of a holder before. `whole` is False where only one terminal's memory could be asked."""

    acceptances: tuple[Acceptance, ...]
    whole: bool


@dataclass(frozen=True)
class Decision:
    """The answer to one scan. `effect` is what the scene booked (fare, admission, packages); empty unless accepted."""

    outcome: Outcome
    reason: Reason | None
    effect: Mapping[str, object]
    verified: Verified | None = None

    @classmethod
    def accepted(cls, verified: Verified, effect: Mapping[str, object]) -> "Decision":
        """Say yes."""
        return cls(Outcome.ACCEPTED, None, effect, verified)

    @classmethod
    def rejected(cls, reason: Reason, verified: Verified | None) -> "Decision":
        """Say no, or that nobody can tell."""
        outcome = Outcome.UNDETERMINED if reason in UNDETERMINED else Outcome.REFUSED
        return cls(outcome, reason, {}, verified)
