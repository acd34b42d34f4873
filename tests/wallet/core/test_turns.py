"""When phones ask: a million that begin in one second are spread after it, and each keeps its own turn."""

import pytest

from tests.wallet.core.javascript import in_node

PHONES = 1_000_000
PERIOD = 60


@pytest.mark.parametrize(
    ("prefix", "start"),
    [
        pytest.param("", 1_800_000_000, id="numbers, at second 0 of a minute"),
        pytest.param("0123456789abcdef0123456789abcdef", 1_800_000_000, id="long names alike but for their end"),
        pytest.param("device-", 1_800_000_030.5, id="at any other second"),
    ],
)
def test_a_million_phones_that_begin_in_one_second_have_no_peak_after_it(prefix: str, start: float) -> None:
    """In the first two periods, and then in every whole one, no second has three times the mean."""
    city = in_node("turns", phones=PHONES, prefix=prefix, start=start, period=PERIOD, rounds=3)
    seconds = city["seconds"]
    assert sum(seconds) == 3 * PHONES
    assert max(seconds) < 3 * PHONES / PERIOD
    # From the second period on every phone asks once in each.
    later = seconds[3 * PERIOD // 2 : 5 * PERIOD // 2]
    assert sum(later) == pytest.approx(PHONES, rel=0.01)
    assert max(later) < 1.2 * PHONES / PERIOD


def test_a_phone_waits_half_a_period_at_least_and_one_and_a_half_at_most() -> None:
    city = in_node("turns", phones=10_000, prefix="device-", start=1_800_000_007.25, period=PERIOD, rounds=5)
    assert PERIOD / 2 <= city["shortest"] < city["longest"] < PERIOD * 3 / 2


def test_a_phone_keeps_its_turn_and_two_phones_have_two() -> None:
    """The turn depends on the phone and the clock alone: a reload changes nothing."""
    one = [in_node("turns", phones=1, prefix="device-", start=start, period=PERIOD, rounds=1) for start in (0, 7, 60)]
    turns = [(start + city["shortest"]) % PERIOD for start, city in zip((0, 7, 60), one, strict=True)]
    assert turns == pytest.approx([turns[0]] * 3)
    other = in_node("turns", phones=1, prefix="another-", start=0, period=PERIOD, rounds=1)
    assert other["shortest"] % PERIOD != pytest.approx(turns[0])
