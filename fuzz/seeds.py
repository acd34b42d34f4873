"""Seeds: good inputs of every reader, and bad ones of the vectors, from which the fuzzer starts. Nothing is stored."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from codeservice.audit import CHECKPOINT_AAD, checkpoint_payload
from codeservice.code import FORMS, MAX_DIGITS, Kind
from codeservice.credential import id_check_character
from codeservice.places import bits_of
from codeservice.places import write as write_places
from codeservice.profile import PROFILE_AAD, Profile, sign_profile, write_profile
from codeservice.reason import Reason
from codeservice.scan import Outcome
from codeservice.snapshot import (
    DELTA_AAD,
    SNAPSHOT_AAD,
    Marks,
    accept,
    sign,
    write_delta,
    write_snapshot,
)
from codeservice.status_list import MAX_BYTES, WIDTHS, StatusList
from codeservice.token import write_access
from codeservice.upload import STREAM_SIZE, Upload, UploadedScan, write_item, write_upload
from keys import trustlist
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sig_structure
from keys.key import Purpose
from keys.signing_protocol import write_request
from tests.makers import (
    CODES,
    ISSUERS,
    NOW,
    PHONE,
    ROOTS,
    SM2_ISSUER,
    bytes_of,
    header_of,
    high_s_twin,
    make_code,
    make_grant,
    make_list,
    replace_part,
    sign_grant,
    sign_list,
)
from tests.phone import jwk_of, sign_jws

GUIDE = "HTTPS://M.EXAMPLE.CN/#"
ISSUER, CLIENT, TYP = "https://city.example", "bus-1", "grant-request+jwt"
VECTORS = Path(__file__).resolve().parent.parent / "tests" / "vectors"

KINDS = tuple(FORMS)
GOOD_CODES = {kind: CODES[kind]() for kind in KINDS}
"""One code of each kind that every verifier of these seeds accepts."""

SIGNED_LIST = sign_list(make_list())
LIST = trustlist.first(SIGNED_LIST, roots=make_list().roots, threshold=2, now=NOW)
NEXT_LIST = replace(LIST, version=2, killed=frozenset({PHONE.kid}))
SIGNED_NEXT = sign_list(NEXT_LIST)

STATUS_SIGNER = ISSUERS[Purpose.STATUS].signer(Purpose.STATUS)
_BEGUN = {1: Marks(100, bits_of({3, 50}, 100), bits_of({7}, 100)), 4: Marks(64, bits_of({63}, 64), bytes(8))}
_AFTER = {1: Marks(100, bits_of({3, 50, 99}, 100), bits_of({8}, 100)), 12: Marks(20, bits_of({19}, 20), bytes(3))}
_PAYLOAD = write_snapshot(NOW - 60, NOW + 60, _BEGUN)
SNAPSHOT = sign(_PAYLOAD, SNAPSHOT_AAD, signer=STATUS_SIGNER, now=NOW)
STATE = accept(None, SNAPSHOT, trust_list=LIST, now=NOW)
"""What a verifier without a network goes by before a seed comes."""

_CHANGE = write_delta(STATE, NOW, NOW + 60, _AFTER)
_NEXT = write_snapshot(NOW, NOW + 60, _AFTER)

PROFILE = Profile(
    version=NOW,
    expires=NOW + 3600,
    terminal="gate-1",
    scene="scenic_spot",
    place="lake-park",
    place_name="镜湖景区",
    partner_name="城市文旅",
    events="https://city.example",
    list_age=3600,
    holder_limit=20,
    terminal_limit=20_000,
    capacity=500,
    site_keys={"2027-01-15": bytes(32)},
    tickets={"2027-01-15": {(1, 7): (bytes(8), 1), (1, 9): (bytes(8), 2)}},
)
"""What a terminal at a gate is told."""

TOKEN = sign_jws(PHONE.private, TYP, {"aud": ISSUER, "iat": NOW, "sub": "device", "scene": "bus", "keys": []})
ASSERTION = sign_jws(
    PHONE.private,
    "client-authentication+jwt",
    {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "0123456789abcdef"},
)
MANY_SIGNATURES = 750
DEEP = 2_000


def texts() -> Iterator[bytes]:
    """Yield codes as text: good, spoilt a little, of another script, too long, and those of the vectors."""
    for text in GOOD_CODES.values():
        yield text.encode()
        yield (GUIDE + text).encode()
        yield text[:-1].encode()
        yield ("９" + text[1:]).encode()
        yield (text[:2] + "9" * (len(text) - 2)).encode()
    yield b"0" * MAX_DIGITS
    yield b"123456789012345678"
    yield b"\xff\xfe"
    yield from (text.encode(errors="surrogateescape") for text in vector_texts())


def vector_texts() -> Iterator[str]:
    """Yield the codes of all vectors, good and bad."""
    for name in json.loads((VECTORS / "manifest.json").read_bytes())["vectors"]:
        yield json.loads((VECTORS / name).read_bytes())["text"]


def codes() -> Iterator[bytes]:
    """Yield the bytes of codes behind the number of their kind."""
    for number, text in enumerate(GOOD_CODES.values()):
        data = bytes_of(text)
        yield bytes([number]) + data
        yield bytes([number]) + replace_part(data, 3, high_s_twin(loads(data)[3]))
    for number in range(len(KINDS)):
        # A device grant alone, under every prefix: what a verifier remembers of it may not count for another kind.
        yield bytes([number]) + sign_grant(make_grant())


def items() -> Iterator[bytes]:
    """Yield deterministic CBOR of every type, and heads that promise more than there is."""
    values = [0, 23, 24, 65_536, 2**64 - 1, -1, -(2**64), b"\0" * 24, "码", [], [1, [2]], {}, {1: 2, -1: "a"}, True]
    yield from map(dumps, values)
    yield from sealed()
    yield SIGNED_LIST
    yield b"\x81" * 8
    yield b"\x5b" + b"\xff" * 8
    yield b"\x9b" + b"\xff" * 8
    yield b"\xbb" + b"\xff" * 8


def sealed() -> Iterator[bytes]:
    """Yield COSE_Sign1 structures."""
    for kind in KINDS:
        data = bytes_of(GOOD_CODES[kind])
        yield data
        yield replace_part(data, 1, {4: b"kid"})
    yield sign_grant(make_grant())


def layers() -> Iterator[bytes]:
    """Yield what is signed inside codes, behind the number of its layer: claims of each kind, moments, headers."""
    for number, kind in enumerate(KINDS):
        yield bytes([number]) + loads(_grant_of(kind))[2]
    yield bytes([3]) + loads(bytes_of(make_code()))[2]
    yield bytes([4]) + dumps(header_of(ISSUERS[Purpose.GRANT]))
    yield bytes([5]) + dumps(header_of(None))


def trust_lists() -> Iterator[bytes]:
    """Yield signed trust lists; one with as many signatures of one root as have room."""
    yield SIGNED_LIST
    yield SIGNED_NEXT
    yield sign_list(NEXT_LIST, *ROOTS)
    yield sign_list(NEXT_LIST, ROOTS[0])
    signer = (ROOTS[0].root, ROOTS[0].sign)
    yield trustlist.sign(trustlist.write(NEXT_LIST), [signer] * MANY_SIGNATURES)


def trust_payloads() -> Iterator[bytes]:
    """Yield what the roots sign."""
    for made in (LIST, NEXT_LIST, replace(NEXT_LIST, keys={}), replace(NEXT_LIST, roots=LIST.roots[:2])):
        yield trustlist.write(made)


def tokens() -> Iterator[bytes]:
    """Yield compact JWS: proofs, assertions, foreign algorithms, deep nesting."""
    yield TOKEN.encode()
    yield ASSERTION.encode()
    for header in (
        {"alg": "none"},
        {"alg": "HS256"},
        {"crit": ["exp"]},
        {"b64": False},
        {"jwk": jwk_of(PHONE.private)},
    ):
        yield sign_jws(PHONE.private, TYP, {"aud": ISSUER}, **header).encode()
    yield TOKEN.rpartition(".")[0].encode() + b"."
    yield b".".join([b"W1" * DEEP, b"e30", b"AA"])


def claims() -> Iterator[bytes]:
    """Yield claims as JSON."""
    base = {"aud": ISSUER, "iat": NOW, "sub": CLIENT, "iss": CLIENT, "exp": NOW + 60, "jti": "1"}
    changes: tuple[dict[str, object], ...] = (
        {},
        {"aud": [ISSUER]},
        {"iat": 1e400},
        {"iss": ISSUER},
        {"exp": True},
        {"scope": ["a"]},
        {"jti": None},
        {"nbf": "x"},
    )
    yield from (json.dumps(base | change).encode() for change in changes)
    yield b'{"aud":1' + b"0" * 5_000 + b"}"
    yield b"[" * DEEP
    yield b"[1]"


def jwks() -> Iterator[bytes]:
    """Yield public keys as JSON."""
    good = jwk_of(PHONE.private)
    yield json.dumps(good).encode()
    changes: tuple[dict[str, object], ...] = (
        {"x": 1},
        {"x": good["x"] + "="},
        {"y": good["x"]},
        {"crv": "P-384"},
        {"kty": []},
        {"d": "AA"},
    )
    yield from (json.dumps(good | change).encode() for change in changes)
    yield b"null"


def words() -> Iterator[bytes]:
    """Yield base64url, canonical and not."""
    yield from (b"", b"AA", b"AAA", b"AB", b"AA==", b"A A", b"A\nA", b"-_-_", b"+/+/", "Ａ".encode())


def id_numbers() -> Iterator[bytes]:
    """Yield citizen ID numbers, good and nearly."""
    for first in ("11010519491231002", "44052418800101001", "11010520000230001"):
        number = first + id_check_character(first)
        yield number.encode()
        yield f" {number.lower()}\n".encode()
        yield number.replace("1", "１").encode()
    yield b"11010519491231002X"


def scan_bodies() -> Iterator[bytes]:
    """Yield bodies of scans."""
    code = GOOD_CODES[Kind.DEVICE]
    yield json.dumps({"code": code}).encode()
    yield json.dumps({"code": code, "medicine": {"class": "ephedrine", "packages": 2}}).encode()
    yield json.dumps({"code": code, "medicine": {"class": "ephedrine", "packages": 1e99}, "more": 1}).encode()
    yield b'{"code":"\\ud800"}'
    yield b'{"code":"\xff"}'
    yield b'{"code":' + b"[" * DEEP
    yield b"[]"


def to_be_signed() -> Iterator[bytes]:
    """Yield what a signer process is asked to sign: one message for each purpose."""
    for kind in KINDS:
        grant = make_grant(issued=NOW, expires=NOW + 60, device=PHONE.point if kind is Kind.DEVICE else None)
        yield _signed_bytes(sign_grant(grant._replace(generation=1 if kind is Kind.PAPER else None), kind), kind)
    token = write_access(
        client=CLIENT,
        scopes=frozenset({"scan"}),
        issuer=ISSUER,
        signer=ISSUERS[Purpose.TOKEN].signer(Purpose.TOKEN),
        now=NOW,
    )
    yield token.rpartition(".")[0].encode()
    header = dumps(header_of(ISSUERS[Purpose.CHECKPOINT]))
    yield sig_structure(header, CHECKPOINT_AAD, checkpoint_payload(7, bytes(32), NOW))
    yield sig_structure(dumps(header_of(ISSUERS[Purpose.STATUS])), PROFILE_AAD, write_profile(PROFILE))


PAIRS = (ISSUERS[Purpose.GRANT], SM2_ISSUER)
"""A key of each suite."""

MESSAGE = b"message"


def points() -> Iterator[bytes]:
    """Yield, behind the number of a suite, points with a good signature, with none, and of the other curve."""
    for number, pair in enumerate(PAIRS):
        signed = pair.point + pair.sign(MESSAGE)
        yield bytes([number]) + signed
        yield bytes([number]) + pair.point
        yield bytes([1 - number]) + signed


def status_lists() -> Iterator[bytes]:
    """Yield widths with compressed lists, and a list that unfolds a thousand times."""
    for bits in WIDTHS:
        for statuses in ([], [0], [1, 0, 0, 1, 1, 1, 0, 1], [0] * 5000):
            yield bytes([bits]) + StatusList.pack(statuses, bits).lst
    yield bytes([1]) + zlib.compress(bytes(MAX_BYTES + 1))


def sets_of_places() -> Iterator[bytes]:
    """Yield, behind a size, sets in either form, and one that unfolds a thousand times."""
    for size, marked in ((1, ()), (1, (0,)), (64, (63,)), (4096, range(5, 4096, 77)), (4096, range(1000, 3000))):
        yield (size - 1).to_bytes(2) + dumps(write_places(bits_of(marked, size)))
    yield (63).to_bytes(2) + dumps([StatusList(1, bits_of({63}, 64)).lst])
    yield (63).to_bytes(2) + dumps([zlib.compress(bytes(MAX_BYTES + 1))])


def snapshots() -> Iterator[bytes]:
    """Yield signed snapshots and deltas, and each as the other."""
    for payload in (_PAYLOAD, _NEXT, _CHANGE):
        for aad in (SNAPSHOT_AAD, DELTA_AAD):
            yield sign(payload, aad, signer=STATUS_SIGNER, now=NOW)


def snapshot_payloads() -> Iterator[bytes]:
    """Yield what the status key signs, behind the number of its use and of the state that it comes to."""
    for number in range(4):
        for payload in (_PAYLOAD, _NEXT, _CHANGE):
            yield bytes([number]) + payload
        yield bytes([number]) + dumps(loads(_NEXT) | {3: [[20, 4096, [StatusList(1, bytes(512)).lst], []]]})


def upload_items() -> Iterator[bytes]:
    """Yield scans of each outcome, with and without use, effect and network."""
    accepted = UploadedScan("a1", NOW, NOW, Outcome.ACCEPTED, None, Kind.DEVICE, (1, 2, NOW), {"fare_cents": 200})
    for scan in (
        accepted,
        replace(accepted, kind=None, use=None, effect={}, online=True),
        replace(accepted, outcome=Outcome.REFUSED, reason=Reason.REVOKED, effect={}, snapshot=NOW),
        UploadedScan("a2", NOW, NOW, Outcome.UNDETERMINED, Reason.STATUS_STALE, None, None),
    ):
        yield write_item(scan)
    yield dumps(loads(write_item(accepted)) | {8: b"[" * 500})


def uploads() -> Iterator[bytes]:
    """Yield signed uploads: of nothing, of scans, of junk, and with gaps."""
    scans = list(enumerate(upload_items(), start=1))
    for items in ([], scans, scans[::2], [(1, b""), (2, b"junk")]):
        upload = Upload(CLIENT, bytes(STREAM_SIZE), 9, tuple(items))
        yield write_upload(upload, kid=PHONE.kid, sign=PHONE.sign)


def profiles() -> Iterator[bytes]:
    """Yield profiles, signed and still to be signed, behind the number that tells which."""
    yield b"\x00" + sign_profile(PROFILE, signer=STATUS_SIGNER, now=NOW)
    for made in (PROFILE, replace(PROFILE, guide=GUIDE, capacity=None, tickets={}), replace(PROFILE, terminal="x")):
        yield b"\x01" + write_profile(made)


def signing_requests() -> Iterator[bytes]:
    """Yield requests to a signer process."""
    messages = list(to_be_signed())
    yield write_request(ISSUERS[Purpose.GRANT].kid, [])
    yield write_request(ISSUERS[Purpose.GRANT].kid, messages[:1])
    yield write_request(ISSUERS[Purpose.GRANT].kid, messages)
    yield dumps([2, ISSUERS[Purpose.GRANT].kid, messages])


def _signed_bytes(signed: bytes, kind: Kind) -> bytes:
    return read_sign1(signed).signed_bytes(FORMS[kind].aad)


def _grant_of(kind: Kind) -> bytes:
    return sign_grant(make_grant()) if kind is Kind.DEVICE else bytes_of(GOOD_CODES[kind])
