"""What several modules of the mini-program's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.miniprogram.town import Town, open_town
from tests.running import chromium


@pytest.fixture(scope="module")
def town(city_template: Path, redis_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One city and one browser for a module."""
    with (
        chromium() as browser,
        open_town(city_template, tmp_path_factory.mktemp("town"), redis_address, browser) as opened,
    ):
        yield opened
