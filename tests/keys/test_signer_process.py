"""Worker and signer process: who may ask, what happens when one of them is gone, and that nobody waits for ever."""

import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from keys.algorithms import ES256
from keys.backends import process
from keys.errors import RefusedError, SignerError
from keys.signer import BACKENDS, open_signer
from keys.signing_server import SigningServer
from tests.makers import ISSUER, NOW, STRANGER
from tests.phone import at_once
from tests.places import short_folder, sign_and_fork

ME = frozenset([os.geteuid()])
Sign = Callable[[bytes, Sequence[bytes]], list[bytes]]


def sign(_kid: bytes, messages: Sequence[bytes]) -> list[bytes]:
    return [ISSUER.sign(message) for message in messages]


@pytest.fixture
def path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder / "signer.sock"


@contextmanager
def serving(path: Path, sign: Sign = sign, allowed: frozenset[int] = ME) -> Iterator[None]:
    """Serve while the span lasts."""
    stop = threading.Event()
    server = SigningServer(path, sign, allowed)
    thread = threading.Thread(target=server.serve, kwargs={"stopped": stop.is_set})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def listening(path: Path, answer: Callable[[socket.socket], object]) -> Iterator[list[int]]:
    """Take connections as a broken signer does; returns how many there were."""
    taken: list[int] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def take() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                taken.append(1)
                with connection:
                    answer(connection)

        thread = threading.Thread(target=take)
        thread.start()
        yield taken
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _hears(connection: socket.socket) -> bool:
    """Tell whether there is an answer before the end."""
    try:
        return bool(connection.recv(100))
    except ConnectionResetError:
        return False


def ask(path: Path, *messages: bytes) -> list[bytes]:
    return process.sign_all(str(path), ISSUER.key(), list(messages))


def test_a_worker_has_its_messages_signed(path: Path) -> None:
    with serving(path):
        signer = open_signer(f"process:{path}", ISSUER.key(), lambda: pytest.fail("no passphrase is needed"))
        signer.key.verify(signer.sign(b"message", now=NOW), b"message")


def test_several_messages_go_by_one_request(path: Path) -> None:
    calls: list[int] = []

    def count(kid: bytes, messages: Sequence[bytes]) -> list[bytes]:
        calls.append(len(messages))
        return sign(kid, messages)

    with serving(path, count):
        for signature, message in zip(ask(path, b"one", b"two"), (b"one", b"two"), strict=True):
            ISSUER.key().verify(signature, message)
    assert calls == [2]


def test_many_workers_are_served_at_once(path: Path) -> None:
    with serving(path):
        signed = at_once(40, lambda number: ask(path, b"%d" % number))
    for number, (signature,) in enumerate(signed):
        ISSUER.key().verify(signature, b"%d" % number)


def test_a_signer_goes_on_in_a_forked_child_and_in_its_parent(path: Path) -> None:
    with serving(path):
        sign_and_fork(f"process:{path}", ISSUER.key(sign_from=0), b"")


def test_without_a_signer_process_a_worker_asks_once_more_and_gives_up(path: Path) -> None:
    with pytest.raises(SignerError, match="does not answer: FileNotFoundError"):
        ask(path, b"message")
    with listening(path, lambda _connection: None) as taken, pytest.raises(SignerError, match="does not answer"):
        ask(path, b"message")
    assert len(taken) == 2


def test_a_worker_goes_on_by_itself_when_the_signer_process_is_back(path: Path) -> None:
    with serving(path):
        signer = open_signer(f"process:{path}", ISSUER.key(), lambda: b"")
    with pytest.raises(SignerError):
        signer.sign(b"message", now=NOW)
    with serving(path):
        signer.key.verify(signer.sign(b"message", now=NOW), b"message")


def test_a_signer_process_that_is_silent_is_neither_waited_for_nor_asked_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "TIMEOUT", 0.2)
    done = threading.Event()
    with listening(path, lambda _connection: done.wait(10)) as taken:
        with pytest.raises(SignerError, match="in time"):
            ask(path, b"message")
        done.set()
    assert len(taken) == 1


def test_a_refusal_is_told_and_not_asked_again(path: Path) -> None:
    calls: list[bytes] = []

    def refuse(kid: bytes, _messages: Sequence[bytes]) -> list[bytes]:
        calls.append(kid)
        raise RefusedError("not that")

    with serving(path, refuse), pytest.raises(RefusedError, match="not that"):
        ask(path, b"message")
    assert calls == [ISSUER.kid]


def test_a_key_that_is_not_there_is_found_out_when_it_is_opened(path: Path) -> None:
    """So that an older key can sign meanwhile."""

    def absent(_kid: bytes, _messages: Sequence[bytes]) -> list[bytes]:
        raise SignerError("not here")

    with serving(path, absent), pytest.raises(SignerError, match="not here"):
        open_signer(f"process:{path}", ISSUER.key(), lambda: b"")


def test_a_signature_that_does_not_verify_reaches_nobody(path: Path) -> None:
    def other(_kid: bytes, messages: Sequence[bytes]) -> list[bytes]:
        return [STRANGER.sign(message) for message in messages]

    with serving(path, other), pytest.raises(SignerError, match="do not verify"):
        ask(path, b"message")


def test_a_signer_process_that_meets_a_fault_says_so_and_goes_on(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    faults = [ValueError("a slip of ours")] * 2

    def slip(kid: bytes, messages: Sequence[bytes]) -> list[bytes]:
        if faults:
            raise faults.pop()
        return sign(kid, messages)

    with serving(path, slip):
        with pytest.raises(SignerError, match="does not answer"):
            ask(path, b"message")
        assert ask(path, b"message")
    assert caplog.messages.count("a request has failed") == 2


def test_only_users_on_the_list_are_answered(path: Path) -> None:
    """The kernel says who they are."""
    asked: list[bytes] = []

    def note(kid: bytes, messages: Sequence[bytes]) -> list[bytes]:
        asked.append(kid)
        return sign(kid, messages)

    with serving(path, note, frozenset([os.geteuid() + 1])), pytest.raises(SignerError, match="does not answer"):
        ask(path, b"message")
    assert not asked


def test_nonsense_is_refused_and_what_is_too_long_is_cut_off(path: Path) -> None:
    with serving(path):
        for said, answered in ((b"\0\0\0\1\xff", True), (b"\xff" * 8, False), (b"", False)):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(path))
                connection.sendall(said)
                connection.shutdown(socket.SHUT_WR)
                assert _hears(connection) is answered
        assert ask(path, b"message")


def test_a_socket_is_for_its_owner_and_group(path: Path) -> None:
    before = os.umask(0)
    try:
        with serving(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
            assert os.umask(0) == 0
    finally:
        os.umask(before)


def test_a_socket_goes_when_its_server_stops(path: Path) -> None:
    with serving(path):
        assert path.exists()
    assert not path.exists()


def test_the_socket_of_a_server_that_was_killed_is_taken_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with serving(path):
        assert ask(path, b"message")


def test_a_server_that_lives_keeps_its_socket(path: Path) -> None:
    with serving(path):
        with pytest.raises(SignerError, match="another signer process"):
            SigningServer(path, sign, ME)
        assert ask(path, b"message")


def test_a_file_is_never_taken_for_a_stale_socket(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(SignerError, match="no socket"):
        SigningServer(path, sign, ME)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["x" * 120, "missing/signer.sock"], ids=["path too long", "no folder"])
def test_a_place_where_no_socket_can_be_is_named(path: Path, name: str) -> None:
    with pytest.raises(SignerError):
        SigningServer(path.parent / name, sign, ME)


@pytest.mark.parametrize("uri", ["process:", "process:signer.sock", "process://host"])
def test_an_address_is_a_whole_path(uri: str) -> None:
    with pytest.raises(SignerError, match="whole path"):
        open_signer(uri, ISSUER.key(), lambda: b"")


def test_a_worker_cannot_have_keys_made() -> None:
    with pytest.raises(SignerError, match="makes no ES256 keys"):
        BACKENDS["process"].make("process:/run/city/signer.sock", ES256, lambda: b"")
