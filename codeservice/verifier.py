"""The verifier: numbered steps from text to a decision. Knows no database, no network and no clock of its own.

1. Format: the text is one code of a known kind, every byte accounted for.
2. Key: the trust list holds the issuer's key, for this purpose, in its time; the algorithm is the key's own.
3. Signatures: the issuer signed the grant; for a device code the device in the grant signed the moment.
4. Time: the grant is in its time and not too long; the shown code is inside the window of the policy.
5. Policy: the grant is for this scene, and the policy accepts this kind, alone or with a document checked by staff.
6. Status: the grant is neither revoked nor suspended, and somebody knows.
7. First use: nobody showed this code before.

Steps 1 to 5 depend on nothing but arguments. Steps 6 and 7 ask the memory of the place where the verifier runs.
A check raises `Rejected`; only `conclude` turns it into a decision. The order is part of the format: an expired and
revoked code is expired, and no refusal uses a code up.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from codeservice.code import (
    FORMS,
    MAX_GRANT_LIFETIME,
    MAX_SERVED_LIFETIME,
    SHOW_AAD,
    Grant,
    Kind,
    UnverifiedGrant,
    UnverifiedShow,
    read_show,
    read_signed_grant,
)
from codeservice.errors import Rejected
from codeservice.grant_cache import GrantCache, ProvedGrant
from codeservice.health_status import require_health
from codeservice.reason import Reason
from codeservice.scan import Decision, Policy, Verified
from codeservice.status import Status
from keys.algorithms import algorithm_named
from keys.errors import BadKeyError, BadSignatureError
from keys.key import PublicKey
from keys.trustlist import ExpiredListError, TrustList, UnknownKeyError, WrongPurposeError


class Memory(Protocol):
    """What a verifier remembers: the record of the city online, a signed list and a local store on a terminal."""

    def status(self, grant: Grant) -> Status | None:
        """Return the status of a grant, or None when it cannot be told."""
        ...

    def first_use(self, use: tuple[int, int, int]) -> bool:
        """Mark (list, idx, iat) as used; False when somebody did before."""
        ...

    def attempt(self) -> AbstractContextManager[object]:
        """Open a span whose marks vanish when it is left by an exception."""
        ...


M = TypeVar("M", bound=Memory)
Rules = Callable[[Verified, M], Mapping[str, object]]
"""A scene's own rules: they book an effect, or raise Rejected."""


class Verifier:
    """Verifies codes against a trust list. `trust_list` is asked at every code, so that a new list counts at once."""

    def __init__(
        self, trust_list: Callable[[], TrustList], *, guide: str | None = None, cache: GrantCache | None = None
    ) -> None:
        """Keep where the list in force comes from, the city's guide, and the grants proved before."""
        self._trust_list = trust_list
        self._guide = guide
        self._cache = GrantCache() if cache is None else cache

    def decide(  # noqa: PLR0913 -- one argument for each party to a decision
        self, text: str, *, policy: Policy, memory: M, rules: Rules[M], now: int, document_checked: bool = False
    ) -> Decision:
        """Run all steps and the scene's rules; never raises Rejected."""
        decision = conclude(
            lambda: self.prove(text, now=now),
            lambda proved: require_policy(proved, policy, now=now, document_checked=document_checked),
            memory=memory,
            rules=rules,
        )
        if decision.reason is Reason.REVOKED and decision.verified is not None:
            self._cache.forget(decision.verified.signed)
        return decision

    def verify(self, text: str, *, policy: Policy, now: int, document_checked: bool = False) -> Verified:
        """Run steps 1 to 5; raises Rejected."""
        proved = self.prove(text, now=now)
        require_policy(proved, policy, now=now, document_checked=document_checked)
        return proved

    def prove(self, text: str, *, now: int) -> Verified:
        """Run steps 1 to 3: whose code it is, whether or not it counts here and now. Raises Rejected."""
        # 1 format
        shown = read_show(text, guide=self._guide)
        # 2 key, 3 signatures
        proved = self._prove(shown, now)
        _require_show(shown, proved)
        grant = proved.read.grant
        iat = grant.issued if shown.iat is None else shown.iat
        return Verified(shown.kind, grant, iat, shown.signed)

    def _prove(self, shown: UnverifiedShow, now: int) -> ProvedGrant:
        trust_list = self._trust_list()
        # What was proved as a grant proves nothing when the same bytes come as a code of another kind.
        proved = self._cache.find(shown.signed, trust_list) if shown.kind is Kind.DEVICE else None
        if proved is not None:
            # The key may have left its time since the grant was proved.
            _find_key(trust_list, shown.kind, proved.read, now)
            return proved
        read = read_signed_grant(shown.kind, shown.signed)
        key = _find_key(trust_list, shown.kind, read, now)
        try:
            key.verify(read.issuer.signature, read.issuer.signed_bytes(FORMS[shown.kind].aad))
        except BadSignatureError as error:
            raise Rejected(Reason.BAD_SIGNATURE) from error
        proved = ProvedGrant(read, _load_device(key, read.grant))
        if shown.kind is Kind.DEVICE:
            self._cache.add(shown.signed, proved, trust_list)
        return proved


def conclude(
    prove: Callable[[], Verified], require: Callable[[Verified], None], *, memory: M, rules: Rules[M]
) -> Decision:
    """Run steps 1 to 3 as `prove` knows them, 4 and 5 as `require` does, then 6, 7 and the scene's rules.

    Never raises Rejected. A refusal leaves no mark: what was marked on the way is taken back. The decision on a code
    that was proved names its grant also when it is refused, so that the holder can be told.
    """
    proved = None
    try:
        proved = prove()
        require(proved)
        with memory.attempt():
            require_valid(memory.status(proved.grant))
            require_first_use(memory, proved)
            return Decision.accepted(proved, rules(proved, memory))
    except Rejected as rejection:
        return Decision.rejected(rejection.reason, proved)


def require_policy(proved: Verified, policy: Policy, *, now: int, document_checked: bool) -> None:
    """Steps 4 and 5; raises Rejected."""
    # 4 time
    _require_lifetime(proved.kind, proved.grant, now)
    _require_moment(proved.kind, proved.iat, policy, now)
    # 5 policy and scene
    if not proved.grant.scenes & policy.scene.mask:
        raise Rejected(Reason.WRONG_SCENE)
    if proved.kind not in policy.kinds and not (document_checked and proved.kind in policy.with_document):
        raise Rejected(Reason.SECOND_FACTOR_REQUIRED)
    if policy.health is not None and proved.grant.scenes != policy.scene.mask:
        # A code that is good elsewhere too carries no status, so it would hide one.
        raise Rejected(Reason.WRONG_SCENE)
    require_health(proved.grant.entitlements, policy.health)


def _find_key(trust_list: TrustList, kind: Kind, read: UnverifiedGrant, now: int) -> PublicKey:
    try:
        key = trust_list.find(read.kid, FORMS[kind].purpose, now)
    except UnknownKeyError as error:
        raise Rejected(Reason.UNKNOWN_KEY) from error
    except WrongPurposeError as error:
        raise Rejected(Reason.WRONG_KEY_USAGE) from error
    except ExpiredListError as error:
        raise Rejected(Reason.STATUS_STALE) from error
    # The algorithm comes from the key's record; the header may only repeat it.
    if read.issuer.alg != algorithm_named(key.algorithm).cose:
        raise Rejected(Reason.UNSUPPORTED_ALGORITHM)
    return key


def _load_device(key: PublicKey, grant: Grant) -> Callable[[bytes, bytes], None] | None:
    if grant.device is None:
        return None
    try:
        return algorithm_named(key.algorithm).load(grant.device)
    except BadKeyError as error:
        raise Rejected(Reason.BAD_HOLDER_PROOF) from error


def _require_show(shown: UnverifiedShow, proved: ProvedGrant) -> None:
    if shown.kind is not Kind.DEVICE:
        return
    # A device grant without its second signature is fraud, not a weaker code; the reader has seen to its shape.
    if shown.show is None or proved.verify_show is None:
        raise Rejected(Reason.BAD_HOLDER_PROOF)
    if shown.show.alg != proved.read.issuer.alg:
        raise Rejected(Reason.UNSUPPORTED_ALGORITHM)
    try:
        proved.verify_show(shown.show.signature, shown.show.signed_bytes(SHOW_AAD))
    except BadSignatureError as error:
        raise Rejected(Reason.BAD_HOLDER_PROOF) from error


def _require_lifetime(kind: Kind, grant: Grant, now: int) -> None:
    longest = MAX_SERVED_LIFETIME if kind is Kind.SERVED else MAX_GRANT_LIFETIME
    # A paper code lives as long as its print; its list entry and its second factor bound it. A digit code has no claims
    # of its own: its handle's end stands in for them.
    if kind is not Kind.PAPER and grant.expires - grant.issued > longest:
        raise Rejected(Reason.LIFETIME_TOO_LONG)
    if now >= grant.expires:
        raise Rejected(Reason.EXPIRED)
    if kind is not Kind.SERVED and now < grant.issued:
        raise Rejected(Reason.NOT_YET_VALID)


def _require_moment(kind: Kind, iat: int, policy: Policy, now: int) -> None:
    if kind in (Kind.PAPER, Kind.DIGIT):
        return
    if iat > now + policy.early:
        raise Rejected(Reason.CLOCK_SKEW)
    # A slow clock and an old screenshot look the same; the words for "expired" name both cures.
    if now > iat + policy.late:
        raise Rejected(Reason.EXPIRED)


def require_valid(status: Status | None) -> None:
    """Step 6; raises Rejected. Undetermined is neither revoked nor accepted."""
    match status:
        case None:
            raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)
        case Status.REVOKED:
            raise Rejected(Reason.REVOKED)
        case Status.SUSPENDED:
            raise Rejected(Reason.SUSPENDED)
        case Status.VALID:
            return


def require_first_use(memory: Memory, verified: Verified) -> None:
    """Step 7; raises Rejected. A paper code has no moment: its scene asks for a second factor instead."""
    if verified.kind is not Kind.PAPER and not memory.first_use(verified.use):
        raise Rejected(Reason.REPLAYED)
