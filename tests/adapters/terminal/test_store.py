"""What a terminal keeps on its disk."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from adapters.terminal.store import DamagedError, Store, StoreError

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def add(store: Store, *items: bytes) -> list[int]:
    with store.transaction():
        return [store.add_scan(item, at=100 + number) for number, item in enumerate(items)]


def scans(store: Store) -> list[tuple[int, bytes]]:
    with store.transaction():
        return store.scans(10)


def test_numbers_have_no_gap_and_are_never_given_again(path: Path) -> None:
    store = Store(path, KEY)
    assert add(store, b"one", b"two") == [1, 2]
    with store.transaction():
        store.confirm([1, 2])
    with contextlib.suppress(ZeroDivisionError), store.transaction():
        store.add_scan(b"undone", at=5)
        _ = 1 // 0
    store.close()
    again = Store(path, KEY)
    assert add(again, b"three") == [3]
    assert scans(again) == [(3, b"three")]
    again.close()


def test_the_name_of_the_stream_stays(path: Path) -> None:
    store = Store(path, KEY)
    name = store.stream
    store.close()
    again = Store(path, KEY)
    assert (again.stream, len(name)) == (name, 8)
    again.close()


def test_only_its_owner_may_read_the_file_and_it_shows_nothing(path: Path) -> None:
    store = Store(path, KEY)
    add(store, b"a scan with 12345")
    with store.transaction():
        store.put("profile", b"a profile with 12345")
        store.keep_answer("act-1", b"an answer with 12345", at=1)
    store.close()
    assert path.stat().st_mode & 0o077 == 0
    assert b"12345" not in path.read_bytes()


def test_another_key_opens_nothing(path: Path) -> None:
    Store(path, KEY).close()
    with pytest.raises(DamagedError):
        Store(path, bytes(32))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE scan SET sealed = zeroblob(60) WHERE seq = 1", id="overwritten"),
        pytest.param("UPDATE scan SET sealed = (SELECT sealed FROM scan WHERE seq = 2) WHERE seq = 1", id="copied"),
        pytest.param("UPDATE scan SET sealed = x'00' WHERE seq = 1", id="cut"),
    ],
)
def test_a_scan_that_somebody_changed_is_known_and_the_others_stay(path: Path, change: str) -> None:
    store = Store(path, KEY)
    add(store, b"one", b"two")
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    again = Store(path, KEY)
    assert scans(again) == [(1, b""), (2, b"two")]
    again.close()


def test_a_document_moved_under_another_name_is_refused(path: Path) -> None:
    store = Store(path, KEY)
    with store.transaction():
        store.put("old", b"content")
    with store.transaction() as connection:
        connection.execute("UPDATE fact SET name = 'new' WHERE name = 'old'")
    with pytest.raises(DamagedError), store.transaction():
        store.get("new")
    store.close()


def test_a_file_that_is_no_database_is_damaged(path: Path) -> None:
    path.write_bytes(b"\xff" * 8192)
    with pytest.raises(DamagedError):
        Store(path, KEY)


def test_what_waits_is_counted(path: Path) -> None:
    store = Store(path, KEY)
    with store.transaction():
        assert store.waiting() == (0, None)
        assert not store.queue_at_least(1)
    add(store, b"one", b"two", b"three")
    with store.transaction():
        store.confirm([2])
        assert store.waiting() == (2, 100)
        assert store.queue_at_least(2)
        assert not store.queue_at_least(3)
    store.close()


def test_old_marks_and_answers_go_and_scans_never(path: Path) -> None:
    store = Store(path, KEY)
    add(store, b"one")
    with store.transaction() as connection:
        connection.execute("INSERT INTO first_use VALUES (1, 2, 3, 1000)")
        store.keep_answer("act", b"answer", at=1000)
        store.purge(1000 + 10 * 86400)
        assert connection.execute("SELECT count(*) FROM first_use").fetchone() == (0,)
        assert store.find_answer("act") is None
        assert store.waiting()[0] == 1
    store.close()


def test_a_full_disk_is_an_error_and_what_was_stored_stays(path: Path) -> None:
    store = Store(path, KEY)
    add(store, b"one")
    with store.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        add(store, *(os.urandom(900) for _ in range(100)))
    kept = scans(store)
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert kept[0] == (1, b"one")
    assert add(store, b"after")[0] > 1
    store.close()
