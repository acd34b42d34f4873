"""The time that the scanner page keeps: the service's, never one that lies before what was lived through."""

from typing import Any

from tests.makers import DAY, HOUR, NOW
from tests.wallet.core.javascript import in_node

NEW: dict[str, Any] = {}


def told(kept: dict[str, Any], *moments: dict[str, Any]) -> list[int | None]:
    """Return what the clock says at each moment; `said` is what the service signs then."""
    return [answer["now"] for answer in in_node("clock", kept=kept, moments=moments)]


def moment(after: float, *, wall: float = 0, steady: float | None = None, **said: Any) -> dict[str, Any]:
    """Return a moment so many seconds after NOW, on clocks that are so much wrong."""
    return {"wall": NOW + after + wall, "steady": after if steady is None else steady, **said}


def test_without_any_contact_there_is_no_time() -> None:
    assert told(NEW, moment(0), moment(HOUR)) == [None, None]


def test_the_services_time_counts_whatever_the_machine_says() -> None:
    for wrong in (-40 * DAY, 40 * DAY, -HOUR, 0):
        assert told(NEW, moment(0, wall=wrong, said=NOW), moment(90, wall=wrong)) == [NOW, NOW + 90]


def test_an_answer_that_took_long_is_taken_for_its_middle() -> None:
    assert told(NEW, moment(8, said=NOW, asked=0), moment(10)) == [NOW + 4, NOW + 6]


def test_a_machine_that_slept_does_not_stay_behind() -> None:
    """Its steady clock stood; behind, an old picture of a code would count."""
    slept = moment(2 * HOUR, steady=60)
    assert told(NEW, moment(0, said=NOW), slept) == [NOW, NOW + 2 * HOUR]
    assert told(NEW, moment(0, wall=-DAY, said=NOW), slept | {"wall": NOW + 2 * HOUR - DAY}) == [NOW, NOW + 2 * HOUR]


def test_a_machines_clock_that_is_set_back_changes_nothing() -> None:
    assert told(NEW, moment(0, said=NOW), moment(60, wall=-5 * DAY)) == [NOW, NOW + 60]


def test_after_a_start_the_machine_is_believed_from_the_last_moment_until_a_week_later() -> None:
    kept = {"mark": NOW, "agrees": True}
    assert told(kept, moment(DAY)) == [NOW + DAY]
    assert told(kept, moment(-31)) == [None]
    assert told(kept, moment(8 * DAY)) == [None]
    assert told({"mark": NOW, "agrees": False}, moment(60)) == [None]


def test_whether_the_machine_agrees_is_seen_at_every_contact() -> None:
    answers = in_node(
        "clock",
        kept=NEW,
        moments=[moment(0, said=NOW), moment(60, wall=-HOUR, said=NOW + 60), moment(90, said=NOW + 90)],
    )
    assert [answer["agrees"] for answer in answers] == [True, False, True]
    assert answers[-1]["mark"] == NOW + 90


def test_a_time_before_what_was_lived_through_is_not_believed() -> None:
    """One of the two is wrong, and a profile that was kept back may be given later."""
    assert told({"mark": NOW + HOUR, "agrees": True}, moment(0, said=NOW)) == [None]
    answers = in_node("clock", kept={"mark": NOW + HOUR, "agrees": True}, moments=[moment(HOUR, said=NOW)])
    assert answers[0]["agrees"] is False
