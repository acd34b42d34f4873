"""The ceremony: roots and their shares, the first trust list, and every later one. Works with no network.

A later list begins as a proposal, `proposed.cose`, that root holders sign one after the other, each where their share
is; with the last signature that the threshold asks for it is in force. What a rule refuses nobody is asked to sign.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keys import rotation, trustlist
from keys.algorithms import ES256, Algorithm, algorithm_named
from keys.backends.file import read_private_key, write_private_key
from keys.cose import Sign
from keys.errors import SignerError, TrustListError
from keys.key import PublicKey, Purpose, kid_of
from keys.keyring import HISTORY, LIST, PINNED, SIGNING, history_name, pinned
from keys.signer import backend_of
from keys.trustlist import Root, TrustList

ROOTS, PROPOSED = "roots", "proposed.cose"
LIST_LIFE = 90 * 24 * 3600
"""Seconds a trust list is valid: three months, so that a forgotten renewal shows in a calendar, not in a queue."""

KEY_LIFE = 365 * 24 * 3600
"""Seconds a key signs."""

VERIFY_AFTER = 7 * 24 * 3600
"""Seconds a key verifies after its last signature: longer than the longest grant."""

IN_RESERVE = 1
"""Keys of each purpose besides the one that signs, so that verifiers offline know the next before it is needed."""


@dataclass(frozen=True)
class Place:
    """Where signing keys are made: an address of `keys.signer`, and the passphrase or PIN it asks for."""

    uri: str
    passphrase: bytes = field(repr=False)
    suite: Algorithm = ES256
    identity: bytes = b""

    def make_key(self, purpose: Purpose, *, sign_from: int, sign_until: int) -> PublicKey:
        """Make a signing key at this place and return its public half; raises SignerError."""
        public = backend_of(self.uri).make(self.uri, self.suite, lambda: self.passphrase)
        kid = kid_of(self.suite.name, public)
        verify_until = sign_until + VERIFY_AFTER
        return PublicKey(kid, self.suite.name, purpose, public, sign_from, sign_until, verify_until, self.identity)


def signing_folder(folder: Path) -> str:
    """Return the address of the signing keys that live in files beside the list."""
    return (folder / SIGNING).resolve().as_uri()


def begin(  # noqa: PLR0913 -- the parameters of one ceremony
    folder: Path,
    place: Place,
    *,
    root_passphrases: Mapping[str, bytes],
    threshold: int,
    now: int,
    lifetime: int = LIST_LIFE,
) -> TrustList:
    """Make roots, for each purpose a key that signs and one in reserve, and the first list.

    `root_passphrases` maps the name of each root holder to the passphrase of their share. Raises SignerError when a
    file exists, TrustListError when the threshold cannot be reached.
    """
    _require_possible(folder, place, root_passphrases, threshold)
    for part in (folder, folder / ROOTS):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = [
        place.make_key(purpose, sign_from=now, sign_until=now + KEY_LIFE)
        for purpose in Purpose
        for _ in range(1 + IN_RESERVE)
    ]
    shares = _make_shares(folder, place.suite, root_passphrases)
    made = rotation.begin(tuple(root for root, _ in shares), threshold, keys, now=now, lifetime=lifetime)
    _pin(folder, made)
    _put_in_force(folder, made, trustlist.sign(trustlist.write(made), shares[:threshold]))
    return made


def change_roots(
    folder: Path, root_passphrases: Mapping[str, bytes], threshold: int, *, suite: Algorithm, now: int
) -> TrustList:
    """Make new roots, whose holders sign at once, and propose the list that names them; the old roots sign next."""
    current = read_list(folder, now=now)
    _require_new(folder, root_passphrases)
    rotation.require_reachable(len(root_passphrases), threshold)
    shares = _make_shares(folder, suite, root_passphrases)
    offered = rotation.change_roots(current, tuple(root for root, _ in shares), threshold, now=now, lifetime=LIST_LIFE)
    propose(folder, offered, now=now)
    _sign_proposal(folder, shares[:threshold], now)
    return offered


def read_list(folder: Path, *, now: int) -> TrustList:
    """Read the list in force as a new verifier would; raises TrustListError."""
    roots, threshold = pinned(folder)
    return trustlist.first(_read(folder / LIST), roots=roots, threshold=threshold, now=now)


def read_proposal(folder: Path, *, now: int) -> TrustList:
    """Read what is proposed, by every rule but the number of signatures; raises TrustListError."""
    if not (folder / PROPOSED).exists():
        raise TrustListError("nothing is proposed; begin with add, rotate, kill, extend or roots")
    offered = trustlist.read_unsigned(_read(folder / PROPOSED))
    trustlist.require_successor(read_list(folder, now=now), offered, now)
    return offered


def propose(folder: Path, offered: TrustList, *, now: int) -> None:
    """Put a list up for signing, instead of what was proposed before; raises TrustListError when a rule refuses it."""
    trustlist.require_successor(read_list(folder, now=now), offered, now)
    _write(folder / PROPOSED, trustlist.sign(trustlist.write(offered), []))


def sign_proposal(folder: Path, root_passphrases: Mapping[str, bytes], *, now: int) -> int:
    """Sign what is proposed with the named roots; returns how many signatures are still missing, 0 when in force.

    Raises TrustListError or SignerError and leaves the proposal as it was.
    """
    offered = read_proposal(folder, now=now)
    known = (*read_list(folder, now=now).roots, *offered.roots)
    shares = [_open_share(folder, name, passphrase, known) for name, passphrase in root_passphrases.items()]
    return _sign_proposal(folder, shares, now)


def _sign_proposal(folder: Path, shares: list[tuple[Root, Sign]], now: int) -> int:
    current, offered = read_list(folder, now=now), read_proposal(folder, now=now)
    data = trustlist.countersign(_read(folder / PROPOSED), shares)
    missing = trustlist.missing(current, data)
    if missing:
        _write(folder / PROPOSED, data)
        return missing
    trustlist.accept(current, data, now=now)
    # The pinned roots first: between the two steps a start is refused, and never a wrong root believed.
    if (offered.roots, offered.threshold) != (current.roots, current.threshold):
        _pin(folder, offered)
    _put_in_force(folder, offered, data)
    (folder / PROPOSED).unlink()
    return 0


def in_words(trust_list: TrustList, now: int) -> list[str]:
    """Say what a list says, one line each."""
    lines = [
        f"version {trust_list.version}, valid {_left(trust_list.expires - now)}",
        f"{trust_list.threshold} of {len(trust_list.roots)} roots must sign",
    ]
    return lines + [_key_in_words(key, trust_list, now) for key in _ordered(trust_list.keys.values())]


def changes_in_words(current: TrustList, offered: TrustList, now: int) -> list[str]:
    """Say what a new list changes, one line each: what its signers answer for."""
    lines = [f"the list is valid {_left(offered.expires - now)}, its version is {offered.version}"]
    if (offered.roots, offered.threshold) != (current.roots, current.threshold):
        lines.append(f"NEW ROOTS: {offered.threshold} of {len(offered.roots)} must sign from now on:")
        lines += [f"  root {root.algorithm} {root.kid.hex()}" for root in offered.roots]
    for key in _ordered(offered.keys.values()):
        before = current.keys.get(key.kid)
        if before is None:
            starts = f"signs {_in(key.sign_from - now)}"
            lines.append(f"ADDS {key.purpose} {key.algorithm} {key.kid.hex()}, {starts} {_left(key.sign_until - now)}")
        elif before != key:
            lines.append(f"SHORTENS {key.purpose} {key.kid.hex()}, it signs {_left(key.sign_until - now)}")
    for kid in sorted(offered.killed - current.killed):
        known = current.keys.get(kid)
        word = "KILLS" if kid in offered.keys else "drops, its time being over,"
        lines.append(f"{word} {known.purpose if known else 'key'} {kid.hex()}; it never comes back")
    return lines


def share_path(folder: Path, name: str) -> Path:
    """Where a holder's share lies; raises TrustListError for a name that is no plain word."""
    if not name.replace("-", "").isalnum():
        raise TrustListError(f"'{name}' cannot name a root; use letters, digits and dashes")
    return folder / ROOTS / f"{name}.pem"


def _key_in_words(key: PublicKey, trust_list: TrustList, now: int) -> str:
    state = "killed" if key.kid in trust_list.killed else key.state(now)
    return f"{key.purpose:<10} {key.algorithm} {key.kid.hex()} {state}, signs {_left(key.sign_until - now)}"


def _ordered(keys: Iterable[PublicKey]) -> list[PublicKey]:
    return sorted(keys, key=lambda key: (key.purpose, key.sign_from, key.kid))


def _left(seconds: int) -> str:
    return f"for {seconds // 86400} more days" if seconds > 0 else "no more"


def _in(seconds: int) -> str:
    return f"in {seconds // 3600} hours" if seconds > 0 else "AT ONCE"


def _require_possible(folder: Path, place: Place, root_passphrases: Mapping[str, bytes], threshold: int) -> None:
    # Everything that can be refused is refused before the first file is written.
    rotation.require_reachable(len(root_passphrases), threshold)
    backend_of(place.uri)
    if not place.passphrase:
        raise SignerError("an empty passphrase protects nothing; give one")
    _require_new(folder, root_passphrases)
    for path in (folder / PINNED, folder / LIST):
        if path.exists():
            raise SignerError(f"{path} exists; hold the ceremony in an empty folder")


def _require_new(folder: Path, root_passphrases: Mapping[str, bytes]) -> None:
    if not all(root_passphrases.values()):
        raise SignerError("an empty passphrase protects nothing; give one")
    for name in root_passphrases:
        if share_path(folder, name).exists():
            raise SignerError(f"{share_path(folder, name)} exists; a share is never overwritten")


def _make_shares(folder: Path, suite: Algorithm, root_passphrases: Mapping[str, bytes]) -> list[tuple[Root, Sign]]:
    shares: list[tuple[Root, Sign]] = []
    for name, passphrase in root_passphrases.items():
        private = suite.generate()
        write_private_key(share_path(folder, name), private, passphrase)
        shares.append((Root(suite.name, private.public), private.sign))
    return shares


def _open_share(folder: Path, name: str, passphrase: bytes, roots: Iterable[Root]) -> tuple[Root, Sign]:
    path = share_path(folder, name)
    refusal = SignerError(f"{path} is the share of no root")
    for suite in dict.fromkeys(root.algorithm for root in roots):
        try:
            private = read_private_key(path, algorithm_named(suite), passphrase)
        except SignerError as error:
            refusal = error
            continue
        root = Root(suite, private.public)
        if root in roots:
            return root, private.sign
    raise refusal


def _pin(folder: Path, trust_list: TrustList) -> None:
    roots = [{"algorithm": root.algorithm, "public": root.public.hex()} for root in trust_list.roots]
    body = json.dumps({"threshold": trust_list.threshold, "roots": roots}, indent=2) + "\n"
    _write(folder / PINNED, body.encode())


def _put_in_force(folder: Path, trust_list: TrustList, data: bytes) -> None:
    (folder / HISTORY).mkdir(mode=0o700, exist_ok=True)
    _write(folder / HISTORY / history_name(trust_list.version), data)
    _write(folder / LIST, data)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TrustListError(f"cannot read {path}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
    fresh.replace(path)
