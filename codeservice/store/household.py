"""Ties of households: requested, confirmed or reviewed, ended; each change is one conditional statement."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, tuple_, update

from codeservice.errors import ConflictError, NotFoundError
from codeservice.household import OPEN, EndReason, Proof, TieKind, TieState
from codeservice.store import tally
from codeservice.store.models import Grant, HouseholdTie, Place, Scan
from codeservice.store.scan import StoredScan
from codeservice.store.sealed import ID_NUMBER, TIE_ID_NUMBER, TIE_NAME
from codeservice.store.upsert import insert_once
from keys.vault import Vault

_DEPENDANTS, _GUARDIANS = "household:dependants", "household:guardians"
"""Counters of active ties of a guardian and of a dependant."""

_WAITING = frozenset({TieState.REQUESTED, TieState.WAITING_REVIEW})
_LISTED = 100


@dataclass(frozen=True)
class Tie:
    """One tie as recorded. `dependant` is None while nobody is known by the name and number that were typed."""

    id: str
    guardian: str
    dependant: str | None
    kind: TieKind
    state: TieState
    proof: Proof | None
    scenes: int | None
    shares_records: bool
    requested: int
    since: int | None
    until: int | None
    closed: int | None
    reason: EndReason | None

    def is_active(self, now: int) -> bool:
        """Whether the guardian may act at `now`; a tie whose end has come does not wait for the keeper."""
        return self.state is TieState.ACTIVE and (self.until is None or now < self.until)


@dataclass(frozen=True)
class NewTie:
    """What a guardian asks for, with the name and ID number that they typed."""

    guardian: str
    dependant: str | None
    kind: TieKind
    state: TieState
    scenes: int | None
    name: str
    id_number: str


@dataclass(frozen=True)
class Limits:
    """The most active ties of one person: as the one who acts, and as the one acted for."""

    dependants: int
    guardians: int


def add(connection: Connection, vault: Vault, new: NewTie, *, now: int) -> Tie:
    """Record a request; raises ConflictError while an earlier one for the same ID number is open."""
    id_ = secrets.token_hex(16)
    twice = select(HouseholdTie.id).where(
        HouseholdTie.guardian == new.guardian,
        TIE_ID_NUMBER.is_one_of(vault, new.id_number),
        HouseholdTie.state.in_(OPEN),
    )
    is_new = connection.scalar(twice) is None and insert_once(
        connection,
        HouseholdTie,
        id=id_,
        guardian=new.guardian,
        dependant=new.dependant,
        kind=new.kind.value,
        state=new.state.value,
        proof=None,
        scenes=new.scenes,
        shares_records=False,
        typed_name_sealed=TIE_NAME.seal(vault, new.name, id_),
        typed_id_number_sealed=TIE_ID_NUMBER.seal(vault, new.id_number, id_),
        typed_id_number_index=vault.index(new.id_number, kind=ID_NUMBER),
        requested=now,
    )
    if not is_new:
        raise ConflictError("tie_exists")
    return find(connection, id_)


def activate(  # noqa: PLR0913 -- one row
    connection: Connection,
    tie: Tie,
    *,
    proof: Proof,
    until: int | None,
    limits: Limits,
    now: int,
    scenes: int | None,
    shares_records: bool,
) -> Tie:
    """Make a waiting tie active, once, within both limits.

    Raises ConflictError when it does not wait any more, when nobody is known as its dependant, or past a limit.
    """
    if tie.dependant is None:
        raise ConflictError("tie_not_matched")
    changed = connection.execute(
        update(HouseholdTie)
        .where(HouseholdTie.id == tie.id, HouseholdTie.state == tie.state.value, HouseholdTie.state.in_(_WAITING))
        .values(
            state=TieState.ACTIVE.value,
            proof=proof.value,
            since=now,
            until=until,
            scenes=scenes,
            shares_records=shares_records,
        )
    )
    if changed.rowcount != 1:
        raise ConflictError("tie_not_waiting")
    # Everybody counts in this order, so that two who do never wait for each other.
    if tally.take(connection, _DEPENDANTS, tie.guardian, 1, limits.dependants) is None:
        raise ConflictError("too_many_dependants")
    if tally.take(connection, _GUARDIANS, tie.dependant, 1, limits.guardians) is None:
        raise ConflictError("too_many_guardians")
    return find(connection, tie.id)


def close(connection: Connection, tie: Tie, reason: EndReason, *, now: int) -> Tie:
    """Refuse a tie that waits, or end an active one, once; raises ConflictError when somebody else has done it.

    What was typed is forgotten.
    """
    was_active = tie.state is TieState.ACTIVE
    state = TieState.ENDED if was_active else TieState.REFUSED
    changed = connection.execute(
        update(HouseholdTie)
        .where(HouseholdTie.id == tie.id, HouseholdTie.state == tie.state.value, HouseholdTie.state.in_(OPEN))
        .values(
            state=state.value,
            reason=reason.value,
            closed=now,
            typed_name_sealed=None,
            typed_id_number_sealed=None,
            typed_id_number_index=None,
        )
    )
    if changed.rowcount != 1:
        raise ConflictError("tie_closed")
    if was_active and tie.dependant is not None:
        tally.give_back(connection, _DEPENDANTS, tie.guardian, 1)
        tally.give_back(connection, _GUARDIANS, tie.dependant, 1)
    return find(connection, tie.id)


def find(connection: Connection, tie: str) -> Tie:
    """Return a tie; raises NotFoundError."""
    row = connection.execute(select(HouseholdTie.__table__).where(HouseholdTie.id == tie)).first()
    if row is None:
        raise NotFoundError("tie_not_found")
    return _tie(row)


def find_of(connection: Connection, tie: str, person: str) -> Tie:
    """Return a tie of which `person` is one side; raises NotFoundError for every other one."""
    row = connection.execute(select(HouseholdTie.__table__).where(HouseholdTie.id == tie, _is_side(person))).first()
    if row is None:
        raise NotFoundError("tie_not_found")
    return _tie(row)


def require_active(connection: Connection, tie: str, *, guardian: str, now: int) -> Tie:
    """Return an active tie of a guardian, locked against its end in this transaction; raises NotFoundError."""
    row = connection.execute(
        select(HouseholdTie.__table__)
        .where(HouseholdTie.id == tie, HouseholdTie.guardian == guardian)
        .with_for_update(read=True)
    ).first()
    found = None if row is None else _tie(row)
    if found is None or found.dependant is None or not found.is_active(now):
        raise NotFoundError("tie_not_found")
    return found


def of_person(connection: Connection, person: str) -> list[Tie]:
    """Return the newest ties of a person, in both directions."""
    query = select(HouseholdTie.__table__).where(_is_side(person))
    return [_tie(row) for row in connection.execute(query.order_by(HouseholdTie.requested.desc()).limit(_LISTED))]


def active_of(connection: Connection, person: str) -> list[Tie]:
    """Return every active tie of a person, in both directions."""
    query = select(HouseholdTie.__table__).where(_is_side(person), HouseholdTie.state == TieState.ACTIVE.value)
    return [_tie(row) for row in connection.execute(query.order_by(HouseholdTie.id))]


def open_of(connection: Connection, person: str) -> list[Tie]:
    """Return every tie of a person that is not closed, in both directions."""
    query = select(HouseholdTie.__table__).where(_is_side(person), HouseholdTie.state.in_(OPEN))
    return [_tie(row) for row in connection.execute(query.order_by(HouseholdTie.id))]


def in_state(connection: Connection, state: TieState, *, limit: int) -> list[Tie]:
    """Return the ties in a state, the oldest first."""
    query = select(HouseholdTie.__table__).where(HouseholdTie.state == state.value)
    return [_tie(row) for row in connection.execute(query.order_by(HouseholdTie.requested).limit(limit))]


def past(connection: Connection, *, now: int, request_life: int, limit: int) -> list[Tie]:
    """Return active ties whose end has come, and requests that nobody has answered in time."""
    ended = (HouseholdTie.state == TieState.ACTIVE.value) & (HouseholdTie.until <= now)
    unanswered = (HouseholdTie.state == TieState.REQUESTED.value) & (HouseholdTie.requested <= now - request_life)
    query = select(HouseholdTie.__table__).where(or_(ended, unanswered))
    return [_tie(row) for row in connection.execute(query.order_by(HouseholdTie.id).limit(limit))]


def typed(connection: Connection, vault: Vault, tie: str) -> tuple[str, str] | None:
    """Open the name and ID number that were typed for a tie; None when it is closed."""
    row = connection.execute(
        select(HouseholdTie.typed_name_sealed, HouseholdTie.typed_id_number_sealed).where(HouseholdTie.id == tie)
    ).first()
    if row is None or row.typed_name_sealed is None or row.typed_id_number_sealed is None:
        return None
    name = TIE_NAME.open(vault, row.typed_name_sealed, tie)
    return name, TIE_ID_NUMBER.open(vault, row.typed_id_number_sealed, tie)


def shown_by(connection: Connection, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Tie]:
    """Return for each of these places (list, idx) whose grant a guardian shows the tie under which they do."""
    query = (
        select(Grant.list, Grant.idx, *HouseholdTie.__table__.c)
        .join(HouseholdTie, HouseholdTie.id == Grant.proxy)
        .where(tuple_(Grant.list, Grant.idx).in_(places))
    )
    return {(row.list, row.idx): _tie(row) for row in connection.execute(query)} if places else {}


def scans_shown(connection: Connection, guardian: str, *, limit: int) -> list[tuple[StoredScan, str]]:
    """Return the newest scans of codes that a guardian showed for others, each with the name of its place."""
    ties = select(HouseholdTie.id).where(HouseholdTie.guardian == guardian)
    query = (
        select(Scan.__table__, Place.name.label("place_name"))
        .join(Place, Place.id == Scan.place)
        .join(Grant, (Grant.list == Scan.list) & (Grant.idx == Scan.idx))
        .where(Grant.proxy.in_(ties))
        .order_by(Scan.at.desc(), Scan.id)
        .limit(limit)
    )
    found = []
    for row in connection.execute(query).mappings():
        values = dict(row)
        name = values.pop("place_name")
        found.append((StoredScan(**values), name))
    return found


def _is_side(person: str) -> ColumnElement[bool]:
    return or_(HouseholdTie.guardian == person, HouseholdTie.dependant == person)


def _tie(row: Row[Any]) -> Tie:
    return Tie(
        id=row.id,
        guardian=row.guardian,
        dependant=row.dependant,
        kind=TieKind(row.kind),
        state=TieState(row.state),
        proof=None if row.proof is None else Proof(row.proof),
        scenes=row.scenes,
        shares_records=row.shares_records,
        requested=row.requested,
        since=row.since,
        until=row.until,
        closed=row.closed,
        reason=None if row.reason is None else EndReason(row.reason),
    )
