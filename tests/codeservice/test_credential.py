"""Credentials: ID numbers of GB 11643, masking, and the life of a card."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.credential import (
    STATE_TITLES,
    TITLES,
    CredentialState,
    CredentialType,
    IdNumber,
    InvalidIdNumberError,
    id_check_character,
    mask,
    mask_name,
)

GOOD = "11010519491231002X"
"""The example of the standard."""


@pytest.mark.parametrize("text", [GOOD, GOOD.lower(), f" {GOOD}\n", "440524188001010014"])
def test_a_valid_number_is_read(text: str) -> None:
    assert IdNumber.read(text).text == text.strip().upper()


def with_check(first17: str) -> str:
    return first17 + id_check_character(first17)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(GOOD[:-1], id="17 characters"),
        pytest.param(GOOD + "0", id="19 characters"),
        pytest.param("110105491231002", id="15 digits of the old form"),
        pytest.param(GOOD[:-1] + "0", id="wrong check character"),
        pytest.param("110105194912310021", id="check character of another number"),
        pytest.param(with_check("11010519490231002"), id="31 February in between"),
        pytest.param(with_check("11010519491331002"), id="month 13"),
        pytest.param(with_check("11010519490229002"), id="no leap year"),
        pytest.param(with_check("11010500000101002"), id="year 0"),
        pytest.param("X" + GOOD[1:], id="X in front"),
        pytest.param("\uff11" + GOOD[1:], id="full-width digit"),
        pytest.param("\u0661" + GOOD[1:], id="Arabic-Indic digit"),
        pytest.param(GOOD[:6] + "_" + GOOD[7:], id="underscore"),
        pytest.param(GOOD[:6] + " " + GOOD[6:], id="space inside"),
        pytest.param(GOOD[:-1] + "\u0425", id="Cyrillic letter"),
        pytest.param("' OR 1=1--", id="SQL"),
    ],
)
def test_an_invalid_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdNumberError):
        IdNumber.read(text)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_reading_is_total(text: str) -> None:
    """Any text is a number or InvalidIdNumberError."""
    try:
        number = IdNumber.read(text)
    except InvalidIdNumberError:
        return
    assert number.text.isascii()


@given(st.integers(0, 999_999), st.dates(date(1900, 1, 1)), st.integers(0, 999), st.integers(0, 17), st.integers(1, 9))
def test_the_check_character_finds_every_wrong_digit(region: int, born: date, sequence: int, at: int, by: int) -> None:
    text = with_check(f"{region:06d}{born:%Y%m%d}{sequence:03d}")
    assert IdNumber.read(text).born == born
    if text[at] != "X":
        with pytest.raises(InvalidIdNumberError):
            IdNumber.read(text[:at] + str((int(text[at]) + by) % 10) + text[at + 1 :])


def test_a_masked_number_keeps_four_characters_at_each_end() -> None:
    assert IdNumber.read(GOOD).masked == "1101**********002X"


@pytest.mark.parametrize(
    ("text", "masked"), [("", ""), ("1234", "****"), ("12345678", "********"), ("123456789", "1234*6789")]
)
def test_a_short_number_is_hidden_whole(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.text(max_size=40), st.integers(0, 6), st.integers(0, 6))
def test_masking_keeps_the_length_and_shows_no_more_than_its_ends(text: str, head: int, tail: int) -> None:
    masked = mask(text, head=head, tail=tail)
    assert len(masked) == len(text)
    assert (
        len(text) <= head + tail or masked == text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]
    )


@pytest.mark.parametrize(
    ("name", "masked"), [("张三", "张*"), ("张小三", "张**"), ("张", "张*"), ("", "*"), ("𠮷野", "𠮷*"), ("Ann", "A**")]
)
def test_a_masked_name_keeps_its_first_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_states_have_the_letters_of_card_management() -> None:
    assert {state.value: state.field_code for state in CredentialState} == {
        "on_hand": "0",
        "not_activated": "A",
        "normal": "1",
        "temporarily_lost": "B",
        "lost": "2",
        "cancelled_after_loss": "3",
        "cancelled": "4",
        "suspended": None,
    }


def test_every_type_and_state_has_words() -> None:
    assert TITLES.keys() == set(CredentialType)
    assert STATE_TITLES.keys() == set(CredentialState)
