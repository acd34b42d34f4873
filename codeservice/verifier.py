"""The verifier: numbered steps from text to a decision. Knows no database, no network and no clock of its own.

1. Format: the text is one code of a known kind, every byte accounted for.
2. Key: the trust list holds the issuer's key, for this purpose, in its time; the algorithm is the key's own.
3. Signatures: the issuer signed the grant; for a device code the device in the grant signed the moment.
4. Time: the grant is in its time and not too long; the shown code is inside the window of the policy.
5. Policy: the grant is for this scene, and the policy accepts this kind.
6. Status: the grant is neither revoked nor suspended, and somebody knows.
7. First use: nobody showed this code before.

Steps 1 to 5 depend on nothing but arguments. Steps 6 and 7 ask the memory of the place where the verifier runs.
A check raises `Rejected`; only `decide` turns it into a decision. The order is part of the format: an expired and
revoked code is expired, and no refusal uses a code up.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from codeservice.code import FORMS, MAX_GRANT_LIFETIME, MAX_SERVED_LIFETIME, SHOW_AAD, Kind, UnverifiedCode, read_code
from codeservice.errors import Rejected
from codeservice.reason import Reason
from codeservice.scan import Decision, Policy, Verified
from codeservice.status import Status
from keys.algorithms import algorithm_named
from keys.errors import BadKeyError, BadSignatureError
from keys.key import PublicKey
from keys.trustlist import ExpiredListError, TrustList, UnknownKeyError, WrongPurposeError


class Memory(Protocol):
    """What a verifier remembers: the record of the city online, a signed list and a local store on a terminal."""

    def status(self, list_: int, idx: int) -> Status | None:
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

    def __init__(self, trust_list: Callable[[], TrustList], *, guide: str | None = None) -> None:
        """Keep where the list in force comes from, and the city's guide."""
        self._trust_list = trust_list
        self._guide = guide

    def decide(self, text: str, *, policy: Policy, memory: M, rules: Rules[M], now: int) -> Decision:
        """Run all steps and the scene's rules; never raises Rejected."""
        verified = None
        try:
            verified = self.verify(text, policy=policy, now=now)
            with memory.attempt():
                require_valid(memory.status(verified.grant.list, verified.grant.idx))
                require_first_use(memory, verified)
                return Decision.accepted(verified, rules(verified, memory))
        except Rejected as rejection:
            return Decision.rejected(rejection.reason, verified)

    def verify(self, text: str, *, policy: Policy, now: int) -> Verified:
        """Run steps 1 to 5; raises Rejected."""
        # 1 format
        code = read_code(text, guide=self._guide)
        # 2 key
        key = self._key(code, now)
        # 3 signatures
        _require_signatures(code, key)
        # 4 time
        _require_lifetime(code, now)
        _require_moment(code, policy, now)
        # 5 policy and scene
        if not code.grant.scenes & policy.scene.mask:
            raise Rejected(Reason.WRONG_SCENE)
        if code.kind not in policy.kinds:
            raise Rejected(Reason.SECOND_FACTOR_REQUIRED)
        return Verified(code.kind, code.grant, code.iat)

    def _key(self, code: UnverifiedCode, now: int) -> PublicKey:
        assert code.issuer.kid is not None  # noqa: S101 -- the reader refuses a grant without kid
        try:
            key = self._trust_list().find(code.issuer.kid, FORMS[code.kind].purpose, now)
        except UnknownKeyError as error:
            raise Rejected(Reason.UNKNOWN_KEY) from error
        except WrongPurposeError as error:
            raise Rejected(Reason.WRONG_KEY_USAGE) from error
        except ExpiredListError as error:
            raise Rejected(Reason.STATUS_STALE) from error
        # The algorithm comes from the key's record; the header may only repeat it.
        if code.issuer.alg != algorithm_named(key.algorithm).cose:
            raise Rejected(Reason.UNSUPPORTED_ALGORITHM)
        return key


def _require_signatures(code: UnverifiedCode, key: PublicKey) -> None:
    try:
        key.verify(code.issuer.signature, code.issuer.signed_bytes(FORMS[code.kind].aad))
    except BadSignatureError as error:
        raise Rejected(Reason.BAD_SIGNATURE) from error
    if code.kind is not Kind.DEVICE:
        return
    # A device grant without its second signature is fraud, not a weaker code; the reader has seen to its shape.
    if code.show is None or code.grant.device is None:
        raise Rejected(Reason.BAD_HOLDER_PROOF)
    algorithm = algorithm_named(key.algorithm)
    if code.show.alg != algorithm.cose:
        raise Rejected(Reason.UNSUPPORTED_ALGORITHM)
    try:
        algorithm.load(code.grant.device)(code.show.signature, code.show.signed_bytes(SHOW_AAD))
    except (BadSignatureError, BadKeyError) as error:
        raise Rejected(Reason.BAD_HOLDER_PROOF) from error


def _require_lifetime(code: UnverifiedCode, now: int) -> None:
    longest = MAX_SERVED_LIFETIME if code.kind is Kind.SERVED else MAX_GRANT_LIFETIME
    # A paper code lives as long as its print; its list entry and its second factor bound it.
    if code.kind is not Kind.PAPER and code.grant.expires - code.grant.issued > longest:
        raise Rejected(Reason.LIFETIME_TOO_LONG)
    if now >= code.grant.expires:
        raise Rejected(Reason.EXPIRED)
    if code.kind is not Kind.SERVED and now < code.grant.issued:
        raise Rejected(Reason.NOT_YET_VALID)


def _require_moment(code: UnverifiedCode, policy: Policy, now: int) -> None:
    if code.kind is Kind.PAPER:
        return
    if code.iat > now + policy.early:
        raise Rejected(Reason.CLOCK_SKEW)
    # A slow clock and an old screenshot look the same; the words for "expired" name both cures.
    if now > code.iat + policy.late:
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
