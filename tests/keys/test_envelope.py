"""The vault file and its master key: rotation without touching a row, and nothing lost whatever is broken off."""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keys import envelope, secret_file
from keys.envelope import ACTIVE_AFTER, REST, VaultFile
from keys.errors import VaultError
from keys.master import FileMasterKey, open_master_key
from keys.suite import AES_256_GCM, SM4_GCM, SUITES, Suite
from keys.vault import Use, Vault, VaultKeys
from tests.makers import NOW

PLACE = "person.name:7"


class Files:
    """A vault file and a master key, as a process that opens them sees them."""

    def __init__(self, folder: Path) -> None:
        self.vault = folder / "vault"
        self.master = folder / "master"

    def open(self) -> VaultFile:
        """Open them as a new process does."""
        return VaultFile(self.vault, open_master_key(self.master.as_uri()))

    def worker(self, now: int = NOW) -> Vault:
        """Return what a running worker uses."""
        file = self.open()
        file.keys()
        return Vault(file.keys, lambda: now, file.look)

    def edit(self, **changes: Any) -> None:
        """Change what the file says of its first key."""
        body = json.loads(self.vault.read_text())
        body["keys"][0] |= changes
        self.vault.write_text(json.dumps(body))


@pytest.fixture(params=[pytest.param(suite, id=name) for name, suite in SUITES.items()])
def files(tmp_path: Path, request: pytest.FixtureRequest) -> Files:
    made = Files(tmp_path)
    made.open().create(request.param)
    return made


def suite_of(files: Files) -> Suite:
    return files.open().keys().data[0].suite


def test_neither_file_holds_a_key_that_opens_anything(files: Files) -> None:
    held = files.vault.read_text() + files.master.read_text()
    for key in (*files.open().keys().data, *files.open().keys().index):
        assert key.secret.hex() not in held


def test_both_files_are_their_owners_alone(files: Files) -> None:
    assert [path.stat().st_mode & 0o777 for path in (files.vault, files.master)] == [0o600, 0o600]


def test_a_vault_is_never_overwritten(files: Files) -> None:
    before = files.vault.read_bytes(), files.master.read_bytes()
    with pytest.raises(VaultError, match="never overwritten"):
        files.open().create(AES_256_GCM)
    assert (files.vault.read_bytes(), files.master.read_bytes()) == before


def test_a_new_vault_takes_a_master_key_that_is_there(files: Files) -> None:
    """It may wrap another vault too: a lost vault file must not cost the master key."""
    before = files.master.read_bytes()
    files.vault.unlink()
    files.open().create(AES_256_GCM)
    assert files.master.read_bytes() == before


def test_a_rotated_key_writes_after_everybody_has_seen_it(files: Files) -> None:
    files.open().rotate(Use.DATA, None, now=NOW)
    assert files.worker(NOW + ACTIVE_AFTER - 1).seal("x", place=PLACE)[0] == 1
    assert files.worker(NOW + ACTIVE_AFTER).seal("x", place=PLACE)[0] == 2
    assert files.worker(NOW + ACTIVE_AFTER).index("x", kind="phone")[0] == 1


def test_an_index_key_has_a_life_of_its_own(files: Files) -> None:
    files.open().rotate(Use.INDEX, None, now=NOW)
    later = files.worker(NOW + ACTIVE_AFTER)
    assert (later.seal("x", place=PLACE)[0], later.index("x", kind="phone")[0]) == (1, 2)


def test_a_city_moves_from_one_suite_to_the_other_by_rotation(files: Files) -> None:
    sealed = files.worker().seal("张三", place=PLACE)
    other = SM4_GCM if suite_of(files) is AES_256_GCM else AES_256_GCM
    assert files.open().rotate(Use.DATA, other, now=NOW, after=0).suite is other
    assert files.open().rotate(Use.DATA, None, now=NOW, after=0).suite is other
    assert files.worker().open(sealed, place=PLACE) == "张三"
    files.open().rewrap()
    assert files.master.read_text().startswith(f"{other.name}:")
    assert files.worker().open(sealed, place=PLACE) == "张三"


def test_a_running_worker_opens_what_another_sealed_with_a_key_of_this_moment(files: Files) -> None:
    worker = files.worker()
    files.open().rotate(Use.DATA, None, now=NOW, after=0)
    sealed = files.worker().seal("张三", place=PLACE)
    assert sealed[0] == 2
    assert worker.open(sealed, place=PLACE) == "张三"


def test_a_running_worker_learns_of_a_new_key_within_seconds(files: Files) -> None:
    worker = files.worker()
    files.open().rotate(Use.DATA, None, now=NOW, after=0)
    deadline = time.monotonic() + 30
    while worker.seal("x", place=PLACE)[0] == 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert worker.seal("x", place=PLACE)[0] == 2


def test_one_key_is_made_after_the_other(files: Files) -> None:
    files.open().rotate(Use.DATA, None, now=NOW)
    with pytest.raises(VaultError, match="not begun"):
        files.open().rotate(Use.DATA, None, now=NOW)
    assert files.open().rotate(Use.DATA, None, now=NOW + ACTIVE_AFTER).version == 3


def test_there_are_255_versions_and_no_more(files: Files) -> None:
    """And the file takes them all."""
    first = files.open().keys().data[0]
    every = tuple(replace(first, version=version) for version in range(1, 256))
    envelope._write(files.vault, FileMasterKey(files.master.as_uri()), VaultKeys(every, every))
    assert len(files.open().keys().index) == 255
    with pytest.raises(VaultError, match="last version"):
        files.open().rotate(Use.DATA, None, now=NOW, after=0)


def test_commands_that_rotate_at_once_lose_no_key(files: Files) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: files.open().rotate(Use.DATA, None, now=NOW, after=0).version, range(24)))
    assert len(files.open().keys().data) == 25
    assert max(made) == 25


def test_a_retired_key_is_gone_and_the_others_stay(files: Files) -> None:
    sealed = files.worker().seal("x", place=PLACE)
    file = files.open()
    file.rotate(Use.DATA, None, now=NOW, after=0)
    file.retire(Use.DATA, 1, now=NOW + REST)
    assert [key.version for key in files.open().keys().data] == [2]
    with pytest.raises(VaultError, match="no key"):
        files.worker().open(sealed, place=PLACE)


@pytest.mark.parametrize(
    ("version", "now", "why"),
    [
        pytest.param(2, NOW + REST, "rotate first", id="the key that writes"),
        pytest.param(3, NOW + REST, "no data key 3", id="an unknown key"),
        pytest.param(1, NOW + REST - 1, "wait 1 s", id="before its successor has written long enough"),
    ],
)
def test_a_key_that_may_be_needed_does_not_retire(files: Files, version: int, now: int, why: str) -> None:
    file = files.open()
    file.rotate(Use.DATA, None, now=NOW, after=0)
    with pytest.raises(VaultError, match=why):
        file.retire(Use.DATA, version, now=now)


def test_a_key_that_waits_lets_nobody_retire(files: Files) -> None:
    file = files.open()
    file.rotate(Use.DATA, None, now=NOW)
    with pytest.raises(VaultError, match="rotate first"):
        file.retire(Use.DATA, 1, now=NOW)
    with pytest.raises(VaultError, match="about to"):
        file.retire(Use.DATA, 2, now=NOW)


def test_a_renewed_master_key_changes_no_data_key_and_the_old_one_opens_nothing(files: Files) -> None:
    before, old = files.open().keys(), files.master.read_bytes()
    files.open().rewrap()
    assert files.open().keys() == before
    assert len(files.master.read_text().split()) == 1
    files.master.write_bytes(old)
    with pytest.raises(VaultError, match="does not open"):
        files.open().keys()


def test_a_running_worker_outlives_a_renewed_master_key(files: Files) -> None:
    worker = files.worker()
    files.open().rewrap()
    files.open().rotate(Use.DATA, None, now=NOW, after=0)
    assert worker.open(files.worker().seal("x", place=PLACE), place=PLACE) == "x"


def steps_of_a_renewal(files: Files) -> list[Callable[[], None]]:
    """The steps of `rewrap`, taken one by one."""
    master = FileMasterKey(files.master.as_uri())
    keys = files.open().keys()
    return [
        lambda: master.begin_renewal(keys.data[-1].suite),
        lambda: envelope._write(files.vault, master, keys),
        master.end_renewal,
    ]


@pytest.mark.parametrize("done", range(4))
def test_a_renewal_that_was_broken_off_opens_and_is_finished_by_the_next(files: Files, done: int) -> None:
    before = files.open().keys()
    for step in steps_of_a_renewal(files)[:done]:
        step()
    assert files.open().keys() == before
    files.open().rewrap()
    assert files.open().keys() == before
    assert len(files.master.read_text().split()) == 1


def test_a_renewal_that_is_broken_off_often_makes_one_key(files: Files) -> None:
    for _ in range(3):
        steps_of_a_renewal(files)[0]()
    assert len(files.master.read_text().split()) == 2


def test_renewals_at_once_lose_no_key(files: Files) -> None:
    before = files.open().keys()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: files.open().rewrap(), range(16)))
    assert files.open().keys() == before


def test_a_half_written_replacement_is_never_read(files: Files) -> None:
    before = files.open().keys()
    files.vault.with_name("vault.new").write_text('{"keys": [')
    assert files.open().keys() == before
    files.open().rotate(Use.DATA, None, now=NOW)
    assert len(files.open().keys().data) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"version": 2}, "does not open", id="another version"),
        pytest.param({"use": "index"}, "does not open", id="another use"),
        pytest.param({"active_from": 5}, "does not open", id="another time"),
        pytest.param({"wrapped": "00" * 60}, "does not open", id="another key"),
        pytest.param({"wrapped": "00"}, "cut", id="cut key"),
        pytest.param({"wrapped": "zz"}, "not a whole vault file", id="no hexadecimal digits"),
        pytest.param({"suite": "ROT13"}, "no suite", id="unknown suite"),
        pytest.param({"suite": []}, "no suite", id="suite of another type"),
        pytest.param({"version": "1"}, "not a whole vault file", id="version of another type"),
        pytest.param({"version": True}, "not a whole vault file", id="version true"),
        pytest.param({"use": "sign"}, "not a whole vault file", id="unknown use"),
    ],
)
def test_what_the_file_says_of_a_key_is_authentic(files: Files, changes: dict[str, Any], why: str) -> None:
    files.edit(**changes)
    with pytest.raises(VaultError, match=why):
        files.open().keys()


def test_a_suite_that_was_swapped_does_not_open(files: Files) -> None:
    files.edit(suite=(SM4_GCM if suite_of(files) is AES_256_GCM else AES_256_GCM).name)
    with pytest.raises(VaultError, match="does not open"):
        files.open().keys()


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        pytest.param("vault", b"", "empty", id="empty vault"),
        pytest.param("vault", b"\xff\xfe", "not text", id="binary vault"),
        pytest.param("vault", b"[]", "not a whole vault file", id="vault of another shape"),
        pytest.param("vault", b'{"keys": []}', "needs a data key", id="vault without keys"),
        pytest.param("vault", b"1:" + b"00" * 32, "not a whole vault file", id="vault of the first format"),
        pytest.param("vault", b"{" * 300_000, "longer", id="endless vault"),
        pytest.param("master", b"", "empty", id="empty master key"),
        pytest.param("master", b"secret", "suite:hexadecimal", id="master key of another shape"),
        pytest.param("master", b"AES-256-GCM:00ff", "no whole master key", id="cut master key"),
        pytest.param("master", b"ROT13:00ff", "no suite", id="master key of an unknown suite"),
        pytest.param("master", b"AES-256-GCM:" + b"00" * 32, "does not open", id="wrong master key"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(files: Files, name: str, body: bytes, why: str) -> None:
    (files.vault.parent / name).write_bytes(body)
    with pytest.raises(VaultError, match=why):
        files.open().keys()


def test_a_vault_file_cut_anywhere_is_refused(files: Files) -> None:
    whole = files.vault.read_bytes().rstrip()
    for end in range(0, len(whole), 7):
        files.vault.write_bytes(whole[:end])
        with pytest.raises(VaultError):
            files.open().keys()


@pytest.mark.parametrize("name", ["vault", "master"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_open_to_others_is_refused(files: Files, name: str, mode: int) -> None:
    (files.vault.parent / name).chmod(mode)
    with pytest.raises(VaultError, match="chmod 600"):
        files.open().keys()


@pytest.mark.parametrize("name", ["vault", "master"])
def test_a_file_that_is_gone_is_named(files: Files, name: str) -> None:
    (files.vault.parent / name).unlink()
    with pytest.raises(VaultError, match=f"cannot read .*{name}"):
        files.open().keys()


@pytest.mark.parametrize("damage", [b"", b"{}", None], ids=["empty", "another shape", "gone"])
def test_a_running_worker_keeps_its_keys_when_the_file_goes_bad(
    files: Files, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = files.open()
    before = file.keys()
    files.vault.unlink() if damage is None else files.vault.write_bytes(damage)
    assert file.look() == before
    assert "refused" in caplog.text


def test_a_replaced_file_keeps_its_owner(files: Files) -> None:
    """An operator's command runs as another user than the service that must read the file."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(files.vault, 12345, 54321)
    files.open().rotate(Use.DATA, None, now=NOW)
    assert (files.vault.stat().st_uid, files.vault.stat().st_gid) == (12345, 54321)


@pytest.mark.parametrize("uri", ["vault:master", "https://city.example/master", "/etc/city/master", ""])
def test_a_master_key_lives_at_a_known_kind_of_place(uri: str) -> None:
    with pytest.raises(VaultError, match="known: file"):
        open_master_key(uri)


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    files = Files(tmp_path / "gone")
    with pytest.raises(VaultError, match="cannot read"):
        files.open().create(AES_256_GCM)
    with pytest.raises(VaultError, match="cannot write"):
        secret_file.replace(files.vault, "x")
