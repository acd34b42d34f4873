"""The trust list: every rule of acceptance as a table of named cases, and who may verify what and when."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from keys import libcrypto, trustlist
from keys.cbor import dumps, loads
from keys.errors import KeyNotUsableError, RollbackError, TrustListError
from keys.key import Purpose
from keys.p256 import compressed
from keys.trustlist import (
    MAX_LIFETIME,
    MAX_TRUST_LIST,
    ExpiredListError,
    Root,
    TrustList,
    UnknownKeyError,
    WrongPurposeError,
    accept,
    first,
)
from tests import sm2
from tests.makers import (
    DAY,
    ISSUER,
    ISSUERS,
    NOW,
    ROOTS,
    STRANGER,
    Pair,
    flips,
    high_s_twin,
    make_list,
    point_off_curve,
    sign_list,
    truncations,
)

ONE, TWO, THREE = ROOTS
PINNED = tuple(pair.root for pair in ROOTS)
CURRENT = first(sign_list(make_list()), roots=PINNED, threshold=2, now=NOW)
NEXT = make_list(version=2, issued=NOW)
NEW_ROOTS = (Pair(201), Pair(202))


def read_first(data: bytes, now: int = NOW) -> TrustList:
    return first(data, roots=PINNED, threshold=2, now=now)


def change_payload(change: Callable[[dict[str, Any]], object], trust_list: TrustList = NEXT) -> bytes:
    """Sign a payload that the writer would never write."""
    body = loads(trustlist.write(trust_list))
    change(body)
    return trustlist.sign(dumps(body), [(pair.root, pair.sign) for pair in ROOTS[:2]])


def change_message(change: Callable[[list[Any]], object]) -> bytes:
    """Change the parts of a good message after signing."""
    parts = cbor2.loads(sign_list(NEXT))
    change(parts)
    return cbor2.dumps(parts)


def with_key(point: bytes, **changes: object) -> bytes:
    """Sign a list with one more key of any shape."""
    key = {"alg": "ES256", "use": "grant", "point": point, "from": NOW, "until": NOW, "verify": NOW} | changes
    return change_payload(lambda body: body["keys"].append(key))


def test_the_list_is_read_as_it_was_written() -> None:
    assert read_first(sign_list(make_list())) == make_list()


def test_two_of_three_roots_lead_to_the_next_version() -> None:
    assert accept(CURRENT, sign_list(NEXT), now=NOW) == NEXT


def test_all_roots_may_sign() -> None:
    assert accept(CURRENT, sign_list(NEXT, *ROOTS), now=NOW) == NEXT


def test_a_signature_by_a_stranger_beside_enough_good_ones_does_no_harm() -> None:
    assert accept(CURRENT, sign_list(NEXT, ONE, STRANGER, TWO), now=NOW) == NEXT


def test_the_same_list_again_changes_nothing() -> None:
    assert accept(CURRENT, sign_list(make_list(), TWO, THREE), now=NOW) is CURRENT


KILLED = frozenset({ISSUER.kid})
AFTER_KILL = first(sign_list(make_list(killed=KILLED)), roots=PINNED, threshold=2, now=NOW)
WITHOUT = {kid: key for kid, key in CURRENT.keys.items() if kid != ISSUER.kid}
AFTER_DROP = first(sign_list(make_list(keys=WITHOUT, killed=KILLED)), roots=PINNED, threshold=2, now=NOW)
OTHER_PURPOSE = CURRENT.keys | {ISSUER.kid: ISSUER.key(Purpose.TOKEN)}
WITH_NEW_ROOTS = replace(NEXT, roots=tuple(pair.root for pair in NEW_ROOTS))


def changed_key(**changes: Any) -> bytes:
    """Sign a next list in which a known key has other times."""
    return sign_list(replace(NEXT, keys=CURRENT.keys | {ISSUER.kid: replace(ISSUER.key(), **changes)}))


@pytest.mark.parametrize(
    ("current", "data", "error"),
    [
        pytest.param(CURRENT, trustlist.sign(trustlist.write(NEXT), []), TrustListError, id="unsigned"),
        pytest.param(CURRENT, sign_list(NEXT, ONE), TrustListError, id="one of two"),
        pytest.param(CURRENT, sign_list(NEXT, ONE, ONE), TrustListError, id="the same root twice"),
        pytest.param(CURRENT, sign_list(NEXT, ONE, STRANGER), TrustListError, id="one root and one unknown root"),
        pytest.param(CURRENT, sign_list(NEXT, STRANGER, Pair(32)), TrustListError, id="two unknown roots"),
        pytest.param(CURRENT, sign_list(replace(NEXT, version=1)), RollbackError, id="same version, other content"),
        pytest.param(CURRENT, sign_list(replace(NEXT, version=0)), RollbackError, id="rollback"),
        pytest.param(CURRENT, sign_list(replace(NEXT, version=3)), RollbackError, id="skipped version"),
        pytest.param(CURRENT, sign_list(replace(NEXT, version=1 << 62)), RollbackError, id="fast forward"),
        pytest.param(AFTER_KILL, sign_list(NEXT), TrustListError, id="a killed key comes back"),
        pytest.param(AFTER_DROP, sign_list(NEXT), TrustListError, id="a dropped key comes back"),
        pytest.param(
            AFTER_DROP, sign_list(replace(NEXT, killed=KILLED)), TrustListError, id="a dropped key comes back, dead"
        ),
        pytest.param(CURRENT, sign_list(replace(NEXT, keys=WITHOUT)), TrustListError, id="key dropped without a trace"),
        pytest.param(CURRENT, sign_list(replace(NEXT, keys=OTHER_PURPOSE)), TrustListError, id="key changes purpose"),
        pytest.param(CURRENT, changed_key(sign_from=NOW - 2 * DAY), TrustListError, id="key begins earlier"),
        pytest.param(CURRENT, changed_key(sign_from=NOW + DAY), TrustListError, id="key begins later"),
        pytest.param(CURRENT, changed_key(sign_until=NOW + 31 * DAY), TrustListError, id="key signs longer"),
        pytest.param(CURRENT, changed_key(verify_until=NOW + 38 * DAY), TrustListError, id="key verifies longer"),
        pytest.param(
            CURRENT,
            sign_list(replace(NEXT, issued=CURRENT.issued - 1)),
            RollbackError,
            id="issued before the last",
        ),
        pytest.param(
            CURRENT, sign_list(replace(NEXT, expires=NOW + MAX_LIFETIME + 1)), TrustListError, id="longer than a year"
        ),
        pytest.param(CURRENT, sign_list(replace(NEXT, issued=NOW + 1)), TrustListError, id="issued in the future"),
        pytest.param(CURRENT, sign_list(replace(NEXT, expires=NOW)), TrustListError, id="expires when issued"),
        pytest.param(CURRENT, sign_list(replace(NEXT, threshold=0)), TrustListError, id="threshold 0"),
        pytest.param(CURRENT, sign_list(replace(NEXT, threshold=4)), TrustListError, id="threshold above the roots"),
        pytest.param(
            CURRENT, sign_list(replace(NEXT, roots=(ONE.root, ONE.root))), TrustListError, id="one root named twice"
        ),
        pytest.param(CURRENT, sign_list(replace(NEXT, roots=())), TrustListError, id="no roots"),
        pytest.param(CURRENT, sign_list(WITH_NEW_ROOTS, ONE, TWO), TrustListError, id="new roots did not sign"),
        pytest.param(CURRENT, sign_list(WITH_NEW_ROOTS, *NEW_ROOTS), TrustListError, id="old roots did not sign"),
    ],
)
def test_rotation_that_breaks_a_rule_is_refused(current: TrustList, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        accept(current, data, now=NOW)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(changed_key(sign_until=NOW), id="key signs no longer"),
        pytest.param(changed_key(sign_until=NOW, verify_until=NOW), id="key verifies no longer"),
        pytest.param(sign_list(replace(NEXT, keys=WITHOUT, killed=KILLED)), id="key dropped, never to come back"),
        pytest.param(sign_list(replace(NEXT, expires=NOW + MAX_LIFETIME)), id="a year"),
    ],
)
def test_rotation_within_the_rules_is_accepted(data: bytes) -> None:
    assert accept(CURRENT, data, now=NOW).version == 2


def test_old_and_new_roots_together_change_the_roots() -> None:
    changed = accept(CURRENT, sign_list(WITH_NEW_ROOTS, ONE, TWO, *NEW_ROOTS), now=NOW)
    third = replace(WITH_NEW_ROOTS, version=3)
    assert accept(changed, sign_list(third, *NEW_ROOTS), now=NOW).version == 3
    with pytest.raises(TrustListError):
        accept(changed, sign_list(third, ONE, TWO), now=NOW)


def test_a_raised_threshold_binds_the_list_that_raises_it() -> None:
    with pytest.raises(TrustListError):
        accept(CURRENT, sign_list(replace(NEXT, threshold=3), ONE, TWO), now=NOW)
    assert accept(CURRENT, sign_list(replace(NEXT, threshold=3), *ROOTS), now=NOW).threshold == 3


def test_a_lowered_threshold_does_not_bind_the_list_that_lowers_it() -> None:
    with pytest.raises(TrustListError):
        accept(CURRENT, sign_list(replace(NEXT, threshold=1), ONE), now=NOW)


def test_a_refused_list_leaves_the_list_in_force() -> None:
    before = replace(CURRENT)
    with pytest.raises(TrustListError):
        accept(CURRENT, sign_list(replace(NEXT, version=3)), now=NOW)
    assert before == CURRENT


def test_an_expired_list_leads_to_a_newer_one_and_verifies_nothing() -> None:
    late = CURRENT.expires
    with pytest.raises(ExpiredListError):
        CURRENT.find(ISSUER.kid, Purpose.GRANT, late)
    renewed = accept(CURRENT, sign_list(replace(NEXT, issued=late, expires=late + DAY)), now=late)
    assert renewed.find(ISSUER.kid, Purpose.GRANT, late) == ISSUER.key()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(sign_list(make_list(), ONE), id="one of two"),
        pytest.param(sign_list(make_list(), STRANGER, Pair(32)), id="strangers"),
        pytest.param(
            sign_list(make_list(roots=(STRANGER.root,), threshold=1), STRANGER), id="signed by the roots it names only"
        ),
        pytest.param(sign_list(make_list(issued=NOW + 1)), id="issued in the future"),
    ],
)
def test_the_first_list_obeys_the_pinned_roots(data: bytes) -> None:
    with pytest.raises(TrustListError):
        read_first(data)


def test_a_pinned_threshold_of_zero_trusts_nobody() -> None:
    with pytest.raises(TrustListError):
        first(trustlist.sign(trustlist.write(make_list()), []), roots=PINNED, threshold=0, now=NOW)


SECP256K1 = compressed(ec.derive_private_key(5, ec.SECP256K1()).public_key())
P384 = compressed(ec.derive_private_key(5, ec.SECP384R1()).public_key())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_key(SECP256K1), id="secp256k1 key"),
        pytest.param(with_key(P384), id="P-384 key"),
        pytest.param(with_key(point_off_curve()), id="point off the curve"),
        pytest.param(with_key(b"\0"), id="point at infinity"),
        pytest.param(with_key(b"\x04" + STRANGER.point[1:]), id="wrong prefix"),
        pytest.param(with_key(STRANGER.point, alg="ES256K"), id="unknown algorithm"),
        pytest.param(with_key(STRANGER.point, alg=-7), id="algorithm is a number"),
        pytest.param(with_key(STRANGER.point, alg=[]), id="algorithm is a list"),
        pytest.param(with_key(STRANGER.point, use="all"), id="unknown purpose"),
        pytest.param(with_key(STRANGER.point, until=NOW - 1), id="ends before it begins"),
        pytest.param(with_key(STRANGER.point, verify=NOW - 1), id="stops verifying before it stops signing"),
        pytest.param(with_key(STRANGER.point, **{"from": True}), id="time is a boolean"),
        pytest.param(with_key(STRANGER.point, until="soon"), id="time is text"),
        pytest.param(with_key(STRANGER.point, extra=1), id="unknown field of a key"),
        pytest.param(with_key("text"), id="point is text"),  # type: ignore[arg-type]
        pytest.param(change_payload(lambda body: body["keys"].append(body["keys"][0])), id="key twice"),
        pytest.param(change_payload(lambda body: body["keys"].append(1)), id="key is a number"),
        pytest.param(change_payload(lambda body: body.update(keys=1)), id="keys are a number"),
        pytest.param(change_payload(lambda body: body.update(killed=["00"])), id="killed identifier is text"),
        pytest.param(change_payload(lambda body: body.update(killed=[[]])), id="killed identifier is a list"),
        pytest.param(change_payload(lambda body: body.update(killed=1)), id="killed is a number"),
        pytest.param(change_payload(lambda body: body.update(format=2)), id="another format"),
        pytest.param(change_payload(lambda body: body.update(extra=1)), id="unknown field"),
        pytest.param(change_payload(lambda body: body.pop("killed")), id="field missing"),
        pytest.param(change_payload(lambda body: body.update(version=-1)), id="negative version"),
        pytest.param(change_payload(lambda body: body.update(version=True)), id="version is a boolean"),
        pytest.param(change_payload(lambda body: body.update(issued="now")), id="issued is text"),
        pytest.param(change_payload(lambda body: body.update(roots=[["ES256"]])), id="root without a point"),
        pytest.param(change_payload(lambda body: body.update(roots=[["ES256", P384]])), id="root of P-384"),
        pytest.param(change_payload(lambda body: body.update(roots=[[-7, ONE.point]])), id="root of no algorithm"),
        pytest.param(change_payload(lambda body: body.update(roots=1)), id="roots are a number"),
        pytest.param(trustlist.sign(dumps([]), [(ONE.root, ONE.sign), (TWO.root, TWO.sign)]), id="payload is a list"),
        pytest.param(trustlist.sign(b"", [(ONE.root, ONE.sign), (TWO.root, TWO.sign)]), id="payload is empty"),
    ],
)
def test_a_signed_list_of_another_schema_is_refused(data: bytes) -> None:
    """A list is closed even for the roots: one bad key refuses it whole, and the old list stays."""
    with pytest.raises(TrustListError):
        accept(CURRENT, data, now=NOW)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x01", id="a number"),
        pytest.param(sign_list(NEXT) + b"\0", id="a byte behind"),
        pytest.param(bytes(MAX_TRUST_LIST + 1), id="too large"),
        pytest.param(change_message(lambda parts: parts.pop()), id="three parts"),
        pytest.param(change_message(lambda parts: parts.__setitem__(0, b"\xa0")), id="body header"),
        pytest.param(change_message(lambda parts: parts.__setitem__(1, {1: -7})), id="unprotected header"),
        pytest.param(change_message(lambda parts: parts.__setitem__(2, "text")), id="payload is text"),
        pytest.param(change_message(lambda parts: parts.__setitem__(3, 1)), id="signatures are a number"),
        pytest.param(change_message(lambda parts: parts[3].append([b"", {}, b""])), id="signature without header"),
        pytest.param(change_message(lambda parts: parts[3].append([b"\xa0", {}, b""])), id="signature without kid"),
        pytest.param(change_message(lambda parts: parts[3].append([b"\xa1\x04\x01", {}, b""])), id="kid is a number"),
        pytest.param(change_message(lambda parts: parts[3].append([b"\xa1\x04\x80", {}, b""])), id="kid is a list"),
        pytest.param(change_message(lambda parts: parts[3].append(["", {}, b""])), id="header is text"),
        pytest.param(change_message(lambda parts: parts[3].append([[0x60], {}, b""])), id="header is a list"),
        pytest.param(change_message(lambda parts: parts[3].append([1, {}, b""])), id="header is a number"),
        pytest.param(change_message(lambda parts: parts[3].append([{}, {}, b""])), id="header is a map"),
        pytest.param(change_message(lambda parts: parts[3][0].__setitem__(2, 1)), id="signature is a number"),
        pytest.param(
            change_message(lambda parts: parts[3][0].__setitem__(1, {"jku": "https://example.com"})),
            id="unprotected header of a signature",
        ),
        pytest.param(
            change_message(lambda parts: parts[3][0].__setitem__(0, dumps({1: -8, 4: ONE.root.kid}))),
            id="another algorithm",
        ),
        pytest.param(
            change_message(lambda parts: parts[3][0].__setitem__(2, high_s_twin(parts[3][0][2]))), id="high-s twin"
        ),
    ],
)
def test_a_message_of_another_shape_is_refused(data: bytes) -> None:
    with pytest.raises(TrustListError):
        accept(CURRENT, data, now=NOW)


@given(st.recursive(st.integers(0, 255) | st.binary(max_size=3) | st.text(max_size=3), st.lists))
def test_reading_is_total(value: object) -> None:
    """Any CBOR, also in the place of the signatures, is refused with TrustListError."""
    for data in (dumps(value), dumps([b"", {}, b"", value]), dumps([b"", {}, b"", [[value, {}, b""]]])):
        with pytest.raises(TrustListError):
            read_first(data)


def test_no_truncation_and_no_flipped_bit_is_accepted() -> None:
    """A list signed by just enough roots has no spare byte."""
    good = sign_list(NEXT)
    for bad in [*truncations(good), *flips(good, range(0, 8 * len(good), 7))]:
        with pytest.raises(TrustListError):
            accept(CURRENT, bad, now=NOW)


def sign_elsewhere(context: str, aad: bytes) -> bytes:
    """Let the roots sign a list under another context of RFC 9052."""
    payload = trustlist.write(NEXT)
    headers = [dumps({1: -7, 4: pair.root.kid}) for pair in ROOTS]
    bodies = [dumps([context, b"", header, aad, payload]) for header in headers]
    signed = [[header, {}, pair.sign(body)] for pair, header, body in zip(ROOTS, headers, bodies, strict=True)]
    return dumps([b"", {}, payload, signed])


def test_the_signed_bytes_are_those_of_the_standard() -> None:
    assert accept(CURRENT, sign_elsewhere("Signature", b"CC1 trust"), now=NOW) == NEXT


@pytest.mark.parametrize(
    ("context", "aad"),
    [("Signature", b""), ("Signature", b"CC1 grant"), ("Signature1", b"CC1 trust"), ("CounterSignature", b"CC1 trust")],
)
def test_what_the_roots_signed_for_another_use_is_no_trust_list(context: str, aad: bytes) -> None:
    with pytest.raises(TrustListError):
        accept(CURRENT, sign_elsewhere(context, aad), now=NOW)


@pytest.mark.parametrize("purpose", Purpose)
def test_each_key_verifies_its_purpose(purpose: Purpose) -> None:
    assert CURRENT.find(ISSUERS[purpose].kid, purpose, NOW).purpose is purpose


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.GRANT])
def test_a_key_verifies_no_other_purpose(purpose: Purpose) -> None:
    with pytest.raises(WrongPurposeError):
        CURRENT.find(ISSUER.kid, purpose, NOW)


@pytest.mark.parametrize(
    ("trust_list", "kid", "now"),
    [
        pytest.param(CURRENT, STRANGER.kid, NOW, id="unknown"),
        pytest.param(CURRENT, b"", NOW, id="empty identifier"),
        pytest.param(CURRENT, b"../../../etc/passwd", NOW, id="path"),
        pytest.param(AFTER_KILL, ISSUER.kid, NOW, id="killed"),
        pytest.param(CURRENT, ISSUER.kid, NOW - DAY - 1, id="published"),
        pytest.param(replace(CURRENT, expires=NOW + 99 * DAY), ISSUER.kid, NOW + 37 * DAY, id="retired"),
    ],
)
def test_a_key_outside_the_list_or_its_time_is_unknown(trust_list: TrustList, kid: bytes, now: int) -> None:
    with pytest.raises(UnknownKeyError):
        trust_list.find(kid, Purpose.GRANT, now)


def test_the_outgoing_key_verifies_until_its_end() -> None:
    long = replace(CURRENT, expires=NOW + 99 * DAY)
    assert long.find(ISSUER.kid, Purpose.GRANT, NOW + 37 * DAY - 1) == ISSUER.key()


def test_the_newest_key_in_its_time_signs() -> None:
    newer, coming = Pair(41).key(sign_from=NOW), Pair(42).key(sign_from=NOW + 1)
    both = replace(CURRENT, keys=CURRENT.keys | {newer.kid: newer, coming.kid: coming})
    assert both.signing(Purpose.GRANT, NOW) == [newer, ISSUER.key()]
    assert both.signing(Purpose.GRANT, NOW + 1) == [coming, newer, ISSUER.key()]


def test_a_killed_key_does_not_sign() -> None:
    with pytest.raises(KeyNotUsableError):
        AFTER_KILL.signing(Purpose.GRANT, NOW)


def test_signatures_are_added_one_by_one_and_counted() -> None:
    unsigned = trustlist.sign(trustlist.write(NEXT), [])
    assert trustlist.read_unsigned(unsigned) == NEXT
    assert trustlist.missing(CURRENT, unsigned) == 2
    one = trustlist.countersign(unsigned, [(ONE.root, ONE.sign)])
    again = trustlist.countersign(one, [(ONE.root, ONE.sign)])
    assert (trustlist.missing(CURRENT, one), trustlist.missing(CURRENT, again)) == (1, 1)
    both = trustlist.countersign(again, [(THREE.root, THREE.sign)])
    assert trustlist.missing(CURRENT, both) == 0
    assert accept(CURRENT, both, now=NOW) == NEXT


def test_missing_counts_the_roots_that_lack_more() -> None:
    offered = trustlist.sign(trustlist.write(WITH_NEW_ROOTS), [(ONE.root, ONE.sign), (TWO.root, TWO.sign)])
    assert trustlist.missing(CURRENT, offered) == 2
    assert trustlist.missing(CURRENT, trustlist.countersign(offered, [(NEW_ROOTS[0].root, NEW_ROOTS[0].sign)])) == 1


@pytest.mark.parametrize("identity", [b"", b"x" * 65, "text", 1], ids=["empty", "65 bytes", "text", "number"])
def test_an_identity_is_left_out_or_has_at_most_64_bytes(identity: object) -> None:
    with pytest.raises(TrustListError):
        accept(CURRENT, with_key(STRANGER.point, identity=identity), now=NOW)


def test_a_key_of_an_algorithm_without_identities_has_none() -> None:
    with pytest.raises(TrustListError):
        accept(CURRENT, with_key(STRANGER.point, identity=b"somebody"), now=NOW)


def test_no_key_signs_under_an_expired_list() -> None:
    with pytest.raises(ExpiredListError):
        CURRENT.signing(Purpose.GRANT, CURRENT.expires)


def test_a_list_whose_algorithm_this_machine_lacks_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a pinned root needs it or a root that the list names; a list that needs none is read."""
    monkeypatch.setattr(libcrypto, "_NAMES", ("libcrypto.so.none",))
    libcrypto._lib.cache_clear()
    root = Root("SM2", sm2.compressed(sm2.BASE))
    signed = trustlist.sign(trustlist.write(make_list(roots=(*PINNED, root))), [(root, lambda _message: bytes(64))])
    for pinned, data in (((root,), signed), (PINNED, sign_list(make_list(roots=(*PINNED, root))))):
        with pytest.raises(TrustListError, match="install OpenSSL 3"):
            first(data, roots=pinned, threshold=1, now=NOW)
    assert read_first(sign_list(make_list())).version == 1
    libcrypto._lib.cache_clear()
