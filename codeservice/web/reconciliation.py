"""Reconciliation: an authority sends how many credentials it counts, and reads where the city counts differently."""

from collections import Counter

from flask import Blueprint

from codeservice import reconciling
from codeservice.authority import READ, Fault
from codeservice.credential import CredentialState, CredentialType
from codeservice.errors import ForbiddenError, UnprocessableError
from codeservice.services import Services
from codeservice.web.authority import CALLER, require_authority
from codeservice.web.operation import Answer, Body, Security, operation

door = Blueprint("reconciliation", __name__)


class Count(Body, frozen=True):
    """How many credentials of a type are in a state; of benefits those that are one's own."""

    type: str
    state: str
    count: int


class CountStatement(Body, frozen=True):
    """The counts of an authority; what it does not name it has none of."""

    counts: list[Count]


class CountDifference(Answer, frozen=True):
    """Where the two differ."""

    type: str
    state: str
    yours: int
    ours: int


class Reconciliation(Answer, frozen=True):
    """The differences; none means that the two agree."""

    at: int
    differences: list[CountDifference]


@operation(
    door,
    "POST /authority/v1/reconciliations",
    body=CountStatement,
    returns=Reconciliation,
    security=Security.BEARER,
    scope=READ,
    problems=(*CALLER, "credential_type_unknown", "type_of_another_authority", "state_not_readable"),
)
def reconcile_counts(services: Services, body: CountStatement) -> Reconciliation:
    """Compare counts by type and state over everything that the authority owns."""
    _caller, remits = require_authority(services, READ)
    types = {remit.partition(".")[0] for remit in remits}
    yours: Counter[tuple[str, str]] = Counter()
    for entry in body.counts:
        if entry.type not in set(CredentialType):
            raise UnprocessableError(Fault.UNKNOWN_TYPE)
        if entry.type not in types:
            raise ForbiddenError(Fault.WRONG_OWNER)
        if entry.state not in set(CredentialState):
            raise UnprocessableError(Fault.STATE)
        yours[entry.type, entry.state] += entry.count
    with services.database.read() as connection:
        ours = reconciling.count(connection, services.vault, remits)
    differing = sorted(place for place in {*yours, *ours} if yours[place] != ours[place])
    return Reconciliation(services.clock(), [CountDifference(*place, yours[place], ours[place]) for place in differing])
