"""A terminal at work: from the text of a code to a stored answer, with the service or without it.

The same verifier and the same scene decide as at the service. What a scene needs the service for (names, limits of the
whole city) is asked there while there is contact; everything else is decided here and uploaded. No answer leaves before
its scan is on the disk.
"""

import contextlib
import hashlib
import json
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from adapters import ADAPTERS
from adapters.contract import Adapter, ScanBody, kept_of
from adapters.policies import InForce, opened, standard
from adapters.terminal.answer import Answer, State
from adapters.terminal.bundle import Bundle
from adapters.terminal.clock import TerminalClock
from adapters.terminal.memory import LocalMemory, Mark
from adapters.terminal.patience import Patience
from adapters.terminal.service import RefusedError, Service, UnreachableError
from adapters.terminal.site import Claim, Site, SiteError
from adapters.terminal.standing import Standing
from adapters.terminal.store import StoreError
from adapters.terminal.sync import Sync
from codeservice.city import city_day
from codeservice.code import MAX_TIME, Kind
from codeservice.digit import is_digit_code
from codeservice.errors import Rejected, UnprocessableError
from codeservice.policy import PolicyError, PolicyVersion, ScenePolicy
from codeservice.profile import Profile
from codeservice.reason import MESSAGES, UNDETERMINED, Reason, Words
from codeservice.scan import Decision, Outcome, Verified
from codeservice.scene import Scene
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
_ATTEMPTS = 3
"""Turns of one scan: each takes in what other terminals of the place were first to take."""

_NOTHING = Words("", "")
_EMPTY = ScenePolicy()
_UNREADABLE = InForce(
    PolicyVersion("unreadable", 0, "", _NOTHING, b""), _EMPTY, _EMPTY.checks(Scene("", 0, _NOTHING, frozenset()))
)
"""What decides where the policy cannot be read: nothing is accepted, and nothing is decided without the service."""

_Rules = Callable[[Verified, LocalMemory], Mapping[str, object]]


class InputError(ValueError):
    """A request of a machine cannot be read, or its act was used for another code; nothing was scanned."""


@dataclass(frozen=True)
class _Asked:
    """One scan that was asked for. `about` is the digest of all of it: who asks again asks the same."""

    text: str
    body: ScanBody
    act: str
    about: str
    named: bool


class _Said(msgspec.Struct, frozen=True):
    """What the service answers to a scan; other fields do not matter here."""

    decision: Outcome
    reason: Reason | None
    message: Words
    advice: Words
    details: Any
    at: Annotated[int, msgspec.Meta(ge=0, lt=MAX_TIME)]
    holder_check_required: bool


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
        self._patience = Patience()
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
            before = self._answered(asked)
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

    def _policy(self) -> InForce:
        """Return what decides here: as the profile says, or nothing at all if this program cannot read that."""
        profile = self._bundle.profile
        version = None if profile is None else profile.policy
        if version is None:
            return standard(self.scene)
        try:
            return opened(version).asking_health(is_allowed=profile is not None and profile.asks_health)
        except PolicyError:
            return _UNREADABLE

    def _faults(self, now: int | None, waiting: int, accepted: int) -> list[str]:
        snapshot, profile = self._bundle.snapshot, self._bundle.profile
        fresh = (
            snapshot is not None
            and profile is not None
            and now is not None
            and now < snapshot.expires
            and now - snapshot.version <= profile.list_age
        )
        decides = self._policy().checks.offline is not None
        found = {
            "policy_unreadable": self._policy() is _UNREADABLE,
            "store_failed": self._standing.failed,
            "store_damaged": self._standing.damaged,
            "suspended": self._standing.suspended,
            "time_untrusted": now is None,
            "too_old": self._standing.too_old,
            "profile_expired": profile is None or (now is not None and now >= profile.expires),
            "lists_stale": decides and now is not None and not fresh,
            "queue_full": waiting >= QUEUE or (profile is not None and decides and accepted >= profile.terminal_limit),
        }
        return [name for name, holds in found.items() if holds]

    def _read(self, text: str, body: Mapping[str, object] | None, act: str | None) -> _Asked:
        # Half of a surrogate pair, which a reader may type, is a character that no code has.
        text = text[:MAX_CODE].encode(errors="replace").decode()
        try:
            read = msgspec.convert({**(body or {}), "code": text}, self._adapter.body)
            about = hashlib.sha256(msgspec.json.encode(read)).hexdigest()
        except (msgspec.ValidationError, UnicodeEncodeError) as error:
            raise InputError(f"the scene {self.scene} does not know this: {error}") from error
        if act is not None and not (0 < len(act) <= _MAX_ACT and act.replace("-", "").replace("_", "").isalnum()):
            raise InputError("an act is named by at most 64 letters, digits, dashes and underscores")
        if act is not None and not act.isascii():
            raise InputError("an act is named by ASCII letters")
        return _Asked(text, read, act or secrets.token_hex(16), about, named=act is not None)

    def _answered(self, asked: _Asked) -> Answer | None:
        steady = self._clock.steady()
        for at, about, answer in self._recent:
            if about == asked.about and steady - at < SAME_SCAN and (not asked.named or answer.act == asked.act):
                return msgspec.structs.replace(answer, repeat=True)
        if not asked.named:
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
        policy = self._policy().checks
        only_there = is_digit_code(asked.text) or asked.body.typed is not None
        counts = self._policy().document.counts_holders
        needs = bool(policy.discloses) or policy.offline is None or only_there or counts
        usable = not self._standing.suspended and not self._standing.failed
        return needs and usable and self._standing.connected(self._clock.steady())

    def _store_online(self, asked: _Asked) -> Answer | None:
        token, now = self.sync.known_token(), self._clock.now()
        if token is None:
            return None
        request = msgspec.json.encode(asked.body)
        try:
            # A link may hold every byte back for as long as it likes; the person at the desk does not.
            said = self._patience.ask(
                lambda: self._service.scan(self.scene, request, act=asked.act, token=token, seconds=ONLINE_SECONDS),
                ONLINE_SECONDS,
            )
            answer = self._read_online(asked, said)
        except (UnreachableError, TimeoutError):
            # The service may have recorded it nevertheless: the upload carries the same act, and is one scan there.
            self._standing.lose_contact()
            return None
        except RefusedError as error:
            self._hear_refusal(asked, error)
            return None
        item = UploadedScan(
            act=asked.act,
            at=answer.at,
            device_at=self._clock.device_time(),
            outcome=answer.decision,
            reason=None if answer.reason is None else Reason(answer.reason),
            kind=None,
            use=None,
            online=True,
        )
        try:
            with self._bundle.store.transaction() as connection:
                if answer.decision is Outcome.ACCEPTED and not self._can_be(asked, connection, now):
                    return None
                return self._write(asked, answer, item)
        except StoreError as error:
            # What cannot be stored is not accepted, also when the service has it; the next try is the same act.
            self._standing.note_failure(error)
            return None

    def _hear_refusal(self, asked: _Asked, error: RefusedError) -> None:
        if asked.named and error.code == "idempotency_key_reused":
            raise InputError("this act was used for another code; name a new one")
        if error.is_suspension:
            with contextlib.suppress(StoreError):
                self.sync.suspend()
        self.sync.drop_token()

    def _can_be(self, asked: _Asked, connection: sqlite3.Connection, now: int | None) -> bool:
        """Whether a yes that nobody has signed can be true, as far as this terminal knows; uses the code up here too.

        Whoever answers in the service's place must not open a gate for a forged, an old, a revoked or a used code.
        """
        profile = self._bundle.profile
        if is_digit_code(asked.text) or asked.body.typed is not None:
            return True
        if now is None or profile is None or self._bundle.trust_list is None:
            return False
        memory = LocalMemory(connection, profile, self._bundle.snapshot, now)
        decision = self._decide(asked, memory, profile, now, lambda _verified, _memory: {})
        proved = decision.verified
        if decision.outcome is Outcome.UNDETERMINED and proved is not None:
            # The lists are too old to tell, and the service's are not.
            return proved.kind is Kind.PAPER or memory.first_use(proved.use)
        return decision.outcome is Outcome.ACCEPTED

    def _read_online(self, asked: _Asked, answer: dict[str, Any]) -> Answer:
        try:
            said = msgspec.convert(answer, _Said)
            details = None if said.decision is not Outcome.ACCEPTED else said.details
            typed = None if details is None else msgspec.convert(details, self._adapter.details)
        except msgspec.ValidationError as error:
            raise UnreachableError("an answer that cannot be read") from error
        if said.reason is None:
            expected = Outcome.ACCEPTED
        else:
            expected = Outcome.UNDETERMINED if said.reason in UNDETERMINED else Outcome.REFUSED
        if said.decision is not expected or (typed is None) is (expected is Outcome.ACCEPTED):
            raise UnreachableError("an answer that contradicts itself")
        return Answer(
            act=asked.act,
            seq=None,
            decision=said.decision,
            reason=None if said.reason is None else said.reason.value,
            message=said.message,
            advice=said.advice,
            details=typed,
            at=said.at,
            scene=self.scene,
            let_pass=False,
            online=True,
            repeat=False,
            holder_check_required=said.holder_check_required,
        )

    def _decide_here(self, asked: _Asked) -> Answer:
        refused: frozenset[Mark] = frozenset()
        try:
            for _ in range(_ATTEMPTS):
                try:
                    return self._attempt(asked, refused)
                except _TakenError as taken:
                    refused |= taken.marks
                except UnprocessableError as error:
                    raise InputError(f"the policy of this place does not know this: {error.code}") from error
        except StoreError as error:
            self._standing.note_failure(error)
        return self._answer(asked, Decision.rejected(Reason.TEMPORARILY_UNAVAILABLE, None), self._at())

    def _attempt(self, asked: _Asked, refused: frozenset[Mark]) -> Answer:
        store, now = self._bundle.store, self._clock.now()
        with store.transaction() as connection:
            profile = self._bundle.profile
            reason = self._barrier(asked, profile, now)
            if reason is not None or profile is None or now is None:
                decision = Decision.rejected(reason or Reason.TEMPORARILY_UNAVAILABLE, None)
            else:
                memory = LocalMemory(connection, profile, self._bundle.snapshot, now, refused, store=store)
                decision = self._decide(asked, memory, profile, now, self._rules(asked, profile, now))
                if decision.outcome is Outcome.ACCEPTED:
                    if taken := self._claim(asked, memory, now) - refused:
                        raise _TakenError(taken)
                    memory.keep(asked.act, decision.effect)
                    self._standing.count_accepted()
            answer = self._answer(asked, decision, self._at())
            return self._write(asked, answer, self._item(asked, decision, answer.at))

    def _barrier(self, asked: _Asked, profile: Profile | None, now: int | None) -> Reason | None:
        """Return why nothing can be decided, whatever the code says."""
        if self._standing.suspended:
            return Reason.TERMINAL_NOT_ALLOWED
        if now is None:
            return Reason.TIME_UNTRUSTED
        offline = self._policy().checks.offline
        if profile is None or now >= profile.expires or self._bundle.trust_list is None:
            return Reason.TEMPORARILY_UNAVAILABLE
        if offline is None or is_digit_code(asked.text) or asked.body.typed is not None:
            return Reason.TEMPORARILY_UNAVAILABLE
        store = self._bundle.store
        if self._standing.failed or self._standing.accepted() >= profile.terminal_limit or store.queue_at_least(QUEUE):
            return Reason.TEMPORARILY_UNAVAILABLE
        return None

    def _rules(self, asked: _Asked, profile: Profile, now: int) -> _Rules:
        def rules(verified: Verified, ledger: LocalMemory) -> Mapping[str, object]:
            if ledger.take(f"accepted:{city_day(now)}", 1, profile.holder_limit) is None:
                raise Rejected(Reason.LIMIT_REACHED)
            return self._adapter.decide(verified, asked.body, ledger, self._policy().document, now)

        return rules

    def _decide(self, asked: _Asked, memory: LocalMemory, profile: Profile, now: int, rules: _Rules) -> Decision:
        return self._verifier_of(profile).decide(
            asked.text,
            policy=self._policy().checks,
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
            policy=self._policy().version.label,
            asked={} if verified is None else _kept(verified, asked.body),
        )

    def _answer(self, asked: _Asked, decision: Decision, at: int) -> Answer:
        policy = self._policy()
        offline = policy.checks.offline
        undetermined = decision.outcome is Outcome.UNDETERMINED
        details = None
        if decision.reason is None:
            message, details = self._adapter.reply(decision.effect, {}, policy.document)
            advice = _NOTHING
        else:
            message, advice = MESSAGES[decision.reason]
            if undetermined and offline is not None:
                advice = offline.advice
        return Answer(
            act=asked.act,
            seq=None,
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
            holder_check_required=policy.checks.holder_check and decision.reason is None,
        )

    def _write(self, asked: _Asked, answer: Answer, item: UploadedScan) -> Answer:
        """Store a scan with its answer, inside a transaction."""
        store = self._bundle.store
        stored = msgspec.structs.replace(answer, seq=store.add_scan(write_item(item), at=item.at))
        if asked.named:
            # Nobody asks again for an act whose name nobody chose, and an answer of the service has names in it.
            body = msgspec.to_builtins(stored) | {"about": asked.about}
            store.keep_answer(asked.act, msgspec.json.encode(body), at=item.at)
        now = self._clock.now()
        if now is not None:
            self._standing.keep_mark()
            day = city_day(now)
            self._day, self._today = day, (self._today if day == self._day else 0) + 1
        return stored


def _kept(verified: Verified, body: ScanBody) -> dict[str, object]:
    entitlements = {str(name): value for name, value in verified.grant.entitlements.items()}
    return {"entitlements": entitlements, "body": {**kept_of(body), "document_checked": body.document_checked}}


class _TakenError(Exception):
    """Other terminals of the place have taken these marks; everything of this attempt is undone."""

    def __init__(self, marks: frozenset[Mark]) -> None:
        super().__init__("taken")
        self.marks = marks
