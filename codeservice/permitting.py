"""Which scenes a wallet is given codes for: a scene may demand more of the owner and of the phone than a real name.

The demands stand in the policy that bears the scene's name. A code that was never issued cannot be shown, so they bind
terminals without network, too.
"""

from dataclasses import dataclass

from codeservice.assurance import Assurance
from codeservice.errors import UnprocessableError
from codeservice.policy import Demands, demands_of
from codeservice.scene import Scene
from codeservice.services import Services
from codeservice.store import account, device
from codeservice.store.database import Connection


@dataclass(frozen=True)
class Obstacle:
    """Why a wallet gets no codes for a scene: a wire name, and when it passes by itself; None for never."""

    code: str
    until: int | None = None


def obstacles(
    services: Services, connection: Connection, scenes: tuple[Scene, ...], owner: str, phone: str | None
) -> dict[str, Obstacle]:
    """Return what stands between some scenes and the wallet of the account `owner` on its device `phone`, by scene.

    Raises UnavailableError where a policy cannot be read.
    """
    now = services.clock()
    versions = {scene.name: services.policies(scene.name, now, connection) for scene in scenes}
    demands = {name: demands_of(version) for name, version in versions.items()}
    if not any(demands.values()):
        return {}
    assurance = account.assurance_of(connection, owner)
    known_since = None if phone is None else device.known_since(connection, phone)
    found = {
        name: _obstacle(wanted, assurance, known_since, now) for name, wanted in demands.items() if wanted is not None
    }
    return {name: obstacle for name, obstacle in found.items() if obstacle is not None}


def permitted(
    services: Services, connection: Connection, scenes: tuple[Scene, ...], owner: str, phone: str | None
) -> tuple[Scene, ...]:
    """Return those of the scenes that a wallet may have codes for.

    Raises UnprocessableError with the obstacle's wire name when it may have none of them.
    """
    barred = obstacles(services, connection, scenes, owner, phone)
    left = tuple(scene for scene in scenes if scene.name not in barred)
    if scenes and not left:
        raise UnprocessableError(barred[scenes[0].name].code)
    return left


def _obstacle(wanted: Demands, assurance: Assurance, known_since: int | None, now: int) -> Obstacle | None:
    if assurance < wanted.level:
        return Obstacle("assurance_required")
    if wanted.device_age == 0:
        return None
    if known_since is None:
        return Obstacle("device_required")
    until = known_since + wanted.device_age
    return Obstacle("device_too_new", until) if now < until else None
