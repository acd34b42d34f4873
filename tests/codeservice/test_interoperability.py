"""Interoperability: COSE by other hands reads what we sign, and we accept what it signs."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from codeservice.code import FORMS, SHOW_AAD, Grant, Kind
from codeservice.errors import Rejected
from codeservice.reason import Reason
from codeservice.verifier import Verifier
from keys.cbor import loads
from tests.makers import (
    CITY_CLAIM,
    CODES,
    ISSUERS,
    NOW,
    PHONE,
    STRANGER,
    Pair,
    bytes_of,
    make_code,
    make_grant,
    make_list,
    make_policy,
    replace_part,
    sign_grant,
    text_of,
)

ROOT = Path(__file__).resolve().parents[2]
ORACLE = ROOT / "tests" / "oracle" / "with_cwt.py"
PYTHON = ROOT / ".venv-oracle" / "bin" / "python"

GRANT = make_grant()
LIST = make_list()
VERIFIER = Verifier(lambda: LIST)
EVERY_KIND = make_policy(kinds=frozenset(Kind))


def ask(*questions: dict[str, Any]) -> list[dict[str, Any]]:
    """Put questions to the oracle in its own environment."""
    if not PYTHON.exists():
        pytest.fail("COSE by other hands is not installed: make test (or setup/environment.py test) makes .venv-oracle")
    done = subprocess.run(
        [PYTHON, "-I", ORACLE], input=json.dumps(questions), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def key_of(pair: Pair, kid: bytes | None) -> dict[str, Any]:
    """Describe a public key to the oracle."""
    numbers = pair.private.public_key().public_numbers()
    return {"x": f"{numbers.x:064x}", "y": f"{numbers.y:064x}", "kid": kid.hex() if kid else None}


def verify(message: bytes, aad: bytes, pair: Pair, kid: bytes | None) -> dict[str, Any]:
    return {"do": "verify", "message": message.hex(), "aad": aad.hex()} | key_of(pair, kid)


def sign(payload: object, aad: bytes, pair: Pair, kid: bytes | None) -> dict[str, Any]:
    return {"do": "sign", "payload": payload, "aad": aad.hex(), "d": f"{pair.number:064x}"} | key_of(pair, kid)


def show(value: object) -> Any:
    """Write a value in the notation of the oracle."""
    match value:
        case dict():
            return {"map": [[key, show(item)] for key, item in value.items()]}
        case bytes():
            return {"bytes": value.hex()}
        case list():
            return [show(item) for item in value]
        case _:
            return value


def claims_by_hand(kind: Kind, grant: Grant) -> dict[int, object]:
    """Write the claims of docs/format.md without the project's own writer."""
    city: list[object] = [grant.list, grant.idx, grant.scenes, grant.entitlements]
    claims: dict[int, object] = {4: grant.expires}
    if kind is Kind.SERVED:
        claims[6] = grant.issued
    else:
        claims[5] = grant.issued
    if kind is Kind.PAPER:
        city.append(grant.generation)
    if grant.device is not None:
        claims[8] = {1: {1: 2, -1: 1, -2: grant.device[1:], -3: grant.device[0] == 3}}
    return claims | {CITY_CLAIM: city}


GRANTS = {
    Kind.DEVICE: GRANT,
    Kind.SERVED: make_grant(device=None, issued=NOW, expires=NOW + 60),
    Kind.PAPER: make_grant(device=None, generation=1),
}


@pytest.fixture(scope="module")
def by_other_hands() -> dict[Kind, bytes]:
    """Grants of each kind, written and signed by the oracle."""
    questions = [
        sign(show(claims_by_hand(kind, grant)), FORMS[kind].aad, issuer, issuer.kid)
        for kind, grant in GRANTS.items()
        for issuer in [ISSUERS[FORMS[kind].purpose]]
    ]
    return {kind: bytes.fromhex(answer["message"]) for kind, answer in zip(GRANTS, ask(*questions), strict=True)}


@pytest.fixture(scope="module")
def shown_by_other_hands(by_other_hands: dict[Kind, bytes]) -> str:
    """A device code of which grant and moment were written and signed by the oracle."""
    payload = [NOW, by_other_hands[Kind.DEVICE]]
    return text_of(bytes.fromhex(ask(sign(show(payload), SHOW_AAD, PHONE, None))[0]["message"]))


def reason_of(text: str) -> Reason | None:
    try:
        VERIFIER.verify(text, policy=EVERY_KIND, now=NOW)
    except Rejected as rejection:
        return rejection.reason
    return None


@pytest.mark.parametrize(("kind", "aad"), [("91", b"CC1 grant"), ("92", b"CC1 served"), ("93", b"CC1 paper")])
def test_others_verify_our_grants_and_only_under_their_own_purpose(kind: str, aad: bytes) -> None:
    issuer = ISSUERS[FORMS[Kind(kind)].purpose]
    signed = sign_grant(GRANTS[Kind(kind)], Kind(kind))
    others = {b"", b"CC1 grant", b"CC1 served", b"CC1 paper", b"CC1 show", b"CC2 grant"} - {aad}
    good, *refused = ask(
        verify(signed, aad, issuer, issuer.kid), *(verify(signed, other, issuer, issuer.kid) for other in others)
    )
    assert good == {
        "protected": show({1: -7, 4: issuer.kid}),
        "unprotected": show({}),
        "payload": show(claims_by_hand(Kind(kind), GRANTS[Kind(kind)])),
    }
    assert refused == [{"refused": "VerifyError"}] * len(others)


def test_others_verify_what_a_phone_shows_and_only_as_shown() -> None:
    shown = bytes_of(make_code(GRANT))
    grant = loads(loads(shown)[2])[1]
    good, another_purpose, none, another_key = ask(
        verify(shown, b"CC1 show", PHONE, None),
        verify(shown, b"CC1 grant", PHONE, None),
        verify(shown, b"", PHONE, None),
        verify(shown, b"CC1 show", STRANGER, None),
    )
    assert good == {"protected": show({1: -7}), "unprotected": show({}), "payload": [NOW, show(grant)]}
    assert another_purpose == none == another_key == {"refused": "VerifyError"}


@pytest.mark.parametrize("part", [0, 2, 3], ids=["header", "payload", "signature"])
def test_others_refuse_what_we_refuse(part: int) -> None:
    issuer = ISSUERS[FORMS[Kind.SERVED].purpose]
    signed = bytes_of(CODES[Kind.SERVED]())
    piece = loads(signed)[part]
    changed = replace_part(signed, part, piece[:-1] + bytes([piece[-1] ^ 1]))
    assert "refused" in ask(verify(changed, FORMS[Kind.SERVED].aad, issuer, None))[0]
    assert reason_of(text_of(changed, Kind.SERVED)) is not None


def test_we_accept_a_code_that_others_wrote(shown_by_other_hands: str) -> None:
    assert reason_of(shown_by_other_hands) is None


@pytest.mark.parametrize("kind", [Kind.SERVED, Kind.PAPER])
def test_we_accept_issuers_codes_that_others_wrote(kind: Kind, by_other_hands: dict[Kind, bytes]) -> None:
    assert reason_of(text_of(by_other_hands[kind], kind)) is None


def test_others_write_the_same_bytes_up_to_the_signature(by_other_hands: dict[Kind, bytes]) -> None:
    for kind, grant in GRANTS.items():
        assert by_other_hands[kind][:-64] == sign_grant(grant, kind)[:-64]


@pytest.mark.parametrize("aad", [b"", b"CC1 grant", b"CC1 served"])
def test_we_refuse_a_moment_that_others_signed_for_another_purpose(
    aad: bytes, by_other_hands: dict[Kind, bytes]
) -> None:
    [answer] = ask(sign([NOW, show(by_other_hands[Kind.DEVICE])], aad, PHONE, None))
    assert reason_of(text_of(bytes.fromhex(answer["message"]))) is Reason.BAD_HOLDER_PROOF


@pytest.mark.parametrize("aad", [b"", b"CC1 show", b"CC1 served"])
def test_we_refuse_a_grant_that_others_signed_for_another_purpose(aad: bytes) -> None:
    issuer = ISSUERS[FORMS[Kind.DEVICE].purpose]
    [grant] = ask(sign(show(claims_by_hand(Kind.DEVICE, GRANT)), aad, issuer, issuer.kid))
    [shown] = ask(sign([NOW, {"bytes": grant["message"]}], SHOW_AAD, PHONE, None))
    assert reason_of(text_of(bytes.fromhex(shown["message"]))) is Reason.BAD_SIGNATURE
