"""Sessions with hardware security modules by PKCS #11 (OASIS, version 2.40), through the package python-pkcs11.

Modules are initialised without locks of their own (section 5.4, C_Initialize without arguments), so a process makes one
call at a time to each and holds one session with each token. Sessions begin at the first use, in a forked child too; a
lost one is opened once more. A PIN that was refused is not tried again by this process: tokens lock.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass, PKCS11Error, Session, TokenFlag
from pkcs11.util.ec import encode_named_curve_parameters

from keys.backends.pkcs11 import TokenAddress
from keys.errors import SignerError

T = TypeVar("T")

BACKOFF = 0.2
"""Seconds to wait before a lost token is asked once more."""

_CURVE = "secp256r1"
_NAME_SIZE = 8
_WRONG_PIN = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked)


@dataclass
class Login:
    """A session with a token, and the private keys that were found in it."""

    session: Session
    found: dict[bytes, Any] = field(default_factory=dict)


def use(address: TokenAddress, passphrase: Callable[[], bytes], work: Callable[[Login], T]) -> T:
    """Do `work` in the session with a token, once more in a new session when the first was lost; raises SignerError."""
    module = _module(address.module, os.getpid())
    with module.lock:
        try:
            return work(module.login(address, passphrase))
        except PKCS11Error:
            module.logins.clear()
        time.sleep(BACKOFF)
        try:
            return work(module.login(address, passphrase))
        except PKCS11Error as error:
            module.logins.clear()
            name = address.label or address.serial
            raise SignerError(f"the token '{name}' does not answer as it should: {type(error).__name__}") from error


def find(login: Login, kid: bytes) -> Any:
    """Return the private key `kid`; raises SignerError."""
    if kid not in login.found:
        found = list(login.session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: kid}))
        if len(found) != 1:
            raise SignerError(f"the token holds {len(found) or 'no'} private keys {kid.hex()}")
        login.found[kid] = found[0]
    return login.found[kid]


def sign(login: Login, kid: bytes, digest: bytes) -> bytes:
    """Sign a digest by ECDSA; returns r and s, of which s may lie in the upper half."""
    # Not a mechanism that hashes: a message may be longer than a token takes, and not every token has one.
    signature: bytes = find(login, kid).sign(digest, mechanism=Mechanism.ECDSA)
    return signature


def make(login: Login, name: Callable[[bytes], bytes]) -> bytes:
    """Make a key on P-256 that cannot be read out, give it the identifier `name(point)`; returns its point.

    The point is uncompressed (SEC 1 section 2.3.3). Raises SignerError.
    """
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVE)}
    public, private = login.session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(
        # The identifier comes from the point, which nobody knows before.
        id=os.urandom(_NAME_SIZE),
        store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True},
    )
    if not private[Attribute.ALWAYS_SENSITIVE] or not private[Attribute.NEVER_EXTRACTABLE]:
        private.destroy()
        raise SignerError("the token makes keys that can be read out of it")
    # Some tokens wrap the point in an OCTET STRING and some do not (version 2.30 section 10.3.2); its end is the same.
    point: bytes = b"\x04" + public[Attribute.EC_POINT][-64:]
    private[Attribute.ID] = public[Attribute.ID] = name(point)
    return point


def require_tries_left(flags: int) -> None:
    """Raise SignerError when the token would lock itself at the next wrong PIN, or has done so."""
    if flags & TokenFlag.USER_PIN_LOCKED:
        raise SignerError("the token is locked after wrong PINs; its security officer sets a new one")
    if flags & TokenFlag.USER_PIN_FINAL_TRY:
        raise SignerError("one more wrong PIN would lock the token; log in by hand with the right one, then start anew")


@dataclass
class _Module:
    """What one process has of one module. `refused` are the tokens that did not take the PIN."""

    path: str
    lock: Lock = field(default_factory=Lock)
    logins: dict[TokenAddress, Login] = field(default_factory=dict)
    refused: set[TokenAddress] = field(default_factory=set)

    def login(self, address: TokenAddress, passphrase: Callable[[], bytes]) -> Login:
        """Return the session with a token; begins one when there is none."""
        if address in self.refused:
            raise SignerError("the token has refused the PIN and is not asked again; start anew with the right one")
        if address not in self.logins:
            self.logins[address] = Login(self._log_in(address, passphrase))
        return self.logins[address]

    def _log_in(self, address: TokenAddress, passphrase: Callable[[], bytes]) -> Session:
        self._begin()
        serial = None if address.serial is None else address.serial.encode()
        token = pkcs11.lib(self.path).get_token(token_label=address.label, token_serial=serial)
        require_tries_left(token.flags)
        try:
            session: Session = token.open(rw=True, user_pin=passphrase().decode())
        except _WRONG_PIN as error:
            self.refused.add(address)
            raise SignerError("the token has refused the PIN and is not asked again") from error
        except UnicodeDecodeError as error:
            raise SignerError("the PIN is not text in UTF-8") from error
        return session

    def _begin(self) -> None:
        # Anew each time: a parent process may have done it, and a token that came or went is seen by few modules else.
        self.logins.clear()
        library = pkcs11.lib(self.path)
        with suppress(PKCS11Error):
            library.finalize()
        library.initialize()


@cache
def _module(path: str, _process: int) -> _Module:
    # A child has nothing of its parent's: neither the sessions nor a lock that was taken while it was forked.
    return _Module(path)
