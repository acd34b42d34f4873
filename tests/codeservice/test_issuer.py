"""The issuer: what it signs a verifier accepts, and what its rules forbid never reaches the key."""

from collections.abc import Callable
from typing import Any

import pytest

from codeservice.code import MAX_GRANT_LIFETIME, write_device_code
from codeservice.issuer import BACKDATE, UnsafeGrantError, issue, require_device_key
from codeservice.verifier import Verifier
from keys.algorithms import ES256
from keys.errors import KeyNotUsableError, UnknownAlgorithmError
from keys.key import Purpose
from keys.signer import KeySigner
from tests.makers import (
    DAY,
    ISSUER,
    NOW,
    PHONE,
    SM2_ISSUER,
    SM2_PHONE,
    Pair,
    make_grant,
    make_list,
    make_policy,
    point_off_curve,
)

GRANT = make_grant()


def untouchable(**changes: Any) -> KeySigner:
    """Return a signer whose private half must not be reached."""
    return KeySigner(ISSUER.key(**changes), lambda _message: pytest.fail("the key was touched"))


def test_what_is_issued_verifies() -> None:
    signed = issue(GRANT, signer=ISSUER.signer(), now=NOW)
    code = write_device_code(signed, iat=NOW, algorithm=ES256, sign=PHONE.sign)
    assert Verifier(make_list).verify(code, policy=make_policy(), now=NOW).grant == GRANT


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"device": None}, id="no device"),
        pytest.param({"device": b""}, id="empty device key"),
        pytest.param({"device": b"\0"}, id="device key at infinity"),
        pytest.param({"device": point_off_curve()}, id="device key of secp256k1"),
        pytest.param({"device": PHONE.point + b"\0"}, id="device key too long"),
        pytest.param({"expires": NOW - 60}, id="no lifetime"),
        pytest.param({"expires": NOW - 61}, id="negative lifetime"),
        pytest.param({"expires": NOW - 59 + MAX_GRANT_LIFETIME}, id="lifetime above 72 h"),
        pytest.param({"issued": NOW - BACKDATE - 1}, id="backdated by 61 s"),
        pytest.param({"scenes": 0}, id="for no scene"),
        pytest.param({"scenes": 1 << 16}, id="scenes beyond the range"),
        pytest.param({"list": -1}, id="no status list"),
        pytest.param({"list": 1 << 16}, id="status list beyond the range"),
        pytest.param({"idx": -1}, id="no status index"),
        pytest.param({"idx": 1 << 32}, id="status index beyond the range"),
        pytest.param({"entitlements": {256: 1}}, id="entitlement beyond the range"),
        pytest.param({"entitlements": {1: 1 << 16}}, id="entitlement value beyond the range"),
        pytest.param({"entitlements": {1: True}}, id="entitlement is true"),
        pytest.param({"generation": 1}, id="generation of a paper code"),
        pytest.param({"entitlements": dict.fromkeys(range(17), 1)}, id="too many entitlements"),
    ],
)
def test_what_no_verifier_may_accept_is_never_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsafeGrantError):
        issue(GRANT._replace(**changes), signer=untouchable(), now=NOW)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.GRANT])
def test_a_key_for_something_else_signs_no_grant(purpose: Purpose) -> None:
    with pytest.raises((UnsafeGrantError, KeyNotUsableError)):
        issue(GRANT, signer=untouchable(purpose=purpose), now=NOW)


@pytest.mark.parametrize(
    "signer",
    [
        pytest.param(lambda: ISSUER.signer(sign_from=NOW + 1), id="not signing yet"),
        pytest.param(lambda: ISSUER.signer(sign_until=NOW), id="signing no more"),
        pytest.param(
            lambda: untouchable(sign_until=NOW + 1, verify_until=GRANT.expires - 1), id="ends before the grant"
        ),
    ],
)
def test_a_key_signs_only_what_it_can_also_verify(signer: Callable[[], KeySigner]) -> None:
    with pytest.raises(KeyNotUsableError):
        issue(GRANT, signer=signer(), now=NOW)


def test_a_grant_may_end_with_its_key() -> None:
    assert issue(GRANT, signer=ISSUER.signer(sign_until=NOW + 1, verify_until=GRANT.expires), now=NOW)


@pytest.mark.parametrize("issued", [NOW - BACKDATE, NOW])
def test_the_longest_lifetime_and_the_longest_backdating_are_allowed(issued: int) -> None:
    grant = GRANT._replace(issued=issued, expires=issued + MAX_GRANT_LIFETIME)
    assert issue(grant, signer=ISSUER.signer(verify_until=NOW + 90 * DAY), now=NOW)


def test_a_device_key_is_a_point_of_the_issuers_curve() -> None:
    require_device_key(PHONE.point, algorithm="ES256")
    with pytest.raises(UnsafeGrantError):
        require_device_key(point_off_curve(), algorithm="ES256")
    with pytest.raises(UnknownAlgorithmError):
        require_device_key(PHONE.point, algorithm="none")


def phone_of(issuer: Pair) -> Pair:
    """Return a phone with a key of the issuer's suite."""
    return SM2_PHONE if issuer is SM2_ISSUER else PHONE


@pytest.mark.parametrize("issuer", [ISSUER, SM2_ISSUER], ids=["ES256", "SM2"])
def test_the_largest_grant_of_each_suite_fits_the_largest_symbol(issuer: Pair) -> None:
    """Entitlements are added until the issuer says no; what it said yes to has 651 digits at most."""
    phone, fits = phone_of(issuer), 0
    for number in range(1, 17):
        entitlements = {200 + at: 65535 for at in range(number)}
        grant = make_grant(device=phone.point, list=65535, idx=2**32 - 1, entitlements=entitlements)
        try:
            signed = issue(grant, signer=issuer.signer(), now=NOW)
        except UnsafeGrantError:
            break
        fits = len(write_device_code(signed, iat=NOW, algorithm=phone.suite, sign=phone.sign))
    # One entitlement more would have been five bytes, twelve digits, longer.
    assert 651 - 13 <= fits <= 651
