"""What a terminal decides by: trust list, status lists and profile, each taken in only after every check, and kept.

Nothing here ever goes back: a trust list follows its predecessor, a state of the lists keeps what was revoked, and a
profile is no older than the one before. What fails a check changes nothing.
"""

import contextlib
from dataclasses import dataclass, field
from hashlib import sha256

from adapters.terminal.store import Store
from codeservice.profile import Profile, ProfileError, accept_profile, read_profile, write_profile
from codeservice.snapshot import Snapshot, SnapshotError, accept, open_document, resume, write_snapshot
from keys import trustlist
from keys.cbor import dumps, loads
from keys.cose import read_sign1
from keys.errors import TrustListError
from keys.trustlist import TrustList

PIN_SIZE = 16
"""Bytes of the digest by which an enrolment names the trust list it begins with.

Half of a SHA-256 is enough: whoever wants to slip another list in has to hit this very digest (a second preimage, 2^128
tries). The 2^64 tries of a collision help only who makes both lists, and the roots need no trick to sign another one.
"""

_COMPACT_AFTER = 100
"""Deltas kept behind a state before it is written anew: a hundred cost less than a second at the next start."""

_TRUST_LIST, _STATE, _PROFILE, _STATE_KEYS = "trust-list", "state", "profile", "state-keys"


def pin_of(signed_list: bytes) -> str:
    """Return the digest of a signed trust list as an enrolment link carries it."""
    return sha256(signed_list).digest()[:PIN_SIZE].hex()


def read_pinned(signed_list: bytes, pin: str) -> TrustList:
    """Read the list that an enrolment names; raises TrustListError for any other."""
    if pin_of(signed_list) != pin:
        raise TrustListError("not the trust list that the enrolment names; ask the operator for a new link")
    offered = trustlist.read_unsigned(signed_list)
    return trustlist.first(signed_list, roots=offered.roots, threshold=offered.threshold, now=offered.issued)


@dataclass
class Bundle:
    """The documents in force. Every change is on the disk before it counts."""

    store: Store
    trust_list: TrustList | None = None
    snapshot: Snapshot | None = None
    profile: Profile | None = None
    snapshot_tag: str | None = None
    """ETag of the whole snapshot seen last; not kept."""
    _keys: frozenset[bytes] = frozenset()
    """Status keys that have signed what is in force."""
    _deltas: int = field(default=0)

    @classmethod
    def load(cls, store: Store) -> "Bundle":
        """Read what is kept; raises DamagedError. Lists that do not fit together are dropped and fetched again."""
        with store.transaction():
            signed, state, profile = (store.get(name) for name in (_TRUST_LIST, _STATE, _PROFILE))
            deltas, keys = store.deltas(), store.get(_STATE_KEYS)
        bundle = cls(store)
        if signed is not None:
            bundle.trust_list = trustlist.read_unsigned(signed)
        if profile is not None:
            bundle.profile = read_profile(profile)
        bundle._keys = frozenset(loads(keys)) if keys is not None else frozenset()
        if state is not None:
            with contextlib.suppress(SnapshotError):
                bundle.snapshot = resume(state, deltas)
                bundle._deltas = len(deltas)
        return bundle

    def begin(self, signed_list: bytes, trust_list: TrustList) -> None:
        """Start with the list of an enrolment. Raises TrustListError when a newer one of this city is in force."""
        if self.trust_list is not None and self.trust_list.version > trust_list.version:
            raise TrustListError("the enrolment names an older trust list than the one in force; ask for a new link")
        with self.store.transaction():
            self.store.put(_TRUST_LIST, signed_list)
        self.trust_list = trust_list

    def take_trust_list(self, signed_list: bytes, *, now: int) -> None:
        """Take the successor; raises TrustListError."""
        if self.trust_list is None:
            raise TrustListError("there is no list to follow; enrol this terminal")
        after = trustlist.accept(self.trust_list, signed_list, now=now)
        killed = bool(self._keys & after.killed)
        with self.store.transaction():
            self.store.put(_TRUST_LIST, signed_list)
            if killed:
                # What a stolen key has signed is not to stay: lists and profile begin anew under another key.
                self._forget_all()
        self.trust_list = after
        if killed:
            self.snapshot, self.snapshot_tag, self._keys, self._deltas = None, None, frozenset(), 0
            self.profile = None

    def take_lists(self, document: bytes, *, now: int) -> bool:
        """Take a snapshot or a delta; True when it brought something. Raises SnapshotError."""
        if self.trust_list is None:
            raise SnapshotError("there is no trust list; enrol this terminal")
        before = self.snapshot
        after = accept(before, document, trust_list=self.trust_list, now=now)
        if after is before:
            return False
        opened = open_document(document)
        keys = self._keys | {opened.kid}
        compact = not opened.is_delta or self._deltas >= _COMPACT_AFTER
        with self.store.transaction():
            if compact:
                self.store.put(_STATE, write_snapshot(after.version, after.expires, after.lists))
                self.store.drop_deltas()
            else:
                self.store.add_delta(after.version, opened.payload)
            self.store.put(_STATE_KEYS, dumps(sorted(keys)))
        self.snapshot, self._keys = after, keys
        self._deltas = 0 if compact else self._deltas + 1
        return True

    def take_profile(self, document: bytes, *, terminal: str, scene: str, now: int) -> Profile:
        """Take a profile; raises ProfileError."""
        if self.trust_list is None:
            raise TrustListError("there is no trust list; enrol this terminal")
        profile = accept_profile(self.profile, document, terminal=terminal, trust_list=self.trust_list, now=now)
        if profile.scene != scene:
            raise ProfileError("for another scene; enrol this terminal anew")
        keys = self._keys | {read_sign1(document).kid or b""}
        with self.store.transaction():
            self.store.put(_PROFILE, write_profile(profile))
            self.store.put(_STATE_KEYS, dumps(sorted(keys)))
        self.profile, self._keys = profile, keys
        return profile

    def _forget_all(self) -> None:
        for name in (_STATE, _STATE_KEYS, _PROFILE):
            self.store.drop(name)
        self.store.drop_deltas()
