"""The chapters of the day, in their order. Each has a TITLE, `play` for the day and `settle` for the evening."""

from types import ModuleType

from day.chapters import authorities, bus, government, health, hospital, household, pharmacy, scenic_spot, venue

CHAPTERS: dict[str, ModuleType] = {
    "authorities": authorities,
    "household": household,
    "health": health,
    "bus": bus,
    "hospital": hospital,
    "pharmacy": pharmacy,
    "government": government,
    "scenic_spot": scenic_spot,
    "venue": venue,
}
