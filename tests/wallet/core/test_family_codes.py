"""Codes of those acted for are fetched tie by tie: what one does not give keeps none of the others from theirs."""

from typing import Any

from tests.wallet.core.javascript import in_node

TIES = [
    {"id": "elder", "name": "李*", "canShow": True, "scenes": ["pharmacy", "bus"]},
    {"id": "asked", "name": "王*", "canShow": False, "scenes": None},
    {"id": "child", "name": "张*", "canShow": True, "scenes": None},
]


def refill(*, barred: list[str], **answers: str) -> tuple[list[list[str]], list[str]]:
    """Return what is asked of the service, by tie and scene, and the ties that are left."""
    done: dict[str, Any] = in_node("family", dependants=TIES, barred=barred, answers=answers)
    return done["asked"], done["ties"]


def test_codes_are_fetched_for_every_tie_and_place_that_gives_some() -> None:
    asked = [["elder", "pharmacy"], ["elder", "bus"], ["child", "all"]]
    assert refill(barred=[]) == (asked, ["elder", "child"])


def test_a_place_that_this_phone_gets_no_codes_for_is_not_asked_and_the_others_are() -> None:
    assert refill(barred=["pharmacy"]) == ([["elder", "bus"], ["child", "all"]], ["elder", "child"])


def test_a_tie_that_has_ended_is_forgotten_and_the_next_one_is_served() -> None:
    assert refill(barred=[], elder="tie_not_found") == ([["elder", "pharmacy"], ["child", "all"]], ["child"])
