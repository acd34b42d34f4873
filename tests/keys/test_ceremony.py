"""The ceremony: the first list, every later one, and that a step which fails leaves the folder as it was."""

import json
from pathlib import Path

import pytest

from keys import ceremony, rotation
from keys.errors import KeysError, SignerError, TrustListError
from keys.key import KeyState, Purpose
from keys.keyring import LIST, PINNED, SIGNING
from tests.makers import DAY, NOW

ROOTS = {"one": b"first", "two": b"second", "three": b"third"}
TWO = {"one": b"first", "two": b"second"}
PASSPHRASE = b"signing"


def begin(folder: Path, **changes: object) -> None:
    arguments: dict[str, object] = {"root_passphrases": ROOTS, "threshold": 2, "signing_passphrase": PASSPHRASE}
    ceremony.begin(folder, **(arguments | {"now": NOW} | changes))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder after the first ceremony."""
    begin(tmp_path / "keys")
    return tmp_path / "keys"


def test_the_first_ceremony_makes_a_key_for_each_purpose_that_signs_at_once(folder: Path) -> None:
    made = ceremony.read_list(folder, now=NOW)
    assert {made.signing(purpose, NOW).purpose for purpose in Purpose} == set(Purpose)
    assert made.version == 1


def test_the_folders_are_their_owners_alone(folder: Path) -> None:
    for part in (folder, folder / ceremony.ROOTS, folder / SIGNING):
        assert part.stat().st_mode & 0o777 == 0o700
        assert all(path.stat().st_mode & 0o77 == 0 for path in part.glob("*.pem"))


def test_the_pinned_roots_hold_no_secret(folder: Path) -> None:
    pinned = json.loads((folder / PINNED).read_text())
    assert pinned["threshold"] == 2
    assert [len(bytes.fromhex(root["public"])) for root in pinned["roots"]] == [33, 33, 33]


def test_a_second_ceremony_in_the_same_folder_changes_nothing(folder: Path) -> None:
    before = (folder / LIST).read_bytes()
    with pytest.raises(SignerError):
        begin(folder)
    assert (folder / LIST).read_bytes() == before


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param({"threshold": 4}, id="threshold above the roots"),
        pytest.param({"threshold": 0}, id="threshold 0"),
        pytest.param({"root_passphrases": ROOTS | {"three": b""}}, id="a root without passphrase"),
        pytest.param({"root_passphrases": ROOTS | {"../three": b"third"}}, id="a root with a path for a name"),
        pytest.param({"signing_passphrase": b""}, id="no passphrase of the signing keys"),
    ],
)
def test_a_ceremony_that_was_refused_can_be_held_again(tmp_path: Path, mistake: dict[str, object]) -> None:
    with pytest.raises(KeysError):
        begin(tmp_path / "keys", **mistake)
    begin(tmp_path / "keys")
    assert ceremony.read_list(tmp_path / "keys", now=NOW).version == 1


def test_a_later_list_is_in_force_when_enough_roots_signed(folder: Path) -> None:
    offered = rotation.extend(ceremony.read_list(folder, now=NOW), now=NOW + DAY, lifetime=DAY)
    ceremony.sign_list(folder, offered, TWO)
    assert ceremony.read_list(folder, now=NOW + DAY).version == 2
    assert not list(folder.glob("*.new"))


@pytest.mark.parametrize(
    "passphrases",
    [
        pytest.param({"one": b"first"}, id="one of two"),
        pytest.param({}, id="nobody"),
        pytest.param({"one": b"first", "two": b"wrong"}, id="wrong passphrase"),
        pytest.param({"one": b"first", "four": b"fourth"}, id="unknown holder"),
        pytest.param({"one": b"first", "../one": b"first"}, id="a path for a name"),
    ],
)
def test_without_enough_roots_the_list_in_force_stays(folder: Path, passphrases: dict[str, bytes]) -> None:
    offered = rotation.extend(ceremony.read_list(folder, now=NOW), now=NOW + DAY, lifetime=DAY)
    with pytest.raises(KeysError):
        ceremony.sign_list(folder, offered, passphrases)
    assert ceremony.read_list(folder, now=NOW + DAY).version == 1


@pytest.mark.parametrize("name", ["", "-", "../one", "a/b", "a.b", "a b", "one\n", "a\0b"])
def test_a_root_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrustListError):
        ceremony.root_path(tmp_path, name)


def test_an_empty_folder_holds_no_list(tmp_path: Path) -> None:
    with pytest.raises(TrustListError):
        ceremony.read_list(tmp_path, now=NOW)


def test_pinned_roots_alone_are_no_list(folder: Path) -> None:
    (folder / LIST).unlink()
    with pytest.raises(TrustListError):
        ceremony.read_list(folder, now=NOW)


def test_a_published_key_is_not_signing_yet_and_its_private_half_is_stored(folder: Path) -> None:
    key = ceremony.make_key(folder, Purpose.GRANT, PASSPHRASE, sign_from=NOW + 2 * DAY, sign_until=NOW + 3 * DAY)
    assert key.state(NOW) is KeyState.PUBLISHED
    assert key.verify_until == key.sign_until + ceremony.VERIFY_AFTER
    assert (folder / SIGNING / f"{key.kid.hex()}.pem").exists()


def test_a_list_is_told_in_words(folder: Path) -> None:
    current = ceremony.read_list(folder, now=NOW)
    kid = current.signing(Purpose.GRANT, NOW).kid
    told = "\n".join(ceremony.in_words(rotation.kill(current, kid, now=NOW, lifetime=DAY), NOW))
    assert "version 2, for 1 more days" in told
    assert "2 of 3 roots must sign" in told
    assert f"{kid.hex()} killed" in told
    assert told.count("signing") == len(Purpose) - 1


def test_an_ended_list_is_told_as_ended(folder: Path) -> None:
    assert "no more" in ceremony.in_words(ceremony.read_list(folder, now=NOW), NOW + 999 * DAY)[0]
