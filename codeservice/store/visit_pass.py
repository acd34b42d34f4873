"""Passes for scenic spots: bound to one holder, one admission a day."""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, select

from codeservice.errors import ConflictError
from codeservice.store.models import Place, VisitPass
from codeservice.store.upsert import insert_once


@dataclass(frozen=True)
class HeldPass:
    """One pass; good from the day `begins` until before the day `ends`, not on the days `excluded`."""

    place: str
    begins: str
    ends: str
    code: str
    cents: int
    excluded: tuple[str, ...]


def query(place: str, day: str) -> Select[str]:
    """Select the people whose passes cover a day, days excluded or not."""
    return select(VisitPass.person).where(VisitPass.place == place, VisitPass.begins <= day, VisitPass.ends > day)


def holders(connection: Connection, place: str, day: str, *, person: str | None = None) -> set[str]:
    """Return who may enter a place on a day by a pass; of one person only where one is named."""
    found = query(place, day).add_columns(VisitPass.excluded)
    if person is not None:
        found = found.where(VisitPass.person == person)
    return {row.person for row in connection.execute(found) if day not in row.excluded}


def of_person(connection: Connection, person: str, *, day: str) -> list[HeldPass]:
    """Return a holder's passes that have not ended."""
    columns = (VisitPass.place, VisitPass.begins, VisitPass.ends, VisitPass.code, VisitPass.cents, VisitPass.excluded)
    found = select(*columns).where(VisitPass.person == person, VisitPass.ends > day).order_by(VisitPass.ends)
    return [
        HeldPass(row.place, row.begins, row.ends, row.code, row.cents, tuple(row.excluded))
        for row in connection.execute(found)
    ]


def add(connection: Connection, person: str, held: HeldPass, *, now: int) -> None:
    """Add a pass; raises ConflictError when the holder has one of that place for the day on which it begins."""
    # The lock on the place makes look and insert one step.
    connection.execute(select(Place.id).where(Place.id == held.place).with_for_update())
    earlier = query(held.place, held.begins).where(VisitPass.person == person)
    made = connection.execute(earlier).first() is None and insert_once(
        connection,
        VisitPass,
        place=held.place,
        person=person,
        begins=held.begins,
        ends=held.ends,
        code=held.code,
        cents=held.cents,
        at=now,
        excluded=sorted(held.excluded),
    )
    if not made:
        raise ConflictError("pass_exists")
