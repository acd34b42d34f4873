"""Who signs: one protocol, and one table from address scheme to the place where private keys live."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from keys.algorithms import Algorithm
from keys.backends import file, pkcs11, process
from keys.errors import SignerError
from keys.key import PublicKey


class Signer(Protocol):
    """A private key that can be used and not read."""

    @property
    def key(self) -> PublicKey:
        """The public half, with purpose and times."""
        ...

    def sign(self, message: bytes, *, now: int) -> bytes:
        """Sign `message` at `now` (epoch seconds); raises KeyNotUsableError outside the key's signing time."""
        ...


@dataclass(frozen=True)
class KeySigner:
    """A signer made of a public key and a function that signs."""

    key: PublicKey
    raw_sign: Callable[[bytes], bytes]

    def sign(self, message: bytes, *, now: int) -> bytes:
        """Sign `message`; see Signer."""
        self.key.require_signing(now)
        return self.raw_sign(message)


@dataclass(frozen=True)
class Backend:
    """A place for private keys. Both functions take its address, and ask for the passphrase only if they need it.

    `open` finds the private half of a key and returns a function that signs; `make` makes a new key there and returns
    its public point. Both raise SignerError.
    """

    open: Callable[[str, PublicKey, Callable[[], bytes]], Callable[[bytes], bytes]]
    make: Callable[[str, Algorithm, Callable[[], bytes]], bytes]


BACKENDS = {
    "file": Backend(file.open_key, file.make_key),
    "pkcs11": Backend(pkcs11.open_key, pkcs11.make_key),
    "process": Backend(process.open_key, process.make_key),
}
"""Address scheme to backend; a new place for keys is one row."""


def open_signer(uri: str, key: PublicKey, passphrase: Callable[[], bytes]) -> Signer:
    """Open the private half of `key` at the place `uri`, for example `file:/var/lib/city/keys/signing`.

    Raises SignerError when it cannot be opened or does not belong to `key`.
    """
    return KeySigner(key, backend_of(uri).open(uri, key, passphrase))


def backend_of(uri: str) -> Backend:
    """Find the backend of an address; raises SignerError."""
    scheme = urlsplit(uri).scheme
    if scheme not in BACKENDS:
        raise SignerError(f"no key backend for '{scheme}:'; known: {', '.join(sorted(BACKENDS))}")
    return BACKENDS[scheme]
