"""The guard signs what every rule permits, and only after it is on record."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from codeservice.store.intent import IntentJournal, RecordedIntents
from keys.errors import RefusedError, SignerError
from keys.guard import Guard
from keys.intent import Intent, Statement
from keys.key import PublicKey, Purpose
from keys.quota import Quota, Quotas
from keys.signer import KeySigner, Signer
from tests.makers import DAY, ISSUER, ISSUERS, NOW, STRANGER, make_list

QUOTA = {Purpose.GRANT: Quota(per_minute=4, per_hour=100)}


def read(_key: PublicKey, message: bytes, now: int) -> Statement:
    """A policy: everything may be signed that is about something."""
    if not message.startswith(b"about "):
        raise RefusedError("about nothing")
    subject, _, binding = message.decode().removeprefix("about ").partition("=")
    return Statement(subject, now + DAY, binding.encode() or None)


@dataclass
class Desk:
    """A guard with a real journal, and what its keys have signed."""

    path: Path
    signed: list[bytes] = field(default_factory=list)
    opened: list[IntentJournal] = field(default_factory=list)

    def guard(
        self, *, now: int = NOW, open_signer: Callable[[PublicKey], Signer] | None = None, **changes: Any
    ) -> Guard:
        """Open the guard; `changes` are those of the trust list."""
        journal = IntentJournal(self.path)
        self.opened.append(journal)
        listed = make_list(**changes)
        opening = open_signer or self._open
        return Guard(lambda: listed, opening, policy=read, quotas=Quotas(QUOTA), journal=journal, clock=lambda: now)

    def recorded(self) -> list[str]:
        """Return the subjects on record, in their order."""
        return [intent.statement.subject for intent in reversed(RecordedIntents(self.path).newest(100))]

    def close(self) -> None:
        """Close every journal."""
        while self.opened:
            self.opened.pop().close()

    def _open(self, key: PublicKey) -> Signer:
        def sign(message: bytes) -> bytes:
            assert message.decode().removeprefix("about ").partition("=")[0] in self.recorded()
            self.signed.append(message)
            return ISSUER.sign(message)

        return KeySigner(key, sign)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "journal")
    yield desk
    desk.close()


def test_what_is_permitted_is_signed_after_it_is_on_record(desk: Desk) -> None:
    """The signer of this test looks into the journal."""
    (signature,) = desk.guard().sign(ISSUER.kid, [b"about one"])
    ISSUER.key().verify(signature, b"about one")
    assert desk.recorded() == ["one"]


def test_several_messages_are_signed_in_their_order(desk: Desk) -> None:
    messages = [b"about one", b"about two", b"about three"]
    signatures = desk.guard().sign(ISSUER.kid, messages)
    for signature, message in zip(signatures, messages, strict=True):
        ISSUER.key().verify(signature, message)
    assert desk.recorded() == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("kid", "now", "changes", "words"),
    [
        pytest.param(STRANGER.kid, NOW, {}, "no such key", id="unknown key"),
        pytest.param(ISSUER.kid, NOW, {"killed": frozenset([ISSUER.kid])}, "no such key", id="killed key"),
        pytest.param(ISSUER.kid, NOW - 2 * DAY, {}, "may not sign now", id="key that is not in its time yet"),
        pytest.param(
            ISSUER.kid, NOW + 31 * DAY, {"expires": NOW + 99 * DAY}, "may not sign", id="key that only verifies"
        ),
        pytest.param(ISSUER.kid, NOW + 21 * DAY, {}, "expired", id="expired trust list"),
    ],
)
def test_a_key_that_may_not_sign_now_signs_nothing(
    desk: Desk, kid: bytes, now: int, changes: dict[str, Any], words: str
) -> None:
    guard = desk.guard(now=now, **changes)
    with pytest.raises(RefusedError, match=words):
        guard.sign(kid, [b"about one"])
    with pytest.raises(RefusedError, match=words):
        guard.sign(kid, [])
    assert (desk.recorded(), desk.signed) == ([], [])


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([b"about one", b"nonsense"], id="policy"),
        pytest.param([b"about one=a", b"about one=b"], id="two bindings"),
        pytest.param([b"about %d" % number for number in range(5)], id="quota"),
    ],
)
def test_one_message_that_is_refused_stops_the_others_of_its_request(desk: Desk, messages: list[bytes]) -> None:
    with pytest.raises(RefusedError):
        desk.guard().sign(ISSUER.kid, messages)
    assert (desk.recorded(), desk.signed) == ([], [])


def test_a_subject_stays_bound_over_a_restart(desk: Desk) -> None:
    desk.guard().sign(ISSUER.kid, [b"about one=a"])
    desk.close()
    again = desk.guard()
    with pytest.raises(RefusedError, match="bound to something else"):
        again.sign(ISSUER.kid, [b"about one=b"])
    again.sign(ISSUER.kid, [b"about one=a"])
    assert desk.signed == [b"about one=a"] * 2


def test_a_quota_is_not_renewed_by_a_restart(desk: Desk) -> None:
    desk.guard().sign(ISSUER.kid, [b"about one", b"about two", b"about three"])
    desk.close()
    with pytest.raises(RefusedError, match="quota"):
        desk.guard(now=NOW + 30).sign(ISSUER.kid, [b"about four", b"about five"])


def test_a_purpose_without_quota_is_not_signed(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="nothing is signed for paper"):
        desk.guard().sign(ISSUERS[Purpose.PAPER].kid, [b"about one"])


def test_a_key_that_is_not_here_leaves_no_intent(desk: Desk) -> None:
    def absent(_key: PublicKey) -> Signer:
        raise SignerError("not here")

    guard = desk.guard(open_signer=absent)
    for messages in ([b"about one"], []):
        with pytest.raises(SignerError, match="not here"):
            guard.sign(ISSUER.kid, messages)
    assert desk.recorded() == []


def test_who_sends_no_message_learns_that_the_key_is_here(desk: Desk) -> None:
    assert desk.guard().sign(ISSUER.kid, []) == []
    assert desk.recorded() == []


def test_what_cannot_be_recorded_is_not_signed() -> None:
    class FullDisk:
        def record(self, intents: Sequence[Intent]) -> None:
            raise SignerError("no room")

        def taken(self, purpose: Purpose, since: int) -> Sequence[tuple[int, int]]:
            return ()

    def never(_message: bytes) -> bytes:
        pytest.fail("signed")

    def opened(key: PublicKey) -> Signer:
        return KeySigner(key, never)

    guard = Guard(make_list, opened, policy=read, quotas=Quotas(QUOTA), journal=FullDisk(), clock=lambda: NOW)
    with pytest.raises(SignerError, match="no room"):
        guard.sign(ISSUER.kid, [b"about one"])


def test_a_new_trust_list_counts_for_the_next_request(desk: Desk) -> None:
    listed = [make_list()]
    journal = IntentJournal(desk.path)
    desk.opened.append(journal)
    guard = Guard(lambda: listed[0], desk._open, policy=read, quotas=Quotas(QUOTA), journal=journal, clock=lambda: NOW)
    guard.sign(ISSUER.kid, [b"about one"])
    keys = listed[0].keys | {ISSUER.kid: ISSUER.key(sign_until=NOW)}
    listed[0] = make_list(keys=keys)
    with pytest.raises(RefusedError, match="may not sign now"):
        guard.sign(ISSUER.kid, [b"about two"])
    assert desk.recorded() == ["one"]
