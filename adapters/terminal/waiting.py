"""What a terminal has scanned and the service has not confirmed, for whoever asks at the machine."""

import msgspec

from adapters.terminal.store import Store
from codeservice.scan import Outcome
from codeservice.upload import ItemError, read_item


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One scan that waits. `at` is epoch seconds; all but `seq` are None for one whose stored form was damaged.

    Neither the code nor whose it was is in it.
    """

    seq: int
    at: int | None = None
    decision: Outcome | None = None
    reason: str | None = None
    online: bool | None = None


class Queue(msgspec.Struct, frozen=True):
    """How many wait in all, and the oldest of them."""

    waiting: int
    scans: tuple[Waiting, ...]


def queue_of(store: Store, limit: int) -> Queue:
    """Read the queue, at most `limit` scans of it, oldest first; raises StoreError."""
    with store.transaction():
        count, _ = store.waiting()
        found = store.scans(limit)
    return Queue(count, tuple(_waiting(seq, item) for seq, item in found))


def _waiting(seq: int, item: bytes) -> Waiting:
    try:
        scan = read_item(item)
    except ItemError:
        return Waiting(seq=seq)
    return Waiting(seq=seq, at=scan.at, decision=scan.outcome, reason=scan.reason, online=scan.online)
