"""Codes of a city that signs by SM2: good ones, and those that a reader of one suite takes for good."""

from collections.abc import Iterator

from codeservice.code import FORMS, SHOW_AAD, Kind, write_issuer_code
from keys.algorithms import ES256, SM2
from keys.cbor import loads
from keys.cose import read_sign1
from keys.key import Purpose
from keys.trustlist import TrustList
from tests.makers import (
    DAY,
    ISSUER,
    NOW,
    PHONE,
    SM2_ISSUER,
    SM2_ISSUERS,
    SM2_OTHER_PHONE,
    SM2_PHONE,
    SM2_ROOTS,
    Pair,
    bytes_of,
    cose,
    header_of,
    make_code,
    make_grant,
    make_list,
    replace_part,
    sign_grant,
    text_of,
)
from tests.sm2 import ORDER

NAMED = Pair(57, SM2, b"city 349901")
"""An issuer whose identity is not the default one."""

GRANT = make_grant(device=SM2_PHONE.point)
SHOW = {1: SM2.cose}
CNF = 8


def sm2_list() -> TrustList:
    """Return a list of SM2 keys, signed by SM2 roots."""
    keys = {pair.kid: pair.key(purpose) for purpose, pair in SM2_ISSUERS.items()}
    keys[NAMED.kid] = NAMED.key()
    return make_list(roots=tuple(pair.root for pair in SM2_ROOTS), keys=keys)


def code(issuer: Pair = SM2_ISSUER, phone: Pair = SM2_PHONE) -> str:
    """Return what a phone of the city shows."""
    return make_code(GRANT, issuer=issuer, phone=phone)


def shown(grant: bytes, header: dict[int, int] | None = None, phone: Pair = SM2_PHONE) -> str:
    """Show any grant bytes."""
    return text_of(cose([NOW, grant], SHOW if header is None else header, phone, SHOW_AAD))


def bound(cnf: object, header: dict[object, object] | None = None, issuer: Pair = SM2_ISSUER) -> bytes:
    """Sign a grant that binds any key."""
    claims = loads(loads(sign_grant(GRANT, issuer=SM2_ISSUER))[2]) | {CNF: cnf}
    return cose(claims, header_of(issuer) if header is None else header, issuer, FORMS[Kind.DEVICE].aad)


def issued(kind: Kind, issued_at: int, expires: int, generation: int | None = None) -> str:
    """Return a code that only the issuer signs."""
    grant = GRANT._replace(device=None, issued=issued_at, expires=expires, generation=generation)
    return write_issuer_code(kind, sign_grant(grant, kind, SM2_ISSUERS[FORMS[kind].purpose]))


def good() -> Iterator[tuple[str, str, str]]:
    """Yield (name, comment, text) of codes that are accepted."""
    yield "device", "grant and moment by SM2", code()
    largest = GRANT._replace(list=65535, idx=2**32 - 1)
    yield "device-largest-place", "the largest place", make_code(largest, issuer=SM2_ISSUER, phone=SM2_PHONE)
    yield "device-identity", "an issuer with an identity of its own", code(issuer=NAMED)
    yield "served", "a served code", issued(Kind.SERVED, NOW, NOW + 60)
    yield "paper-with-document", "a paper code", issued(Kind.PAPER, NOW - DAY, NOW + DAY, generation=1)


def bad() -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, comment, text, reason) of codes that are refused."""
    yield from wrong_signatures()
    yield from mixed_suites()
    x, odd = SM2_PHONE.point[1:], SM2_PHONE.point[0] == 3
    curve = {1: {1: 2, -1: ES256.curve, -2: x, -3: odd}}
    yield "malformed-curve", "SM2, and a key of P-256", shown(bound(curve)), "malformed"
    true = {1: {1: 2, -1: True, -2: x, -3: odd}}
    yield "malformed-curve-true", "true in place of the curve", shown(bound(true)), "malformed"
    nowhere = {1: {1: 2, -1: SM2.curve, -2: (5).to_bytes(32), -3: True}}
    yield "holder-off-curve", "the phone's key is no point", shown(bound(nowhere)), "bad_holder_proof"


def wrong_signatures() -> Iterator[tuple[str, str, str, str]]:
    """Yield both layers with each wrong signature."""
    signed, outer = sign_grant(GRANT, issuer=SM2_ISSUER), bytes_of(code())
    for name, comment, changed in spoilt(read_sign1(signed).signature):
        text = shown(replace_part(signed, 3, changed))
        yield f"signature-grant-{name}", f"grant: {comment}", text, "bad_signature"
    for name, comment, changed in spoilt(read_sign1(outer).signature):
        yield f"holder-{name}", f"phone: {comment}", text_of(replace_part(outer, 3, changed)), "bad_holder_proof"
    other = code(phone=SM2_OTHER_PHONE)
    yield "holder-another-phone", "signed by another phone", other, "bad_holder_proof"
    plain = cose(loads(signed)[2], header_of(NAMED), Pair(NAMED.number, SM2), FORMS[Kind.DEVICE].aad)
    yield (
        "signature-grant-identity",
        "the default identity, where the list names another",
        shown(plain),
        "bad_signature",
    )
    named = Pair(SM2_PHONE.number, SM2, NAMED.identity)
    text = code(phone=named)
    yield "holder-identity", "the city's identity, where a phone has the default one", text, "bad_holder_proof"


def spoilt(right: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Yield (name, comment, wrong signature)."""
    r, s = right[:32], right[32:]
    yield "flipped", "one bit flipped", bytes([right[0] ^ 1]) + right[1:]
    yield "n-minus-s", "n - s: a twin of ECDSA, none of SM2", r + (ORDER - int.from_bytes(s)).to_bytes(32)
    yield "r-plus-s-is-n", "r + s = n", r + (ORDER - int.from_bytes(r)).to_bytes(32)
    yield "zero-r", "r = 0", bytes(32) + s
    yield "zero-s", "s = 0", r + bytes(32)
    yield "s-is-n", "s = n", r + ORDER.to_bytes(32)
    yield "short", "63 bytes", right[:63]


def mixed_suites() -> Iterator[tuple[str, str, str, str]]:
    """Yield codes whose layers or headers are of two suites."""
    signed = sign_grant(GRANT, issuer=SM2_ISSUER)
    es256 = shown(signed, {1: ES256.cose}, PHONE)
    yield "algorithm-show-es256", "the phone signs by ES256", es256, "unsupported_algorithm"
    renamed = shown(signed, {1: ES256.cose})
    yield "algorithm-show-renamed", "SM2 called ES256", renamed, "unsupported_algorithm"
    p256 = {1: {1: 2, -1: ES256.curve, -2: PHONE.point[1:], -3: PHONE.point[0] == 3}}
    header: dict[object, object] = {1: ES256.cose, 4: SM2_ISSUER.kid}
    text = shown(bound(p256, header), {1: ES256.cose}, PHONE)
    yield "algorithm-grant-renamed", "an SM2 key, and a header of ES256", text, "unsupported_algorithm"
    stranger = make_code(issuer=ISSUER, phone=PHONE)
    yield "unknown-key-es256", "a code of ES256: the list holds no such key", stranger, "unknown_key"
    served = SM2_ISSUERS[Purpose.SERVED]
    wrong = shown(cose(loads(signed)[2], header_of(served), served, FORMS[Kind.DEVICE].aad))
    yield "wrong-key-served", "a grant signed by the key for served codes", wrong, "wrong_key_usage"
