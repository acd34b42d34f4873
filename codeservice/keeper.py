"""The keeper: one small process that seals the audit log, keeps Redis filled and deletes what has had its time."""

import time
from collections.abc import Callable

from codeservice import assessing, logs, watching
from codeservice.audit import CHECKPOINT_AAD
from codeservice.errors import UnavailableError
from codeservice.publishing import publish_lists, publish_snapshot
from codeservice.registering import release_temporary_losses
from codeservice.services import Services
from codeservice.store import audit, fact, grant, retention
from codeservice.store.database import Connection
from codeservice.store.events import Kind
from codeservice.tying import end_past
from codeservice.watching import Chore
from keys.algorithms import algorithm_named
from keys.cose import sign1
from keys.errors import KeysError
from keys.key import Purpose


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
    """Fill Redis from the record when it was flushed or is new; returns how many places were written.

    One of many keepers does it; the others go on. Nobody waits for it: the record answers meanwhile.
    """
    if services.revoked.is_filled() is not False or not services.revoked.begin_filling():
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
    services.events.add(Kind.TRUST_LIST, version)
    return 1


def purge(services: Services) -> int:
    """Delete what has had its time; returns how many rows."""

    def work(connection: Connection) -> int:
        return retention.purge(connection, now=services.clock())

    return services.database.transact(work)


def warn_of_eviction(services: Services) -> None:
    """Log a Redis that drops what it holds when it is full: no answer gets wrong, but the cache is worth little."""
    if services.revoked.evicts():
        logs.event("redis_evicts")


WORK: tuple[tuple[Chore, Callable[[Services], int]], ...] = (
    (watching.SEAL, seal),
    (watching.NOTE, note),
    (watching.PUBLISH_LISTS, publish_lists),
    (watching.PUBLISH_SNAPSHOT, publish_snapshot),
    (watching.FILL, fill),
    (watching.PURGE, purge),
    (watching.RENEW_HEALTH, assessing.renew),
    (watching.END_TIES, end_past),
    (watching.RELEASE, release_temporary_losses),
)


def keep(
    services: Services, *, stopped: Callable[[], bool], work: tuple[tuple[Chore, Callable[[Services], int]], ...] = WORK
) -> None:
    """Do every chore when it is due until `stopped`; a chore that fails is tried again at its next turn."""
    warn_of_eviction(services)
    due = {chore.name: 0.0 for chore, _run in work}
    done: dict[str, int] = {}
    note_due = 0.0
    while not stopped():
        for chore, run in work:
            if time.monotonic() < due[chore.name]:
                continue
            due[chore.name] = time.monotonic() + chore.every
            try:
                count = run(services)
            except (UnavailableError, KeysError) as error:
                logs.event("chore_failed", kind=chore.name, where=type(error).__name__)
                continue
            done[chore.name] = services.clock()
            if count and chore is not watching.SEAL:
                logs.event(chore.name, count=count)
        if time.monotonic() >= note_due:
            note_due = time.monotonic() + watching.NOTE_EVERY
            done = _noted(services, done)
        time.sleep(0.2)
    _noted(services, done)


def _noted(services: Services, done: dict[str, int]) -> dict[str, int]:
    """Note what was done and tell what is late; returns what could not be noted."""
    try:
        watching.note_done(services, done)
        late = watching.watch(services).late
    except UnavailableError:
        return done
    if late:
        logs.event(watching.KEEPER_LATE, kind=late)
    return {}
