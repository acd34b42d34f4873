"""Issuing codes of every kind: what holds today goes in, the place is recorded, then the key signs."""

from dataclasses import dataclass

from codeservice.city import city_date
from codeservice.code import MAX_SERVED_LIFETIME, Grant, Kind, write_issuer_code
from codeservice.credential import CredentialType
from codeservice.digit import LIFE as DIGIT_LIFE
from codeservice.entitlement import Facts, Insured, entitlements_of
from codeservice.issuer import BACKDATE, PAPER_LIFE, UnsafeGrantError, issue, require_device_key
from codeservice.revoking import change_status
from codeservice.scene import ALL, Scene, mask_of
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import device as devices
from codeservice.store import digit, person
from codeservice.store import grant as grants
from codeservice.store.database import Connection
from keys.key import Purpose

GRANT_LIFE = 24 * 3600
"""Seconds a grant lives: how long a phone goes on without network."""

SERVED_PLACE_LIFE = 3600
"""Seconds in which one place of a status list stands for the served codes of a holder."""

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
    algorithm: str,
    now: int,
) -> list[IssuedCode]:
    """Issue one device grant for each key of `algorithm`.

    Raises UnsafeGrantError for a bad key or when the city signs by another algorithm, ConflictError for a used key.
    """
    signer = services.signer(Purpose.GRANT)
    # Every second number is the x of a point on another curve too: the point alone does not tell.
    if algorithm != signer.key.algorithm:
        raise UnsafeGrantError("keys of another algorithm")
    for point in points:
        require_device_key(point, algorithm=signer.key.algorithm)

    def reserve(connection: Connection) -> list[Grant]:
        # Locked until the places are recorded: a removal either sees these grants or comes first.
        devices.require_present(connection, device)
        entitlements = entitlements_for(services, connection, holder, scenes, now)
        reserved = []
        for number, point in enumerate(points):
            issued, expires = now - BACKDATE, now + GRANT_LIFE - number * STAGGER
            new = grants.NewGrant(holder, Kind.DEVICE, scene, issued, expires, signer.key.kid, device, point)
            place = grants.reserve(connection, new)
            reserved.append(Grant(*place, mask_of(scenes), entitlements, issued, expires, point))
        return reserved

    # The record knows a grant before it exists: one that was signed can always be revoked.
    reserved = services.database.transact(reserve)
    return [IssuedCode(issue(grant, signer=signer, now=now), grant, scene) for grant in reserved]


def issue_served(services: Services, holder: str, *, scene: str, scenes: tuple[Scene, ...], now: int) -> str:
    """Issue a served code for a client that cannot hold a key; good for a minute."""
    signer = services.signer(Purpose.SERVED)

    def reserve(connection: Connection) -> Grant:
        # One place serves an hour of codes, told apart by iat: a fresh place for each would fill the lists.
        places = grants.live(connection, now=now + MAX_SERVED_LIFETIME, person=holder, kind=Kind.SERVED)
        mine = next((entry for entry in places if entry.scene == scene and entry.status is Status.VALID), None)
        place = (mine.list, mine.idx) if mine else None
        new = grants.NewGrant(holder, Kind.SERVED, scene, now, now + SERVED_PLACE_LIFE, signer.key.kid)
        place = place or grants.reserve(connection, new)
        entitlements = entitlements_for(services, connection, holder, scenes, now)
        return Grant(*place, mask_of(scenes), entitlements, now, now + MAX_SERVED_LIFETIME)

    grant = services.database.transact(reserve)
    return write_issuer_code(Kind.SERVED, issue(grant, kind=Kind.SERVED, signer=signer, now=now))


def issue_paper(services: Services, holder: str, *, scenes: tuple[Scene, ...], actor: str, now: int) -> str:
    """Print a paper code; the print before it dies in the same transaction."""
    signer = services.signer(Purpose.PAPER)
    made: list[Grant] = []

    def choose(connection: Connection) -> list[grants.IssuedGrant]:
        earlier = grants.live(connection, now=now, person=holder, kind=Kind.PAPER)
        generation = grants.count_of_kind(connection, holder, Kind.PAPER) + 1
        new = grants.NewGrant(holder, Kind.PAPER, ALL, now, now + PAPER_LIFE, signer.key.kid)
        place = grants.reserve(connection, new)
        entitlements = entitlements_for(services, connection, holder, scenes, now)
        made[:] = [Grant(*place, mask_of(scenes), entitlements, now, now + PAPER_LIFE, generation=generation)]
        return earlier

    change_status(services, choose, Status.REVOKED, cause="printed_again", actor=actor)
    return write_issuer_code(Kind.PAPER, issue(made[0], kind=Kind.PAPER, signer=signer, now=now))


def issue_digits(  # noqa: PLR0913 -- one argument for each party to a grant
    services: Services, holder: str, device: str, *, scene: str, count: int, now: int
) -> list[digit.StoredHandle]:
    """Issue handles and seeds of digit codes to a device; nothing is signed."""

    def reserve(connection: Connection) -> list[digit.StoredHandle]:
        devices.require_present(connection, device)
        new = grants.NewGrant(holder, Kind.DIGIT, scene, now, now + DIGIT_LIFE, None, device)
        places = [grants.reserve(connection, new) for _ in range(count)]
        return [digit.reserve(connection, services.vault, place, now=now) for place in places]

    return services.database.transact(reserve)


def entitlements_for(
    services: Services, connection: Connection, holder: str, scenes: tuple[Scene, ...], now: int
) -> dict[int, int]:
    """Return the entitlements that a grant for `scenes` carries today."""
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
