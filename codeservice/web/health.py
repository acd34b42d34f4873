"""Whether the process lives, whether it can serve, and in what state the service is."""

import time
from collections.abc import Mapping

import msgspec
from flask import Blueprint, Response, current_app

from codeservice import logs
from codeservice.errors import UnavailableError
from codeservice.services import Services
from codeservice.store import audit, grant, scan
from codeservice.watching import KEEPER_LATE, Watch, watch
from codeservice.web.operation import Answer, operation
from keys.errors import KeysError
from keys.key import Purpose

door = Blueprint("health", __name__)
life = Blueprint("life", __name__)
"""The one question that every server answers."""

_DAY = 24 * 3600
_SAY_EVERY = 600
"""Seconds after which the same alarm is logged again."""


class Live(Answer, frozen=True):
    """The process answers."""

    status: str


class Ready(Answer, frozen=True):
    """What works: Redis may be down, the others may not; `published` says that the lists have not grown too old."""

    database: bool
    redis: bool
    trust_list: bool
    grant_key: bool
    published: bool


class State(Answer, frozen=True):
    """Counts, versions and ages in seconds; no personal data. `keeper_late` says that somebody has to look."""

    trust_list_version: int
    trust_list_expires: int
    redis: bool
    redis_evicts: bool | None
    live_grants: int
    scans_last_day: int
    audit_sealed: int
    audit_root: str
    keeper_late: bool
    late: tuple[str, ...]
    since_done: Mapping[str, int | None]
    snapshot_age: int | None
    lists_age: int | None


@operation(life, "GET /livez", returns=Live)
def livez(_services: Services) -> Live:
    """Say that the process answers."""
    return Live("ok")


@operation(door, "GET /readyz", returns=Ready)
def readyz(services: Services) -> Ready | Response:
    """Say whether the service keeps all its promises; 503 when not, also when what is published has grown too old."""
    ready = _ready(services)
    return ready if _scans(ready) and ready.published else _not(ready)


@operation(door, "GET /readyz/scans", returns=Ready)
def readyz_scans(services: Services) -> Ready | Response:
    """Say whether scans can be decided; 503 when not. For the balancer in front: scans need no published list."""
    ready = _ready(services)
    return ready if _scans(ready) else _not(ready)


@operation(door, "GET /state", returns=State)
def state(services: Services) -> State:
    """Show counts and versions of the running service."""
    now = services.clock()
    trust_list = services.trust_list()
    watched = watch(services)
    _alarm(watched)
    with services.database.read() as connection:
        checkpoint = audit.newest_checkpoint(connection)
        return State(
            trust_list_version=trust_list.version,
            trust_list_expires=trust_list.expires,
            redis=services.revoked.is_alive(),
            redis_evicts=services.revoked.evicts(),
            live_grants=grant.count_live(connection, now=now),
            scans_last_day=scan.count_since(connection, now - _DAY),
            audit_sealed=checkpoint[0] if checkpoint else 0,
            audit_root=checkpoint[1].hex() if checkpoint else "",
            keeper_late=bool(watched.late),
            late=watched.late,
            since_done=watched.since_done,
            snapshot_age=watched.snapshot_age,
            lists_age=watched.lists_age,
        )


def _ready(services: Services) -> Ready:
    return Ready(
        _database(services),
        services.revoked.is_alive(),
        _trust_list(services),
        _grant_key(services),
        _published(services),
    )


def _scans(ready: Ready) -> bool:
    # Without Redis or the signer scans go on; a balancer that takes every worker out would stop them.
    return ready.database and ready.trust_list


def _not(ready: Ready) -> Response:
    return Response(msgspec.json.encode(ready), 503, mimetype="application/json")


def _published(services: Services) -> bool:
    try:
        watched = watch(services)
    except UnavailableError:
        return False
    _alarm(watched)
    return watched.is_fresh


def _alarm(watched: Watch) -> None:
    # The keeper itself may be what has stopped, and balancers ask every few seconds.
    said = current_app.extensions.setdefault(KEEPER_LATE, {})
    if watched.late and time.monotonic() >= said.get(watched.late, 0.0):
        said.clear()
        said[watched.late] = time.monotonic() + _SAY_EVERY
        logs.event(KEEPER_LATE, kind=watched.late)


def _database(services: Services) -> bool:
    try:
        services.database.ping()
    except UnavailableError:
        return False
    return True


def _trust_list(services: Services) -> bool:
    try:
        return services.clock() < services.trust_list().expires
    except KeysError:
        return False


def _grant_key(services: Services) -> bool:
    try:
        services.signer(Purpose.GRANT).key.require_signing(services.clock())
    except KeysError:
        return False
    return True
