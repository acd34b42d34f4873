"""Visits for a hospital's own server: reading, moving on, and counting them."""

import re
from typing import Literal

from flask import Blueprint

from adapters.gateway.hospital_partner import PROBLEMS, Hospital, require_hospital
from codeservice.encounter import STATE_TITLES, State
from codeservice.errors import NotFoundError
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import audit, encounter, pairwise
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("encounter", __name__)

SCOPE = "encounters"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class EncounterAnswer(Answer, frozen=True):
    """One visit. `patient` is the identifier under which this hospital, and no other, knows the patient."""

    id: str
    number: str
    patient: str
    place: str
    department: str
    day: str
    state: str
    state_title: Words
    registered: int | None
    arrived: int | None
    begun: int | None
    ended: int | None
    has_guardian: bool


class StateRequest(Body, frozen=True):
    """The state that the visit goes to."""

    state: Literal["arrived", "in_progress", "finished", "cancelled"]


class Total(Answer, frozen=True):
    """How many visits stand in a state."""

    place: str
    department: str
    state: str
    count: int


class Totals(Answer, frozen=True):
    """The visits of one day, which depend on what happened and not on when it was heard of."""

    day: str
    visits: int
    totals: list[Total]


@operation(
    door,
    "GET /api/v1/encounters/<day>/<number>",
    returns=EncounterAnswer,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*PROBLEMS, "encounter_not_found"),
)
def find_encounter(services: Services, day: str, number: str) -> EncounterAnswer:
    """Find a visit of one's own place by its day and the number on the desk's screen."""
    now = services.clock()
    who = require_hospital(services, scope=SCOPE, now=now)

    def work(connection: Connection) -> EncounterAnswer:
        found = encounter.find_by_number(connection, who.client.place, day[:10], number[:16])
        if found is None:
            raise NotFoundError("encounter_not_found")
        return _answer(services, connection, who, found, now)

    return services.database.transact(work)


@operation(
    door,
    "POST /api/v1/encounters/<id_>/state",
    body=StateRequest,
    returns=EncounterAnswer,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*PROBLEMS, "encounter_not_found", "encounter_state_not_allowed"),
)
def move_encounter(services: Services, body: StateRequest, id_: str) -> EncounterAnswer:
    """Move a visit on; asking for the state that it has changes nothing."""
    now = services.clock()
    who = require_hospital(services, scope=SCOPE, now=now)

    def work(connection: Connection) -> EncounterAnswer:
        found = encounter.move(connection, who.client.partner, id_, State(body.state), now=now)
        audit.add(
            connection,
            at=now,
            actor=f"client:{who.client.id}",
            action="encounter_moved",
            subject=f"encounter:{found.id}",
            details={"state": found.state.value},
        )
        return _answer(services, connection, who, found, now)

    return services.database.transact(work)


@operation(
    door,
    "GET /api/v1/encounter-totals/<day>",
    returns=Totals,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*PROBLEMS, "encounter_not_found"),
)
def encounter_totals(services: Services, day: str) -> Totals:
    """Count one's own visits of a day by place, department and state."""
    who = require_hospital(services, scope=SCOPE, now=services.clock())
    if not _DAY.fullmatch(day):
        raise NotFoundError("encounter_not_found")
    with services.database.read() as connection:
        found = [Total(*row) for row in encounter.totals(connection, who.client.partner, day)]
    return Totals(day, sum(total.count for total in found), found)


def _answer(
    services: Services, connection: Connection, who: Hospital, found: encounter.StoredEncounter, now: int
) -> EncounterAnswer:
    patient = pairwise.find_or_add(connection, services.vault, who.client.partner, found.person, now=now)
    return EncounterAnswer(
        id=found.id,
        number=found.number,
        patient=patient,
        place=found.place,
        department=found.department,
        day=found.day,
        state=found.state.value,
        state_title=STATE_TITLES[found.state],
        registered=found.registered,
        arrived=found.arrived,
        begun=found.begun,
        ended=found.ended,
        has_guardian=found.guardian is not None,
    )
