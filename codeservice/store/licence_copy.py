"""Copies of licences that holders have given away: for whom and for what, sealed; not the copies themselves."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from codeservice.store.models import LicenceCopy
from codeservice.store.sealed import COPY_PURPOSE, COPY_REQUESTER
from keys.vault import Vault


@dataclass(frozen=True)
class StoredCopy:
    """One copy that was made."""

    id: str
    credential: str
    requester: str
    purpose: str
    issued: int
    expires: int


def add(connection: Connection, vault: Vault, person: str, copy: StoredCopy) -> None:
    """Note a copy."""
    connection.execute(
        insert(LicenceCopy).values(
            id=copy.id,
            credential=copy.credential,
            person=person,
            requester_sealed=COPY_REQUESTER.seal(vault, copy.requester, copy.id),
            purpose_sealed=COPY_PURPOSE.seal(vault, copy.purpose, copy.id),
            issued=copy.issued,
            expires=copy.expires,
        )
    )


def of_person(connection: Connection, vault: Vault, person: str, *, limit: int) -> list[StoredCopy]:
    """Return the newest copies of a holder."""
    rows = connection.execute(
        select(LicenceCopy.__table__)
        .where(LicenceCopy.person == person)
        .order_by(LicenceCopy.issued.desc(), LicenceCopy.id)
        .limit(limit)
    )
    return [
        StoredCopy(
            row.id,
            row.credential,
            COPY_REQUESTER.open(vault, row.requester_sealed, row.id),
            COPY_PURPOSE.open(vault, row.purpose_sealed, row.id),
            row.issued,
            row.expires,
        )
        for row in rows
    ]
