"""Vectors of trust lists: lists that may follow the one in force, and lists named by what is wrong with them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cbor2

from keys import trustlist
from keys.cbor import dumps, loads
from keys.key import Purpose
from keys.trustlist import MAX_LIFETIME, TRUST_AAD, TrustList
from tests.makers import (
    DAY,
    HOUR,
    ISSUER,
    ISSUERS,
    NOW,
    ROOTS,
    SM2_ISSUER,
    STRANGER,
    Pair,
    high_s_twin,
    make_list,
    point_off_curve,
    replace_part,
    sign_list,
)

ONE, TWO, THREE = ROOTS
NEW_ROOTS = (Pair(201), Pair(202))
NEW_KEY = Pair(41).key(sign_from=NOW + DAY)
OTHER_KID = STRANGER.kid
"""A key that was killed long ago: its kid alone is left."""

FIRST = make_list()
NEXT = make_list(version=2, issued=NOW)
WITH_NEW_ROOTS = replace(NEXT, roots=tuple(pair.root for pair in NEW_ROOTS))
OTHERS = {kid: key for kid, key in FIRST.keys.items() if kid != ISSUER.kid}
LATE = FIRST.expires


@dataclass(frozen=True)
class Offer:
    """One vector: the list in force, or none yet, the list that is offered, and whether it comes into force."""

    name: str
    comment: str
    offered: bytes
    accepted: bool = False
    current: TrustList | None = FIRST
    now: int = NOW
    version: int | None = None

    def document(self) -> dict[str, Any]:
        """Return the vector as it is written; `version` is that of the list in force afterwards, null for none."""
        before = None if self.current is None else self.current.version
        return {
            "name": self.name,
            "comment": self.comment,
            "roots": [{"algorithm": pair.root.algorithm, "public": pair.point.hex()} for pair in ROOTS],
            "threshold": 2,
            "current": None if self.current is None else sign_list(self.current).hex(),
            "offered": self.offered.hex(),
            "now": self.now,
            "expect": {"accepted": self.accepted, "version": (self.version or 2) if self.accepted else before},
        }


def with_key(base: TrustList = NEXT, **changes: Any) -> TrustList:
    """Change the key for grants in a list."""
    return replace(base, keys=base.keys | {ISSUER.kid: replace(ISSUER.key(), **changes)})


def good_offers() -> Iterator[Offer]:
    """Yield lists that come into force."""
    key = ISSUER.key()
    nearer = with_key(sign_until=key.sign_until - 1, verify_until=key.verify_until - 1)
    renewed = replace(NEXT, issued=LATE, expires=LATE + DAY)
    for name, comment, offered in (
        ("two-of-three", "the next version, signed by two of three roots", sign_list(NEXT)),
        ("all-roots", "signed by all roots", sign_list(NEXT, *ROOTS)),
        ("other-roots", "signed by two others", sign_list(NEXT, THREE, TWO)),
        ("stranger-beside", "a stranger's signature beside enough good ones", sign_list(NEXT, ONE, STRANGER, TWO)),
        ("new-key", "a key is published", sign_list(replace(NEXT, keys=NEXT.keys | {NEW_KEY.kid: NEW_KEY}))),
        ("killed-and-kept", "a key is killed and still listed", sign_list(replace(NEXT, killed=frozenset({key.kid})))),
        ("killed-and-gone", "a key is killed and left out", killed_and_gone()),
        ("ends-nearer", "a key signs and verifies a second shorter", sign_list(nearer)),
        ("new-roots", "old and new roots have signed", sign_list(WITH_NEW_ROOTS, ONE, TWO, *NEW_ROOTS)),
        ("higher-threshold", "three of three, as the list itself asks", sign_list(replace(NEXT, threshold=3), *ROOTS)),
        ("lower-threshold", "one of three from now on; two have signed", sign_list(replace(NEXT, threshold=1))),
        ("same-second", "issued in the second of the list before", sign_list(replace(NEXT, issued=FIRST.issued))),
        ("longest-life", "valid for 366 days", sign_list(replace(NEXT, expires=NOW + MAX_LIFETIME))),
    ):
        yield Offer(name, comment, offered, accepted=True)
    yield Offer("same-again", "the list in force once more", sign_list(FIRST, TWO, THREE), accepted=True, version=1)
    yield Offer("after-the-end", "an expired list leads to a newer one", sign_list(renewed), accepted=True, now=LATE)
    yield Offer(
        "first", "no list yet: the roots handed over decide", sign_list(FIRST), accepted=True, current=None, version=1
    )
    late = replace(FIRST, version=7)
    yield Offer("first-of-any-version", "no list yet", sign_list(late), accepted=True, current=None, version=7)


def killed_and_gone() -> bytes:
    """Sign a list whose key for grants is killed and no longer listed."""
    return sign_list(replace(NEXT, keys=OTHERS, killed=frozenset({ISSUER.kid})))


def bad_offers() -> Iterator[Offer]:
    """Yield lists that are refused; the list in force stays."""
    for make in (bad_roots, bad_versions, bad_keys, bad_times, bad_first_lists, bad_messages, bad_payloads):
        yield from make()


def bad_roots() -> Iterator[Offer]:
    """Yield lists that not enough roots have signed."""
    nobody = trustlist.sign(trustlist.write(NEXT), [])
    once_named = replace(NEXT, roots=(ONE.root, ONE.root))
    for name, comment, offered in (
        ("unsigned", "no signature", nobody),
        ("one-of-two", "one root", sign_list(NEXT, ONE)),
        ("root-twice", "the same root twice", sign_list(NEXT, ONE, ONE)),
        ("root-twice-beside", "two roots, and one of them once more", sign_list(NEXT, ONE, TWO, ONE)),
        ("one-and-stranger", "one root and a stranger", sign_list(NEXT, ONE, STRANGER)),
        ("strangers", "two strangers", sign_list(NEXT, STRANGER, Pair(32))),
        ("new-roots-alone", "the roots in force did not sign", sign_list(WITH_NEW_ROOTS, *NEW_ROOTS)),
        ("old-roots-alone", "the roots it names did not sign", sign_list(WITH_NEW_ROOTS, ONE, TWO)),
        ("higher-threshold", "its own threshold of three not reached", sign_list(replace(NEXT, threshold=3))),
        ("lower-threshold", "one root, as it asks itself", sign_list(replace(NEXT, threshold=1), ONE)),
        ("threshold-zero", "a threshold of none", sign_list(replace(NEXT, threshold=0))),
        ("threshold-unreachable", "four of three roots", sign_list(replace(NEXT, threshold=4), *ROOTS)),
        ("root-named-twice", "one root under two places", sign_list(once_named, ONE, TWO)),
        ("no-roots", "names no root", sign_list(replace(NEXT, roots=()))),
    ):
        yield Offer(f"roots-{name}", comment, offered)


def bad_versions() -> Iterator[Offer]:
    """Yield lists that are not the next one."""
    for name, comment, version in (
        ("same", "the version in force with other content", 1),
        ("rollback", "an older version", 0),
        ("skipped", "a version left out", 3),
        ("fast-forward", "2^62: nothing could follow", 1 << 62),
        ("last-of-64-bits", "2^64 - 1", (1 << 64) - 1),
    ):
        yield Offer(f"version-{name}", comment, sign_list(replace(NEXT, version=version)))


def bad_keys() -> Iterator[Offer]:
    """Yield lists that change what was said of a key."""
    key = ISSUER.key()
    killed = make_list(killed=frozenset({ISSUER.kid}))
    gone = make_list(killed=frozenset({OTHER_KID}))
    back = replace(NEXT, keys=NEXT.keys | {OTHER_KID: STRANGER.key()})

    def with_sm2(base: TrustList, identity: bytes) -> TrustList:
        return replace(base, keys=base.keys | {SM2_ISSUER.kid: SM2_ISSUER.key(identity=identity)})

    named = with_sm2(FIRST, b"issuer")
    for name, comment, current, offered in (
        ("killed-back", "a killed key is killed no more", killed, NEXT),
        ("killed-forgotten", "a killed key is neither listed nor killed", killed, replace(NEXT, keys=OTHERS)),
        ("killed-kid-forgotten", "the kid of a killed key is left out", gone, NEXT),
        ("killed-kid-listed", "a killed key is listed anew", gone, replace(back, killed=frozenset({OTHER_KID}))),
        ("killed-kid-back", "a killed key is listed anew and killed no more", gone, back),
        ("dropped", "a key is neither listed nor killed", FIRST, replace(NEXT, keys=OTHERS)),
        ("dropped-all", "all keys are dropped", FIRST, replace(NEXT, keys={})),
        ("purpose", "a key changes its purpose", FIRST, with_key(purpose=Purpose.TOKEN)),
        ("identity", "a key of SM2 changes its identity", named, with_sm2(NEXT, b"another")),
        ("identity-dropped", "a key of SM2 loses its identity", named, with_sm2(NEXT, b"")),
        ("begins-earlier", "a key begins a second earlier", FIRST, with_key(sign_from=key.sign_from - 1)),
        ("begins-later", "a key begins a second later", FIRST, with_key(sign_from=key.sign_from + 1)),
        ("signs-longer", "a key signs a second longer", FIRST, with_key(sign_until=key.sign_until + 1)),
        ("verifies-longer", "a key verifies a second longer", FIRST, with_key(verify_until=key.verify_until + 1)),
    ):
        yield Offer(f"key-{name}", comment, sign_list(offered), current=current)


def bad_times() -> Iterator[Offer]:
    """Yield lists of another time."""
    for name, comment, offered in (
        ("future", "issued in a second", replace(NEXT, issued=NOW + 1)),
        ("before", "issued before the list that it follows", replace(NEXT, issued=NOW - HOUR - 1)),
        ("ended", "expires when it was issued", replace(NEXT, expires=NOW)),
        ("too-long", "valid for 366 days and a second", replace(NEXT, expires=NOW + MAX_LIFETIME + 1)),
        ("for-ever", "expires in 2^63", replace(NEXT, expires=1 << 63)),
        ("far-future", "issued in 2^62", replace(NEXT, issued=1 << 62, expires=(1 << 62) + DAY)),
    ):
        yield Offer(f"time-{name}", comment, sign_list(offered))


def bad_first_lists() -> Iterator[Offer]:
    """Yield lists that the roots handed over with the device do not allow."""
    own = make_list(roots=(STRANGER.root,), threshold=1)
    for name, comment, offered in (
        ("one-of-two", "one root", sign_list(FIRST, ONE)),
        ("own-roots", "signed by the roots that it names itself", sign_list(own, STRANGER)),
        ("own-threshold", "its own threshold of three not reached", sign_list(make_list(threshold=3))),
        ("future", "issued in a second", sign_list(make_list(issued=NOW + 1))),
        ("too-long", "valid for 366 days and a second", sign_list(make_list(expires=NOW - HOUR + MAX_LIFETIME + 1))),
    ):
        yield Offer(f"first-{name}", comment, offered, current=None)


def bad_messages() -> Iterator[Offer]:
    """Yield bytes that are no COSE_Sign of this project, or one whose signatures are look-alikes."""
    data = sign_list(NEXT)

    def signer(place: int, value: object) -> bytes:
        parts = cbor2.loads(data)
        parts[3][0][place] = value
        return cbor2.dumps(parts)

    twin = high_s_twin(cbor2.loads(data)[3][0][2])
    for name, comment, offered in (
        ("empty", "nothing", b""),
        ("trailing-byte", "a byte behind", data + b"\0"),
        ("cut", "the last byte is missing", data[:-1]),
        ("tagged", "tag 98 in front", b"\xd8\x62" + data),
        ("body-header", "a protected header of the body", replace_part(data, 0, b"\xa0")),
        ("unprotected-header", "an unprotected header of the body", replace_part(data, 1, {1: -7})),
        ("no-signers", "the signatures are no array", replace_part(data, 3, 1)),
        ("algorithm", "another algorithm in a signature's header", signer(0, dumps({1: -8, 4: ONE.kid}))),
        ("signer-header", "an unprotected header of a signature", signer(1, {1: -7})),
        ("high-s", "the twin (r, n - s) of a signature", signer(2, twin)),
        ("short-signature", "63 bytes", signer(2, bytes(63))),
        ("aad", "signed for another purpose", signed_under(b"CC1 checkpoint", {1: -7})),
        ("algorithm-signed", "signed under the name of another algorithm", signed_under(TRUST_AAD, {1: -8})),
        ("header-signed", "signed with one more header", signed_under(TRUST_AAD, {1: -7, 3: "text/plain"})),
    ):
        yield Offer(f"message-{name}", comment, offered)


def signed_under(aad: bytes, header: dict[int, object]) -> bytes:
    """Let the roots sign the next list under any external_aad and header; the kid is added."""
    payload = trustlist.write(NEXT)
    headers = [dumps(header | {4: pair.kid}) for pair in ROOTS]
    bodies = [dumps(["Signature", b"", protected, aad, payload]) for protected in headers]
    signed = [[protected, {}, pair.sign(body)] for pair, protected, body in zip(ROOTS, headers, bodies, strict=True)]
    return dumps([b"", {}, payload, signed])


def bad_payloads() -> Iterator[Offer]:
    """Yield lists of another schema, well signed."""

    def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
        body = loads(trustlist.write(NEXT))
        change(body)
        return trustlist.sign(dumps(body), [(pair.root, pair.sign) for pair in ROOTS])

    def entry(**changes: Any) -> bytes:
        key = {"alg": "ES256", "use": "grant", "point": STRANGER.point, "from": NOW, "until": NOW, "verify": NOW}
        return changed(lambda body: body["keys"].append(key | changes))

    for name, comment, offered in (
        ("format", "another format", changed(lambda body: body.update(format=2))),
        ("field", "an unknown field", changed(lambda body: body.update(extra=1))),
        ("field-missing", "no list of killed keys", changed(lambda body: body.pop("killed"))),
        ("version-negative", "a negative version", changed(lambda body: body.update(version=-1))),
        ("version-true", "true is no number", changed(lambda body: body.update(version=True))),
        ("killed-text", "a killed kid as text", changed(lambda body: body.update(killed=["00"]))),
        ("key-twice", "a key twice", changed(lambda body: body["keys"].append(body["keys"][0]))),
        ("key-field", "an unknown field of a key", entry(extra=1)),
        ("key-identity", "an identity for an algorithm that has none", entry(identity=b"issuer")),
        ("key-purpose", "an unknown purpose", entry(use="all")),
        ("key-algorithm", "an unknown algorithm", entry(alg="ES256K")),
        ("key-off-curve", "a point that is none", entry(point=point_off_curve())),
        ("key-uncompressed", "a point with another prefix", entry(point=b"\x04" + STRANGER.point[1:])),
        ("key-times", "verifies no longer than it signs, less a second", entry(verify=NOW - 1)),
        ("key-time-true", "true is no time", entry(**{"from": True})),
        ("root-without-point", "a root without its point", changed(lambda body: body.update(roots=[["ES256"]]))),
    ):
        yield Offer(f"payload-{name}", comment, offered)


def offers() -> dict[str, list[Offer]]:
    """Return all vectors by the folder in which they stand."""
    assert len(ISSUERS) == len(FIRST.keys)
    return {"trust/good": list(good_offers()), "trust/bad": list(bad_offers())}
