"""The master key, which wraps the keys of the vault: one protocol, and one table from address scheme to its place.

It lives apart from what it wraps: who has the vault file alone has nothing.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from keys import secret_file
from keys.errors import VaultError
from keys.suite import NONCE_SIZE, Suite, suite_named

_KEYS_DURING_RENEWAL = 2


class MasterKey(Protocol):
    """A key-encryption key that can be used and not read. It may be renewed while services run.

    Only the vault file changes it, under its own lock, so that nothing is destroyed that still wraps a key.
    """

    def create(self, suite: Suite) -> None:
        """Make a first master key unless there is one. Raises VaultError."""
        ...

    def wrap(self, secret: bytes, *, about: bytes) -> bytes:
        """Encrypt a key under the newest master key; `about` is needed again to unwrap. Raises VaultError."""
        ...

    def unwrap(self, wrapped: bytes, *, about: bytes) -> bytes:
        """Decrypt a wrapped key; raises VaultError when no master key, or another `about`, wrapped it."""
        ...

    def begin_renewal(self, suite: Suite) -> None:
        """Make a new master key beside the old one; goes on with a renewal that was broken off."""
        ...

    def end_renewal(self) -> None:
        """Destroy every master key but the newest."""
        ...


class FileMasterKey:
    """Master keys in a file of mode 0600, one `suite:hexadecimal digits` a line, the newest last.

    There is one line, and a second one only while the key is renewed. Wraps as A256GCMKW does (RFC 7518 section 4.7):
    GCM rather than RFC 3394, because it binds a wrapped key to its version and use, and works with SM4 too.
    """

    def __init__(self, uri: str) -> None:
        """Keep where the file is; it is read at each use, so that a renewed key counts at once."""
        self._path = Path(unquote(urlsplit(uri).path))

    def create(self, suite: Suite) -> None:
        """Write a first line; see MasterKey."""
        if not self._path.exists():
            self._write([(suite, os.urandom(suite.key_size))])

    def wrap(self, secret: bytes, *, about: bytes) -> bytes:
        """Encrypt under the newest key; see MasterKey."""
        suite, key = self._read()[-1]
        nonce = os.urandom(NONCE_SIZE)
        return nonce + suite.encrypt(key, nonce, secret, about)

    def unwrap(self, wrapped: bytes, *, about: bytes) -> bytes:
        """Decrypt with the key that fits; see MasterKey."""
        nonce, body = wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:]
        if len(nonce) < NONCE_SIZE:
            raise VaultError("a wrapped key was cut")
        for suite, key in reversed(self._read()):
            try:
                return suite.decrypt(key, nonce, body, about)
            except VaultError:
                continue
        raise VaultError(f"the master key in {self._path} does not open this vault, or the vault was changed")

    def begin_renewal(self, suite: Suite) -> None:
        """Add a line; see MasterKey."""
        keys = self._read()
        if len(keys) < _KEYS_DURING_RENEWAL:
            self._write([*keys, (suite, os.urandom(suite.key_size))])

    def end_renewal(self) -> None:
        """Keep the last line; see MasterKey."""
        self._write(self._read()[-1:])

    def _read(self) -> list[tuple[Suite, bytes]]:
        try:
            lines = [line.split(":") for line in secret_file.read(self._path).split()]
            keys = [(suite_named(name), bytes.fromhex(digits)) for name, digits in lines]
        except ValueError as error:
            raise VaultError(f"{self._path} must hold lines of suite:hexadecimal digits") from error
        if not keys or any(len(key) != suite.key_size for suite, key in keys):
            raise VaultError(f"{self._path} holds no whole master key; put its backup back")
        return keys

    def _write(self, keys: list[tuple[Suite, bytes]]) -> None:
        secret_file.replace(self._path, "".join(f"{suite.name}:{key.hex()}\n" for suite, key in keys))


BACKENDS: dict[str, Callable[[str], MasterKey]] = {"file": FileMasterKey}
"""Address scheme to backend; a new place for the master key is one row."""


def open_master_key(uri: str) -> MasterKey:
    """Return the master key at `uri`, for example `file:/etc/city/master`; raises VaultError for another scheme."""
    scheme = urlsplit(uri).scheme
    if scheme not in BACKENDS:
        raise VaultError(f"no place for a master key is called '{scheme}:'; known: {', '.join(sorted(BACKENDS))}")
    return BACKENDS[scheme](uri)
