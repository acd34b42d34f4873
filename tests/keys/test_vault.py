"""The vault: sealed fields that cannot be read, changed or moved, and indexes that nobody can try a dictionary on."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import VaultError
from keys.vault import Vault
from tests.makers import flips, truncations

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
VAULT = Vault({1: OLD})
PLACE = "person.id_number.7"


@given(st.text(), st.text())
def test_what_is_sealed_opens_at_its_place(plain: str, place: str) -> None:
    assert VAULT.open(VAULT.seal(plain, place=place), place=place) == plain


@pytest.mark.parametrize("place", ["person.id_number.8", "person.name.7", "card.id_number.7", ""])
def test_a_field_that_was_moved_does_not_open(place: str) -> None:
    with pytest.raises(VaultError):
        VAULT.open(VAULT.seal("secret", place=PLACE), place=place)


def test_a_field_with_any_bit_changed_does_not_open() -> None:
    for changed in flips(VAULT.seal("secret", place=PLACE)):
        with pytest.raises(VaultError):
            VAULT.open(changed, place=PLACE)


def test_a_field_that_was_cut_does_not_open() -> None:
    for cut in truncations(VAULT.seal("secret", place=PLACE)):
        with pytest.raises(VaultError):
            VAULT.open(cut, place=PLACE)


def test_a_field_opens_with_no_other_key() -> None:
    sealed = VAULT.seal("secret", place=PLACE)
    for other in (Vault({1: NEW}), Vault({2: OLD})):
        with pytest.raises(VaultError):
            other.open(sealed, place=PLACE)


def test_the_newest_key_seals_and_the_old_one_still_opens() -> None:
    both = Vault({1: OLD, 2: NEW})
    assert both.seal("secret", place=PLACE)[0] == 2
    assert both.open(VAULT.seal("secret", place=PLACE), place=PLACE) == "secret"


def test_a_new_key_changes_no_index() -> None:
    assert Vault({1: OLD, 2: NEW}).index("x", kind="phone") == VAULT.index("x", kind="phone")


def test_ten_thousand_fields_have_ten_thousand_nonces() -> None:
    assert len({VAULT.seal("secret", place=PLACE)[1:13] for _ in range(10_000)}) == 10_000


def test_an_index_meets_its_equal_and_differs_by_kind_and_key() -> None:
    index = VAULT.index("10000000001", kind="phone")
    assert index == VAULT.index("10000000001", kind="phone")
    assert index != VAULT.index("10000000001", kind="id_number")
    assert index[1:] != Vault({1: NEW}).index("10000000001", kind="phone")[1:]


def test_a_dictionary_finds_a_plain_hash_and_not_an_index() -> None:
    """Who steals the table knows all but four digits of an ID number: SHA-256 falls to a loop, the index does not."""
    stolen = "34990119900307123"
    dictionary = {hashlib.sha256(f"349901199003{day:05d}".encode()).digest() for day in range(100_000)}
    assert hashlib.sha256(stolen.encode()).digest() in dictionary
    assert VAULT.index(stolen, kind="id_number")[1:] not in dictionary


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param({}, id="no secret"),
        pytest.param({1: b""}, id="empty secret"),
        pytest.param({1: OLD[:31]}, id="short secret"),
        pytest.param({1: OLD + b"\0"}, id="long secret"),
        pytest.param({1: OLD, 2: b"short"}, id="one of two short"),
        pytest.param({0: OLD}, id="version 0"),
        pytest.param({256: OLD}, id="version 256"),
        pytest.param({-1: OLD}, id="version -1"),
    ],
)
def test_a_vault_needs_whole_secrets_with_versions_of_one_byte(secrets: dict[int, bytes]) -> None:
    with pytest.raises(VaultError):
        Vault(secrets)


def test_a_vault_does_not_print_its_secrets() -> None:
    secret = os.urandom(32)
    assert secret.hex() not in repr(Vault({1: secret}))
    assert repr(secret) not in repr(Vault({1: secret}))
