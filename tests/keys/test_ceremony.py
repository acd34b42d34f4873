"""The ceremony: the first list, every later one, and that a step which fails leaves the folder as it was."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keys import ceremony, rotation
from keys.algorithms import ES256
from keys.ceremony import Place
from keys.errors import KeysError, SignerError, TrustListError
from keys.key import KeyState, Purpose
from keys.keyring import HISTORY, LIST, PINNED, SIGNING, follow, history_name
from keys.trustlist import TrustList
from tests.ceremonies import HOLDERS, PASSPHRASE, TWO, begin, put_in_force
from tests.makers import DAY, NOW, Pair


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder after the first ceremony."""
    begin(tmp_path / "keys")
    return tmp_path / "keys"


def test_the_first_ceremony_makes_a_key_for_each_purpose_that_signs_at_once(folder: Path) -> None:
    made = ceremony.read_list(folder, now=NOW)
    assert {key.purpose for purpose in Purpose for key in made.signing(purpose, NOW)} == set(Purpose)
    assert made.version == 1


def test_each_purpose_has_a_key_in_reserve_that_offline_verifiers_know(folder: Path) -> None:
    made = ceremony.read_list(folder, now=NOW)
    assert [len(made.signing(purpose, NOW)) for purpose in Purpose] == [2] * len(Purpose)


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
        pytest.param({"root_passphrases": HOLDERS | {"three": b""}}, id="a root without passphrase"),
        pytest.param({"root_passphrases": HOLDERS | {"../three": b"third"}}, id="a root with a path for a name"),
        pytest.param({"place": Place("file:/nowhere", b"")}, id="no passphrase of the signing keys"),
        pytest.param({"place": Place("vault:/nowhere", b"x")}, id="an unknown place for keys"),
    ],
)
def test_a_ceremony_that_was_refused_can_be_held_again(tmp_path: Path, mistake: dict[str, object]) -> None:
    with pytest.raises(KeysError):
        begin(tmp_path / "keys", **mistake)
    begin(tmp_path / "keys")
    assert ceremony.read_list(tmp_path / "keys", now=NOW).version == 1


def following(folder: Path, now: int = NOW + DAY) -> TrustList:
    return rotation.extend(ceremony.read_list(folder, now=now), now=now, lifetime=DAY)


def test_a_later_list_is_in_force_when_enough_roots_signed(folder: Path) -> None:
    assert put_in_force(folder, following(folder)) == 0
    assert ceremony.read_list(folder, now=NOW + DAY).version == 2
    assert not [*folder.glob("*.new"), *folder.glob(ceremony.PROPOSED)]


def test_holders_sign_one_after_the_other_each_with_their_own_share(folder: Path) -> None:
    assert put_in_force(folder, following(folder), {"one": b"first"}) == 1
    assert ceremony.sign_proposal(folder, {"one": b"first"}, now=NOW + DAY) == 1
    assert ceremony.read_list(folder, now=NOW + DAY).version == 1
    assert ceremony.sign_proposal(folder, {"two": b"second"}, now=NOW + DAY) == 0
    assert ceremony.read_list(folder, now=NOW + DAY).version == 2


def test_a_share_signs_where_only_that_share_is(folder: Path, tmp_path: Path) -> None:
    """The second holder has a copy of the public files and a share of their own, on another machine."""
    put_in_force(folder, following(folder), {"one": b"first"})
    other = tmp_path / "other"
    shutil.copytree(folder, other, ignore=shutil.ignore_patterns("one.pem", "three.pem", SIGNING))
    assert ceremony.sign_proposal(other, {"two": b"second"}, now=NOW + DAY) == 0
    assert follow(other, now=NOW + DAY).version == 2


@pytest.mark.parametrize(
    "passphrases",
    [
        pytest.param({"one": b"first", "two": b"wrong"}, id="wrong passphrase"),
        pytest.param({"one": b"first", "four": b"fourth"}, id="unknown holder"),
        pytest.param({"one": b"first", "../one": b"first"}, id="a path for a name"),
    ],
)
def test_a_share_that_does_not_open_signs_nothing(folder: Path, passphrases: dict[str, bytes]) -> None:
    ceremony.propose(folder, following(folder), now=NOW + DAY)
    before = (folder / ceremony.PROPOSED).read_bytes()
    with pytest.raises(KeysError):
        ceremony.sign_proposal(folder, passphrases, now=NOW + DAY)
    assert (folder / ceremony.PROPOSED).read_bytes() == before
    assert ceremony.read_list(folder, now=NOW + DAY).version == 1


def test_a_share_of_other_roots_signs_nothing(folder: Path, tmp_path: Path) -> None:
    begin(tmp_path / "others")
    shutil.copy(ceremony.share_path(tmp_path / "others", "one"), ceremony.share_path(folder, "one"))
    ceremony.propose(folder, following(folder), now=NOW + DAY)
    with pytest.raises(SignerError, match="share of no root"):
        ceremony.sign_proposal(folder, {"one": b"first"}, now=NOW + DAY)


def test_nobody_is_asked_to_sign_what_a_rule_refuses(folder: Path) -> None:
    with pytest.raises(TrustListError):
        ceremony.propose(folder, replace(following(folder), version=1), now=NOW + DAY)
    with pytest.raises(TrustListError, match="nothing is proposed"):
        ceremony.sign_proposal(folder, TWO, now=NOW + DAY)


def test_a_newer_proposal_replaces_the_older_with_its_signatures(folder: Path) -> None:
    put_in_force(folder, following(folder), {"one": b"first"})
    assert put_in_force(folder, following(folder, NOW + 2 * DAY), {"two": b"second"}) == 1


def test_new_roots_rule_when_old_and_new_have_signed(folder: Path) -> None:
    names = {"anna": b"a", "bo": b"b"}
    offered = ceremony.change_roots(folder, names, 2, suite=ES256, now=NOW + DAY)
    assert ceremony.read_list(folder, now=NOW + DAY).version == 1
    assert ceremony.sign_proposal(folder, TWO, now=NOW + DAY) == 0
    assert follow(folder, now=NOW + DAY).roots == offered.roots
    ceremony.propose(folder, following(folder, NOW + 2 * DAY), now=NOW + 2 * DAY)
    with pytest.raises(SignerError):
        ceremony.sign_proposal(folder, TWO, now=NOW + 2 * DAY)
    assert ceremony.sign_proposal(folder, names, now=NOW + 2 * DAY) == 0


def test_old_roots_alone_do_not_put_new_roots_in_force(folder: Path) -> None:
    ceremony.change_roots(folder, {"anna": b"a"}, 1, suite=ES256, now=NOW + DAY)
    assert ceremony.sign_proposal(folder, {"one": b"first"}, now=NOW + DAY) == 1
    assert len(ceremony.read_list(folder, now=NOW + DAY).roots) == 3


@pytest.mark.parametrize("name", ["", "-", "../one", "a/b", "a.b", "a b", "one\n", "a\0b"])
def test_a_root_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrustListError):
        ceremony.share_path(tmp_path, name)


def test_an_empty_folder_holds_no_list(tmp_path: Path) -> None:
    with pytest.raises(TrustListError):
        ceremony.read_list(tmp_path, now=NOW)


def test_pinned_roots_alone_are_no_list(folder: Path) -> None:
    (folder / LIST).unlink()
    with pytest.raises(TrustListError):
        ceremony.read_list(folder, now=NOW)


def test_a_published_key_is_not_signing_yet_and_its_private_half_is_stored(folder: Path) -> None:
    place = Place(ceremony.signing_folder(folder), PASSPHRASE)
    key = place.make_key(Purpose.GRANT, sign_from=NOW + 2 * DAY, sign_until=NOW + 3 * DAY)
    assert key.state(NOW) is KeyState.PUBLISHED
    assert key.verify_until == key.sign_until + ceremony.VERIFY_AFTER
    assert (folder / SIGNING / f"{key.kid.hex()}.pem").exists()


def test_a_list_is_told_in_words(folder: Path) -> None:
    current = ceremony.read_list(folder, now=NOW)
    kid = current.signing(Purpose.GRANT, NOW)[0].kid
    told = "\n".join(ceremony.in_words(rotation.kill(current, kid, now=NOW, lifetime=DAY), NOW))
    assert "version 2, valid for 1 more days" in told
    assert "2 of 3 roots must sign" in told
    assert f"{kid.hex()} killed" in told
    assert told.count("signing") == 2 * len(Purpose) - 1


def test_signers_are_told_every_change_they_answer_for(folder: Path) -> None:
    current = ceremony.read_list(folder, now=NOW)
    key = Pair(41).key(sign_from=NOW + DAY, sign_until=NOW + 60 * DAY, verify_until=NOW + 67 * DAY)
    old, gone, short = list(current.keys)[:3]
    cut = replace(current.keys[short], sign_until=NOW + DAY)
    changed = replace(
        current,
        version=2,
        keys={kid: known for kid, known in current.keys.items() if kid != gone} | {key.kid: key, short: cut},
        killed=frozenset({old, gone}),
        threshold=1,
    )
    told = "\n".join(ceremony.changes_in_words(current, changed, NOW))
    assert f"ADDS grant ES256 {key.kid.hex()}, signs in 24 hours" in told
    assert f"KILLS {current.keys[old].purpose} {old.hex()}" in told
    assert f"drops, its time being over, {current.keys[gone].purpose} {gone.hex()}" in told
    assert f"SHORTENS {cut.purpose} {short.hex()}, it signs for 1 more days" in told
    assert "NEW ROOTS: 1 of 3 must sign" in told


def test_a_list_that_changes_nothing_says_so_little(folder: Path) -> None:
    current = ceremony.read_list(folder, now=NOW)
    assert len(ceremony.changes_in_words(current, following(folder), NOW)) == 1


def test_an_ended_list_is_told_as_ended(folder: Path) -> None:
    assert "no more" in ceremony.in_words(ceremony.read_list(folder, now=NOW), NOW + 999 * DAY)[0]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda folder: shutil.copy(folder / HISTORY / history_name(1), folder / LIST), id="older list"),
        pytest.param(lambda folder: (folder / HISTORY / history_name(2)).unlink(), id="step missing"),
        pytest.param(lambda folder: (folder / PINNED).write_text('{"threshold": 1, "roots": []}'), id="other roots"),
        pytest.param(lambda folder: (folder / HISTORY / history_name(1)).write_bytes(b""), id="first list empty"),
    ],
)
def test_a_history_that_does_not_lead_to_the_list_in_force_is_found(
    folder: Path, spoil: Callable[[Path], object]
) -> None:
    put_in_force(folder, following(folder))
    assert follow(folder, now=NOW + DAY).version == 2
    spoil(folder)
    with pytest.raises((TrustListError, OSError)):
        follow(folder, now=NOW + DAY)
