"""`python -m tests.vectors.build [FOLDER]`: writes the vectors, the specification made executable.

Keys and nonces are fixed, so a rebuild gives the same bytes; a test rebuilds and compares.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cbor2

from codeservice.code import Kind, from_digits
from keys import rotation
from keys.cose import read_sign1
from keys.key import Purpose
from keys.trustlist import TrustList
from tests.makers import (
    CITY_CLAIM,
    DAY,
    ISSUER,
    ISSUERS,
    NOW,
    ORDER,
    OTHER_PHONE,
    PHONE,
    ROOTS,
    SM2_ISSUER,
    SM2_PHONE,
    SM2_ROOTS,
    STRANGER,
    Pair,
    bytes_of,
    claims_of,
    cose,
    header_of,
    high_s_twin,
    make_code,
    make_grant,
    make_list,
    make_paper,
    make_served,
    replace_part,
    show,
    sign_grant,
    sign_list,
    spoilt_grant,
    text_of,
)
from tests.vectors import posters
from tests.vectors.sm2 import bad as bad_sm2_codes
from tests.vectors.sm2 import good as good_sm2_codes
from tests.vectors.sm2 import sm2_list
from tests.vectors.trust_lists import Offer, offers

HERE = Path(__file__).parent
GUIDE = "https://code.city.example/#"
EARLY, LATE = 30, 60

Claims = dict[Any, Any]


@dataclass(frozen=True)
class Vector:
    """One vector: what is scanned, under which circumstances, and what has to come out."""

    name: str
    comment: str
    text: str
    reason: str | None = None
    guide: str | None = None
    now: int = NOW
    scene: str = "bus"
    kinds: tuple[str, ...] = ("91", "92")
    with_document: tuple[str, ...] = ("93",)
    early: int = EARLY
    late: int = LATE
    document_checked: bool = False
    status: str | None = "valid"
    used: bool = False
    trust: str = "current"
    undetermined: bool = field(default=False)

    def document(self) -> dict[str, Any]:
        """Return the vector as it is written."""
        decision = "accepted" if self.reason is None else "undetermined" if self.undetermined else "refused"
        policy = {"scene": self.scene, "kinds": list(self.kinds), "with_document": list(self.with_document)}
        return {
            "name": self.name,
            "comment": self.comment,
            "text": self.text,
            "guide": self.guide,
            "now": self.now,
            "policy": policy | {"early": self.early, "late": self.late},
            "document_checked": self.document_checked,
            "status": self.status,
            "used": self.used,
            "trust": self.trust,
            "stages": stages(self.text.removeprefix(self.guide or "")),
            "expect": {"decision": decision, "reason": self.reason},
        }


def stages(text: str) -> dict[str, str]:
    """Return every stage of a text that can be reached, in hexadecimal."""
    found: dict[str, str] = {}
    try:
        found["cose"] = from_digits(text[2:]).hex()
        outer = read_sign1(bytes.fromhex(found["cose"]))
        if text.startswith(Kind.DEVICE.value):
            found["show_payload"] = outer.payload.hex()
            found["grant"] = cbor2.loads(outer.payload)[1].hex()
            outer = read_sign1(bytes.fromhex(found["grant"]))
        found["claims"] = outer.payload.hex()
    except Exception:  # noqa: BLE001 -- a bad vector breaks anywhere; what was reached before stands
        return found
    return found


def trust_lists() -> dict[str, Any]:
    """Return the trust lists that vectors name: in force, expired, and with the grant key killed."""
    current = make_list()
    killed = rotation.kill(current, ISSUER.kid, now=NOW - 60, lifetime=20 * DAY)
    early = replace(current, keys={ISSUER.kid: ISSUER.key(sign_from=NOW + 1)})
    late = replace(current, keys={ISSUER.kid: ISSUER.key(sign_until=NOW - 2, verify_until=NOW - 1)})
    resting = replace(current, keys={ISSUER.kid: ISSUER.key(sign_until=NOW - 1)})
    lists = {
        "current": current,
        "expired": replace(current, expires=NOW),
        "killed": killed,
        "early_key": early,
        "late_key": late,
        "resting_key": resting,
    }
    published = {name: published_list(entry, ROOTS) for name, entry in lists.items()}
    return published | {"sm2": published_list(sm2_list(), SM2_ROOTS)}


def published_list(trust_list: TrustList, roots: Sequence[Pair]) -> dict[str, Any]:
    """Return a list as a vector's verifier gets it, with the roots it was set up with."""
    pinned = [{"algorithm": pair.root.algorithm, "public": pair.point.hex()} for pair in roots]
    return {"list": sign_list(trust_list, *roots[:2]).hex(), "roots": pinned, "threshold": 2}


def good() -> Iterator[Vector]:
    """Yield the vectors that are accepted."""
    code = make_code()
    yield Vector("device", "a device code with three entitlements", code)
    yield Vector("device-no-entitlements", "an empty map of entitlements", make_code(make_grant(entitlements={})))
    later = make_code(make_grant(entitlements={1: 1, 200: 65535}))
    yield Vector("device-later-entitlement", "a number of a later registry is carried, not understood", later)
    yield Vector(
        "device-largest-place", "last index of the last list", make_code(make_grant(list=65535, idx=2**32 - 1))
    )
    yield Vector("device-earliest", "shown 30 s ahead of the verifier", make_code(iat=NOW + EARLY))
    yield Vector("device-latest", "shown 60 s before", make_code(iat=NOW - LATE))
    yield Vector("device-wide-window", "a policy of 120 s", make_code(iat=NOW - 120), late=120)
    yield Vector("device-first-second", "the grant begins now", make_code(make_grant(issued=NOW)))
    yield Vector("device-last-second", "the grant ends in the next second", make_code(make_grant(expires=NOW + 1)))
    longest = make_grant(issued=NOW - 60, expires=NOW - 60 + 72 * 3600)
    yield Vector("device-longest-grant", "72 hours", make_code(longest))
    yield Vector("device-guide", "the city's guide in front", GUIDE + code, guide=GUIDE)
    yield Vector("device-guide-left-out", "a guide is configured, and not there", code, guide=GUIDE)
    for number, scene in enumerate(("bus", "hospital", "pharmacy", "scenic_spot", "government")):
        text = make_code(make_grant(scenes=1 << number))
        yield Vector(f"device-only-{scene}", f"a grant for the scene {scene} alone", text, scene=scene)
    yield Vector("device-resting-key", "the key signs no more and still verifies", code, trust="resting_key")
    yield Vector("served", "a served code", make_served())
    yield Vector("served-last-second", "exp is exclusive", make_served(), now=NOW + 59)
    yield Vector(
        "paper-with-document", "a paper code, and staff checked a document", make_paper(), document_checked=True
    )
    yield Vector("paper-by-policy", "a scene that accepts paper alone", make_paper(), kinds=("91", "92", "93"))
    yield Vector(
        "paper-used-before", "a paper code has no moment: use does not end it", make_paper(), kinds=("93",), used=True
    )


def bad_texts() -> Iterator[Vector]:
    """Yield texts that are no code."""
    code = make_code()
    wide = code.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    superscript = code[:-1] + "\u00b2"
    for name, comment, text in (
        ("empty", "nothing at all", ""),
        ("kind-only", "two digits", "91"),
        ("letters", "text of another kind", "HELLO WORLD"),
        ("appended-text", "a letter behind", code + "A"),
        ("appended-space", "white space behind", code + " "),
        ("appended-newline", "a line break behind", code + "\n"),
        ("leading-plus", "a sign in front", "+" + code),
        ("underscore", "a digit group of a programming language", code[:20] + "_" + code[20:]),
        ("full-width", "digits of another width", wide),
        ("superscript", "isdigit() says yes", superscript),
        ("two-codes", "two codes in a row", code + code),
        ("too-long", "701 digits", "91" + "0" * 699),
        ("odd-tail", "a tail of one digit", code[:-4]),
        ("group-above-limit", "a group of 17 nines is no seven bytes", "91" + "9" * 17 + code[19:]),
        ("group-plus-2-to-56", "a reader that forgets the limit gets the same bytes", overflown(code)),
        ("last-digit-missing", "cut by one", code[:-1]),
        ("half", "cut in the middle", code[: len(code) // 2]),
        ("url", "an address", "https://code.city.example/"),
        ("number", "a record's number", "4711"),
        ("sql", "a query", "' OR 1=1--"),
    ):
        yield Vector(f"malformed-{name}", comment, text, "malformed")
    upper = GUIDE.upper() + code
    yield Vector("malformed-guide-in-capitals", "a guide is compared byte by byte", upper, "malformed", guide=GUIDE)
    yield Vector("malformed-guide-not-configured", "no guide is configured", GUIDE + code, "malformed")
    yield Vector("malformed-guide-twice", "the guide twice", GUIDE + GUIDE + code, "malformed", guide=GUIDE)
    for prefix in ("90", "94", "99"):
        yield Vector(f"version-{prefix}", "a kind of a later version", prefix + code[2:], "unsupported_version")
    yield Vector("malformed-other-number", "digits that are no kind at all", "17" + code[2:], "malformed")


def overflown(code: str) -> str:
    """Add 2^56 to the first group that stays within its seventeen digits."""
    for at in range(2, len(code) - 17, 17):
        larger = str(int(code[at : at + 17]) + (1 << 56))
        if len(larger) == 17:
            return code[:at] + larger + code[at + 17 :]
    raise AssertionError("no group has room")


def bad_bytes() -> Iterator[Vector]:
    """Yield bytes that are no deterministic CBOR or no COSE_Sign1 of this format."""
    data = bytes_of(make_code())
    protected = b"\x43\xa1\x01\x26"
    for name, comment, changed in (
        ("trailing-byte", "a byte behind", data + b"\0"),
        ("tagged", "tag 18 in front", b"\xd2" + data),
        ("cwt-tag", "tags 61 and 18 in front", b"\xd8\x3d\xd2" + data),
        ("indefinite-array", "an array without length", b"\x9f" + data[1:] + b"\xff"),
        ("long-head", "array length in two bytes", b"\x98\x04" + data[1:]),
        ("five-parts", "an array of five", b"\x85" + data[1:] + b"\x40"),
        (
            "unprotected-header",
            "kid in the unprotected header",
            data.replace(protected + b"\xa0", protected + b"\xa1\x04\x40", 1),
        ),
        ("null-payload", "a detached payload", cbor2.dumps([b"\xa1\x01\x26", {}, None, bytes(64)])),
        ("float", "a float in place of the payload", cbor2.dumps([b"\xa1\x01\x26", {}, 1.5, bytes(64)])),
        ("integer", "a bare integer", b"\x01"),
        ("deep", "nested a hundred times", b"\x81" * 100 + b"\x01"),
        ("bignum", "a bignum tag", b"\xc2\x58\x20" + b"\xff" * 32),
        ("shared-reference", "a tag that refers to itself", b"\xd8\x1c\x81\xd8\x1d\x00"),
    ):
        yield Vector(f"malformed-cbor-{name}", comment, text_of(changed), "malformed")
    signed = sign_grant(make_grant())
    for name, comment, payload in (
        ("iat-negative", "a moment before 1970", [-1, signed]),
        ("iat-text", "a moment as text", ["now", signed]),
        ("iat-true", "true is no number", [True, signed]),
        ("iat-too-large", "a moment beyond 2242", [1 << 33, signed]),
        ("show-of-three", "three parts", [NOW, signed, 1]),
        ("grant-as-array", "the grant not as bytes", [NOW, [1]]),
    ):
        text = text_of(cose(payload, header_of(None), PHONE, b"CC1 show"))
        yield Vector(f"malformed-{name}", comment, text, "malformed")
    yield Vector("malformed-bare-grant", "a grant without the phone's layer: fraud", text_of(signed), "malformed")
    served = text_of(bytes_of(make_served()))
    yield Vector("malformed-served-as-device", "a served code under the device prefix", served, "malformed")
    device = text_of(bytes_of(make_code()), Kind.SERVED)
    yield Vector("malformed-device-as-served", "a device code under the served prefix", device, "malformed")
    with_kid = show(signed, header=header_of(ISSUER))
    yield Vector("malformed-show-with-kid", "the phone's layer names a key", with_kid, "malformed")
    for name, extra in (
        ("jwk", {-1: {}}),
        ("jku", {35: "https://evil.example"}),
        ("x5u", {35: ""}),
        ("crit", {2: [1]}),
    ):
        header = header_of(ISSUER) | extra
        text = show(cose(claims_of(make_grant()), header, ISSUER, b"CC1 grant"))
        yield Vector(f"malformed-header-{name}", f"{name} in the protected header", text, "malformed")


def bad_claims() -> Iterator[Vector]:
    """Yield grants of another schema, signed all the same."""

    def claims(**changes: Any) -> Claims:
        return claims_of(make_grant(**changes))

    def city(**fields: Any) -> Claims:
        made = claims()
        entry = list(made[CITY_CLAIM])
        for place, value in fields.items():
            entry[int(place[1:])] = value
        return made | {CITY_CLAIM: entry}

    without_exp = claims()
    del without_exp[4]
    for name, comment, changed in (
        ("extra", "an unknown claim", claims() | {6: NOW}),
        ("text-key", "a claim named by text", claims() | {"name": "x"}),
        ("missing", "no exp", without_exp),
        ("exp-text", "exp as text", claims() | {4: "soon"}),
        ("list-negative", "a negative list", city(_0=-1)),
        ("list-too-large", "list beyond 65535", city(_0=65536)),
        ("idx-too-large", "index beyond 32 bits", city(_1=1 << 32)),
        ("scenes-bytes", "scenes as bytes", city(_2=b"\x01")),
        ("entitlements-array", "entitlements as an array", city(_3=[1, 2])),
        ("entitlement-text", "an entitlement named by text", city(_3={"fare": 1})),
        ("entitlement-too-large", "a value beyond 65535", city(_3={1: 65536})),
        ("entitlements-seventeen", "seventeen entitlements", city(_3=dict.fromkeys(range(17), 1))),
        ("city-short", "three fields", claims() | {CITY_CLAIM: [1, 2, 3]}),
        ("curve", "a key of P-384", claims() | {8: {1: {1: 2, -1: 2, -2: bytes(32), -3: True}}}),
        (
            "point-uncompressed",
            "y in place of its sign",
            claims() | {8: {1: {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}}},
        ),
        ("cnf-kid", "a key by reference", claims() | {8: {3: b"kid"}}),
    ):
        yield Vector(f"malformed-claims-{name}", comment, show(spoilt_grant(changed)), "malformed")
    sized = claims()
    for size in (0, 7, 9, 64):
        header = header_of(ISSUER) | {4: bytes(size)}
        text = show(cose(sized, header, ISSUER, b"CC1 grant"))
        yield Vector(f"malformed-kid-{size}", f"a kid of {size} bytes", text, "malformed")
    unordered = bytes.fromhex("a2050104020800")
    yield Vector("malformed-claims-unordered", "keys out of order", show(spoilt_grant(unordered)), "malformed")
    repeated = bytes.fromhex("a204010402")
    yield Vector("malformed-claims-repeated", "a key twice", show(spoilt_grant(repeated)), "malformed")


def bad_keys() -> Iterator[Vector]:
    """Yield codes whose key or algorithm is refused."""
    code = make_code()
    for name, alg in (("eddsa", -8), ("es384", -35), ("hmac", 5), ("zero", 0), ("unknown", -70009)):
        text = show(cose(claims_of(make_grant()), header_of(ISSUER) | {1: alg}, ISSUER, b"CC1 grant"))
        yield Vector(f"algorithm-grant-{name}", f"alg {alg} in the grant", text, "unsupported_algorithm")
        text = show(sign_grant(make_grant()), header={1: alg})
        yield Vector(f"algorithm-show-{name}", f"alg {alg} in the phone's layer", text, "unsupported_algorithm")
    stranger = show(cose(claims_of(make_grant()), header_of(STRANGER), STRANGER, b"CC1 grant"))
    yield Vector("unknown-key", "a key that no list names", stranger, "unknown_key")
    yield Vector("unknown-key-killed", "a killed key", code, "unknown_key", trust="killed")
    yield Vector(
        "unknown-key-early", "a key that was published and may not sign yet", code, "unknown_key", trust="early_key"
    )
    yield Vector("unknown-key-late", "a key that verifies no more", code, "unknown_key", trust="late_key")
    for purpose in (Purpose.SERVED, Purpose.PAPER, Purpose.STATUS, Purpose.TOKEN, Purpose.CHECKPOINT):
        pair = ISSUERS[purpose]
        text = show(cose(claims_of(make_grant()), header_of(pair), pair, b"CC1 grant"))
        yield Vector(f"wrong-key-{purpose}", f"a grant signed by the key for {purpose}", text, "wrong_key_usage")
    expired = Vector("status-stale-list", "the trust list has expired", code, "status_stale", trust="expired")
    yield replace(expired, undetermined=True)


def bad_signatures() -> Iterator[Vector]:
    """Yield codes whose signatures are wrong."""
    signed = sign_grant(make_grant())
    right = read_sign1(signed).signature
    for name, comment, signature in signatures(right):
        text = show(replace_part(signed, 3, signature))
        yield Vector(f"signature-grant-{name}", f"grant: {comment}", text, "bad_signature")
    other = sign_grant(make_grant(idx=1))
    moved = replace_part(other, 3, right)
    yield Vector("signature-grant-of-another", "the signature of another grant", show(moved), "bad_signature")
    aad = cose(claims_of(make_grant()), header_of(ISSUER), ISSUER, b"CC1 served")
    yield Vector("signature-grant-as-served", "signed as a served code", show(aad), "bad_signature")
    outer = bytes_of(make_code())
    for name, comment, signature in signatures(read_sign1(outer).signature):
        text = text_of(replace_part(outer, 3, signature))
        yield Vector(f"holder-{name}", f"phone: {comment}", text, "bad_holder_proof")
    yield Vector("holder-another-phone", "signed by another phone", make_code(phone=OTHER_PHONE), "bad_holder_proof")
    wrong = text_of(cose([NOW, signed], header_of(None), PHONE, b"CC1 grant"))
    yield Vector("holder-as-grant", "the moment signed as a grant", wrong, "bad_holder_proof")
    later = bytes_of(make_code(iat=NOW - 300))
    payload = read_sign1(bytes_of(make_code())).payload
    yield Vector(
        "holder-moved",
        "an old signature under a new moment",
        text_of(replace_part(later, 2, payload)),
        "bad_holder_proof",
    )
    nowhere = claims_of(make_grant()) | {8: {1: {1: 2, -1: 1, -2: (5).to_bytes(32), -3: True}}}
    yield Vector("holder-off-curve", "the phone's key is no point", show(spoilt_grant(nowhere)), "bad_holder_proof")


def signatures(right: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Yield (name, comment, wrong signature)."""
    r, s = right[:32], right[32:]
    yield "flipped", "one bit flipped", bytes([right[0] ^ 1]) + right[1:]
    yield "empty", "nothing", b""
    yield "short", "63 bytes", right[:63]
    yield "long", "65 bytes", right + b"\0"
    yield "der", "DER where raw is expected", b"\x30\x44\x02\x20" + r + b"\x02\x20" + s
    yield "high-s", "the twin (r, n - s)", high_s_twin(right)
    yield "zero-r", "r = 0", bytes(32) + s
    yield "zero-s", "s = 0", r + bytes(32)
    yield "r-is-n", "r = n", ORDER.to_bytes(32) + s
    yield "zeros", "sixty-four zeros", bytes(64)


def bad_times() -> Iterator[Vector]:
    """Yield codes at the wrong moment."""
    yield Vector(
        "not-yet-valid", "the grant begins in a second", make_code(make_grant(issued=NOW + 1)), "not_yet_valid"
    )
    yield Vector("expired-grant", "the grant ends now", make_code(make_grant(expires=NOW)), "expired")
    yield Vector("expired-moment", "shown 61 s ago: a screenshot", make_code(iat=NOW - LATE - 1), "expired")
    yield Vector("expired-served", "exp is exclusive", make_served(), "expired", now=NOW + 60)
    yield Vector("expired-paper", "a print of two years ago", make_paper(expires=NOW), "expired", document_checked=True)
    yield Vector("clock-skew", "shown 31 s ahead", make_code(iat=NOW + EARLY + 1), "clock_skew")
    yield Vector("clock-skew-served", "a verifier 31 s behind", make_served(), "clock_skew", now=NOW - 31)
    long = make_grant(issued=NOW - 60, expires=NOW - 60 + 72 * 3600 + 1)
    yield Vector("lifetime-grant", "72 hours and a second", make_code(long), "lifetime_too_long")
    yield Vector("lifetime-served", "61 seconds", make_served(expires=NOW + 61), "lifetime_too_long")


def bad_policies() -> Iterator[Vector]:
    """Yield good codes that are refused where they are shown."""
    for scene, bit in (("hospital", 0), ("bus", 1), ("scenic_spot", 2), ("government", 3), ("pharmacy", 4)):
        text = make_code(make_grant(scenes=1 << bit))
        yield Vector(f"wrong-scene-{scene}", f"a grant without the bit of {scene}", text, "wrong_scene", scene=scene)
    yield Vector(
        "wrong-scene-used",
        "a used code of another scene: the scene comes first",
        make_code(make_grant(scenes=2)),
        "wrong_scene",
        used=True,
    )
    paper = make_paper()
    yield Vector("second-factor-paper", "a paper code alone", paper, "second_factor_required")
    yield Vector(
        "second-factor-served",
        "a scene that accepts device codes alone",
        make_served(),
        "second_factor_required",
        kinds=("91",),
    )
    code = make_code()
    yield Vector("revoked", "revoked", code, "revoked", status="revoked")
    yield Vector("revoked-served", "revoked", make_served(), "revoked", status="revoked")
    yield Vector(
        "revoked-paper", "a new print killed the old", paper, "revoked", document_checked=True, status="revoked"
    )
    yield Vector("suspended", "suspended", code, "suspended", status="suspended")
    unknown = Vector(
        "status-unknown", "nobody knows: neither accepted nor refused", code, "temporarily_unavailable", status=None
    )
    yield replace(unknown, undetermined=True)
    yield Vector("replayed", "shown before", code, "replayed", used=True)
    yield Vector("replayed-served", "shown before", make_served(), "replayed", used=True)
    yield Vector("revoked-and-used", "status comes before first use", code, "revoked", status="revoked", used=True)
    ended = make_code(make_grant(expires=NOW))
    yield Vector("expired-and-revoked", "time comes before status", ended, "expired", status="revoked")


def good_sm2() -> Iterator[Vector]:
    """Yield codes of a city that signs by SM2."""
    for name, comment, text in good_sm2_codes():
        yield Vector(f"sm2-{name}", comment, text, trust="sm2", document_checked=text.startswith(Kind.PAPER.value))


def bad_sm2() -> Iterator[Vector]:
    """Yield what is wrong with SM2 alone, or with two suites mixed."""
    for name, comment, text, reason in bad_sm2_codes():
        yield Vector(f"sm2-{name}", comment, text, reason, trust="sm2")
    taken = make_code(make_grant(device=SM2_PHONE.point), phone=SM2_PHONE, issuer=SM2_ISSUER)
    yield Vector("sm2-unknown-key", "a city of ES256 does not know the key", taken, "unknown_key")


BAD = (bad_texts, bad_bytes, bad_claims, bad_keys, bad_signatures, bad_times, bad_policies, bad_sm2)


def build(folder: Path) -> list[str]:
    """Write every vector, the trust lists, the posters and the manifest; returns the files of the manifest."""
    codes = {"good": [*good(), *good_sm2()], "bad": [vector for make in BAD for vector in make()]}
    files = {"vectors": write_all(folder, codes), "trust_lists": write_all(folder, offers())}
    write(folder / "trust.json", trust_lists())
    write(folder / "posters.json", posters.document())
    write(folder / "manifest.json", {"format": 1, **files})
    return [name for names in files.values() for name in names]


def write_all(folder: Path, vectors: Mapping[str, Sequence[Vector | Offer]]) -> list[str]:
    """Write vectors by the folder in which they stand; returns their files."""
    files = {f"{part}/{vector.name}.json": vector for part, made in vectors.items() for vector in made}
    assert len(files) == sum(len(made) for made in vectors.values()), "a name stands twice"
    for name, vector in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, vector.document())
    return list(files)


def write(path: Path, document: object) -> None:
    """Write JSON that a person can read."""
    path.write_text(json.dumps(document, ensure_ascii=True, indent=1) + "\n")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    print(f"{len(build(target))} vectors in {target}")  # noqa: T201 -- a command that says what it did
