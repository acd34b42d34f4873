"""JSON Web Signatures: one algorithm, one kind, one audience, one key, and a moment that is now."""

import contextlib
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from keys import jws
from keys.errors import BadKeyError, KeyNotUsableError, NotSignedError
from keys.jws import StaleProofError
from keys.key import Purpose
from tests.makers import ISSUERS, NOW, PHONE, STRANGER, high_s_twin, point_off_curve
from tests.phone import jwk_of, sign_jws

TYP, AUDIENCE = "grant-request+jwt", "https://city.example"
CLAIMS: dict[str, object] = {"aud": AUDIENCE, "iat": NOW, "sub": "device"}
JWK = jwk_of(PHONE.private)
DEEP = b"[" * 6000
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


def proof(claims: dict[str, object] = CLAIMS, typ: str = TYP, **header: object) -> str:
    return sign_jws(PHONE.private, typ, claims, **header)


def read(token: str) -> dict[str, Any]:
    return jws.read(token, typ=TYP, point=PHONE.point, audience=AUDIENCE)


def read_proof(token: str, now: int = NOW) -> dict[str, Any]:
    return jws.read_proof(token, typ=TYP, point=PHONE.point, now=now, audience=AUDIENCE)


def unsigned(header: object, claims: object = CLAIMS, signature: bytes = b"") -> str:
    return ".".join(jws.encode(json.dumps(part).encode()) for part in (header, claims)) + "." + jws.encode(signature)


def spare_bits(token: str) -> str:
    """Change the last letter in the bits that carry nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def hmac_signed(secret: bytes, algorithm: str = "HS256") -> str:
    """Sign with the public key as the secret of an HMAC."""
    body = unsigned({"alg": algorithm, "typ": TYP}).rpartition(".")[0]
    return f"{body}.{jws.encode(hmac.digest(secret, body.encode(), hashlib.sha256))}"


def public_forms() -> dict[str, bytes]:
    public = PHONE.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "PEM": pem,
        "PEM behind white space": b"\n " + pem,
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "SSH": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "JWK": json.dumps(JWK).encode(),
        "point": PHONE.point,
    }


def test_a_good_proof_is_read() -> None:
    assert read_proof(proof()) == CLAIMS


def test_our_own_token_is_read() -> None:
    signer = ISSUERS[Purpose.TOKEN].signer(Purpose.TOKEN)
    token = jws.sign(CLAIMS, typ=TYP, signer=signer, now=NOW)
    assert jws.read(token, typ=TYP, point=signer.key.public, audience=AUDIENCE) == CLAIMS
    assert jws.header_of(token) == {"alg": "ES256", "kid": signer.key.kid.hex(), "typ": TYP}


def test_a_key_out_of_its_time_signs_no_token() -> None:
    with pytest.raises(KeyNotUsableError):
        jws.sign(CLAIMS, typ=TYP, signer=PHONE.signer(Purpose.TOKEN, sign_until=NOW), now=NOW)


def test_a_standard_signature_with_a_high_s_is_read() -> None:
    """Browsers and partners' libraries do not normalise."""
    body, _, signature = proof().rpartition(".")
    assert read(f"{body}.{jws.encode(high_s_twin(jws.decode(signature)))}") == CLAIMS


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="three letters"),
        pytest.param(proof().rpartition(".")[0], id="no signature part"),
        pytest.param(proof().rpartition(".")[0] + ".", id="empty signature"),
        pytest.param(proof() + "A", id="a letter behind"),
        pytest.param(proof() + "\n", id="a line break behind"),
        pytest.param(proof() + "==", id="padding behind"),
        pytest.param(proof().replace(".", "=.", 1), id="padding in front"),
        pytest.param(spare_bits(proof()), id="spare bits of the signature set"),
        pytest.param(proof().replace(".", "!.", 1), id="a letter of no alphabet"),
        pytest.param(proof() + ".x", id="four parts"),
        pytest.param(proof(typ="at+jwt"), id="another typ"),
        pytest.param(proof(typ=""), id="empty typ"),
        pytest.param(proof(typ="GRANT-REQUEST+JWT"), id="typ in capitals"),
        pytest.param(unsigned({"alg": "ES256"}), id="no typ"),
        pytest.param(proof(alg="none"), id="alg none"),
        pytest.param(unsigned({"alg": "none", "typ": TYP}), id="alg none without signature"),
        pytest.param(unsigned({"alg": "None", "typ": TYP}), id="alg None"),
        pytest.param(unsigned({"alg": None, "typ": TYP}), id="alg null"),
        pytest.param(unsigned({"alg": "", "typ": TYP}), id="alg empty"),
        pytest.param(unsigned({"alg": ["ES256"], "typ": TYP}), id="alg is a list"),
        pytest.param(unsigned({"typ": TYP}), id="alg missing"),
        pytest.param(proof(alg="ES384"), id="alg ES384"),
        pytest.param(proof(alg="es256"), id="alg es256"),
        pytest.param(proof(crit=["exp"]), id="crit"),
        pytest.param(unsigned([1]), id="header is a list"),
        pytest.param(proof(kid=1), id="kid is a number"),
        pytest.param(sign_jws(STRANGER.private, TYP, CLAIMS), id="another key"),
        pytest.param(sign_jws(STRANGER.private, TYP, CLAIMS, jwk=jwk_of(STRANGER.private)), id="key in the header"),
        pytest.param(proof(CLAIMS | {"aud": "https://other.example"}), id="another audience"),
        pytest.param(proof(CLAIMS | {"aud": AUDIENCE + "/"}), id="audience with a slash"),
        pytest.param(proof(CLAIMS | {"aud": []}), id="no audience"),
        pytest.param(proof({"iat": NOW, "sub": "device"}), id="audience missing"),
        pytest.param(proof(CLAIMS | {"pad": "x" * jws.MAX_JWS}), id="too long"),
        pytest.param(proof(CLAIMS | {"sub": 1}), id="subject is a number"),
        pytest.param("\u6570." + proof(), id="not ASCII"),
    ],
)
def test_a_token_of_another_make_is_refused(token: str) -> None:
    with pytest.raises(NotSignedError):
        read(token)


@pytest.mark.parametrize("form", public_forms())
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_an_hmac_with_the_public_key_is_refused(form: str, algorithm: str) -> None:
    with pytest.raises(NotSignedError):
        read(hmac_signed(public_forms()[form], algorithm))


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "claims", "signature"])
def test_no_changed_letter_is_accepted(part: int) -> None:
    """Also not in the spare bits of base64url: a signature has one form or is refused."""
    parts = proof().split(".")
    for at in range(len(parts[part])):
        changed = parts[part][:at] + ("A" if parts[part][at] != "A" else "B") + parts[part][at + 1 :]
        with pytest.raises(NotSignedError):
            read(".".join([*parts[:part], changed, *parts[part + 1 :]]))


@given(ANY_TEXT)
@example("\ud800.\ud800.\ud800")
def test_reading_a_token_is_total(token: str) -> None:
    """Any text, with lone surrogates too, is refused with NotSignedError."""
    for read_any in (read, read_proof, jws.header_of):
        with pytest.raises(NotSignedError):
            read_any(token)


def test_a_deeply_nested_header_is_refused() -> None:
    with pytest.raises(NotSignedError):
        jws.header_of(f"{jws.encode(DEEP)}.e30.")


@pytest.mark.parametrize("now", [NOW - 30, NOW - 1, NOW, NOW + 30])
def test_a_proof_counts_within_thirty_seconds(now: int) -> None:
    assert read_proof(proof(), now) == CLAIMS


@pytest.mark.parametrize(
    ("claims", "now"),
    [
        pytest.param(CLAIMS, NOW + 31, id="31 s old"),
        pytest.param(CLAIMS, NOW - 31, id="31 s early"),
        pytest.param({"aud": AUDIENCE}, NOW, id="no iat"),
        pytest.param(CLAIMS | {"iat": str(NOW)}, NOW, id="iat is text"),
        pytest.param(CLAIMS | {"iat": float(NOW)}, NOW, id="iat is a float"),
        pytest.param(CLAIMS | {"iat": True}, 1, id="iat is true"),
        pytest.param(CLAIMS | {"iat": None}, NOW, id="iat is null"),
        pytest.param(CLAIMS | {"iat": 10**400}, NOW, id="iat is huge"),
    ],
)
def test_a_proof_of_another_time_is_stale(claims: dict[str, object], now: int) -> None:
    with pytest.raises(StaleProofError):
        read_proof(proof(claims), now)


@given(st.binary(max_size=100))
def test_base64url_goes_round(data: bytes) -> None:
    assert jws.decode(jws.encode(data)) == data


@pytest.mark.parametrize(
    "text",
    ["A", "AB", "AAB", "AA==", "AA=", "AA\n", " AA", "A A", "AA+", "AA/", "A.A", "\uff21\uff21", "A" * 8196],
    ids=ascii,
)
def test_base64url_has_one_form(text: str) -> None:
    with pytest.raises(BadKeyError):
        jws.decode(text)


@pytest.mark.parametrize("value", [None, 1, b"AA", ["AA"], True])
def test_what_is_no_text_is_no_base64url(value: object) -> None:
    with pytest.raises(BadKeyError):
        jws.decode(value)


@given(ANY_TEXT)
def test_reading_base64url_is_total(text: str) -> None:
    try:
        data = jws.decode(text)
    except BadKeyError:
        return
    assert jws.encode(data) == text


def test_a_jwk_is_read_as_a_point() -> None:
    assert jws.point_of_jwk(JWK) == PHONE.point


def change_jwk(**changes: object) -> dict[str, object]:
    return {**JWK, **changes}


def other_curve(curve: ec.EllipticCurve) -> dict[str, object]:
    """Call a point of another curve a point of P-256."""
    numbers = ec.derive_private_key(5, curve).public_key().public_numbers()
    x, y = (jws.encode(value.to_bytes((curve.key_size + 7) // 8)) for value in (numbers.x, numbers.y))
    return change_jwk(x=x, y=y)


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="list"),
        pytest.param("{}", id="text"),
        pytest.param({}, id="empty"),
        pytest.param(change_jwk(d="AA"), id="with a private part"),
        pytest.param(change_jwk(kid="1"), id="unknown field"),
        pytest.param(change_jwk(kty="RSA"), id="RSA"),
        pytest.param(change_jwk(kty="OKP", crv="Ed25519"), id="Ed25519"),
        pytest.param(change_jwk(crv="P-384"), id="another curve's name"),
        pytest.param(change_jwk(crv=["P-256"]), id="curve is a list"),
        pytest.param(change_jwk(x=JWK["y"]), id="x off the curve"),
        pytest.param(change_jwk(y=JWK["x"]), id="y off the curve"),
        pytest.param(change_jwk(y=jws.encode(bytes(31) + b"\x01")), id="y of another point"),
        pytest.param(change_jwk(x=jws.encode(point_off_curve()[1:])), id="x of no point"),
        pytest.param(change_jwk(x=jws.encode(bytes(32)), y=jws.encode(bytes(32))), id="infinity as zeros"),
        pytest.param(change_jwk(x=jws.encode(b"\xff" * 32)), id="x above the prime"),
        pytest.param(change_jwk(x=JWK["x"] + "="), id="padding"),
        pytest.param(change_jwk(x=JWK["x"][:-2]), id="x too short"),
        pytest.param(change_jwk(x=jws.encode(b"\0" + jws.decode(JWK["x"]))), id="x too long"),
        pytest.param(change_jwk(x=1), id="x is a number"),
        pytest.param(change_jwk(x=None), id="x is null"),
        pytest.param(other_curve(ec.SECP256K1()), id="point of secp256k1"),
        pytest.param(other_curve(ec.SECP384R1()), id="point of P-384"),
    ],
)
def test_what_is_no_public_p256_key_is_refused(jwk: object) -> None:
    with pytest.raises(BadKeyError):
        jws.point_of_jwk(jwk)


def test_a_json_object_is_read() -> None:
    assert jws.parse_json(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"1", b"null", b"{", b"{}{}", b"\xff\xfe", DEEP, b'{"a":' * 2000, b"1" * 6000],
    ids=["empty", "list", "number", "null", "cut", "two", "not UTF-8", "deep lists", "deep objects", "long number"],
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(BadKeyError):
        jws.parse_json(data)


@given(st.binary(max_size=60))
def test_reading_json_is_total(data: bytes) -> None:
    """Any bytes are an object or BadKeyError."""
    try:
        value = jws.parse_json(data)
    except BadKeyError:
        return
    assert isinstance(value, dict)


def test_json_of_any_depth_is_read_or_refused() -> None:
    """The reader stops at another depth than the writer that looks at what was read."""
    for depth in range(800, 1010):
        with contextlib.suppress(BadKeyError):
            jws.parse_json(b'{"a":' + b"[" * depth + b"]" * depth + b"}")
