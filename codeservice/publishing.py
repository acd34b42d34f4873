"""Publishing what is revoked and suspended: signed once in an interval when it changed or grows old.

By the standard for partners (`publish_lists`), and as snapshots with deltas for terminals (`publish_snapshot`).
"""

from hashlib import sha256

from codeservice.services import Services
from codeservice.snapshot import (
    DELTA_AAD,
    MAX_LIFETIME,
    SNAPSHOT_AAD,
    Snapshot,
    SnapshotError,
    accept,
    sign,
    write_delta,
    write_snapshot,
)
from codeservice.status_list import StatusList
from codeservice.status_token import LIFE, Published, StatusClaims, address_of, write_cwt, write_jwt
from codeservice.store import snapshot, status_list
from codeservice.store.database import Connection
from codeservice.store.status_list import PublishedToken
from keys.key import Purpose

SNAPSHOT_EVERY = 600
"""Seconds between two whole snapshots while things change: who comes new follows at most that many deltas."""


def publish_lists(services: Services) -> int:
    """Sign every list whose places have changed, or whose token is past half its life; returns how many tokens.

    What is published is made from the record and nothing else. Raises KeyNotUsableError or SignerError.
    """
    now = services.clock()
    with services.database.read() as connection:
        marks = status_list.marks(connection, now=now)
        before = status_list.published_digests(connection)
    due: list[tuple[int, Published, bytes, bytes]] = []
    for list_, (_size, revoked, suspended) in marks.items():
        for what, array in ((Published.REVOKED, revoked), (Published.SUSPENDED, suspended)):
            digest = sha256(array).digest()
            signed, known = before.get((list_, what.value), (0, b""))
            if digest != known or now >= signed + LIFE // 2:
                due.append((list_, what, array, digest))
    if not due:
        return 0
    signer = services.signer(Purpose.STATUS)
    for list_, what, array, digest in due:
        claims = StatusClaims(address_of(services.settings.origin, list_, what), now, StatusList(1, array))
        jwt = write_jwt(claims, signer=signer, now=now).encode()
        token = PublishedToken(now, digest, jwt, write_cwt(claims, signer=signer, now=now))
        with services.database.write() as connection:
            status_list.publish(connection, list_, what, token)
    return len(due)


def publish_snapshot(services: Services) -> int:
    """Sign a delta when something changed, and a whole snapshot now and then; returns how many documents.

    The state before is read from what was published, as a terminal reads it; if that cannot be continued, for a killed
    key or a list that is gone, a whole snapshot begins anew. Raises KeyNotUsableError or SignerError.
    """
    now = services.clock()
    with services.database.read() as connection:
        after = Snapshot.of(now, now + MAX_LIFETIME, status_list.marks(connection, now=now))
        before = _published_state(services, connection)
        whole = snapshot.newest(connection)
    if before is not None and (before.version >= now or _stands(before, after)):
        return 0
    signer = services.signer(Purpose.STATUS)
    documents: list[tuple[bytes, int | None]] = []
    if before is not None:
        payload = write_delta(before, now, after.expires, after.lists)
        documents.append((sign(payload, DELTA_AAD, signer=signer, now=now), before.version))
    if before is None or whole is None or now >= whole[0] + SNAPSHOT_EVERY:
        payload = write_snapshot(now, after.expires, after.lists)
        documents.append((sign(payload, SNAPSHOT_AAD, signer=signer, now=now), None))

    def keep(connection: Connection) -> int:
        newest = snapshot.newest(connection)
        if before is None and newest is not None and newest[0] >= now:
            # Another keeper was first, here and below.
            return 0
        if before is not None and snapshot.delta_after(connection, before.version) is not None:
            return 0
        for document, base in documents:
            snapshot.add(connection, now, document, base=base)
        snapshot.forget(connection, now=now)
        return len(documents)

    return services.database.transact(keep)


def _stands(before: Snapshot, after: Snapshot) -> bool:
    return before.digest == after.digest and after.version < before.expires - MAX_LIFETIME // 2


def _published_state(services: Services, connection: Connection) -> Snapshot | None:
    found = snapshot.newest(connection)
    if found is None:
        return None
    trust_list, now = services.trust_list(), services.clock()
    try:
        state = accept(None, found[1], trust_list=trust_list, now=now)
        for document in snapshot.deltas_since(connection, state.version):
            state = accept(state, document, trust_list=trust_list, now=now)
    except SnapshotError:
        return None
    return state
