"""Field encryption and blind index for personal data.

A field is sealed with AES-256-GCM or SM4-GCM under a random 96-bit nonce; the associated data binds the ciphertext to
its table, column and row, so it cannot be moved. The blind index is an HMAC over the normalised value: equal values
meet, nobody without the key can try a dictionary. Every ciphertext and every index starts with the version of its key.

GCM with random nonces bears 2^32 messages under one key (NIST SP 800-38D section 8.3). Nobody can count messages over
many machines and kills, so none shares a key: each place has one of its own, derived from the data key.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from keys.errors import VaultError
from keys.suite import NONCE_SIZE, TAG_SIZE, Suite

SECRET_SIZE = 32
"""Bytes of a data key or index key, in every suite."""

FIRST_VERSION, LAST_VERSION = 1, 255
_VERSION_SIZE = 1
_SHORTEST = _VERSION_SIZE + NONCE_SIZE + TAG_SIZE


class Use(StrEnum):
    """What a key of the vault is for; each use has versions of its own."""

    DATA = "data"
    INDEX = "index"


@dataclass(frozen=True)
class VaultKey:
    """One version of a key. It is known from the start and writes from `active_from` (epoch seconds) on."""

    version: int
    suite: Suite
    active_from: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise VaultError unless version and secret have their size."""
        if not FIRST_VERSION <= self.version <= LAST_VERSION:
            raise VaultError(f"the version of a key lies between {FIRST_VERSION} and {LAST_VERSION}")
        if len(self.secret) != SECRET_SIZE:
            raise VaultError(f"a key of the vault has {SECRET_SIZE} bytes")


@dataclass(frozen=True)
class VaultKeys:
    """The keys of a vault, each use in the order of its versions."""

    data: tuple[VaultKey, ...]
    index: tuple[VaultKey, ...]

    def __post_init__(self) -> None:
        """Raise VaultError unless each use has a key and its versions rise."""
        for keys in (self.data, self.index):
            versions = [key.version for key in keys]
            if not versions or versions != sorted(set(versions)):
                raise VaultError("a vault needs a data key and an index key, and versions that rise")

    def of(self, use: Use) -> tuple[VaultKey, ...]:
        """Return the keys of one use, oldest first."""
        return self.data if use is Use.DATA else self.index

    def active(self, use: Use, now: int) -> VaultKey:
        """Return the newest key that may write at `now`; the oldest when a clock is so slow that none may."""
        keys = self.of(use)
        return next((key for key in reversed(keys) if key.active_from <= now), keys[0])


class Vault:
    """Seals and opens personal data with the keys in force at the moment."""

    def __init__(
        self, keys: Callable[[], VaultKeys], clock: Callable[[], int], look: Callable[[], VaultKeys] | None = None
    ) -> None:
        """Keep where keys come from; `look` fetches the newest ones at once, `clock` gives epoch seconds."""
        self._keys = keys
        self._clock = clock
        self._look = look or keys

    def seal(self, plain: str, *, place: str) -> bytes:
        """Encrypt `plain`; `place` names table, column and row and is needed again to open."""
        key = self._keys().active(Use.DATA, self._clock())
        nonce = os.urandom(NONCE_SIZE)
        sealed = key.suite.encrypt(_field_key(key, place), nonce, plain.encode(), place.encode())
        return bytes([key.version]) + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> str:
        """Decrypt; raises VaultError when the key, the place or a byte differs."""
        if len(sealed) < _SHORTEST:
            raise VaultError("no key for this field")
        key = self._version(Use.DATA, sealed[0])
        nonce, body = sealed[_VERSION_SIZE : _VERSION_SIZE + NONCE_SIZE], sealed[_VERSION_SIZE + NONCE_SIZE :]
        try:
            return key.suite.decrypt(_field_key(key, place), nonce, body, place.encode()).decode()
        except VaultError as error:
            raise VaultError("the field was changed or moved") from error

    def index(self, plain: str, *, kind: str) -> bytes:
        """Return the blind index to write for a normalised value; `kind` keeps phones and ID numbers apart."""
        return _index(self._keys().active(Use.INDEX, self._clock()), plain, kind)

    def indexes(self, plain: str, *, kind: str) -> list[bytes]:
        """Return every blind index that may have been written for a value, newest first: what to look for."""
        return [_index(key, plain, kind) for key in reversed(self._keys().index)]

    def secret(self, plain: str, *, kind: str, at: int) -> bytes:
        """Return 32 bytes that nobody else can make of a value, under the index key that wrote at `at`.

        For a moment that has passed they are the same for everybody, whatever keys were made since.
        """
        return _index(self._keys().active(Use.INDEX, at), plain, kind)[_VERSION_SIZE:]

    def matches(self, index: bytes, plain: str, *, kind: str) -> bool:
        """Whether `index` was made of `plain`, under whichever key of the vault; takes the same time for each."""
        try:
            key = self._version(Use.INDEX, index[0] if index else 0)
        except VaultError:
            return False
        return hmac.compare_digest(index, _index(key, plain, kind))

    def active(self) -> tuple[int, int]:
        """Return the versions of the data key and the index key that write now."""
        keys, now = self._keys(), self._clock()
        return keys.active(Use.DATA, now).version, keys.active(Use.INDEX, now).version

    def _version(self, use: Use, version: int) -> VaultKey:
        # A version that is not known here was made a moment ago: somebody else has looked earlier.
        for keys in (self._keys, self._look):
            for key in keys().of(use):
                if key.version == version:
                    return key
        raise VaultError("no key for this field")


def _field_key(key: VaultKey, place: str) -> bytes:
    return key.suite.derive(key.secret, f"city code v1 field {place}", key.suite.key_size)


def _index(key: VaultKey, plain: str, kind: str) -> bytes:
    index_key = key.suite.derive(key.secret, f"city code v1 blind index {kind}", SECRET_SIZE)
    return bytes([key.version]) + key.suite.digest(index_key, plain.encode())
