"""Quotas: what may be signed in a minute and in an hour, also over a restart."""

import pytest

from keys.errors import RefusedError
from keys.key import Purpose
from keys.quota import QUOTAS, Quota, Quotas

NOW = 1_800_000_000
SMALL = {Purpose.GRANT: Quota(per_minute=10, per_hour=25)}


def taken(quotas: Quotas, count: int, now: int) -> bool:
    try:
        quotas.take(Purpose.GRANT, count, now=now)
    except RefusedError:
        return False
    return True


def test_a_minute_holds_its_quota_and_no_more() -> None:
    quotas = Quotas(SMALL)
    assert [taken(quotas, 5, NOW) for _ in range(3)] == [True, True, False]


def test_what_was_refused_is_not_counted() -> None:
    quotas = Quotas(SMALL)
    assert not taken(quotas, 11, NOW)
    assert taken(quotas, 10, NOW)


def test_a_minute_later_the_quota_is_there_again_until_the_hour_is_used_up() -> None:
    quotas = Quotas(SMALL)
    assert taken(quotas, 10, NOW)
    assert not taken(quotas, 1, NOW + 59)
    assert taken(quotas, 10, NOW + 60)
    assert taken(quotas, 5, NOW + 120)
    assert not taken(quotas, 1, NOW + 180)
    assert not taken(quotas, 1, NOW + 3599)
    assert taken(quotas, 10, NOW + 3600)


def test_a_clock_that_jumps_back_gives_no_quota_back() -> None:
    quotas = Quotas(SMALL)
    assert taken(quotas, 10, NOW)
    assert not taken(quotas, 1, NOW - 3600)


def test_what_was_taken_before_a_restart_counts() -> None:
    quotas = Quotas(SMALL)
    quotas.remember(Purpose.GRANT, [(NOW - 3000, 15), (NOW - 30, 4)])
    assert not taken(quotas, 7, NOW)
    assert taken(quotas, 6, NOW)


def test_one_purpose_does_not_use_up_another() -> None:
    quotas = Quotas(SMALL | {Purpose.TOKEN: Quota(1, 1)})
    assert taken(quotas, 10, NOW)
    quotas.take(Purpose.TOKEN, 1, now=NOW)


def test_a_purpose_without_quota_is_not_signed() -> None:
    assert QUOTAS.keys() == set(Purpose)
    with pytest.raises(RefusedError, match="nothing is signed"):
        Quotas(SMALL).take(Purpose.STATUS, 1, now=NOW)
