"""Every page of the mini-program and every form on it, for everybody: axe-core, large targets, narrow screens."""

import itertools
import json
from typing import Any

import pytest

from tests.miniprogram.furnished import STOPS, furnish, prefer, stop_at
from tests.miniprogram.host import Phone
from tests.miniprogram.town import Town
from tests.running import ROOT

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES = """() => {
  // What templates call aria-role becomes a role in WeChat's own view.
  document.querySelectorAll("[aria-role]").forEach((element) => {
    element.setAttribute("role", element.getAttribute("aria-role"));
    element.removeAttribute("aria-role");
  });
  const shown = [...document.querySelectorAll("page")].find((page) => page.checkVisibility());
  return axe.run(shown, {resultTypes: ["violations"]}).then(({violations}) => violations.map(({id, nodes}) =>
    id + ": " + nodes.map(({html, failureSummary}) => html.slice(0, 160) + " " + failureSummary).join("; ")));
}"""
SMALL = """(least) => [...document.querySelectorAll("page :is(button, input, textarea, [role=button], [role=link],"
    + "[role=radio], [role=checkbox], [role=switch])")].filter((element) => element.checkVisibility())
  .map((element) => [element.id || element.textContent.trim(), element.getBoundingClientRect()])
  .filter(([, {width, height}]) => height < least - 0.5 || width < least - 0.5)
  .map(([name, {width, height}]) => `small: ${name} ${Math.round(width)}x${Math.round(height)}`)"""
WIDE = """() => [...document.querySelectorAll("page *")].filter((element) => element.checkVisibility()
  && !element.closest(".mark, .unseen") && element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => `wide: ${element.id || element.className}`)"""
ELDER = 60
COMBINATIONS = list(itertools.product((44, ELDER), ("zh", "en")))
"""Pixels of the smallest target, 60 in elder mode; and languages."""


@pytest.fixture(scope="module")
def phone(town: Town) -> Phone:
    """One phone with something on every page."""
    return furnish(town)


@pytest.mark.parametrize(("least", "language"), COMBINATIONS)
def test_axe_finds_nothing_and_targets_are_large(phone: Phone, least: int, language: str) -> None:
    prefer(phone, elder=least == ELDER, language=language)
    phone.page.evaluate(f"() => {{ {AXE} }}")
    found: dict[str, Any] = {}
    for way in STOPS:
        stop_at(phone, way)
        complaints = [*phone.page.evaluate(RULES), *phone.page.evaluate(SMALL, least)]
        complaints += phone.page.evaluate(WIDE)
        if complaints:
            found[" ".join(way)] = complaints
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


def test_no_page_scrolls_sideways_at_320_pixels_and_thirty_points(phone: Phone) -> None:
    """In English, whose words are the longer ones."""
    prefer(phone, elder=True, language="en")
    phone.page.evaluate(
        "wx.setStorageSync('city-code-preferences', {...wx.getStorageSync('city-code-preferences'), size: 40})"
    )
    phone.page.set_viewport_size({"width": 320, "height": 640})
    phone.open()
    phone.until_signed_in()
    found = {}
    for way in STOPS:
        stop_at(phone, way)
        if wide := phone.page.evaluate(WIDE):
            found[" ".join(way)] = wide
    phone.page.set_viewport_size({"width": 360, "height": 740})
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
