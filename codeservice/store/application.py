"""Applications in halls: a form of one visit, the holder's consent to it, and the one time it is fetched."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from codeservice.city import CITY_ZONE
from codeservice.errors import ConflictError, NotFoundError
from codeservice.hall import Form, Source, fill
from codeservice.store import person as people
from codeservice.store.models import HallApplication, Place
from codeservice.store.sealed import APPLICATION_VALUES
from keys.vault import Vault

ASKED, CONSENTED, FETCHED, REFUSED, WITHDRAWN = "asked", "consented", "fetched", "refused", "withdrawn"


@dataclass(frozen=True)
class StoredApplication:
    """An application with the form as it was when the hall asked. Times are epoch seconds."""

    id: str
    visit: str
    person: str
    place: str
    place_name: str
    service: str
    form: Form
    state: str
    values_sealed: bytes | None
    asked: int
    consented: int | None
    expires: int | None
    ended: int | None


_QUERY = select(
    *(
        HallApplication.__table__.c[name] if name != "place_name" else Place.name.label(name)
        for name in StoredApplication.__dataclass_fields__
    )
).join(Place, Place.id == HallApplication.place)


def ask(  # noqa: PLR0913 -- one row
    connection: Connection, *, visit: str, person: str, place: str, form: Form, now: int
) -> str:
    """Ask a holder for a form; returns the application's identifier."""
    id_ = secrets.token_hex(16)
    row = {"id": id_, "visit": visit, "person": person, "place": place, "service": form.service, "asked": now}
    connection.execute(insert(HallApplication).values(**row, form=msgspec.to_builtins(form), state=ASKED))
    return id_


def find(
    connection: Connection, application: str, *, person: str | None = None, place: str | None = None
) -> StoredApplication:
    """Return an application of a person, or of a hall; raises NotFoundError, also for another one's."""
    query = _QUERY.where(HallApplication.id == application)
    if person is not None:
        query = query.where(HallApplication.person == person)
    if place is not None:
        query = query.where(HallApplication.place == place)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFoundError("application_not_found")
    return _stored(row)


def of_person(connection: Connection, person: str, *, limit: int) -> list[StoredApplication]:
    """Return a person's newest applications."""
    query = _QUERY.where(HallApplication.person == person)
    rows = connection.execute(query.order_by(HallApplication.asked.desc(), HallApplication.id).limit(limit))
    return [_stored(row) for row in rows.mappings()]


def values_now(connection: Connection, vault: Vault, application: StoredApplication, *, now: int) -> dict[str, Any]:
    """Fill the form from what is in force now: exactly its fields."""
    holder = people.find_holder(connection, vault, application.person)
    cards = [card for card in people.cards_of(connection, vault, application.person) if card.holds(now)]
    sources = [Source(card.type.value, card.number, _last_day(card.valid_until), card.claims) for card in cards]
    of_holder = {
        "name": holder.name,
        "id_number": holder.id_number.text,
        "phone": holder.phone,
        "region": holder.region,
    }
    return fill(application.form, of_holder, sources)


def consent(
    connection: Connection, vault: Vault, application: StoredApplication, values: Mapping[str, Any], *, now: int
) -> bool:
    """Keep what the holder consented to, for as long as the form says; False when it was not asked for any more."""
    sealed = APPLICATION_VALUES.seal(vault, json.dumps(values, ensure_ascii=False), application.id)
    return _move(
        connection,
        application,
        (ASKED,),
        state=CONSENTED,
        values_sealed=sealed,
        consented=now,
        expires=now + application.form.minutes * 60,
    )


def close(connection: Connection, application: StoredApplication, state: str, *, now: int) -> bool:
    """Refuse an application or withdraw a consent; False when that is not possible any more."""
    return _move(connection, application, (ASKED, CONSENTED), state=state, values_sealed=None, ended=now)


def fetch(connection: Connection, vault: Vault, application: StoredApplication, *, now: int) -> dict[str, Any]:
    """Hand the values over, once, and keep them no longer.

    Raises ConflictError without a consent that counts now, and when what is in force has changed since.
    """
    sealed = application.values_sealed
    if application.state != CONSENTED or sealed is None or application.expires is None or now >= application.expires:
        raise ConflictError("application_not_open")
    values: dict[str, Any] = json.loads(APPLICATION_VALUES.open(vault, bytes(sealed), application.id))
    if values != values_now(connection, vault, application, now=now):
        raise ConflictError("application_changed")
    if not _move(connection, application, (CONSENTED,), state=FETCHED, values_sealed=None, ended=now):
        raise ConflictError("application_not_open")
    return values


def _move(connection: Connection, application: StoredApplication, before: tuple[str, ...], **values: object) -> bool:
    changed = connection.execute(
        update(HallApplication)
        .where(HallApplication.id == application.id, HallApplication.state.in_(before))
        .values(values)
    )
    return changed.rowcount == 1


def _last_day(valid_until: int | None) -> str | None:
    # The end is exclusive: the last day is the one before it.
    if valid_until is None:
        return None
    return datetime.fromtimestamp(valid_until - 1, UTC).astimezone(CITY_ZONE).date().isoformat()


def _stored(row: Any) -> StoredApplication:
    values = dict(row)
    values["form"] = msgspec.convert(values["form"], type=Form)
    return StoredApplication(**values)
