"""Private keys in encrypted PKCS#8 files, readable by their owner only: `file:/folder`, one file a key."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from keys.algorithms import Algorithm, PrivateKey, algorithm_named
from keys.errors import BadKeyError, SignerError
from keys.key import PublicKey, kid_of

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_key(uri: str, key: PublicKey, passphrase: Callable[[], bytes]) -> Callable[[bytes], bytes]:
    """Open the private half of `key` in the folder named by `uri`; raises SignerError."""
    path = _path(uri, key.kid)
    private = read_private_key(path, algorithm_named(key.algorithm), passphrase())
    if private.public != key.public:
        raise SignerError(f"{path} does not hold the private half of key {key.kid.hex()}")
    return lambda message: private.sign(message, key.identity)


def make_key(uri: str, algorithm: Algorithm, passphrase: Callable[[], bytes]) -> bytes:
    """Make a key in the folder named by `uri` and return its public point; raises SignerError."""
    private = algorithm.generate()
    path = _path(uri, kid_of(algorithm.name, private.public))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private_key(path, private, passphrase())
    return private.public


def read_private_key(path: Path, algorithm: Algorithm, passphrase: bytes) -> PrivateKey:
    """Read an encrypted key; raises SignerError on a wrong mode, passphrase or algorithm."""
    try:
        mode = path.stat().st_mode
        pem = path.read_bytes()
    except OSError as error:
        raise SignerError(f"cannot read {path}: {error.strerror}") from error
    if mode & _OTHERS:
        raise SignerError(f"{path} is open to others; run: chmod 600 {path}")
    try:
        return algorithm.read_pem(pem, passphrase)
    except BadKeyError as error:
        raise SignerError(f"{path}: {error}") from error


def write_private_key(path: Path, private: PrivateKey, passphrase: bytes) -> None:
    """Write a new encrypted key file with mode 0600; raises SignerError when the file exists or no passphrase."""
    if not passphrase:
        raise SignerError("an empty passphrase protects nothing; give one")
    pem = private.to_pem(passphrase)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SignerError(f"{path} exists; a key is never overwritten") from error
    with os.fdopen(descriptor, "wb") as target:
        target.write(pem)


def _path(uri: str, kid: bytes) -> Path:
    return Path(unquote(urlsplit(uri).path)) / f"{kid.hex()}.pem"
