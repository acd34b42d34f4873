"""The health status: rules as data, evidence, orders by two people, and what follows from them. No I/O.

Nobody sets a status. It is the result of a rule in force on recorded evidence, or of an order that two people gave for
a reason of a closed list; `decide` is the only way from the one to the other. It ends by itself, and who has none has
no status: never a silent green. Orders hold people by name, so they are few: capped per order and per hour.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from codeservice.city import city_day
from codeservice.entitlement import Entitlement, Health
from codeservice.errors import Rejected
from codeservice.policy import Part, Text
from codeservice.reason import Reason, Words
from codeservice.scene import SCENES

DAY = 24 * 3600
MAX_WINDOW = 180 * DAY
"""Seconds that a rule may be in force; after that two people have to want it again."""

MAX_PEOPLE_OF_ORDER = 50
"""People that one order may name."""

ORDERED_PER_HOUR = 200
"""People that all orders of an hour together may name."""

APPEAL_DAYS = 5
"""Days in which an appeal is answered."""

TITLES = {
    Health.NONE: Words("无健康状态", "no health status"),
    Health.GREEN: Words("绿色", "green"),
    Health.YELLOW: Words("黄色", "yellow"),
    Health.RED: Words("红色", "red"),
}
SHAPES = {Health.NONE: "dash", Health.GREEN: "circle", Health.YELLOW: "triangle", Health.RED: "square"}
"""Nobody is told by colour alone: every status has words and a shape of its own."""

ORDER_REASONS = {
    "close_contact": Words("经流行病学调查判定为密切接触者", "found to be a close contact by epidemiological inquiry"),
    "confirmed_case": Words("经诊断的病例，检测数据未能自动传入", "a diagnosed case whose test data did not arrive"),
    "entry_quarantine": Words("入境隔离观察", "under quarantine after entry from abroad"),
    "quarantine_ended": Words("隔离观察期满", "quarantine has ended"),
}
"""The only reasons for which two people may order a status. Wire values: added, never renamed."""

Colour = Literal["green", "yellow", "red"]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
_Identifier = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,32}$")]
_Moment = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]


class Cause(StrEnum):
    """Why a status changed. Wire values: added, never renamed."""

    RULE = "rule"
    ORDER = "order"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"
    EXPIRED = "expired"
    SUNSET = "sunset"


class AppealState(StrEnum):
    """Where an appeal stands. Wire values: added, never renamed."""

    FILED = "filed"
    UPHELD = "upheld"
    CORRECTED = "corrected"


APPEAL_TITLES = {
    AppealState.FILED: Words("已受理", "filed"),
    AppealState.UPHELD: Words("维持原状态", "the status is upheld"),
    AppealState.CORRECTED: Words("已更正", "corrected"),
}

ENDINGS = {
    Cause.RULE: Words("依据的规则不再适用", "the rule does not hold any more"),
    Cause.ORDER: Words("依据的决定已结束", "the order has ended"),
    Cause.WITHDRAWN: Words("依据的证据已撤回", "the evidence was withdrawn"),
    Cause.CORRECTED: Words("经复核更正", "corrected after a review"),
    Cause.EXPIRED: Words("状态到期", "its time is over"),
    Cause.SUNSET: Words("应急状态结束", "the emergency has ended"),
}
"""The reason that a holder is told when no status is left."""


class Needed(Part, frozen=True):
    """Evidence of a kind, seen by `source` (an authority) at most `max_age` seconds ago."""

    kind: _Name
    source: _Identifier
    title: Text
    max_age: Annotated[int, msgspec.Meta(ge=1, le=365 * DAY)]


class Rule(Part, frozen=True):
    """A rule: who has all of `evidence`, and nothing newer of `lifted_by`, has `status` for `duration` seconds.

    The duration counts from the newest of that evidence. The rule is in force from `begins` until `ends`. `scenes` are
    those where a verifier may read the status from a code, also without network. At most `cap_per_hour` people an hour
    get a status by it; more is an alarm, and waits.
    """

    rule: _Name
    title: Text
    begins: _Moment
    ends: _Moment
    evidence: Annotated[tuple[Needed, ...], msgspec.Meta(min_length=1, max_length=8)]
    status: Colour
    duration: Annotated[int, msgspec.Meta(ge=60, le=90 * DAY)]
    cap_per_hour: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    lifted_by: Annotated[tuple[Needed, ...], msgspec.Meta(max_length=8)] = ()
    scenes: Annotated[tuple[str, ...], msgspec.Meta(max_length=16)] = ()


class OrderDocument(Part, frozen=True):
    """An order: a status for these people (identifiers), for a reason of the list, for `duration` seconds."""

    people: Annotated[tuple[_Identifier, ...], msgspec.Meta(min_length=1)]
    status: Colour
    reason: str
    duration: Annotated[int, msgspec.Meta(ge=60, le=21 * DAY)]


class RuleError(ValueError):
    """A rule contradicts itself; the message names the field."""


@dataclass(frozen=True)
class RuleInForce:
    """A rule with its version and the legal basis under which two people put it in force."""

    rule: Rule
    version: int
    basis: str


@dataclass(frozen=True)
class Evidence:
    """What an authority has seen. Times are epoch seconds; at `expires` it has ended."""

    id: str
    kind: str
    source: str
    observed: int
    expires: int


@dataclass(frozen=True)
class Order:
    """That two people ordered a status for one person; `proposal` names them."""

    proposal: str
    status: Health
    reason: str
    at: int
    until: int
    basis: str


@dataclass(frozen=True)
class Finding:
    """A status with everything that it rests on: a rule with evidence, or an order."""

    status: Health
    until: int
    reason: Words
    basis: str
    rule: str | None = None
    version: int | None = None
    proposal: str | None = None
    evidence: tuple[str, ...] = ()
    evidence_titles: tuple[Words, ...] = ()


def require_consistent(rule: Rule) -> None:
    """Raise RuleError for a rule that could not be meant."""
    if not 0 < rule.ends - rule.begins <= MAX_WINDOW:
        raise RuleError("ends: after begins, and at most 180 days after it")
    if not set(rule.scenes) <= SCENES.keys():
        raise RuleError("scenes: no such scene")
    kinds = [(need.kind, need.source) for need in (*rule.evidence, *rule.lifted_by)]
    if len(set(kinds)) != len(kinds):
        raise RuleError("evidence: a kind stands twice")


def evaluate(in_force: RuleInForce, evidence: Sequence[Evidence], now: int) -> Finding | None:
    """Return what one rule says of one person at `now`; None when it does not hold. The same input, the same answer."""
    rule = in_force.rule
    if not rule.begins <= now < rule.ends:
        return None
    found = [_newest(need, evidence, now) for need in rule.evidence]
    present = [entry for entry in found if entry is not None]
    if len(present) != len(rule.evidence):
        return None
    newest = max(entry.observed for entry in present)
    lifts = (_newest(need, evidence, now) for need in rule.lifted_by)
    if any(entry is not None and entry.observed > newest for entry in lifts):
        return None
    until = min(newest + rule.duration, rule.ends, *(entry.expires for entry in present))
    if until <= now:
        return None
    return Finding(
        status=Health[rule.status.upper()],
        until=until,
        reason=rule.title.words,
        basis=in_force.basis,
        rule=rule.rule,
        version=in_force.version,
        evidence=tuple(entry.id for entry in present),
        evidence_titles=tuple(need.title.words for need in rule.evidence),
    )


def decide(
    rules: Sequence[RuleInForce], evidence: Sequence[Evidence], orders: Sequence[Order], now: int
) -> Finding | None:
    """Return the status of one person at `now`: the most severe of what rules and orders say, None for no status."""
    by_rule = (evaluate(rule, evidence, now) for rule in rules)
    by_order = (_of_order(order) for order in orders if order.at <= now < order.until)
    found = [entry for entry in (*by_rule, *by_order) if entry is not None]
    return max(
        found, key=lambda entry: (entry.status, entry.until, entry.rule or "", entry.proposal or ""), default=None
    )


def allowed_scenes(rules: Sequence[RuleInForce], rule: str | None) -> frozenset[str]:
    """Return where a status may be read from a code: what its rule in force allows; for an order, what any rule does.

    A status of a rule that is out of force may be read nowhere.
    """
    return frozenset(scene for entry in rules if rule is None or entry.rule.rule == rule for scene in entry.rule.scenes)


def sources_of(rules: Sequence[RuleInForce]) -> dict[str, set[str]]:
    """Return which authorities own each kind of evidence: those that a rule in force names, and nobody else."""
    owners: dict[str, set[str]] = {}
    for entry in rules:
        for need in (*entry.rule.evidence, *entry.rule.lifted_by):
            owners.setdefault(need.kind, set()).add(need.source)
    return owners


def require_health(entitlements: Mapping[int, int], accepted: Collection[Health] | None) -> None:
    """Raise Rejected(not_entitled) unless a code's health status is one that a scene accepts.

    None asks nothing, which is what every scene does that says nothing. A code without status is `Health.NONE`: it
    passes only where that is accepted.
    """
    if accepted is not None and entitlements.get(Entitlement.HEALTH, Health.NONE) not in set(accepted):
        raise Rejected(Reason.NOT_ENTITLED)


def notice_values(finding: Finding | None, cause: Cause) -> dict[str, object]:
    """Return what the notice of a change says; `finding` None tells that no status is left."""
    if finding is None:
        return {"reason_zh": ENDINGS[cause].zh, "reason_en": ENDINGS[cause].en, "days": APPEAL_DAYS}
    status, titles = TITLES[finding.status], finding.evidence_titles
    return {
        "status": int(finding.status),
        "shape": SHAPES[finding.status],
        "status_zh": status.zh,
        "status_en": status.en,
        "reason_zh": finding.reason.zh,
        "reason_en": finding.reason.en,
        "evidence_zh": "、".join(title.zh for title in titles) or "两人决定",
        "evidence_en": ", ".join(title.en for title in titles) or "an order by two people",
        "basis": finding.basis,
        "until": city_day(finding.until),
        "days": APPEAL_DAYS,
    }


def _newest(need: Needed, evidence: Sequence[Evidence], now: int) -> Evidence | None:
    fitting = (
        entry
        for entry in evidence
        if (entry.kind, entry.source) == (need.kind, need.source)
        and entry.observed <= now < entry.expires
        and now - entry.observed <= need.max_age
    )
    return max(fitting, key=lambda entry: (entry.observed, entry.id), default=None)


def _of_order(order: Order) -> Finding:
    return Finding(order.status, order.until, ORDER_REASONS[order.reason], order.basis, proposal=order.proposal)
