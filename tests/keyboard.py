"""A hand scanner: it types a code faster than any person, and in one go, however busy the machine is."""

from playwright.sync_api import Page

_TYPE = """(keys) => {
  for (const key of keys) {
    const [code, control] = key.split("+").reverse();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { code, ctrlKey: Boolean(control), bubbles: true }));
  }
}"""


def type_as_a_scanner(page: Page, digits: str, end: str = "Enter") -> None:
    """Press the keys of a code, and what the scanner is set to end it with: one key, or `Control+` and one."""
    page.evaluate(_TYPE, [*(f"Digit{digit}" for digit in digits), end])
