"""Licence identifiers: what is written is read, and the check finds every wrong character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.licence import InvalidLicenceIdentifierError, LicenceIdentifier, check_character

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def texts(size: int, largest: int | None = None) -> st.SearchStrategy[str]:
    return st.text(ALPHABET, min_size=size, max_size=largest or size)


def identifiers() -> st.SearchStrategy[LicenceIdentifier]:
    digits = st.text("0123456789", min_size=3, max_size=3)
    types = st.builds(str.__add__, texts(18), digits)
    return st.builds(LicenceIdentifier, types, texts(18), texts(1, 32), digits)


def test_the_check_is_that_of_a_published_example() -> None:
    """A1-2425G-ABC1234002-M, the example of the Global Release Identifier, which has the same check."""
    assert check_character("A12425GABC1234002") == "M"


@given(identifiers())
def test_what_is_written_is_read(identifier: LicenceIdentifier) -> None:
    assert LicenceIdentifier.read(identifier.text) == identifier
    assert identifier.text.startswith("1.2.156.3005.2.")


@given(texts(2, 60), st.data())
def test_the_check_finds_every_wrong_character(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET.replace(text[at], "")))
    assert check_character(text) != check_character(text[:at] + other + text[at + 1 :])


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=100))
def test_reading_is_total(text: str) -> None:
    with pytest.raises(InvalidLicenceIdentifierError):
        LicenceIdentifier.read(text)


@pytest.mark.parametrize("wrong", ["", "a", "12 3", "中"])
def test_a_check_is_of_digits_and_capitals_only(wrong: str) -> None:
    with pytest.raises(ValueError, match="digits and capital letters"):
        check_character(wrong)
