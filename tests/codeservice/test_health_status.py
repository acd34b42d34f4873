"""The rule of the health status: what follows from evidence and orders, and nothing else."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.entitlement import Entitlement, Health
from codeservice.errors import Rejected
from codeservice.health_status import (
    ENDINGS,
    ORDER_REASONS,
    SHAPES,
    TITLES,
    Cause,
    Evidence,
    Order,
    Rule,
    RuleInForce,
    allowed_scenes,
    decide,
    evaluate,
    notice_values,
    require_health,
)
from codeservice.notice import NoticeKind, words_of

NOW = 1_800_000_000
DAY = 86400


def rule(name: str = "positive", status: str = "red", **changes: object) -> RuleInForce:
    text = {"zh": "理由", "en": "reason"}
    need = {"kind": "test", "source": "lab", "title": text, "max_age": 3 * DAY}
    document = {
        "rule": name,
        "title": text,
        "begins": NOW - DAY,
        "ends": NOW + 10 * DAY,
        "evidence": [need],
        "lifted_by": [need | {"kind": "recovery"}],
        "status": status,
        "duration": 2 * DAY,
        "scenes": ["hospital"],
        "cap_per_hour": 10,
    }
    return RuleInForce(msgspec.convert(document | changes, Rule), 1, "IDL-1")


def seen(kind: str = "test", observed: int = NOW, **changes: object) -> Evidence:
    values = {"id": "e1", "kind": kind, "source": "lab", "observed": observed, "expires": NOW + 9 * DAY}
    return Evidence(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([seen()], Health.RED),
        ([], None),
        ([seen("other")], None),
        ([seen(source="bank")], None),
        ([seen(observed=NOW - 3 * DAY - 1)], None),
        ([seen(observed=NOW + 1)], None),
        ([seen(expires=NOW)], None),
        ([seen(observed=NOW - 2 * DAY)], None),
        ([seen(observed=NOW - 100), seen("recovery", NOW - 50)], None),
        ([seen(observed=NOW - 50), seen("recovery", NOW - 100)], Health.RED),
    ],
    ids=[
        "evidence",
        "nothing",
        "another kind",
        "another source",
        "too old",
        "of the future",
        "ended",
        "its duration is over",
        "lifted by newer",
        "not lifted by older",
    ],
)
def test_a_rule_holds_only_on_evidence_that_fits(evidence: list[Evidence], expected: Health | None) -> None:
    found = evaluate(rule(), evidence, NOW)
    assert (None if found is None else found.status) == expected


@pytest.mark.parametrize("now", [NOW - DAY - 1, NOW + 10 * DAY])
def test_a_rule_out_of_its_window_says_nothing(now: int) -> None:
    assert evaluate(rule(), [seen(observed=now, expires=now + DAY)], now) is None


def test_a_status_ends_with_its_rule_its_evidence_or_its_duration_whichever_is_first() -> None:
    ends = [
        evaluate(rule(ends=NOW + 100), [seen()], NOW),
        evaluate(rule(), [seen(expires=NOW + 200)], NOW),
        evaluate(rule(duration=300), [seen()], NOW),
    ]
    assert [entry and entry.until - NOW for entry in ends] == [100, 200, 300]


def test_the_most_severe_counts() -> None:
    order = Order("p1", Health.YELLOW, "close_contact", NOW, NOW + DAY, "IDL-1")
    found = decide([rule(), rule("mild", "green")], [seen()], [order], NOW)
    assert found is not None
    assert (found.status, found.rule) == (Health.RED, "positive")
    later = decide([rule()], [], [order], NOW)
    assert later is not None
    assert (later.status, later.proposal) == (Health.YELLOW, "p1")
    assert decide([rule()], [], [order], NOW + DAY) is None


@given(st.permutations([seen(), seen("recovery", NOW - 5), seen(observed=NOW - 9, id="e2"), seen(id="e3")]))
def test_the_same_record_gives_the_same_status_in_any_order(evidence: list[Evidence]) -> None:
    first = decide([rule(), rule("mild", "yellow")], [seen(), seen(id="e3")], [], NOW)
    assert decide([rule("mild", "yellow"), rule()], evidence, [], NOW) == first


def test_a_status_may_be_read_where_its_own_rule_allows_and_an_order_where_any_does() -> None:
    rules = [rule(), rule("mild", scenes=["bus"])]
    assert allowed_scenes(rules, "positive") == {"hospital"}
    assert allowed_scenes(rules, None) == {"hospital", "bus"}
    assert allowed_scenes(rules, "gone") == set()


def test_nobody_asks_for_health_unless_a_scene_says_so() -> None:
    red = {int(Entitlement.HEALTH): int(Health.RED)}
    require_health(red, None)
    require_health(red, {Health.RED})
    for entitlements, accepted in ((red, {Health.GREEN}), ({}, {Health.GREEN}), ({}, ())):
        with pytest.raises(Rejected):
            require_health(entitlements, accepted)
    require_health({}, {Health.GREEN, Health.NONE})


def test_every_status_has_words_and_a_shape_of_its_own() -> None:
    assert TITLES.keys() == SHAPES.keys() == set(Health)
    assert len(set(SHAPES.values())) == len(Health)
    assert ENDINGS.keys() == set(Cause)
    assert all(words.zh and words.en for words in ORDER_REASONS.values())


@pytest.mark.parametrize("cause", list(Cause))
def test_every_change_can_be_told_in_words(cause: Cause) -> None:
    found = evaluate(rule(), [seen()], NOW)
    words = words_of(NoticeKind.HEALTH_STATUS_CHANGED, notice_values(found, cause))
    assert "红色" in words.zh
    assert "申诉" in words_of(NoticeKind.HEALTH_STATUS_ENDED, notice_values(None, cause)).zh
