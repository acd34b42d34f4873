"""Posters of places: the newest print, and the passages that holders recorded by them."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from codeservice.store.models import Place, PosterPrint, VenuePassage
from codeservice.store.upsert import insert, insert_once


@dataclass(frozen=True)
class StoredPassage:
    """One passage as its holder sees it; `name` is the place's."""

    id: str
    place: str
    name: str
    passage: str
    at: int


def generation(connection: Connection, place: str) -> int:
    """Return the generation of a place's newest print; 0 before the first."""
    return connection.scalar(select(PosterPrint.generation).where(PosterPrint.place == place)) or 0


def print_again(connection: Connection, place: str, *, now: int) -> int:
    """Begin a new generation by one statement, which kills the prints before; return it."""
    statement = insert(connection, PosterPrint).values(place=place, generation=1, at=now)
    statement = statement.on_conflict_do_update(
        index_elements=[PosterPrint.place], set_={"generation": PosterPrint.generation + 1, "at": now}
    )
    return int(connection.execute(statement.returning(PosterPrint.generation)).scalar_one())


def add_passage(  # noqa: PLR0913 -- one row
    connection: Connection, id_: str, *, person: str, place: str, passage: str, at: int
) -> bool:
    """Add a passage to its holder's records; False when it stands there."""
    return insert_once(connection, VenuePassage, id=id_, person=person, place=place, passage=passage, at=at)


def passages_of(connection: Connection, person: str, *, limit: int) -> list[StoredPassage]:
    """Return a holder's newest passages."""
    query = (
        select(VenuePassage.id, VenuePassage.place, Place.name, VenuePassage.passage, VenuePassage.at)
        .join(Place, Place.id == VenuePassage.place)
        .where(VenuePassage.person == person)
        .order_by(VenuePassage.at.desc(), VenuePassage.id)
        .limit(limit)
    )
    return [StoredPassage(row.id, row.place, row.name, row.passage, row.at) for row in connection.execute(query)]
