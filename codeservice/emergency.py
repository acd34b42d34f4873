"""What two people decide in an emergency: rules, orders, corrections, the end of it; and the destruction afterwards.

Every act here is a kind of proposal: `write_...` reads what an officer sent and returns the canonical document that
both see, `execute_...` carries it out in the transaction of the approval.
"""

from typing import Annotated, TypeVar

import msgspec

from codeservice.assessing import Occasion, assess, end_of_emergency
from codeservice.credential import IdNumber, InvalidIdNumberError
from codeservice.destruction import Certificate, sign_certificate
from codeservice.entitlement import Health
from codeservice.errors import ConflictError, NotFoundError, TooManyRequestsError, UnprocessableError
from codeservice.health_status import (
    APPEAL_TITLES,
    DAY,
    MAX_PEOPLE_OF_ORDER,
    ORDER_REASONS,
    ORDERED_PER_HOUR,
    AppealState,
    Cause,
    OrderDocument,
    Rule,
    RuleError,
    require_consistent,
)
from codeservice.notice import NoticeKind
from codeservice.policy import Part
from codeservice.proposal import Proposal
from codeservice.services import Services
from codeservice.store import audit, client, health_appeal, health_purge, health_status, notice, person, tally
from codeservice.store import proposal as proposals
from codeservice.store.database import Connection
from codeservice.telling import Effect
from keys.jws import encode
from keys.key import Purpose

SUNSET = "health_sunset"
_EVERYBODY = 1 << 31
P = TypeVar("P", bound=Part)


class OrderSent(Part, frozen=True):
    """An order as an officer sends it: people by their ID numbers, which are kept nowhere."""

    id_numbers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    status: str
    reason: str
    duration: int


class Correction(Part, frozen=True):
    """Which change is corrected; its evidence or order is set aside, and the person is assessed anew."""

    change: Annotated[int, msgspec.Meta(ge=1)]


class Upholding(Part, frozen=True):
    """Which appeal is turned down."""

    appeal: str


class Sunset(Part, frozen=True):
    """The end of the emergency, and after how many days everything about people is destroyed."""

    purge_after_days: Annotated[int, msgspec.Meta(ge=0, le=90)]


def write_rule(_services: Services, connection: Connection, sent: object, _now: int) -> bytes:
    """Read a rule; raises UnprocessableError."""
    rule = read_document(sent, Rule)
    try:
        require_consistent(rule)
    except RuleError as error:
        raise UnprocessableError("proposal_not_readable") from error
    sources = {need.source for need in (*rule.evidence, *rule.lifted_by)}
    if not sources <= client.partners(connection):
        raise UnprocessableError("authority_not_found")
    return canonical_document(rule)


def execute_rule(
    _services: Services, connection: Connection, proposal: Proposal, _people: tuple[str, str], _now: int
) -> Effect:
    """Put a rule in force for its window; nobody's status changes until evidence comes."""
    rule = msgspec.json.decode(proposal.document, type=Rule)
    health_status.add_rule(connection, rule, proposal.document, proposal=proposal.id)
    return Effect()


def write_order(services: Services, connection: Connection, sent: object, now: int) -> bytes:
    """Read an order; raises UnprocessableError, or ConflictError without an emergency."""
    order = read_document(sent, OrderSent)
    if order.reason not in ORDER_REASONS:
        raise UnprocessableError("health_reason_not_allowed")
    if len(order.id_numbers) > MAX_PEOPLE_OF_ORDER:
        raise UnprocessableError("health_order_too_large")
    _require_emergency(connection, now)
    people: set[str] = set()
    for text in order.id_numbers:
        try:
            found = person.find_by_id_number(connection, services.vault, IdNumber.read(text[:32]))
        except InvalidIdNumberError as error:
            raise UnprocessableError("health_people_unknown") from error
        if found is None:
            raise UnprocessableError("health_people_unknown")
        people.add(found.id)
    document = {"status": order.status, "reason": order.reason, "duration": order.duration, "people": sorted(people)}
    return canonical_document(read_document(document, OrderDocument))


def execute_order(
    _services: Services, connection: Connection, proposal: Proposal, people: tuple[str, str], now: int
) -> Effect:
    """Give each person the ordered status; raises TooManyRequestsError above the cap over all orders of an hour."""
    order = msgspec.json.decode(proposal.document, type=OrderDocument)
    _require_emergency(connection, now)
    many = len(order.people)
    if many > MAX_PEOPLE_OF_ORDER:
        raise UnprocessableError("health_order_too_large")
    if tally.take(connection, f"health_orders:{now // 3600}", "all", many, ORDERED_PER_HOUR) is None:
        raise TooManyRequestsError("health_cap_reached", retry_after=3600 - now % 3600)
    status, until = Health[order.status.upper()], now + order.duration
    health_status.add_orders(
        connection, order.people, proposal=proposal.id, status=status, reason=order.reason, at=now, until=until
    )
    return assess(connection, order.people, _occasion(Cause.ORDER, proposal, people, now))


def write_correction(_services: Services, connection: Connection, sent: object, _now: int) -> bytes:
    """Read a correction; raises UnprocessableError or NotFoundError."""
    correction = read_document(sent, Correction)
    if health_status.find_change(connection, correction.change) is None:
        raise NotFoundError("health_change_not_found")
    return canonical_document(correction)


def execute_correction(
    _services: Services, connection: Connection, proposal: Proposal, people: tuple[str, str], now: int
) -> Effect:
    """Set aside what a change rests on and assess its person anew; the history stays, with one change more."""
    correction = msgspec.json.decode(proposal.document, type=Correction)
    change = health_status.find_change(connection, correction.change)
    if change is None:
        raise NotFoundError("health_change_not_found")
    health_status.lock(connection, change.person)
    health_status.set_aside(connection, change, now=now)
    effect = _answer(connection, change.id, change.person, AppealState.CORRECTED, proposal.id, now)
    return effect + assess(connection, [change.person], _occasion(Cause.CORRECTED, proposal, people, now))


def write_upholding(services: Services, connection: Connection, sent: object, _now: int) -> bytes:
    """Read which appeal is turned down; raises UnprocessableError or NotFoundError."""
    upholding = read_document(sent, Upholding)
    if health_appeal.find(connection, services.vault, upholding.appeal) is None:
        raise NotFoundError("health_appeal_not_found")
    return canonical_document(upholding)


def execute_upholding(
    services: Services, connection: Connection, proposal: Proposal, _people: tuple[str, str], now: int
) -> Effect:
    """Tell the holder that the status stands."""
    upholding = msgspec.json.decode(proposal.document, type=Upholding)
    appeal = health_appeal.find(connection, services.vault, upholding.appeal)
    if appeal is None or appeal.state is not AppealState.FILED:
        raise ConflictError("proposal_decided")
    return _answer(connection, appeal.change, appeal.person, AppealState.UPHELD, proposal.id, now)


def write_sunset(_services: Services, _connection: Connection, sent: object, _now: int) -> bytes:
    """Read the end of the emergency; raises UnprocessableError."""
    return canonical_document(read_document(sent, Sunset))


def execute_sunset(
    _services: Services, connection: Connection, proposal: Proposal, people: tuple[str, str], now: int
) -> Effect:
    """Put every rule out of force, set evidence and orders aside, end every status, and tell everybody who had one."""
    health_status.end_rules(connection, now=now)
    with_status = health_status.people_with_status(connection, until=None, limit=_EVERYBODY)
    return end_of_emergency(connection, with_status, _occasion(Cause.SUNSET, proposal, people, now))


def purge(services: Services, *, actor: str) -> tuple[str, Certificate]:
    """Destroy what the emergency has gathered and return the certificate with its identifier.

    Raises ConflictError before the emergency has ended, before the day that two people set, and a second time.
    """
    now = services.clock()
    signer = services.signer(Purpose.CHECKPOINT)

    def work(connection: Connection) -> tuple[str, Certificate]:
        sunset = proposals.newest_executed(connection, SUNSET)
        if sunset is None or sunset.decided is None or sunset.approver is None:
            raise ConflictError("no_health_sunset")
        if any(entry[1] == sunset.id for entry in health_purge.certificates(connection)):
            raise ConflictError("purged_before")
        days = msgspec.json.decode(sunset.document, type=Sunset).purge_after_days
        if now < sunset.decided + days * DAY:
            raise ConflictError("purge_not_due")
        tables = health_purge.destroy(connection, until=sunset.decided)
        people = (sunset.proposer, sunset.approver)
        certificate = Certificate(sunset.id, people, sunset.decided, now, tables)
        signed = encode(sign_certificate(certificate, signer=signer))
        id_ = health_purge.add_certificate(connection, proposal=sunset.id, at=now, signed=signed)
        details: dict[str, object] = {"proposal": sunset.id, "people": list(people)}
        details |= {"tables": {entry.table: [entry.count, entry.digest.hex()] for entry in tables}}
        audit.add(
            connection,
            at=now,
            actor=actor,
            action="health_data_destroyed",
            subject=f"certificate:{id_}",
            details=details,
        )
        return id_, certificate

    return services.database.transact(work)


def read_document(sent: object, type_: type[P]) -> P:
    """Read what an officer sent by a closed schema; raises UnprocessableError."""
    try:
        return msgspec.convert(sent, type_)
    except msgspec.ValidationError as error:
        raise UnprocessableError("proposal_not_readable") from error


def canonical_document(document: Part) -> bytes:
    """Write a document so that the same has the same bytes."""
    return msgspec.json.encode(document, order="sorted")


def _require_emergency(connection: Connection, now: int) -> None:
    if not health_status.rules_in_force(connection, now):
        raise ConflictError("no_health_emergency")


def _occasion(cause: Cause, proposal: Proposal, people: tuple[str, str], now: int) -> Occasion:
    return Occasion(cause, f"officer:{people[1]}", now, people, proposal.id)


def _answer(  # noqa: PLR0913, PLR0917 -- one answer
    connection: Connection, change: int, person_: str, state: AppealState, proposal: str, now: int
) -> Effect:
    if not health_appeal.decide(connection, change, state, proposal=proposal, now=now):
        return Effect()
    title = APPEAL_TITLES[state]
    values: dict[str, object] = {"outcome_zh": title.zh, "outcome_en": title.en}
    kind = NoticeKind.HEALTH_APPEAL_DECIDED
    notice.add(connection, person_, kind, subject=f"health-change:{change}", values=values, now=now)
    return Effect(told=(person_,))
