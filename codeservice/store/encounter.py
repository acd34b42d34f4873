"""Visits: one row for each person, department, place and day, whatever the order in which its scans arrive."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from codeservice.city import city_day
from codeservice.encounter import BEFORE, STATE_OF_ACT, Act, State, id_of, number_of
from codeservice.errors import ConflictError, NotFoundError
from codeservice.scan import Caller
from codeservice.store.models import Encounter
from codeservice.store.upsert import insert


@dataclass(frozen=True)
class StoredEncounter:
    """One visit. `registered` to `ended` are when each was said first, `changed` is the newest of all."""

    id: str
    number: str
    partner: str
    place: str
    department: str
    day: str
    person: str
    guardian: str | None
    state: State
    registered: int | None
    arrived: int | None
    begun: int | None
    ended: int | None
    changed: int


def open_(  # noqa: PLR0913 -- what a visit is
    connection: Connection, caller: Caller, person: str, *, department: str, act: Act, guardian: str | None, now: int
) -> str:
    """Begin a visit or go on with it, and return its number. The result does not depend on the order of acts.

    A visit that is further stays where it is. One that was cancelled begins again with an act that came after that.
    """
    day, wanted = city_day(now), STATE_OF_ACT[act]
    id_ = id_of(caller.place, department, day, person)
    said: InstrumentedAttribute[int | None] = Encounter.arrived if act is Act.CHECK_IN else Encounter.registered
    statement = insert(connection, Encounter).values(
        id=id_,
        number=number_of(caller.place, department, day, person),
        partner=caller.partner,
        place=caller.place,
        department=department,
        day=day,
        person=person,
        guardian=guardian,
        state=wanted.value,
        changed=now,
        **{said.key: now},
    )
    again = and_(Encounter.state == State.CANCELLED.value, Encounter.changed < now)
    further = Encounter.state == (State.REGISTERED.value if wanted is State.ARRIVED else "")
    statement = statement.on_conflict_do_update(
        index_elements=[Encounter.id],
        set_={
            "state": case((or_(again, further), wanted.value), else_=Encounter.state),
            said.key: _first(said, now),
            "guardian": case(
                (or_(Encounter.guardian.is_(None), Encounter.guardian > guardian), guardian), else_=Encounter.guardian
            )
            if guardian is not None
            else Encounter.guardian,
            "changed": case((Encounter.changed < now, now), else_=Encounter.changed),
        },
    )
    return str(connection.execute(statement.returning(Encounter.number)).scalar_one())


def move(connection: Connection, partner: str, encounter: str, state: State, *, now: int) -> StoredEncounter:
    """Move a visit of a partner on; asking for the state that it has changes nothing.

    Raises NotFoundError, also for another partner's, ConflictError for a move that no visit makes.
    """
    stamps: dict[State, InstrumentedAttribute[int | None]] = {
        State.ARRIVED: Encounter.arrived,
        State.IN_PROGRESS: Encounter.begun,
        State.FINISHED: Encounter.ended,
        State.CANCELLED: Encounter.ended,
    }
    before = BEFORE.get(state, frozenset())
    if before:
        connection.execute(
            update(Encounter)
            .where(
                Encounter.id == encounter,
                Encounter.partner == partner,
                Encounter.state.in_([entry.value for entry in before]),
            )
            .values({"state": state.value, stamps[state].key: now, "changed": now})
        )
    found = find(connection, partner, encounter)
    if found is None:
        raise NotFoundError("encounter_not_found")
    if found.state is not state:
        raise ConflictError("encounter_state_not_allowed")
    return found


def find(connection: Connection, partner: str, encounter: str) -> StoredEncounter | None:
    """Find a visit by its identifier, if it is this partner's."""
    found = _read(connection, Encounter.id == encounter, Encounter.partner == partner)
    return found[0] if found else None


def find_by_number(connection: Connection, place: str, day: str, number: str) -> StoredEncounter | None:
    """Find a visit of a place by the number that people read."""
    found = _read(connection, Encounter.place == place, Encounter.day == day, Encounter.number == number)
    return found[0] if found else None


def of_patient(connection: Connection, partner: str, person: str, *, since: int) -> list[StoredEncounter]:
    """Return a person's visits of a partner that changed since a moment and were not cancelled, newest first."""
    mine = Encounter.partner == partner, Encounter.person == person
    return _read(connection, *mine, Encounter.changed >= since, Encounter.state != State.CANCELLED.value)


def of_day(connection: Connection, partner: str, day: str, *, since: int, limit: int) -> list[StoredEncounter]:
    """Return a partner's visits of a day that changed since a moment, newest first."""
    return _read(
        connection, Encounter.partner == partner, Encounter.day == day, Encounter.changed >= since, limit=limit
    )


def of_number(connection: Connection, partner: str, number: str, *, since: int) -> list[StoredEncounter]:
    """Return a partner's visits with this number that changed since a moment."""
    return _read(connection, Encounter.partner == partner, Encounter.number == number, Encounter.changed >= since)


def of_guardian(connection: Connection, partner: str, guardian: str, *, since: int) -> list[StoredEncounter]:
    """Return the visits of a partner to which somebody brought another, newest first."""
    mine = Encounter.partner == partner, Encounter.guardian == guardian
    return _read(connection, *mine, Encounter.changed >= since, Encounter.state != State.CANCELLED.value)


def totals(connection: Connection, partner: str, day: str) -> list[tuple[str, str, str, int]]:
    """Return (place, department, state, count) of a partner's visits of a day."""
    columns = Encounter.place, Encounter.department, Encounter.state
    query = select(*columns, func.count()).where(Encounter.partner == partner, Encounter.day == day)
    rows = connection.execute(query.group_by(*columns).order_by(*columns))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _read(connection: Connection, *rules: ColumnElement[bool], limit: int = 200) -> list[StoredEncounter]:
    query = select(Encounter.__table__).where(*rules).order_by(Encounter.changed.desc(), Encounter.id).limit(limit)
    found: Sequence[dict[str, object]] = [dict(row) for row in connection.execute(query).mappings()]
    return [StoredEncounter(**row | {"state": State(row["state"])}) for row in found]  # type: ignore[arg-type]


def _first(column: InstrumentedAttribute[int | None], now: int) -> ColumnElement[int | None]:
    return case((or_(column.is_(None), column > now), now), else_=column)
