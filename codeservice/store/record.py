"""The record of the city as the memory of a verifier and the ledger of a scene, inside one transaction."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, func, select

from codeservice.code import Grant
from codeservice.scan import Caller
from codeservice.status import Status
from codeservice.store import grant as grants
from codeservice.store import tally
from codeservice.store.models import FirstUse, Moment, Place, Ticket
from codeservice.store.status import RevokedCache
from codeservice.store.upsert import insert, insert_once


class Record:
    """What a verifier and a scene may ask and mark while one scan is decided."""

    def __init__(self, connection: Connection, cache: RevokedCache, caller: Caller) -> None:
        """Bind to the transaction and the place of the scan."""
        self._connection = connection
        self._cache = cache
        self._caller = caller
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

    def tickets(self, day: str) -> int:
        """Count the holder's tickets for this place on `day` (ISO 8601)."""
        query = select(func.count()).where(
            Ticket.place == self._caller.place, Ticket.day == day, Ticket.person == self._holder()
        )
        return self._connection.scalar(query) or 0

    def capacity(self) -> int | None:
        """Return how many people a day the place admits; None for no bound."""
        return self._connection.scalar(select(Place.capacity).where(Place.id == self._caller.place))

    def _holder(self) -> str:
        if self.person is None:
            raise LookupError("a scene's rules run only for a grant that the record knows")
        return self.person
