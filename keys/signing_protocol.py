"""How a worker and a signer process speak: one request and one answer over a Unix socket, then it is closed.

Each is four bytes of length and so many bytes of deterministic CBOR:

    request  [1, kid, [message, ...]]       without messages it asks whether the key is there
    answer   [true, [signature, ...]]       or  [false, refused, "why"]

`refused` is true when asking again is of no use.
"""

import socket
import time

from keys.cbor import dumps, loads
from keys.errors import KeysError, NotDeterministicError, RefusedError, SignerError
from keys.key import KID_SIZE

VERSION = 1
MAX_MESSAGES = 64
"""Messages of one request: more than the grants that a phone fetches at once."""

MAX_MESSAGE = 1 << 18
"""Bytes of one message: a status list of a million places in which every second one is revoked, as a token."""

MAX_FRAME = 1 << 19
"""Bytes of the longest request or answer; a sender of more is cut off before it is read."""

_LENGTH = 4
_MAX_WORDS = 500


def write_request(kid: bytes, messages: list[bytes]) -> bytes:
    """Write a request."""
    return dumps([VERSION, kid, messages])


def read_request(data: bytes) -> tuple[bytes, list[bytes]]:
    """Read a request: key identifier and messages; raises RefusedError."""
    match _loads(data):
        case [version, bytes(kid), list(messages)] if len(kid) == KID_SIZE and len(messages) <= MAX_MESSAGES:
            # In Python true is 1, on the wire it is not.
            if (
                type(version) is int
                and version == VERSION
                and all(isinstance(message, bytes) and 0 < len(message) <= MAX_MESSAGE for message in messages)
            ):
                return kid, messages
        case _:
            pass
    raise RefusedError("not a request of this protocol")


def write_answer(signatures: list[bytes]) -> bytes:
    """Write the answer that holds what was signed."""
    return dumps([True, signatures])


def write_refusal(error: KeysError) -> bytes:
    """Write the answer that says why nothing was signed."""
    return dumps([False, isinstance(error, RefusedError), str(error)[:_MAX_WORDS]])


def read_answer(data: bytes, count: int) -> list[bytes]:
    """Read the answer to a request of `count` messages; raises what the signer has said, or SignerError."""
    match _loads(data):
        case [True, list(signatures)] if len(signatures) == count:
            if all(isinstance(signature, bytes) for signature in signatures):
                return signatures
        case [False, True, str(words)]:
            raise RefusedError(words)
        case [False, False, str(words)]:
            raise SignerError(words)
        case _:
            pass
    raise SignerError("the signer process answers in another protocol")


def send(connection: socket.socket, data: bytes, deadline: float) -> None:
    """Send a frame before `deadline` (of `time.monotonic`); raises OSError."""
    connection.settimeout(_left(deadline))
    connection.sendall(len(data).to_bytes(_LENGTH) + data)


def receive(connection: socket.socket, deadline: float) -> bytes:
    """Receive a frame before `deadline` (of `time.monotonic`); raises OSError, also when the frame is too long."""
    length = int.from_bytes(_exactly(connection, _LENGTH, deadline))
    if length > MAX_FRAME:
        raise ConnectionAbortedError("a frame that is too long")
    return _exactly(connection, length, deadline)


def _exactly(connection: socket.socket, size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        connection.settimeout(_left(deadline))
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionAbortedError("closed in the middle of a frame")
        data += part
    return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("too slow")
    return left


def _loads(data: bytes) -> object:
    try:
        value: object = loads(data)
    except NotDeterministicError:
        return None
    return value
