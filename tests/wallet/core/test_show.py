"""The code on screen: it stays while it is good, and goes at once where this phone gets none any more."""

from typing import Any

from tests.wallet.core.javascript import in_node

NOW = 1_800_000_000
GRANT = {"id": "1", "scene": "all", "notBefore": NOW - 60, "expires": NOW + 7200, "shownFrom": None, "shownLast": None}


def seen(barred: list[bool]) -> tuple[list[str], int | None]:
    """Return what the screen saw when news came that the scene was barred or not, and the moment of the code there."""
    done: dict[str, Any] = in_node("show", grants=[GRANT], now=NOW, barred=barred)
    return done["seen"], done["iat"]


def test_news_that_change_nothing_draw_nothing_anew() -> None:
    assert seen([False, False]) == (["drawn"], NOW)


def test_a_code_for_a_place_that_has_been_barred_meanwhile_goes_at_once() -> None:
    assert seen([False, True]) == (["drawn", "cleared"], None)


def test_a_place_that_is_open_again_gets_its_code_back() -> None:
    assert seen([True, False]) == (["cleared", "drawn"], NOW)
