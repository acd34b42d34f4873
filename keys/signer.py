"""Who signs: one protocol, and one table from address scheme to the place where a private key lives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from keys.backends import file
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


BACKENDS: dict[str, Callable[[str, PublicKey, Callable[[], bytes]], Callable[[bytes], bytes]]] = {
    "file": file.open_key,
}
"""Address scheme to backend; a new place for keys is one row."""


def open_signer(uri: str, key: PublicKey, passphrase: Callable[[], bytes]) -> Signer:
    """Open the private half of `key` at `uri`, for example `file:/var/lib/city/grant.pem`.

    Raises SignerError when it cannot be opened or does not belong to `key`.
    """
    scheme = urlsplit(uri).scheme
    if scheme not in BACKENDS:
        raise SignerError(f"no key backend for '{scheme}:'; known: {', '.join(sorted(BACKENDS))}")
    return KeySigner(key, BACKENDS[scheme](uri, key, passphrase))
