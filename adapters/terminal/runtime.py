"""A terminal at work: from the text of a code to a stored answer, with the service or without it.

The same verifier and the same scene decide as at the service. What a scene needs the service for (names, limits of the
whole city) is asked there while there is contact; everything else is decided here and uploaded. No answer leaves before
its scan is on the disk.
"""

import http.client
import json
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from adapters import ADAPTERS
from adapters.contract import Adapter, ScanBody
from adapters.terminal.answer import Answer, State
from adapters.terminal.bundle import Bundle
from adapters.terminal.clock import TerminalClock
from adapters.terminal.memory import LocalMemory, Mark
from adapters.terminal.service import RefusedError, Service, UnreachableError
from adapters.terminal.site import Claim, Site, SiteError
from adapters.terminal.standing import Standing
from adapters.terminal.store import StoreError
from adapters.terminal.sync import Sync
from codeservice.city import city_day
from codeservice.code import Kind
from codeservice.digit import is_digit_code
from codeservice.errors import Rejected
from codeservice.profile import Profile
from codeservice.reason import MESSAGES, Reason, Words
from codeservice.scan import Decision, Outcome, Policy, Verified
from codeservice.upload import UploadedScan, write_item
from codeservice.verifier import Verifier

SAME_SCAN = 3.0
"""Seconds within which the same text is the same scan: a reader reads what is held before it again and again."""

MAX_CODE = 1000
"""Characters of a code that are looked at."""

QUEUE = 100_000
"""Scans that may wait for the service; beyond them nothing is accepted, so that none is lost."""

ONLINE_SECONDS = 2.0
"""Seconds that a person waits for the service before the terminal decides by itself."""

_MAX_ACT = 64
_NOTHING = Words("", "")


class InputError(ValueError):
    """A request of a machine cannot be read, or its act was used for another code; nothing was scanned."""


@dataclass(frozen=True)
class _Asked:
    text: str
    body: ScanBody
    act: str
    about: str


class Terminal:
    """One terminal. `scan` may be called from any thread; scans are decided one after the other."""

    def __init__(  # noqa: PLR0913 -- the parts of one terminal
        self,
        name: str,
        scene: str,
        *,
        bundle: Bundle,
        clock: TerminalClock,
        standing: Standing,
        sync: Sync,
        service: Service,
        site: Site | None = None,
        relay_address: tuple[str, int] | None = None,
    ) -> None:
        """Keep the parts. `service` is a connection of its own, for scans that the service decides."""
        self.name, self.scene = name, scene
        self.relay_address = relay_address
        self.sync = sync
        self._adapter: Adapter = ADAPTERS[scene]
        self._bundle, self._clock, self._standing = bundle, clock, standing
        self._service, self._site = service, site
        self._lock = threading.Lock()
        self._verifier: tuple[str | None, Verifier] | None = None
        self._recent: deque[tuple[float, str, Answer]] = deque(maxlen=32)
        self._day, self._today = "", 0

    def scan(self, text: str, *, body: Mapping[str, object] | None = None, act: str | None = None) -> Answer:
        """Decide one scan and store it; the same act, or the same text within three seconds, has the same answer.

        Raises InputError for a `body` that the scene does not know, and for an act used for something else.
        """
        asked = self._read(text, body, act)
        with self._lock:
            before = self._answered(asked, named=act is not None)
            if before is not None:
                return before
            answer = self._store_online(asked) if self._asks_service(asked) else None
            if answer is None:
                answer = self._decide_here(asked)
            self._recent.append((self._clock.steady(), asked.about, answer))
        self.sync.wake()
        return answer

    def state(self) -> State:
        """Say how the terminal stands."""
        now, steady = self._clock.now(), self._clock.steady()
        bundle = self._bundle
        snapshot, trust_list, profile = bundle.snapshot, bundle.trust_list, bundle.profile
        try:
            with bundle.store.transaction():
                waiting, oldest = bundle.store.waiting()
                last, accepted = bundle.store.last_seq(), self._standing.accepted()
        except StoreError:
            waiting, oldest, last, accepted = 0, None, 0, 0
        day = "" if now is None else city_day(now)
        return State(
            terminal=self.name,
            scene=self.scene,
            place_name="" if profile is None else profile.place_name,
            connected=self._standing.connected(steady),
            now=now,
            snapshot=0 if snapshot is None else snapshot.version,
            list_age=None if snapshot is None or now is None else max(0, now - snapshot.version),
            trust_list=0 if trust_list is None else trust_list.version,
            key_age=None if trust_list is None or now is None else max(0, now - trust_list.issued),
            last_seq=last,
            waiting=waiting,
            oldest_waiting=None if oldest is None or now is None else max(0, now - oldest),
            scans_today=self._today if day == self._day else 0,
            faults=tuple(self._faults(now, waiting, accepted)),
        )

    def _faults(self, now: int | None, waiting: int, accepted: int) -> list[str]:
        snapshot, profile = self._bundle.snapshot, self._bundle.profile
        fresh = (
            snapshot is not None
            and profile is not None
            and now is not None
            and now < snapshot.expires
            and now - snapshot.version <= profile.list_age
        )
        decides = self._adapter.policy.offline is not None
        found = {
            "store_failed": self._standing.failed,
            "store_damaged": self._standing.damaged,
            "suspended": self._standing.suspended,
            "time_untrusted": now is None,
            "profile_expired": profile is None or (now is not None and now >= profile.expires),
            "lists_stale": decides and now is not None and not fresh,
            "queue_full": waiting >= QUEUE or (profile is not None and decides and accepted >= profile.terminal_limit),
        }
        return [name for name, holds in found.items() if holds]

    def _read(self, text: str, body: Mapping[str, object] | None, act: str | None) -> _Asked:
        text = text[:MAX_CODE]
        try:
            read = msgspec.convert({**(body or {}), "code": text}, self._adapter.body)
        except msgspec.ValidationError as error:
            raise InputError(f"the scene {self.scene} does not know this: {error}") from error
        if act is not None and not (0 < len(act) <= _MAX_ACT and act.replace("-", "").replace("_", "").isalnum()):
            raise InputError("an act is named by at most 64 letters, digits, dashes and underscores")
        if act is not None and not act.isascii():
            raise InputError("an act is named by ASCII letters")
        about = msgspec.json.encode(read).decode()
        return _Asked(text, read, act or secrets.token_hex(16), about)

    def _answered(self, asked: _Asked, *, named: bool) -> Answer | None:
        steady = self._clock.steady()
        for at, about, answer in self._recent:
            if about == asked.about and steady - at < SAME_SCAN and (not named or answer.act == asked.act):
                return msgspec.structs.replace(answer, repeat=True)
        if not named:
            return None
        try:
            with self._bundle.store.transaction():
                kept = self._bundle.store.find_answer(asked.act)
        except StoreError:
            return None
        if kept is None:
            return None
        values = json.loads(kept)
        if values.pop("about") != asked.about:
            raise InputError("this act was used for another code; name a new one")
        answer = msgspec.convert(values, Answer, strict=True)
        details = values.get("details")
        typed = None if details is None else msgspec.convert(details, self._adapter.details)
        return msgspec.structs.replace(answer, details=typed, repeat=True)

    def _asks_service(self, asked: _Asked) -> bool:
        """Whether only the service can answer in full, and there is contact with it."""
        policy = self._adapter.policy
        needs = bool(policy.discloses) or policy.offline is None or is_digit_code(asked.text)
        usable = not self._standing.suspended and not self._standing.failed
        return needs and usable and self._standing.connected(self._clock.steady())

    def _store_online(self, asked: _Asked) -> Answer | None:
        token = self.sync.known_token()
        if token is None:
            return None
        try:
            said = self._service.scan(
                self.scene, msgspec.json.encode(asked.body), act=asked.act, token=token, seconds=ONLINE_SECONDS
            )
            answer = self._read_online(asked, said)
        except UnreachableError:
            # The service may have recorded it nevertheless: the upload carries the same act, and is one scan there.
            self._standing.lose_contact()
            return None
        except RefusedError as error:
            if error.status == http.client.FORBIDDEN:
                self._standing.suspend(suspended=True)
            self.sync.drop_token()
            return None
        item = UploadedScan(
            act=asked.act,
            at=answer.at,
            device_at=self._clock.device_time(),
            outcome=Outcome(answer.decision),
            reason=None if answer.reason is None else Reason(answer.reason),
            kind=None,
            use=None,
            online=True,
        )
        try:
            return self._keep(asked, answer, item)
        except StoreError:
            # The service has it: the answer stands, and its number is all that is missing here.
            self._standing.note_failure()
            return answer

    def _read_online(self, asked: _Asked, said: dict[str, Any]) -> Answer:
        try:
            details = said["details"]
            typed = None if details is None else msgspec.convert(details, self._adapter.details)
            return Answer(
                act=asked.act,
                seq=None,
                decision=Outcome(said["decision"]),
                reason=None if said["reason"] is None else Reason(said["reason"]).value,
                message=msgspec.convert(said["message"], Words),
                advice=msgspec.convert(said["advice"], Words),
                details=typed,
                at=int(said["at"]),
                scene=self.scene,
                let_pass=False,
                online=True,
                repeat=False,
                holder_check_required=bool(said["holder_check_required"]),
            )
        except (KeyError, ValueError, TypeError, msgspec.ValidationError) as error:
            raise UnreachableError("an answer that cannot be read") from error

    def _decide_here(self, asked: _Asked) -> Answer:
        try:
            # A second turn when another terminal of the place was first: what it has taken is refused here too.
            try:
                return self._attempt(asked, frozenset())
            except _TakenError as taken:
                return self._attempt(asked, taken.marks)
        except StoreError as error:
            if "full" not in str(error):
                self._standing.note_failure()
            return self._answer(asked, Decision.rejected(Reason.TEMPORARILY_UNAVAILABLE, None), self._at(), None)

    def _attempt(self, asked: _Asked, refused: frozenset[Mark]) -> Answer:
        store, now = self._bundle.store, self._clock.now()
        with store.transaction() as connection:
            profile = self._bundle.profile
            reason = self._barrier(asked, profile, now)
            if reason is not None or profile is None or now is None:
                decision = Decision.rejected(reason or Reason.TEMPORARILY_UNAVAILABLE, None)
            else:
                memory = LocalMemory(connection, profile, self._bundle.snapshot, now, refused)
                decision = self._decide(asked, memory, profile, now)
                if decision.outcome is Outcome.ACCEPTED and (taken := self._claim(asked, memory, now) - refused):
                    raise _TakenError(taken)
                if decision.outcome is Outcome.ACCEPTED:
                    self._standing.count_accepted()
            answer = self._answer(asked, decision, self._at(), None)
            return self._write(asked, answer, self._item(asked, decision, answer.at))

    def _barrier(self, asked: _Asked, profile: Profile | None, now: int | None) -> Reason | None:
        """Return why nothing can be decided, whatever the code says."""
        if self._standing.suspended:
            return Reason.TERMINAL_NOT_ALLOWED
        if now is None:
            return Reason.TIME_UNTRUSTED
        offline = self._adapter.policy.offline
        if profile is None or now >= profile.expires or offline is None or is_digit_code(asked.text):
            return Reason.TEMPORARILY_UNAVAILABLE
        store = self._bundle.store
        if self._standing.failed or self._standing.accepted() >= profile.terminal_limit or store.queue_at_least(QUEUE):
            return Reason.TEMPORARILY_UNAVAILABLE
        return None

    def _decide(self, asked: _Asked, memory: LocalMemory, profile: Profile, now: int) -> Decision:
        def rules(verified: Verified, ledger: LocalMemory) -> Mapping[str, object]:
            if ledger.take(f"accepted:{city_day(now)}", 1, profile.holder_limit) is None:
                raise Rejected(Reason.LIMIT_REACHED)
            return self._adapter.decide(verified, asked.body, ledger, now)

        policy: Policy = self._adapter.policy
        return self._verifier_of(profile).decide(
            asked.text,
            policy=policy,
            memory=memory,
            rules=rules,
            now=now,
            document_checked=asked.body.document_checked,
        )

    def _verifier_of(self, profile: Profile) -> Verifier:
        if self._verifier is None or self._verifier[0] != profile.guide:
            bundle = self._bundle

            def trust_list() -> Any:
                return bundle.trust_list

            self._verifier = (profile.guide, Verifier(trust_list, guide=profile.guide))
        return self._verifier[1]

    def _claim(self, asked: _Asked, memory: LocalMemory, now: int) -> frozenset[Mark]:
        if self._site is None:
            return frozenset()
        try:
            return self._site.claim(Claim(self.name, asked.act, now, tuple(memory.marks)))
        except SiteError:
            return frozenset()

    def _at(self) -> int:
        now = self._clock.now()
        return self._clock.device_time() if now is None else now

    def _item(self, asked: _Asked, decision: Decision, at: int) -> UploadedScan:
        verified, snapshot = decision.verified, self._bundle.snapshot
        return UploadedScan(
            act=asked.act,
            at=at,
            device_at=self._clock.device_time(),
            outcome=decision.outcome,
            reason=decision.reason,
            kind=None if verified is None else Kind(verified.kind),
            use=None if verified is None else verified.use,
            effect=decision.effect,
            snapshot=0 if snapshot is None else snapshot.version,
        )

    def _answer(self, asked: _Asked, decision: Decision, at: int, seq: int | None) -> Answer:
        offline = self._adapter.policy.offline
        undetermined = decision.outcome is Outcome.UNDETERMINED
        details = None
        if decision.reason is None:
            message, details = self._adapter.reply(decision.effect, {})
            advice = _NOTHING
        else:
            message, advice = MESSAGES[decision.reason]
            if undetermined and offline is not None:
                advice = offline.advice
        return Answer(
            act=asked.act,
            seq=seq,
            decision=decision.outcome,
            reason=None if decision.reason is None else decision.reason.value,
            message=message,
            advice=advice,
            details=details,
            at=at,
            scene=self.scene,
            let_pass=undetermined and offline is not None and offline.let_pass,
            online=False,
            repeat=False,
            holder_check_required=self._adapter.policy.holder_check and decision.reason is None,
        )

    def _keep(self, asked: _Asked, answer: Answer, item: UploadedScan) -> Answer:
        with self._bundle.store.transaction():
            return self._write(asked, answer, item)

    def _write(self, asked: _Asked, answer: Answer, item: UploadedScan) -> Answer:
        """Store a scan with its answer, inside a transaction."""
        store = self._bundle.store
        stored = msgspec.structs.replace(answer, seq=store.add_scan(write_item(item), at=item.at))
        body = msgspec.to_builtins(stored) | {"about": asked.about}
        store.keep_answer(asked.act, msgspec.json.encode(body), at=item.at)
        now = self._clock.now()
        if now is not None:
            self._standing.keep_mark(now)
            day = city_day(now)
            self._day, self._today = day, (self._today if day == self._day else 0) + 1
        return stored


class _TakenError(Exception):
    """Other terminals of the place have taken these marks; everything of this attempt is undone."""

    def __init__(self, marks: frozenset[Mark]) -> None:
        super().__init__("taken")
        self.marks = marks
