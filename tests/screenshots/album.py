"""What all walks share: the choices a screen is seen under, a city to walk through, and keeping a picture."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

from tests.running import RunningCity
from tests.wallets import DESK, PHONE

SIZES: dict[str, ViewportSize] = {"phone": PHONE, "desk": DESK}
MODES = {"normal": False, "elder": True}
LANGUAGES = ("zh", "en")
CHOICES = list(itertools.product(SIZES, MODES, LANGUAGES))
"""Size, mode and language by name: a screen is seen under each."""
_STANDS_MS = 250


@contextmanager
def running_city() -> Iterator[RunningCity]:
    """Start a demo city in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="city-screens-") as data:
        city = RunningCity(Path(data) / "city", {})
        try:
            yield city
        finally:
            city.stop()


def keep(page: Page, file: Path, *, whole: bool = True) -> None:
    """Take a picture once what fades or moves stands: on a phone of the `whole` page, or of what is in view."""
    page.wait_for_timeout(_STANDS_MS)
    page.screenshot(path=file, full_page=whole and page.viewport_size == PHONE)
    print(file.stem, flush=True)  # noqa: T201 -- a command that says what it does
