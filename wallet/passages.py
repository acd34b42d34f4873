"""Passages at places whose poster the citizen scans: an entry in the holder's own records, and nothing else.

No colour, status or right follows from a passage: nobody but its holder reads it.
"""

import hashlib
from typing import Annotated

import msgspec
from flask import Blueprint

from codeservice.errors import UnavailableError, UnprocessableError
from codeservice.poster import Poster, PosterError, PosterRules, poster_rules, read_poster
from codeservice.services import Services
from codeservice.store import audit, client, poster
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from keys.errors import KeysError
from wallet.devices import read_device_proof
from wallet.session import require_person

door = Blueprint("passages", __name__)

_NEWEST = 100
_MINUTE = 60
_SESSION = ("sign_in_required", "real_name_required")


class PassageRequest(Body, frozen=True):
    """A proof (JWS, typ passage+jwt) by the device key that names the poster's text and the way: its own moment.

    Where the poster carries a location, `here` in it says true: the phone has compared its own with it.
    """

    proof: Annotated[str, msgspec.Meta(max_length=4000)]


class Passage(Answer, frozen=True):
    """One passage."""

    id: str
    place: str
    name: str
    passage: str
    at: int


class Passages(Answer, frozen=True):
    """The newest passages."""

    passages: list[Passage]


@operation(door, "GET /wallet/api/v1/passages", returns=Passages, security=Security.SESSION, problems=_SESSION)
def my_passages(services: Services) -> Passages:
    """List the holder's newest passages."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = poster.passages_of(connection, holder, limit=_NEWEST)
    return Passages([Passage(entry.id, entry.place, entry.name, entry.passage, entry.at) for entry in found])


@operation(
    door,
    "POST /wallet/api/v1/passages",
    body=PassageRequest,
    returns=Passage,
    status=201,
    security=Security.SESSION,
    problems=(
        *_SESSION,
        "csrf_token_required",
        "device_removed",
        "proof_refused",
        "clock_skew",
        "poster_refused",
        "keys_unavailable",
    ),
)
def record_passage(services: Services, body: PassageRequest) -> Passage:
    """Record that the holder passes a place whose poster they scan now; the same in one minute is one passage.

    Every poster that does not count gets the same answer: forged, outlived, printed again since, forwarded to somebody
    after its minute, or of a place that has no posters.
    """
    signed_in, holder = require_person(services)
    now = services.clock()
    _device, claims = read_device_proof(services, body.proof, typ="passage+jwt", now=now)
    text, passage, at = claims.get("poster"), claims.get("passage"), int(claims["iat"])
    if not isinstance(text, str) or not isinstance(passage, str):
        raise UnprocessableError("proof_refused")
    try:
        # By the moment that the phone has signed, which is close to ours, and by ours.
        seen = read_poster(text, trust_list=services.trust_list(), now=at)
        if not seen.screen:
            read_poster(text, trust_list=services.trust_list(), now=now)
    except PosterError as error:
        raise UnprocessableError("poster_refused") from error
    except KeysError as error:
        raise UnavailableError("keys_unavailable") from error
    id_ = hashlib.sha256(f"{holder} {seen.place} {passage} {at // _MINUTE}".encode()).hexdigest()[:32]

    def work(connection: Connection) -> Passage:
        place = client.find_place(connection, seen.place)
        if place is None or seen.generation != poster.generation(connection, seen.place):
            raise UnprocessableError("poster_refused")
        rules = poster_rules(services.policies(place.policy, now, connection), place.scene)
        if not _is_allowed(rules, seen, passage, here=claims.get("here") is True):
            raise UnprocessableError("poster_refused")
        if poster.add_passage(connection, id_, person=holder, place=place.id, passage=passage, at=at):
            audit.add(
                connection,
                at=now,
                actor=f"account:{signed_in.account}",
                action="passage_recorded",
                subject=f"place:{place.id}",
                details={"passage": passage},
            )
        return Passage(id_, place.id, place.name, passage, at)

    return services.database.transact(work)


def _is_allowed(rules: PosterRules, seen: Poster, passage: str, *, here: bool) -> bool:
    """Whether the policy of this moment takes the poster; `here` is the phone's word, worthless without a measure."""
    allowed = {"none": False, "screen": seen.screen, "printed": True}[rules.posters]
    compared = here and seen.location is not None
    return allowed and passage in rules.passages and (compared or not rules.confirm_here)
