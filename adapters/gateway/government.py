"""What a hall shows beside scanning: services to choose from, reviews at a kiosk, and the display over its windows."""

from pathlib import Path
from typing import Annotated, cast

import msgspec
from flask import Blueprint, Response, render_template, send_from_directory

from adapters.government import GovernmentPolicy
from adapters.policies import choose
from adapters.terminals import SCOPE, policy_of, require_terminal
from codeservice.city import city_day
from codeservice.errors import NotFoundError
from codeservice.hall import State
from codeservice.reason import Words
from codeservice.reviewing import add_review
from codeservice.services import Services
from codeservice.store import client, hall
from codeservice.store.client import StoredClient, StoredPlace
from codeservice.store.database import Connection
from codeservice.web.hall import ReviewKept
from codeservice.web.operation import Answer, Body, Security, operation, services

_PAGE = Path(__file__).resolve().parent.with_name("display")

door = Blueprint("government", __name__, template_folder=str(_PAGE))

SCENE = "government"
_CALLER = ("token_required", "scope_required", "terminal_not_allowed", "terminal_too_old", "policy_not_readable")
_SHOWN = 12
"""Windows that a display shows; whom they called last stands first."""


class ServiceChoice(Answer, frozen=True):
    """A service that a queue machine offers."""

    code: str
    title: Words
    prefix: str
    waiting: int


class ServiceChoices(Answer, frozen=True):
    """What a queue machine offers, and the tags of reviews."""

    services: list[ServiceChoice]
    tags: dict[str, Words]


class KioskReview(Body, frozen=True):
    """A review by the token on the slip: the identifier of the scan that drew the number."""

    visit: Annotated[str, msgspec.Meta(max_length=32)]
    grade: Annotated[int, msgspec.Meta(ge=1, le=5)]
    tags: Annotated[tuple[str, ...], msgspec.Meta(max_length=10)] = ()
    callback: bool = False


class CalledNumber(Answer, frozen=True):
    """A number that a window has in hand."""

    window: str
    number: str
    serving: bool
    calls: int


class WaitingService(Answer, frozen=True):
    """How many wait for a service."""

    title: Words
    prefix: str
    waiting: int


class Display(Answer, frozen=True):
    """What stands over the windows of a hall: numbers and windows, nobody's name."""

    hall: str
    server_time: int
    day: str
    called: list[CalledNumber]
    waiting: list[WaitingService]


@operation(
    door,
    "GET /scan/v1/government/choices",
    returns=ServiceChoices,
    security=Security.BEARER,
    scope=SCOPE,
    problems=_CALLER,
)
def government_choices(services: Services) -> ServiceChoices:
    """Tell a queue machine which services there are, and how many wait."""
    now = services.clock()
    machine, policy = _machine(services)
    with services.database.read() as connection:
        waiting = hall.waiting(connection, machine.place, city_day(now))
    return ServiceChoices(
        [
            ServiceChoice(entry.code, entry.title.words, entry.prefix, waiting.get(entry.code, 0))
            for entry in policy.services
        ],
        {code: text.words for code, text in policy.reviews.tags.items()},
    )


@operation(
    door,
    "POST /scan/v1/government/reviews",
    body=KioskReview,
    returns=ReviewKept,
    status=201,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_CALLER, "visit_not_found", "review_not_possible", "review_tag_unknown"),
)
def review_at_kiosk(services: Services, body: KioskReview) -> ReviewKept:
    """Take the one review of a finished visit of this hall."""
    now = services.clock()
    machine, policy = _machine(services)

    def work(connection: Connection) -> int | None:
        client.require_active(connection, machine.id)
        visit = hall.find(connection, body.visit, place=machine.place)
        return add_review(
            connection,
            visit,
            policy.reviews,
            grade=body.grade,
            tags=body.tags,
            callback=body.callback,
            by="kiosk",
            hall=machine.place_name,
            now=now,
        )

    return ReviewKept(services.database.transact(work))


@operation(door, "GET /hall/<place>/numbers", returns=Display, problems=("place_not_found", "policy_not_readable"))
def display_numbers(services: Services, place: str) -> Display:
    """Say which window has which number, and how many wait: for displays, and for whoever wants to see."""
    now = services.clock()
    day = city_day(now)
    with services.database.read() as connection:
        found = _hall(connection, place)
        called = hall.in_hand(connection, place, day)
        waiting = hall.waiting(connection, place, day)
    policy = cast("GovernmentPolicy", choose(SCENE, found.policy, services.policies(found.policy, now)).document)
    return Display(
        found.name,
        now,
        day,
        [
            CalledNumber(visit.window or "", visit.number, visit.state is State.SERVING, visit.calls)
            for visit in called[:_SHOWN]
        ],
        [WaitingService(entry.title.words, entry.prefix, waiting.get(entry.code, 0)) for entry in policy.services],
    )


@door.get("/hall/<place>/display")
def display_page(place: str) -> str:
    """Show the display of a hall."""
    with services().database.read() as connection:
        found = _hall(connection, place)
    return render_template("display.html", place=found.id, name=found.name)


@door.get("/hall/static/<path:name>")
def display_file(name: str) -> Response:
    """Serve the display's own files."""
    return send_from_directory(_PAGE / "static", name)


def _hall(connection: Connection, place: str) -> StoredPlace:
    found = next((entry for entry in client.every_place(connection) if entry.id == place), None)
    if found is None or found.scene != SCENE:
        raise NotFoundError("place_not_found")
    return found


def _machine(services: Services) -> tuple[StoredClient, GovernmentPolicy]:
    now = services.clock()
    who = require_terminal(services, scene=SCENE, now=now).client
    return who, cast("GovernmentPolicy", policy_of(services, who, now).document)
