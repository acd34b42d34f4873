"""Whether the keeper keeps up: what it did last and when, and how old is what it published."""

from collections.abc import Mapping
from dataclasses import dataclass

from codeservice.services import Services
from codeservice.snapshot import MAX_LIFETIME
from codeservice.status_token import LIFE
from codeservice.store import fact, snapshot, status_list
from codeservice.store.database import Connection

KEEPER_LATE = "keeper_late"
"""Name of the alarm in the logs."""

NOTE_EVERY = 15
"""Seconds between two notes of the keeper: one small transaction for all chores."""

_TURNS, _PATIENCE = 3, 60
"""A chore is late after so many of its turns, and never before a minute: what connected terminals wait at most."""


@dataclass(frozen=True)
class Chore:
    """Something that the keeper does again and again; `every` is in seconds."""

    name: str
    every: int

    @property
    def patience(self) -> int:
        """Seconds after which it is late."""
        return max(_TURNS * self.every, _PATIENCE) + NOTE_EVERY


SEAL = Chore("sealed", 1)
NOTE = Chore("noted", 1)
PUBLISH_LISTS = Chore("published", 30)
PUBLISH_SNAPSHOT = Chore("snapshots", 5)
FILL = Chore("filled", 5)
PURGE = Chore("purged", 600)
END_TIES = Chore("ties_ended", 60)
RELEASE = Chore("released", 60)
RENEW_HEALTH = Chore("health_renewed", 60)
CHORES = (SEAL, NOTE, PUBLISH_LISTS, PUBLISH_SNAPSHOT, FILL, PURGE, RELEASE, END_TIES, RENEW_HEALTH)


@dataclass(frozen=True)
class Watch:
    """What can be seen of the keeper, in seconds; None for what never was."""

    since_done: Mapping[str, int | None]
    snapshot_age: int | None
    lists_age: int | None

    @property
    def late(self) -> tuple[str, ...]:
        """What somebody has to look at: chores that are late or were never done, and what is past half of its life."""
        chores = [chore.name for chore in CHORES if _is_past(self.since_done.get(chore.name), chore.patience)]
        ages = (("snapshot_age", self.snapshot_age, MAX_LIFETIME), ("lists_age", self.lists_age, LIFE))
        return (*chores, *(name for name, age, life in ages if age is not None and age >= life // 2))

    @property
    def is_fresh(self) -> bool:
        """Whether what was published has a fifth of its life left, or nothing was published yet."""
        ages = ((self.snapshot_age, MAX_LIFETIME), (self.lists_age, LIFE))
        return all(age is None or age < life * 4 // 5 for age, life in ages)


def watch(services: Services) -> Watch:
    """Look at the keeper through the record; raises UnavailableError."""
    now = services.clock()
    with services.database.read() as connection:
        done = fact.beginning(connection, fact.CHORE_DONE)
        version, signed = snapshot.newest_version(connection), status_list.oldest(connection, now=now)
    since = {chore.name: now - int(done[chore.name]) if chore.name in done else None for chore in CHORES}
    return Watch(since, None if version is None else now - version, None if signed is None else now - signed)


def note_done(services: Services, done: Mapping[str, int]) -> None:
    """Note when chores were done well; raises UnavailableError."""

    def work(connection: Connection) -> None:
        for name, at in done.items():
            fact.put(connection, fact.CHORE_DONE + name, str(at))

    services.database.transact(work)


def _is_past(age: int | None, bound: int) -> bool:
    return age is None or age > bound
