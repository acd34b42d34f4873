"""Who is calling: an authenticated terminal, registered for which scene and place. Never read from the body."""

from codeservice.errors import ForbiddenError
from codeservice.services import Services
from codeservice.web import bearer

SCOPE = "scan"


def require_terminal(services: Services, *, scene: str | None, now: int) -> bearer.Bearer:
    """Return the calling terminal. Raises ForbiddenError when it is registered for another scene than `scene`."""
    who = bearer.require(services, scope=SCOPE, now=now)
    if scene is not None and who.client.scene != scene:
        raise ForbiddenError("terminal_not_allowed")
    return who
