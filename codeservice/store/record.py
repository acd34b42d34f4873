"""The record of the city as the memory of a verifier and the ledger of a scene, inside one transaction."""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, select

from codeservice.city import city_date, city_day
from codeservice.code import Grant
from codeservice.credential import CredentialType
from codeservice.encounter import Act
from codeservice.entitlement import age_on
from codeservice.hall import HallService, has_priority
from codeservice.reason import Words
from codeservice.scan import Caller, Earlier
from codeservice.status import Status
from codeservice.store import encounter, hall, household, medicine, tally, ticket
from codeservice.store import grant as grants
from codeservice.store import person as people
from codeservice.store import scan as scans
from codeservice.store.models import FirstUse, Moment, Place
from codeservice.store.status import RevokedCache
from codeservice.store.upsert import insert, insert_once
from keys.vault import Vault

_NO_BOUND = 1_000_000_000
_TURN = "turn"
"""The mark that scans of one holder take turns by."""


class Record:
    """What a verifier and a scene may ask and mark while one scan is decided."""

    def __init__(
        self,
        connection: Connection,
        cache: RevokedCache,
        caller: Caller,
        *,
        scan: str | None = None,
        vault: Vault | None = None,
    ) -> None:
        """Bind to the transaction and the place of the scan.

        `scan` is the identifier that it gets (default: a new one); without `vault` nothing sealed can be asked.
        """
        self._connection = connection
        self._cache = cache
        self._caller = caller
        self.scan = secrets.token_hex(16) if scan is None else scan
        self._vault = vault
        self._grant: grants.IssuedGrant | None = None
        self._identified: str | None = None

    @property
    def person(self) -> str | None:
        """The holder of the grant asked for last, or who was identified; None when the record does not know."""
        if self._identified is not None:
            return self._identified
        return None if self._grant is None else self._grant.person

    def identify(self, person: str) -> None:
        """Go on with a person whom staff have identified by a document: there is no grant, and nothing to use up."""
        self._identified = person

    @property
    def place(self) -> str:
        """The place of the scan."""
        return self._caller.place

    def know(self, list_: int, idx: int) -> None:
        """Find whose grant this is, also when the code is refused, so that the holder sees the attempt."""
        self._grant = grants.find(self._connection, list_, idx)

    def hold(self, grant: grants.IssuedGrant) -> None:
        """Go on with a grant that was found before."""
        self._grant = grant

    def status(self, grant: Grant) -> Status | None:
        """Ask the cache for a no and the record for the truth."""
        if self._identified is not None:
            return Status.VALID
        cached = self._cache.is_revoked(grant.list, grant.idx)
        self.know(grant.list, grant.idx)
        if cached:
            return Status.REVOKED
        return None if self._grant is None else self._grant.status

    def first_use(self, use: tuple[int, int, int]) -> bool:
        """Insert the unique row of a use; False when it exists."""
        if self._identified is not None:
            return True
        list_, idx, iat = use
        return insert_once(self._connection, FirstUse, list=list_, idx=idx, iat=iat)

    def hold_uses(self, uses: Iterable[tuple[int, int, int]]) -> None:
        """Mark showings as used, and keep everybody else who marks one of them waiting until this transaction ends."""
        rows = [{"list": list_, "idx": idx, "iat": iat} for list_, idx, iat in sorted(set(uses))]
        if rows:
            # A row that exists is written again, because only a written row is locked; in one order, so that two
            # transactions never wait for each other.
            statement = insert(self._connection, FirstUse)
            statement = statement.on_conflict_do_update(
                index_elements=[FirstUse.list, FirstUse.idx, FirstUse.iat], set_={"iat": statement.excluded.iat}
            )
            self._connection.execute(statement, rows)

    def attempt(self) -> AbstractContextManager[Any]:
        """Open a savepoint."""
        return self._connection.begin_nested()

    def take(self, name: str, amount: int, limit: int) -> int | None:
        """Add `amount` to the holder's counter `name` unless that exceeds `limit`; return what is left, or None."""
        return tally.take(self._connection, name, self._holder(), amount, limit)

    def take_everywhere(self, name: str, amount: int, limit: int) -> int | None:
        """Do the same: the record has one counter for all places, and place-bound names carry their place."""
        return self.take(name, amount, limit)

    def take_shared(self, name: str, amount: int, limit: int) -> int | None:
        """Do the same with the counter of the place."""
        return tally.take(self._connection, name, self._caller.place, amount, limit)

    def first_within(self, name: str, seconds: int, now: int) -> bool:
        """Mark `name` for the holder at `now`; False when it was marked less than `seconds` ago."""
        statement = insert(self._connection, Moment).values(name=name, subject=self._holder(), at=now)
        statement = statement.on_conflict_do_update(
            index_elements=[Moment.name, Moment.subject], set_={"at": now}, where=Moment.at <= now - seconds
        )
        return self._connection.execute(statement.returning(Moment.at)).first() is not None

    def last_at(self, name: str) -> int | None:
        """Return when `name` was last marked for the holder."""
        return self._connection.scalar(
            select(Moment.at).where(Moment.name == name, Moment.subject == self._holder()).with_for_update()
        )

    def add(self, name: str, change: int) -> int:
        """Change the holder's balance `name` by one statement; return it then."""
        return tally.add(self._connection, name, self._holder(), change, _NO_BOUND) or 0

    def add_shared(self, name: str, change: int, limit: int) -> int | None:
        """Do the same with the balance of the place, unless it grew beyond `limit`."""
        return tally.add(self._connection, name, self._caller.place, change, limit)

    def earlier(self, since: int) -> Earlier:
        """Return what this scene has accepted of the holder at places of this partner since a moment."""
        # Written, and so locked, before anything is read: of two scans at once the second sees the first.
        statement = insert(self._connection, Moment).values(name=_TURN, subject=self._holder(), at=since)
        statement = statement.on_conflict_do_update(
            index_elements=[Moment.name, Moment.subject], set_={"at": statement.excluded.at}
        )
        self._connection.execute(statement)
        found = scans.accepted_of(
            self._connection, self._holder(), scene=self._caller.scene, partner=self._caller.partner, since=since
        )
        return Earlier(tuple(found), whole=True)

    def tickets(self, day: str) -> int:
        """Count the people whom the holder has tickets for on `day` (ISO 8601), with the holder's pass.

        The row is locked, so that nobody gives a ticket back while it is being used.
        """
        return ticket.people_of(self._connection, self._caller.place, day, self._holder())

    def slot(self, day: str) -> str:
        """Return which slot they are for."""
        found = ticket.find(self._connection, self._caller.place, day, self._holder())
        return "" if found is None else found.slot

    def age(self, now: int) -> int:
        """Return the holder's age in completed years."""
        born = people.find_holder(self._connection, self._open_vault(), self._holder()).id_number.born
        return age_on(born, city_date(now))

    def sell(  # noqa: PLR0913 -- a sale, and what bounds it
        self, class_: str, title: Words, packages: int, *, limit: int, since: int, now: int
    ) -> int | None:
        """Book packages of a medicine class unless the holder would have more than `limit` after `since`."""
        return medicine.sell(self._connection, self._sale(class_, title, packages, now), limit=limit, since=since)

    def is_registering(self) -> bool:
        """Whether the authority has switched the registry of buyers on."""
        return medicine.is_on(self._connection)

    def register(self, reason: str, symptoms: Sequence[str], *, expires: int) -> None:
        """Put the buyer of this scan's sale into the registry."""
        sale = medicine.require(medicine.find(self._connection, self.scan))
        vault = self._open_vault()
        medicine.register(self._connection, vault, sale, reason=reason, symptoms=symptoms, expires=expires)

    def enqueue(self, service: HallService, number: str, *, now: int) -> None:
        """Put the holder's number into the queue of a service of this hall."""
        cards = people.cards_of(self._connection, self._open_vault(), self._holder())
        benefits = [card for card in cards if card.type is CredentialType.BENEFIT and card.holds(now)]
        categories = {str(card.claims.get("category")) for card in benefits}
        hall.add(
            self._connection,
            id_=self.scan,
            person=self._holder(),
            place=self._caller.place,
            day=city_day(now),
            service=service.code,
            number=number,
            priority=has_priority(service, age=self.age(now), categories=categories),
            now=now,
        )

    def capacity(self) -> int | None:
        """Return how many people a day the place admits; None for no bound."""
        return self._connection.scalar(select(Place.capacity).where(Place.id == self._caller.place))

    def open_visit(self, act: Act, department: str, now: int) -> str | None:
        """Begin the holder's visit of today at a department, or go on with it, and return its number."""
        return encounter.open_(
            self._connection,
            self._caller,
            self._holder(),
            department=department,
            act=act,
            guardian=self._guardian(now),
            now=now,
        )

    def _guardian(self, now: int) -> str | None:
        """Return who shows the holder's code for them, where the tie is active."""
        if self._grant is None or self._grant.proxy is None:
            return None
        tie = household.find(self._connection, self._grant.proxy)
        return tie.guardian if tie.is_active(now) and tie.dependant == self._grant.person else None

    def _sale(self, class_: str, title: Words, packages: int, now: int) -> medicine.Sale:
        partner, place = self._caller.partner, self._caller.place
        return medicine.Sale(self.scan, self._holder(), partner, place, class_, title, packages, now)

    def _open_vault(self) -> Vault:
        if self._vault is None:
            raise LookupError("this record was opened without the keys of personal data")
        return self._vault

    def _holder(self) -> str:
        if self.person is None:
            raise LookupError("a scene's rules run only for a grant that the record knows")
        return self.person
