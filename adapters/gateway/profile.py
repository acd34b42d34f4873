"""Profiles: what a terminal is told of itself and its place, signed for a day."""

from flask import Blueprint, Response

from adapters.terminals import SCOPE, policy_of, require_terminal
from codeservice.city import city_day, day_span
from codeservice.errors import UnavailableError
from codeservice.profile import HANDLE_SIZE, MAX_LIFETIME, Profile, sign_profile
from codeservice.scene import ALL, SCENES, scenes_named
from codeservice.services import Services
from codeservice.store import client, ticket
from codeservice.store.client import StoredClient
from codeservice.store.database import Connection
from codeservice.store.ticket import TicketHolder
from codeservice.web.operation import Security, operation
from codeservice.web.published import COSE
from keys.errors import KeyNotUsableError, SignerError
from keys.key import Purpose
from keys.vault import Vault

door = Blueprint("profile", __name__)

MOST_TICKETS = 5_000
"""Grants with a ticket that a profile names for one day: two days of them fit into what a signer process signs."""

_SITE, _HANDLE = "site", "handle"
"""Kinds of the keyed hashes that a profile carries."""

_DAY = 24 * 3600
_RETRY_AFTER = 5


@operation(
    door,
    "GET /terminals/v1/profile",
    media=COSE,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(
        "token_required",
        "scope_required",
        "terminal_not_allowed",
        "terminal_too_old",
        "policy_not_readable",
        "signing_unavailable",
    ),
)
def fetch_profile(services: Services) -> Response:
    """Give the calling terminal its profile, good for a day."""
    now = services.clock()
    terminal = require_terminal(services, scene=None, now=now).client
    profile = _profile(services, terminal, now)
    try:
        signed = sign_profile(profile, signer=services.signer(Purpose.STATUS), now=now)
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=_RETRY_AFTER) from error
    return Response(signed, mimetype=COSE)


def _profile(services: Services, terminal: StoredClient, now: int) -> Profile:
    policy = policy_of(services, terminal, now)
    offline = policy.checks.offline
    days = (now, now + _DAY)
    with services.database.read() as connection:
        capacity = client.capacity(connection, terminal.place)
        found = {day: _holders(connection, terminal, day, now) for day in days if terminal.scene == ticket.SCENE}
    return Profile(
        version=now,
        expires=now + MAX_LIFETIME,
        terminal=terminal.id,
        scene=terminal.scene,
        place=terminal.place,
        place_name=terminal.place_name,
        partner_name=terminal.partner_name,
        events=services.settings.events or services.settings.origin,
        list_age=0 if offline is None else offline.list_age,
        holder_limit=0 if offline is None else offline.holder_limit,
        terminal_limit=0 if offline is None else offline.terminal_limit,
        guide=services.settings.guide,
        capacity=capacity,
        site_keys={
            city_day(day): _hash(services.vault, f"{terminal.place} {city_day(day)}", _SITE, day) for day in days
        },
        tickets={city_day(day): _tickets(services.vault, holders, terminal, day) for day, holders in found.items()},
        slots={
            city_day(day): {(holder.list, holder.idx): holder.slot for holder in holders if holder.slot}
            for day, holders in found.items()
        },
        policy=policy.version,
        asks_health=policy.checks.health is not None,
    )


def _holders(connection: Connection, terminal: StoredClient, day: int, now: int) -> list[TicketHolder]:
    names = [name for name in (ALL, *SCENES) if SCENES[terminal.scene] in scenes_named(name)]
    return ticket.holders(connection, terminal.place, city_day(day), names, now=now, limit=MOST_TICKETS)


def _tickets(
    vault: Vault, found: list[TicketHolder], terminal: StoredClient, day: int
) -> dict[tuple[int, int], tuple[bytes, int]]:
    people = {holder.person for holder in found}
    handles = {person: _hash(vault, f"{person} {terminal.place}", _HANDLE, day)[:HANDLE_SIZE] for person in people}
    return {(holder.list, holder.idx): (handles[holder.person], holder.count) for holder in found}


def _hash(vault: Vault, plain: str, kind: str, day: int) -> bytes:
    # By the key of a day before: one that is made now, and may be known to some workers only, changes nothing of today
    # and tomorrow, so that the terminals of a place always agree.
    return vault.secret(plain, kind=kind, at=day_span(day)[0] - _DAY)
