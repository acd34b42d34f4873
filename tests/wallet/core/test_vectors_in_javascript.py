"""The JavaScript verifier decides like the Python one, in Node and in Chromium; codes travel both ways."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from codeservice.code import Grant, Kind, read_code
from codeservice.verifier import Verifier
from keys import jws
from keys.cbor import loads
from keys.errors import NotDeterministicError
from tests.makers import (
    NOW,
    PHONE,
    ROOTS,
    make_code,
    make_grant,
    make_list,
    make_paper,
    make_policy,
    make_served,
    sign_grant,
    sign_list,
)
from tests.phone import jwk_of
from tests.running import ROOT, chromium
from tests.wallet.core.javascript import blank, in_node, node, served

VECTORS = ROOT / "tests" / "vectors"
NAMES: list[str] = json.loads((VECTORS / "manifest.json").read_text())["vectors"]
TRUST: dict[str, Any] = json.loads((VECTORS / "trust.json").read_text())
ALL: list[dict[str, Any]] = [json.loads((VECTORS / name).read_text()) for name in NAMES]
GOOD = ["device", "device-largest-place", "device-no-entitlements", "served", "paper-with-document"]


def context_of(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what a reader is told besides the text."""
    left_out = {"text", "stages", "expect", "name", "comment"}
    told = {name: value for name, value in vector.items() if name not in left_out}
    return told | {"trust": TRUST[vector["trust"]]}


def decide(**changes: Any) -> dict[str, Any]:
    """Decide the first good vector under changed circumstances, in Node."""
    text = changes.pop("text", ALL[0]["text"])
    return dict(in_node("decide", codes=[{"text": text, "context": context_of(ALL[0]) | changes}])[0])


@pytest.fixture(scope="module")
def in_the_node() -> dict[str, Any]:
    """Decisions of Node by vector."""
    return dict(zip(NAMES, in_node("vectors", vectors=ALL, trust=TRUST), strict=True))


@pytest.fixture(scope="module")
def in_the_browser() -> dict[str, Any]:
    """Decisions of Chromium by vector."""
    with served() as origin, chromium() as browser:
        page = blank(browser.new_page(), origin)
        script = "([all, trust]) => import('/tests/wallet/core/vectors.js').then((m) => m.decideAll(all, trust))"
        return dict(zip(NAMES, page.evaluate(script, [ALL, TRUST]), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_node_decides_every_vector_as_expected(name: str, in_the_node: dict[str, Any]) -> None:
    vector = ALL[NAMES.index(name)]
    assert in_the_node[name] == vector["expect"], vector["comment"]


@pytest.mark.parametrize("name", NAMES)
def test_chromium_decides_every_vector_as_expected(name: str, in_the_browser: dict[str, Any]) -> None:
    vector = ALL[NAMES.index(name)]
    assert in_the_browser[name] == vector["expect"], vector["comment"]


@pytest.mark.parametrize("name", ["good/device.json", "bad/malformed-appended-newline.json", "bad/replayed.json"])
def test_the_reader_of_the_conformance_kit_takes_a_code_from_standard_input(name: str, tmp_path: Path) -> None:
    vector = ALL[NAMES.index(name)]
    context = tmp_path / "context.json"
    context.write_text(json.dumps(context_of(vector)))
    done = subprocess.run(
        [node(), str(ROOT / "conformance" / "reader.mjs"), str(context)],
        input=vector["text"].encode(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == vector["expect"]


def test_no_truncation_and_no_flipped_bit_of_a_good_code_is_accepted() -> None:
    """Five good codes, every length of text and bytes, every bit; nothing throws."""
    good = [ALL[NAMES.index(f"good/{name}.json")] for name in GOOD]
    codes = [{"text": vector["text"], "context": context_of(vector)} for vector in good]
    for vector, reasons in zip(good, in_node("spoil", codes=codes), strict=True):
        text, size = vector["text"], len(vector["stages"]["cose"]) // 2
        assert "accepted" not in reasons
        assert sum(reasons.values()) == len(text) + size + size * 8
        assert {"malformed", "unknown_key", "bad_signature"} <= reasons.keys()


def test_no_second_text_of_a_good_code_is_accepted() -> None:
    """Every group that has room for 2^56 more would give the same bytes to a reader that forgets the limit."""
    vector = ALL[NAMES.index("good/device.json")]
    text, others = vector["text"], []
    for at in range(2, len(text) - 17, 17):
        larger = int(text[at : at + 17]) + (1 << 56)
        if larger < 10**17:
            others.append(f"{text[:at]}{larger}{text[at + 17 :]}")
    assert others
    answers = in_node("decide", codes=[{"text": other, "context": context_of(vector)} for other in others])
    assert {answer["reason"] for answer in answers} == {"malformed"}


@pytest.mark.parametrize("grant", [make_grant(), make_grant(entitlements={}), make_grant(idx=2**32 - 1, list=65535)])
def test_codes_written_in_javascript_are_accepted_by_the_python_verifier(grant: Grant) -> None:
    signed, moments = sign_grant(grant), [NOW - 60, NOW, NOW + 30]
    private = PHONE.private.private_numbers().private_value.to_bytes(32)
    jwk = jwk_of(PHONE.private) | {"d": jws.encode(private)}
    codes = in_node("write", jwk=jwk, grant=jws.encode(signed), moments=moments)
    verifier = Verifier(make_list)
    for iat, code in zip(moments, codes, strict=True):
        assert read_code(code).iat == iat
        assert read_code(code).grant == grant
        verified = verifier.verify(code, policy=make_policy(), now=NOW)
        assert (verified.kind, verified.grant, verified.iat) == (Kind.DEVICE, grant, iat)
    for iat, code, back in zip(moments, codes, in_node("read", codes=codes), strict=True):
        assert (back["kind"], back["iat"], back["grant"]) == ("91", iat, jws.encode(signed))
        assert back["again"] == code


@pytest.mark.parametrize("code", [make_code(), make_served(), make_paper()], ids=["device", "served", "paper"])
def test_codes_written_in_python_are_read_in_javascript(code: str) -> None:
    grant, back = read_code(code).grant, in_node("read", codes=[code])[0]
    assert [back["list"], back["idx"], back["scenes"]] == [grant.list, grant.idx, grant.scenes]
    assert dict(back["entitlements"]) == grant.entitlements


TRUST_LISTS: dict[str, dict[str, Any]] = {
    "too few roots": {"list": sign_list(make_list()), "threshold": 3},
    "issued in the future": {"list": sign_list(make_list(issued=NOW + 1))},
    "expires before it was issued": {"list": sign_list(make_list(issued=NOW - 10, expires=NOW - 10))},
    "its own threshold not reached": {"list": sign_list(make_list(threshold=3))},
    "nobody asked for": {"list": sign_list(make_list()), "threshold": 0},
    "not one COSE_Sign": {"list": b"\x80"},
    "a byte more": {"list": sign_list(make_list()) + b"\0"},
    "empty": {"list": b""},
    "too large": {"list": bytes(70_000)},
}


@pytest.mark.parametrize("flaw", TRUST_LISTS)
def test_without_a_trust_list_that_counts_nobody_can_tell(flaw: str) -> None:
    bad = TRUST_LISTS[flaw]
    trust = TRUST["current"] | {name: value.hex() if name == "list" else value for name, value in bad.items()}
    assert decide(trust=trust) == {"decision": "undetermined", "reason": "temporarily_unavailable"}
    assert decide(trust=trust, text="911") == {"decision": "refused", "reason": "malformed"}


def test_a_root_that_signs_twice_counts_once() -> None:
    twice = sign_list(make_list(), ROOTS[0], ROOTS[0])
    assert decide(trust=TRUST["current"] | {"list": twice.hex()})["reason"] == "temporarily_unavailable"


CBOR = {
    "five levels": ("8181818100", True),
    "five containers": ("818181818100", True),
    "six containers": ("81818181818100", False),
    "largest integer": ("1bffffffffffffffff", True),
    "least integer": ("3bffffffffffffffff", True),
    "past 2^53": ("1b0020000000000000", True),
    "past -2^53": ("3b001fffffffffffff", True),
    "eight bytes for less": ("1b00000000ffffffff", False),
    "one byte for less": ("1817", False),
    "a length past the end": ("5bffffffffffffffff", False),
    "as many elements": ("9bffffffffffffffff", False),
    "null": ("f6", False),
    "undefined": ("f7", False),
    "a float": ("f90000", False),
    "a simple value": ("f820", False),
    "true in two bytes": ("f815", False),
    "a tag": ("c100", False),
    "an endless array": ("9fff", False),
    "a key of bytes": ("a14100f5", False),
    "a boolean as key": ("a1f500", False),
    "keys in order": ("a3012020006161f4", True),
    "keys by length": ("a2616100200a", False),
    "keys repeated": ("a201000100", False),
    "not UTF-8": ("61ff", False),
    "a surrogate": ("63eda080", False),
    "a byte order mark": ("63efbbbf", True),
    "nothing": ("", False),
    "a byte more": ("0000", False),
}


def test_cbor_is_read_by_the_same_rules() -> None:
    """What JavaScript takes and refuses, Python takes and refuses."""
    answers = in_node("cbor", items=[item for item, _ in CBOR.values()])
    for (flaw, (item, good)), answer in zip(CBOR.items(), answers, strict=True):
        assert answer == (item if good else None), flaw
        if good:
            loads(bytes.fromhex(item))
        else:
            with pytest.raises(NotDeterministicError):
                loads(bytes.fromhex(item))
