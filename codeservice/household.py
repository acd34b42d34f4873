"""Household: who may show and print codes for whom, by which proof, and until when. Rules only, no I/O.

A tie joins a guardian, who acts, with a dependant, for whom they act; a helper of an adult is one too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from codeservice.city import midnight
from codeservice.entitlement import age_on
from codeservice.reason import Words
from codeservice.scene import SCENES, Scene, mask_of

OF_AGE = 18
"""Years at which a person acts alone (Civil Code of China, article 17)."""

REQUEST_LIFE = 7 * 24 * 3600
"""Seconds in which a dependant may confirm a request; after them it is refused by itself."""

REQUESTS_A_DAY = 10
"""Requests of one person in a day, so that nobody tries numbers or fills the officers' queue."""

PRINTS_A_DAY = 3
"""Paper codes for one person in a day."""


class TieKind(StrEnum):
    """Why somebody may act for another. Wire values: added, never renamed."""

    PARENT = "parent"
    GUARDIAN_BY_COURT = "guardian_by_court"
    HELPER = "helper"


class TieState(StrEnum):
    """Where a tie stands. `requested` waits for the dependant's own consent, `waiting_review` for an officer."""

    REQUESTED = "requested"
    WAITING_REVIEW = "waiting_review"
    ACTIVE = "active"
    REFUSED = "refused"
    ENDED = "ended"


class Proof(StrEnum):
    """What an active tie rests on."""

    BIRTH_CERTIFICATE = "birth_certificate"
    HOUSEHOLD_RECORD = "household_record"
    REVIEW = "review"
    CONSENT = "consent"


class EndReason(StrEnum):
    """Why a tie is refused or has ended. Wire values: added, never renamed."""

    BY_GUARDIAN = "by_guardian"
    BY_DEPENDANT = "by_dependant"
    CAME_OF_AGE = "came_of_age"
    COURT_REMOVAL = "court_removal"
    DIED = "died"
    NOT_ANSWERED = "not_answered"
    NOT_PROVED = "not_proved"


KIND_TITLES = {
    TieKind.PARENT: Words("未成年人监护", "Parent or guardian of a minor"),
    TieKind.GUARDIAN_BY_COURT: Words("成年人监护（法院裁定）", "Guardian of an adult, by a court's decision"),
    TieKind.HELPER: Words("亲友代办", "Helper of an adult"),
}

STATE_TITLES = {
    TieState.REQUESTED: Words("待对方确认", "Waits for the other's consent"),
    TieState.WAITING_REVIEW: Words("待人工审核", "Waits for an officer"),
    TieState.ACTIVE: Words("有效", "Active"),
    TieState.REFUSED: Words("未通过", "Refused"),
    TieState.ENDED: Words("已终止", "Ended"),
}

REASON_TITLES = {
    EndReason.BY_GUARDIAN: Words("代办人解除", "ended by the one who acts"),
    EndReason.BY_DEPENDANT: Words("被代办人解除", "ended by the one acted for"),
    EndReason.CAME_OF_AGE: Words("被监护人已满十八周岁", "the ward is eighteen"),
    EndReason.COURT_REMOVAL: Words("监护资格被撤销", "a court has removed the guardian"),
    EndReason.DIED: Words("登记信息注销", "one of the two is struck off the register"),
    EndReason.NOT_ANSWERED: Words("逾期未确认", "nobody confirmed in time"),
    EndReason.NOT_PROVED: Words("未能核实关系", "the relation was not proved"),
}

OPEN = frozenset({TieState.REQUESTED, TieState.WAITING_REVIEW, TieState.ACTIVE})
"""States of which two people have one tie at most."""

_CERTIFIED = frozenset({"head", "spouse"})
_HOUSEHOLD_ADULTS = frozenset({"head", "spouse", "parent"})
_CHILD = "child"


@dataclass(frozen=True)
class Member:
    """What the record says of a person, as far as ties depend on it."""

    id: str
    born: date
    household: str | None
    role: str | None


def is_of_age(born: date, day: date) -> bool:
    """Whether a person born on `born` acts alone on `day`."""
    return age_on(born, day) >= OF_AGE


def coming_of_age(born: date) -> int:
    """Return the moment (epoch seconds) at which the eighteenth birthday begins in the city.

    Who was born on 29 February comes of age on 1 March.
    """
    try:
        return midnight(born.replace(year=born.year + OF_AGE))
    except ValueError:
        return midnight(date(born.year + OF_AGE, 3, 1))


def kind_fits(kind: TieKind, born: date, day: date) -> bool:
    """Whether a tie of this kind can be to somebody of that age: minors have parents, adults have the others."""
    return (kind is TieKind.PARENT) != is_of_age(born, day)


def end_of(kind: TieKind, born: date) -> int | None:
    """Return when a tie ends by itself, in epoch seconds; None for one that does not."""
    return coming_of_age(born) if kind is TieKind.PARENT else None


def prove_parent(guardian: Member, child: Member, certificate: Mapping[str, object] | None, day: date) -> Proof | None:
    """Return by what the record proves a parent or guardian of a minor; None when an officer has to look.

    `certificate` are the claims of a birth certificate in force that the record has for this very child.
    """
    if not is_of_age(guardian.born, day) or is_of_age(child.born, day) or guardian.id == child.id:
        return None
    if certificate is not None and _names(certificate, guardian):
        return Proof.BIRTH_CERTIFICATE
    same = guardian.household is not None and guardian.household == child.household
    if same and guardian.role in _HOUSEHOLD_ADULTS and child.role == _CHILD:
        return Proof.HOUSEHOLD_RECORD
    return None


def _names(certificate: Mapping[str, object], guardian: Member) -> bool:
    """Whether a birth certificate names a parent: by the household that they lead, in the demo's record."""
    household = certificate.get("household")
    return household is not None and household == guardian.household and guardian.role in _CERTIFIED


def first_state(kind: TieKind, proof: Proof | None) -> TieState:
    """Return where a request begins. Name and ID number alone never make a tie."""
    match kind:
        case TieKind.PARENT:
            return TieState.WAITING_REVIEW if proof is None else TieState.ACTIVE
        case TieKind.GUARDIAN_BY_COURT:
            return TieState.WAITING_REVIEW
        case TieKind.HELPER:
            return TieState.REQUESTED


def sees_records(kind: TieKind, *, shares_records: bool) -> bool:
    """Whether a guardian sees the dependant's scan records: of a minor always, of an adult by that adult's word."""
    return kind is TieKind.PARENT or shares_records


def may_print(scenes: int | None) -> bool:
    """Whether a guardian prints paper: only one who acts at every scene, because a print replaces the one before."""
    return scenes is None


def scenes_within(asked: tuple[Scene, ...], allowed: int | None) -> tuple[Scene, ...]:
    """Return those of the scenes that a tie covers; `allowed` is a mask, None for every scene."""
    return asked if allowed is None else tuple(scene for scene in asked if scene.mask & allowed)


def mask_named(names: list[str] | None) -> int | None:
    """Return the mask of scenes by name; None for every scene. Raises KeyError for a name that is no scene's."""
    return None if names is None else mask_of(tuple(SCENES[name] for name in dict.fromkeys(names)))


def names_of(mask: int | None) -> list[str] | None:
    """Return the names of the scenes of a mask; None for every scene."""
    return None if mask is None else [name for name, scene in SCENES.items() if scene.mask & mask]


def narrowed(asked: int | None, allowed: int | None) -> int | None:
    """Return what both the request and the dependant name; None for every scene."""
    if asked is None or allowed is None:
        return allowed if asked is None else asked
    return asked & allowed
