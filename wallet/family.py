"""Family codes: who may show codes for whom, asked for, confirmed with the dependant's own phone, and ended."""

from typing import Annotated

import msgspec
from flask import Blueprint

from codeservice import tying
from codeservice.authority import MAX_NUMBER
from codeservice.credential import mask_name
from codeservice.errors import ForbiddenError, NotFoundError, UnprocessableError
from codeservice.household import (
    KIND_TITLES,
    REASON_TITLES,
    STATE_TITLES,
    EndReason,
    TieKind,
    TieState,
    mask_named,
    may_print,
    names_of,
    sees_records,
)
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import account, household, person, scan
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.records import Records, records_of
from wallet.session import Nothing, require_person
from wallet.signin import MessageSent, about_password, send_password

door = Blueprint("family", __name__)

_SESSION = ("sign_in_required", "real_name_required")
_CHANGE = (*_SESSION, "csrf_token_required")
_RECORDS = 100
_MESSAGE = (
    "【城市码】有人申请为您代办（亲情码），确认码 {password}，5 分钟内有效，请勿告诉任何人。"
    "City code: {password} lets another person show your codes. Tell it to nobody."
)

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
_Number = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Scenes = Annotated[list[str], msgspec.Meta(min_length=1, max_length=32)]


class TieRequest(Body, frozen=True):
    """Whom to act for. `birth_certificate` is its number, for a child; `scenes` limits the tie, null is every scene."""

    kind: str
    name: _Name
    id_number: _Number
    birth_certificate: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NUMBER)] | None = None
    scenes: _Scenes | None = None


class TieConsent(Body, frozen=True):
    """The dependant's word: the one-time password, the scenes (null: those asked for), whether records are shared."""

    challenge: _Number
    one_time_password: _Number
    scenes: _Scenes | None = None
    shares_records: bool = False


class FamilyTie(Answer, frozen=True):
    """One tie as one of its sides sees it; `side` is this person's own, `name` the other's, masked.

    Until a tie is active a guardian sees only what they typed: nothing tells whether anybody exists by that name.
    """

    id: str
    side: str
    name: str
    kind: str
    kind_title: Words
    state: str
    state_title: Words
    reason: str | None
    reason_title: Words | None
    scenes: list[str] | None
    shares_records: bool
    may_print: bool
    requested_at: int
    since: int | None
    until: int | None


class FamilyTies(Answer, frozen=True):
    """The ties of a person in both directions, the newest first."""

    ties: list[FamilyTie]
    most_dependants: int
    most_guardians: int


class TieEnded(Answer, frozen=True):
    """How many codes died with a tie."""

    revoked: int


@operation(door, "GET /wallet/api/v1/household/ties", returns=FamilyTies, security=Security.SESSION, problems=_SESSION)
def family_ties(services: Services) -> FamilyTies:
    """List the holder's ties: for whom they act, and who acts for them."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        ties = [_tie(services, connection, tie, holder) for tie in household.of_person(connection, holder)]
    return FamilyTies(ties, services.settings.most_dependants, services.settings.most_guardians)


@operation(
    door,
    "POST /wallet/api/v1/household/ties",
    body=TieRequest,
    returns=FamilyTie,
    status=201,
    security=Security.SESSION,
    problems=(
        *_CHANGE,
        "id_number_not_readable",
        "dependant_of_age",
        "dependant_is_minor",
        "guardian_is_minor",
        "scene_not_found",
        "tie_exists",
        "too_many_dependants",
        "too_many_guardians",
        "too_many_tries",
    ),
)
def request_tie(services: Services, body: TieRequest) -> FamilyTie:
    """Ask to act for somebody; what the record does not prove waits, with one answer whether they exist or not."""
    signed_in, holder = require_person(services)
    if body.kind not in set(TieKind):
        raise NotFoundError("tie_not_found")
    asked = tying.Asked(TieKind(body.kind), body.name, body.id_number, body.birth_certificate, _mask(body.scenes))
    made = tying.request(services, holder, asked, actor=f"account:{signed_in.account}")
    with services.database.read() as connection:
        return _tie(services, connection, made, holder)


@operation(
    door,
    "POST /wallet/api/v1/household/ties/<tie>/messages",
    body=Nothing,
    returns=MessageSent,
    status=202,
    security=Security.SESSION,
    problems=(*_CHANGE, "tie_not_found", "messages_too_often", "messages_unavailable"),
)
def send_consent_message(services: Services, _body: Nothing, tie: str) -> MessageSent:
    """Send the dependant a one-time password to their own phone, to confirm with."""
    signed_in, holder = require_person(services)
    found = tying.require_asked(services, holder, tie)
    return send_password(services, signed_in.phone, text=_MESSAGE, about=found.id)


@operation(
    door,
    "POST /wallet/api/v1/household/ties/<tie>/consent",
    body=TieConsent,
    returns=FamilyTie,
    security=Security.SESSION,
    problems=(
        *_CHANGE,
        "tie_not_found",
        "tie_not_waiting",
        "one_time_password_refused",
        "scene_not_found",
        "scene_not_allowed",
        "too_many_dependants",
        "too_many_guardians",
    ),
)
def consent_to_tie(services: Services, body: TieConsent, tie: str) -> FamilyTie:
    """Let another person act for the holder, who may narrow the scenes and decides on their records."""
    signed_in, holder = require_person(services)
    now = services.clock()
    answer = about_password(tie, body.one_time_password)
    tying.require_asked(services, holder, tie)

    def use(connection: Connection) -> bool:
        phone = account.use_challenge(connection, services.vault, body.challenge, answer, now=now)
        return phone == signed_in.phone

    # Counted even when what follows is refused: a wrong try must not be taken back with it.
    is_theirs = services.database.transact(use)
    if not is_theirs:
        raise ForbiddenError("one_time_password_refused")
    made = tying.confirm(
        services,
        holder,
        tie,
        scenes=_mask(body.scenes),
        shares_records=body.shares_records,
        actor=f"account:{signed_in.account}",
    )
    with services.database.read() as connection:
        return _tie(services, connection, made, holder)


@operation(
    door,
    "DELETE /wallet/api/v1/household/ties/<tie>",
    returns=TieEnded,
    security=Security.SESSION,
    problems=(*_CHANGE, "tie_not_found", "tie_not_waiting", "tie_closed"),
)
def end_tie(services: Services, tie: str) -> TieEnded:
    """End, refuse or take back a tie; every code that was fetched under it dies at once."""
    signed_in, holder = require_person(services)
    return TieEnded(tying.end_by_side(services, holder, tie, actor=f"account:{signed_in.account}"))


@operation(
    door,
    "GET /wallet/api/v1/household/ties/<tie>/records",
    returns=Records,
    security=Security.SESSION,
    problems=(*_SESSION, "tie_not_found", "records_not_shared"),
)
def dependant_records(services: Services, tie: str) -> Records:
    """List the dependant's newest scans: to a guardian of a minor, and to whom an adult has allowed it."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = household.find_of(connection, tie, holder)
        if found.guardian != holder or found.dependant is None or not found.is_active(services.clock()):
            raise NotFoundError("tie_not_found")
        if not sees_records(found.kind, shares_records=found.shares_records):
            raise ForbiddenError("records_not_shared")
        scans = scan.of_person(connection, found.dependant, limit=_RECORDS)
        return records_of(services, connection, scans, reader=holder)


def _mask(names: list[str] | None) -> int | None:
    try:
        return mask_named(names)
    except KeyError as error:
        raise UnprocessableError("scene_not_found") from error


def _tie(services: Services, connection: Connection, tie: household.Tie, reader: str) -> FamilyTie:
    is_over = tie.state is TieState.ACTIVE and not tie.is_active(services.clock())
    state = TieState.ENDED if is_over else tie.state
    reason = EndReason.CAME_OF_AGE if is_over else tie.reason
    return FamilyTie(
        id=tie.id,
        side="guardian" if tie.guardian == reader else "dependant",
        name=_other(services, connection, tie, reader),
        kind=tie.kind.value,
        kind_title=KIND_TITLES[tie.kind],
        state=state.value,
        state_title=STATE_TITLES[state],
        reason=None if reason is None else reason.value,
        reason_title=None if reason is None else REASON_TITLES[reason],
        scenes=names_of(tie.scenes),
        shares_records=sees_records(tie.kind, shares_records=tie.shares_records),
        may_print=may_print(tie.scenes),
        requested_at=tie.requested,
        since=tie.since,
        until=tie.until,
    )


def _other(services: Services, connection: Connection, tie: household.Tie, reader: str) -> str:
    """Return the masked name of the other side."""
    if tie.guardian != reader:
        return mask_name(person.find_holder(connection, services.vault, tie.guardian).name)
    if tie.since is not None and tie.dependant is not None:
        return mask_name(person.find_holder(connection, services.vault, tie.dependant).name)
    typed = household.typed(connection, services.vault, tie.id)
    return mask_name("" if typed is None else typed[0])
