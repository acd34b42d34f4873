"""Handles of digit codes: one row each, found by the handle alone."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from codeservice.digit import HANDLE_TRIES, LIFE, new_handle, new_seed
from codeservice.errors import ConflictError
from codeservice.store.models import DigitHandle
from codeservice.store.sealed import DIGIT_SEED
from codeservice.store.upsert import insert_once
from keys.vault import Vault

_DRAWS = 32


@dataclass(frozen=True)
class StoredHandle:
    """A handle with its seed, opened, and the place of its grant."""

    handle: str
    list: int
    idx: int
    seed: str
    expires: int


def reserve(connection: Connection, vault: Vault, place: tuple[int, int], *, now: int) -> StoredHandle:
    """Give a grant a fresh handle and seed; raises ConflictError when no free handle was drawn."""
    seed, expires = new_seed(), now + LIFE
    for _ in range(_DRAWS):
        handle = new_handle()
        sealed = DIGIT_SEED.seal(vault, seed, handle, *place)
        values = {"list": place[0], "idx": place[1], "seed_sealed": sealed, "expires": expires, "tries": 0}
        if insert_once(connection, DigitHandle, handle=handle, **values):
            return StoredHandle(handle, *place, seed, expires)
    raise ConflictError("status_list_full")


def find(connection: Connection, vault: Vault, handle: str, *, now: int) -> StoredHandle | None:
    """Find a handle that may still be tried."""
    row = connection.execute(
        select(DigitHandle.__table__).where(
            DigitHandle.handle == handle, DigitHandle.expires > now, DigitHandle.tries < HANDLE_TRIES
        )
    ).first()
    if row is None:
        return None
    seed = DIGIT_SEED.open(vault, row.seed_sealed, row.handle, row.list, row.idx)
    return StoredHandle(row.handle, row.list, row.idx, seed, row.expires)


def count_try(connection: Connection, handle: str) -> None:
    """Count a wrong password."""
    connection.execute(update(DigitHandle).where(DigitHandle.handle == handle).values(tries=DigitHandle.tries + 1))
