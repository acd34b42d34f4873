"""Field encryption and blind index for personal data.

AES-256-GCM with a random 96-bit nonce; the associated data binds a ciphertext to its table, column and row, so it
cannot be moved. The blind index is HMAC-SHA-256 over the normalised value: equal values meet, nobody without the key
can try a dictionary. Every ciphertext and index starts with the version of its key.
"""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.errors import VaultError

SECRET_SIZE = 32
_NONCE = 12
_VERSION = 1
_LAST_VERSION = 255
_SHORTEST = _VERSION + _NONCE + 16


@dataclass(frozen=True)
class Vault:
    """Seals and opens personal data. `secrets` maps key versions (1 to 255) to 32 random bytes; the highest seals."""

    secrets: Mapping[int, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Raise VaultError unless there is at least one secret of full size."""
        if not self.secrets or any(len(secret) != SECRET_SIZE for secret in self.secrets.values()):
            raise VaultError(f"a vault needs at least one secret of {SECRET_SIZE} bytes")
        if not all(1 <= version <= _LAST_VERSION for version in self.secrets):
            raise VaultError(f"the version of a secret lies between 1 and {_LAST_VERSION}")

    def seal(self, plain: str, *, place: str) -> bytes:
        """Encrypt `plain`; `place` names table, column and row and is needed again to open."""
        version = max(self.secrets)
        nonce = os.urandom(_NONCE)
        sealed = self._cipher(version).encrypt(nonce, plain.encode(), place.encode())
        return bytes([version]) + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> str:
        """Decrypt; raises VaultError when the key, the place or a byte differs."""
        if len(sealed) < _SHORTEST or sealed[0] not in self.secrets:
            raise VaultError("no key for this field")
        try:
            nonce, body = sealed[_VERSION : _VERSION + _NONCE], sealed[_VERSION + _NONCE :]
            return self._cipher(sealed[0]).decrypt(nonce, body, place.encode()).decode()
        except InvalidTag as error:
            raise VaultError("the field was changed or moved") from error

    def index(self, plain: str, *, kind: str) -> bytes:
        """Return the blind index of a normalised value; `kind` keeps phone numbers and ID numbers apart."""
        version = min(self.secrets)
        key = _derive(self.secrets[version], f"blind index {kind}")
        return bytes([version]) + hmac.digest(key, plain.encode(), sha256)

    def _cipher(self, version: int) -> AESGCM:
        return AESGCM(_derive(self.secrets[version], "field"))


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), SECRET_SIZE, salt=None, info=f"city code v1 {purpose}".encode()).derive(secret)
