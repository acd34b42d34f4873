"""Whether the process lives, whether it can serve, and in what state the service is."""

import msgspec
from flask import Blueprint, Response

from codeservice.errors import UnavailableError
from codeservice.services import Services
from codeservice.store import audit, grant, scan
from codeservice.web.operation import Answer, operation
from keys.errors import KeysError
from keys.key import Purpose

door = Blueprint("health", __name__)

_DAY = 24 * 3600


class Live(Answer, frozen=True):
    """The process answers."""

    status: str


class Ready(Answer, frozen=True):
    """What works: Redis may be down, the database and the keys may not."""

    database: bool
    redis: bool
    trust_list: bool
    grant_key: bool


class State(Answer, frozen=True):
    """Counts and versions; no personal data."""

    trust_list_version: int
    trust_list_expires: int
    redis: bool
    live_grants: int
    scans_last_day: int
    audit_sealed: int
    audit_root: str


@operation(door, "GET /livez", returns=Live)
def livez(_services: Services) -> Live:
    """Say that the process answers."""
    return Live("ok")


@operation(door, "GET /readyz", returns=Ready)
def readyz(services: Services) -> Ready | Response:
    """Say whether requests can be served; 503 when not."""
    ready = Ready(_database(services), services.revoked.is_alive(), _trust_list(services), _grant_key(services))
    # Without Redis or the signer scans go on; a balancer that takes every worker out would stop them.
    if ready.database and ready.trust_list:
        return ready
    return Response(msgspec.json.encode(ready), 503, mimetype="application/json")


@operation(door, "GET /state", returns=State)
def state(services: Services) -> State:
    """Show counts and versions of the running service."""
    now = services.clock()
    trust_list = services.trust_list()
    with services.database.read() as connection:
        checkpoint = audit.newest_checkpoint(connection)
        return State(
            trust_list_version=trust_list.version,
            trust_list_expires=trust_list.expires,
            redis=services.revoked.is_alive(),
            live_grants=grant.count_live(connection, now=now),
            scans_last_day=scan.count_since(connection, now - _DAY),
            audit_sealed=checkpoint[0] if checkpoint else 0,
            audit_root=checkpoint[1].hex() if checkpoint else "",
        )


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
