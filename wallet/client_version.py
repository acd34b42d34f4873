"""Which client is calling, and whether it is still served."""

import re

from flask import request

from codeservice.errors import UpgradeRequiredError
from codeservice.services import Services

_NAMED = re.compile(r"(web|miniprogram)/([0-9]{1,5})\.([0-9]{1,5})\.([0-9]{1,5})", re.ASCII)
UNNAMED = "unknown"


def client_name() -> str:
    """Return what the client calls itself in X-Client: web, miniprogram, or unknown."""
    found = _NAMED.fullmatch(request.headers.get("X-Client", ""))
    return found[1] if found else UNNAMED


def require_served(services: Services) -> None:
    """Raise UpgradeRequiredError for a client that is older than the city still serves; it keeps what it holds."""
    found = _NAMED.fullmatch(request.headers.get("X-Client", ""))
    if found is None:
        return
    for oldest in map(_NAMED.fullmatch, services.settings.oldest_clients):
        if oldest is not None and oldest[1] == found[1] and _version(found) < _version(oldest):
            raise UpgradeRequiredError("client_too_old")


def _version(named: "re.Match[str]") -> tuple[int, ...]:
    return tuple(map(int, named.groups()[1:]))
