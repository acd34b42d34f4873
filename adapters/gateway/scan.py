"""Scans of every scene by network, and the state of a terminal."""

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Blueprint

from adapters import ADAPTERS
from adapters.contract import Adapter, ScanBody, kept_of
from adapters.policies import InForce
from adapters.terminals import SCOPE, policy_of, require_terminal
from codeservice.reason import MESSAGES, Reason, Words
from codeservice.scan import Typed, Verified
from codeservice.scanning import Answer as Recorded
from codeservice.scanning import Presented, decide
from codeservice.services import Services
from codeservice.store import scan
from codeservice.store.record import Record
from codeservice.web.operation import Answer, Security, operation
from codeservice.web.verification import require_act

door = Blueprint("scan", __name__)

_NOTHING_TO_DO = Words("", "")
_MAX_CODE = 1000
"""Characters of a code that are looked at; the reader refuses far shorter ones."""


class ScanAnswer(Answer, frozen=True, kw_only=True):
    """The decision on one scan, with words for the screen."""

    scan: str
    decision: str
    reason: str | None
    message: Words
    advice: Words
    scene: str
    at: int
    repeat: bool
    holder_check_required: bool


class TerminalState(Answer, frozen=True):
    """What a terminal shows while it waits."""

    server_time: int
    terminal: str
    scene: str
    place: str
    trust_list_version: int
    scans_today: int


_PROBLEMS = (
    "token_required",
    "scope_required",
    "terminal_not_allowed",
    "terminal_too_old",
    "idempotency_key_required",
    "idempotency_key_reused",
    "database_unavailable",
    "policy_not_readable",
)
_PROBLEMS_OF = {
    "bus": ("line_not_known", "stop_not_of_line", "way_not_of_line"),
    "pharmacy": ("medicine_not_found", "registration_required", "registration_not_asked"),
    "government": ("hall_service_not_found",),
}
"""What only terminals of one scene may hear of what they say of themselves."""


def _register(scene: str, adapter: Adapter) -> None:
    answer_type = msgspec.defstruct(
        f"{adapter.details.__name__.removesuffix('Details')}Answer",
        [("details", adapter.details | None)],
        bases=(ScanAnswer,),
        frozen=True,
        kw_only=True,
    )

    def view(services: Services, body: ScanBody) -> object:
        now = services.clock()
        who = require_terminal(services, scene=scene, now=now)
        policy = policy_of(services, who.client, now)

        def rules(verified: Verified, record: Record) -> Mapping[str, object]:
            return adapter.decide(verified, body, record, policy.document, now)

        found = decide(
            services,
            who.caller,
            _presented(body, require_act()),
            policy=policy.checks,
            rules=rules,
            now=now,
            version=policy.version.label,
        )
        return answer_type(**_answer(adapter, found, policy))

    view.__name__ = f"scan_{scene}"
    view.__doc__ = f"Decide a code scanned at a terminal of the scene {scene}."
    operation(
        door,
        f"POST /scan/v1/{scene}",
        body=adapter.body,
        returns=answer_type,
        security=Security.BEARER,
        scope=SCOPE,
        headers=("Idempotency-Key",),
        problems=(*_PROBLEMS, *_PROBLEMS_OF.get(scene, ())),
    )(view)


for _scene, _adapter in ADAPTERS.items():
    _register(_scene, _adapter)


@operation(
    door, "GET /scan/v1/state", returns=TerminalState, security=Security.BEARER, scope=SCOPE, problems=_PROBLEMS[:4]
)
def terminal_state(services: Services) -> TerminalState:
    """Tell a waiting terminal the time, the trust list's version and how much it scanned in a day."""
    now = services.clock()
    who = require_terminal(services, scene=None, now=now).client
    with services.database.read() as connection:
        count = scan.count_since(connection, now - 24 * 3600, client=who.id)
    return TerminalState(now, who.id, who.scene, who.place_name, services.trust_list().version, count)


def _presented(body: ScanBody, act: str) -> Presented:
    typed = None if body.typed is None else Typed(body.typed.document, body.typed.number)
    return Presented(
        text=body.code[:_MAX_CODE] if typed is None else "",
        act=act,
        document_checked=body.document_checked,
        typed=typed,
        about=msgspec.json.encode(body),
        body=kept_of(body),
    )


def _answer(adapter: Adapter, found: Recorded, policy: InForce) -> dict[str, Any]:
    stored = found.scan
    if stored.reason is None:
        message, details = adapter.reply(stored.effect, found.disclosed.values, policy.document)
        advice = _NOTHING_TO_DO
    else:
        message, advice = MESSAGES[Reason(stored.reason)]
        details = None
    return {
        "scan": stored.id,
        "decision": stored.outcome,
        "reason": stored.reason,
        "message": message,
        "advice": advice,
        "scene": stored.scene,
        "at": stored.at,
        "repeat": found.repeat,
        "holder_check_required": policy.checks.holder_check and stored.reason is None,
        "details": details,
    }
