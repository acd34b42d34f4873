"""The flow of people at scenic spots, for everybody: how full it is, and what the place advises."""

import msgspec
from flask import Blueprint, Response

from codeservice import visit
from codeservice.city import city_day
from codeservice.errors import NotFoundError, UnavailableError
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import client, tally, ticket
from codeservice.store.client import StoredPlace
from codeservice.store.database import Connection
from codeservice.visit import ScenicSpotPolicy
from codeservice.web.operation import Answer, operation

door = Blueprint("visit", __name__)

POLL_SECONDS = 10
"""How long an answer may be kept: who watches asks again after it."""


class SlotFlow(Answer, frozen=True):
    """A slot of today, and how many of its places are left."""

    slot: str
    left: int


class Flow(Answer, frozen=True):
    """How full a place is: people inside (null where nobody leaves by a scan), admitted today, tickets left.

    `level` is the warning in force with its words, null where the place has no bound or names no levels.
    """

    place: str
    name: str
    at: int
    inside: int | None
    inside_limit: int | None
    admitted: int
    capacity: int | None
    level: str | None
    title: Words | None
    advice: Words | None
    slots: list[SlotFlow]


@operation(door, "GET /api/v1/places/<place>/flow", returns=Flow, problems=("place_not_found", "policy_not_readable"))
def place_flow(services: Services, place: str) -> Response:
    """Say how full a scenic spot is; nothing of anybody is in it."""
    now = services.clock()
    with services.database.read() as connection:
        spot = next((entry for entry in spots(connection) if entry.id == place), None)
        if spot is None:
            raise NotFoundError("place_not_found")
        flow = _flow(connection, spot, rules_at(services, spot, now), now)
    response = Response(msgspec.json.encode(flow), mimetype="application/json")
    response.cache_control.public = True
    response.cache_control.max_age = POLL_SECONDS
    return response


def spots(connection: Connection) -> list[StoredPlace]:
    """List the scenic spots."""
    return [place for place in client.every_place(connection) if place.scene == ticket.SCENE]


def rules_at(services: Services, place: StoredPlace, now: int) -> ScenicSpotPolicy:
    """Return the policy in force at a scenic spot; raises UnavailableError where it cannot be read."""
    version = services.policies(place.policy, now)
    if version is None:
        if place.policy != ticket.SCENE:
            raise UnavailableError("policy_not_readable")
        return visit.STANDARD
    if version.scene != ticket.SCENE:
        raise UnavailableError("policy_not_readable")
    try:
        return visit.read_rules(version.document)
    except msgspec.ValidationError as error:
        raise UnavailableError("policy_not_readable") from error


def _flow(connection: Connection, place: StoredPlace, rules: ScenicSpotPolicy, now: int) -> Flow:
    day = city_day(now)
    admitted = tally.used(connection, f"admitted:{day}", place.id)
    inside = tally.used(connection, f"inside:{day}", place.id) if "leave" in rules.passages else None
    level = rules.level(admitted if inside is None or rules.inside_limit is None else inside, place.capacity)
    return Flow(
        place=place.id,
        name=place.name,
        at=now,
        inside=inside,
        inside_limit=rules.inside_limit,
        admitted=admitted,
        capacity=place.capacity,
        level=None if level is None else level.code,
        title=None if level is None else level.title.words,
        advice=None if level is None or level.advice is None else level.advice.words,
        slots=[
            SlotFlow(slot.name, max(0, slot.capacity - ticket.sold(connection, place.id, day, slot.name)))
            for slot in rules.slots
        ],
    )
