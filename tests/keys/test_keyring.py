"""The folder of keys: a good new list counts by itself, a bad one changes nothing."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keys import ceremony, rotation
from keys.errors import KeyNotUsableError, SignerError, TrustListError
from keys.key import Purpose
from keys.keyring import LIST, PINNED, SIGNING, Keyring, pinned
from keys.trustlist import TrustList
from tests.ceremonies import PASSPHRASE, begin, force, put_in_force
from tests.makers import DAY, NOW


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder after the first ceremony."""
    folder = tmp_path / "keys"
    begin(folder)
    return folder


@pytest.fixture
def keyring(folder: Path) -> Keyring:
    """The keys of a running service."""
    keyring = Keyring(folder, lambda: PASSPHRASE, lambda: NOW + DAY)
    keyring.trust_list()
    return keyring


def look_again(keyring: Keyring) -> TrustList:
    """Ask as somebody who comes more than a second later."""
    keyring._looked = time.monotonic() - 60
    return keyring.trust_list()


def in_force(folder: Path) -> TrustList:
    return ceremony.read_list(folder, now=NOW + DAY)


def test_nothing_is_opened_before_it_is_asked(tmp_path: Path) -> None:
    Keyring(tmp_path / "absent", lambda: pytest.fail("asked"), lambda: NOW)


def test_a_new_list_counts(folder: Path, keyring: Keyring) -> None:
    put_in_force(folder, rotation.extend(in_force(folder), now=NOW + DAY, lifetime=DAY))
    assert look_again(keyring).version == 2


def test_the_key_in_reserve_signs_when_the_first_is_killed_and_nobody_when_both_are(
    folder: Path, keyring: Keyring
) -> None:
    killed = []
    for _ in range(2):
        killed.append(keyring.signer(Purpose.GRANT).key.kid)
        put_in_force(folder, rotation.kill(in_force(folder), killed[-1], now=NOW + DAY, lifetime=DAY))
        look_again(keyring)
    assert len(set(killed)) == 2
    with pytest.raises(KeyNotUsableError):
        keyring.signer(Purpose.GRANT)


def test_a_published_key_that_has_not_arrived_stops_nobody_while_an_older_one_may_sign(
    folder: Path, keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    first = keyring.signer(Purpose.GRANT).key.kid
    (folder / SIGNING / f"{first.hex()}.pem").unlink()
    later = Keyring(folder, lambda: PASSPHRASE, lambda: NOW + DAY)
    for _ in range(3):
        assert later.signer(Purpose.GRANT).key.kid != first
    assert caplog.text.count("an older key signs") == 1


def test_two_lists_within_one_look_both_count(folder: Path, keyring: Keyring) -> None:
    """Two keys are killed in one breath: the running service must not be left behind for ever."""
    for purpose in (Purpose.GRANT, Purpose.SERVED):
        current = in_force(folder)
        kid = current.signing(purpose, NOW + DAY)[0].kid
        put_in_force(folder, rotation.kill(current, kid, now=NOW + DAY, lifetime=DAY))
    assert len(look_again(keyring).killed) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.unlink(), id="absent"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-1]), id="cut"),
        pytest.param(lambda path: path.write_bytes(bytes(1_000_000)), id="huge"),
        pytest.param(lambda path: path.write_bytes(b"\x84\x40\xa0\x40\x81\x83\x81\x18\x60\xa0\x40"), id="hostile"),
    ],
)
def test_a_bad_list_changes_nothing_and_is_reported(
    folder: Path, keyring: Keyring, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], object]
) -> None:
    before = keyring.trust_list()
    spoil(folder / LIST)
    assert look_again(keyring) is before
    assert "refused" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda current: replace(current, version=1), id="same version, other content"),
        pytest.param(lambda current: replace(current, version=0), id="rollback"),
        pytest.param(lambda current: replace(current, version=9), id="skipped versions"),
        pytest.param(lambda current: replace(current, issued=NOW + 2 * DAY), id="issued in the future"),
        pytest.param(lambda current: replace(current, threshold=9), id="threshold out of reach"),
    ],
)
def test_a_list_against_the_rules_changes_nothing(
    folder: Path, keyring: Keyring, change: Callable[[TrustList], TrustList]
) -> None:
    before = keyring.trust_list()
    force(folder, change(rotation.extend(in_force(folder), now=NOW + DAY, lifetime=DAY)))
    assert look_again(keyring) is before


def test_a_good_list_after_a_bad_one_counts(folder: Path, keyring: Keyring) -> None:
    good = (folder / LIST).read_bytes()
    (folder / LIST).write_bytes(b"bad")
    look_again(keyring)
    (folder / LIST).write_bytes(good)
    put_in_force(folder, rotation.extend(in_force(folder), now=NOW + DAY, lifetime=DAY))
    assert look_again(keyring).version == 2


def test_the_file_is_looked_at_once_a_second_however_often_it_is_asked(folder: Path, keyring: Keyring) -> None:
    before = look_again(keyring)
    (folder / LIST).unlink()
    assert all(keyring.trust_list() is before for _ in range(1000))


@pytest.mark.parametrize("name", [LIST, PINNED])
def test_without_a_list_or_pinned_roots_there_are_no_keys(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(TrustListError):
        Keyring(folder, lambda: PASSPHRASE, lambda: NOW).trust_list()


@pytest.mark.parametrize("purpose", Purpose)
def test_there_is_a_signer_for_each_purpose(keyring: Keyring, purpose: Purpose) -> None:
    signer = keyring.signer(purpose)
    signer.key.verify(signer.sign(b"message", now=NOW), b"message")
    assert signer.key.purpose is purpose
    assert keyring.signer(purpose) is signer


def test_a_wrong_passphrase_opens_no_signer(folder: Path) -> None:
    with pytest.raises(SignerError):
        Keyring(folder, lambda: b"wrong", lambda: NOW).signer(Purpose.GRANT)


def test_a_listed_key_without_its_private_half_does_not_sign(folder: Path, keyring: Keyring) -> None:
    for path in (folder / SIGNING).iterdir():
        path.unlink()
    with pytest.raises(SignerError):
        keyring.signer(Purpose.GRANT)


def test_a_key_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "城市码 keys"
    begin(folder)
    assert Keyring(folder, lambda: PASSPHRASE, lambda: NOW).signer(Purpose.TOKEN).key.purpose is Purpose.TOKEN


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="list"),
        pytest.param("{}", id="no roots"),
        pytest.param('{"roots": 1, "threshold": 2}', id="roots are a number"),
        pytest.param('{"roots": [{}], "threshold": 2}', id="root without fields"),
        pytest.param('{"roots": [{"algorithm": "ES256", "public": "xy"}], "threshold": 2}', id="no hexadecimal"),
        pytest.param('{"roots": [], "threshold": null}', id="no threshold"),
    ],
)
def test_pinned_roots_that_cannot_be_read_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / PINNED).write_text(text)
    with pytest.raises(TrustListError):
        pinned(tmp_path)
