"""Accounts of places that count people: a pure function of the recorded passages, whatever order they came in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from codeservice.stay import Stay, stay_cents


@dataclass(frozen=True)
class Passed:
    """One accepted scan of a place; `effect` is what its scene booked."""

    id: str
    at: int
    person: str
    effect: Mapping[str, Any]


@dataclass
class Account:
    """What a place let in: people and fen by row of the table, entries again, people who left, fees of their stays."""

    entered: dict[str, tuple[int, int]] = field(default_factory=dict)
    again: int = 0
    left: int = 0
    stay_cents: int = 0


def account_of(passages: Iterable[Passed], *, since: int = 0) -> Account:
    """Sum up passages from `since` on; earlier ones tell when stays began.

    Whether somebody entered again is not what one gate knew at the time: of all entries of a person in a day those
    beyond their tickets are. What a stay costs goes by the entry before it, wherever that was seen.
    """
    account = Account()
    seen: dict[tuple[str, str], int] = {}
    inside_since: dict[str, int] = {}
    for passed in sorted(passages, key=lambda passed: (passed.at, passed.id)):
        effect, counts = passed.effect, passed.at >= since
        people = int(effect.get("people", 1))
        if effect.get("passage") == "leave":
            began = inside_since.pop(passed.person, None)
            if counts:
                account.left += people
                account.stay_cents += _stay_cents(effect, began, passed.at)
            continue
        inside_since.setdefault(passed.person, passed.at)
        key = passed.person, str(effect.get("day", ""))
        tickets, before = effect.get("tickets"), seen.get(key, 0)
        seen[key] = before + people
        fresh = people if tickets is None else max(0, min(int(tickets), before + people) - min(int(tickets), before))
        if not counts:
            continue
        account.again += people - fresh
        if fresh:
            code = str(effect.get("code", "other"))
            sums = account.entered.get(code, (0, 0))
            account.entered[code] = sums[0] + fresh, sums[1] + int(effect.get("price_cents", 0))
    return account


def _stay_cents(effect: Mapping[str, Any], began: int | None, ended: int) -> int:
    if "stay" not in effect or began is None:
        return 0
    return stay_cents(msgspec.convert(effect["stay"], Stay), ended - began)
