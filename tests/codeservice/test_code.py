"""The code: its text, its bytes, its closed schema, its size; reading is total."""

import sys
import uuid
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codeservice.code import (
    FORMS,
    MAX_DIGITS,
    Grant,
    Kind,
    from_digits,
    read_code,
    to_digits,
)
from codeservice.digit import is_digit_code, read_digit_code, write_digit_code
from codeservice.errors import Rejected
from codeservice.reason import Reason
from keys import trustlist
from keys.cbor import dumps, loads
from tests.makers import (
    CITY_CLAIM,
    CODES,
    DAY,
    ISSUER,
    NOW,
    PHONE,
    bytes_of,
    claims_of,
    cose,
    header_of,
    make_code,
    make_grant,
    make_list,
    make_paper,
    make_served,
    show,
    sign_grant,
    sign_list,
    spoilt_grant,
    text_of,
)

GUIDE = "HTTPS://M.EXAMPLE.CN/#"
CODE = make_code()
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
EXP, NBF, IAT, CNF = 4, 5, 6, 8


def reason_of(text: str, guide: str | None = None) -> Reason | None:
    """Read a text; returns the reason of its rejection."""
    try:
        read_code(text, guide=guide)
    except Rejected as rejection:
        return rejection.reason
    return None


# Text


@given(st.binary(min_size=1, max_size=300))
def test_digits_go_round(data: bytes) -> None:
    assert from_digits(to_digits(data)) == data


@given(st.text("0123456789", min_size=1, max_size=80))
def test_digits_have_one_form(digits: str) -> None:
    """Any digits are refused, or are exactly what is written for their bytes."""
    try:
        data = from_digits(digits)
    except Rejected:
        return
    assert to_digits(data) == digits


@pytest.mark.parametrize(("size", "digits"), [(1, 3), (2, 5), (3, 8), (4, 10), (5, 13), (6, 15), (7, 17), (8, 20)])
def test_each_length_has_its_digits(size: int, digits: int) -> None:
    assert to_digits(b"\xff" * size) == str((1 << 8 * min(size, 7)) - 1).zfill(min(digits, 17)) + "255" * (size == 8)
    assert len(to_digits(bytes(size))) == digits


@pytest.mark.parametrize("digits", ["256", "65536", "16777216", "72057594037927936", "9" * 17, "0" * 17 + "256"])
def test_a_group_above_its_limit_is_refused(digits: str) -> None:
    with pytest.raises(Rejected):
        from_digits(digits)


@pytest.mark.parametrize("size", [0, 1, 2, 4, 6, 7, 9, 11, 12, 14, 16, 18])
def test_a_length_that_no_bytes_have_is_refused(size: int) -> None:
    with pytest.raises(Rejected):
        from_digits("0" * size)


def change_first_digits(foreign: str) -> str:
    """Write the first digits of a good code with the digits of another script."""
    return CODE[:2] + foreign + CODE[2 + len(foreign) :]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("9", id="one digit"),
        pytest.param("91", id="kind alone"),
        pytest.param("910", id="one more digit"),
        pytest.param("91000", id="one zero byte"),
        pytest.param(CODE + "0", id="a digit behind"),
        pytest.param(CODE + "arbitrary text", id="text behind"),
        pytest.param(CODE + "\n", id="line break behind"),
        pytest.param(" " + CODE, id="space in front"),
        pytest.param(CODE[:100] + " " + CODE[100:], id="space inside"),
        pytest.param(CODE + "\0", id="NUL behind"),
        pytest.param("\ufeff" + CODE, id="byte order mark in front"),
        pytest.param("+" + CODE, id="plus in front"),
        pytest.param("-" + CODE, id="minus in front"),
        pytest.param(CODE[:50] + "_" + CODE[50:], id="underscore"),
        pytest.param(change_first_digits("\uff11\uff12"), id="full-width digits"),
        pytest.param(change_first_digits("\u0661\u0662"), id="Arabic-Indic digits"),
        pytest.param(change_first_digits("\u00b9\u00b2"), id="superscript digits"),
        pytest.param(change_first_digits("\u4e00\u4e8c"), id="Chinese numerals"),
        pytest.param("\uff19\uff11" + CODE[2:], id="full-width kind"),
        pytest.param("1_000", id="number with underscore"),
        pytest.param("123456789012345678", id="digit code"),
        pytest.param("7", id="bare integer"),
        pytest.param(str(uuid.UUID(int=7)), id="UUID"),
        pytest.param("00" + CODE[2:], id="kind 00"),
        pytest.param("81" + CODE[2:], id="kind 81"),
        pytest.param(CODE + CODE, id="two codes"),
        pytest.param(make_served() + make_served(), id="two served codes"),
        pytest.param(CODE + CODE[2:], id="two codes under one kind"),
        pytest.param("91" + "9" * (MAX_DIGITS - 1), id="one digit too long"),
        pytest.param("9" * 1_000_000, id="a million digits"),
        pytest.param("' OR 1=1--", id="SQL"),
        pytest.param("../../etc/passwd", id="path"),
        pytest.param("{{7*7}}", id="template"),
        pytest.param("%s%n", id="format string"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("https://example.com/" + CODE, id="another address in front"),
        pytest.param(bytes_of(CODE).hex(), id="hexadecimal"),
        pytest.param(CODE[2:], id="without kind"),
    ],
)
def test_what_is_not_one_code_is_malformed(text: str) -> None:
    assert reason_of(text) is Reason.MALFORMED


@pytest.mark.parametrize("prefix", ["90", "94", "95", "99"])
def test_a_kind_of_a_later_version_is_named_so(prefix: str) -> None:
    assert reason_of(prefix + CODE[2:]) is Reason.UNSUPPORTED_VERSION


@given(ANY_TEXT | st.text("0123456789", max_size=720).map(lambda digits: "91" + digits))
@example("\ud800")
def test_reading_is_total(text: str) -> None:
    """Any text is Rejected, with a guide or without, and never raises anything else."""
    assert {reason_of(text), reason_of(text, GUIDE)} <= {Reason.MALFORMED, Reason.UNSUPPORTED_VERSION}


@given(st.sampled_from(Kind), st.binary(min_size=1, max_size=280))
def test_reading_any_bytes_of_any_kind_is_total(kind: Kind, data: bytes) -> None:
    assert reason_of(text_of(data, kind)) is Reason.MALFORMED


STRUCTURES = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=9) | st.text(max_size=4) | st.booleans(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.integers(-3, 9), inner, max_size=5),
    max_leaves=8,
)


@given(STRUCTURES, st.sampled_from([EXP, NBF, CNF, CITY_CLAIM]))
def test_each_claim_of_any_type_is_read_or_malformed(value: object, claim: int) -> None:
    """Whatever stands where a claim should, under good signatures, gives a code or Rejected."""
    assert reason_of(show(spoilt_grant(claims_of(make_grant()) | {claim: value}))) in {None, Reason.MALFORMED}


@given(STRUCTURES)
def test_any_structure_in_place_of_a_layer_is_read_or_malformed(value: object) -> None:
    signed = sign_grant(make_grant())
    texts = [show(dumps(value)), show(value), show(signed, iat=value), show(signed, header=value)]
    texts += [show(spoilt_grant(value)), show(spoilt_grant(claims_of(make_grant()), header=value))]
    assert {reason_of(text) for text in texts if len(text) <= MAX_DIGITS} <= {None, Reason.MALFORMED}


# Digit codes

DIGITS = write_digit_code("123456789", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", NOW)


def digit_reason(text: str) -> Reason | None:
    """Read a text as a digit code; returns the reason of its rejection."""
    try:
        read_digit_code(text)
    except Rejected as rejection:
        return rejection.reason
    return None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(DIGITS[:-1], id="17 digits"),
        pytest.param(DIGITS + "0", id="19 digits"),
        pytest.param("+" + DIGITS[1:], id="plus in front"),
        pytest.param("-" + DIGITS[1:], id="minus in front"),
        pytest.param(DIGITS[:9] + "_" + DIGITS[10:], id="underscore"),
        pytest.param(DIGITS[:9] + " " + DIGITS[9:], id="a space inside"),
        pytest.param(DIGITS + "\n", id="line break behind"),
        pytest.param(DIGITS.translate({ord("0") + n: 0xFF10 + n for n in range(10)}), id="full-width digits"),
        pytest.param(DIGITS.translate({ord("0") + n: 0x660 + n for n in range(10)}), id="Arabic-Indic digits"),
        pytest.param(DIGITS[:-1] + "\u00b2", id="superscript digit"),
        pytest.param("1_000", id="number with underscore"),
        pytest.param("1e17", id="number with exponent"),
        pytest.param(DIGITS + DIGITS, id="two digit codes"),
        pytest.param("9" * 1_000_000, id="a million digits"),
    ],
)
def test_a_digit_code_has_eighteen_ascii_digits_and_nothing_else(text: str) -> None:
    assert digit_reason(DIGITS) is None
    assert digit_reason(text) is Reason.MALFORMED
    assert not is_digit_code(text)


@given(ANY_TEXT | st.text("0123456789", min_size=16, max_size=20))
def test_reading_a_digit_code_is_total(text: str) -> None:
    assert digit_reason(text) in {None, Reason.MALFORMED}


# Guide


def test_the_configured_guide_may_stand_in_front() -> None:
    assert read_code(GUIDE + CODE, guide=GUIDE) == read_code(CODE, guide=GUIDE) == read_code(CODE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GUIDE.lower() + CODE, id="small letters"),
        pytest.param(GUIDE[:-1] + CODE, id="cut"),
        pytest.param(GUIDE * 2 + CODE, id="twice"),
        pytest.param(CODE + GUIDE, id="behind"),
        pytest.param(GUIDE + " " + CODE, id="space behind it"),
        pytest.param(GUIDE, id="alone"),
        pytest.param("HTTPS://M.EXAMPLE.COM/#" + CODE, id="another host"),
        pytest.param(GUIDE.replace("M", "\uff2d") + CODE, id="full-width letter"),
        pytest.param(GUIDE + "9" * 1_000_000, id="a million digits behind it"),
    ],
)
def test_no_other_guide_is_accepted(text: str) -> None:
    assert reason_of(text, GUIDE) is Reason.MALFORMED


def test_no_guide_is_accepted_where_none_is_configured() -> None:
    assert reason_of(GUIDE + CODE) is Reason.MALFORMED


# Schema


def test_a_device_code_is_read_as_it_was_written() -> None:
    code = read_code(make_code(iat=NOW + 5))
    assert (code.kind, code.grant, code.iat, code.use) == (Kind.DEVICE, make_grant(), NOW + 5, (1, 4_000_077, NOW + 5))


@pytest.mark.parametrize(("kind", "generation"), [(Kind.SERVED, None), (Kind.PAPER, 1)])
def test_a_code_without_device_is_read_as_it_was_written(kind: Kind, generation: int | None) -> None:
    code = read_code(CODES[kind]())
    assert (code.kind, code.show, code.grant.device, code.grant.generation) == (kind, None, None, generation)
    assert code.iat == code.grant.issued


@given(
    st.builds(
        Grant,
        list=st.integers(0, (1 << 16) - 1),
        idx=st.integers(0, (1 << 32) - 1),
        scenes=st.integers(0, (1 << 16) - 1),
        entitlements=st.dictionaries(st.integers(0, 255), st.integers(0, 65535), max_size=6),
        issued=st.integers(0, (1 << 33) - 1),
        expires=st.integers(0, (1 << 33) - 1),
        device=st.binary(min_size=32, max_size=32).map(lambda x: b"\x02" + x),
        generation=st.none(),
    )
)
def test_every_grant_goes_round(grant: Grant) -> None:
    assert read_code(make_code(grant)).grant == grant


def claims_with(**changes: object) -> bytes:
    """Sign claims with changes, named by claim."""
    numbers = {"exp": EXP, "nbf": NBF, "iat": IAT, "cnf": CNF, "city": CITY_CLAIM}
    return spoilt_grant(claims_of(make_grant()) | {numbers[name]: value for name, value in changes.items()})


def claims_without(claim: int) -> bytes:
    claims = claims_of(make_grant())
    del claims[claim]
    return spoilt_grant(claims)


def city_with(place: int, value: object) -> bytes:
    """Change one field of the city's own claim."""
    city = list(claims_of(make_grant())[CITY_CLAIM])
    city[place] = value
    return claims_with(city=city)


def device_with(**changes: object) -> bytes:
    """Change one field of the device key, named as in RFC 9053."""
    numbers = {"kty": 1, "kid": 2, "alg": 3, "crv": -1, "x": -2, "y": -3}
    key = claims_of(make_grant())[CNF][1] | {numbers[name]: value for name, value in changes.items()}
    return claims_with(cnf={1: key})


@pytest.mark.parametrize(
    "grant",
    [
        pytest.param(claims_with(iat=NOW), id="claim of another kind"),
        pytest.param(spoilt_grant(claims_of(make_grant()) | {1: "issuer"}), id="unknown claim"),
        pytest.param(spoilt_grant(claims_of(make_grant()) | {"exp": 1}), id="claim named by text"),
        pytest.param(claims_without(EXP), id="no exp"),
        pytest.param(claims_without(NBF), id="no nbf"),
        pytest.param(claims_without(CNF), id="no device"),
        pytest.param(claims_without(CITY_CLAIM), id="no claim of the city"),
        pytest.param(spoilt_grant([]), id="claims are a list"),
        pytest.param(spoilt_grant(b""), id="claims are empty"),
        pytest.param(spoilt_grant(dumps(claims_of(make_grant())) + b"\0"), id="a byte behind the claims"),
        pytest.param(claims_with(exp=True), id="exp is true"),
        pytest.param(claims_with(exp=-1), id="exp is negative"),
        pytest.param(claims_with(exp=1 << 33), id="exp beyond the range"),
        pytest.param(claims_with(exp=str(NOW)), id="exp is text"),
        pytest.param(claims_with(exp=float(NOW + DAY)), id="exp is a float"),
        pytest.param(claims_with(exp=None), id="exp is null"),
        pytest.param(claims_with(nbf=b"\0"), id="nbf is bytes"),
        pytest.param(claims_with(city=[1, 2, 3]), id="field missing"),
        pytest.param(claims_with(city=[1, 2, 3, {}, 1]), id="generation without paper"),
        pytest.param(claims_with(city={}), id="city is a map"),
        pytest.param(city_with(0, 1 << 16), id="list beyond the range"),
        pytest.param(city_with(0, value=True), id="list is true"),
        pytest.param(city_with(1, 1 << 32), id="index beyond the range"),
        pytest.param(city_with(1, -1), id="index is negative"),
        pytest.param(city_with(1, cbor2.CBORTag(2, b"\1" * 9)), id="index by tag"),
        pytest.param(city_with(2, 1 << 16), id="scenes beyond the range"),
        pytest.param(city_with(2, [0]), id="scenes are a list"),
        pytest.param(city_with(3, []), id="entitlements are a list"),
        pytest.param(city_with(3, {1: True}), id="entitlement is true"),
        pytest.param(city_with(3, {1: 1 << 16}), id="entitlement beyond the range"),
        pytest.param(city_with(3, {256: 1}), id="entitlement of unknown width"),
        pytest.param(city_with(3, {-1: 1}), id="entitlement with a negative number"),
        pytest.param(city_with(3, {"fare": 1}), id="entitlement named by text"),
        pytest.param(city_with(3, dict.fromkeys(range(17), 0)), id="too many entitlements"),
        pytest.param(claims_with(cnf=PHONE.point), id="device is bytes"),
        pytest.param(claims_with(cnf={}), id="device is empty"),
        pytest.param(claims_with(cnf={3: b"kid"}), id="device by kid"),
        pytest.param(claims_with(cnf={1: {}}), id="device key is empty"),
        pytest.param(claims_with(cnf={1: 1}), id="device key is a number"),
        pytest.param(device_with(kty=1), id="OKP key"),
        pytest.param(device_with(kty=True), id="kty is true"),
        pytest.param(device_with(kid=b"1"), id="unknown field of the key"),
        pytest.param(device_with(crv=2), id="curve P-384"),
        pytest.param(device_with(crv=8), id="curve secp256k1"),
        pytest.param(device_with(crv="P-256"), id="curve is text"),
        pytest.param(device_with(crv=True), id="curve is true"),
        pytest.param(device_with(x=PHONE.point[2:]), id="x too short"),
        pytest.param(device_with(x=PHONE.point), id="x too long"),
        pytest.param(device_with(x=1), id="x is a number"),
        pytest.param(device_with(y=1), id="y is a number"),
        pytest.param(device_with(y=PHONE.point[1:]), id="y uncompressed"),
    ],
)
def test_a_grant_of_another_schema_is_malformed(grant: bytes) -> None:
    """The schema is closed: also under the issuer's own good signature."""
    assert reason_of(show(grant)) is Reason.MALFORMED


GRANT = sign_grant(make_grant())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(show(GRANT, iat=True), id="iat is true"),
        pytest.param(show(GRANT, iat=-1), id="iat is negative"),
        pytest.param(show(GRANT, iat=1 << 33), id="iat beyond the range"),
        pytest.param(show(GRANT, iat=float(NOW)), id="iat is a float"),
        pytest.param(show(GRANT, iat=str(NOW)), id="iat is text"),
        pytest.param(show(loads(GRANT)), id="grant is no byte string"),
        pytest.param(show(b""), id="grant is empty"),
        pytest.param(show(GRANT + b"\0"), id="a byte behind the grant"),
        pytest.param(show(GRANT, header=header_of(PHONE)), id="phone with kid"),
        pytest.param(text_of(GRANT), id="grant without the phone's layer"),
        pytest.param(text_of(cose([NOW], header_of(None), PHONE, b"CC1 show")), id="no grant"),
        pytest.param(text_of(cose([NOW, GRANT, 1], header_of(None), PHONE, b"CC1 show")), id="three fields"),
        pytest.param(text_of(cose({1: NOW, 2: GRANT}, header_of(None), PHONE, b"CC1 show")), id="a map"),
        pytest.param(text_of(cbor2.dumps(cbor2.CBORTag(18, cbor2.loads(bytes_of(CODE))))), id="tagged"),
        pytest.param(
            text_of(cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, cbor2.loads(bytes_of(CODE)))))), id="double-tagged"
        ),
        pytest.param(text_of(cbor2.dumps(cbor2.CBORTag(17, cbor2.loads(bytes_of(CODE))))), id="wrong tag"),
        pytest.param(show(cbor2.dumps(cbor2.CBORTag(18, cbor2.loads(GRANT)))), id="grant tagged"),
        pytest.param(text_of(b"\x9f" + bytes_of(CODE)[1:] + b"\xff"), id="indefinite array"),
        pytest.param(text_of(b"\x98\x04" + bytes_of(CODE)[1:]), id="array length not the shortest"),
        pytest.param("92" + CODE[2:], id="device code under the served kind"),
        pytest.param("93" + CODE[2:], id="device code under the paper kind"),
        pytest.param("91" + make_served()[2:], id="served code under the device kind"),
        pytest.param("93" + make_served()[2:], id="served code under the paper kind"),
        pytest.param("92" + make_paper()[2:], id="paper code under the served kind"),
        pytest.param("91" + make_paper()[2:], id="paper code under the device kind"),
        pytest.param(text_of(GRANT, Kind.SERVED), id="grant under the served kind"),
        pytest.param(text_of(GRANT, Kind.PAPER), id="grant under the paper kind"),
        pytest.param(text_of(trustlist.write(make_list(keys={}))), id="payload of a trust list"),
        pytest.param(
            text_of(sign_list(make_list(keys={}, roots=(), threshold=1), PHONE), Kind.SERVED), id="trust list"
        ),
    ],
)
def test_another_structure_is_malformed(text: str) -> None:
    assert reason_of(text) is Reason.MALFORMED


@pytest.mark.parametrize(
    "kid",
    [
        pytest.param(b"", id="empty"),
        pytest.param(ISSUER.kid[:7], id="7 bytes"),
        pytest.param(ISSUER.kid + b"\0", id="9 bytes"),
        pytest.param(b"../../etc/passwd", id="path"),
        pytest.param(b"' OR 1=1", id="SQL, 8 bytes"),
        pytest.param(b"x\r\n", id="CRLF"),
        pytest.param(None, id="none"),
    ],
)
def test_a_key_identifier_has_eight_bytes(kid: bytes | None) -> None:
    header = {1: -7} if kid is None else {1: -7, 4: kid}
    expected = None if kid is not None and len(kid) == 8 else Reason.MALFORMED
    assert reason_of(show(spoilt_grant(claims_of(make_grant()), header=header))) is expected


@pytest.mark.parametrize("levels", [5, 8, 400])
def test_deep_nesting_is_malformed(levels: int) -> None:
    nested: Any = 0
    for _ in range(levels):
        nested = [nested]
    deep = b"\x81" * min(levels, 280) + b"\0"
    assert reason_of(text_of(deep)) is Reason.MALFORMED
    assert reason_of(show(deep[-280:])) is Reason.MALFORMED


def test_a_device_code_has_no_generation_and_a_paper_code_no_device() -> None:
    assert reason_of(make_paper(generation=1 << 16)) is Reason.MALFORMED
    assert read_code(make_paper(generation=7)).grant.generation == 7


# Wire values and size


def tell(what: str, text: str) -> None:
    """Print the size; `pytest -rP` shows it."""
    sys.stdout.write(f"{what}: {len(bytes_of(text))} bytes, {len(text)} digits\n")


def test_kinds_and_contexts_are_wire_values() -> None:
    assert {kind.value: (form.aad, form.purpose.value) for kind, form in FORMS.items()} == {
        "91": (b"CC1 grant", "grant"),
        "92": (b"CC1 served", "served"),
        "93": (b"CC1 paper", "paper"),
    }


FAR = make_grant(list=(1 << 16) - 1, idx=(1 << 32) - 1, entitlements={1: 6, 2: 3, 3: 2})
LARGEST = FAR._replace(scenes=(1 << 16) - 1, entitlements={253: 65535, 254: 65535, 255: 65535})


@pytest.mark.parametrize("grant", [make_grant(), FAR], ids=["usual", "last place of the last list"])
def test_a_device_code_with_three_entitlements_keeps_its_budget(grant: Grant) -> None:
    """At most 247 bytes and 602 digits, so that a version 10 symbol holds it."""
    text = make_code(grant)
    tell("device code", text)
    assert len(bytes_of(text)) <= 247
    assert len(text) <= 602


def test_no_values_of_three_entitlements_burst_a_version_10_symbol() -> None:
    text = make_code(LARGEST)
    tell("largest device code", text)
    assert len(bytes_of(text)) <= 267
    assert len(text) <= 652


def test_a_served_code_keeps_its_budget() -> None:
    text = make_served(list=(1 << 16) - 1, idx=(1 << 32) - 1, scenes=(1 << 16) - 1)
    tell("served code", text)
    assert len(bytes_of(text)) <= 150
