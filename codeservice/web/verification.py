"""Partners verify server to server: one call for the decision and the attributes that policy and consent allow."""

import re
from collections.abc import Mapping

from flask import Blueprint

from codeservice.code import Kind
from codeservice.errors import BadRequestError, NotFoundError
from codeservice.reason import ACCEPTED, MESSAGES, Reason, Words
from codeservice.scan import Disclosure, Policy, Verified
from codeservice.scanning import Presented, decide
from codeservice.scene import SCENES
from codeservice.services import Services
from codeservice.store import scan
from codeservice.store.record import Record
from codeservice.web import bearer
from codeservice.web.operation import Answer, Body, Security, header, operation

door = Blueprint("verification", __name__)

ATTRIBUTE_SCOPES = {"attributes:name": "name", "attributes:id_number": "id_number", "attributes:insured": "insured"}
"""Scope of a back end to the attribute it may ask for; without scopes it gets the decision alone."""

_MAX_CODE = 1000
_ACT = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class VerificationRequest(Body, frozen=True):
    """A code as scanned."""

    code: str


class Verification(Answer, frozen=True):
    """A decision with the attributes that were disclosed."""

    id: str
    decision: str
    reason: str | None
    message: Words
    scene: str
    at: int
    repeat: bool
    attributes: dict[str, str | bool]


@operation(
    door,
    "POST /api/v1/verifications",
    body=VerificationRequest,
    returns=Verification,
    security=Security.BEARER,
    scope="verify",
    headers=("Idempotency-Key",),
    problems=(
        "token_required",
        "scope_required",
        "terminal_not_allowed",
        "idempotency_key_required",
        "idempotency_key_reused",
    ),
)
def verify_code(services: Services, body: VerificationRequest) -> Verification:
    """Verify a code once for one business act, and record it."""
    now = services.clock()
    who = bearer.require(services, scope="verify", now=now)
    policy = _policy(who)
    answer = decide(
        services, who.caller, Presented(body.code[:_MAX_CODE], require_act()), policy=policy, rules=_no_rules, now=now
    )
    return _answer(answer.scan, repeat=answer.repeat, attributes=answer.disclosed.values)


@operation(
    door,
    "GET /api/v1/verifications/<verification>",
    returns=Verification,
    security=Security.BEARER,
    scope="verify",
    problems=("token_required", "scope_required", "terminal_not_allowed", "verification_not_found"),
)
def find_verification(services: Services, verification: str) -> Verification:
    """Read a verification of one's own again; attributes are answered only once, at the counter."""
    who = bearer.require(services, scope="verify", now=services.clock())
    with services.database.read() as connection:
        found = scan.find_of_partner(connection, who.client.partner, verification)
    if found is None:
        raise NotFoundError("verification_not_found")
    return _answer(found, repeat=True, attributes={})


def require_act() -> str:
    """Return the caller's idempotency key; raises BadRequestError."""
    act = header("Idempotency-Key", longest=64)
    if act is None or not _ACT.fullmatch(act):
        raise BadRequestError("idempotency_key_required")
    return act


def _policy(who: bearer.Bearer) -> Policy:
    discloses = {name: Disclosure.FULL for scope, name in ATTRIBUTE_SCOPES.items() if scope in who.scopes}
    return Policy(SCENES[who.client.scene], frozenset({Kind.DEVICE, Kind.SERVED}), discloses=discloses)


def _no_rules(_verified: Verified, _record: Record) -> Mapping[str, object]:
    return {}


def _answer(found: scan.StoredScan, *, repeat: bool, attributes: Mapping[str, str | bool]) -> Verification:
    words = ACCEPTED if found.reason is None else MESSAGES[Reason(found.reason)][0]
    return Verification(found.id, found.outcome, found.reason, words, found.scene, found.at, repeat, dict(attributes))
