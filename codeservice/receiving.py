"""What terminals upload becomes part of the record: each scan once, whatever comes again, in pieces or in any order.

A scan that was decided without the service has happened, so that it is stored and marked and never refused; what cannot
be a scan is kept aside. The final state is the same for every order in which uploads come.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from codeservice.city import day_span
from codeservice.mark import Mark
from codeservice.quarantine import QuarantineReason
from codeservice.scan import Caller, Outcome
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, client, grant, mark, quarantine, scan, stream, ticket
from codeservice.store.client import StoredClient
from codeservice.store.database import Connection
from codeservice.store.grant import IssuedGrant
from codeservice.store.mark import Finding
from codeservice.store.quarantine import QuarantinedItem
from codeservice.store.record import Record
from codeservice.store.retention import SCAN_LIFE
from codeservice.store.scan import Number, StoredScan
from codeservice.upload import ItemError, Upload, UploadedScan, read_item

SKEW = 120
"""Seconds that a terminal's kept time may be ahead of the service, or behind it when it was enrolled."""

MOST_GAPS = 50
"""Gaps that one answer names."""

_ITEM = "item"
"""Kind of the keyed hash of an uploaded scan, which stands where a scan by network has that of what was asked."""

_COUNTING = {ticket.SCENE, "venue"}
"""Scenes whose places count everybody."""

_FORBIDDING = {Status.REVOKED: Mark.REVOKED, Status.SUSPENDED: Mark.SUSPENDED}


class Scene(Protocol):
    """What receiving needs of a scene's adapter."""

    @property
    def effect(self) -> type[msgspec.Struct]:
        """The schema of what an acceptance books."""
        ...

    def settle(self, effect: Any, ledger: Any, now: int, /) -> int | None:
        """Book an acceptance; returns how many of that day the holder had a right to, None for no bound."""
        ...


@dataclass(frozen=True)
class Receipt:
    """What became of each number of an upload, and the first gaps below the highest number that came."""

    stored: list[int]
    quarantined: list[int]
    missing: list[tuple[int, int]]
    state: str


@dataclass(frozen=True)
class _Item:
    seq: int
    data: bytes
    hash: bytes


@dataclass
class _Sorted:
    """The new items of an upload, by what becomes of them."""

    stored: list[tuple[_Item, UploadedScan, IssuedGrant | None, Any]] = field(default_factory=list)
    answered: list[tuple[_Item, UploadedScan, StoredScan]] = field(default_factory=list)
    quarantined: list[tuple[_Item, QuarantineReason]] = field(default_factory=list)
    too_old: list[_Item] = field(default_factory=list)


def receive(services: Services, terminal: StoredClient, upload: Upload, *, scene: Scene, now: int) -> Receipt:
    """Receive an upload whose signature was checked, in one transaction. Raises UnavailableError."""
    items = [_Item(seq, data, hashlib.sha256(data).digest()) for seq, data in upload.items]

    def work(connection: Connection) -> Receipt:
        # This locks the stream: its uploads follow each other from here on, and each sees what the one before has done,
        # also that the terminal was suspended.
        stream.note_upload(connection, terminal.id, upload.stream.hex(), last=upload.last, now=now)
        current = client.find(connection, terminal.id) or terminal
        return _Reception(services, connection, current, upload.stream.hex(), scene, now).receive(items)

    return services.database.transact(work)


def was_decided_offline(services: Services, stored: StoredScan) -> bool:
    """Whether a terminal decided a scan by itself; one that the service answered and was told of later was not."""
    if stored.item_hash is None:
        return False
    return services.vault.matches(stored.fingerprint, stored.item_hash.hex(), kind=_ITEM)


@dataclass(frozen=True)
class _Reception:
    """One upload in its transaction."""

    services: Services
    connection: Connection
    terminal: StoredClient
    stream: str
    scene: Scene
    now: int

    def receive(self, items: list[_Item]) -> Receipt:
        connection, id_ = self.connection, self.terminal.id
        seqs = [item.seq for item in items]
        came = stream.known(connection, id_, self.stream, seqs)
        stored, aside, forks = self._compare([item for item in items if item.seq in came])
        cloned = [item for item, received in forks if received >= (self.terminal.key_enrolled or 0)]
        fresh = [item for item in items if item.seq not in came]
        suspended = self.terminal.state != client.ACTIVE or bool(cloned)
        sorted_ = self._sort(fresh) if not suspended else _suspended(fresh)
        self._quarantine([*sorted_.quarantined, *((item, QuarantineReason.FORK) for item, _ in forks)])
        stream.add(
            connection,
            id_,
            self.stream,
            [item.seq for item in fresh],
            too_old=len(sorted_.too_old),
            now=self.now,
        )
        marked = self._store(sorted_)
        if cloned:
            self._suspend(cloned)
        if fresh:
            self._say(sorted_, marked)
        stored |= {item.seq for item in fresh} - {item.seq for item, _ in sorted_.quarantined}
        aside |= {item.seq for item, _ in sorted_.quarantined} | {item.seq for item, _ in forks}
        return Receipt(
            stored=sorted(stored),
            quarantined=sorted(aside),
            missing=stream.missing(connection, id_, self.stream, limit=MOST_GAPS),
            state=client.SUSPENDED if suspended else client.ACTIVE,
        )

    def _compare(self, items: list[_Item]) -> tuple[set[int], set[int], list[tuple[_Item, int]]]:
        """Compare numbers that came before with what is kept: repeats of scans and of items kept aside, and forks.

        Of a fork also when the bytes came that stand for its number: what came under an earlier key of the terminal is
        the story of its clone, which was told when it was suspended.
        """
        seqs = [item.seq for item in items]
        scans = {entry.seq: entry for entry in scan.numbered(self.connection, self.terminal.id, self.stream, seqs)}
        kept = quarantine.find(self.connection, self.terminal.id, self.stream, seqs)
        known = {(entry.seq, entry.item_hash) for entry in kept}
        standing = {entry.seq: entry.received for entry in kept if entry.reason != QuarantineReason.FORK}
        standing |= {seq: entry.received for seq, entry in scans.items()}
        stored: set[int] = set()
        aside: set[int] = set()
        forks: list[tuple[_Item, int]] = []
        for item in items:
            if (item.seq, item.hash) in known:
                aside.add(item.seq)
            elif item.seq not in standing or (item.seq in scans and scans[item.seq].item_hash == item.hash):
                # Of a number whose scan has had its time nothing is left to compare with.
                stored.add(item.seq)
            else:
                forks.append((item, standing[item.seq]))
        return stored, aside, forks

    def _sort(self, items: list[_Item]) -> _Sorted:
        read = {item.seq: _read(item.data) for item in items}
        scans = [found for found in read.values() if isinstance(found, UploadedScan)]
        acts = scan.find_by_acts(self.connection, self.terminal.id, {found.act for found in scans})
        grants = grant.find_all(self.connection, {found.use[:2] for found in scans if found.use is not None})
        sorted_ = _Sorted()
        seen: set[str] = set()
        for item in items:
            found = read[item.seq]
            if not isinstance(found, UploadedScan):
                sorted_.quarantined.append((item, found))
                continue
            earlier = acts.get(found.act)
            if found.act in seen or (earlier is not None and earlier.stream is not None):
                sorted_.quarantined.append((item, QuarantineReason.ACT_REUSED))
                continue
            seen.add(found.act)
            if earlier is not None:
                sorted_.answered.append((item, found, earlier))
                continue
            issued = None if found.use is None else grants.get(found.use[:2])
            self._judge(sorted_, item, found, issued)
        return sorted_

    def _judge(self, sorted_: _Sorted, item: _Item, found: UploadedScan, issued: IssuedGrant | None) -> None:
        enrolled = self.terminal.enrolled
        reason: QuarantineReason | None = None
        effect: Any = None
        if found.at > self.now + SKEW:
            reason = QuarantineReason.FUTURE
        elif enrolled is not None and found.at < enrolled - SKEW:
            reason = QuarantineReason.BEFORE_ENROLMENT
        elif found.at < self.now - SCAN_LIFE:
            sorted_.too_old.append(item)
            return
        elif found.online:
            reason = QuarantineReason.UNKNOWN_ANSWER
        elif found.use is not None and issued is None:
            reason = QuarantineReason.UNKNOWN_GRANT
        elif found.outcome is Outcome.ACCEPTED:
            try:
                effect = msgspec.convert(dict(found.effect), self.scene.effect, strict=True)
            except msgspec.ValidationError:
                reason = QuarantineReason.WRONG_EFFECT
        if reason is not None:
            sorted_.quarantined.append((item, reason))
        else:
            sorted_.stored.append((item, found, issued, effect))

    def _quarantine(self, items: Iterable[tuple[_Item, QuarantineReason]]) -> None:
        id_, stream_, now = self.terminal.id, self.stream, self.now
        rows = [
            QuarantinedItem(id_, stream_, item.seq, item.hash, reason.value, now, item.data) for item, reason in items
        ]
        quarantine.add(self.connection, rows)

    def _store(self, sorted_: _Sorted) -> Counter[Mark]:
        """Store and book the scans, and look what of the record contradicts them; returns what was marked."""
        marked: Counter[Mark] = Counter()
        caller = Caller(self.terminal.id, self.terminal.partner, self.terminal.place, self.terminal.scene)
        record = Record(self.connection, self.services.revoked, caller)
        accepted = [entry for entry in sorted_.stored if entry[1].outcome is Outcome.ACCEPTED]
        if accepted and self.terminal.scene in _COUNTING:
            # Two gates that settle the same counters in another order would wait for each other.
            ticket.lock(self.connection, self.terminal.place)
        uses = [found.use for _, found, _, _ in accepted if found.use is not None]
        record.hold_uses(uses)
        scan.add_all(
            self.connection, [self._scan(item, found, issued, caller) for item, found, issued, _ in sorted_.stored]
        )
        for item, found, earlier in sorted_.answered:
            scan.number(self.connection, earlier.id, self._number(item, found))
        differing = {
            earlier.id: Finding() for _, found, earlier in sorted_.answered if found.outcome.value != earlier.outcome
        }
        self._mark(marked, Mark.DISAGREED, differing)
        self._mark_forbidden(marked, accepted)
        self._mark_double_uses(marked, uses)
        self._settle(marked, record, accepted)
        return marked

    def _settle(
        self,
        marked: Counter[Mark],
        record: Record,
        accepted: list[tuple[_Item, UploadedScan, IssuedGrant | None, Any]],
    ) -> None:
        bounds: dict[tuple[str, tuple[int, int]], int] = {}
        for _, found, issued, effect in accepted:
            if issued is None:
                continue
            record.hold(issued)
            bound = self.scene.settle(effect, record, found.at)
            if bound is not None:
                bounds[issued.person, day_span(found.at)] = bound
        for (person, day), bound in bounds.items():
            scans = scan.accepted_at(self.connection, person, self.terminal.place, day)
            within, beyond = _split(scans, bound)
            self._mark(marked, Mark.OVER_LIMIT, dict.fromkeys(beyond, Finding()), within)

    def _mark_double_uses(self, marked: Counter[Mark], uses: list[tuple[int, int, int]]) -> None:
        for scans in scan.accepted_uses(self.connection, uses).values():
            # A scan that has an earlier one keeps it, whatever comes: this mark is never taken away.
            self._mark(marked, Mark.DOUBLE_USE, {later: Finding(other=scans[0]) for later in scans[1:]})

    def _mark_forbidden(
        self, marked: Counter[Mark], accepted: list[tuple[_Item, UploadedScan, IssuedGrant | None, Any]]
    ) -> None:
        for item, found, issued, _ in accepted:
            if issued is None or issued.changed is None or issued.changed > found.at:
                continue
            forbidding = _FORBIDDING.get(issued.status)
            if forbidding is not None:
                self._mark(marked, forbidding, {self._id(item): Finding(since=issued.changed)})

    def _mark(self, marked: Counter[Mark], kind: Mark, wrong: dict[str, Finding], right: Iterable[str] = ()) -> None:
        if new := mark.put(self.connection, kind, wrong, list(right), now=self.now):
            marked[kind] += new

    def _scan(self, item: _Item, found: UploadedScan, issued: IssuedGrant | None, caller: Caller) -> StoredScan:
        list_, idx, iat = found.use or (None, None, None)
        return StoredScan(
            id=self._id(item),
            client=caller.id,
            act=found.act,
            fingerprint=self.services.vault.index(item.hash.hex(), kind=_ITEM),
            partner=caller.partner,
            place=caller.place,
            scene=caller.scene,
            at=found.at,
            person=None if issued is None else issued.person,
            list=list_,
            idx=idx,
            iat=iat,
            outcome=found.outcome.value,
            reason=None if found.reason is None else found.reason.value,
            effect=dict(found.effect),
            disclosed={},
            policy=found.policy,
            asked=None if found.kind is None else {"kind": found.kind.value, **found.asked},
            **vars(self._number(item, found)),
        )

    def _number(self, item: _Item, found: UploadedScan) -> Number:
        return Number(self.stream, item.seq, item.hash, found.device_at, self.now)

    def _id(self, item: _Item) -> str:
        # The same in every order of uploads, because it decides between two scans of one second.
        name = f"{self.terminal.id} {self.stream} {item.seq} {item.hash.hex()}"
        return hashlib.sha256(name.encode()).hexdigest()[:32]

    def _suspend(self, forks: list[_Item]) -> None:
        if self.terminal.state == client.ACTIVE:
            client.suspend(self.connection, self.terminal.id)
        self._audit("clone_suspected", {"stream": self.stream, "seqs": [item.seq for item in forks[:MOST_GAPS]]})

    def _say(self, sorted_: _Sorted, marked: Counter[Mark]) -> None:
        details: dict[str, object] = {
            "stream": self.stream,
            "stored": len(sorted_.stored) + len(sorted_.answered),
            "quarantined": len(sorted_.quarantined),
            "too_old": len(sorted_.too_old),
            "marked": {kind.value: count for kind, count in sorted(marked.items())},
        }
        self._audit("scans_received", details)

    def _audit(self, action: str, details: dict[str, object]) -> None:
        name = f"client:{self.terminal.id}"
        audit.add(self.connection, at=self.now, actor=name, action=action, subject=name, details=details)


def _split(scans: list[tuple[str, int]], bound: int) -> tuple[list[str], list[str]]:
    """Part scans into those within a bound on the people who entered by them, and those beyond it."""
    within: list[str] = []
    beyond: list[str] = []
    entered = 0
    for id_, people in scans:
        entered += people
        (within if people == 0 or entered <= bound else beyond).append(id_)
    return within, beyond


def _suspended(items: list[_Item]) -> _Sorted:
    return _Sorted(quarantined=[(item, QuarantineReason.TERMINAL_SUSPENDED) for item in items])


def _read(data: bytes) -> UploadedScan | QuarantineReason:
    if not data:
        return QuarantineReason.DAMAGED
    try:
        return read_item(data)
    except ItemError:
        return QuarantineReason.MALFORMED
