"""Emergency accesses and their review."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, select, update

from codeservice.emergency_access import REVIEW_SECONDS, Verdict
from codeservice.errors import ConflictError, ForbiddenError, NotFoundError
from codeservice.store.models import EmergencyAccess
from codeservice.store.sealed import EMERGENCY_STATEMENT
from keys.vault import Vault


@dataclass(frozen=True)
class StoredEmergency:
    """One access; `reviewed`, `reviewer` and `verdict` are None while nobody has looked at it."""

    id: str
    client: str
    act: str
    partner: str
    place: str
    person: str
    operator: str
    reason: str
    at: int
    due: int
    reviewed: int | None
    reviewer: str | None
    verdict: str | None
    note: str | None


_COLUMNS = [EmergencyAccess.__table__.c[name] for name in StoredEmergency.__dataclass_fields__]


def add(connection: Connection, vault: Vault, access: StoredEmergency, statement: str) -> None:
    """Keep an access; the clinician's own words are sealed."""
    sealed = EMERGENCY_STATEMENT.seal(vault, statement, access.id)
    connection.execute(insert(EmergencyAccess).values(vars(access) | {"statement_sealed": sealed}))


def find_by_act(connection: Connection, client: str, act: str) -> StoredEmergency | None:
    """Find the access of a client's act."""
    found = _read(connection, EmergencyAccess.client == client, EmergencyAccess.act == act)
    return found[0] if found else None


def find(connection: Connection, access: str) -> StoredEmergency:
    """Find an access; raises NotFoundError."""
    found = _read(connection, EmergencyAccess.id == access)
    if not found:
        raise NotFoundError("emergency_not_found")
    return found[0]


def statement_of(connection: Connection, vault: Vault, access: str) -> str:
    """Open what the clinician wrote; raises NotFoundError."""
    sealed = connection.scalar(select(EmergencyAccess.statement_sealed).where(EmergencyAccess.id == access))
    if sealed is None:
        raise NotFoundError("emergency_not_found")
    return EMERGENCY_STATEMENT.open(vault, sealed, access)


def waiting(connection: Connection, *, limit: int) -> list[StoredEmergency]:
    """Return the accesses that nobody has reviewed, the one that is due first at the front."""
    return _read(connection, EmergencyAccess.reviewed.is_(None), limit=limit)


def count_overdue(connection: Connection, *, now: int) -> int:
    """Count the accesses whose review is late."""
    rows = connection.execute(
        select(EmergencyAccess.id).where(EmergencyAccess.reviewed.is_(None), EmergencyAccess.due <= now)
    )
    return len(rows.all())


def review(  # noqa: PLR0913 -- what a review says
    connection: Connection, access: str, *, reviewer: str, verdict: Verdict, note: str, now: int
) -> StoredEmergency:
    """Write the second person's word, once.

    Raises NotFoundError, ForbiddenError when the clinician reviews themselves, ConflictError when it was reviewed.
    """
    found = find(connection, access)
    if found.operator == reviewer:
        raise ForbiddenError("second_person_required")
    changed = connection.execute(
        update(EmergencyAccess)
        .where(EmergencyAccess.id == access, EmergencyAccess.reviewed.is_(None))
        .values(reviewed=now, reviewer=reviewer, verdict=verdict.value, note=note)
    )
    if changed.rowcount != 1:
        raise ConflictError("emergency_reviewed")
    return find(connection, access)


def due_of(now: int) -> int:
    """Return by when an access of this moment has to be reviewed."""
    return now + REVIEW_SECONDS


def _read(connection: Connection, *rules: ColumnElement[bool], limit: int = 100) -> list[StoredEmergency]:
    query = select(*_COLUMNS).where(*rules).order_by(EmergencyAccess.due, EmergencyAccess.id).limit(limit)
    return [StoredEmergency(**row) for row in connection.execute(query).mappings()]
