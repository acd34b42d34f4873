"""Private keys in encrypted PKCS#8 files, readable by their owner only."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from keys.algorithms import ES256, sign_p256
from keys.errors import SignerError
from keys.key import PublicKey

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_key(uri: str, key: PublicKey, passphrase: Callable[[], bytes]) -> Callable[[bytes], bytes]:
    """Open the private half of `key` in the file named by `uri`; raises SignerError."""
    path = Path(unquote(urlsplit(uri).path))
    private = read_private_key(path, passphrase())
    if compressed(private.public_key()) != key.public:
        raise SignerError(f"{path} does not hold the private half of key {key.kid.hex()}")
    if key.algorithm != ES256.name:
        raise SignerError(f"a file cannot sign with {key.algorithm}")
    return lambda message: sign_p256(private, message)


def read_private_key(path: Path, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
    """Read an encrypted P-256 key; raises SignerError on a wrong mode, passphrase or curve."""
    try:
        mode = path.stat().st_mode
        pem = path.read_bytes()
    except OSError as error:
        raise SignerError(f"cannot read {path}: {error.strerror}") from error
    if mode & _OTHERS:
        raise SignerError(f"{path} is open to others; run: chmod 600 {path}")
    try:
        private = load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:
        raise SignerError(f"{path}: wrong passphrase, or not an encrypted PKCS#8 key") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise SignerError(f"{path} holds no P-256 key")
    return private


def write_private_key(path: Path, private: ec.EllipticCurvePrivateKey, passphrase: bytes) -> None:
    """Write a new encrypted key file with mode 0600; raises SignerError when the file exists or no passphrase."""
    if not passphrase:
        raise SignerError("an empty passphrase protects nothing; give one")
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SignerError(f"{path} exists; a key is never overwritten") from error
    with os.fdopen(descriptor, "wb") as target:
        target.write(pem)


def compressed(public: ec.EllipticCurvePublicKey) -> bytes:
    """Write a public key as a compressed point."""
    return public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
