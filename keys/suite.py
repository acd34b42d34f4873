"""Suites of symmetric cryptography for personal data: a block cipher in GCM with the hash that goes with it.

A key names its suite, so a city moves from one suite to the other as it moves from one key to the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keys.errors import VaultError

NONCE_SIZE = 12
"""Bytes of a GCM nonce (NIST SP 800-38D section 8.2); every other length costs security."""

TAG_SIZE = 16
"""Bytes of a GCM tag; the longest there is."""


@dataclass(frozen=True)
class Suite:
    """A cipher and a hash. `key_size` is in bytes."""

    name: str
    key_size: int
    cipher: Callable[[bytes], BlockCipherAlgorithm]
    hash: Callable[[], HashAlgorithm]

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, about: bytes) -> bytes:
        """Return ciphertext and tag; `about` is authenticated and not encrypted (GCM, NIST SP 800-38D)."""
        encryptor = Cipher(self.cipher(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(about)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, about: bytes) -> bytes:
        """Return the plain bytes; raises VaultError when a byte, the key, the nonce or `about` differs."""
        if len(sealed) < TAG_SIZE:
            raise VaultError("the ciphertext was cut")
        decryptor = Cipher(self.cipher(key), modes.GCM(nonce, sealed[-TAG_SIZE:])).decryptor()
        decryptor.authenticate_additional_data(about)
        try:
            return decryptor.update(sealed[:-TAG_SIZE]) + decryptor.finalize()
        except InvalidTag as error:
            raise VaultError("the ciphertext was changed, moved, or belongs to another key") from error

    def derive(self, secret: bytes, purpose: str, size: int) -> bytes:
        """Derive a key of `size` bytes (HKDF-Expand, RFC 5869 section 2.3; `secret` is random, section 3.3)."""
        return HKDFExpand(self.hash(), size, purpose.encode()).derive(secret)

    def digest(self, key: bytes, message: bytes) -> bytes:
        """Return the HMAC of a message (RFC 2104)."""
        hmac = HMAC(key, self.hash())
        hmac.update(message)
        return hmac.finalize()


AES_256_GCM = Suite("AES-256-GCM", 32, algorithms.AES, SHA256)
"""AES-256 (FIPS 197) with SHA-256."""

SM4_GCM = Suite("SM4-GCM", 16, algorithms.SM4, SM3)
"""SM4 (GB/T 32907) with SM3 (GB/T 32905), for cities under the rules of commercial cryptography."""

SUITES = MappingProxyType({suite.name: suite for suite in (AES_256_GCM, SM4_GCM)})
"""Name to suite; a new suite is one row."""


def suite_named(name: object) -> Suite:
    """Return a suite; raises VaultError."""
    if not isinstance(name, str) or name not in SUITES:
        raise VaultError(f"there is no suite {name!r}; known: {', '.join(SUITES)}")
    return SUITES[name]
