"""Every screen of the wallet for everybody: axe-core, keyboard, narrow screens with large text, targets for fingers."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.running import ROOT, RunningCity, chromium
from tests.screenshots.wallet import furnish
from tests.wallets import PHONE, go, prefer

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES = """() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.map(
  ({id, nodes}) => id + ": " + nodes.map(({target, failureSummary}) => target + " " + failureSummary).join("; ")))"""
NARROW: ViewportSize = {"width": 320, "height": 640}
COMBINATIONS = list(itertools.product(("0", "1"), ("zh", "en")))
LEAST = {"0": 44, "1": 60}
"""CSS pixels of a target: of all, and in elder mode."""

SMALL = """(least) => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, label.choice")]
  .filter((element) => !element.closest("label.choice") || element.matches("label.choice"))
  .map((element) => [element.dataset.testid ?? element.textContent.trim(), element.getBoundingClientRect()])
  .filter(([, {width, height}]) => width > 0 && (height < least - 0.5 || width < 44)).map(([name, {width, height}]) =>
    `${name} ${Math.round(width)}x${Math.round(height)}`)"""
WIDE = """() => [...document.querySelectorAll("body *")].filter((element) => !element.closest(".unseen, .mark")
  && element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.className || element.tagName)
  .concat(document.documentElement.scrollWidth > innerWidth ? ["page"] : [])"""
NUMBERED = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
  const seen = all.filter((element) => !element.disabled && element.checkVisibility()
    && !(element.type === "radio" && !element.checked));
  seen.forEach((element, at) => { element.dataset.stop = at; });
  document.body.tabIndex = -1;
  document.body.focus();
  return seen.length;
}"""
STOP = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  return [element.dataset.stop ?? null, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0];
}"""


@dataclass(frozen=True)
class Furnished:
    """A wallet with something on every screen, at which all tests look."""

    city: RunningCity
    page: Page
    places: list[str]

    def walk(self, **preferences: str) -> Iterator[str]:
        """Go through every screen under some preferences."""
        prefer(self.page, **preferences)
        for place in self.places:
            go(self.page, self.city, place)
            # What fades or moves is measured once it stands.
            self.page.wait_for_timeout(50)
            yield place


@pytest.fixture(scope="module")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """One city and one browser for every test of this module."""
    city = RunningCity(tmp_path_factory.mktemp("city"), {})
    with chromium() as browser:
        page, places = furnish(city, browser)
        yield Furnished(city, page, places)
    city.stop()


@pytest.mark.parametrize(("elder", "language"), COMBINATIONS)
def test_axe_finds_nothing_on_any_screen_and_every_target_is_large(
    wallet: Furnished, elder: str, language: str
) -> None:
    wallet.page.set_viewport_size(PHONE)
    found: dict[str, Any] = {}
    for place in wallet.walk(elder=elder, language=language, text="", motion="still"):
        wallet.page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
        complaints = [*wallet.page.evaluate(RULES), *wallet.page.evaluate(SMALL, LEAST[elder])]
        if complaints:
            found[place] = complaints
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


@pytest.mark.parametrize(("elder", "language"), COMBINATIONS)
def test_axe_finds_nothing_before_signing_in(wallet: Furnished, elder: str, language: str) -> None:
    page = wallet.page.context.browser.new_context(viewport=PHONE).new_page()  # type: ignore[union-attr]
    page.goto(f"{wallet.city.origin}/wallet/")
    for place, part in (("", "phone"), ("help", "help-lost"), ("settings", "language-zh")):
        page.goto(f"{wallet.city.origin}/wallet/#{place}")
        prefer(page, elder=elder, language=language)
        page.get_by_test_id(part).first.wait_for()
        page.evaluate(f"() => {{ {AXE} }}")
        assert [*page.evaluate(RULES), *page.evaluate(SMALL, LEAST[elder])] == [], place
    page.context.close()


@pytest.mark.parametrize(("elder", "language"), COMBINATIONS)
def test_no_screen_scrolls_sideways_at_320_pixels_and_twice_the_text(
    wallet: Furnished, elder: str, language: str
) -> None:
    wallet.page.set_viewport_size(NARROW)
    found = {
        place: wide
        for place in wallet.walk(elder=elder, language=language, text="200")
        if (wide := wallet.page.evaluate(WIDE))
    }
    assert not found, json.dumps(found, indent=1)


def test_the_keyboard_alone_reaches_everything_and_sees_where_it_is(wallet: Furnished) -> None:
    wallet.page.set_viewport_size(PHONE)
    for place in wallet.walk(elder="0", language="zh", text=""):
        count = wallet.page.evaluate(NUMBERED)
        reached: dict[str, bool] = {}
        for _ in range(2 * count + 4):
            wallet.page.keyboard.press("Tab")
            stop, seen = wallet.page.evaluate(STOP)
            if stop is not None:
                reached[stop] = seen
        assert set(reached) == {str(number) for number in range(count)}, place
        assert all(reached.values()), place
