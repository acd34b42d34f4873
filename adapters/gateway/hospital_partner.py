"""What the doors for hospitals' back ends share: who is calling, under which policy, and about which patient."""

from dataclasses import dataclass

from adapters.hospital import HospitalPolicy
from adapters.policies import InForce
from adapters.terminals import policy_of
from codeservice.errors import ForbiddenError, NotFoundError
from codeservice.services import Services
from codeservice.store import pairwise
from codeservice.store.client import StoredClient
from codeservice.store.database import Connection
from codeservice.web import bearer

PROBLEMS = ("token_required", "scope_required", "terminal_not_allowed", "hospital_required", "policy_not_readable")
"""What every operation of these doors may answer."""


@dataclass(frozen=True)
class Hospital:
    """A calling client of a hospital, with the policy of its place."""

    client: StoredClient
    force: InForce
    policy: HospitalPolicy


def require_hospital(services: Services, *, scope: str, now: int) -> Hospital:
    """Return which hospital is calling; raises ForbiddenError for a place of another scene."""
    who = bearer.require(services, scope=scope, now=now)
    if who.client.scene != "hospital":
        raise ForbiddenError("hospital_required")
    force = policy_of(services, who.client, now)
    assert isinstance(force.document, HospitalPolicy)  # noqa: S101 -- the schema of the scene
    return Hospital(who.client, force, force.document)


def require_patient(connection: Connection, who: Hospital, subject: str) -> str:
    """Return whom a hospital knows under an identifier; raises NotFoundError, also for another hospital's."""
    found = pairwise.find_person(connection, who.client.partner, subject)
    if found is None:
        raise NotFoundError("patient_not_found")
    return found
