"""What a verifier and a scene may ask and mark at a terminal, inside the transaction of one scan."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.terminal.store import Store
from codeservice.city import city_day
from codeservice.code import Grant
from codeservice.encounter import Act
from codeservice.errors import Rejected
from codeservice.hall import HallService
from codeservice.issuer import BACKDATE
from codeservice.profile import Profile
from codeservice.reason import Reason, Words
from codeservice.scan import Acceptance, Earlier
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
    store: Store | None = None
    """Where acceptances are kept for scenes that ask for earlier ones; without it nothing is remembered of them."""

    _grant: Grant | None = None
    _keeps: bool = False

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

    def last_at(self, name: str) -> int | None:
        """Return when a name was last marked for the holder, at this terminal."""
        row = self.connection.execute(
            "SELECT at FROM moment WHERE name = ? AND subject = ?", (name, self.holder)
        ).fetchone()
        return None if row is None else int(row[0])

    def add(self, name: str, change: int) -> int:
        """Change the holder's balance, as far as this terminal knows it."""
        return self._add(name, self.holder, change)

    def add_shared(self, name: str, change: int, limit: int) -> int | None:
        """Change the place's balance, as far as this terminal knows it: no other one hears of it."""
        if change > 0 and self._add(name, "", 0) + change > limit:
            return None
        return self._add(name, "", change)

    def earlier(self, since: int) -> Earlier:
        """Return what this terminal itself has accepted of the holder; it knows nothing of others."""
        self._keeps = True
        rows = [] if self.store is None else self.store.acceptances(self.holder, since)
        found = tuple(Acceptance(act, at, self.place, json.loads(effect)) for act, at, effect in rows)
        return Earlier(found, whole=False)

    def keep(self, act: str, effect: Mapping[str, object]) -> None:
        """Record an acceptance for a scene that asks for earlier ones."""
        if self._keeps and self.store is not None:
            self.store.keep_acceptance(act, self.holder, json.dumps(effect).encode(), at=self.now)

    def open_visit(self, _act: Act, _department: str, _now: int) -> str | None:
        """Give no number: whose visit it is only the service knows, which books it when the scan arrives."""
        return None

    def age(self, _now: int) -> int:
        """Refuse to guess."""
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)

    def sell(self, _class: str, _title: Words, _packages: int, **_bounds: int) -> int | None:
        """Refuse to guess what other places of the city have sold."""
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)

    def is_registering(self) -> bool:
        """Refuse to guess what the authority has switched on."""
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)

    def register(self, _reason: str, _symptoms: Sequence[str], **_until: int) -> None:
        """Refuse to keep a registry here."""
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)

    def enqueue(self, _service: HallService, _number: str, **_at: int) -> None:
        """Refuse to draw numbers that another machine might draw too."""
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)

    def tickets(self, day: str) -> int:
        """Count the holder's tickets as the profile lists them."""
        return self._ticket(day)[1]

    def slot(self, day: str) -> str:
        """Return which slot they are for, as the profile says."""
        grant = self._require_grant()
        return self.profile.slots.get(day, {}).get((grant.list, grant.idx), "")

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

    def _add(self, name: str, subject: str, change: int) -> int:
        row = self.connection.execute(
            "INSERT INTO tally VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, subject) DO UPDATE SET used = used + ?3, "
            "at = ?4 RETURNING used",
            (name, subject, change, self.now),
        ).fetchone()
        return int(row[0])

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
