"""A public key: its purpose, its time and its identifier."""

import pytest

from keys.errors import BadKeyError, KeyNotUsableError, UnknownAlgorithmError
from keys.key import KeyState, PublicKey, Purpose, kid_of
from tests.makers import NOW, PHONE, point_off_curve

KEY = PHONE.key(sign_from=NOW, sign_until=NOW + 10, verify_until=NOW + 20)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (NOW - 1, KeyState.PUBLISHED),
        (NOW, KeyState.SIGNING),
        (NOW + 9, KeyState.SIGNING),
        (NOW + 10, KeyState.VERIFYING),
        (NOW + 19, KeyState.VERIFYING),
        (NOW + 20, KeyState.RETIRED),
    ],
)
def test_the_state_follows_the_clock_and_ends_are_exclusive(now: int, state: KeyState) -> None:
    assert KEY.state(now) is state


@pytest.mark.parametrize("now", [NOW - 1, NOW + 10, NOW + 20], ids=["published", "verifying", "retired"])
def test_a_key_signs_only_in_its_signing_time(now: int) -> None:
    KEY.require_signing(NOW)
    with pytest.raises(KeyNotUsableError):
        KEY.require_signing(now)


def test_a_key_that_is_no_point_cannot_be_made() -> None:
    with pytest.raises(BadKeyError):
        PublicKey(PHONE.kid, "ES256", Purpose.GRANT, point_off_curve(), NOW, NOW, NOW)


def test_a_key_of_an_unknown_algorithm_cannot_be_made() -> None:
    with pytest.raises(UnknownAlgorithmError):
        PublicKey(PHONE.kid, "RS256", Purpose.GRANT, PHONE.point, NOW, NOW, NOW)


def test_the_identifier_covers_algorithm_and_point() -> None:
    assert len({kid_of("ES256", b"a"), kid_of("ES256", b"b"), kid_of("SM2", b"a"), kid_of("ES256a", b"")}) == 4
    assert len(kid_of("ES256", PHONE.point)) == 8


def test_purposes_are_wire_values() -> None:
    assert [purpose.value for purpose in Purpose] == ["grant", "served", "paper", "status", "token", "checkpoint"]
