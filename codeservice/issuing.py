"""Issuing grants to a device: what holds today goes in, the place is recorded, then the key signs."""

from dataclasses import dataclass

from codeservice.city import city_date
from codeservice.code import Grant
from codeservice.credential import CredentialType
from codeservice.entitlement import Facts, Insured, entitlements_of
from codeservice.issuer import BACKDATE, issue, require_device_key
from codeservice.scene import Scene
from codeservice.services import Services
from codeservice.store import device as devices
from codeservice.store import grant as grants
from codeservice.store import person
from codeservice.store.database import Connection
from keys.key import Purpose

GRANT_LIFE = 24 * 3600
"""Seconds a grant lives: how long a phone goes on without network."""

STAGGER = 600
"""Seconds by which the grants of one batch differ, so that they do not all run out at once."""


@dataclass(frozen=True)
class IssuedCode:
    """A signed grant with what its wallet needs to keep it."""

    signed: bytes
    grant: Grant
    scene: str


def issue_batch(  # noqa: PLR0913 -- one argument for each party to a grant
    services: Services,
    holder: str,
    device: str,
    *,
    scene: str,
    scenes: tuple[Scene, ...],
    points: list[bytes],
    now: int,
) -> list[IssuedCode]:
    """Issue one grant for each key. Raises UnsafeGrantError for a bad key, ConflictError for a used one."""
    signer = services.signer(Purpose.GRANT)
    for point in points:
        require_device_key(point, algorithm=signer.key.algorithm)
    mask = sum(entry.mask for entry in scenes)

    def reserve(connection: Connection) -> list[Grant]:
        # Locked until the places are recorded: a removal either sees these grants or comes first.
        devices.require_present(connection, device)
        entitlements = _entitlements(services, connection, holder, scenes, now)
        reserved = []
        for number, point in enumerate(points):
            issued, expires = now - BACKDATE, now + GRANT_LIFE - number * STAGGER
            list_, idx = grants.reserve(
                connection, person=holder, device=device, public=point, scene=scene, issued=issued, expires=expires
            )
            reserved.append(Grant(list_, idx, mask, entitlements, issued, expires, point))
        return reserved

    # The record knows a grant before it exists: one that was signed can always be revoked.
    reserved = services.database.transact(reserve)
    return [IssuedCode(issue(grant, signer=signer, now=now), grant, scene) for grant in reserved]


def _entitlements(
    services: Services, connection: Connection, holder: str, scenes: tuple[Scene, ...], now: int
) -> dict[int, int]:
    found = person.find_holder(connection, services.vault, holder)
    cards = [card for card in person.cards_of(connection, services.vault, holder) if card.holds(now)]
    benefits = {card.claims.get("category") for card in cards if card.type is CredentialType.BENEFIT}
    insurance = [card.claims.get("kind") for card in cards if card.type is CredentialType.MEDICAL_INSURANCE]
    facts = Facts(
        born=found.id_number.born,
        region=found.region,
        insurance=Insured[str(insurance[0]).upper()] if insurance else Insured.NONE,
        student="student" in benefits,
        disabled="disabled" in benefits,
    )
    wanted = frozenset().union(*(scene.entitlements for scene in scenes))
    every = entitlements_of(facts, services.city, city_date(now))
    return {int(name): int(value) for name, value in every.items() if name in wanted}
