"""The ceremony: roots and their shares, the first trust list, and every later one. Works with no network."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from keys import rotation, trustlist
from keys.algorithms import ES256, sign_p256
from keys.backends.file import compressed, read_private_key, write_private_key
from keys.errors import SignerError, TrustListError
from keys.key import PublicKey, Purpose, kid_of
from keys.keyring import HISTORY, LIST, PINNED, SIGNING, history_name, pinned
from keys.trustlist import Root, TrustList

ROOTS = "roots"
LIST_LIFE = 90 * 24 * 3600
"""Seconds a trust list is valid: three months, so that a forgotten renewal shows in a calendar, not in a queue."""

KEY_LIFE = 365 * 24 * 3600
"""Seconds a key signs."""

VERIFY_AFTER = 7 * 24 * 3600
"""Seconds a key verifies after its last signature: longer than the longest grant."""


def begin(  # noqa: PLR0913 -- the parameters of one ceremony
    folder: Path,
    *,
    root_passphrases: Mapping[str, bytes],
    threshold: int,
    signing_passphrase: bytes,
    now: int,
    lifetime: int = LIST_LIFE,
) -> TrustList:
    """Make roots, one key for each purpose, and the first list.

    `root_passphrases` maps the name of each root holder to the passphrase of their share. Raises SignerError when a
    file exists, TrustListError when the threshold cannot be reached.
    """
    _require_possible(folder, root_passphrases, threshold, signing_passphrase)
    for part in (folder, folder / ROOTS, folder / SIGNING):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    roots = []
    for name, passphrase in root_passphrases.items():
        private = ec.generate_private_key(ec.SECP256R1())
        write_private_key(root_path(folder, name), private, passphrase)
        roots.append(Root(ES256.name, compressed(private.public_key())))
    keys = [
        make_key(folder, purpose, signing_passphrase, sign_from=now, sign_until=now + KEY_LIFE) for purpose in Purpose
    ]
    first = rotation.begin(tuple(roots), threshold, keys, now=now, lifetime=lifetime)
    pin = {
        "threshold": threshold,
        "roots": [{"algorithm": root.algorithm, "public": root.public.hex()} for root in roots],
    }
    (folder / PINNED).write_text(json.dumps(pin, indent=2) + "\n")
    sign_list(folder, first, dict(list(root_passphrases.items())[:threshold]))
    return first


def make_key(folder: Path, purpose: Purpose, passphrase: bytes, *, sign_from: int, sign_until: int) -> PublicKey:
    """Make a signing key in `folder` and return its public half."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = compressed(private.public_key())
    kid = kid_of(ES256.name, public)
    write_private_key(folder / SIGNING / f"{kid.hex()}.pem", private, passphrase)
    return PublicKey(kid, ES256.name, purpose, public, sign_from, sign_until, sign_until + VERIFY_AFTER)


def read_list(folder: Path, *, now: int) -> TrustList:
    """Read the list in force as a new verifier would; raises TrustListError."""
    roots, threshold = pinned(folder)
    try:
        data = (folder / LIST).read_bytes()
    except OSError as error:
        raise TrustListError(f"cannot read {folder / LIST}: {error.strerror}") from error
    return trustlist.first(data, roots=roots, threshold=threshold, now=now)


def sign_list(folder: Path, trust_list: TrustList, root_passphrases: Mapping[str, bytes]) -> None:
    """Sign a list with the named roots and put it in force; the file changes in one step.

    Raises TrustListError, and changes nothing, when a verifier that holds the list in force would refuse it.
    """
    signers = [_open_root(folder, name, passphrase) for name, passphrase in root_passphrases.items()]
    data = trustlist.sign(trustlist.write(trust_list), signers)
    _require_acceptable(folder, data, trust_list.issued)
    (folder / HISTORY).mkdir(mode=0o700, exist_ok=True)
    _write(folder / HISTORY / history_name(trust_list.version), data)
    _write(folder / LIST, data)


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
    fresh.replace(path)


def _require_possible(
    folder: Path, root_passphrases: Mapping[str, bytes], threshold: int, signing_passphrase: bytes
) -> None:
    # Everything that can be refused is refused before the first file is written.
    if not 1 <= threshold <= len(root_passphrases):
        raise TrustListError("the threshold must lie between one and the number of roots")
    if not signing_passphrase or not all(root_passphrases.values()):
        raise SignerError("an empty passphrase protects nothing; give one")
    for path in [*(root_path(folder, name) for name in root_passphrases), folder / PINNED, folder / LIST]:
        if path.exists():
            raise SignerError(f"{path} exists; hold the ceremony in an empty folder")


def _require_acceptable(folder: Path, data: bytes, now: int) -> None:
    roots, threshold = pinned(folder)
    if (folder / LIST).exists():
        trustlist.accept(read_list(folder, now=now), data, now=now)
    else:
        trustlist.first(data, roots=roots, threshold=threshold, now=now)


def root_path(folder: Path, name: str) -> Path:
    """Where a holder's share lies; raises TrustListError for a name that is no plain word."""
    if not name.replace("-", "").isalnum():
        raise TrustListError(f"'{name}' cannot name a root; use letters, digits and dashes")
    return folder / ROOTS / f"{name}.pem"


def in_words(trust_list: TrustList, now: int) -> list[str]:
    """Say what a list says, one line each."""
    lines = [
        f"version {trust_list.version}, {_left(trust_list.expires - now)}",
        f"{trust_list.threshold} of {len(trust_list.roots)} roots must sign",
    ]
    for key in sorted(trust_list.keys.values(), key=lambda key: (key.purpose, key.sign_from)):
        state = "killed" if key.kid in trust_list.killed else key.state(now)
        lines.append(f"{key.purpose:<10} {key.algorithm} {key.kid.hex()} {state}, signs {_left(key.sign_until - now)}")
    return lines


def _left(seconds: int) -> str:
    return f"for {seconds // 86400} more days" if seconds > 0 else "no more"


def _open_root(folder: Path, name: str, passphrase: bytes) -> tuple[Root, Callable[[bytes], bytes]]:
    private = read_private_key(root_path(folder, name), passphrase)
    return Root(ES256.name, compressed(private.public_key())), lambda message: sign_p256(private, message)
