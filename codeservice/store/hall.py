"""Queues and windows of government halls: each number of a day is drawn once and called by one window."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

from codeservice.errors import ConflictError, NotFoundError
from codeservice.hall import IN_HAND, TRANSITIONS, Act, State
from codeservice.store.models import HallVisit, HallWindow, Place
from codeservice.store.upsert import insert_once


@dataclass(frozen=True)
class Visit:
    """One queue number of one day. Times are epoch seconds; `ended` is set once it is finished or was missed."""

    id: str
    person: str
    place: str
    day: str
    service: str
    number: str
    priority: bool
    state: State
    window: str | None
    calls: int
    drawn: int
    called: int | None
    ended: int | None


_COLUMNS = [HallVisit.__table__.c[name] for name in Visit.__dataclass_fields__]


def add(  # noqa: PLR0913 -- one row
    connection: Connection,
    *,
    id_: str,
    person: str,
    place: str,
    day: str,
    service: str,
    number: str,
    priority: bool,
    now: int,
) -> None:
    """Put a drawn number into the queue of its service."""
    connection.execute(
        insert(HallVisit).values(
            id=id_,
            person=person,
            place=place,
            day=day,
            service=service,
            number=number,
            priority=priority,
            state=State.WAITING.value,
            calls=0,
            drawn=now,
            turn=now,
        )
    )


def find(connection: Connection, visit: str, *, place: str | None = None, person: str | None = None) -> Visit:
    """Return a visit of a hall, or of a person; raises NotFoundError, also for another one's."""
    query = select(*_COLUMNS).where(HallVisit.id == visit)
    if place is not None:
        query = query.where(HallVisit.place == place)
    if person is not None:
        query = query.where(HallVisit.person == person)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFoundError("visit_not_found")
    return _visit(dict(row))


def call_next(  # noqa: PLR0913 -- the window, and what it calls for
    connection: Connection, place: str, window: str, services: Collection[str], *, day: str, now: int
) -> Visit | None:
    """Call the next number for a window: first who has priority, then who waits longest. None when nobody waits.

    A window that has called somebody gets the same number again, so that a lost answer costs nobody a turn. Raises
    ConflictError when it is serving.
    """
    _hold(connection, place, window)
    current = _in_hand(connection, place, window)
    if current is not None:
        if current.state is State.SERVING:
            raise ConflictError("window_busy")
        return current
    following = (
        select(HallVisit.id)
        .where(
            HallVisit.place == place,
            HallVisit.day == day,
            HallVisit.state == State.WAITING.value,
            HallVisit.service.in_(list(services)),
        )
        .order_by(HallVisit.priority.desc(), HallVisit.turn, func.length(HallVisit.number), HallVisit.number)
        .limit(1)
        # Whom another window is calling at this moment is passed over instead of waited for.
        .with_for_update(skip_locked=True)
    )
    chosen = connection.scalar(following)
    if chosen is None:
        return None
    row = (
        connection.execute(
            update(HallVisit)
            .where(HallVisit.id == chosen, HallVisit.state == State.WAITING.value)
            .values(state=State.CALLED.value, window=window, called=now, calls=HallVisit.calls + 1)
            .returning(*_COLUMNS)
        )
        .mappings()
        .one()
    )
    _hand(connection, place, window, chosen)
    return _visit(dict(row))


def act(  # noqa: PLR0913 -- the window, the visit, and what is done
    connection: Connection, visit: Visit, act_: Act, window: str, *, service: str | None = None, now: int
) -> Visit:
    """Do something with the visit that a window has in hand; `service` is where a transferred one waits from now on.

    Raises ConflictError when the window does not have it, or its state does not allow that.
    """
    _hold(connection, visit.place, window)
    after = TRANSITIONS.get((visit.state, act_))
    if after is None:
        raise ConflictError("visit_state_not_allowed")
    values: dict[str, object] = {"state": after.value}
    if act_ is Act.RECALL:
        values |= {"calls": HallVisit.calls + 1, "called": now}
    if act_ is Act.TRANSFER:
        values |= {"window": None, "service": service or visit.service}
    if after in (State.FINISHED, State.NO_SHOW):
        values["ended"] = now
    row = (
        connection.execute(
            update(HallVisit)
            .where(HallVisit.id == visit.id, HallVisit.state == visit.state.value, HallVisit.window == window)
            .values(values)
            .returning(*_COLUMNS)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise ConflictError("visit_state_not_allowed")
    if after not in IN_HAND:
        _hand(connection, visit.place, window, None)
    return _visit(dict(row))


def of_person(connection: Connection, person: str, *, limit: int) -> list[tuple[Visit, str]]:
    """Return a person's newest visits, each with the name of its hall."""
    query = select(*_COLUMNS, Place.name.label("place_name")).join(Place, Place.id == HallVisit.place)
    query = query.where(HallVisit.person == person).order_by(HallVisit.drawn.desc(), HallVisit.id).limit(limit)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [(_visit(row), name) for row in rows for name in [row.pop("place_name")]]


def before(connection: Connection, visit: Visit) -> int:
    """Count who waits for the same service and is called before this visit."""
    mine = select(HallVisit.turn).where(HallVisit.id == visit.id).scalar_subquery()
    earlier = case(
        (HallVisit.priority == visit.priority, (HallVisit.turn < mine) | _number_below(visit, mine)),
        else_=HallVisit.priority.is_(True),
    )
    query = select(func.count()).where(
        HallVisit.place == visit.place,
        HallVisit.day == visit.day,
        HallVisit.service == visit.service,
        HallVisit.state == State.WAITING.value,
        earlier,
    )
    return connection.scalar(query) or 0


def waiting(connection: Connection, place: str, day: str) -> dict[str, int]:
    """Count who waits, by service."""
    rows = connection.execute(
        select(HallVisit.service, func.count())
        .where(HallVisit.place == place, HallVisit.day == day, HallVisit.state == State.WAITING.value)
        .group_by(HallVisit.service)
    )
    return {row[0]: int(row[1]) for row in rows}


def in_hand(connection: Connection, place: str, day: str) -> list[Visit]:
    """Return the visits that windows have in hand, whom was called last first."""
    query = select(*_COLUMNS).where(
        HallVisit.place == place, HallVisit.day == day, HallVisit.state.in_([state.value for state in IN_HAND])
    )
    rows = connection.execute(query.order_by(HallVisit.called.desc(), HallVisit.number)).mappings()
    return [_visit(dict(row)) for row in rows]


def _hold(connection: Connection, place: str, window: str) -> None:
    insert_once(connection, HallWindow, place=place, window=window)
    connection.execute(
        select(HallWindow.visit).where(HallWindow.place == place, HallWindow.window == window).with_for_update()
    )


def _in_hand(connection: Connection, place: str, window: str) -> Visit | None:
    query = select(*_COLUMNS).join(HallWindow, HallWindow.visit == HallVisit.id)
    query = query.where(
        HallWindow.place == place,
        HallWindow.window == window,
        HallVisit.window == window,
        HallVisit.state.in_([state.value for state in IN_HAND]),
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _visit(dict(row))


def _hand(connection: Connection, place: str, window: str, visit: str | None) -> None:
    connection.execute(
        update(HallWindow).where(HallWindow.place == place, HallWindow.window == window).values(visit=visit)
    )


def _number_below(visit: Visit, turn: Any) -> Any:
    return (
        (HallVisit.turn == turn)
        & (func.length(HallVisit.number) <= len(visit.number))
        & (HallVisit.number < visit.number)
    )


def _visit(row: dict[str, Any]) -> Visit:
    return Visit(**(row | {"state": State(row["state"])}))
