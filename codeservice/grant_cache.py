"""Grants that were verified before: the next code of the same grant costs one signature check instead of two.

A wallet shows one grant for up to an hour, so a validator on a line or a gate meets it again and again. The cache
holds only what a signature of the issuer has proved, keyed by the very bytes that were signed. Time, scene and status
are never cached. It is bounded, emptied when the trust list changes, and forgets a grant that was revoked.
"""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from codeservice.code import UnverifiedGrant
from keys.trustlist import TrustList

SIZE = 10_000
"""Grants remembered in one process, about 40 MB: the phones that pass one worker in an hour."""


class ProvedGrant(NamedTuple):
    """A grant whose issuer's signature was checked, with the loaded key of its device."""

    read: UnverifiedGrant
    verify_show: Callable[[bytes, bytes], None] | None


class GrantCache:
    """Proved grants, the oldest forgotten first."""

    def __init__(self, size: int = SIZE) -> None:
        """Start empty; holds at most `size` grants."""
        self._size = size
        self._proved: dict[bytes, ProvedGrant] = {}
        self._trust_list: TrustList | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._proved)

    def find(self, signed: bytes, trust_list: TrustList) -> ProvedGrant | None:
        """Return a grant that was proved under this very trust list."""
        if trust_list is not self._trust_list:
            with self._lock:
                self._proved, self._trust_list = {}, trust_list
        return self._proved.get(signed)

    def add(self, signed: bytes, proved: ProvedGrant, trust_list: TrustList) -> None:
        """Remember a proved grant; not if the trust list has changed meanwhile."""
        with self._lock:
            if trust_list is not self._trust_list or self._size < 1:
                return
            while len(self._proved) >= self._size:
                del self._proved[next(iter(self._proved))]
            self._proved[signed] = proved

    def forget(self, signed: bytes) -> None:
        """Forget a grant, because it was revoked."""
        with self._lock:
            self._proved.pop(signed, None)
