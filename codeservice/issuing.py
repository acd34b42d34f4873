"""Issuing codes of every kind: what holds today goes in, the place is recorded, then the key signs."""

from dataclasses import dataclass

from codeservice.city import city_date, city_day
from codeservice.code import MAX_SERVED_LIFETIME, Grant, Kind, write_issuer_code
from codeservice.credential import CredentialType
from codeservice.digit import LIFE as DIGIT_LIFE
from codeservice.entitlement import Entitlement, Facts, Health, Insured, entitlements_of
from codeservice.errors import NotFoundError, TooManyRequestsError, UnprocessableError
from codeservice.health_status import allowed_scenes
from codeservice.household import scenes_within
from codeservice.issuer import BACKDATE, PAPER_LIFE, UnsafeGrantError, issue, require_device_key
from codeservice.notice import NoticeKind
from codeservice.permitting import permitted
from codeservice.revoking import change_status
from codeservice.scene import ALL, Scene, mask_of, scenes_named
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, digit, health_status, household, notice, person, tally
from codeservice.store import device as devices
from codeservice.store import grant as grants
from codeservice.store.database import Connection
from keys.key import Purpose

GRANT_LIFE = 24 * 3600
"""Seconds a grant lives: how long a phone goes on without network."""

SERVED_PLACE_LIFE = 3600
"""Seconds in which one place of a status list stands for the served codes of a holder."""

_UNBOUNDED = 1_000_000
"""Prints a day where nobody bounds them: an operator's."""

STAGGER = 600
"""Seconds by which the grants of one batch differ, so that they do not all run out at once."""


@dataclass(frozen=True)
class Proxy:
    """Somebody who shows or prints for another: the tie that lets them, and who they are."""

    tie: str
    guardian: str


@dataclass(frozen=True)
class Wallet:
    """Whose wallet asks: its account, and the device of its session if there is one."""

    account: str
    device: str | None


@dataclass(frozen=True)
class IssuedCode:
    """A signed grant with what its wallet needs to keep it."""

    signed: bytes
    grant: Grant
    scene: str


@dataclass(frozen=True)
class PrintedPaper:
    """A paper code as text, with the grant that it carries."""

    text: str
    grant: Grant


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
    proxy: Proxy | None = None,
) -> list[IssuedCode]:
    """Issue one device grant for each key of `algorithm`; with a `proxy` to the device of a guardian of the holder.

    Raises UnsafeGrantError for a bad key or when the city signs by another algorithm, ConflictError for a used key,
    NotFoundError for a tie that is not active, UnprocessableError for a scene that it does not cover or that demands
    more of the wallet.
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
        mine = permitted(services, connection, scenes, devices.account_of(connection, device), device)
        covered, until = _covered(connection, proxy, holder, mine, now)
        entitlements = entitlements_for(services, connection, holder, covered, now)
        health = health_for(connection, holder, covered, now)
        if health is not None:
            # A grant that says a health status ends with it: nobody goes on with one whose time is over.
            until = _earliest(health[1], until)
        tie = None if proxy is None else proxy.tie
        reserved = []
        for number, point in enumerate(points):
            issued, expires = now - BACKDATE, _earliest(now + GRANT_LIFE - number * STAGGER, until)
            new = grants.NewGrant(holder, Kind.DEVICE, scene, issued, expires, signer.key.kid, device, point, tie)
            place = grants.reserve(connection, new)
            reserved.append(Grant(*place, mask_of(covered), entitlements, issued, expires, point))
        return reserved

    # The record knows a grant before it exists: one that was signed can always be revoked.
    reserved = services.database.transact(reserve)
    return [IssuedCode(issue(grant, signer=signer, now=now), grant, scene) for grant in reserved]


def issue_served(  # noqa: PLR0913 -- one argument for each party to a code
    services: Services, holder: str, *, scene: str, scenes: tuple[Scene, ...], wallet: Wallet, now: int
) -> str:
    """Issue a served code for a client that cannot hold a key; good for a minute.

    Raises UnprocessableError for a scene that demands more of the wallet.
    """
    signer = services.signer(Purpose.SERVED)

    def reserve(connection: Connection) -> Grant:
        covered = permitted(services, connection, scenes, wallet.account, wallet.device)
        # One place serves an hour of codes, told apart by iat: a fresh place for each would fill the lists.
        places = grants.live(connection, now=now + MAX_SERVED_LIFETIME, person=holder, kind=Kind.SERVED)
        mine = next((entry for entry in places if entry.scene == scene and entry.status is Status.VALID), None)
        place = (mine.list, mine.idx) if mine else None
        new = grants.NewGrant(holder, Kind.SERVED, scene, now, now + SERVED_PLACE_LIFE, signer.key.kid)
        place = place or grants.reserve(connection, new)
        entitlements = entitlements_for(services, connection, holder, covered, now)
        return Grant(*place, mask_of(covered), entitlements, now, now + MAX_SERVED_LIFETIME)

    grant = services.database.transact(reserve)
    return write_issuer_code(Kind.SERVED, issue(grant, kind=Kind.SERVED, signer=signer, now=now))


def issue_paper(services: Services, holder: str, *, scenes: tuple[Scene, ...], actor: str, now: int) -> str:
    """Print a paper code at a counter and return its text; the print before it dies in the same transaction."""
    return print_paper(services, holder, scenes=scenes, actor=actor, now=now).text


def print_paper(  # noqa: PLR0913 -- one argument for each party to a print
    services: Services,
    holder: str,
    *,
    scenes: tuple[Scene, ...],
    actor: str,
    now: int,
    proxy: Proxy | None = None,
    wallet: Wallet | None = None,
    most_a_day: int | None = None,
) -> PrintedPaper:
    """Print a paper code, by a guardian with a `proxy`; the print before it dies in the same transaction.

    A `wallet` prints for the scenes that it may have codes for, a counter, where somebody is seen, for all. The holder
    is told. Raises TooManyRequestsError past `most_a_day` prints for one holder, NotFoundError for a tie
    that is not active.
    """
    signer = services.signer(Purpose.PAPER)
    made: list[Grant] = []

    def choose(connection: Connection) -> list[grants.IssuedGrant]:
        # Counted first: whoever prints for the same holder waits here, so that one print is left of two.
        if tally.take(connection, f"prints:{city_day(now)}", holder, 1, most_a_day or _UNBOUNDED) is None:
            raise TooManyRequestsError("printed_too_often", retry_after=3600)
        mine = scenes
        if wallet is not None:
            mine = permitted(services, connection, scenes, wallet.account, wallet.device)
        covered, until = _covered(connection, proxy, holder, mine, now)
        earlier = grants.live(connection, now=now, person=holder, kind=Kind.PAPER)
        generation = grants.count_of_kind(connection, holder, Kind.PAPER) + 1
        expires = _earliest(now + PAPER_LIFE, until)
        tie = None if proxy is None else proxy.tie
        new = grants.NewGrant(holder, Kind.PAPER, ALL, now, expires, signer.key.kid, proxy=tie)
        place = grants.reserve(connection, new)
        entitlements = entitlements_for(services, connection, holder, covered, now)
        # Paper lives for half a year, no status does.
        entitlements.pop(Entitlement.HEALTH, None)
        made[:] = [Grant(*place, mask_of(covered), entitlements, now, expires, generation=generation)]
        values: dict[str, object] = {"day": city_day(expires)}
        for person_ in (holder,) if proxy is None else (holder, proxy.guardian):
            subject = f"grant:{place[0]}/{place[1]}"
            notice.add(connection, person_, NoticeKind.PAPER_PRINTED, subject=subject, values=values, now=now)
        details: dict[str, object] = {"tie": tie, "generation": generation}
        subject = f"person:{holder}"
        audit.add(connection, at=now, actor=actor, action="paper_printed", subject=subject, details=details)
        return earlier

    change_status(services, choose, Status.REVOKED, cause="printed_again", actor=actor)
    text = write_issuer_code(Kind.PAPER, issue(made[0], kind=Kind.PAPER, signer=signer, now=now))
    return PrintedPaper(text, made[0])


def _covered(
    connection: Connection, proxy: Proxy | None, holder: str, scenes: tuple[Scene, ...], now: int
) -> tuple[tuple[Scene, ...], int | None]:
    """Return the scenes that may be granted and when the right to them ends; locks a tie against its end."""
    if proxy is None:
        return scenes, None
    tie = household.require_active(connection, proxy.tie, guardian=proxy.guardian, now=now)
    if tie.dependant != holder:
        raise NotFoundError("tie_not_found")
    covered = scenes_within(scenes, tie.scenes)
    if not covered:
        raise UnprocessableError("scene_not_allowed")
    return covered, tie.until


def _earliest(expires: int, until: int | None) -> int:
    return expires if until is None else min(expires, until)


def issue_digits(  # noqa: PLR0913 -- one argument for each party to a grant
    services: Services, holder: str, device: str, *, scene: str, count: int, now: int
) -> list[digit.StoredHandle]:
    """Issue handles and seeds of digit codes to a device; nothing is signed.

    Raises UnprocessableError for a scene that demands more of the wallet.
    """

    def reserve(connection: Connection) -> list[digit.StoredHandle]:
        devices.require_present(connection, device)
        permitted(services, connection, scenes_named(scene), devices.account_of(connection, device), device)
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
        veteran="veteran" in benefits,
        blood_donor="blood_donor" in benefits,
    )
    wanted = frozenset().union(*(scene.entitlements for scene in scenes))
    every = entitlements_of(facts, services.city, city_date(now))
    carried = {int(name): int(value) for name, value in every.items() if name in wanted}
    health = health_for(connection, holder, scenes, now)
    return carried if health is None else carried | {int(Entitlement.HEALTH): int(health[0])}


def health_for(connection: Connection, holder: str, scenes: tuple[Scene, ...], now: int) -> tuple[Health, int] | None:
    """Return the health status that a grant for `scenes` may carry, and its end; None for no status.

    Every scene of the grant has to be allowed by a rule in force: one that is good everywhere carries none as long as
    one place may not see it.
    """
    rules = health_status.rules_in_force(connection, now)
    if not rules:
        return None
    standing = health_status.standing_of(connection, holder)
    if standing is None or standing.status is Health.NONE or standing.until is None or standing.until <= now:
        return None
    if not {scene.name for scene in scenes} <= allowed_scenes(rules, standing.rule):
        return None
    return standing.status, standing.until
