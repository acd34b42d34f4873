"""The phone's own rules for its grants: which is shown, for how long, and when it has to fetch others."""

from typing import Any

import pytest

from tests.wallet.core.javascript import in_node

NOW = 1_800_000_000
HOUR, DAY = 3600, 86400


def held(name: str, **changes: Any) -> dict[str, Any]:
    """Return a grant for all scenes, fetched now and never shown."""
    grant = {"id": name, "scene": "all", "notBefore": NOW - 60, "expires": NOW + DAY, "shownFrom": None}
    return grant | {"shownLast": None} | changes


def batch(count: int = 8, **changes: Any) -> list[dict[str, Any]]:
    """Return a batch as the service issues it: its grants end ten minutes apart."""
    return [held(f"g{number}", expires=NOW + DAY - 600 * number) | changes for number in range(count)]


def ask(
    grants: list[dict[str, Any]], *, now: int = NOW, scene: str = "all", current: str | None = None
) -> dict[str, Any]:
    return dict(in_node("grants", held=grants, scene=scene, now=now, current=current))


def test_a_fresh_batch_shows_a_grant_and_asks_for_nothing() -> None:
    assert ask(batch()) == {"shown": "g7", "renews": False, "until": NOW + DAY}


def test_a_batch_past_its_lifetime_shows_nothing_and_the_phone_must_go_online() -> None:
    assert ask(batch(), now=NOW + DAY) == {"shown": None, "renews": True, "until": None}


def test_no_grants_show_nothing_and_must_be_fetched() -> None:
    assert ask([]) == {"shown": None, "renews": True, "until": None}


@pytest.mark.parametrize(("seconds", "shown"), [(HOUR - 1, "g0"), (HOUR, "g1")])
def test_a_grant_is_left_after_an_hour_on_screen(seconds: int, shown: str) -> None:
    """Scans of a day cannot be joined by the place of one grant."""
    grants = [held("g0", shownFrom=NOW, shownLast=NOW), held("g1")]
    assert ask(grants, now=NOW + seconds, current="g0")["shown"] == shown


def test_when_every_grant_was_shown_the_one_that_rested_longest_comes_back() -> None:
    grants = [held(f"g{number}", shownFrom=0, shownLast=NOW - number) for number in range(4)]
    assert ask(grants)["shown"] == "g3"


@pytest.mark.parametrize(("fresh", "renews"), [(4, False), (3, True)])
def test_a_batch_of_which_more_than_half_is_used_is_renewed_before_it_ends(fresh: int, renews: bool) -> None:  # noqa: FBT001 -- a row of the table
    used = batch(8 - fresh, shownFrom=NOW - HOUR, shownLast=NOW - HOUR)
    new = [held(f"new{number}") for number in range(fresh)]
    assert ask([*used, *new])["renews"] is renews


def test_a_grant_of_another_scene_is_not_shown_and_one_for_all_scenes_is() -> None:
    grants = [held("hospital", scene="hospital"), held("all")]
    assert ask(grants, scene="bus")["shown"] == "all"
    assert ask(grants, scene="hospital")["shown"] == "hospital"
    assert ask(grants[:1], scene="bus") == {"shown": None, "renews": True, "until": None}


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({"notBefore": NOW + 1}, None, id="not begun"),
        pytest.param({"expires": NOW + 60}, None, id="ends within a minute"),
        pytest.param({"expires": NOW + 61}, "g", id="ends after a minute"),
    ],
)
def test_a_grant_is_shown_only_if_its_code_can_stand(changes: dict[str, int], shown: str | None) -> None:
    assert ask([held("g", **changes)])["shown"] == shown
