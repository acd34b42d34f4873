"""A folder of keys: the pinned roots, the trust list in force, and the signing keys of this service.

    pinned.json      the roots that this installation trusts, and their threshold; handed over by other means
    trust.cose       the newest trust list
    history/         every trust list, by version, so that nobody who was away misses a step
    signing/<kid>.pem  private keys, encrypted, unless they live at another address

A new `trust.cose` counts within a second, after it has passed every rule; one that does not pass changes nothing.
"""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from keys.errors import SignerError, TrustListError
from keys.key import PublicKey, Purpose
from keys.signer import Signer, open_signer
from keys.trustlist import MAX_TRUST_LIST, Root, TrustList, accept, first, read_unsigned

PINNED, LIST, HISTORY, SIGNING = "pinned.json", "trust.cose", "history", "signing"

_LOOK_EVERY = 1.0
"""Seconds between two looks at the file."""


class Keyring:
    """The keys of one service. Opens files when first asked, never before."""

    def __init__(
        self, folder: Path, passphrase: Callable[[], bytes], clock: Callable[[], int], *, place: str | None = None
    ) -> None:
        """Keep where the keys are; `place` is the address of the private ones, `clock` gives epoch seconds."""
        self._folder = folder
        self._place = place or (folder / SIGNING).resolve().as_uri()
        self._passphrase = passphrase
        self._clock = clock
        self._list: TrustList | None = None
        self._stamp: tuple[int, int] | None = None
        self._looked = 0.0
        self._signers: dict[bytes, Signer] = {}
        self._absent: set[bytes] = set()

    def trust_list(self) -> TrustList:
        """Return the list in force; raises TrustListError when there has never been a good one."""
        if self._list is None or time.monotonic() - self._looked >= _LOOK_EVERY:
            self._look()
        assert self._list is not None  # noqa: S101 -- _look has raised otherwise
        return self._list

    def signed_list(self, version: int) -> bytes:
        """Return a list of the history as its roots signed it; raises TrustListError or OSError when it is not here."""
        return _bytes(self._folder / HISTORY / history_name(version))

    def signer(self, purpose: Purpose) -> Signer:
        """Return the newest key that may sign for `purpose` now and whose private half is here.

        A key that was published and has not arrived stops nothing while an older one may still sign. Raises
        KeyNotUsableError or SignerError.
        """
        keys = self.trust_list().signing(purpose, self._clock())
        for key in keys[:-1]:
            try:
                return self._open(key)
            except SignerError as error:
                self._say_once(key, error)
        return self._open(keys[-1])

    def _open(self, key: PublicKey) -> Signer:
        if key.kid not in self._signers:
            self._signers[key.kid] = open_signer(self._place, key, self._passphrase)
        return self._signers[key.kid]

    def _say_once(self, key: PublicKey, error: SignerError) -> None:
        if key.kid not in self._absent:
            self._absent.add(key.kid)
            logging.getLogger("keys").warning("an older key signs, because %s", error)

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


def follow(folder: Path, *, now: int) -> TrustList:
    """Follow every list from the first to the one in force by all rules but the age; raises TrustListError.

    Roots may have changed on the way: what is pinned now has to be what the chain leads to.
    """
    unsigned = read_unsigned(_bytes(folder / HISTORY / history_name(1)))
    data = _bytes(folder / HISTORY / history_name(1))
    current = first(data, roots=unsigned.roots, threshold=unsigned.threshold, now=now)
    in_force = _bytes(folder / LIST)
    while (following := folder / HISTORY / history_name(current.version + 1)).exists():
        data = _bytes(following)
        current = accept(current, data, now=now)
    if data != in_force:
        raise TrustListError("the list in force is not the last of its history")
    if (current.roots, current.threshold) != pinned(folder):
        raise TrustListError("the pinned roots are not those of the list in force")
    return current


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
