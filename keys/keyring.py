"""A folder of keys: the pinned roots, the trust list in force, and the signing keys of this service.

    pinned.json      the roots that this installation trusts, and their threshold; handed over by other means
    trust.cose       the newest trust list
    history/         every trust list, by version, so that nobody who was away misses a step
    signing/<kid>.pem  private keys, encrypted

A new `trust.cose` counts within a second, after it has passed every rule; one that does not pass changes nothing.
"""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from keys.errors import TrustListError
from keys.key import Purpose
from keys.signer import Signer, open_signer
from keys.trustlist import MAX_TRUST_LIST, Root, TrustList, accept, first

PINNED, LIST, HISTORY, SIGNING = "pinned.json", "trust.cose", "history", "signing"

_LOOK_EVERY = 1.0
"""Seconds between two looks at the file."""


class Keyring:
    """The keys of one service. Opens files when first asked, never before."""

    def __init__(self, folder: Path, passphrase: Callable[[], bytes], clock: Callable[[], int]) -> None:
        """Keep where the keys are; `clock` gives epoch seconds."""
        self._folder = folder
        self._passphrase = passphrase
        self._clock = clock
        self._list: TrustList | None = None
        self._stamp: tuple[int, int] | None = None
        self._looked = 0.0
        self._signers: dict[bytes, Signer] = {}

    def trust_list(self) -> TrustList:
        """Return the list in force; raises TrustListError when there has never been a good one."""
        if self._list is None or time.monotonic() - self._looked >= _LOOK_EVERY:
            self._look()
        assert self._list is not None  # noqa: S101 -- _look has raised otherwise
        return self._list

    def signer(self, purpose: Purpose) -> Signer:
        """Return the signer that may sign for `purpose` now; raises KeyNotUsableError or SignerError."""
        key = self.trust_list().signing(purpose, self._clock())
        if key.kid not in self._signers:
            uri = (self._folder / SIGNING / f"{key.kid.hex()}.pem").resolve().as_uri()
            self._signers[key.kid] = open_signer(uri, key, self._passphrase)
        return self._signers[key.kid]

    def _look(self) -> None:
        path = self._folder / LIST
        self._looked = time.monotonic()
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp == self._stamp:
                return
            self._list = self._read(path)
            self._stamp = stamp
        except (OSError, TrustListError) as error:
            if self._list is None:
                raise TrustListError(f"no usable trust list in {self._folder}: {error}") from error
            logging.getLogger("keys").warning("a new trust list was refused: %s", error)

    def _read(self, path: Path) -> TrustList:
        now = self._clock()
        if self._list is None:
            roots, threshold = pinned(self._folder)
            return first(_bytes(path), roots=roots, threshold=threshold, now=now)
        current = self._list
        # Two lists may come between two looks; each is accepted in its order.
        while (following := self._folder / HISTORY / history_name(current.version + 1)).exists():
            current = accept(current, _bytes(following), now=now)
        return accept(current, _bytes(path), now=now)


def history_name(version: int) -> str:
    """Name the file of one version."""
    return f"trust-{version}.cose"


def _bytes(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(MAX_TRUST_LIST + 1)


def pinned(folder: Path) -> tuple[tuple[Root, ...], int]:
    """Read the pinned roots and their threshold; raises TrustListError."""
    try:
        body = json.loads((folder / PINNED).read_text())
        roots = tuple(Root(entry["algorithm"], bytes.fromhex(entry["public"])) for entry in body["roots"])
        return roots, int(body["threshold"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrustListError(f"cannot read {folder / PINNED}") from error
