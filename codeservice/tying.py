"""Ties of households as acts: rule, record, notices to both sides and the audit entry in one transaction."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from codeservice.city import city_date
from codeservice.credential import CredentialType, IdNumber, InvalidIdNumberError
from codeservice.errors import ConflictError, NotFoundError, TooManyRequestsError, UnprocessableError
from codeservice.household import (
    KIND_TITLES,
    OPEN,
    REASON_TITLES,
    REQUEST_LIFE,
    REQUESTS_A_DAY,
    EndReason,
    Member,
    Proof,
    TieKind,
    TieState,
    end_of,
    first_state,
    is_of_age,
    kind_fits,
    narrowed,
    prove_parent,
)
from codeservice.notice import NoticeKind
from codeservice.revoking import change_status
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, household, notice, person, tally
from codeservice.store.database import Connection
from codeservice.store.grant import IssuedGrant, live
from codeservice.store.household import Limits, NewTie, Tie
from codeservice.store.person import Holder

KEEPER = "keeper"
"""Who acts, in the audit log, when time has come."""

_BATCH = 200


@dataclass(frozen=True)
class Asked:
    """What a guardian types to ask for a tie. `certificate` is the number of the child's birth certificate."""

    kind: TieKind
    name: str
    id_number: str
    certificate: str | None
    scenes: int | None


def request(services: Services, guardian: str, asked: Asked, *, actor: str) -> Tie:
    """Ask for a tie. What the record proves is active at once; all else answers the same whether anybody exists.

    Raises UnprocessableError for a number or an age that does not fit (both can be told from what was typed),
    ConflictError for a tie that is open or past a limit, TooManyRequestsError.
    """
    now = services.clock()
    id_number = _read_id_number(asked)
    born, today = id_number.born, city_date(now)
    if not kind_fits(asked.kind, born, today):
        raise UnprocessableError("dependant_of_age" if asked.kind is TieKind.PARENT else "dependant_is_minor")
    with services.database.write() as connection:
        left = tally.take(connection, f"household_requests:{today.isoformat()}", guardian, 1, REQUESTS_A_DAY)
    if left is None:
        raise TooManyRequestsError("too_many_tries", retry_after=3600)

    def work(connection: Connection) -> Tie:
        mine = person.find_holder(connection, services.vault, guardian)
        if not is_of_age(mine.id_number.born, today):
            raise UnprocessableError("guardian_is_minor")
        if mine.id_number == id_number:
            raise UnprocessableError("id_number_not_readable")
        theirs = _find(connection, services, asked, id_number)
        proof = None if theirs is None else _prove(connection, services, mine, theirs, asked, now)
        state = first_state(asked.kind, proof)
        # Recorded as waiting first, so that there is one way to become active.
        waiting = TieState.WAITING_REVIEW if state is TieState.ACTIVE else state
        name = unicodedata.normalize("NFKC", asked.name).strip()
        new = NewTie(
            guardian, None if theirs is None else theirs.id, asked.kind, waiting, asked.scenes, name, id_number.text
        )
        made = household.add(connection, services.vault, new, now=now)
        _audit(connection, made, "tie_requested", actor, now)
        if proof is not None:
            return _activate(connection, services, made, proof, born_of=id_number, actor=actor, now=now)
        kind = NoticeKind.TIE_REQUESTED if state is TieState.REQUESTED else NoticeKind.TIE_IN_REVIEW
        _tell(connection, made, kind, now)
        return made

    return services.database.transact(work)


def confirm(  # noqa: PLR0913 -- what a dependant says
    services: Services,
    dependant: str,
    tie: str,
    *,
    scenes: int | None,
    shares_records: bool,
    actor: str,
) -> Tie:
    """Make a requested tie active by the dependant's own word, after their phone was proved to be in their hands.

    The dependant may narrow the scenes, never widen them. Raises NotFoundError, ConflictError past a limit, or
    UnprocessableError when no scene is left.
    """
    now = services.clock()

    def work(connection: Connection) -> Tie:
        found = _require_asked(connection, tie, dependant, now)
        left = narrowed(found.scenes, scenes)
        if left == 0:
            raise UnprocessableError("scene_not_allowed")
        holder = person.find_holder(connection, services.vault, dependant)
        return _activate(
            connection,
            services,
            found,
            Proof.CONSENT,
            born_of=holder.id_number,
            actor=actor,
            now=now,
            scenes=left,
            shares_records=shares_records,
        )

    return services.database.transact(work)


def require_asked(services: Services, dependant: str, tie: str) -> Tie:
    """Return a request that waits for the word of `dependant`; raises NotFoundError."""
    with services.database.read() as connection:
        return _require_asked(connection, tie, dependant, services.clock())


def review(services: Services, tie: str, *, accepted: bool, actor: str, reason: str) -> Tie:
    """Decide on a tie that waits for an officer, with the reason that goes into the audit log.

    Raises NotFoundError, or ConflictError when it does not wait, nobody is known by what was typed, or past a limit.
    """
    now = services.clock()

    def work(connection: Connection) -> Tie:
        found = household.find(connection, tie)
        if found.state is not TieState.WAITING_REVIEW:
            raise ConflictError("tie_not_waiting")
        if not accepted:
            return _close(connection, found, EndReason.NOT_PROVED, actor=actor, now=now, details={"reason": reason})
        if found.dependant is None:
            raise ConflictError("tie_not_matched")
        holder = person.find_holder(connection, services.vault, found.dependant)
        if not kind_fits(found.kind, holder.id_number.born, city_date(now)):
            raise ConflictError("tie_not_waiting")
        return _activate(
            connection,
            services,
            found,
            Proof.REVIEW,
            born_of=holder.id_number,
            actor=actor,
            now=now,
            scenes=found.scenes,
            details={"reason": reason},
        )

    return services.database.transact(work)


def end(
    services: Services,
    find: Callable[[Connection], Tie],
    reason: EndReason,
    *,
    actor: str,
    details: dict[str, object] | None = None,
) -> int:
    """Close a tie; every grant fetched under it is revoked in the same transaction. Returns how many.

    Raises what `find` raises, and ConflictError for a tie that is closed.
    """
    now = services.clock()

    def choose(connection: Connection) -> list[IssuedGrant]:
        found = find(connection)
        _close(connection, found, reason, actor=actor, now=now, details=details)
        return live(connection, now=now, proxy=found.id)

    return len(change_status(services, choose, Status.REVOKED, cause=f"tie_{reason.value}", actor=actor))


def end_by_side(services: Services, side: str, tie: str, *, actor: str) -> int:
    """Close a tie by the word of either side; raises NotFoundError for somebody else's, ConflictError for a closed one.

    A dependant ends what is active and refuses what waits for them; what waits for an officer only its guardian
    takes back.
    """

    def find(connection: Connection) -> Tie:
        found = household.find_of(connection, tie, side)
        if found.guardian != side and found.state is TieState.WAITING_REVIEW:
            raise ConflictError("tie_not_waiting")
        return found

    with services.database.read() as connection:
        is_guardian = find(connection).guardian == side
    return end(services, find, EndReason.BY_GUARDIAN if is_guardian else EndReason.BY_DEPENDANT, actor=actor)


def remove_by_court(services: Services, tie: str, *, actor: str, reason: str) -> int:
    """End a tie because a court has removed the guardian; returns how many grants were revoked."""
    details: dict[str, object] = {"reason": reason}
    return end(
        services,
        lambda connection: household.find(connection, tie),
        EndReason.COURT_REMOVAL,
        actor=actor,
        details=details,
    )


def end_for_death(services: Services, holder: str, *, actor: str) -> int:
    """End every tie of a person who was struck off the register; returns how many."""
    with services.database.read() as connection:
        person.find_holder(connection, services.vault, holder)
        ties = household.open_of(connection, holder)
    return _end_each(services, [(tie, EndReason.DIED) for tie in ties], actor=actor)


def end_for_erasure(services: Services, holder: str, *, actor: str) -> int:
    """End every tie of a person who gives up their wallet, each by the side that they are; returns how many."""
    with services.database.read() as connection:
        ties = household.open_of(connection, holder)
    sides = {True: EndReason.BY_GUARDIAN, False: EndReason.BY_DEPENDANT}
    return _end_each(services, [(tie, sides[tie.guardian == holder]) for tie in ties], actor=actor)


def end_past(services: Services) -> int:
    """End what time has ended: guardians of wards who came of age, requests that nobody answered. Returns how many."""
    now = services.clock()
    with services.database.read() as connection:
        ties = household.past(connection, now=now, request_life=REQUEST_LIFE, limit=_BATCH)
    reasons = {TieState.ACTIVE: EndReason.CAME_OF_AGE, TieState.REQUESTED: EndReason.NOT_ANSWERED}
    return _end_each(services, [(tie, reasons[tie.state]) for tie in ties], actor=KEEPER)


def _end_each(services: Services, ties: list[tuple[Tie, EndReason]], *, actor: str) -> int:
    ended = 0
    for tie, reason in ties:
        try:
            end(services, _finder(tie.id), reason, actor=actor)
        except ConflictError:
            # Somebody else has closed it since we looked.
            continue
        ended += 1
    return ended


def _finder(tie: str) -> Callable[[Connection], Tie]:
    return lambda connection: household.find(connection, tie)


def _read_id_number(asked: Asked) -> IdNumber:
    try:
        return IdNumber.read(asked.id_number[:32])
    except InvalidIdNumberError as error:
        raise UnprocessableError("id_number_not_readable") from error


def _find(connection: Connection, services: Services, asked: Asked, id_number: IdNumber) -> Holder | None:
    found = person.find_by_id_number(connection, services.vault, id_number)
    name = unicodedata.normalize("NFKC", asked.name).strip()
    return found if found is not None and found.name == name else None


def _prove(  # noqa: PLR0913, PLR0917 -- one argument for each thing that a proof looks at
    connection: Connection, services: Services, mine: Holder, theirs: Holder, asked: Asked, now: int
) -> Proof | None:
    if asked.kind is not TieKind.PARENT:
        return None
    certificate = None
    if asked.certificate:
        number = asked.certificate.strip()
        card = person.find_card_by_number(connection, services.vault, CredentialType.BIRTH_CERTIFICATE, number)
        if card is not None and card.person == theirs.id and card.holds(now):
            certificate = card.claims
    return prove_parent(_member(mine), _member(theirs), certificate, city_date(now))


def _member(holder: Holder) -> Member:
    return Member(holder.id, holder.id_number.born, holder.household, holder.household_role)


def _require_asked(connection: Connection, tie: str, dependant: str, now: int) -> Tie:
    found = household.find_of(connection, tie, dependant)
    in_time = now < found.requested + REQUEST_LIFE
    if found.dependant != dependant or found.state is not TieState.REQUESTED or not in_time:
        raise NotFoundError("tie_not_found")
    return found


def _activate(  # noqa: PLR0913 -- one row, and who made it
    connection: Connection,
    services: Services,
    tie: Tie,
    proof: Proof,
    *,
    born_of: IdNumber,
    actor: str,
    now: int,
    scenes: int | None = None,
    shares_records: bool = False,
    details: dict[str, object] | None = None,
) -> Tie:
    settings = services.settings
    made = household.activate(
        connection,
        tie,
        proof=proof,
        until=end_of(tie.kind, born_of.born),
        limits=Limits(settings.most_dependants, settings.most_guardians),
        now=now,
        scenes=tie.scenes if scenes is None else scenes,
        shares_records=shares_records,
    )
    _audit(connection, made, "tie_active", actor, now, {"proof": proof.value} | (details or {}))
    _tell(connection, made, NoticeKind.TIE_ACTIVE, now)
    return made


def _close(  # noqa: PLR0913 -- one row, and who closed it
    connection: Connection,
    tie: Tie,
    reason: EndReason,
    *,
    actor: str,
    now: int,
    details: dict[str, object] | None = None,
) -> Tie:
    if tie.state not in OPEN:
        raise ConflictError("tie_closed")
    closed = household.close(connection, tie, reason, now=now)
    action = "tie_ended" if closed.state is TieState.ENDED else "tie_refused"
    _audit(connection, closed, action, actor, now, {"why": reason.value} | (details or {}))
    _tell(connection, closed, NoticeKind(action), now)
    return closed


def _audit(  # noqa: PLR0913, PLR0917 -- one entry
    connection: Connection, tie: Tie, action: str, actor: str, now: int, details: dict[str, object] | None = None
) -> None:
    said = {"kind": tie.kind.value} | (details or {})
    audit.add(connection, at=now, actor=actor, action=action, subject=f"tie:{tie.id}", details=said)


def _tell(connection: Connection, tie: Tie, kind: NoticeKind, now: int) -> None:
    title = KIND_TITLES[tie.kind]
    values: dict[str, object] = {"kind_zh": title.zh, "kind_en": title.en}
    if tie.reason is not None:
        why = REASON_TITLES[tie.reason]
        values |= {"why_zh": why.zh, "why_en": why.en}
    for side in (tie.guardian, tie.dependant):
        if side is not None:
            notice.add(connection, side, kind, subject=f"tie:{tie.id}", values=values, now=now)
