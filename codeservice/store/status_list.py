"""Places in status lists: handed out densely, in an order that nobody outside can tell.

A list is open for a span of time and then only waits until its last grant has ended, so that whole lists retire. Each
has its own secret permutation: the n-th place of a list is the image of n. Neighbours in time are strangers in it,
no place is ever drawn twice, and a full list has no gaps.
"""

import secrets
from hashlib import blake2s

from sqlalchemy import Connection, select, update

from codeservice.code import MAX_GRANT_LIFETIME, MAX_LIST
from codeservice.errors import ConflictError
from codeservice.store.models import StatusList
from codeservice.store.upsert import insert_once

SIZE = 1 << 20
"""Places of one list. Big enough to hide a grant among a million, small enough for a terminal to hold."""

SPAN, LASTING_SPAN = 24 * 3600, 30 * 24 * 3600
"""Seconds for which a list is open: a day, and a month for codes that live as long as paper."""

_HALF_BITS = 10
_HALF = (1 << _HALF_BITS) - 1
_ROUNDS = 8
"""A Feistel network needs four rounds to be a strong permutation (Luby and Rackoff 1988); more cost nothing here."""

_TRIES = 64


def take(connection: Connection, *, issued: int, expires: int) -> tuple[int, int]:
    """Take a place (list, idx) that nobody had; raises ConflictError when no list can be opened.

    A list that another transaction is taking from is passed over, and another one opened when all are busy: the number
    of open lists follows the number of those who issue at the same time.
    """
    lasting = expires - issued > MAX_GRANT_LIFETIME
    open_ = (
        select(StatusList.__table__)
        .where(StatusList.lasting == lasting, StatusList.closes > issued, StatusList.used < StatusList.size)
        .order_by(StatusList.opened, StatusList.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(open_).first()
    if row is None:
        _open(connection, issued, lasting=lasting)
        row = connection.execute(open_).first()
    if row is None:
        raise ConflictError("status_list_full")
    retires = max(row.retires, expires)
    connection.execute(update(StatusList).where(StatusList.id == row.id).values(used=row.used + 1, retires=retires))
    return row.id, permute(row.secret, row.used)


def permute(secret: bytes, number: int) -> int:
    """Return the image of a number below SIZE under the permutation that `secret` names."""
    left, right = number >> _HALF_BITS, number & _HALF
    for turn in range(_ROUNDS):
        digest = blake2s(bytes([turn]) + right.to_bytes(2), key=secret, digest_size=2).digest()
        left, right = right, left ^ int.from_bytes(digest) & _HALF
    return left << _HALF_BITS | right


def _open(connection: Connection, issued: int, *, lasting: bool) -> None:
    span = LASTING_SPAN if lasting else SPAN
    newest = connection.scalar(select(StatusList.id).order_by(StatusList.opened.desc(), StatusList.id.desc()).limit(1))
    closes = (issued // span + 1) * span
    for step in range(_TRIES):
        # A number comes round again after 65,536 lists, when its last owner has long retired and was deleted.
        id_ = ((-1 if newest is None else newest) + 1 + step) % MAX_LIST
        values = {"lasting": lasting, "opened": issued, "closes": closes, "retires": closes}
        if insert_once(connection, StatusList, id=id_, size=SIZE, used=0, secret=secrets.token_bytes(16), **values):
            return
