"""The audit log's rules: a Merkle tree (RFC 9162 section 2.1) over entries, and checkpoints that others can keep."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keys.cbor import dumps

CHECKPOINT_AAD = b"CC1 checkpoint"


@dataclass(frozen=True)
class Entry:
    """One event: when (epoch seconds), who, what, about which thing, and details without personal data."""

    at: int
    actor: str
    action: str
    subject: str
    details: Mapping[str, object]

    def leaf(self) -> bytes:
        """Return the leaf hash; every field is covered."""
        fields = [self.at, self.actor, self.action, self.subject, canonical(self.details)]
        return hashlib.sha256(b"\0" + dumps(fields)).digest()


def canonical(details: Mapping[str, object]) -> str:
    """Write details so that equal details have equal text."""
    return json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Tree:
    """An append-only Merkle tree that keeps only its right edge, so that a million entries cost twenty hashes."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """Start empty, or from the edge of a tree of `size` leaves."""
        self.size = size
        self._edge = list(edge)

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, largest first: what is needed to go on."""
        return tuple(self._edge)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        node, size = leaf, self.size
        while size & 1:
            node = _node(self._edge.pop(), node)
            size >>= 1
        self._edge.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root hash over all leaves."""
        if not self._edge:
            return hashlib.sha256(b"").digest()
        root = self._edge[-1]
        for node in reversed(self._edge[:-1]):
            root = _node(node, root)
        return root


def checkpoint_payload(size: int, root: bytes, at: int) -> bytes:
    """Write what the checkpoint key signs."""
    return dumps({"size": size, "root": root, "at": at})


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
