"""Consents to health records with their history, hospitals' questions for one, and every look at a record."""

import secrets
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, insert, select, update

from codeservice.health_record import REQUEST_LIFE, Purpose, Scope, read_scopes, write_scopes
from codeservice.store.models import HealthAccess, Partner, RecordConsent, RecordRequest
from codeservice.store.upsert import insert_once

WAITING, GIVEN, DECLINED = "waiting", "given", "declined"


@dataclass(frozen=True)
class StoredConsent:
    """One version of a consent; it opens `scopes` to the partner from `begins` until before `ends`."""

    id: str
    version: int
    person: str
    partner: str
    scopes: tuple[Scope, ...]
    purpose: Purpose
    begins: int
    ends: int
    withdrawn: bool
    at: int

    def holds(self, now: int) -> bool:
        """Whether this version, if it is the newest, opens something at `now`."""
        return not self.withdrawn and self.begins <= now < self.ends


@dataclass(frozen=True)
class StoredRequest:
    """A hospital's question."""

    id: str
    person: str
    partner: str
    client: str
    operator: str
    scopes: tuple[Scope, ...]
    purpose: Purpose
    days: int
    state: str
    at: int
    expires: int
    consent: str | None


@dataclass(frozen=True)
class Access:
    """One look: who asked for what, and which scopes or fields were allowed."""

    person: str
    partner: str
    client: str
    operator: str
    what: str
    asked: str
    scopes: str
    purpose: str
    subject: str
    at: int


def add_consent(connection: Connection, consent: StoredConsent) -> bool:
    """Add a version; False when there is one of that number."""
    values = vars(consent) | {"scopes": write_scopes(consent.scopes), "purpose": consent.purpose.value}
    return insert_once(connection, RecordConsent, **values)


def withdraw(connection: Connection, person: str, consent: str, *, now: int) -> StoredConsent | None:
    """Write the last version of a person's consent; None when there is none. Withdrawing again changes nothing."""
    while (newest := find_consent(connection, person, consent)) is not None and not newest.withdrawn:
        add_consent(connection, replace(newest, version=newest.version + 1, withdrawn=True, at=now))
    return newest


def find_consent(connection: Connection, person: str, consent: str) -> StoredConsent | None:
    """Find the newest version of a person's consent."""
    found = history(connection, person, consent)
    return found[-1] if found else None


def history(connection: Connection, person: str, consent: str) -> list[StoredConsent]:
    """Return every version of a person's consent, oldest first."""
    return _consents(connection, RecordConsent.person == person, RecordConsent.id == consent)


def find_of_partner(connection: Connection, consent: str, partner: str) -> StoredConsent | None:
    """Find the newest version of a consent, if it is to this partner."""
    found = _consents(connection, RecordConsent.id == consent, RecordConsent.partner == partner)
    return found[-1] if found else None


def consents_of(connection: Connection, person: str, partner: str | None = None) -> list[StoredConsent]:
    """Return the newest version of each consent of a person, to one partner or to all; the newest consent first."""
    rules = [RecordConsent.person == person]
    if partner is not None:
        rules.append(RecordConsent.partner == partner)
    newest = {consent.id: consent for consent in _consents(connection, *rules)}
    return sorted(newest.values(), key=lambda consent: (-consent.at, consent.id))


def add_request(  # noqa: PLR0913 -- one row
    connection: Connection,
    *,
    person: str,
    partner: str,
    client: str,
    operator: str,
    scopes: tuple[Scope, ...],
    purpose: Purpose,
    days: int,
    now: int,
) -> StoredRequest:
    """Keep a hospital's question."""
    request = StoredRequest(
        secrets.token_hex(16),
        person,
        partner,
        client,
        operator,
        scopes,
        purpose,
        days,
        WAITING,
        now,
        now + REQUEST_LIFE,
        None,
    )
    values = vars(request) | {"scopes": write_scopes(scopes), "purpose": purpose.value}
    connection.execute(insert(RecordRequest).values(values))
    return request


def answer_request(
    connection: Connection, request: StoredRequest, state: str, consent: str | None, *, now: int
) -> bool:
    """Write a holder's answer, once; False when it was answered or its time is over."""
    changed = connection.execute(
        update(RecordRequest)
        .where(RecordRequest.id == request.id, RecordRequest.state == WAITING, RecordRequest.expires > now)
        .values(state=state, consent=consent)
    )
    return changed.rowcount == 1


def requests_of(connection: Connection, person: str, *, now: int) -> list[StoredRequest]:
    """Return the questions that wait for a person's answer, newest first."""
    waiting = RecordRequest.state == WAITING, RecordRequest.expires > now
    return _requests(connection, RecordRequest.person == person, *waiting)


def find_request(
    connection: Connection, request: str, *, person: str | None = None, partner: str | None = None
) -> StoredRequest | None:
    """Find a question, if it is asked of this person or by this partner."""
    rules = [RecordRequest.id == request]
    if person is not None:
        rules.append(RecordRequest.person == person)
    if partner is not None:
        rules.append(RecordRequest.partner == partner)
    found = _requests(connection, *rules)
    return found[0] if found else None


def note_access(connection: Connection, access: Access) -> None:
    """Keep one look at what is about a person's health."""
    connection.execute(insert(HealthAccess).values(vars(access)))


def accesses_of(connection: Connection, person: str, *, limit: int) -> list[tuple[Access, str]]:
    """Return the newest looks, each with the name of the partner."""
    columns = [HealthAccess.__table__.c[name] for name in Access.__dataclass_fields__]
    query = (
        select(*columns, Partner.name)
        .join(Partner, Partner.id == HealthAccess.partner)
        .where(HealthAccess.person == person)
        .order_by(HealthAccess.id.desc())
        .limit(limit)
    )
    return [(Access(*row[:-1]), row[-1]) for row in connection.execute(query)]


def _consents(connection: Connection, *rules: ColumnElement[bool]) -> list[StoredConsent]:
    query = select(RecordConsent.__table__).where(*rules).order_by(RecordConsent.id, RecordConsent.version)
    return [
        StoredConsent(**{**row, "scopes": read_scopes(row["scopes"]), "purpose": Purpose(row["purpose"])})
        for row in connection.execute(query).mappings()
    ]


def _requests(connection: Connection, *rules: ColumnElement[bool]) -> list[StoredRequest]:
    query = select(RecordRequest.__table__).where(*rules).order_by(RecordRequest.at.desc(), RecordRequest.id)
    return [
        StoredRequest(**{**row, "scopes": read_scopes(row["scopes"]), "purpose": Purpose(row["purpose"])})
        for row in connection.execute(query.limit(100)).mappings()
    ]
