"""The signer process: answers requests on a Unix socket, of callers whom the kernel vouches for. See `keys.guard`."""

import logging
import os
import socket
import stat
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Semaphore

from keys import signing_protocol
from keys.errors import KeysError, SignerError

THREADS = 16
"""Requests under way at a time; further ones wait in the queue of the socket."""

TIMEOUT = 5.0
"""Seconds that a caller has to say what it wants, and to take the answer."""

_LOOK_EVERY = 0.2
_QUEUE = 128
_MODE = 0o660
_LONGEST_PATH = 107
_CREDENTIALS = struct.Struct("iII")

Sign = Callable[[bytes, Sequence[bytes]], list[bytes]]


class SigningServer:
    """Listens on a socket that the owner and the group of the process may use. Linux only: it asks who is calling."""

    def __init__(self, path: Path, sign: Sign, allowed: frozenset[int]) -> None:
        """Take the place of a server that is gone; `allowed` are the user numbers that may ask. Raises SignerError."""
        self._path = path
        self._sign = sign
        self._allowed = allowed
        self._listener = _listen(path)
        self._inode = path.stat().st_ino

    def serve(self, *, stopped: Callable[[], bool]) -> None:
        """Answer until `stopped`; then finish what is under way, and remove the socket."""
        room = Semaphore(THREADS)
        with self._listener, ThreadPoolExecutor(THREADS, "signer") as pool:
            while not stopped():
                if not room.acquire(timeout=_LOOK_EVERY):
                    continue
                try:
                    connection, _ = self._listener.accept()
                except TimeoutError:
                    room.release()
                    continue
                except OSError as error:
                    # Out of descriptors, for example: what is under way gives some back.
                    _say("no connection can be taken: %s", type(error).__name__)
                    room.release()
                    time.sleep(_LOOK_EVERY)
                    continue
                pool.submit(self._handle, connection).add_done_callback(lambda _done: room.release())
        self._remove()

    def _handle(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._answer(connection)
            except OSError as error:
                _say("a request was cut off: %s", type(error).__name__)
            except Exception:
                # The caller hears nothing more, and the process goes on.
                logging.getLogger("keys").exception("a request has failed")

    def _answer(self, connection: socket.socket) -> None:
        if _user_of(connection) not in self._allowed:
            _say("a caller who may not ask was turned away")
            return
        deadline = time.monotonic() + TIMEOUT
        try:
            kid, messages = signing_protocol.read_request(signing_protocol.receive(connection, deadline))
            answer = signing_protocol.write_answer(self._sign(kid, messages))
        except KeysError as error:
            _say("nothing was signed: %s", str(error))
            answer = signing_protocol.write_refusal(error)
        signing_protocol.send(connection, answer, time.monotonic() + TIMEOUT)

    def _remove(self) -> None:
        try:
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        except OSError:
            # Somebody has tidied up already.
            return


def _listen(path: Path) -> socket.socket:
    if not hasattr(socket, "SO_PEERCRED"):
        raise SignerError("a signer process needs Linux, whose sockets tell who is calling")
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise SignerError(f"the path of a socket has at most {_LONGEST_PATH} bytes; choose a shorter one")
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Between bind and chmod the socket would be open to all whom the umask lets in.
    before = os.umask(0o777 & ~_MODE)
    try:
        listener.bind(str(path))
        listener.listen(_QUEUE)
        listener.settimeout(_LOOK_EVERY)
    except OSError as error:
        listener.close()
        raise SignerError(f"cannot listen on {path}: {error.strerror}") from error
    finally:
        os.umask(before)
    return listener


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        # Nothing stands there; what else may be wrong, bind will tell.
        return
    if not stat.S_ISSOCK(mode):
        raise SignerError(f"{path} exists and is no socket; choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.settimeout(TIMEOUT)
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except OSError as error:
            raise SignerError(f"cannot tell who listens on {path}: {error.strerror}") from error
        else:
            raise SignerError(f"another signer process answers on {path}; stop it first")


def _user_of(connection: socket.socket) -> int:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _process, user, _group = _CREDENTIALS.unpack(raw)
    return int(user)


def _say(words: str, *values: object) -> None:
    logging.getLogger("keys").warning(words, *values)
