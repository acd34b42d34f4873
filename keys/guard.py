"""The guard of the keys: what it signs, it has understood, and has put on record before.

A message is signed after all of this, in this order:

1. the trust list in force holds the key, which may sign now and was not killed;
2. the private half is here;
3. the policy has read every message and says what it states;
4. the quota of the purpose is not used up;
5. the intents are recorded, and would outlast a power cut; no subject is bound to something else.

The guard knows no codes: the policy is a function that comes from above.
"""

import hashlib
from collections.abc import Callable, Sequence
from threading import Lock

from keys.errors import KeyNotUsableError, RefusedError
from keys.intent import Intent, Journal, Statement
from keys.key import PublicKey, Purpose
from keys.quota import HOUR, Quotas
from keys.signer import Signer
from keys.trustlist import TrustList

Policy = Callable[[PublicKey, bytes, int], Statement]
"""Reads a message that a key is asked to sign at a time (epoch seconds); raises RefusedError unless it may."""


class Guard:
    """Signs by the rules above. Any number of threads may ask."""

    def __init__(  # noqa: PLR0913 -- one argument for each rule
        self,
        trust_list: Callable[[], TrustList],
        open_signer: Callable[[PublicKey], Signer],
        *,
        policy: Policy,
        quotas: Quotas,
        journal: Journal,
        clock: Callable[[], int],
    ) -> None:
        """Keep the parts; `clock` gives epoch seconds. The quotas go on from what the journal remembers."""
        self._trust_list = trust_list
        self._open_signer = open_signer
        self._policy = policy
        self._quotas = quotas
        self._journal = journal
        self._clock = clock
        self._signers: dict[bytes, Signer] = {}
        self._lock = Lock()
        now = clock()
        for purpose in Purpose:
            quotas.remember(purpose, journal.taken(purpose, now - HOUR))

    def sign(self, kid: bytes, messages: Sequence[bytes]) -> list[bytes]:
        """Sign messages by one key, all or none; without messages, tell by not raising that the key is here.

        Raises RefusedError for what may not be signed, SignerError for what cannot be now.
        """
        now = self._clock()
        key = self._require_key(kid, now)
        signer = self._open(key)
        if not messages:
            return []
        statements = [self._policy(key, message, now) for message in messages]
        with self._lock:
            self._quotas.take(key.purpose, len(messages), now=now)
        self._journal.record(
            [
                Intent(now, kid, key.purpose, hashlib.sha256(message).digest(), statement)
                for message, statement in zip(messages, statements, strict=True)
            ]
        )
        return [signer.sign(message, now=now) for message in messages]

    def _require_key(self, kid: bytes, now: int) -> PublicKey:
        trust_list = self._trust_list()
        key = trust_list.keys.get(kid)
        if now >= trust_list.expires:
            raise RefusedError("the trust list has expired")
        if key is None or kid in trust_list.killed:
            raise RefusedError("the trust list in force has no such key")
        try:
            key.require_signing(now)
        except KeyNotUsableError as error:
            raise RefusedError("the key may not sign now") from error
        return key

    def _open(self, key: PublicKey) -> Signer:
        with self._lock:
            if key.kid not in self._signers:
                self._signers[key.kid] = self._open_signer(key)
            return self._signers[key.kid]
