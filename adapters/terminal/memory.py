"""What a verifier and a scene may ask and mark at a terminal, inside the transaction of one scan."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from codeservice.city import city_day
from codeservice.code import Grant
from codeservice.errors import Rejected
from codeservice.issuer import BACKDATE
from codeservice.profile import Profile
from codeservice.reason import Reason
from codeservice.snapshot import SKEW, Snapshot
from codeservice.status import Status


class Mark(NamedTuple):
    """One mark that other terminals of the place should know: a first use, or an amount of a bounded counter."""

    name: str
    subject: str
    amount: int
    limit: int


@dataclass
class LocalMemory:
    """Ledger of one scan at `now`. `refused` are marks that another terminal of the place has taken already."""

    connection: sqlite3.Connection
    profile: Profile
    snapshot: Snapshot | None
    now: int
    refused: frozenset[Mark] = frozenset()
    marks: list[Mark] = field(default_factory=list)
    _grant: Grant | None = None

    @property
    def place(self) -> str:
        """The place of the terminal."""
        return self.profile.place

    def status(self, grant: Grant) -> Status | None:
        """Read the lists. Revoked stays true however old they are; anything else needs lists that are fresh enough.

        A list that the terminal does not know was opened after its snapshot: a grant of it was issued since then, and
        valid at that moment. Raises Rejected with status_stale.
        """
        self._grant = grant
        snapshot = self.snapshot
        status = None if snapshot is None else snapshot.status(grant.list, grant.idx)
        if status is Status.REVOKED:
            return status
        if (
            snapshot is None
            or self.now >= snapshot.expires
            or self.now - snapshot.version > self.profile.list_age
            or snapshot.version > self.now + SKEW
        ):
            raise Rejected(Reason.STATUS_STALE)
        if status is None and grant.list not in snapshot.lists and grant.issued + BACKDATE >= snapshot.version:
            return Status.VALID
        return status

    def first_use(self, use: tuple[int, int, int]) -> bool:
        """Mark a use; False when this terminal or another one of the place has seen it."""
        mark = Mark("use", "-".join(map(str, use)), 1, 1)
        if mark in self.refused:
            return False
        cursor = self.connection.execute("INSERT OR IGNORE INTO first_use VALUES (?, ?, ?, ?)", (*use, self.now))
        self.marks.append(mark)
        return cursor.rowcount == 1

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Open a savepoint."""
        self.connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO attempt")
            self.connection.execute("RELEASE attempt")
            self.marks.clear()
            raise
        self.connection.execute("RELEASE attempt")

    def take(self, name: str, amount: int, limit: int) -> int | None:
        """Count for the holder at this place."""
        return self._take(name, self.holder, amount, limit)

    def take_everywhere(self, _name: str, _amount: int, _limit: int) -> int | None:
        """Refuse to guess what other places of the city have counted."""
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)

    def take_shared(self, name: str, amount: int, limit: int) -> int | None:
        """Count for the place, as far as its terminals know of each other."""
        return self._take(name, "", amount, limit)

    def first_within(self, name: str, seconds: int, now: int) -> bool:
        """Mark a name for the holder; False when it was marked less than `seconds` ago."""
        row = self.connection.execute(
            "INSERT INTO moment VALUES (?1, ?2, ?3) ON CONFLICT (name, subject) DO UPDATE SET at = ?3 "
            "WHERE at <= ?3 - ?4 RETURNING at",
            (name, self.holder, now, seconds),
        ).fetchone()
        return row is not None

    def tickets(self, day: str) -> int:
        """Count the holder's tickets as the profile lists them."""
        return self._ticket(day)[1]

    def capacity(self) -> int | None:
        """Return the bound of the place."""
        return self.profile.capacity

    @property
    def holder(self) -> str:
        """The holder as far as a terminal can tell: the handle of a ticket, else the grant itself."""
        grant = self._require_grant()
        handle = self._ticket(city_day(self.now))[0]
        return handle.hex() if handle else f"{grant.list}-{grant.idx}"

    def _ticket(self, day: str) -> tuple[bytes, int]:
        grant = self._require_grant()
        return self.profile.tickets.get(day, {}).get((grant.list, grant.idx), (b"", 0))

    def _require_grant(self) -> Grant:
        if self._grant is None:
            raise LookupError("a scene's rules run only for a grant whose status was asked")
        return self._grant

    def _take(self, name: str, subject: str, amount: int, limit: int) -> int | None:
        mark = Mark(name, subject, amount, limit)
        if amount > limit or mark in self.refused:
            return None
        row = self.connection.execute(
            "INSERT INTO tally VALUES (?1, ?2, ?3, ?5) ON CONFLICT (name, subject) DO UPDATE SET used = used + ?3, "
            "at = ?5 WHERE used + ?3 <= ?4 RETURNING used",
            (name, subject, amount, limit, self.now),
        ).fetchone()
        self.marks.append(mark)
        return None if row is None else limit - int(row[0])
