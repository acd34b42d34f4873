"""The vault file: data keys and index keys, each wrapped by the master key; and the changes an operator makes to it.

    {"keys": [{"use": "data", "version": 1, "suite": "AES-256-GCM", "active_from": 0, "wrapped": "..."}, ...]}

Everything said of a key is authenticated with it: nobody without the master key can swap versions, uses or times.
A changed file counts within a second, after it has been unwrapped; one that cannot be changes nothing.
"""

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from keys import secret_file
from keys.errors import VaultError
from keys.master import MasterKey
from keys.suite import Suite, suite_named
from keys.vault import FIRST_VERSION, LAST_VERSION, SECRET_SIZE, Use, VaultKey, VaultKeys

ACTIVE_AFTER = 5
"""Seconds from making a key until it writes: every worker has looked at the file before."""

REST = 60
"""Seconds from a successor's first writing until a key may go: the longest transaction has ended before."""

_LOOK_EVERY = 1.0
"""Seconds between two looks at the file."""


class VaultFile:
    """The vault file of one service. Opens it when first asked, never before."""

    def __init__(self, path: Path, master: MasterKey) -> None:
        """Keep where the file is and who unwraps it."""
        self._path = path
        self._master = master
        self._keys: VaultKeys | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._looked = 0.0

    def keys(self) -> VaultKeys:
        """Return the keys in force; raises VaultError when there has never been a good file."""
        if self._keys is None or time.monotonic() - self._looked >= _LOOK_EVERY:
            return self.look()
        return self._keys

    def look(self) -> VaultKeys:
        """Look at the file now and return the keys in force; raises VaultError as `keys` does."""
        self._looked = time.monotonic()
        try:
            stamp = self._changed()
            if self._keys is None or stamp != self._stamp:
                self._keys = self._read()
                self._stamp = stamp
        except VaultError as error:
            if self._keys is None:
                raise
            logging.getLogger("keys").warning("a changed vault file was refused: %s", error)
        return self._keys

    def create(self, suite: Suite) -> None:
        """Make a vault with a first data key and index key, and a master key where there is none.

        Raises VaultError when the file exists: it may be all that opens a database.
        """
        with secret_file.alone(self._path):
            if self._path.exists():
                raise VaultError(f"{self._path} exists; a vault is never overwritten")
            self._master.create(suite)
            first = VaultKey(FIRST_VERSION, suite, 0, os.urandom(SECRET_SIZE))
            _write(self._path, self._master, VaultKeys((first,), (replace(first, secret=os.urandom(SECRET_SIZE)),)))

    def rotate(self, use: Use, suite: Suite | None, *, now: int, after: int = ACTIVE_AFTER) -> VaultKey:
        """Add a key that writes `after` seconds from `now`; without `suite`, in that of its predecessor.

        Raises VaultError when one waits already, or after the last version.
        """

        def add(keys: VaultKeys) -> VaultKeys:
            newest = keys.of(use)[-1]
            if newest.active_from > now:
                raise VaultError(f"{use} key {newest.version} has not begun to write; one key after the other")
            if newest.version == LAST_VERSION:
                raise VaultError(f"{LAST_VERSION} is the last version of a key; make a new vault")
            made = VaultKey(newest.version + 1, suite or newest.suite, now + after, os.urandom(SECRET_SIZE))
            return _with(keys, use, (*keys.of(use), made))

        return self._change(add).of(use)[-1]

    def retire(self, use: Use, version: int, *, now: int) -> None:
        """Destroy a key that no row needs any more, which the caller has made sure of.

        Raises VaultError for an unknown version, and until the successor has written for `REST` seconds.
        """

        def drop(keys: VaultKeys) -> VaultKeys:
            if version not in {key.version for key in keys.of(use)}:
                raise VaultError(f"there is no {use} key {version}")
            active = keys.active(use, now)
            if version >= active.version:
                raise VaultError(f"{use} key {version} writes, or is about to; rotate first")
            if now < active.active_from + REST:
                raise VaultError(f"{use} key {version} may still be in use; wait {active.active_from + REST - now} s")
            return _with(keys, use, tuple(key for key in keys.of(use) if key.version != version))

        self._change(drop)

    def rewrap(self) -> None:
        """Renew the master key and wrap every key anew; may be broken off anywhere and run again. Raises VaultError."""
        # One lock over all three: a second renewal in between could destroy the key that wraps the file.
        with secret_file.alone(self._path):
            keys = _read(self._path, self._master)
            self._master.begin_renewal(keys.data[-1].suite)
            _write(self._path, self._master, keys)
            self._master.end_renewal()

    def _change(self, change: Callable[[VaultKeys], VaultKeys]) -> VaultKeys:
        with secret_file.alone(self._path):
            changed = change(_read(self._path, self._master))
            _write(self._path, self._master, changed)
        return self.look()

    def _read(self) -> VaultKeys:
        stamp = self._changed()
        try:
            return _read(self._path, self._master)
        except VaultError:
            # A renewal of the master key may have come between the reading of vault and master key.
            if self._changed() == stamp:
                raise
            return _read(self._path, self._master)

    def _changed(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError as error:
            raise VaultError(f"cannot read {self._path}: {error.strerror}") from error
        return status.st_mtime_ns, status.st_size, status.st_ino


def _with(keys: VaultKeys, use: Use, of_use: tuple[VaultKey, ...]) -> VaultKeys:
    return replace(keys, data=of_use) if use is Use.DATA else replace(keys, index=of_use)


def _read(path: Path, master: MasterKey) -> VaultKeys:
    try:
        entries = [(Use(entry["use"]), entry) for entry in json.loads(secret_file.read(path))["keys"]]
        found = {use: tuple(_unwrap(use, entry, master) for its, entry in entries if its is use) for use in Use}
    except (ValueError, TypeError, KeyError) as error:
        raise VaultError(f"{path} is not a whole vault file; put its backup back") from error
    return VaultKeys(found[Use.DATA], found[Use.INDEX])


def _unwrap(use: Use, entry: dict[str, object], master: MasterKey) -> VaultKey:
    suite, version, active_from = suite_named(entry["suite"]), entry["version"], entry["active_from"]
    if type(version) is not int or type(active_from) is not int:
        raise TypeError
    about = _about(use, version, suite, active_from)
    return VaultKey(version, suite, active_from, master.unwrap(bytes.fromhex(str(entry["wrapped"])), about=about))


def _write(path: Path, master: MasterKey, keys: VaultKeys) -> None:
    entries = [_wrap(use, key, master) for use in Use for key in keys.of(use)]
    secret_file.replace(path, json.dumps({"keys": entries}, indent=1) + "\n")


def _wrap(use: Use, key: VaultKey, master: MasterKey) -> dict[str, object]:
    wrapped = master.wrap(key.secret, about=_about(use, key.version, key.suite, key.active_from))
    return {
        "use": use.value,
        "version": key.version,
        "suite": key.suite.name,
        "active_from": key.active_from,
        "wrapped": wrapped.hex(),
    }


def _about(use: Use, version: int, suite: Suite, active_from: int) -> bytes:
    return f"city code v1 vault {use} {version} {suite.name} {active_from}".encode()
