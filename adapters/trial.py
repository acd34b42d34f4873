"""Trying a policy on recorded scans before it goes live: what would have been decided, booked and charged."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from adapters import ADAPTERS
from adapters.policies import InForce
from adapters.trial_ledger import TrialLedger
from codeservice.city import city_day
from codeservice.code import Grant, Kind
from codeservice.errors import Rejected, UnprocessableError
from codeservice.reason import Reason
from codeservice.scan import Acceptance, Outcome, Verified
from codeservice.verifier import require_policy

SHOWN = 20
"""Differing scans that a report shows."""

OF_SCENE = frozenset(
    {
        Reason.NOT_ENTITLED,
        Reason.SECOND_FACTOR_REQUIRED,
        Reason.LIMIT_REACHED,
        Reason.NO_TICKET,
        Reason.CAPACITY_REACHED,
        Reason.CLOSED,
        Reason.WRONG_SLOT,
    }
)
"""Refusals that depend on the policy; every other one stays what it was."""


@dataclass(frozen=True)
class RecordedScan:
    """A scan as a trial sees it. `asked` is None where the record does not know what was asked."""

    id: str
    at: int
    place: str
    person: str
    reason: str | None
    effect: Mapping[str, Any]
    asked: Mapping[str, Any] | None


@dataclass(frozen=True)
class Difference:
    """A scan that would have gone otherwise: reason and effect, then and under the policy."""

    scan: str
    at: int
    before: tuple[str | None, Mapping[str, Any]]
    after: tuple[str | None, Mapping[str, Any]]


@dataclass
class Trial:
    """What came of a trial. `untried` scans were recorded without what was asked; `cents` are sums (before, after)."""

    scans: int = 0
    untried: int = 0
    differing: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    cents: tuple[int, int] = (0, 0)
    shown: list[Difference] = field(default_factory=list)


def try_policy(scans: Iterable[RecordedScan], policy: InForce, capacities: Mapping[str, int | None]) -> Trial:
    """Decide recorded scans, in the order of their time, once more under a policy, in a record that begins empty."""
    trial = Trial()
    ledgers: dict[str, TrialLedger] = {}
    first = TrialLedger()
    for scan in scans:
        ledger = ledgers.setdefault(scan.place, first.at(scan.place))
        ledger.places = capacities.get(scan.place)
        after = _again(scan, policy, ledger)
        if after is None:
            trial.untried += 1
            continue
        before = scan.reason, scan.effect
        trial.scans += 1
        trial.cents = trial.cents[0] + _cents(scan.effect), trial.cents[1] + _cents(after[1])
        if _final(before) == _final(after):
            continue
        trial.differing += 1
        trial.changes[scan.reason or Outcome.ACCEPTED.value, after[0] or Outcome.ACCEPTED.value] += 1
        if len(trial.shown) < SHOWN:
            trial.shown.append(Difference(scan.id, scan.at, before, after))
    return trial


def _again(scan: RecordedScan, policy: InForce, ledger: TrialLedger) -> tuple[str | None, Mapping[str, Any]] | None:
    if scan.asked is None:
        return None
    if scan.reason is not None and scan.reason not in OF_SCENE:
        return scan.reason, {}
    adapter = ADAPTERS[policy.version.scene]
    try:
        body = msgspec.convert(dict(scan.asked["body"]), adapter.body)
        entitlements = {int(name): int(value) for name, value in scan.asked["entitlements"].items()}
        kind = Kind(scan.asked["kind"])
    except (KeyError, ValueError, AttributeError, TypeError):
        return None
    ledger.holder = scan.person
    if scan.reason is None:
        # Who was admitted had a right to it; a trial does not sell tickets.
        ledger.reserve(city_day(scan.at))
    verified = Verified(kind, Grant(0, 0, adapter.scene.mask, entitlements, scan.at, scan.at + 1), scan.at)
    try:
        require_policy(verified, policy.checks, now=scan.at, document_checked=body.document_checked)
        with ledger.attempt():
            effect = dict(adapter.decide(verified, body, ledger, policy.document, scan.at))
    except Rejected as rejection:
        return rejection.reason.value, {}
    except UnprocessableError as error:
        # The policy does not know what the terminal said of itself, such as its line.
        return error.code, {}
    ledger.keep(Acceptance(scan.id, scan.at, scan.place, effect))
    return None, effect


def _final(said: tuple[str | None, Mapping[str, Any]]) -> tuple[str | None, Mapping[str, Any]]:
    """Leave out that an effect was provisional: a trial knows all that a terminal could not."""
    return said[0], {name: value for name, value in said[1].items() if name != "provisional"}


def _cents(effect: Mapping[str, Any]) -> int:
    return sum(value for name, value in effect.items() if name.endswith("_cents") and isinstance(value, int))
