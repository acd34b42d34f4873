"""Text on a screen of columns, where a Chinese character takes two; rules only."""

import unicodedata
from collections.abc import Iterator

_WIDE = frozenset("WF")
_CONTROL = "C"
_NO_WIDTH = frozenset(("Mn", "Me"))


def clean(text: str) -> str:
    """Replace what is no visible character: names come from outside, and a screen obeys control characters."""
    return "".join("?" if unicodedata.category(letter).startswith(_CONTROL) else letter for letter in text)


def width(text: str) -> int:
    """Return how many columns a text takes (Unicode Standard Annex 11; ambiguous characters count one)."""
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> int:
    if unicodedata.category(letter) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1


def fit(text: str, columns: int) -> str:
    """Pad a text on the right to exactly that many columns, or cut it."""
    text = next(fold(text, columns), "")
    return text + " " * (columns - width(text))


def centre(text: str, columns: int) -> str:
    """Put a text into the middle of that many columns."""
    text = next(fold(text, columns), "")
    return fit(" " * ((columns - width(text)) // 2) + text, columns)


def fold(text: str, columns: int) -> Iterator[str]:
    """Break a text into lines of at most that many columns, between words where there are any."""
    line = ""
    for word in _words(text):
        if line and width(line) + width(word.rstrip()) > columns:
            yield line.rstrip()
            line = ""
        for letter in word:
            if width(line) + _width(letter) > columns:
                yield line
                line = ""
            line += letter
    if line.strip():
        yield line.rstrip()


def _words(text: str) -> Iterator[str]:
    """Give the pieces between which a line may break: after a space, and on either side of a wide character."""
    word = ""
    for letter in text:
        if _width(letter) > 1:
            if word:
                yield word
            yield letter
            word = ""
            continue
        word += letter
        if letter == " ":
            yield word
            word = ""
    if word:
        yield word
