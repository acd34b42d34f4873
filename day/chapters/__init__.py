"""The chapters of the day, in their order. Each has a TITLE, `play` for the day and `settle` for the evening."""

from types import ModuleType

from day.chapters import bus, government, hospital, pharmacy

CHAPTERS: dict[str, ModuleType] = {
    "bus": bus,
    "hospital": hospital,
    "pharmacy": pharmacy,
    "government": government,
}
