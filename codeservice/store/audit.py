"""The audit log in the database: entries are written with what they are about and sealed into the tree afterwards."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from codeservice.audit import Entry, Tree, canonical, checkpoint_payload
from codeservice.store.models import AuditCheckpoint, AuditEntry

_NODE = 32
_BATCH = 5000
_INSERT = insert(AuditEntry)
_NEWEST = select(AuditCheckpoint.__table__).order_by(AuditCheckpoint.size.desc()).limit(1)


@dataclass(frozen=True)
class AuditReport:
    """What a check found: entries that are sealed and fit, those not sealed yet, and the first fault if any."""

    sealed: int
    waiting: int
    fault: str | None


@dataclass(frozen=True)
class Batch:
    """Entries to be sealed behind the first `base` ones: their row ids, and the tree's root and edge after them."""

    base: int
    entries: tuple[int, ...]
    root: bytes
    edge: bytes
    at: int

    @property
    def size(self) -> int:
        """Entries of the tree after this batch."""
        return self.base + len(self.entries)

    @property
    def payload(self) -> bytes:
        """What the checkpoint key signs."""
        return checkpoint_payload(self.size, self.root, self.at)


def add(connection: Connection, *, at: int, actor: str, action: str, subject: str, details: dict[str, object]) -> None:  # noqa: PLR0913
    """Write an entry in the transaction of its subject."""
    row = {"at": at, "actor": actor, "action": action, "subject": subject, "details": canonical(details)}
    connection.execute(_INSERT, row)


def next_batch(connection: Connection, *, now: int) -> Batch | None:
    """Return the entries that wait as the next part of the tree, to be signed; None when nothing waits."""
    newest = connection.execute(_NEWEST).first()
    tree = Tree() if newest is None else Tree(newest.size, _nodes(newest.edge))
    base = tree.size
    waiting = connection.execute(
        select(AuditEntry.__table__).where(AuditEntry.position.is_(None)).order_by(AuditEntry.id).limit(_BATCH)
    ).all()
    for row in waiting:
        tree.append(_leaf(row))
    ids = tuple(row.id for row in waiting)
    return Batch(base, ids, tree.root(), b"".join(tree.edge), now) if ids else None


def append(connection: Connection, batch: Batch, signed: bytes) -> int:
    """Seal a batch under its signed checkpoint; returns how many entries, 0 when somebody else was first."""
    newest = connection.execute(_NEWEST.with_for_update()).first()
    if (0 if newest is None else newest.size) != batch.base:
        return 0
    for position, id_ in enumerate(batch.entries, start=batch.base):
        connection.execute(update(AuditEntry).where(AuditEntry.id == id_).values(position=position))
    connection.execute(
        insert(AuditCheckpoint).values(size=batch.size, root=batch.root, edge=batch.edge, at=batch.at, signed=signed)
    )
    return len(batch.entries)


def check(connection: Connection, is_signed: Callable[[bytes, bytes], bool]) -> AuditReport:
    """Rebuild the tree and compare it with every checkpoint; names the first entry or checkpoint that does not fit."""
    checkpoints = {
        row.size: row for row in connection.execute(select(AuditCheckpoint.__table__).order_by(AuditCheckpoint.size))
    }
    tree = Tree()
    rows = connection.execute(
        select(AuditEntry.__table__).where(AuditEntry.position.is_not(None)).order_by(AuditEntry.position)
    )
    fault = None
    for row in rows:
        if row.position != tree.size:
            fault = f"entry {tree.size} is missing"
            break
        tree.append(_leaf(row))
        checkpoint = checkpoints.pop(tree.size, None)
        if checkpoint is None:
            continue
        if checkpoint.root != tree.root():
            fault = f"an entry up to {tree.size - 1} was changed"
            break
        if not is_signed(checkpoint_payload(checkpoint.size, checkpoint.root, checkpoint.at), checkpoint.signed):
            fault = f"checkpoint {checkpoint.size} is not signed by the city"
            break
    if fault is None and checkpoints:
        fault = f"entries up to {max(checkpoints)} are missing, the log ends at {tree.size}"
    waiting = connection.scalar(select(func.count()).where(AuditEntry.position.is_(None))) or 0
    return AuditReport(tree.size, waiting, fault)


def newest_checkpoint(connection: Connection) -> tuple[int, bytes, int] | None:
    """Return (size, root, at) of the newest checkpoint."""
    row = connection.execute(_NEWEST).first()
    return None if row is None else (row.size, row.root, row.at)


def _leaf(row: Row[Any]) -> bytes:
    details = json.loads(row.details)
    return Entry(row.at, row.actor, row.action, row.subject, details).leaf()


def _nodes(edge: bytes) -> list[bytes]:
    return [edge[at : at + _NODE] for at in range(0, len(edge), _NODE)]
