"""WeChat users of the mini-program: which wallet each has bound, and tickets of those who have none yet."""

import hashlib
import secrets

from sqlalchemy import Connection, delete, insert, select

from codeservice.store.models import Account, BindingTicket, WechatIdentity
from codeservice.store.sealed import OPENID, TICKET_OPENID, WECHAT_OPENID
from keys.vault import Vault

TICKET_LIFE = 600
"""Seconds in which somebody who has logged in has to name their phone number."""


def find_account(connection: Connection, vault: Vault, openid: str) -> str | None:
    """Return the wallet that a WeChat user has bound."""
    query = select(WechatIdentity.account).where(WECHAT_OPENID.is_one_of(vault, openid))
    # Two rows stand for the moment in which a new index key begins to write; the newer one was bound last.
    return connection.scalar(query.order_by(WechatIdentity.created.desc(), WechatIdentity.id).limit(1))


def bind(connection: Connection, vault: Vault, openid: str, account: str, *, now: int) -> None:
    """Bind a WeChat user to a wallet, instead of the one that they had."""
    connection.execute(delete(WechatIdentity).where(WECHAT_OPENID.is_one_of(vault, openid)))
    id_ = secrets.token_hex(16)
    connection.execute(
        insert(WechatIdentity).values(
            id=id_,
            openid_sealed=WECHAT_OPENID.seal(vault, openid, id_),
            openid_index=vault.index(openid, kind=OPENID),
            account=account,
            created=now,
        )
    )


def unbind(connection: Connection, person: str) -> None:
    """Let no WeChat user sign in to a person's wallets without naming a phone number again."""
    accounts = select(Account.id).where(Account.person == person)
    connection.execute(delete(WechatIdentity).where(WechatIdentity.account.in_(accounts)))


def add_ticket(connection: Connection, vault: Vault, openid: str, *, now: int) -> str:
    """Keep who has logged in and has no wallet yet; returns the ticket."""
    ticket, id_ = secrets.token_urlsafe(32), secrets.token_hex(16)
    sealed = TICKET_OPENID.seal(vault, openid, id_)
    row = {"id": id_, "ticket_hash": _hash(ticket), "openid_sealed": sealed, "expires": now + TICKET_LIFE}
    connection.execute(insert(BindingTicket).values(row))
    return ticket


def use_ticket(connection: Connection, vault: Vault, ticket: str, *, now: int) -> str | None:
    """Use a ticket once and return whose it is; None for one that was used or is too old."""
    row = connection.execute(
        delete(BindingTicket)
        .where(BindingTicket.ticket_hash == _hash(ticket), BindingTicket.expires > now)
        .returning(BindingTicket.id, BindingTicket.openid_sealed)
    ).first()
    return None if row is None else TICKET_OPENID.open(vault, row.openid_sealed, row.id)


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
