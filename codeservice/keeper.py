"""The keeper: one small process that seals the audit log, keeps Redis filled and deletes what has had its time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from codeservice import logs
from codeservice.audit import CHECKPOINT_AAD
from codeservice.errors import UnavailableError
from codeservice.publishing import publish_lists, publish_snapshot
from codeservice.services import Services
from codeservice.store import audit, fact, grant, retention
from codeservice.store.database import Connection
from keys.algorithms import algorithm_named
from keys.cose import sign1
from keys.errors import KeysError
from keys.key import Purpose

SEAL_EVERY = 1
NOTE_EVERY = 1
PUBLISH_EVERY = 30
SNAPSHOT_EVERY = 5
FILL_EVERY = 5
PURGE_EVERY = 600


@dataclass(frozen=True)
class Chore:
    """Something to do again and again; `every` is in seconds."""

    name: str
    every: int
    run: Callable[[Services], int]


def seal(services: Services) -> int:
    """Seal the audit entries that wait; returns how many there were."""
    now = services.clock()
    with services.database.read() as connection:
        batch = audit.next_batch(connection, now=now)
    if batch is None:
        return 0
    signer = services.signer(Purpose.CHECKPOINT)
    # Signed between two transactions: a signer that hangs holds no lock that a scan waits for.
    signed = sign1(
        batch.payload,
        alg=algorithm_named(signer.key.algorithm).cose,
        kid=signer.key.kid,
        external_aad=CHECKPOINT_AAD,
        sign=lambda message: signer.sign(message, now=now),
    )
    return services.database.transact(lambda connection: audit.append(connection, batch, signed))


def fill(services: Services) -> int:
    """Fill Redis from the record when it was flushed or is new; returns how many places were written."""
    if services.revoked.is_filled() is not False:
        return 0
    with services.database.read() as connection:
        places = grant.revoked_places(connection, now=services.clock())
    return len(places) if services.revoked.fill(places) else 0


def note(services: Services) -> int:
    """Note the version of the trust list in force, so that no older one is used after a restart; 1 when it rose."""
    version = services.trust_list().version
    with services.database.read() as connection:
        if int(fact.get(connection, fact.TRUST_LIST_USED) or 0) >= version:
            return 0
    services.database.transact(lambda connection: fact.put(connection, fact.TRUST_LIST_USED, str(version)))
    return 1


def purge(services: Services) -> int:
    """Delete what has had its time; returns how many rows."""

    def work(connection: Connection) -> int:
        return retention.purge(connection, now=services.clock())

    return services.database.transact(work)


CHORES = (
    Chore("sealed", SEAL_EVERY, seal),
    Chore("noted", NOTE_EVERY, note),
    Chore("published", PUBLISH_EVERY, publish_lists),
    Chore("snapshots", SNAPSHOT_EVERY, publish_snapshot),
    Chore("filled", FILL_EVERY, fill),
    Chore("purged", PURGE_EVERY, purge),
)


def keep(services: Services, *, stopped: Callable[[], bool], chores: tuple[Chore, ...] = CHORES) -> None:
    """Do every chore when it is due until `stopped`; a chore that fails is tried again at its next turn."""
    due = {chore.name: 0.0 for chore in chores}
    while not stopped():
        for chore in chores:
            if time.monotonic() < due[chore.name]:
                continue
            due[chore.name] = time.monotonic() + chore.every
            try:
                count = chore.run(services)
            except (UnavailableError, KeysError) as error:
                logs.event("chore_failed", kind=chore.name, where=type(error).__name__)
                continue
            if count and chore.name != "sealed":
                logs.event(chore.name, count=count)
        time.sleep(0.2)
