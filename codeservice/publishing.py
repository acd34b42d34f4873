"""Publishing what is revoked and suspended: signed once in an interval when it changed or grows old.

By the standard for partners (`publish_lists`), and as snapshots with deltas for terminals (`publish_snapshot`).
"""

from dataclasses import dataclass, replace
from hashlib import sha256

import msgspec

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
from codeservice.store import fact, snapshot, status_list
from codeservice.store.database import Connection
from codeservice.store.events import Kind
from codeservice.store.status_list import PublishedToken
from keys.key import Purpose

SNAPSHOT_EVERY = 600
"""Seconds between two whole snapshots while things change: who comes new follows at most that many deltas."""

RENEW_LIST, RENEW_STATE = LIFE // 3, MAX_LIFETIME // 3
"""Seconds after which a list, or a state, is signed anew although nothing changed: well before half of its life."""

LOOK_EVERY = 600
"""Seconds after which all marks are read although nothing seems to have changed: for changes past this program."""


@dataclass(frozen=True)
class Basis:
    """What a publication is made from, told without reading millions of marks; `at` is when they were read."""

    changes: int
    trust_list: int
    lists: str
    at: int

    @classmethod
    def now(cls, services: Services, connection: Connection, now: int) -> "Basis":
        """Take the basis of this moment. Take it first: what is read after it is at least as new."""
        changes = int(fact.get(connection, fact.STATUS_CHANGES) or 0)
        lists = ",".join(map(str, status_list.living(connection, now=now)))
        return cls(changes, services.trust_list().version, sha256(lists.encode()).hexdigest(), now)

    @classmethod
    def noted(cls, connection: Connection, name: str) -> "Basis | None":
        """Read the basis that was noted last."""
        text = fact.get(connection, name)
        return None if text is None else msgspec.json.decode(text, type=cls)

    def note(self, connection: Connection, name: str) -> None:
        """Note it with what was published."""
        fact.put(connection, name, msgspec.json.encode(self).decode())

    def follows(self, before: "Basis | None") -> bool:
        """Whether the marks may differ from those that were read on the basis of `before`."""
        if before is None or not before.at <= self.at < before.at + LOOK_EVERY:
            return True
        return replace(before, at=self.at) != self


def publish_lists(services: Services) -> int:
    """Sign every list whose places have changed, or whose token has grown old; returns how many tokens.

    What is published is made from the record and nothing else. Raises KeyNotUsableError or SignerError.
    """
    now = services.clock()
    with services.database.read() as connection:
        basis, known = Basis.now(services, connection, now), Basis.noted(connection, fact.LISTS_BASIS)
        oldest = status_list.oldest(connection, now=now)
        if not basis.follows(known) and (oldest is None or now < oldest + RENEW_LIST):
            return 0
        marks = status_list.marks(connection, now=now)
        before = status_list.published_digests(connection)
    # Who signed may have been killed by a new trust list; what nobody believes any more is as good as not published.
    anew = known is not None and known.trust_list != basis.trust_list
    due: list[tuple[int, Published, bytes, bytes]] = []
    for list_, (_size, revoked, suspended) in marks.items():
        for what, array in ((Published.REVOKED, revoked), (Published.SUSPENDED, suspended)):
            digest = sha256(array).digest()
            signed, signed_digest = before.get((list_, what.value), (0, b""))
            if anew or digest != signed_digest or now >= signed + RENEW_LIST:
                due.append((list_, what, array, digest))
    for list_, what, array, digest in due:
        signer = services.signer(Purpose.STATUS)
        claims = StatusClaims(address_of(services.settings.origin, list_, what), now, StatusList(1, array))
        jwt = write_jwt(claims, signer=signer, now=now).encode()
        token = PublishedToken(now, digest, jwt, write_cwt(claims, signer=signer, now=now))
        with services.database.write() as connection:
            status_list.publish(connection, list_, what, token)
    services.database.transact(lambda connection: basis.note(connection, fact.LISTS_BASIS))
    return len(due)


def publish_snapshot(services: Services) -> int:
    """Sign a delta when something changed, and a whole snapshot now and then; returns how many documents.

    The state before is read from what was published, as a terminal reads it; if that cannot be continued, for a killed
    key or a list that is gone, a whole snapshot begins anew. Raises KeyNotUsableError or SignerError.
    """
    now = services.clock()
    with services.database.read() as connection:
        basis, known = Basis.now(services, connection, now), Basis.noted(connection, fact.SNAPSHOT_BASIS)
        version = snapshot.newest_version(connection)
        if version is not None and not basis.follows(known) and now < version + RENEW_STATE:
            return 0
        after = Snapshot.of(now, now + MAX_LIFETIME, status_list.marks(connection, now=now))
        before = _published_state(services, connection)
        whole = snapshot.newest(connection)
    if before is not None and before.version >= now:
        return 0
    documents = [] if before is not None and _stands(before, after) else _documents(services, before, after, whole)

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
        basis.note(connection, fact.SNAPSHOT_BASIS)
        return len(documents)

    count = services.database.transact(keep)
    if count:
        services.events.add(Kind.SNAPSHOT, now)
    return count


def _documents(
    services: Services, before: Snapshot | None, after: Snapshot, whole: tuple[int, bytes] | None
) -> list[tuple[bytes, int | None]]:
    """Sign what leads to `after`: each document with the version that it continues, None for a whole snapshot."""
    now, signer = after.version, services.signer(Purpose.STATUS)
    documents: list[tuple[bytes, int | None]] = []
    if before is not None:
        payload = write_delta(before, now, after.expires, after.lists)
        documents.append((sign(payload, DELTA_AAD, signer=signer, now=now), before.version))
    if before is None or whole is None or now >= whole[0] + SNAPSHOT_EVERY:
        payload = write_snapshot(now, after.expires, after.lists)
        documents.append((sign(payload, SNAPSHOT_AAD, signer=signer, now=now), None))
    return documents


def _stands(before: Snapshot, after: Snapshot) -> bool:
    return before.digest == after.digest and after.version < before.version + RENEW_STATE


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
