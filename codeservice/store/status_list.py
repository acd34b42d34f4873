"""Places in status lists: handed out densely, in an order that nobody outside can tell.

A list is open for a span of time and then only waits until its last grant has ended, so that whole lists retire. Each
has its own secret permutation: the n-th place of a list is the image of n. Neighbours in time are strangers in it,
no place is ever drawn twice, and a full list has no gaps.
"""

import secrets
from dataclasses import dataclass
from hashlib import blake2s

from sqlalchemy import ColumnElement, Connection, delete, func, select, text, update

from codeservice.code import MAX_GRANT_LIFETIME, MAX_LIST
from codeservice.errors import ConflictError
from codeservice.places import bits_of
from codeservice.snapshot import Marks
from codeservice.status import Status
from codeservice.status_token import Published
from codeservice.store.models import Grant, PublishedList, StatusList
from codeservice.store.upsert import insert, insert_once

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


@dataclass(frozen=True)
class PublishedToken:
    """A status list as it was last signed; `digest` is of its bit array."""

    issued: int
    digest: bytes
    jwt: bytes
    cwt: bytes


def marks(connection: Connection, *, now: int) -> dict[int, Marks]:
    """Return every list that has not retired, with the places that are revoked or suspended."""
    sizes = {row.id: row.size for row in connection.execute(select(StatusList.id, StatusList.size).where(_living(now)))}
    found: dict[int, dict[int, list[int]]] = {id_: {} for id_ in sizes}
    # Only rows with a mark, by an index of their own; VALID is written out so that both databases use it.
    rows = connection.execute(select(Grant.list, Grant.idx, Grant.status).where(text("status <> 0")))
    for list_, idx, status in rows:
        if list_ in found:
            found[list_].setdefault(status, []).append(idx)
    return {
        id_: Marks(
            size,
            bits_of(found[id_].get(Status.REVOKED, ()), size),
            bits_of(found[id_].get(Status.SUSPENDED, ()), size),
        )
        for id_, size in sizes.items()
    }


def living(connection: Connection, *, now: int) -> list[int]:
    """Return the lists that have not retired, in their order."""
    return list(connection.scalars(select(StatusList.id).where(_living(now)).order_by(StatusList.id)))


def oldest(connection: Connection, *, now: int) -> int | None:
    """Return when that living list was signed which was signed longest ago."""
    alive = select(StatusList.id).where(_living(now))
    return connection.scalar(select(func.min(PublishedList.issued)).where(PublishedList.list.in_(alive)))


def published(connection: Connection, list_: int, what: Published) -> PublishedToken | None:
    """Return a list as it was last signed."""
    query = select(PublishedList.__table__).where(PublishedList.list == list_, PublishedList.what == what.value)
    row = connection.execute(query).first()
    return None if row is None else PublishedToken(row.issued, row.digest_hash, row.jwt, row.cwt)


def published_digests(connection: Connection) -> dict[tuple[int, str], tuple[int, bytes]]:
    """Return when each list was last signed, and the digest of its array then."""
    query = select(PublishedList.list, PublishedList.what, PublishedList.issued, PublishedList.digest_hash)
    return {(row.list, row.what): (row.issued, row.digest_hash) for row in connection.execute(query)}


def publish(connection: Connection, list_: int, what: Published, token: PublishedToken) -> None:
    """Keep what was signed, instead of what was signed before."""
    values = {"issued": token.issued, "digest_hash": token.digest, "jwt": token.jwt, "cwt": token.cwt}
    statement = insert(connection, PublishedList).values(list=list_, what=what.value, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[PublishedList.list, PublishedList.what], set_=values)
    )


def withdraw(connection: Connection, *, now: int) -> int:
    """Delete what was published of lists that have retired; returns how many tokens."""
    retired = select(StatusList.id).where(~_living(now))
    return connection.execute(delete(PublishedList).where(PublishedList.list.in_(retired))).rowcount


def _living(now: int) -> ColumnElement[bool]:
    return StatusList.retires > now
