"""Posters on a screen: a terminal of a place fetches the next one every minute."""

from flask import Blueprint

from adapters.terminals import SCOPE, require_terminal
from codeservice.errors import UnavailableError
from codeservice.poster import SCREEN_SECONDS, Poster, poster_rules, write_poster
from codeservice.services import Services
from codeservice.store import client, poster
from codeservice.web.operation import Answer, Security, operation
from keys.errors import KeyNotUsableError, SignerError
from keys.key import Purpose

door = Blueprint("poster", __name__)


class ScreenPoster(Answer, frozen=True):
    """The text to draw, until `ends` (epoch seconds)."""

    poster: str
    ends: int


@operation(
    door,
    "GET /scan/v1/poster",
    returns=ScreenPoster,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(
        "token_required",
        "scope_required",
        "terminal_not_allowed",
        "terminal_too_old",
        "place_not_located",
        "signing_unavailable",
    ),
)
def screen_poster(services: Services) -> ScreenPoster:
    """Give a terminal of a venue the poster of this minute for its own place."""
    now = services.clock()
    terminal = require_terminal(services, scene="venue", now=now).client
    rules = poster_rules(services.policies(terminal.policy, now), terminal.scene)
    with services.database.read() as connection:
        generation = poster.generation(connection, terminal.place)
        location = rules.carried(client.location(connection, terminal.place))
    made = Poster(terminal.place, now, now + SCREEN_SECONDS, generation, screen=True, location=location)
    try:
        text = write_poster(made, signer=services.signer(Purpose.STATUS), now=now)
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=5) from error
    return ScreenPoster(text, made.ends)
