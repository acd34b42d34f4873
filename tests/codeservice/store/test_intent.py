"""The journal of a signer process: on disk before it answers, all of a request or nothing, for one writer at a time."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeservice.store.intent import Count, IntentJournal, RecordedIntents
from keys.errors import RefusedError, SignerError
from keys.intent import Intent, Statement
from keys.key import Purpose
from tests.phone import at_once
from tests.places import ROOT

NOW = 1_800_000_000


def intent(subject: str, binding: bytes | None = b"key", *, at: int = NOW, purpose: Purpose = Purpose.GRANT) -> Intent:
    return Intent(at, b"12345678", purpose, b"d" * 32, Statement(subject, at + 100, binding))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(path: Path) -> Iterator[IntentJournal]:
    journal = IntentJournal(path)
    yield journal
    journal.close()


def subjects(path: Path) -> list[str]:
    return sorted(entry.statement.subject for entry in RecordedIntents(path).newest(1000))


def test_an_intent_is_read_as_it_was_recorded(journal: IntentJournal, path: Path) -> None:
    entries = [intent("a"), intent("b", None, purpose=Purpose.TOKEN)]
    journal.record(entries)
    assert RecordedIntents(path).newest(10) == entries[::-1]
    assert list(RecordedIntents(path).bound(NOW)) == entries[:1]
    assert list(RecordedIntents(path).bound(NOW + 100)) == []
    assert RecordedIntents(path).known(["a", "b", "c"]) == {"a"}


def test_what_was_recorded_outlasts_a_process_that_is_killed(path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.codeservice.store.test_intent import intent, IntentJournal\n"
        "IntentJournal(Path(sys.argv[1])).record([intent('a')])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert subjects(path) == ["a"]
    IntentJournal(path).close()


def test_every_commit_is_flushed_to_the_disk(journal: IntentJournal) -> None:
    """SQLite's number for FULL is 2."""
    assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_subject_is_bound_once(journal: IntentJournal, path: Path) -> None:
    journal.record([intent("a", b"one")])
    journal.record([intent("a", b"one")])
    with pytest.raises(RefusedError, match="bound to something else"):
        journal.record([intent("b", b"one"), intent("a", b"two")])
    assert subjects(path) == ["a", "a"]


def test_a_request_that_contradicts_itself_is_refused_whole(journal: IntentJournal, path: Path) -> None:
    with pytest.raises(RefusedError):
        journal.record([intent("a", b"one"), intent("a", b"two")])
    assert subjects(path) == []


def test_a_subject_without_binding_may_come_again(journal: IntentJournal, path: Path) -> None:
    journal.record([intent("client:bus-1", None)])
    journal.record([intent("client:bus-1", None)])
    assert subjects(path) == ["client:bus-1"] * 2


def test_many_threads_record_at_once_and_one_binding_wins(journal: IntentJournal, path: Path) -> None:
    """Requests that wait together are written together; a refused one takes no other with it."""

    def record(number: int) -> bool:
        try:
            journal.record([intent(f"own-{number}"), intent(f"shared-{number // 2}", b"%d" % number)])
        except RefusedError:
            return False
        return True

    won = at_once(40, record)
    assert [won[number] + won[number + 1] for number in range(0, 40, 2)] == [1] * 20
    assert len(subjects(path)) == 40


def test_a_journal_that_cannot_be_written_is_an_error_and_heals(journal: IntentJournal, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("ALTER TABLE intent RENAME TO away")
    with pytest.raises(SignerError, match="cannot be written"):
        journal.record([intent("a")])
    other.execute("ALTER TABLE away RENAME TO intent")
    other.close()
    journal.record([intent("b")])
    assert subjects(path) == ["b"]


def test_seconds_and_purposes_are_counted(journal: IntentJournal, path: Path) -> None:
    journal.record([intent("a"), intent("b"), intent("c", at=NOW + 1), intent("d", purpose=Purpose.PAPER)])
    assert journal.taken(Purpose.GRANT, NOW) == [(NOW, 2), (NOW + 1, 1)]
    assert journal.taken(Purpose.GRANT, NOW + 1) == [(NOW + 1, 1)]
    assert RecordedIntents(path).counts() == [Count("grant", 3, NOW + 1), Count("paper", 1, NOW)]


def test_two_signer_processes_do_not_share_a_journal(journal: IntentJournal, path: Path) -> None:
    with pytest.raises(SignerError, match="another signer process"):
        IntentJournal(path)


def test_a_journal_is_its_owners_alone(journal: IntentJournal, path: Path) -> None:
    journal.record([intent("a")])
    assert {found.stat().st_mode & 0o077 for found in path.parent.iterdir()} == {0}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666], ids=oct)
def test_a_journal_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    path.touch()
    path.chmod(mode)
    with pytest.raises(SignerError, match="chmod 600"):
        IntentJournal(path)
    path.chmod(0o600)
    IntentJournal(path).close()


def test_what_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"x" * 4096)
    path.chmod(0o600)
    with pytest.raises(SignerError, match="no journal"):
        IntentJournal(path)
    with pytest.raises(SignerError, match="cannot be read"):
        RecordedIntents(path).counts()


def test_a_journal_is_not_written_through_a_link(path: Path) -> None:
    other = path.with_name("other")
    other.touch(0o600)
    path.symlink_to(other)
    with pytest.raises(SignerError, match="cannot write"):
        IntentJournal(path)


def test_a_journal_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(SignerError, match="no journal"):
        RecordedIntents(path)
