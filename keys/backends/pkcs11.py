"""Private keys in a hardware security module: `pkcs11:token=city?module-path=/usr/lib/softhsm/libsofthsm2.so`.

The address is that of RFC 7512; the passphrase is the user's PIN. A key is found by its identifier (CKA_ID), is made in
the token and never leaves it. How the token is spoken to is in `keys.backends.hsm`, which needs an optional package.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import unquote

from keys.algorithms import ES256, Algorithm
from keys.errors import BadSignatureError, SignerError
from keys.key import PublicKey, kid_of
from keys.p256 import COORDINATE, compress_p256, lower_half

_SCHEME = "pkcs11:"
_MODULE, _TOKEN, _SERIAL = "module-path", "token", "serial"


@dataclass(frozen=True)
class TokenAddress:
    """Which token of which module: by label, by serial number, or both."""

    module: str
    label: str | None
    serial: str | None


def read_address(uri: str) -> TokenAddress:
    """Read an address; raises SignerError for attributes that are unknown or have no place in it, such as a PIN."""
    path, _, query = uri.removeprefix(_SCHEME).partition("?")
    which, how = _attributes(path, ";"), _attributes(query, "&")
    if unknown := (which.keys() - {_TOKEN, _SERIAL}) | (how.keys() - {_MODULE}):
        # Who does not know an attribute must not find a token at all (RFC 7512 section 2.3), and a PIN stands in a
        # file of its own, never in a setting that may be printed.
        names = ", ".join(sorted(unknown))
        raise SignerError(f"a {_SCHEME} address has {_TOKEN}, {_SERIAL} and {_MODULE}; not {names}")
    if not which or not how.get(_MODULE, "").startswith("/"):
        raise SignerError(f"name a token and its module: {_SCHEME}{_TOKEN}=LABEL?{_MODULE}=/FILE.so")
    return TokenAddress(how[_MODULE], which.get(_TOKEN), which.get(_SERIAL))


def open_key(uri: str, key: PublicKey, passphrase: Callable[[], bytes]) -> Callable[[bytes], bytes]:
    """Find the private half of `key` on the token; raises SignerError."""
    address = read_address(uri)
    _require_supported(key.algorithm)
    token = _hsm()
    token.use(address, passphrase, lambda login: token.find(login, key.kid))

    def sign(message: bytes) -> bytes:
        digest = hashlib.sha256(message).digest()
        raw: bytes = token.use(address, passphrase, lambda login: token.sign(login, key.kid, digest))
        signature = lower_half(int.from_bytes(raw[:COORDINATE]), int.from_bytes(raw[COORDINATE:]))
        try:
            # A fault in the device, or another key under this identifier, is found before anybody has the signature.
            key.verify(signature, message)
        except BadSignatureError as error:
            raise SignerError(f"the token does not hold the private half of key {key.kid.hex()}") from error
        return signature

    return sign


def make_key(uri: str, algorithm: Algorithm, passphrase: Callable[[], bytes]) -> bytes:
    """Make a key that never leaves the token and return its public point; raises SignerError."""
    address = read_address(uri)
    _require_supported(algorithm.name)
    token = _hsm()

    def compressed(point: bytes) -> bytes:
        return compress_p256(point[1 : 1 + COORDINATE], point[1 + COORDINATE :])

    def name(point: bytes) -> bytes:
        return kid_of(algorithm.name, compressed(point))

    point: bytes = token.use(address, passphrase, lambda login: token.make(login, name))
    return compressed(point)


def _require_supported(algorithm: str) -> None:
    if algorithm != ES256.name:
        raise SignerError(f"keys on a token sign by {ES256.name}; a key for {algorithm} lives at another place")


def _attributes(text: str, separator: str) -> dict[str, str]:
    parts = [part.partition("=") for part in text.split(separator) if part]
    if len({name for name, _, _ in parts}) != len(parts):
        raise SignerError(f"an attribute stands twice in the {_SCHEME} address")
    return {name: unquote(value) for name, _, value in parts}


def _hsm() -> ModuleType:
    try:
        from keys.backends import hsm  # noqa: PLC0415 -- optional: who keeps keys elsewhere need not have the package
    except ImportError as error:
        raise SignerError("keys on a token need the package python-pkcs11: pip install 'city-code[pkcs11]'") from error
    return hsm
