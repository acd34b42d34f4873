"""Registering: what authorities write about credentials, with history, notices and the holder's grants in one act.

Whatever is changed here takes the holder's outstanding grants with it in the same transaction, because a grant is a
snapshot. A new record does so only when entitlements are derived from its type.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from codeservice.authority import Fault, Statement, remit_of
from codeservice.credential import ENTITLING, STATE_TITLES, TITLES, CredentialState, CredentialType
from codeservice.errors import ConflictError
from codeservice.lifecycle import TEMPORARY_LOSS, Transition, life_cycle_of
from codeservice.notice import NoticeKind
from codeservice.revoking import change_status
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, credential, grant, notice, person
from codeservice.store.database import Connection
from codeservice.store.person import Card, Holder
from keys.vault import Vault

CAUSE = "card_state_changed"
"""Cause of the revocations, in the record of grants."""

_RELEASES = 200
"""Cards that one turn of the keeper releases."""


class Outcome(StrEnum):
    """What came of a statement."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Prepared:
    """A statement with the row that it would be as a new one, sealed before any transaction begins.

    `line` is of the file that it came in.
    """

    statement: Statement
    card: Card
    row: dict[str, object]
    line: int | None = None


@dataclass(frozen=True)
class Written:
    """What came of one statement: its credential, or the fault; `other` is the line that said it before."""

    outcome: Outcome | None = None
    card: Card | None = None
    fault: Fault | None = None
    other: int | None = None


@dataclass(frozen=True)
class Writer:
    """Who writes: the actor of the audit log, what it owns, the import that it belongs to.

    `creates` lets rows with region make people who are not known yet.
    """

    actor: str
    remits: frozenset[str]
    run: str | None = None
    creates: bool = False


def prepare(vault: Vault, statement: Statement, *, run: str | None = None, line: int | None = None) -> Prepared:
    """Seal a statement as a new credential."""
    state = statement.state or life_cycle_of(statement.type).first[0]
    card = Card(
        id=secrets.token_hex(16),
        person="",
        type=statement.type,
        number=statement.number,
        claims=statement.claims,
        state=state,
        valid_from=statement.valid_from,
        valid_until=statement.valid_until,
        source=run,
        source_line=line,
    )
    return Prepared(statement, card, person.card_row(vault, card), line)


def write(services: Services, statement: Statement, writer: Writer) -> Written:
    """Write one credential: a new one, or other claims and validity of one that exists; its state stays.

    Doing it again changes nothing. What is refused is in the answer.
    """
    prepared = prepare(services.vault, statement)
    written: list[Written] = []

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        writing = _Writing(services, connection, writer, keeps_state=True)
        written[:] = writing.write([prepared])
        if written[0].outcome in {Outcome.CREATED, Outcome.UPDATED}:
            _audit(services, connection, writer.actor, f"credential_{written[0].outcome}", written[0].card)
        return writing.grants()

    change_status(services, choose, Status.REVOKED, cause="credential_changed", actor=writer.actor)
    return written[0]


def write_batch(
    services: Services,
    prepared: Sequence[Prepared],
    writer: Writer,
    also: Callable[[Connection, list[Written]], None],
) -> list[Written]:
    """Write many in one transaction; `also` is called inside it at the end, and undoes everything by raising."""
    written: list[Written] = []

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        writing = _Writing(services, connection, writer, keeps_state=False)
        written[:] = writing.write(prepared)
        also(connection, written)
        return writing.grants()

    change_status(services, choose, Status.REVOKED, cause="credential_changed", actor=writer.actor)
    return written


def transition(  # noqa: PLR0913 -- who does what to which, and why
    services: Services,
    id_: str,
    *,
    find: Callable[[Card], Transition],
    reason: str,
    actor: str,
    require: Callable[[Card], None],
) -> Card:
    """Move a credential on, with whatever follows it; returns it as it is then.

    `require` raises for a credential that the actor may not touch, `find` gives the transition. Raises NotFoundError,
    ConflictError.
    """
    moved: list[Card] = []

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        card = credential.hold(connection, services.vault, id_)
        require(card)
        found = find(card)
        moved[:] = [replace(card, state=found.target, state_since=services.clock())]
        _move(services, connection, card, found, reason=reason, actor=actor)
        return grant.live(connection, now=services.clock(), person=card.person)

    change_status(services, choose, Status.REVOKED, cause=CAUSE, actor=actor)
    return moved[0]


def named(name: str) -> Callable[[Card], Transition]:
    """Return what finds a transition by its name."""
    return lambda card: life_cycle_of(card.type).named(name, card.state)


def leading_to(state: CredentialState) -> Callable[[Card], Transition]:
    """Return what finds the transition that leads to a state."""
    return lambda card: life_cycle_of(card.type).between(card.state, state)


def correct(  # noqa: PLR0913 -- who corrects what in which, and why
    services: Services,
    id_: str,
    *,
    change: Callable[[Card], Card],
    reason: str,
    actor: str,
    require: Callable[[Card], None],
) -> Card:
    """Correct claims or validity; the old ones are kept sealed with the reason, the holder is told.

    Raises NotFoundError, and what `require` and `change` raise.
    """
    corrected: list[Card] = []

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        card = credential.hold(connection, services.vault, id_)
        require(card)
        new = change(card)
        corrected[:] = [new]
        _rewrite(services, connection, card, new, act="correction", actor=actor, reason=reason)
        _audit(services, connection, actor, "credential_corrected", card)
        return grant.live(connection, now=services.clock(), person=card.person)

    change_status(services, choose, Status.REVOKED, cause="credential_corrected", actor=actor)
    return corrected[0]


def replace_card(  # noqa: PLR0913 -- who replaces which by which, and why
    services: Services, id_: str, *, number: str, reason: str, actor: str, require: Callable[[Card], None]
) -> Card:
    """File a replacement of a lost social-security card: a new one is ordered, and the loss cannot be withdrawn.

    Returns the new card. When that is activated, the old one is cancelled after loss. Raises ConflictError when the
    card is not lost, has a replacement, or the number is taken.
    """
    now = services.clock()

    def work(connection: Connection) -> Card:
        card = credential.hold(connection, services.vault, id_)
        require(card)
        if card.type is not CredentialType.SOCIAL_SECURITY_CARD:
            raise ConflictError("card_state_not_allowed")
        new = Card(
            secrets.token_hex(16),
            card.person,
            card.type,
            number,
            card.claims,
            CredentialState.ON_HAND,
            now,
            None,
            state_since=now,
        )
        if credential.hold_numbers(connection, services.vault, [(card.type, number)]):
            raise ConflictError("credential_number_taken")
        credential.file_replacement(connection, card, new.id)
        person.add_cards(connection, services.vault, [new])
        change = credential.add_change(
            connection, services.vault, card, act="replace", actor=actor, reason=reason, now=now
        )
        _audit(services, connection, actor, "card_replacement_filed", card, change=change)
        return new

    return services.database.transact(work)


def release_temporary_losses(services: Services) -> int:
    """Release cards whose temporary loss has had its time; returns how many."""
    with services.database.read() as connection:
        before = services.clock() - TEMPORARY_LOSS
        due = credential.due_for_release(connection, before=before, limit=_RELEASES)
    released = 0
    for id_ in due:
        try:
            transition(
                services,
                id_,
                find=named("release"),
                reason="after seven days",
                actor="keeper",
                require=lambda _card: None,
            )
        except ConflictError:
            # Somebody has reported it lost for good, or found it, a moment ago.
            continue
        released += 1
    return released


class _Writing:
    """One transaction of statements."""

    def __init__(self, services: Services, connection: Connection, writer: Writer, *, keeps_state: bool) -> None:
        self._services, self._connection, self._writer = services, connection, writer
        self._vault, self._now = services.vault, services.clock()
        self._keeps_state = keeps_state
        self._rows: list[dict[str, object]] = []
        self._lines: list[tuple[str, int]] = []
        self._touched: set[str] = set()
        self._known: dict[tuple[CredentialType, str], Card] = {}
        self._people: dict[str, tuple[str, str]] = {}

    def write(self, prepared: Sequence[Prepared]) -> list[Written]:
        """Write them and say of each, in their order, what came of it. E-cards come after the cards that they need."""
        own = [entry for entry in prepared if entry.statement.remit in self._writer.remits]
        numbers = {entry.statement.id_number.text for entry in own}
        self._people = person.find_by_id_numbers(self._connection, self._vault, numbers)
        if self._writer.creates:
            self._add_people(own)
        wanted = [(entry.statement.type, entry.statement.number) for entry in own]
        wanted += [
            (CredentialType.SOCIAL_SECURITY_CARD, str(entry.statement.claims["card"]))
            for entry in own
            if entry.statement.type is CredentialType.E_SOCIAL_SECURITY_CARD
        ]
        self._known = credential.hold_numbers(self._connection, self._vault, wanted)
        found: dict[int, Written] = {}
        order = range(len(prepared))
        for number in sorted(order, key=lambda place: _is_e_card(prepared[place])):
            found[number] = self._write(prepared[number])
        credential.add_rows(self._connection, self._rows)
        if self._writer.run is not None:
            credential.mark_source(self._connection, self._writer.run, self._lines)
        return [found[number] for number in order]

    def grants(self) -> list[grant.IssuedGrant]:
        """Return the live grants of everybody whose entitlements or cards have changed."""
        return grant.live_of(self._connection, sorted(self._touched), now=self._now)

    def _write(self, entry: Prepared) -> Written:
        statement = entry.statement
        if statement.remit not in self._writer.remits:
            return Written(fault=Fault.WRONG_OWNER)
        found = self._people.get(statement.id_number.text)
        if found is None:
            return Written(fault=Fault.PERSON_UNKNOWN)
        holder, name = found
        existing = self._known.get((statement.type, statement.number))
        if existing is not None and existing.source is not None and existing.source == self._writer.run:
            return Written(fault=Fault.DUPLICATE, other=existing.source_line)
        if name != statement.name or (existing is not None and existing.person != holder):
            return Written(fault=Fault.SUBJECT)
        return self._add(entry, holder) if existing is None else self._change(entry, existing)

    def _add(self, entry: Prepared, holder: str) -> Written:
        statement = entry.statement
        card = replace(entry.card, person=holder, state_since=self._now)
        if statement.type is CredentialType.E_SOCIAL_SECURITY_CARD:
            physical = self._known.get((CredentialType.SOCIAL_SECURITY_CARD, str(statement.claims["card"])))
            if physical is None or physical.person != holder or self._has_follower(physical):
                return Written(fault=Fault.NO_CARD)
            card = replace(card, follows=physical.id, state=physical.state)
        changed = {"person": holder, "state": card.state.value, "follows": card.follows, "state_since": self._now}
        self._rows.append(entry.row | changed)
        self._known[statement.type, statement.number] = card
        if statement.type in ENTITLING:
            self._touched.add(holder)
        return Written(Outcome.CREATED, card)

    def _change(self, entry: Prepared, existing: Card) -> Written:
        statement = entry.statement
        if remit_of(existing.type, existing.claims) not in self._writer.remits:
            return Written(fault=Fault.WRONG_OWNER)
        # An e-card belongs to one card for good, and has its state.
        is_e_card = statement.type is CredentialType.E_SOCIAL_SECURITY_CARD
        if is_e_card and statement.claims != existing.claims:
            return Written(fault=Fault.NO_CARD)
        state = existing.state if is_e_card else statement.state or existing.state
        step: Transition | None = None
        if state is not existing.state:
            try:
                step = life_cycle_of(statement.type).between(existing.state, state)
            except ConflictError:
                return Written(fault=Fault.STATE_NOT_REACHABLE)
            if self._keeps_state or (state is CredentialState.NORMAL and existing.replaced_by is not None):
                return Written(fault=Fault.STATE_NOT_REACHABLE)
        said = (statement.claims, statement.valid_from, statement.valid_until)
        new = replace(
            existing,
            state=state,
            claims=said[0],
            valid_from=said[1],
            valid_until=said[2],
            source=self._writer.run,
            source_line=entry.line,
        )
        outcome = Outcome.UNCHANGED
        if said != (existing.claims, existing.valid_from, existing.valid_until):
            act = "write" if self._writer.run is None else "import"
            _rewrite(self._services, self._connection, existing, new, act=act, actor=self._writer.actor, reason="")
            outcome = Outcome.UPDATED
        if step is not None:
            _move(self._services, self._connection, existing, step, reason="", actor=self._writer.actor)
            outcome = Outcome.UPDATED
        if outcome is Outcome.UPDATED:
            self._touched.add(existing.person)
        if entry.line is not None:
            self._lines.append((existing.id, entry.line))
        self._known[statement.type, statement.number] = new
        return Written(outcome, new)

    def _has_follower(self, physical: Card) -> bool:
        waiting = any(row["follows"] == physical.id for row in self._rows)
        return waiting or credential.follower_of(self._connection, self._vault, physical.id) is not None

    def _add_people(self, own: Sequence[Prepared]) -> None:
        new: dict[str, Holder] = {}
        for entry in own:
            said = entry.statement
            if said.id_number.text not in self._people and said.region is not None:
                made = Holder(secrets.token_hex(16), said.name, said.id_number, said.region, phone=said.phone)
                new.setdefault(said.id_number.text, made)
        if new:
            person.add_holders(self._connection, self._vault, list(new.values()))
        self._people |= {number: (holder.id, holder.name) for number, holder in new.items()}


def _is_e_card(entry: Prepared) -> bool:
    return entry.statement.type is CredentialType.E_SOCIAL_SECURITY_CARD


def _move(  # noqa: PLR0913 -- one step with its reason
    services: Services, connection: Connection, card: Card, step: Transition, *, reason: str, actor: str
) -> None:
    """Take one step, and those that follow from it: the e-card's, and the end of the card that this one replaces."""
    now, vault = services.clock(), services.vault
    credential.move(connection, card, step.target, now=now)
    change = credential.add_change(connection, vault, card, act=step.name, actor=actor, reason=reason, now=now)
    _audit(
        services,
        connection,
        actor,
        CAUSE,
        card,
        transition=step.name,
        change=change,
        **{"from": card.state.value, "to": step.target.value},
    )
    _tell(connection, card, step.target, now=now)
    if card.type is not CredentialType.SOCIAL_SECURITY_CARD:
        return
    follower = credential.follower_of(connection, vault, card.id)
    if follower is not None and follower.state is not step.target:
        credential.move(connection, follower, step.target, now=now)
        _tell(connection, follower, step.target, now=now)
    old = credential.replaced_by(connection, vault, card.id) if step.target is CredentialState.NORMAL else None
    if old is not None and old.state is CredentialState.LOST:
        end = life_cycle_of(old.type).transitions["cancel_after_loss"]
        _move(services, connection, old, end, reason=reason, actor=actor)


def _rewrite(  # noqa: PLR0913 -- what, by whom and why
    services: Services, connection: Connection, card: Card, new: Card, *, act: str, actor: str, reason: str
) -> None:
    now = services.clock()
    credential.add_change(connection, services.vault, card, act=act, actor=actor, reason=reason, now=now)
    credential.rewrite(
        connection,
        services.vault,
        card,
        claims=new.claims,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
    )
    title = TITLES[card.type]
    values = {"card_zh": title.zh, "card_en": title.en}
    subject = f"card:{card.id}"
    notice.add(connection, card.person, NoticeKind.CARD_CHANGED, subject=subject, values=values, now=now)


def _tell(connection: Connection, card: Card, state: CredentialState, *, now: int) -> None:
    title, said = TITLES[card.type], STATE_TITLES[state]
    values = {"card_zh": title.zh, "card_en": title.en, "state_zh": said.zh, "state_en": said.en}
    subject = f"card:{card.id}"
    notice.add(connection, card.person, NoticeKind.CARD_STATE_CHANGED, subject=subject, values=values, now=now)


def _audit(
    services: Services, connection: Connection, actor: str, action: str, card: Card | None, **details: object
) -> None:
    subject = "card:none" if card is None else f"card:{card.id}"
    audit.add(connection, at=services.clock(), actor=actor, action=action, subject=subject, details=details)
