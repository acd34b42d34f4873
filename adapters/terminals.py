"""Who is calling: an authenticated terminal, registered for which scene and place. Never read from the body."""

from adapters import policies
from adapters.policies import InForce
from codeservice.errors import ForbiddenError, UpgradeRequiredError
from codeservice.health_status import allowed_scenes
from codeservice.services import Services
from codeservice.store import health_status
from codeservice.store.client import StoredClient
from codeservice.web import bearer
from codeservice.web.operation import header

SCOPE = "scan"
PROTOCOL_HEADER = "City-Terminal"
"""Where the terminal program names the number of the protocol that it speaks."""


def require_terminal(services: Services, *, scene: str | None, now: int) -> bearer.Bearer:
    """Return the calling terminal.

    Raises ForbiddenError when it is registered for another scene than `scene`, UpgradeRequiredError when its program
    speaks a protocol that is not served any more.
    """
    who = bearer.require(services, scope=SCOPE, now=now)
    # A page that the service itself has sent names no protocol.
    protocol = header(PROTOCOL_HEADER, longest=9)
    if protocol is not None and not (protocol.isdigit() and int(protocol) >= services.settings.oldest_terminal):
        raise UpgradeRequiredError("terminal_too_old")
    if scene is not None and who.client.scene != scene:
        raise ForbiddenError("terminal_not_allowed")
    return who


def policy_of(services: Services, client: StoredClient, now: int) -> InForce:
    """Return the policy that decides at a client's place; raises UnavailableError where there is none."""
    found = policies.choose(client.scene, client.policy, services.policies(client.policy, now))
    if found.checks.health is None:
        return found
    with services.database.read() as connection:
        rules = health_status.rules_in_force(connection, now)
    return found.asking_health(is_allowed=client.scene in allowed_scenes(rules, None))
