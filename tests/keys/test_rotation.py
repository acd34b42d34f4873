"""Steps from one trust list to the next: what each step does, and that a verifier accepts it."""

from dataclasses import replace

import pytest

from keys.errors import TrustListError
from keys.key import Purpose
from keys.rotation import PUBLISH_AHEAD, ROTATE_AHEAD, begin, change_roots, due, extend, kill, publish
from keys.trustlist import accept, first
from tests.makers import DAY, ISSUER, NOW, ROOTS, STRANGER, Pair, make_list, sign_list

PINNED = tuple(pair.root for pair in ROOTS)
CURRENT = first(sign_list(make_list()), roots=PINNED, threshold=2, now=NOW)
FRESH = Pair(41).key(sign_from=NOW + PUBLISH_AHEAD, sign_until=NOW + 60 * DAY, verify_until=NOW + 67 * DAY)


def test_the_first_list_has_version_one_and_its_keys_sign_at_once() -> None:
    made = begin(PINNED, 2, [ISSUER.key()], now=NOW, lifetime=DAY)
    assert (made.version, made.issued, made.expires) == (1, NOW, NOW + DAY)
    assert first(sign_list(made), roots=PINNED, threshold=2, now=NOW).signing(Purpose.GRANT, NOW) == [ISSUER.key()]


@pytest.mark.parametrize("threshold", [0, 4, -1])
def test_the_threshold_must_be_reachable(threshold: int) -> None:
    with pytest.raises(TrustListError):
        begin(PINNED, threshold, [], now=NOW, lifetime=DAY)


def test_one_root_named_twice_is_one_root() -> None:
    with pytest.raises(TrustListError):
        begin((PINNED[0], PINNED[0]), 2, [], now=NOW, lifetime=DAY)


def test_a_published_key_signs_a_day_later() -> None:
    offered = accept(CURRENT, sign_list(publish(CURRENT, [FRESH], now=NOW, lifetime=2 * DAY)), now=NOW)
    assert offered.signing(Purpose.GRANT, NOW) == [ISSUER.key()]
    assert offered.signing(Purpose.GRANT, NOW + PUBLISH_AHEAD) == [FRESH, ISSUER.key()]


def test_a_key_that_would_sign_before_verifiers_have_it_is_refused() -> None:
    with pytest.raises(TrustListError):
        publish(CURRENT, [FRESH], now=NOW + 1, lifetime=DAY)


def test_a_known_or_killed_key_is_not_published_again() -> None:
    killed = make_list(killed=frozenset({FRESH.kid}))
    for current in (publish(CURRENT, [FRESH], now=NOW, lifetime=DAY), killed):
        with pytest.raises(TrustListError):
            publish(current, [FRESH], now=NOW, lifetime=DAY)


def test_a_killed_key_stays_killed_in_every_later_list() -> None:
    killed = accept(CURRENT, sign_list(kill(CURRENT, ISSUER.kid, now=NOW, lifetime=DAY)), now=NOW)
    later = accept(killed, sign_list(extend(killed, now=NOW, lifetime=DAY)), now=NOW)
    assert ISSUER.kid in later.killed
    assert later.version == 3


def test_a_key_that_was_never_listed_cannot_be_killed() -> None:
    with pytest.raises(TrustListError):
        kill(CURRENT, STRANGER.kid, now=NOW, lifetime=DAY)


def test_extending_renews_the_time_and_drops_what_no_longer_verifies() -> None:
    retired = Pair(43).key(sign_from=NOW - 9, sign_until=NOW - 5, verify_until=NOW)
    current = make_list(keys=CURRENT.keys | {retired.kid: retired})
    offered = extend(current, now=NOW, lifetime=DAY)
    assert (offered.keys, offered.issued, offered.expires) == (CURRENT.keys, NOW, NOW + DAY)
    assert retired.kid in offered.killed
    again = replace(retired, sign_from=NOW + 2 * DAY, sign_until=NOW + 3 * DAY, verify_until=NOW + 4 * DAY)
    with pytest.raises(TrustListError):
        publish(offered, [again], now=NOW, lifetime=DAY)


def test_in_an_emergency_a_key_signs_at_once() -> None:
    fresh = replace(FRESH, sign_from=NOW)
    offered = accept(CURRENT, sign_list(publish(CURRENT, [fresh], now=NOW, lifetime=DAY, emergency=True)), now=NOW)
    assert offered.signing(Purpose.GRANT, NOW)[0] == fresh


def test_a_dead_key_is_not_killed_again() -> None:
    killed = kill(CURRENT, ISSUER.kid, now=NOW, lifetime=DAY)
    with pytest.raises(TrustListError, match="dead"):
        kill(killed, ISSUER.kid, now=NOW, lifetime=DAY)


@pytest.mark.parametrize("threshold", [0, 3])
def test_new_roots_must_reach_their_threshold(threshold: int) -> None:
    with pytest.raises(TrustListError):
        change_roots(CURRENT, PINNED[:2], threshold, now=NOW, lifetime=DAY)


def test_new_roots_are_named_by_the_next_list() -> None:
    roots = (Pair(201).root, Pair(202).root)
    offered = change_roots(CURRENT, roots, 2, now=NOW, lifetime=DAY)
    assert (offered.version, offered.roots, offered.threshold) == (2, roots, 2)


END = NOW + 30 * DAY
"""When the keys of these lists stop signing."""


@pytest.mark.parametrize(
    ("now", "purposes"),
    [
        pytest.param(END - ROTATE_AHEAD, set(), id="two months left"),
        pytest.param(END - ROTATE_AHEAD + 1, set(Purpose), id="less than two months left"),
        pytest.param(END + DAY, set(Purpose), id="too late"),
    ],
)
def test_the_next_key_is_due_two_months_before_the_last_one_ends(now: int, purposes: set[Purpose]) -> None:
    planned = due(make_list(), now)
    assert set(planned) == purposes
    assert all(start >= now + PUBLISH_AHEAD for start in planned.values())


def test_a_purpose_without_a_living_key_is_due_at_once() -> None:
    killed = make_list(killed=frozenset({ISSUER.kid}))
    assert Purpose.GRANT in due(killed, END - 99 * DAY)


def test_the_next_key_begins_a_month_before_the_last_one_ends() -> None:
    assert due(make_list(), END - ROTATE_AHEAD + 1)[Purpose.GRANT] == END - ROTATE_AHEAD // 2
