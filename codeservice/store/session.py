"""Sessions of wallets: who is signed in, with a secret that changes by itself, on which device."""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from codeservice.store.models import Account, Device, Session
from codeservice.store.sealed import ACCOUNT_PHONE
from keys.vault import Vault

LIFE = 30 * 24 * 3600
ROTATE_AFTER = 24 * 3600
"""Seconds after which a session is handed a new secret: a copy that somebody took is worth a day."""

OVERLAP = 60
"""Seconds for which the old secret is still good after the first use of the new one: requests cross each other."""

_HOUR = 3600


@dataclass(frozen=True)
class SignedIn:
    """A session with its account. `person` is None until the real-name check has passed.

    `device` is the phone that has proved its key in this session; `is_due` says that it is time for another secret.
    """

    session: str
    csrf: str
    account: str
    person: str | None
    phone: str
    assurance: int
    device: str | None
    is_due: bool


@dataclass(frozen=True)
class ListedSession:
    """One session for its owner. `seen` is exact to the hour."""

    id: str
    client: str
    device_name: str | None
    created: int
    seen: int


def add(connection: Connection, account: str, *, client: str, now: int) -> str:
    """Begin a session and return its secret; only the hash is kept."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        insert(Session).values(
            id=secrets.token_hex(16),
            secret_hash=_hash(secret),
            csrf=secrets.token_urlsafe(32),
            account=account,
            client=client,
            created=now,
            rotated=now,
            seen=now - now % _HOUR,
            expires=now + LIFE,
        )
    )
    return secret


def find(connection: Connection, vault: Vault, secret: str, *, now: int) -> SignedIn | None:
    """Find who is signed in with this secret, without noting that it was used."""
    row = _row(connection, secret, now)
    return None if row is None or _is_replayed(row, secret, now) else _signed_in(vault, row, now)


def has_news(connection: Connection, secret: str, *, now: int) -> bool:
    """Whether the use of this secret changes what is known of its session, so that `use` has to note it."""
    row = _row(connection, secret, now)
    if row is None:
        return False
    return row.next_hash == _hash(secret) or _is_replayed(row, secret, now) or row.seen <= now - _HOUR


def use(connection: Connection, secret: str, *, now: int) -> bool:
    """Note that a secret was used.

    A new secret that is used for the first time ends the old one. An old one that comes after that was copied, by the
    one who signed in or by a thief: nobody can tell, so the session ends (RFC 9700 section 4.14.2). Returns False then.
    """
    row = _row(connection, secret, now)
    if row is None:
        return False
    if _is_replayed(row, secret, now):
        end(connection, row.id)
        return False
    mine = update(Session).where(Session.id == row.id)
    if row.next_hash == _hash(secret):
        connection.execute(
            mine.where(Session.next_hash == row.next_hash).values(
                secret_hash=row.next_hash,
                next_hash=None,
                next_at=None,
                previous_hash=row.secret_hash,
                previous_until=now + OVERLAP,
                rotated=now,
                expires=now + LIFE,
            )
        )
    connection.execute(mine.values(seen=now - now % _HOUR))
    return True


def rotate(connection: Connection, session: str, *, now: int) -> str | None:
    """Return a new secret for a session; the one in use stays good until the new one has been used.

    None while another answer with a new secret may still be under way: of two, the one that arrives last would win.
    """
    secret = secrets.token_urlsafe(32)
    changed = connection.execute(
        update(Session)
        .where(Session.id == session, or_(Session.next_at.is_(None), Session.next_at <= now - OVERLAP))
        .values(next_hash=_hash(secret), next_at=now)
    )
    return secret if changed.rowcount == 1 else None


def bind(connection: Connection, session: str, device: str) -> None:
    """Note which device a session is on; a device has one, its older ones end."""
    connection.execute(delete(Session).where(Session.device == device, Session.id != session))
    connection.execute(update(Session).where(Session.id == session).values(device=device))


def of_account(connection: Connection, account: str, *, now: int) -> list[ListedSession]:
    """List the sessions of an account, the newest first."""
    rows = connection.execute(
        select(Session.id, Session.client, Device.name, Session.created, Session.seen)
        .outerjoin(Device, (Device.id == Session.device) & Device.removed.is_(None))
        .where(Session.account == account, Session.expires > now)
        .order_by(Session.created.desc(), Session.id)
    )
    return [ListedSession(*row) for row in rows]


def end(connection: Connection, session: str) -> None:
    """End a session."""
    connection.execute(delete(Session).where(Session.id == session))


def end_one(connection: Connection, account: str, session: str) -> bool:
    """End one session of an account; False when it has no such session."""
    done = connection.execute(delete(Session).where(Session.id == session, Session.account == account))
    return done.rowcount == 1


def end_others(connection: Connection, account: str, *, but: str) -> int:
    """End every session of an account but one; returns how many."""
    return connection.execute(delete(Session).where(Session.account == account, Session.id != but)).rowcount


def end_of_secret(connection: Connection, secret: str) -> None:
    """End the session of a secret, if there is one."""
    connection.execute(delete(Session).where(Session.secret_hash == _hash(secret)))


def end_of_person(connection: Connection, person: str, *, but: str = "") -> None:
    """End every session of a person's accounts, or every one but one."""
    accounts = select(Account.id).where(Account.person == person)
    connection.execute(delete(Session).where(Session.account.in_(accounts), Session.id != but))


def _row(connection: Connection, secret: str, now: int) -> "Row[tuple[object, ...]] | None":
    hash_ = _hash(secret)
    matches = or_(Session.secret_hash == hash_, Session.next_hash == hash_, Session.previous_hash == hash_)
    query = (
        select(
            Session.__table__,
            Account.person.label("person"),
            Account.phone_sealed.label("phone_sealed"),
            Account.assurance.label("assurance"),
        )
        .join(Account, Account.id == Session.account)
        .where(matches, Session.expires > now)
    )
    return connection.execute(query).first()


def _is_replayed(row: "Row[tuple[object, ...]]", secret: str, now: int) -> bool:
    return bool(row.previous_hash == _hash(secret) and now >= row.previous_until)


def _signed_in(vault: Vault, row: "Row[tuple[object, ...]]", now: int) -> SignedIn:
    return SignedIn(
        row.id,
        row.csrf,
        row.account,
        row.person,
        ACCOUNT_PHONE.open(vault, row.phone_sealed, row.account),
        row.assurance,
        row.device,
        is_due=row.rotated <= now - ROTATE_AFTER,
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
