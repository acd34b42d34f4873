"""Pairwise identifiers: kept when they are first needed, and led back for their own partner only."""

from sqlalchemy import Connection, select

from codeservice.pairwise import subject_of
from codeservice.store.models import PairwiseSubject
from codeservice.store.upsert import insert_once
from keys.vault import Vault


def find_or_add(connection: Connection, vault: Vault, partner: str, person: str, *, now: int) -> str:
    """Return the identifier under which a partner knows a person, new when there is none."""
    query = select(PairwiseSubject.id).where(PairwiseSubject.partner == partner, PairwiseSubject.person == person)
    found = connection.scalar(query)
    if found is not None:
        return found
    new = subject_of(vault, partner, person, now=now)
    if insert_once(connection, PairwiseSubject, partner=partner, person=person, id=new):
        return new
    # Asked anew: somebody was faster, perhaps under another index key.
    return connection.scalars(query).one()


def find_person(connection: Connection, partner: str, subject: str) -> str | None:
    """Return whom a partner knows under an identifier; another partner's identifier is unknown."""
    query = select(PairwiseSubject.person).where(PairwiseSubject.id == subject, PairwiseSubject.partner == partner)
    return connection.scalar(query)
