"""Trust lists in JavaScript: they come into force and are refused as in Python, and no spoilt one is taken."""

import json
from dataclasses import replace
from typing import Any

import pytest

from keys.trustlist import MAX_TRUST_LIST
from tests.makers import NOW, ROOTS, flips, make_list, sign_list, truncations
from tests.running import ROOT, chromium
from tests.vectors.trust_lists import NEW_ROOTS, WITH_NEW_ROOTS
from tests.wallet.core.javascript import blank, in_node, served

VECTORS = ROOT / "tests" / "vectors"
NAMES: list[str] = json.loads((VECTORS / "manifest.json").read_text())["trust_lists"]
ALL: list[dict[str, Any]] = [json.loads((VECTORS / name).read_text()) for name in NAMES]
NEXT = ALL[NAMES.index("trust/good/two-of-three.json")]
REFUSED = {"accepted": False, "version": 1}


@pytest.fixture(scope="module")
def in_the_node() -> dict[str, Any]:
    """Answers of Node by vector."""
    return dict(zip(NAMES, in_node("lists", vectors=ALL), strict=True))


@pytest.fixture(scope="module")
def in_the_browser() -> dict[str, Any]:
    """Answers of Chromium by vector."""
    with served() as origin, chromium() as browser:
        page = blank(browser.new_page(), origin)
        script = "(all) => import('/tests/wallet/core/trust_lists.js').then((m) => m.offerAll(all))"
        return dict(zip(NAMES, page.evaluate(script, ALL), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_node_takes_and_refuses_every_trust_list_as_expected(name: str, in_the_node: dict[str, Any]) -> None:
    vector = ALL[NAMES.index(name)]
    assert in_the_node[name] == vector["expect"], vector["comment"]


@pytest.mark.parametrize("name", NAMES)
def test_chromium_takes_and_refuses_every_trust_list_as_expected(name: str, in_the_browser: dict[str, Any]) -> None:
    vector = ALL[NAMES.index(name)]
    assert in_the_browser[name] == vector["expect"], vector["comment"]


def test_no_truncation_and_no_flipped_bit_of_a_trust_list_is_accepted() -> None:
    """A list signed by just enough roots has no spare byte."""
    good = bytes.fromhex(NEXT["offered"])
    spoilt = [*truncations(good), *flips(good, range(0, 8 * len(good), 7)), bytes(MAX_TRUST_LIST + 1)]
    answers = in_node("lists", vectors=[NEXT | {"offered": data.hex()} for data in spoilt])
    assert answers == [REFUSED] * len(spoilt)


def test_the_largest_list_is_read_and_a_larger_one_is_not() -> None:
    """Both are well signed; only the size differs."""

    def with_killed(count: int) -> bytes:
        killed = frozenset(number.to_bytes(8) for number in range(count))
        return sign_list(make_list(version=2, issued=NOW, killed=killed))

    largest = with_killed((MAX_TRUST_LIST - len(with_killed(300))) // 9 + 300)
    larger = with_killed((MAX_TRUST_LIST - len(with_killed(300))) // 9 + 301)
    assert len(largest) <= MAX_TRUST_LIST < len(larger)
    answers = in_node("lists", vectors=[NEXT | {"offered": data.hex()} for data in (largest, larger)])
    assert answers == [{"accepted": True, "version": 2}, REFUSED]


def test_a_list_that_came_into_force_rules_the_next() -> None:
    """After a change of roots the new ones decide: what only the old ones signed is refused."""
    after = NEXT | {
        "current": sign_list(WITH_NEW_ROOTS, *NEW_ROOTS).hex(),
        "roots": [{"algorithm": pair.root.algorithm, "public": pair.point.hex()} for pair in NEW_ROOTS],
    }
    third = replace(WITH_NEW_ROOTS, version=3)
    offered = [
        sign_list(third, *NEW_ROOTS),
        sign_list(third, *ROOTS),
        sign_list(make_list(version=3, issued=NOW), *ROOTS),
    ]
    answers = in_node("lists", vectors=[after | {"offered": data.hex()} for data in offered])
    assert [(answer["accepted"], answer["version"]) for answer in answers] == [(True, 3), (False, 2), (False, 2)]
