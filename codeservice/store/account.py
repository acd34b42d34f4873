"""Wallet accounts: one-time passwords, linked cards and consents."""

import secrets

from sqlalchemy import Connection, case, func, insert, select, update

from codeservice.assurance import Assurance
from codeservice.store.models import Account, Challenge, Consent, Credential, LinkedCard, Message
from codeservice.store.sealed import ACCOUNT_PHONE, CHALLENGE_PHONE, MESSAGE_PHONE, MESSAGE_TEXT, PHONE
from codeservice.store.upsert import insert_once
from keys.vault import Vault

CHALLENGE_LIFE = 300
RESEND_AFTER = 60
_CHALLENGES_PER_HOUR = 10
_CHALLENGE_TRIES = 5
_ONE_TIME_PASSWORD = "one_time_password"  # noqa: S105 -- the kind of a keyed hash, not a password


def add_challenge(connection: Connection, vault: Vault, *, phone: str, answer: str, now: int) -> str | None:
    """Keep a one-time password for `phone`; None when that phone has asked too often."""
    newest, count = connection.execute(
        select(func.max(Challenge.created), func.count()).where(
            CHALLENGE_PHONE.is_one_of(vault, phone), Challenge.created > now - 3600
        )
    ).one()
    if count >= _CHALLENGES_PER_HOUR or (count > 0 and newest > now - RESEND_AFTER):
        return None
    id_ = secrets.token_hex(16)
    connection.execute(
        insert(Challenge).values(
            id=id_,
            phone_sealed=CHALLENGE_PHONE.seal(vault, phone, id_),
            phone_index=vault.index(phone, kind=PHONE),
            answer_hash=vault.index(_answer(id_, answer), kind=_ONE_TIME_PASSWORD),
            created=now,
            expires=now + CHALLENGE_LIFE,
            tries=0,
        )
    )
    return id_


def use_challenge(connection: Connection, vault: Vault, challenge: str, answer: str, *, now: int) -> str | None:
    """Use a one-time password once and return its phone; None when it is wrong, used, too old or tried too often."""
    row = connection.execute(
        update(Challenge)
        .where(Challenge.id == challenge, Challenge.tries < _CHALLENGE_TRIES, Challenge.expires > now)
        .values(tries=Challenge.tries + 1)
        .returning(Challenge.phone_sealed, Challenge.answer_hash)
    ).first()
    if row is None or not vault.matches(row.answer_hash, _answer(challenge, answer), kind=_ONE_TIME_PASSWORD):
        return None
    connection.execute(update(Challenge).where(Challenge.id == challenge).values(tries=_CHALLENGE_TRIES))
    return CHALLENGE_PHONE.open(vault, row.phone_sealed, challenge)


def find_or_add(connection: Connection, vault: Vault, phone: str, *, now: int) -> str:
    """Return the account of a phone number, new when there is none."""
    found = _find(connection, vault, phone)
    if found is not None:
        return found
    id_ = secrets.token_hex(16)
    is_new = insert_once(
        connection,
        Account,
        id=id_,
        phone_sealed=ACCOUNT_PHONE.seal(vault, phone, id_),
        phone_index=vault.index(phone, kind=PHONE),
        person=None,
        assurance=0,
        created=now,
    )
    if is_new:
        return id_
    # Asked anew: between the two looks another index key may have begun to write.
    found = _find(connection, vault, phone)
    assert found is not None  # noqa: S101 -- the insert met this very row
    return found


def _find(connection: Connection, vault: Vault, phone: str) -> str | None:
    # Two may sign in first at the moment a new index key begins to write; the older account is the account then.
    query = select(Account.id).where(ACCOUNT_PHONE.is_one_of(vault, phone)).order_by(Account.created, Account.id)
    return connection.scalar(query.limit(1))


def bind_person(connection: Connection, account: str, person: str, *, assurance: Assurance) -> bool:
    """Bind an account to a person after a check; False when it is bound to another one.

    A weaker check than an earlier one takes nothing back.
    """
    higher = case((Account.assurance < int(assurance), int(assurance)), else_=Account.assurance)
    changed = connection.execute(
        update(Account)
        .where(Account.id == account, (Account.person.is_(None)) | (Account.person == person))
        .values(person=person, assurance=higher)
    )
    return changed.rowcount == 1


def assurance_of(connection: Connection, account: str) -> Assurance:
    """Return how surely the owner of an account was confirmed."""
    return Assurance(connection.scalar(select(Account.assurance).where(Account.id == account)) or 0)


def of_person(connection: Connection, person: str) -> list[str]:
    """Return the accounts that are bound to a person."""
    return list(connection.scalars(select(Account.id).where(Account.person == person).order_by(Account.created)))


def link_card(connection: Connection, account: str, credential: str, *, now: int) -> None:
    """Put a credential into a wallet; doing it again changes nothing."""
    insert_once(connection, LinkedCard, account=account, credential=credential, at=now)


def linked_cards(connection: Connection, account: str) -> list[str]:
    """Return the identifiers of the credentials in a wallet, oldest first."""
    query = (
        select(LinkedCard.credential)
        .join(Credential, Credential.id == LinkedCard.credential)
        .where(LinkedCard.account == account)
        .order_by(LinkedCard.at, Credential.type)
    )
    return list(connection.scalars(query))


def record_consent(  # noqa: PLR0913 -- one row
    connection: Connection, person: str, scene: str, *, given: bool, version: int, now: int
) -> None:
    """Add the newest word of a holder on one scene."""
    connection.execute(insert(Consent).values(person=person, scene=scene, given=given, version=version, at=now))


def has_consent(connection: Connection, person: str, scene: str) -> bool:
    """Whether the holder's newest word on this scene is yes; silence is no."""
    return consent_version(connection, person, scene) > 0


def consent_version(connection: Connection, person: str, scene: str) -> int:
    """Return the version of the text that the holder's newest word on this scene says yes to; 0 for a no."""
    newest = (
        select(Consent.given, Consent.version)
        .where(Consent.person == person, Consent.scene == scene)
        .order_by(Consent.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    return row.version if row is not None and row.given else 0


def add_message(connection: Connection, vault: Vault, *, phone: str, text: str, now: int) -> None:
    """Keep a message of the demo gateway."""
    row = secrets.token_hex(16)
    connection.execute(
        insert(Message).values(
            row=row,
            phone_sealed=MESSAGE_PHONE.seal(vault, phone, row),
            text_sealed=MESSAGE_TEXT.seal(vault, text, row),
            at=now,
        )
    )


def newest_messages(connection: Connection, vault: Vault, *, limit: int) -> list[tuple[str, str, int]]:
    """Return (phone, text, at) of the demo gateway's newest messages."""
    rows = connection.execute(select(Message.__table__).order_by(Message.id.desc()).limit(limit))
    return [
        (
            MESSAGE_PHONE.open(vault, row.phone_sealed, row.row),
            MESSAGE_TEXT.open(vault, row.text_sealed, row.row),
            row.at,
        )
        for row in rows
    ]


def _answer(challenge: str, answer: str) -> str:
    # Six digits are a short dictionary: only a keyed hash keeps a dump from giving them away.
    return f"{challenge} {answer}"
