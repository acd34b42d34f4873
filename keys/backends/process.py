"""Private keys that another process uses, and only for what it understands: `process:/run/city/signer.sock`.

A connection is made for each request, so that a forked worker shares nothing with its parent. The process is
`keys.signing_server`.
"""

import socket
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from keys import signing_protocol
from keys.algorithms import Algorithm
from keys.errors import BadSignatureError, SignerError
from keys.key import PublicKey

TIMEOUT = 3.0
"""Seconds from the connection to the answer: a slow hardware module takes less, a caller does not wait longer."""

PAUSE = 0.2
"""Seconds before a signer process that does not answer is asked once more: it may be starting anew."""


def open_key(uri: str, key: PublicKey, _passphrase: Callable[[], bytes]) -> Callable[[bytes], bytes]:
    """Ask the process whether it has the private half of `key`; raises SignerError."""
    path = _path(uri)
    sign_all(path, key, [])
    return lambda message: sign_all(path, key, [message])[0]


def make_key(uri: str, algorithm: Algorithm, _passphrase: Callable[[], bytes]) -> bytes:
    """Refuse: keys are made where they live."""
    raise SignerError(f"{uri} makes no {algorithm.name} keys; make them at the place that the signer process opens")


def sign_all(path: str, key: PublicKey, messages: list[bytes]) -> list[bytes]:
    """Have messages signed by one request, all or none; raises SignerError, RefusedError for what is never signed."""
    signatures = _ask(path, key.kid, messages)
    try:
        for signature, message in zip(signatures, messages, strict=True):
            key.verify(signature, message)
    except BadSignatureError as error:
        raise SignerError("the signer process gives signatures that do not verify") from error
    return signatures


def _ask(path: str, kid: bytes, messages: list[bytes]) -> list[bytes]:
    request = signing_protocol.write_request(kid, messages)
    try:
        answer = _exchange(path, request)
    except TimeoutError as error:
        # Who has too much to do is not helped by being asked again.
        raise SignerError("the signer process does not answer in time") from error
    except OSError:
        time.sleep(PAUSE)
        try:
            answer = _exchange(path, request)
        except OSError as error:
            raise SignerError(f"the signer process does not answer: {type(error).__name__}") from error
    return signing_protocol.read_answer(answer, len(messages))


def _exchange(path: str, request: bytes) -> bytes:
    deadline = time.monotonic() + TIMEOUT
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(path)
        signing_protocol.send(connection, request, deadline)
        return signing_protocol.receive(connection, deadline)


def _path(uri: str) -> str:
    path = unquote(urlsplit(uri).path)
    if not path.startswith("/"):
        raise SignerError("name the socket of the signer process by its whole path: process:/run/city/signer.sock")
    return path
