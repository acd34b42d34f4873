"""Makers of keys, trust lists, grants and codes for tests: everything is really signed, nothing is read or written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.code import FORMS, SHOW_AAD, Grant, Kind, from_digits, to_digits, write_device_code, write_grant
from codeservice.code import write_issuer_code as write_text
from codeservice.scan import Policy, Verified
from codeservice.scene import SCENES
from keys import trustlist
from keys.algorithms import ES256, SM2, Algorithm
from keys.cbor import dumps, loads
from keys.cose import ALG, KID, sig_structure
from keys.key import PublicKey, Purpose, kid_of
from keys.p256 import compressed, sign_p256
from keys.signer import KeySigner
from keys.trustlist import Root, TrustList
from tests import sm2

HOUR, DAY = 3600, 86400
NOW = 1_800_000_000
"""The clock of every test: 15 January 2027, 16:00 in the city."""

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order n of P-256."""

CITY_CLAIM = -70001
_REFUSED_X = 5


@dataclass(frozen=True)
class Pair:
    """A key pair known by its number, so that every run has the same keys. `identity` is for SM2."""

    number: int
    suite: Algorithm = ES256
    identity: bytes = b""

    @cached_property
    def private(self) -> ec.EllipticCurvePrivateKey:
        """The private half of a pair of ES256."""
        return ec.derive_private_key(self.number, ec.SECP256R1())

    @cached_property
    def point(self) -> bytes:
        """The public half as a compressed point."""
        if self.suite is SM2:
            return sm2.compressed(sm2.multiply(self.number, sm2.BASE))
        return compressed(self.private.public_key())

    @property
    def kid(self) -> bytes:
        """The key identifier."""
        return kid_of(self.suite.name, self.point)

    @property
    def root(self) -> Root:
        """The pair as a root."""
        return Root(self.suite.name, self.point)

    def sign(self, message: bytes) -> bytes:
        """Sign by the suite; the same message always gets the same signature."""
        if self.suite is SM2:
            return sm2.sign(self.number, message, identity=self.identity or sm2.IDENTITY)
        return sign_p256(self.private, message)

    def key(self, purpose: Purpose = Purpose.GRANT, **changes: Any) -> PublicKey:
        """Return the public key with a purpose; it signs from yesterday for a month and verifies a week longer."""
        times = {"sign_from": NOW - DAY, "sign_until": NOW + 30 * DAY, "verify_until": NOW + 37 * DAY}
        values = times | {"identity": self.identity} | changes
        return PublicKey(self.kid, self.suite.name, purpose, self.point, **values)

    def signer(self, purpose: Purpose = Purpose.GRANT, **changes: Any) -> KeySigner:
        """Return a signer of the key."""
        return KeySigner(self.key(purpose, **changes), self.sign)


ISSUERS = {purpose: Pair(number) for number, purpose in enumerate(Purpose, start=11)}
"""The issuer's key for each purpose."""

FIRST_SCENES = 31
"""The mask of the five scenes that the vectors were made with: a scene that is added later changes no vector."""

ISSUER = ISSUERS[Purpose.GRANT]
PHONE, OTHER_PHONE, STRANGER = Pair(21), Pair(22), Pair(31)
ROOTS = (Pair(101), Pair(102), Pair(103))

SM2_ISSUERS = {purpose: Pair(number, SM2) for number, purpose in enumerate(Purpose, start=51)}
"""The same of a city that signs by SM2."""

SM2_ISSUER = SM2_ISSUERS[Purpose.GRANT]
SM2_PHONE, SM2_OTHER_PHONE = Pair(61, SM2), Pair(62, SM2)
SM2_ROOTS = (Pair(111, SM2), Pair(112, SM2), Pair(113, SM2))


def make_list(**changes: Any) -> TrustList:
    """Return version 1 of a trust list with a key for each purpose, to be signed by two of three roots."""
    keys = {pair.kid: pair.key(purpose) for purpose, pair in ISSUERS.items()}
    roots = tuple(pair.root for pair in ROOTS)
    made = TrustList(1, NOW - HOUR, NOW + 20 * DAY, 2, roots, keys, frozenset())
    return replace(made, **changes)


def sign_list(trust_list: TrustList, *roots: Pair) -> bytes:
    """Sign a trust list by the given roots, or by two."""
    return trustlist.sign(trustlist.write(trust_list), [(pair.root, pair.sign) for pair in roots or ROOTS[:2]])


def make_grant(**changes: Any) -> Grant:
    """Return a grant for the first five scenes with three entitlements, for a day from a minute ago."""
    made = Grant(1, 4_000_077, FIRST_SCENES, {1: 1, 2: 1, 3: 1}, NOW - 60, NOW + DAY, PHONE.point)
    return made._replace(**changes)


def sign_grant(grant: Grant, kind: Kind = Kind.DEVICE, issuer: Pair | None = None) -> bytes:
    """Sign a grant as the issuer, without the issuer's own checks."""
    issuer = issuer or ISSUERS[FORMS[kind].purpose]
    return write_grant(kind, grant, key=issuer.key(FORMS[kind].purpose), algorithm=issuer.suite, sign=issuer.sign)


def make_code(grant: Grant | None = None, *, iat: int = NOW, phone: Pair = PHONE, issuer: Pair = ISSUER) -> str:
    """Return what a phone shows at `iat`."""
    signed = sign_grant(grant or make_grant(), issuer=issuer)
    return write_device_code(signed, iat=iat, algorithm=phone.suite, sign=phone.sign)


def make_served(**changes: Any) -> str:
    """Return a served code, issued now for a minute."""
    grant = make_grant(device=None, issued=NOW, expires=NOW + 60)
    return write_text(Kind.SERVED, sign_grant(grant._replace(**changes), Kind.SERVED))


def make_paper(**changes: Any) -> str:
    """Return a paper code, printed a month ago for a year."""
    grant = make_grant(device=None, issued=NOW - 30 * DAY, expires=NOW + 335 * DAY, generation=1)
    return write_text(Kind.PAPER, sign_grant(grant._replace(**changes), Kind.PAPER))


CODES: dict[Kind, Callable[..., str]] = {Kind.DEVICE: make_code, Kind.SERVED: make_served, Kind.PAPER: make_paper}
"""A good code of each kind."""


def make_policy(scene: str = "bus", **changes: Any) -> Policy:
    """Return a policy that accepts device and served codes."""
    return replace(Policy(SCENES[scene], frozenset({Kind.DEVICE, Kind.SERVED})), **changes)


def make_verified(**changes: Any) -> Verified:
    """Return a verified device code."""
    return Verified(Kind.DEVICE, make_grant(**changes), NOW)


def header_of(pair: Pair | None) -> dict[object, object]:
    """Return the protected header of a signature by `pair`, without kid for a phone."""
    return {ALG: ES256.cose} if pair is None else {ALG: pair.suite.cose, KID: pair.kid}


def cose(payload: object, header: object, signer: Pair, aad: bytes) -> bytes:
    """Sign any payload under any header; bytes are taken as they are, everything else is written as CBOR."""
    protected = header if isinstance(header, bytes) else dumps(header)
    body = payload if isinstance(payload, bytes) else dumps(payload)
    return cbor2.dumps([protected, {}, body, signer.sign(sig_structure(protected, aad, body))])


def claims_of(grant: Grant) -> dict[Any, Any]:
    """Return the claims of a device grant, ready to be spoilt."""
    claims: dict[Any, Any] = loads(loads(sign_grant(grant))[2])
    return claims


def spoilt_grant(claims: object, header: object = None) -> bytes:
    """Sign any claims as the issuer of device grants."""
    return cose(claims, header_of(ISSUER) if header is None else header, ISSUER, FORMS[Kind.DEVICE].aad)


def show(grant: object, *, iat: object = NOW, header: object = None, phone: Pair = PHONE) -> str:
    """Show any grant bytes at any moment under any header."""
    return text_of(cose([iat, grant], header_of(None) if header is None else header, phone, SHOW_AAD))


def text_of(data: bytes, kind: Kind = Kind.DEVICE) -> str:
    """Write bytes as the text of a kind."""
    return kind.value + to_digits(data)


def bytes_of(text: str) -> bytes:
    """Return the bytes of a code."""
    return from_digits(text[2:])


def replace_part(signed: bytes, number: int, value: object) -> bytes:
    """Put another value at one place of a COSE structure (0 protected, 1 unprotected, 2 payload, 3 signature)."""
    parts: list[object] = loads(signed)
    parts[number] = value
    return cbor2.dumps(parts)


def high_s_twin(signature: bytes) -> bytes:
    """Return (r, n - s) of (r, s)."""
    return signature[:32] + (ORDER - int.from_bytes(signature[32:])).to_bytes(32)


def flips(data: bytes, positions: Iterable[int] | None = None) -> Iterable[bytes]:
    """Yield `data` with one bit flipped, for each position or for all."""
    for position in range(8 * len(data)) if positions is None else positions:
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        yield bytes(changed)


def truncations(data: bytes) -> Iterable[bytes]:
    """Yield every proper prefix of `data`."""
    return (data[:size] for size in range(len(data)))


def point_off_curve() -> bytes:
    """Return 33 bytes of the right form whose x belongs to no point of P-256."""
    return bytes([2]) + compressed(ec.derive_private_key(_REFUSED_X, ec.SECP256K1()).public_key())[1:]
