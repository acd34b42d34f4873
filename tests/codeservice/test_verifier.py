"""The verifier: each step refuses with its reason, the steps keep their order, and no refusal uses a code up."""

import hmac
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import permutations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS
from adapters.policies import standard
from adapters.trial_ledger import TrialLedger
from codeservice.code import FORMS, MAX_GRANT_LIFETIME, MAX_SERVED_LIFETIME, SHOW_AAD, Grant, Kind, write_device_code
from codeservice.credential import CredentialState
from codeservice.digit import read_digit_code, write_digit_code
from codeservice.errors import Rejected
from codeservice.reason import MESSAGES, UNDETERMINED, Reason
from codeservice.scan import Decision, Outcome, Policy, Verified
from codeservice.scene import ALL, SCENES, mask_of, scenes_named
from codeservice.status import TRANSITIONS, Status
from codeservice.status_list import PlaceError, StatusList
from codeservice.verifier import Verifier
from keys import jws, trustlist
from keys.algorithms import ES256
from keys.cbor import dumps, loads
from keys.cose import sig_structure, sign1
from keys.errors import NotSignedError, TrustListError
from keys.key import Purpose
from keys.trustlist import TrustList
from tests.makers import (
    CODES,
    DAY,
    HOUR,
    ISSUER,
    ISSUERS,
    NOW,
    ORDER,
    OTHER_PHONE,
    PHONE,
    STRANGER,
    Pair,
    bytes_of,
    claims_of,
    cose,
    flips,
    header_of,
    high_s_twin,
    make_code,
    make_grant,
    make_list,
    make_paper,
    make_policy,
    make_served,
    point_off_curve,
    replace_part,
    show,
    sign_grant,
    sign_list,
    spoilt_grant,
    text_of,
    truncations,
)
from tests.phone import jwk_of, sign_jws

LIST = make_list()
VERIFIER = Verifier(lambda: LIST)
BUS = make_policy()
EVERY_KIND = replace(BUS, kinds=frozenset(Kind))
DIGIT_SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
GRANT = make_grant()
SIGNED = sign_grant(GRANT)


def book(verified: Verified, ledger: TrialLedger) -> Mapping[str, object]:
    """Stand for a scene that books one ride."""
    ledger.take("rides", 1, 100)
    return {"booked": True}


def refuse(reason: Reason) -> Callable[[Verified, TrialLedger], Mapping[str, object]]:
    """Stand for a scene that books and then refuses."""

    def rules(verified: Verified, ledger: TrialLedger) -> Mapping[str, object]:
        book(verified, ledger)
        raise Rejected(reason)

    return rules


@pytest.fixture
def ledger() -> TrialLedger:
    """A record that knows the usual grant."""
    ledger = TrialLedger()
    ledger.know(GRANT.list, GRANT.idx)
    return ledger


def decide(
    text: str, ledger: TrialLedger, *, policy: Policy = BUS, now: int = NOW, verifier: Verifier = VERIFIER
) -> Decision:
    return verifier.decide(text, policy=policy, memory=ledger, rules=book, now=now)


def reason_of(text: str, *, policy: Policy = BUS, now: int = NOW, trust_list: TrustList = LIST) -> Reason | None:
    """Run the steps that depend on arguments alone; returns the reason of the rejection."""
    try:
        Verifier(lambda: trust_list).verify(text, policy=policy, now=now)
    except Rejected as rejection:
        return rejection.reason
    return None


def show_signed(signed: bytes, phone: bytes | None = None) -> str:
    """Show a grant; `phone` replaces the phone's signature."""
    text = write_device_code(signed, iat=NOW, algorithm=ES256, sign=PHONE.sign)
    return text if phone is None else text_of(replace_part(bytes_of(text), 3, phone))


# Accepted


def test_a_good_code_is_accepted_with_what_the_scene_booked(ledger: TrialLedger) -> None:
    assert decide(make_code(), ledger) == Decision(
        Outcome.ACCEPTED, None, {"booked": True}, Verified(Kind.DEVICE, GRANT, NOW)
    )


def test_a_served_code_is_accepted() -> None:
    assert reason_of(make_served()) is None


def test_a_paper_code_is_accepted_where_the_policy_says_so() -> None:
    assert reason_of(make_paper(), policy=replace(BUS, kinds=frozenset({Kind.PAPER}))) is None


def test_the_guide_of_the_city_may_stand_in_front() -> None:
    guided = Verifier(lambda: LIST, guide="HTTPS://M.EXAMPLE.CN/#")
    assert guided.verify("HTTPS://M.EXAMPLE.CN/#" + make_code(), policy=BUS, now=NOW).grant == GRANT


# 1 format


def test_what_is_no_code_is_refused_without_asking_anybody(ledger: TrialLedger) -> None:
    blind = Verifier(lambda: pytest.fail("asked"))
    assert decide("not a code", ledger, verifier=blind) == Decision(Outcome.REFUSED, Reason.MALFORMED, {}, None)


# 2 key


def other_header(**changes: object) -> str:
    """Show a grant whose signed header is another."""
    header = {1: changes.get("alg", -7), 4: changes.get("kid", ISSUER.kid)}
    return show_signed(spoilt_grant(claims_of(GRANT), header=header))


@pytest.mark.parametrize(
    "kid", [STRANGER.kid, bytes(8), b"' OR 1=1", b"../../e\0"], ids=["stranger", "zero", "SQL", "path"]
)
def test_a_key_that_is_not_listed_is_unknown(kid: bytes) -> None:
    assert reason_of(other_header(kid=kid)) is Reason.UNKNOWN_KEY


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.GRANT])
def test_a_key_of_another_purpose_signs_no_grant(purpose: Purpose) -> None:
    assert reason_of(make_code(issuer=ISSUERS[purpose])) is Reason.WRONG_KEY_USAGE


@pytest.mark.parametrize(
    ("trust_list", "now", "reason"),
    [
        pytest.param(make_list(keys={}), NOW, Reason.UNKNOWN_KEY, id="empty list"),
        pytest.param(make_list(killed=frozenset({ISSUER.kid})), NOW, Reason.UNKNOWN_KEY, id="killed key"),
        pytest.param(
            make_list(keys={ISSUER.kid: ISSUER.key(sign_from=NOW + 1)}), NOW, Reason.UNKNOWN_KEY, id="key of tomorrow"
        ),
        pytest.param(
            make_list(keys={ISSUER.kid: ISSUER.key(sign_until=NOW - 9, verify_until=NOW)}),
            NOW,
            Reason.UNKNOWN_KEY,
            id="retired key",
        ),
        pytest.param(
            make_list(keys={ISSUER.kid: ISSUER.key(sign_until=NOW - 9, verify_until=NOW + 1)}),
            NOW,
            None,
            id="outgoing key",
        ),
        pytest.param(make_list(expires=NOW), NOW, Reason.STATUS_STALE, id="expired list"),
    ],
)
def test_the_list_in_force_decides_about_the_key(trust_list: TrustList, now: int, reason: Reason | None) -> None:
    assert reason_of(make_code(), now=now, trust_list=trust_list) is reason


def test_an_expired_list_is_no_answer_about_the_code(ledger: TrialLedger) -> None:
    stale = Verifier(lambda: make_list(expires=NOW))
    assert decide(make_code(), ledger, verifier=stale).outcome is Outcome.UNDETERMINED


def test_the_list_is_asked_once_for_each_code_however_many_keys_are_unknown() -> None:
    asked: list[int] = []

    def ask() -> TrustList:
        asked.append(1)
        return LIST

    for _ in range(50):
        with pytest.raises(Rejected):
            Verifier(ask).verify(other_header(kid=STRANGER.kid), policy=BUS, now=NOW)
    assert len(asked) == 50


@pytest.mark.parametrize("alg", [5, 0, -8, -35, -48, 1 << 40], ids=["HMAC", "0", "EdDSA", "ES384", "SM2", "unknown"])
def test_the_algorithm_is_the_keys_own(alg: int) -> None:
    assert reason_of(other_header(alg=alg)) is Reason.UNSUPPORTED_ALGORITHM
    assert reason_of(show(SIGNED, header={1: alg})) is Reason.UNSUPPORTED_ALGORITHM


@pytest.mark.parametrize("kind", [Kind.SERVED, Kind.PAPER])
def test_the_algorithm_of_a_code_without_device_is_the_keys_own(kind: Kind) -> None:
    protected, unprotected, payload, signature = loads(bytes_of(CODES[kind]()))
    header = loads(protected) | {1: -35}
    assert reason_of(text_of(dumps([dumps(header), unprotected, payload, signature]), kind)) is (
        Reason.UNSUPPORTED_ALGORITHM
    )


@pytest.mark.parametrize(
    "header",
    [{4: ISSUER.kid}, {1: "none", 4: ISSUER.kid}, {1: "", 4: ISSUER.kid}, {1: "HS256", 4: ISSUER.kid}],
    ids=["missing", "none", "empty", "text"],
)
def test_an_algorithm_that_is_no_number_is_malformed(header: dict[int, object]) -> None:
    assert reason_of(show_signed(spoilt_grant(claims_of(GRANT), header=header))) is Reason.MALFORMED


PUBLIC = ISSUER.private.public_key()
SECRETS = {
    "point": ISSUER.point,
    "PEM": PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "PEM behind white space": b" \n" + PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "DER": PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "SSH": PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "JWK": json.dumps(jwk_of(ISSUER.private)).encode(),
}


@pytest.mark.parametrize("form", SECRETS)
def test_an_hmac_under_the_issuers_public_key_is_no_signature(form: str) -> None:
    """Whatever the header says: the key's record says ES256."""
    for alg, reason in ((5, Reason.UNSUPPORTED_ALGORITHM), (-7, Reason.BAD_SIGNATURE)):
        protected, payload = dumps({1: alg, 4: ISSUER.kid}), dumps(claims_of(GRANT))
        signed_bytes = sig_structure(protected, FORMS[Kind.DEVICE].aad, payload)
        tag = hmac.digest(SECRETS[form], signed_bytes, "sha256")
        assert reason_of(show_signed(dumps([protected, {}, payload, tag]))) is reason


@pytest.mark.parametrize(
    "extra",
    [{33: b"x5chain"}, {35: "x5u"}, {2: [1]}, {"jwk": {}}, {"jku": "https://example.com"}, {-1: b"ephemeral"}],
    ids=["x5chain", "x5u", "crit", "jwk", "jku", "ephemeral key"],
)
def test_a_header_that_brings_a_key_is_malformed(extra: dict[object, object]) -> None:
    assert reason_of(show_signed(spoilt_grant(claims_of(GRANT), header=header_of(ISSUER) | extra))) is Reason.MALFORMED


WATCHED = """
import sys
from codeservice.scan import Policy
from codeservice.scene import ALL, SCENES, mask_of, scenes_named
from codeservice.verifier import Verifier
from adapters.trial_ledger import TrialLedger
from tests.makers import make_list, make_policy, NOW

texts = sys.stdin.read().split("\\0")
trust_list, ledger = make_list(), TrialLedger()
verifier = Verifier(lambda: trust_list, guide="https://code.city.example/#")
policy = make_policy()
seen, watching = [], False

def hook(event, arguments):
    if watching:
        seen.append(event)

sys.addaudithook(hook)
verifier.decide(texts[0], policy=policy, memory=ledger, rules=lambda *_: {}, now=NOW)
watching = True
reasons = {verifier.decide(t, policy=policy, memory=ledger, rules=lambda *_: {}, now=NOW).reason.value for t in texts}
watching = False
print(sorted(reasons), sorted(set(seen)))
"""
HOSTILE = [
    "' OR 1=1--",
    "../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1/91",
    "https://code.city.example/#../../etc/passwd",
    "{{7*7}}",
    "%s%n",
    "$(id)",
    "javascript:alert(1)",
    "${jndi:ldap://127.0.0.1/a}",
    "7",
]


def test_unknown_keys_and_hostile_text_open_no_file_and_no_socket() -> None:
    """A Python of its own tells every file, socket, process and import that it is asked for, by its audit hook."""
    kids = [STRANGER.kid, bytes(8), b"' OR 1=1", b"../../e\0", b"a\r\nb.cn\0", b"$(id)\0\0\0"]
    texts = [other_header(kid=kid) for kid in kids] + [show_signed(SIGNED, bytes(64)), *HOSTILE]
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", WATCHED],
        input="\0".join(texts),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert run.stderr == ""
    assert run.stdout == "['bad_holder_proof', 'malformed', 'unknown_key'] []\n"


# 3 signatures

CLAIMS = claims_of(GRANT)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(CLAIMS | {4: CLAIMS[4] + 1}, id="longer"),
        pytest.param(CLAIMS | {5: CLAIMS[5] - 1}, id="earlier"),
        pytest.param(CLAIMS | {-70001: [2, *CLAIMS[-70001][1:]]}, id="another list"),
        pytest.param(CLAIMS | {-70001: [1, 5, *CLAIMS[-70001][2:]]}, id="another index"),
        pytest.param(CLAIMS | {-70001: [*CLAIMS[-70001][:3], {1: 4}]}, id="better fare"),
        pytest.param(claims_of(make_grant(device=OTHER_PHONE.point)), id="another phone"),
    ],
)
def test_a_grant_with_another_payload_was_not_signed(claims: dict[object, object]) -> None:
    signed = replace_part(SIGNED, 2, dumps(claims))
    assert reason_of(write_device_code(signed, iat=NOW, algorithm=ES256, sign=OTHER_PHONE.sign)) is Reason.BAD_SIGNATURE


def test_no_changed_byte_of_a_payload_is_accepted() -> None:
    payload = loads(SIGNED)[2]
    for at in range(len(payload)):
        changed = payload[:at] + bytes([payload[at] ^ 0xFF]) + payload[at + 1 :]
        assert reason_of(show_signed(replace_part(SIGNED, 2, changed))) in {Reason.BAD_SIGNATURE, Reason.MALFORMED}


def number(value: int) -> bytes:
    return value.to_bytes(32)


def bad_signatures(good: bytes) -> dict[str, bytes]:
    r, s = good[:32], good[32:]
    return {
        "empty": b"",
        "1 byte": b"\x01",
        "63 bytes": good[:63],
        "65 bytes": good + b"\0",
        "71 bytes": good + bytes(7),
        "DER": b"\x30\x44\x02\x20" + r + b"\x02\x20" + s,
        "DER with a byte behind": b"\x30\x44\x02\x20" + r + b"\x02\x20" + s + b"\0",
        "BER with long lengths": b"\x30\x81\x44\x02\x20" + r + b"\x02\x20" + s,
        "high-s twin": high_s_twin(good),
        "swapped": s + r,
        "r is 0": number(0) + s,
        "r is n": number(ORDER) + s,
        "r is n+1": number(ORDER + 1) + s,
        "s is 0": r + number(0),
        "s is n": r + number(ORDER),
        "s is n+1": r + number(ORDER + 1),
        "all zero": bytes(64),
        "over something else": PHONE.sign(b"something else"),
    }


ISSUER_SIGNATURES = bad_signatures(loads(SIGNED)[3])
PHONE_SIGNATURES = bad_signatures(loads(bytes_of(make_code()))[3])


@pytest.mark.parametrize("flaw", ISSUER_SIGNATURES)
def test_no_look_alike_of_the_issuers_signature_counts(flaw: str) -> None:
    assert reason_of(show_signed(replace_part(SIGNED, 3, ISSUER_SIGNATURES[flaw]))) is Reason.BAD_SIGNATURE


def test_the_twin_of_an_accepted_code_is_refused() -> None:
    code = loads(bytes_of(make_code()))
    assert reason_of(text_of(dumps(code))) is None
    assert reason_of(text_of(dumps([*code[:3], high_s_twin(code[3])]))) is Reason.BAD_HOLDER_PROOF


@pytest.mark.parametrize("flaw", PHONE_SIGNATURES)
def test_no_look_alike_of_the_phones_signature_counts(flaw: str) -> None:
    assert reason_of(show_signed(SIGNED, PHONE_SIGNATURES[flaw])) is Reason.BAD_HOLDER_PROOF


def test_another_phone_cannot_show_the_grant() -> None:
    assert reason_of(make_code(phone=OTHER_PHONE)) is Reason.BAD_HOLDER_PROOF


def test_the_moment_is_under_the_phones_signature() -> None:
    later = replace_part(bytes_of(make_code(iat=NOW - HOUR)), 2, dumps([NOW, SIGNED]))
    assert reason_of(text_of(later)) is Reason.BAD_HOLDER_PROOF


def test_a_grant_for_a_key_that_is_no_point_proves_no_holder() -> None:
    assert reason_of(make_code(make_grant(device=point_off_curve()))) is Reason.BAD_HOLDER_PROOF


def test_a_grant_without_the_phones_signature_is_refused() -> None:
    assert reason_of(text_of(SIGNED)) is Reason.MALFORMED


@pytest.mark.parametrize("aad", [b"", b"CC1 served", b"CC1 paper", b"CC1 show", b"CC1 trust", b"CC1 checkpoint"])
def test_what_the_issuer_signed_for_another_use_is_no_grant(aad: bytes) -> None:
    assert reason_of(show_signed(cose(claims_of(GRANT), header_of(ISSUER), ISSUER, aad))) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("aad", [b"", b"CC1 grant", b"CC1 trust"])
def test_what_the_phone_signed_for_another_use_shows_nothing(aad: bytes) -> None:
    assert aad != SHOW_AAD
    assert reason_of(text_of(cose([NOW, SIGNED], header_of(None), PHONE, aad))) is Reason.BAD_HOLDER_PROOF


CHECKPOINT = sign1(
    dumps([1, bytes(32), NOW]),
    alg=ES256.cose,
    kid=ISSUERS[Purpose.CHECKPOINT].kid,
    external_aad=b"CC1 checkpoint",
    sign=ISSUERS[Purpose.CHECKPOINT].sign,
)
ASSERTION = sign_jws(PHONE.private, "client-authentication+jwt", {"iss": "bus-1", "sub": "bus-1", "iat": NOW})


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize(
    "message", [sign_list(LIST, ISSUER), CHECKPOINT, ASSERTION.encode()], ids=["trust list", "checkpoint", "assertion"]
)
def test_a_signed_message_of_another_kind_is_no_code(message: bytes, kind: Kind) -> None:
    assert reason_of(text_of(message, kind), policy=EVERY_KIND) is Reason.MALFORMED
    assert reason_of(message.decode("latin-1"), policy=EVERY_KIND) is Reason.MALFORMED


@pytest.mark.parametrize("kind", CODES)
def test_a_code_is_no_signed_message_of_another_kind(kind: Kind) -> None:
    code, point = CODES[kind](), ISSUERS[FORMS[kind].purpose].point
    with pytest.raises(TrustListError):
        trustlist.accept(LIST, bytes_of(code), now=NOW)
    for text in (code, bytes_of(code).decode("latin-1"), jws.encode(bytes_of(code))):
        with pytest.raises(NotSignedError):
            jws.read(text, typ="client-authentication+jwt", point=point, audience="city")


def test_every_context_is_used_once() -> None:
    contexts = [form.aad for form in FORMS.values()] + [SHOW_AAD, trustlist.TRUST_AAD, b"CC1 checkpoint"]
    assert len(set(contexts)) == len(contexts)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: b"\x98\x04" + data[1:], id="array length in two bytes"),
        pytest.param(lambda data: b"\x9f" + data[1:] + b"\xff", id="indefinite array"),
        pytest.param(lambda data: data.replace(b"\xa2\x01\x26\x04", b"\xa2\x01\x38\x06\x04", 1), id="alg in two bytes"),
        pytest.param(lambda data: data + b"\0", id="a byte behind"),
    ],
)
def test_the_received_bytes_are_verified_and_no_others(change: Callable[[bytes], bytes]) -> None:
    """A signature that is good for the canonical form does not count for another encoding of the same."""
    changed = change(SIGNED)
    assert changed != SIGNED
    assert reason_of(show_signed(changed)) is Reason.MALFORMED


FLAWED = {
    Reason.MALFORMED,
    Reason.UNSUPPORTED_ALGORITHM,
    Reason.UNKNOWN_KEY,
    Reason.BAD_SIGNATURE,
    Reason.BAD_HOLDER_PROOF,
}
"""What a code with a changed bit or a missing end may be refused for."""


def fifty_codes() -> list[tuple[Kind, str]]:
    """Return good codes of every kind: other places, moments, entitlements and phones."""
    made = [(Kind.DEVICE, make_code(make_grant(idx=at, list=at * 1000), iat=NOW - at)) for at in range(14)]
    made += [(Kind.DEVICE, make_code(make_grant(entitlements=dict.fromkeys(range(at), at)))) for at in range(7)]
    made += [(Kind.DEVICE, make_code(make_grant(device=Pair(at).point), phone=Pair(at))) for at in range(301, 308)]
    made += [(Kind.SERVED, make_served(idx=at, expires=NOW + 60 - at, entitlements={1: at})) for at in range(9)]
    made += [(Kind.PAPER, make_paper(idx=1 << at, generation=at)) for at in range(9)]
    made += [(Kind.DIGIT, write_digit_code(f"{at:09d}", DIGIT_SEED, NOW)) for at in (0, 1, 123_456_789, 999_999_999)]
    assert len(made) == len({text for _, text in made}) == 50
    return made


def spoilt(kind: Kind, text: str) -> Iterator[str]:
    """Yield every truncation of a code's text and bytes, and every flip of one bit of its bytes."""
    yield from (text[:size] for size in range(len(text)))
    if kind is Kind.DIGIT:
        # Its characters are its bytes.
        yield from (changed.decode("latin-1") for changed in flips(text.encode()))
        return
    data = bytes_of(text)
    yield from (text_of(cut, kind) for cut in truncations(data))
    yield from (text_of(changed, kind) for changed in flips(data))


def test_no_truncation_and_no_flipped_bit_of_fifty_codes_is_accepted() -> None:
    """Of any kind: each gives a reason of the format, the key or a signature, and nothing else is ever raised."""
    verifier = Verifier(lambda: LIST)

    def read(kind: Kind, text: str) -> Reason | None:
        try:
            if kind is Kind.DIGIT:
                read_digit_code(text)
            else:
                verifier.verify(text, policy=EVERY_KIND, now=NOW)
        except Rejected as rejection:
            return rejection.reason
        return None

    found: Counter[Reason | None] = Counter()
    codes = fifty_codes()
    for kind, text in codes:
        assert read(kind, text) is None
        found.update(read(kind, changed) for changed in spoilt(kind, text))
    sys.stdout.write(f"{sum(found.values())} truncations and flipped bits of {len(codes)} codes: {dict(found)}\n")
    sizes = [(len(text), 0 if kind is Kind.DIGIT else len(bytes_of(text))) for kind, text in codes]
    assert sum(found.values()) == sum(digits + (9 * data or 8 * digits) for digits, data in sizes)
    assert found.keys() <= FLAWED


@given(st.integers(0, 600), st.sampled_from("0123456789"))
def test_no_changed_digit_is_accepted(at: int, digit: str) -> None:
    text = make_code()
    at %= len(text)
    if text[at] != digit:
        assert reason_of(text[:at] + digit + text[at + 1 :]) in FLAWED | {Reason.UNSUPPORTED_VERSION}


# 4 time


@pytest.mark.parametrize(
    ("offset", "reason"),
    [
        pytest.param(29, None, id="phone 29 s fast"),
        pytest.param(30, None, id="phone 30 s fast"),
        pytest.param(31, Reason.CLOCK_SKEW, id="phone 31 s fast"),
        pytest.param(300, Reason.CLOCK_SKEW, id="phone 5 min fast"),
        pytest.param(-29, None, id="phone 29 s slow"),
        pytest.param(-31, None, id="phone 31 s slow"),
        pytest.param(-60, None, id="drawn 60 s ago"),
        pytest.param(-61, Reason.EXPIRED, id="drawn 61 s ago"),
        pytest.param(-300, Reason.EXPIRED, id="phone 5 min slow, or a screenshot"),
    ],
)
def test_a_shown_code_counts_from_30_s_before_to_60_s_after_its_moment(offset: int, reason: Reason | None) -> None:
    assert reason_of(make_code(iat=NOW + offset)) is reason


def test_a_policy_may_widen_the_window() -> None:
    wide = replace(BUS, early=60, late=120)
    assert [reason_of(make_code(iat=NOW + at), policy=wide) for at in (60, -120)] == [None, None]
    assert reason_of(make_code(iat=NOW + 61), policy=wide) is Reason.CLOCK_SKEW
    assert reason_of(make_code(iat=NOW - 121), policy=wide) is Reason.EXPIRED


@pytest.mark.parametrize("window", [{"late": 121}, {"early": 121}, {"late": -1}, {"early": -1}], ids=str)
def test_no_policy_has_a_window_above_120_s_or_below_none(window: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="120"):
        Policy(SCENES["bus"], frozenset({Kind.DEVICE}), **window)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("issued", "expires", "reason"),
    [
        pytest.param(NOW, NOW + 1, None, id="just begun, about to end"),
        pytest.param(NOW - DAY, NOW, Reason.EXPIRED, id="ended now"),
        pytest.param(NOW + 1, NOW + DAY, Reason.NOT_YET_VALID, id="begins in a second"),
        pytest.param(NOW - 60, NOW - 60 + MAX_GRANT_LIFETIME, None, id="72 hours"),
        pytest.param(NOW - 60, NOW - 59 + MAX_GRANT_LIFETIME, Reason.LIFETIME_TOO_LONG, id="a second longer"),
        pytest.param(NOW + DAY, NOW - DAY, Reason.EXPIRED, id="ends before it begins"),
        pytest.param(0, NOW - DAY, Reason.LIFETIME_TOO_LONG, id="from 1970"),
    ],
)
def test_a_grant_counts_in_its_time(issued: int, expires: int, reason: Reason | None) -> None:
    assert reason_of(make_code(make_grant(issued=issued, expires=expires))) is reason


@pytest.mark.parametrize(
    ("issued", "expires", "reason"),
    [
        pytest.param(NOW, NOW + MAX_SERVED_LIFETIME, None, id="60 s"),
        pytest.param(NOW, NOW + MAX_SERVED_LIFETIME + 1, Reason.LIFETIME_TOO_LONG, id="61 s"),
        pytest.param(NOW - 60, NOW, Reason.EXPIRED, id="ended"),
        pytest.param(NOW + 30, NOW + 60, None, id="issuer 30 s fast"),
        pytest.param(NOW + 31, NOW + 60, Reason.CLOCK_SKEW, id="issuer 31 s fast"),
    ],
)
def test_a_served_code_lives_a_minute(issued: int, expires: int, reason: Reason | None) -> None:
    assert reason_of(make_served(issued=issued, expires=expires)) is reason


@pytest.mark.parametrize(
    ("issued", "expires", "reason"),
    [
        (NOW, NOW + 1, None),
        (NOW - DAY, NOW, Reason.EXPIRED),
        (NOW + 1, NOW + DAY, Reason.NOT_YET_VALID),
        (NOW - 900 * DAY, NOW + 900 * DAY, None),
    ],
    ids=["about to end", "ended", "not begun", "printed for years"],
)
def test_a_paper_code_counts_in_its_time(issued: int, expires: int, reason: Reason | None) -> None:
    paper = replace(BUS, kinds=frozenset({Kind.PAPER}))
    assert reason_of(make_paper(issued=issued, expires=expires), policy=paper) is reason


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/New_York", "XYZ-14:45"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The time zone of the machine."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_the_zone_of_the_machine_changes_no_decision(zone: str, ledger: TrialLedger) -> None:
    """Also on the day on which New York changes its clock."""
    switch = 1_805_007_600  # 14 March 2027, 07:00 UTC
    keys = {ISSUER.kid: ISSUER.key(sign_until=switch + DAY, verify_until=switch + DAY)}
    verifier = Verifier(lambda: make_list(keys=keys, expires=switch + DAY))
    for now in (switch - 1, switch, switch + 3600):
        code = make_code(make_grant(issued=now - 60, expires=now + 60), iat=now)
        assert decide(code, ledger, now=now, verifier=verifier).outcome is Outcome.ACCEPTED
        assert decide(code, ledger, now=now + 60, verifier=verifier).reason is Reason.EXPIRED


# 5 policy


@pytest.mark.parametrize(("of", "at"), list(permutations(SCENES, 2)))
def test_a_code_of_one_scene_is_refused_at_every_other_and_not_used_up(of: str, at: str, ledger: TrialLedger) -> None:
    code = make_code(make_grant(scenes=SCENES[of].mask))
    assert decide(code, ledger, policy=make_policy(at)).reason is Reason.WRONG_SCENE
    assert decide(code, ledger, policy=make_policy(of)).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("scene", SCENES)
def test_a_code_for_all_scenes_is_accepted_at_each(scene: str) -> None:
    grant = make_grant(scenes=mask_of(scenes_named(ALL)))
    assert reason_of(make_code(grant), policy=make_policy(scene)) is None


@pytest.mark.parametrize("kind", CODES)
def test_a_kind_that_the_policy_does_not_name_needs_a_second_factor(kind: Kind) -> None:
    others = replace(BUS, kinds=frozenset(Kind) - {kind})
    assert reason_of(CODES[kind](), policy=others) is Reason.SECOND_FACTOR_REQUIRED


def test_a_policy_that_names_no_kind_accepts_nothing() -> None:
    assert reason_of(make_code(), policy=replace(BUS, kinds=frozenset())) is Reason.SECOND_FACTOR_REQUIRED


@pytest.mark.parametrize("scene", ADAPTERS)
def test_a_paper_code_needs_a_second_factor_at_every_scene(scene: str) -> None:
    paper = make_paper(scenes=SCENES[scene].mask)
    assert reason_of(paper, policy=standard(scene).checks) is Reason.SECOND_FACTOR_REQUIRED


# 6 status


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (Status.REVOKED, Outcome.REFUSED, Reason.REVOKED),
        (Status.SUSPENDED, Outcome.REFUSED, Reason.SUSPENDED),
    ],
)
def test_the_status_of_the_grant_decides(ledger: TrialLedger, status: Status, outcome: Outcome, reason: Reason) -> None:
    ledger.know(GRANT.list, GRANT.idx, status=status)
    decision = decide(make_code(), ledger)
    assert (decision.outcome, decision.reason, decision.effect) == (outcome, reason, {})


def test_a_grant_whose_status_nobody_knows_is_neither_accepted_nor_refused() -> None:
    decision = decide(make_code(), TrialLedger())
    assert (decision.outcome, decision.reason) == (Outcome.UNDETERMINED, Reason.TEMPORARILY_UNAVAILABLE)


def test_an_expired_and_revoked_code_is_expired_and_its_status_is_not_asked(ledger: TrialLedger) -> None:
    ledger.know(GRANT.list, GRANT.idx, status=Status.REVOKED)
    assert decide(make_code(iat=NOW - 61), ledger).reason is Reason.EXPIRED
    assert ledger.holder is None


# 7 first use


def test_a_code_counts_once(ledger: TrialLedger) -> None:
    code = make_code()
    assert decide(code, ledger).outcome is Outcome.ACCEPTED
    assert decide(code, ledger.at("place-2")).reason is Reason.REPLAYED


def test_the_next_drawing_of_the_same_grant_counts_again(ledger: TrialLedger) -> None:
    outcomes = [decide(make_code(iat=NOW + at), ledger).outcome for at in (0, 1)]
    assert outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED]


def signed_by_chance() -> str:
    """Return the code of `make_code` as a phone signs it that draws a nonce for every signature."""

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(PHONE.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + min(s, ORDER - s).to_bytes(32)

    return write_device_code(sign_grant(make_grant()), iat=NOW, algorithm=ES256, sign=sign)


def test_the_same_moment_signed_again_is_the_same_code(ledger: TrialLedger) -> None:
    """What a replay repeats is list, index and moment, not a signature."""
    first, second = make_code(), signed_by_chance()
    assert first != second
    assert [decide(code, ledger).reason for code in (first, second)] == [None, Reason.REPLAYED]


class Offline:
    """What a terminal without network remembers: a status list that it fetched, and what it has seen itself."""

    def __init__(self, statuses: StatusList | None) -> None:
        self.statuses = statuses
        self.seen: set[tuple[int, int, int]] = set()

    def status(self, grant: Grant) -> Status | None:
        """Read the list; None without one, and for a place that it does not have."""
        try:
            return Status(self.statuses.get(grant.idx)) if self.statuses else None
        except PlaceError:
            return None

    def first_use(self, use: tuple[int, int, int]) -> bool:
        """Keep a use in mind; False when it was there."""
        before = len(self.seen)
        self.seen.add(use)
        return len(self.seen) > before

    def attempt(self) -> AbstractContextManager[object]:
        """Open a span; a single terminal has nothing to take back."""
        return nullcontext()


def offline(text: str, memory: Offline, now: int = NOW) -> Reason | None:
    return VERIFIER.decide(text, policy=BUS, memory=memory, rules=lambda *_: {}, now=now).reason


def test_the_same_code_twice_at_a_terminal_without_network_is_replayed() -> None:
    memory = Offline(StatusList.pack([0, 0, 1, 2], 2))
    first, second = (make_code(make_grant(idx=idx)) for idx in (0, 1))
    assert [offline(code, memory) for code in (first, first, second, first)] == [
        None,
        Reason.REPLAYED,
        None,
        Reason.REPLAYED,
    ]
    assert offline(first, memory, now=NOW + 30) is Reason.REPLAYED


@pytest.mark.parametrize(
    ("idx", "reason"),
    [
        (0, None),
        (2, Reason.REVOKED),
        (3, Reason.SUSPENDED),
        (4, Reason.TEMPORARILY_UNAVAILABLE),
        (1 << 20, Reason.TEMPORARILY_UNAVAILABLE),
    ],
    ids=["valid", "revoked", "suspended", "behind the end", "far behind the end"],
)
def test_a_terminal_without_network_goes_by_its_status_list(idx: int, reason: Reason | None) -> None:
    """A place that the list does not have is not valid."""
    memory = Offline(StatusList.pack([0, 0, 1, 2], 2))
    assert offline(make_code(make_grant(idx=idx)), memory) is reason
    assert offline(make_code(make_grant(idx=idx)), Offline(None)) is Reason.TEMPORARILY_UNAVAILABLE


def test_a_paper_code_may_be_shown_again(ledger: TrialLedger) -> None:
    paper = replace(BUS, kinds=frozenset({Kind.PAPER}))
    assert [decide(make_paper(), ledger, policy=paper).reason for _ in range(2)] == [None, None]


@pytest.mark.parametrize(
    "reason", [Reason.NOT_ENTITLED, Reason.LIMIT_REACHED, Reason.NO_TICKET, Reason.CAPACITY_REACHED]
)
def test_a_refusal_by_the_scene_uses_nothing_up(ledger: TrialLedger, reason: Reason) -> None:
    code = make_code()
    refused = VERIFIER.decide(code, policy=BUS, memory=ledger, rules=refuse(reason), now=NOW)
    assert (refused.reason, refused.effect) == (reason, {})
    assert (ledger.shared.uses, ledger.shared.tallies) == (set(), {})
    assert decide(code, ledger).outcome is Outcome.ACCEPTED


def test_a_fault_in_a_scene_is_no_rejection_and_uses_nothing_up(ledger: TrialLedger) -> None:
    def broken(verified: Verified, ledger: TrialLedger) -> Mapping[str, object]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        VERIFIER.decide(make_code(), policy=BUS, memory=ledger, rules=broken, now=NOW)
    assert ledger.shared.uses == set()


def test_a_clock_that_jumps_back_accepts_no_code_twice(ledger: TrialLedger) -> None:
    code = make_code()
    assert decide(code, ledger).outcome is Outcome.ACCEPTED
    for back in (1, 30, 31, 600):
        assert decide(code, ledger, now=NOW - back).reason in {Reason.REPLAYED, Reason.CLOCK_SKEW, Reason.NOT_YET_VALID}


# Order


FLAWS: dict[Reason, Callable[[], str]] = {
    Reason.UNKNOWN_KEY: lambda: make_code(make_grant(expires=NOW), issuer=STRANGER, phone=OTHER_PHONE),
    Reason.BAD_SIGNATURE: lambda: show_signed(replace_part(sign_grant(make_grant(expires=NOW)), 3, bytes(64))),
    Reason.BAD_HOLDER_PROOF: lambda: make_code(make_grant(expires=NOW, scenes=0), phone=OTHER_PHONE),
    Reason.LIFETIME_TOO_LONG: lambda: make_code(make_grant(issued=0, expires=NOW, scenes=0)),
    Reason.EXPIRED: lambda: make_code(make_grant(expires=NOW, scenes=0), iat=NOW + 31),
    Reason.CLOCK_SKEW: lambda: make_code(make_grant(scenes=0), iat=NOW + 31),
    Reason.WRONG_SCENE: lambda: make_served(scenes=0),
}


@pytest.mark.parametrize("reason", FLAWS)
def test_of_several_flaws_the_first_step_names_its_own(reason: Reason, ledger: TrialLedger) -> None:
    ledger.know(GRANT.list, GRANT.idx, status=Status.REVOKED)
    assert decide(FLAWS[reason](), ledger).reason is reason


# Registries


def test_reasons_are_wire_values() -> None:
    assert [reason.value for reason in Reason] == [
        *("malformed", "unsupported_version", "unsupported_algorithm", "unknown_key", "wrong_key_usage"),
        *("bad_signature", "bad_holder_proof", "not_yet_valid", "expired", "lifetime_too_long", "clock_skew"),
        *("time_untrusted", "wrong_scene", "revoked", "suspended", "status_stale", "replayed", "not_entitled"),
        *("second_factor_required", "limit_reached", "no_ticket", "capacity_reached", "closed", "wrong_slot"),
        *("terminal_not_allowed", "temporarily_unavailable"),
    ]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_and_advice_in_both_languages(reason: Reason) -> None:
    assert all(words.zh and words.en for words in MESSAGES[reason])


def test_only_a_verifier_that_cannot_tell_is_undetermined() -> None:
    assert {reason.value for reason in UNDETERMINED} == {"time_untrusted", "status_stale", "temporarily_unavailable"}


def test_scene_bits_are_wire_values() -> None:
    expected = {"bus": 0, "hospital": 1, "pharmacy": 2, "scenic_spot": 3, "government": 4, "venue": 5}
    assert {name: scene.bit for name, scene in SCENES.items()} == expected


def test_a_scene_is_asked_by_its_name() -> None:
    assert scenes_named("bus") == (SCENES["bus"],)
    assert scenes_named(ALL) == tuple(SCENES.values())
    assert scenes_named("casino") == ()


def test_revoked_is_final() -> None:
    assert TRANSITIONS[Status.REVOKED] == {Status.REVOKED}
    assert all(Status.REVOKED in following for following in TRANSITIONS.values())
    assert CredentialState.CANCELLED.field_code == "4"


def test_the_core_loads_without_flask_sqlalchemy_and_redis() -> None:
    program = (
        "import sys, codeservice.verifier, codeservice.issuer, adapters.bus;"
        "print(sorted({'flask', 'werkzeug', 'sqlalchemy', 'redis', 'alembic'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")


@pytest.mark.parametrize("kind", [Kind.SERVED, Kind.PAPER])
def test_a_grant_that_was_proved_before_is_no_code_of_another_kind(kind: Kind) -> None:
    """The fuzzer found it: the bytes of a remembered grant behind another prefix are as malformed as they ever were."""
    warm = Verifier(lambda: LIST)
    assert warm.verify(make_code(), policy=BUS, now=NOW).kind is Kind.DEVICE
    text = text_of(sign_grant(make_grant()), kind)
    assert decide(text, TrialLedger(), verifier=warm).reason is Reason.MALFORMED
    assert reason_of(text) is Reason.MALFORMED
