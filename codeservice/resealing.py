"""Resealing: brings every row of personal data under the newest keys while the service runs.

A row says by its first bytes which keys it is under, so the rows themselves are the record of how far the work is:
it may be killed at any moment and started again, and doing it twice changes nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from codeservice.store import sealed
from codeservice.store.database import Connection, Database
from codeservice.store.models import Table
from codeservice.store.sealed import Renewal, StaleRow
from keys.errors import VaultError
from keys.vault import Vault

BATCH = 100
"""Rows of one transaction: short enough that no writer waits long."""


@dataclass(frozen=True)
class Resealed:
    """How many rows were renewed, which could not be (as `table:key`), and how many still wait."""

    rows: int
    unreadable: list[str]
    doubled: list[str]
    waiting: int


def reseal(database: Database, vault: Vault, *, progress: Callable[[int, int], None], batch: int = BATCH) -> Resealed:
    """Seal every row anew that is not under the active keys; `progress` gets (done, all) rows after each transaction.

    A row whose ciphertext does not open, or whose index another row holds already, is passed over and reported.
    """
    active = vault.active()
    with database.read() as connection:
        everything = sealed.count_stale(connection, active)
    unreadable: list[str] = []
    doubled: list[str] = []
    rows = 0
    for table, stale in _batches(database, active, batch):
        # The cryptography happens outside of the transaction, so that the database is held for the writing only.
        renewals, broken = _renew(vault, table, stale)
        held = database.transact(partial(_replace, table=table, renewals=renewals))
        rows += len(renewals) - len(held)
        unreadable += broken
        doubled += held
        progress(rows, max(rows, everything))
    with database.read() as connection:
        return Resealed(rows, unreadable, doubled, sealed.count_stale(connection, active))


def _batches(
    database: Database, active: tuple[int, int], size: int
) -> Iterator[tuple[type[Table], Sequence[StaleRow]]]:
    for table in sealed.TABLES:
        after: object = None
        while True:
            with database.read() as connection:
                stale = sealed.find_stale(connection, table, active, after=after, limit=size)
            if not stale:
                break
            yield table, stale
            after = stale[-1][sealed.key_of(table).key]


def _renew(vault: Vault, table: type[Table], rows: Sequence[StaleRow]) -> tuple[list[Renewal], list[str]]:
    renewals, unreadable = [], []
    for row in rows:
        try:
            renewals.append(sealed.renew(vault, table, row))
        except VaultError:
            unreadable.append(f"{table.__tablename__}:{row[sealed.key_of(table).key]}")
    return renewals, unreadable


def _replace(connection: Connection, table: type[Table], renewals: list[Renewal]) -> list[str]:
    held = [renewal for renewal in renewals if not sealed.replace(connection, table, renewal)]
    return [f"{table.__tablename__}:{renewal.id}" for renewal in held]
