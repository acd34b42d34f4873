"""The vault: sealed fields that cannot be read, changed or moved, and indexes that nobody can try a dictionary on."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import vault as vault_module
from keys.errors import VaultError
from keys.suite import AES_256_GCM, SM4_GCM, Suite
from keys.vault import Use, Vault, VaultKey, VaultKeys
from tests.makers import NOW, flips, truncations

OLD, NEW, OTHER = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
PLACE = "person.id_number:7"


def key(version: int = 1, secret: bytes = OLD, *, suite: Suite = AES_256_GCM, active_from: int = 0) -> VaultKey:
    return VaultKey(version, suite, active_from, secret)


def vault_of(*data: VaultKey, index: tuple[VaultKey, ...] = (key(secret=OTHER),)) -> Vault:
    keys = VaultKeys(data or (key(),), index)
    return Vault(lambda: keys, lambda: NOW)


VAULT = vault_of()
SM_VAULT = vault_of(key(suite=SM4_GCM), index=(key(secret=OTHER, suite=SM4_GCM),))
BOTH_SUITES = pytest.mark.parametrize("vault", [pytest.param(VAULT, id="AES"), pytest.param(SM_VAULT, id="SM4")])


@given(st.text(), st.text(), st.sampled_from([VAULT, SM_VAULT]))
def test_what_is_sealed_opens_at_its_place(plain: str, place: str, vault: Vault) -> None:
    assert vault.open(vault.seal(plain, place=place), place=place) == plain


@BOTH_SUITES
@pytest.mark.parametrize("place", ["person.id_number:8", "person.name:7", "card.id_number:7", ""])
def test_a_field_that_was_moved_does_not_open(vault: Vault, place: str) -> None:
    with pytest.raises(VaultError):
        vault.open(vault.seal("secret", place=PLACE), place=place)


@BOTH_SUITES
def test_a_field_with_any_bit_changed_does_not_open(vault: Vault) -> None:
    for changed in flips(vault.seal("secret", place=PLACE)):
        with pytest.raises(VaultError):
            vault.open(changed, place=PLACE)


@BOTH_SUITES
def test_a_field_that_was_cut_does_not_open(vault: Vault) -> None:
    for cut in truncations(vault.seal("secret", place=PLACE)):
        with pytest.raises(VaultError):
            vault.open(cut, place=PLACE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(vault_of(key(secret=NEW)), id="another secret"),
        pytest.param(vault_of(key(version=2)), id="another version"),
        pytest.param(SM_VAULT, id="another suite"),
    ],
)
def test_a_field_opens_with_no_other_key(other: Vault) -> None:
    with pytest.raises(VaultError):
        other.open(VAULT.seal("secret", place=PLACE), place=PLACE)


def test_the_newest_key_seals_and_the_old_one_still_opens() -> None:
    both = vault_of(key(1, OLD), key(2, NEW, suite=SM4_GCM))
    assert both.seal("secret", place=PLACE)[0] == 2
    assert both.open(VAULT.seal("secret", place=PLACE), place=PLACE) == "secret"


def test_a_key_opens_before_it_seals() -> None:
    """A worker that knows a new key early reads what one with a faster clock has sealed."""
    waits, active = key(2, NEW, active_from=NOW + 1), key(2, NEW, active_from=NOW)
    assert vault_of(key(), waits).seal("secret", place=PLACE)[0] == 1
    early = vault_of(key(), active).seal("secret", place=PLACE)
    assert early[0] == 2
    assert vault_of(key(), waits).open(early, place=PLACE) == "secret"


def test_a_clock_before_every_key_seals_with_the_oldest() -> None:
    assert vault_of(key(3, active_from=NOW + 1), key(4, active_from=NOW + 2)).seal("x", place=PLACE)[0] == 3


def test_an_unknown_version_is_looked_for_at_once() -> None:
    old, new = VaultKeys((key(),), (key(),)), VaultKeys((key(), key(2, NEW)), (key(), key(2, NEW)))
    writer, reader = Vault(lambda: new, lambda: NOW), Vault(lambda: old, lambda: NOW, lambda: new)
    assert reader.open(writer.seal("secret", place=PLACE), place=PLACE) == "secret"
    assert reader.matches(writer.index("x", kind="phone"), "x", kind="phone")


def test_a_million_fields_of_one_place_have_a_million_nonces() -> None:
    assert len({VAULT.seal("", place=PLACE)[1:13] for _ in range(1_000_000)}) == 1_000_000


def test_no_two_places_and_no_two_data_keys_share_a_key() -> None:
    """So the 2^32 messages that GCM bears under one key count for one field, not for the city."""
    places = ("person.name:1", "person.name:2", "person.phone:1")
    derived = {vault_module._field_key(of, place) for of in (key(), key(2, NEW)) for place in places}
    assert len(derived) == 6


def test_a_new_data_key_changes_no_index() -> None:
    assert vault_of(key(), key(2, NEW)).index("x", kind="phone") == VAULT.index("x", kind="phone")


@BOTH_SUITES
def test_an_index_meets_its_equal_and_differs_by_kind_and_key(vault: Vault) -> None:
    index = vault.index("10000000001", kind="phone")
    assert index == vault.index("10000000001", kind="phone")
    assert index != vault.index("10000000001", kind="id_number")
    assert index[1:] != vault_of(index=(key(secret=NEW),)).index("10000000001", kind="phone")[1:]


def test_what_an_old_index_key_wrote_is_found_and_matches() -> None:
    """The newest index key writes; every one is looked for."""
    both = vault_of(index=(key(secret=OTHER), key(2, NEW, suite=SM4_GCM)))
    old, new = VAULT.index("x", kind="phone"), both.index("x", kind="phone")
    assert (old[0], new[0]) == (1, 2)
    assert both.indexes("x", kind="phone") == [new, old]
    assert both.matches(old, "x", kind="phone")
    assert both.matches(new, "x", kind="phone")


@pytest.mark.parametrize(
    ("index", "plain", "kind"),
    [
        pytest.param(VAULT.index("x", kind="phone"), "y", "phone", id="another value"),
        pytest.param(VAULT.index("x", kind="phone"), "x", "code", id="another kind"),
        pytest.param(VAULT.index("x", kind="phone")[:-1], "x", "phone", id="cut"),
        pytest.param(b"\x02" + VAULT.index("x", kind="phone")[1:], "x", "phone", id="unknown version"),
        pytest.param(b"", "x", "phone", id="empty"),
    ],
)
def test_an_index_matches_nothing_else(index: bytes, plain: str, kind: str) -> None:
    assert not VAULT.matches(index, plain, kind=kind)


def test_a_dictionary_finds_a_plain_hash_and_not_an_index() -> None:
    """Who steals the table knows all but four digits of an ID number: SHA-256 falls to a loop, the index does not."""
    stolen = "34990119900307123"
    dictionary = {hashlib.sha256(f"349901199003{day:05d}".encode()).digest() for day in range(100_000)}
    assert hashlib.sha256(stolen.encode()).digest() in dictionary
    assert VAULT.index(stolen, kind="id_number")[1:] not in dictionary


@pytest.mark.parametrize(
    ("version", "secret"),
    [
        pytest.param(1, b"", id="empty secret"),
        pytest.param(1, OLD[:31], id="short secret"),
        pytest.param(1, OLD + b"\0", id="long secret"),
        pytest.param(0, OLD, id="version 0"),
        pytest.param(256, OLD, id="version 256"),
        pytest.param(-1, OLD, id="version -1"),
    ],
)
def test_a_key_is_whole_and_has_a_version_of_one_byte(version: int, secret: bytes) -> None:
    with pytest.raises(VaultError):
        key(version, secret)


@pytest.mark.parametrize(
    ("data", "index"),
    [
        pytest.param((), (key(),), id="no data key"),
        pytest.param((key(),), (), id="no index key"),
        pytest.param((key(2), key(1)), (key(),), id="versions fall"),
        pytest.param((key(1), key(1, NEW)), (key(),), id="a version twice"),
    ],
)
def test_a_vault_has_both_uses_and_each_version_once(data: tuple[VaultKey, ...], index: tuple[VaultKey, ...]) -> None:
    with pytest.raises(VaultError):
        VaultKeys(data, index)


def test_a_key_does_not_print_its_secret() -> None:
    secret = os.urandom(32)
    keys = VaultKeys((key(secret=secret),), (key(secret=secret),))
    for shown in (repr(keys), repr(keys.of(Use.DATA)), str(keys.data[0])):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


@pytest.mark.parametrize("suite", [AES_256_GCM, SM4_GCM])
def test_a_secret_of_a_moment_that_has_passed_stays_the_same_whatever_keys_are_made(suite: Suite) -> None:
    first, second = key(secret=OLD, suite=suite), key(2, NEW, suite=suite, active_from=NOW)
    before, after = vault_of(index=(first,)), vault_of(index=(first, second))
    made = after.secret("place", kind="site", at=NOW - 1)
    assert made == before.secret("place", kind="site", at=NOW - 1)
    assert len(made) == 32
    others = {after.secret("place", kind="site", at=NOW), after.secret("other", kind="site", at=NOW - 1)}
    assert len({made, after.secret("place", kind="handle", at=NOW - 1), *others}) == 4
