"""Contact with the service: time, trust list, profile and lists come, scans go. One thread, woken by news and scans."""

import contextlib
import logging
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from adapters.terminal.bundle import Bundle, read_pinned
from adapters.terminal.clock import TerminalClock
from adapters.terminal.enrolment import Identity
from adapters.terminal.service import RefusedError, Service, UnreachableError
from adapters.terminal.standing import Standing
from adapters.terminal.store import StoreError
from codeservice.profile import ProfileError
from codeservice.snapshot import OlderError, SnapshotError
from codeservice.token import sign_assertion
from codeservice.upload import MAX_SCANS, MAX_UPLOAD, Upload, write_upload
from keys.algorithms import ES256
from keys.errors import KeysError
from keys.key import kid_of
from keys.p256 import P256Key
from keys.trustlist import read_unsigned

EVERY = 30.0
"""Seconds between two contacts when nothing happens."""

LONGEST_PAUSE = 60.0
"""Seconds between two tries of a service that does not answer, at most."""

PROFILE_EVERY = 60.0
"""Seconds for which a profile is good enough: its tables change when somebody buys a ticket."""

NEWS_SPREAD = 2.0
"""Seconds over which terminals spread their questions after the same news."""

_WHOLE_EVERY = 600.0
_TOKEN_REST, _TOKEN_END = 180, 20
"""Seconds before the end of a token: when another is fetched, and when it is not used any more."""

_TIME_APART = 90
"""Seconds that a fresh profile and the service's own clock may differ; a profile played back is older."""

_SLOWEST_TIME = 10.0
"""Seconds that a profile may take to come if it is to set the clock, which is wrong by half of that at most."""

_TIDY_EVERY = 60.0
_NEWS_PAUSE = 5.0
"""Seconds between two questions for news, so that nobody is asked in a circle who always answers at once."""

_MAX_STEPS = 1000
_HEARTBEAT = 40.0
_LONG_POLL = 40.0
_ITEM_ROOM = MAX_UPLOAD - 1024
_ITEM_FRAME = 16

_log = logging.getLogger(__name__)


@dataclass
class _Token:
    text: str = ""
    ends: float = 0.0


class Sync:
    """Keeps one terminal in step. `step` is one contact; `run` goes on until `stop`."""

    def __init__(  # noqa: PLR0913 -- the parts of one terminal
        self,
        identity: Identity,
        private: ec.EllipticCurvePrivateKey,
        *,
        bundle: Bundle,
        clock: TerminalClock,
        standing: Standing,
        service: Service,
        news: Callable[[str], Service] = Service,
    ) -> None:
        """Keep the parts; `news` opens the connection on which news are pushed."""
        self._identity, self._private, self._key = identity, private, P256Key(private)
        self._bundle, self._clock, self._standing = bundle, clock, standing
        self._service, self._open_news = service, news
        self._token = _Token()
        self._lock = threading.Lock()
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._step_due = self._profile_due = self._whole_due = self._tidy_due = 0.0
        self._news_of: tuple[int, int] = (0, 0)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Go on in threads of its own."""
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._run, self._listen)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; what they are doing ends by its own time limits."""
        self._stopped.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(1.0)
        self._service.close()

    def wake(self) -> None:
        """Ask for an upload soon: there is something to send."""
        self._wake.set()

    def step(self) -> None:
        """Make one contact, all of it; raises UnreachableError or RefusedError, and StoreError."""
        with self._lock, self._told():
            try:
                self._follow_trust_list()
                self._fetch_profile()
                self._fetch_lists()
            except RefusedError as error:
                self._refused(error)
                # What was scanned is handed over, whatever the service thinks of this terminal.
                self._upload_all()
                raise
            self._upload_all()
            self._standing.too_old = False
            self._standing.make_contact(self._clock.steady())
            self._step_due = self._clock.steady() + EVERY * random.uniform(0.8, 1.0)  # noqa: S311 -- jitter
        self._tidy()

    def flush(self) -> None:
        """Upload what waits, and nothing else; raises what `step` raises."""
        with self._lock, self._told():
            self._upload_all()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Note what a contact that fails says of this terminal."""
        try:
            yield
        except UnreachableError:
            self._standing.lose_contact()
            raise
        except RefusedError as error:
            self._refused(error)
            raise

    def _refused(self, error: RefusedError) -> None:
        self._token = _Token()
        self._standing.lose_contact()
        self._standing.too_old = self._standing.too_old or error.is_too_old
        if error.is_suspension:
            self.suspend()

    def suspend(self) -> None:
        """Note that the service says that this terminal may not act."""
        profile = self._bundle.profile
        self._standing.suspend(0 if profile is None else profile.version)

    def token(self) -> str:
        """Return an access token; raises UnreachableError or RefusedError."""
        steady = self._clock.steady()
        if steady >= self._token.ends - _TOKEN_REST:
            text, seconds = self._fetch_token()
            self._token = _Token(text, steady + seconds)
        return self._token.text

    def known_token(self) -> str | None:
        """Return the token at hand, without asking anybody."""
        return self._token.text if self._clock.steady() < self._token.ends - _TOKEN_END else None

    def drop_token(self) -> None:
        """Fetch another token at the next contact: this one was refused."""
        self._token = _Token()
        self._step_due = self._profile_due = 0.0
        self._wake.set()

    def _fetch_token(self) -> tuple[str, int]:
        try:
            return self._service.fetch_token(self._assertion())
        except RefusedError:
            # A repeated request may have used up the assertion: only a second refusal is meant.
            return self._service.fetch_token(self._assertion())

    def _assertion(self) -> str:
        # By the service's own clock: who cannot tell the time is not to be taken for somebody else.
        now = self._service.said_at or self._rough_time()
        return sign_assertion(self._identity.terminal, self._private, issuer=self._identity.origin, now=now)

    def _rough_time(self) -> int:
        """Return the kept time, else what the service says on its own word: enough to ask, not to decide."""
        now = self._clock.now()
        said = self._service.said_at
        return now if now is not None else said if said is not None else self._clock.device_time()

    def _follow_trust_list(self) -> None:
        try:
            if self._bundle.trust_list is None:
                # A store that was lost: begin again where the enrolment began.
                signed = self._service.trust_list(self._identity.list_version)
                self._bundle.begin(signed, read_pinned(signed, self._identity.pin))
            newest = self._service.trust_list()
            current, offered = self._bundle.trust_list, read_unsigned(newest)
            if current is None or offered.version <= current.version:
                return
            for version in range(current.version + 1, min(offered.version, current.version + _MAX_STEPS) + 1):
                document = newest if version == offered.version else self._service.trust_list(version)
                self._bundle.take_trust_list(document, now=self._rough_time())
        except KeysError as error:
            self._note("trust_list_refused", error)

    def _fetch_profile(self) -> None:
        needed = self._clock.now() is None or self._bundle.profile is None or self._standing.suspended
        if self._clock.steady() < self._profile_due and not needed:
            return
        token = self.token()
        asked = self._clock.steady()
        document = self._service.profile(token)
        # A kept time that is wrong must not keep the right one out: the service's own word is asked first.
        rough = self._service.said_at or self._rough_time()
        try:
            profile = self._bundle.take_profile(
                document, terminal=self._identity.terminal, scene=self._identity.scene, now=rough
            )
        except (ProfileError, KeysError) as error:
            self._note("profile_refused", error)
            return
        if abs(profile.version - rough) <= _TIME_APART and self._clock.steady() - asked <= _SLOWEST_TIME:
            self._standing.set_time(profile.version, asked=asked)
        self._standing.resume(profile.version)
        self._profile_due = asked + PROFILE_EVERY

    def _fetch_lists(self) -> None:
        now = self._clock.now()
        if now is None:
            return
        try:
            while (state := self._bundle.snapshot) is not None:
                document = self._service.delta(state.version)
                if document is None or not self._bundle.take_lists(document, now=now):
                    break
        except SnapshotError as error:
            self._note("delta_refused", error)
            self._whole_due = 0.0
        behind = self._bundle.snapshot is None or self._bundle.snapshot.version < self._news_of[0]
        if behind or self._clock.steady() >= self._whole_due:
            self._fetch_snapshot(now)

    def _fetch_snapshot(self, now: int) -> None:
        try:
            reply = self._service.snapshot(self._bundle.snapshot_tag if self._bundle.snapshot is not None else None)
            if not reply.unchanged:
                self._bundle.take_lists(reply.body, now=now)
                self._bundle.snapshot_tag = reply.tag
        except OlderError:
            # Deltas have led beyond it.
            self._bundle.snapshot_tag = reply.tag
        except SnapshotError as error:
            self._note("snapshot_refused", error)
        except RefusedError as error:
            if error.status != 404:  # noqa: PLR2004
                raise
        self._whole_due = self._clock.steady() + _WHOLE_EVERY

    def _upload_all(self) -> None:
        while self._upload():
            pass

    def _upload(self) -> bool:
        """Hand over one part of the queue; True when more waits."""
        store = self._bundle.store
        with store.transaction():
            found, last = store.scans(MAX_SCANS), store.last_seq()
        if not found:
            return False
        items, room = [], _ITEM_ROOM
        for seq, item in found:
            room -= len(item) + _ITEM_FRAME
            if room < 0:
                break
            items.append((seq, item))
        upload = Upload(self._identity.terminal, store.stream, last, tuple(items))
        kid = kid_of(ES256.name, self._key.public)
        answer = self._service.upload(write_upload(upload, kid=kid, sign=self._key.sign))
        # Only what the service names is forgotten, and only what was sent.
        sent = {seq for seq, _ in items}
        named = [seq for name in ("stored", "quarantined") for seq in _numbers(answer.get(name))]
        done = [seq for seq in named if seq in sent]
        if any(item == b"" for _, item in items):
            self._standing.note_damage()
        with store.transaction():
            store.confirm(done)
            waiting, _ = store.waiting()
            if waiting == 0:
                self._standing.reset_accepted()
        # Nobody has signed this answer: it takes the leave to act, and only a profile gives it back.
        if answer.get("state") == "suspended":
            self.suspend()
        return bool(done) and waiting > 0

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                if failures or self._clock.steady() >= self._step_due:
                    self.step()
                else:
                    self.flush()
                failures = 0
                pause = max(0.0, self._step_due - self._clock.steady())
            except (UnreachableError, RefusedError) as error:
                failures += 1
                asked = getattr(error, "retry_after", None) or 0
                pause = min(LONGEST_PAUSE, max(asked, 2.0**failures)) * random.uniform(0.7, 1.0)  # noqa: S311 -- jitter
                self._note("no_contact", error)
            except StoreError as error:
                self._standing.note_failure(error)
                self._note("store_failed", error)
                pause = LONGEST_PAUSE
            except Exception as error:  # noqa: BLE001 -- whatever the service sends, contacts must go on
                failures += 1
                self._break("contact_failed", error)
                pause = LONGEST_PAUSE
            self._tidy()
            # While there is no contact, a scan does not make a try come sooner.
            (self._wake if failures == 0 else self._stopped).wait(pause)

    def _tidy(self) -> None:
        now, steady = self._clock.now(), self._clock.steady()
        if now is not None and steady >= self._tidy_due:
            self._tidy_due = steady + _TIDY_EVERY
            with contextlib.suppress(StoreError), self._bundle.store.transaction():
                self._bundle.store.purge(now)
                # Who idles lives through time as well.
                self._standing.keep_mark()

    def _listen(self) -> None:
        """Wait for news, pushed if it goes, else by long poll."""
        while not self._stopped.is_set():
            profile, pause = self._bundle.profile, 1.0
            if profile is not None and self._standing.connected(self._clock.steady()):
                pause = _NEWS_PAUSE
                try:
                    self._wait_for_news(profile.events)
                except Exception as error:  # noqa: BLE001 -- contacts at intervals go on, whatever becomes of the news
                    self._break("no_news", error)
                    pause = EVERY
            self._stopped.wait(pause)

    def _wait_for_news(self, address: str) -> None:
        with self._open_news(address) as service:
            try:
                for news in service.news(seconds=_HEARTBEAT):
                    self._hear(news)
                    if self._stopped.is_set():
                        return
            except (UnreachableError, RefusedError):
                snapshot, trust_list = self._bundle.snapshot, self._bundle.trust_list
                known = (0 if snapshot is None else snapshot.version, 0 if trust_list is None else trust_list.version)
                self._hear(service.next_news(*known, seconds=_LONG_POLL))

    def _hear(self, news: dict[str, object]) -> None:
        versions = (news.get("snapshot"), news.get("trust_list"))
        snapshot, trust_list = (version if type(version) is int else 0 for version in versions)
        if (snapshot, trust_list) != self._news_of:
            self._news_of = (snapshot, trust_list)
            # Every terminal of the city hears it in the same moment.
            self._stopped.wait(random.uniform(0, NEWS_SPREAD))  # noqa: S311 -- jitter
            self._step_due = 0.0
            self._wake.set()

    def _note(self, what: str, error: Exception) -> None:
        # Names of events and of kinds of errors: nothing of anybody, nothing of any code.
        _log.warning("%s: %s", what, error)

    def _break(self, what: str, error: Exception) -> None:
        # What such an error says may come from anywhere.
        _log.warning("%s: %s", what, type(error).__name__)


def _numbers(value: object) -> list[int]:
    return [seq for seq in value if type(seq) is int] if isinstance(value, list) else []
