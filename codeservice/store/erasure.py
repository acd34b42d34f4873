"""Erasure: what is deleted of a wallet when its holder gives it up."""

import secrets

from sqlalchemy import Connection, delete, insert, select, update

from codeservice.disclosure import CONSENT_VERSION
from codeservice.scene import SCENES
from codeservice.store import account, health_record
from codeservice.store.models import (
    Account,
    Challenge,
    Consent,
    Device,
    LicenceCopy,
    LinkedCard,
    Notice,
    ScanDispute,
    Session,
    WechatIdentity,
)
from codeservice.store.sealed import ACCOUNT_PHONE, PHONE
from keys.vault import Vault


def erase(connection: Connection, vault: Vault, person: str, *, now: int) -> None:
    """Delete what the wallets of a person hold, and take back every consent.

    The row of a wallet stays, because devices and grants name it: without phone number and without person it is
    nobody's. A consent that is taken back stays as a word that was said.
    """
    wallets = list(connection.execute(select(Account.id, Account.phone_index).where(Account.person == person)))
    ids, phones = [row.id for row in wallets], [row.phone_index for row in wallets]
    connection.execute(delete(Session).where(Session.account.in_(ids)))
    connection.execute(delete(WechatIdentity).where(WechatIdentity.account.in_(ids)))
    connection.execute(delete(LinkedCard).where(LinkedCard.account.in_(ids)))
    connection.execute(delete(Challenge).where(Challenge.phone_index.in_(phones)))
    connection.execute(delete(Notice).where(Notice.person == person))
    connection.execute(delete(LicenceCopy).where(LicenceCopy.person == person))
    connection.execute(delete(ScanDispute).where(ScanDispute.person == person))
    connection.execute(update(Device).where(Device.person == person, Device.removed.is_(None)).values(removed=now))
    connection.execute(update(Device).where(Device.person == person).values(name=""))
    for scene in SCENES:
        if account.has_consent(connection, person, scene):
            values = {"person": person, "scene": scene, "given": False, "version": CONSENT_VERSION, "at": now}
            connection.execute(insert(Consent).values(values))
    for consent in health_record.consents_of(connection, person):
        health_record.withdraw(connection, person, consent.id, now=now)
    for wallet in ids:
        # Nobody has this number, and no two wallets the same: a blind index is made of it when keys are renewed.
        nobody = f"erased {secrets.token_hex(16)}"
        connection.execute(
            update(Account)
            .where(Account.id == wallet)
            .values(
                person=None,
                assurance=0,
                phone_sealed=ACCOUNT_PHONE.seal(vault, nobody, wallet),
                phone_index=vault.index(nobody, kind=PHONE),
            )
        )
