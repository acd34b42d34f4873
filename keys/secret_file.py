"""Files that only their owner can read: read with a limit, replaced in one step, changed by one hand at a time."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.errors import VaultError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LONGEST = 1 << 18
"""Bytes of the longest file: 510 wrapped keys are less than half of it."""


def read(path: Path) -> str:
    """Read a file of mode 0600; raises VaultError that says what to do."""
    try:
        with path.open("rb") as source:
            mode, body = os.fstat(source.fileno()).st_mode, source.read(_LONGEST + 1)
    except OSError as error:
        raise VaultError(f"cannot read {path}: {error.strerror}") from error
    if mode & _OTHERS:
        raise VaultError(f"{path} is open to others; run: chmod 600 {path}")
    if not body.strip():
        raise VaultError(f"{path} is empty; put its backup back")
    if len(body) > _LONGEST:
        raise VaultError(f"{path} is longer than any file of this kind; put its backup back")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise VaultError(f"{path} is not text; put its backup back") from error


def replace(path: Path, text: str) -> None:
    """Put `text` in the place of a file, wholly or not at all; a replaced file keeps its owner. Raises VaultError."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as target:
            os.fchmod(descriptor, 0o600)
            if path.exists():
                # The service often runs under another user than the operator's.
                before = path.stat()
                os.fchown(descriptor, before.st_uid, before.st_gid)
            target.write(text)
            target.flush()
            os.fsync(descriptor)
        fresh.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise VaultError(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other operators' commands away from a file's folder for the time of a change; raises VaultError."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise VaultError(f"cannot read {path.parent}: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    # A new name lasts over a power cut only when its folder has reached the disk too.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
