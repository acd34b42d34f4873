"""Partners, places, and the OAuth 2 clients that act for them: terminals and back ends."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, insert, select, update

from codeservice.errors import ForbiddenError, NotFoundError
from codeservice.location import Location
from codeservice.store import enrolment
from codeservice.store.models import Client, Partner, Place, UsedAssertion
from codeservice.store.upsert import insert_once

ENROLMENT_LIFE = enrolment.CODE_LIFE
"""Seconds in which an enrolment code may be used."""

TERMINAL, BACK_END = "terminal", "back_end"
ACTIVE, SUSPENDED, WAITING = "active", "suspended", "waiting"


_CLIENTS = (
    select(
        Client.id,
        Client.kind,
        Client.partner,
        Partner.name.label("partner_name"),
        Client.place,
        Place.name.label("place_name"),
        Place.scene,
        func.coalesce(Place.policy, Place.scene).label("policy"),
        Client.name,
        Client.scopes,
        Client.state,
        Client.public,
        Client.enrolled,
        Client.key_enrolled,
    )
    .join(Partner, Partner.id == Client.partner)
    .join(Place, Place.id == Client.place)
)
_BY_ID = _CLIENTS.where(Client.id == bindparam("client"))
_STATE = select(Client.state).where(Client.id == bindparam("client"))


@dataclass(frozen=True)
class StoredClient:
    """One client with the names of its partner and place.

    `enrolled` is when it was enrolled for the first time, `key_enrolled` when the key came that it has now. `policy` is
    the name of the policy of its place.
    """

    id: str
    kind: str
    partner: str
    partner_name: str
    place: str
    place_name: str
    scene: str
    policy: str
    name: str
    scopes: frozenset[str]
    state: str
    public: bytes | None
    enrolled: int | None
    key_enrolled: int | None


def add_partner(connection: Connection, *, id_: str, name: str) -> None:
    """Insert a partner."""
    connection.execute(insert(Partner).values(id=id_, name=name))


def add_place(  # noqa: PLR0913 -- one row
    connection: Connection,
    *,
    id_: str,
    partner: str,
    scene: str,
    name: str,
    capacity: int | None = None,
    policy: str | None = None,
    location: Location | None = None,
) -> None:
    """Insert a place; without `policy` it goes by the one that has the name of its scene."""
    row = {"id": id_, "partner": partner, "scene": scene, "name": name, "capacity": capacity, "policy": policy}
    connection.execute(insert(Place).values(row | ({} if location is None else asdict(location))))


def locate_place(connection: Connection, place: str, location: Location) -> None:
    """Say where a place is; raises NotFoundError."""
    changed = connection.execute(update(Place).where(Place.id == place).values(asdict(location)))
    if changed.rowcount != 1:
        raise NotFoundError("place_not_found")


def add_client(  # noqa: PLR0913 -- one row
    connection: Connection, *, id_: str, kind: str, place: str, name: str, scopes: frozenset[str]
) -> None:
    """Insert a client that waits for its enrolment; it belongs to the partner of its place."""
    partner = connection.scalar(select(Place.partner).where(Place.id == place))
    if partner is None:
        raise NotFoundError("place_not_found")
    connection.execute(
        insert(Client).values(
            id=id_,
            kind=kind,
            partner=partner,
            place=place,
            name=name,
            scopes=" ".join(sorted(scopes)),
            state=WAITING,
            enrolment_tries=0,
        )
    )


def find(connection: Connection, client: str) -> StoredClient | None:
    """Find a client."""
    row = connection.execute(_BY_ID, {"client": client}).first()
    return None if row is None else _stored(row)


def every(connection: Connection) -> list[StoredClient]:
    """List all clients by scene and name."""
    return [_stored(row) for row in connection.execute(_CLIENTS.order_by(Place.scene, Client.id))]


def start_enrolment(connection: Connection, client: str, *, now: int, life: int = ENROLMENT_LIFE) -> str:
    """Make a new enrolment code for a client and return it; only its hash is kept. Raises NotFoundError."""
    code = enrolment.start(connection, Client, client, now=now, life=life)
    if code is None:
        raise NotFoundError("terminal_not_found")
    return code


def enrol(connection: Connection, client: str, code: str, public: bytes, *, now: int) -> bool:
    """Use an enrolment code once and bind `public` to the client. False when refused; a wrong try is counted."""
    if not enrolment.use(connection, Client, client, code, now=now):
        return False
    connection.execute(
        update(Client)
        .where(Client.id == client)
        .values(
            state=ACTIVE,
            public=public,
            enrolled=func.coalesce(Client.enrolled, now),
            key_enrolled=now,
        )
    )
    return True


def require_active(connection: Connection, client: str) -> None:
    """Raise ForbiddenError unless the client may act now, whatever token it holds."""
    if connection.scalar(_STATE, {"client": client}) != ACTIVE:
        raise ForbiddenError("terminal_not_allowed")


def suspend(connection: Connection, client: str) -> None:
    """Refuse everything from a client from now on; raises NotFoundError."""
    changed = connection.execute(update(Client).where(Client.id == client).values(state=SUSPENDED))
    if changed.rowcount != 1:
        raise NotFoundError("terminal_not_found")


def resume(connection: Connection, client: str) -> None:
    """Let a suspended client act again, or enrol if it never did; raises NotFoundError."""
    state = case((Client.public.is_(None), WAITING), else_=ACTIVE)
    changed = connection.execute(
        update(Client).where(Client.id == client, Client.state == SUSPENDED).values(state=state)
    )
    if changed.rowcount != 1:
        raise NotFoundError("terminal_not_found")


def use_assertion(connection: Connection, client: str, jti: str, expires: int) -> bool:
    """Mark an assertion as used; False when it was used before."""
    return insert_once(connection, UsedAssertion, client=client, jti=jti, expires=expires)


def places(connection: Connection, scene: str) -> list[tuple[str, str, int | None]]:
    """Return (id, name, capacity) of the places of a scene."""
    query = select(Place.id, Place.name, Place.capacity).where(Place.scene == scene).order_by(Place.id)
    return [(row.id, row.name, row.capacity) for row in connection.execute(query)]


@dataclass(frozen=True)
class StoredPlace:
    """One place with the name of the policy that it goes by, and where it is, as far as anybody has said."""

    id: str
    partner: str
    scene: str
    name: str
    capacity: int | None
    policy: str
    location: Location | None


_PLACES = select(
    Place.id,
    Place.partner,
    Place.scene,
    Place.name,
    Place.capacity,
    func.coalesce(Place.policy, Place.scene).label("policy"),
    Place.latitude,
    Place.longitude,
    Place.radius,
)


def every_place(connection: Connection) -> list[StoredPlace]:
    """List all places."""
    return [_stored_place(row) for row in connection.execute(_PLACES.order_by(Place.scene, Place.id))]


def find_place(connection: Connection, place: str) -> StoredPlace | None:
    """Find a place."""
    row = connection.execute(_PLACES.where(Place.id == place)).first()
    return None if row is None else _stored_place(row)


def partners_of(connection: Connection, scene: str) -> list[tuple[str, str]]:
    """Return (id, name) of the partners that have a place of a scene."""
    query = select(Partner.id, Partner.name).join(Place, Place.partner == Partner.id).where(Place.scene == scene)
    return [(row.id, row.name) for row in connection.execute(query.distinct().order_by(Partner.id))]


def partners(connection: Connection) -> set[str]:
    """Return the identifiers of all partners."""
    return set(connection.scalars(select(Partner.id)))


def capacity(connection: Connection, place: str) -> int | None:
    """Return how many people a day a place admits; None for no bound."""
    return connection.scalar(select(Place.capacity).where(Place.id == place))


def location(connection: Connection, place: str) -> Location | None:
    """Return where a place is; None as long as nobody has said."""
    found = find_place(connection, place)
    return None if found is None else found.location


def _stored(row: Row[*tuple[Any, ...]]) -> StoredClient:
    values = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name has the underscore
    values["scopes"] = frozenset(values["scopes"].split())
    return StoredClient(**values)


def _stored_place(row: Row[*tuple[Any, ...]]) -> StoredPlace:
    values = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name has the underscore
    where = [values.pop(name) for name in ("latitude", "longitude", "radius")]
    return StoredPlace(**values, location=None if None in where else Location(*where))
