"""Officers: who they are, sealed; their keys, seeds and duties."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyotp
from sqlalchemy import Connection, Row, case, func, insert, select, update

from codeservice.credential import IdNumber
from codeservice.errors import ConflictError, NotFoundError
from codeservice.officer import LOCK_SECONDS, MAX_TRIES
from codeservice.proposal import Signatory
from codeservice.store import enrolment
from codeservice.store.models import Officer, Partner
from codeservice.store.sealed import ID_NUMBER, OFFICER_ID_NUMBER, OFFICER_NAME, OFFICER_SEED
from keys.vault import Vault

PROPOSED, WAITING, ACTIVE, SUSPENDED = "proposed", "waiting", "active", "suspended"
"""Proposed until two people admit the officer, waiting until the officer has enrolled a key."""

_OFFICERS = select(Officer.__table__, Partner.name.label("authority_name")).join(
    Partner, Partner.id == Officer.authority
)


@dataclass(frozen=True)
class StoredOfficer:
    """One officer, opened. `id_number` says which natural person it is."""

    id: str
    authority: str
    authority_name: str
    name: str
    id_number: IdNumber
    duties: frozenset[str]
    state: str
    public: bytes | None
    locked_until: int

    @property
    def signatory(self) -> Signatory:
        """The officer as far as the rules of two people need them."""
        return Signatory(self.id, self.id_number.text, self.duties)


def add(  # noqa: PLR0913 -- one row
    connection: Connection,
    vault: Vault,
    *,
    id_: str,
    authority: str,
    name: str,
    id_number: IdNumber,
    duties: Iterable[str],
    state: str,
) -> None:
    """Insert an officer. Raises NotFoundError for an unknown authority, ConflictError for an identifier in use."""
    if connection.scalar(select(Partner.id).where(Partner.id == authority)) is None:
        raise NotFoundError("authority_not_found")
    if connection.scalar(select(Officer.id).where(Officer.id == id_)) is not None:
        raise ConflictError("officer_exists")
    connection.execute(
        insert(Officer).values(
            id=id_,
            authority=authority,
            name_sealed=OFFICER_NAME.seal(vault, name, id_),
            id_number_sealed=OFFICER_ID_NUMBER.seal(vault, id_number.text, id_),
            id_number_index=vault.index(id_number.text, kind=ID_NUMBER),
            duties=" ".join(sorted(duties)),
            state=state,
            last_step=0,
            tries=0,
            locked_until=0,
            enrolment_tries=0,
        )
    )


def find(connection: Connection, vault: Vault, officer: str) -> StoredOfficer | None:
    """Open one officer."""
    row = connection.execute(_OFFICERS.where(Officer.id == officer)).first()
    return None if row is None else _opened(vault, row)


def every(connection: Connection, vault: Vault) -> list[StoredOfficer]:
    """List all officers."""
    return [_opened(vault, row) for row in connection.execute(_OFFICERS.order_by(Officer.authority, Officer.id))]


def people_with(connection: Connection, vault: Vault, duty: str) -> set[str]:
    """Return the ID numbers of the natural persons who have a duty and are not suspended."""
    return {
        found.id_number.text
        for found in every(connection, vault)
        if duty in found.duties and found.state in {WAITING, ACTIVE}
    }


def accounts_of(connection: Connection, vault: Vault, id_number: IdNumber) -> list[str]:
    """Return the officers that one natural person is."""
    query = select(Officer.id).where(OFFICER_ID_NUMBER.is_one_of(vault, id_number.text)).order_by(Officer.id)
    return list(connection.scalars(query))


def admit(connection: Connection, officer: str) -> None:
    """Let a proposed officer enrol; raises ConflictError for one who is not proposed."""
    changed = connection.execute(
        update(Officer).where(Officer.id == officer, Officer.state == PROPOSED).values(state=WAITING)
    )
    if changed.rowcount != 1:
        raise ConflictError("officer_not_proposed")


def enrol(  # noqa: PLR0913 -- one argument for each thing that is bound
    connection: Connection, vault: Vault, officer: str, code: str, public: bytes, *, now: int
) -> str | None:
    """Bind a key with a one-time code and return the seed of the one-time passwords (base32); None when refused."""
    if not enrolment.use(connection, Officer, officer, code, now=now):
        return None
    seed = pyotp.random_base32()
    connection.execute(
        update(Officer)
        .where(Officer.id == officer)
        .values(
            state=ACTIVE,
            public=public,
            seed_sealed=OFFICER_SEED.seal(vault, seed, officer),
            last_step=0,
            tries=0,
            enrolled=func.coalesce(Officer.enrolled, now),
        )
    )
    return seed


def seed_of(connection: Connection, vault: Vault, officer: str) -> str | None:
    """Open the seed of an officer's one-time passwords."""
    sealed = connection.scalar(select(Officer.seed_sealed).where(Officer.id == officer))
    return None if sealed is None else OFFICER_SEED.open(vault, sealed, officer)


def use_step(connection: Connection, officer: str, step: int, *, now: int) -> bool:
    """Use the one-time password of a step; False when it, or a later one, was used, or the officer may not act."""
    changed = connection.execute(
        update(Officer)
        .where(Officer.id == officer, Officer.state == ACTIVE, Officer.locked_until <= now, Officer.last_step < step)
        .values(last_step=step, tries=0)
    )
    return changed.rowcount == 1


def count_wrong(connection: Connection, officer: str, *, now: int) -> None:
    """Count a wrong one-time password; enough of them lock the officer out for a while."""
    is_last = Officer.tries + 1 >= MAX_TRIES
    connection.execute(
        update(Officer)
        .where(Officer.id == officer, Officer.locked_until <= now)
        .values(
            tries=case((is_last, 0), else_=Officer.tries + 1),
            locked_until=case((is_last, now + LOCK_SECONDS), else_=Officer.locked_until),
        )
    )


def suspend(connection: Connection, officer: str) -> None:
    """Refuse everything from an officer from now on; raises NotFoundError."""
    if connection.execute(update(Officer).where(Officer.id == officer).values(state=SUSPENDED)).rowcount != 1:
        raise NotFoundError("officer_not_found")


def _opened(vault: Vault, row: Row[Any]) -> StoredOfficer:
    return StoredOfficer(
        id=row.id,
        authority=row.authority,
        authority_name=row.authority_name,
        name=OFFICER_NAME.open(vault, row.name_sealed, row.id),
        id_number=IdNumber(OFFICER_ID_NUMBER.open(vault, row.id_number_sealed, row.id)),
        duties=frozenset(row.duties.split()),
        state=row.state,
        public=row.public,
        locked_until=row.locked_until,
    )
