"""A signer process signs what the service writes, within the issuer's limits, and nothing that looks like it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.audit import CHECKPOINT_AAD, checkpoint_payload
from codeservice.code import FORMS, Grant, Kind, write_grant
from codeservice.destruction import Certificate, Destroyed, sign_certificate
from codeservice.issuer import LIFETIMES, issue
from codeservice.location import Location
from codeservice.poster import POSTER_AAD, Poster, poster_payload, write_poster
from codeservice.profile import PROFILE_AAD, Profile, sign_profile, write_profile
from codeservice.signing_policy import SKEW, binding_of, signing_policy
from codeservice.snapshot import DELTA_AAD, SNAPSHOT_AAD, Marks, Snapshot, write_delta, write_snapshot
from codeservice.snapshot import sign as sign_snapshot
from codeservice.status_list import StatusList
from codeservice.status_token import StatusClaims, write_cwt, write_jwt
from codeservice.token import TOKEN_LIFE, write_access
from keys import jws
from keys.algorithms import ES256
from keys.cbor import dumps, loads
from keys.cose import ALG, KID, sig_structure, sign1
from keys.errors import RefusedError
from keys.intent import Statement
from keys.key import Purpose
from keys.signer import KeySigner
from tests.makers import DAY, HOUR, ISSUERS, NOW, OTHER_PHONE, PHONE, STRANGER, make_grant

ORIGIN = "https://city.example"
POLICY = signing_policy(ORIGIN)
ROOT_HASH = bytes(range(32))
KINDS = {Kind.DEVICE: Purpose.GRANT, Kind.SERVED: Purpose.SERVED, Kind.PAPER: Purpose.PAPER}


def captured(purpose: Purpose, write: Callable[[KeySigner], object]) -> bytes:
    """Return the bytes that a writer of the service has signed by the key of a purpose."""
    messages: list[bytes] = []

    def sign(message: bytes) -> bytes:
        messages.append(message)
        return ISSUERS[purpose].sign(message)

    write(KeySigner(ISSUERS[purpose].key(purpose, verify_until=NOW + 999 * DAY), sign))
    assert len(messages) == 1
    return messages[0]


def grant_of(kind: Kind, **changes: Any) -> Grant:
    """Return the longest good grant of a kind."""
    made = make_grant(issued=NOW, expires=NOW + LIFETIMES[kind])
    if kind is not Kind.DEVICE:
        made = made._replace(device=None)
    if kind is Kind.PAPER:
        made = made._replace(generation=1)
    return made._replace(**changes)


def unchecked(kind: Kind, **changes: Any) -> bytes:
    """Write a grant as the issuer would without its own checks."""
    key = ISSUERS[KINDS[kind]].key(KINDS[kind])
    return captured(
        KINDS[kind],
        lambda signer: write_grant(kind, grant_of(kind, **changes), key=key, algorithm=ES256, sign=signer.raw_sign),
    )


def access(**changes: Any) -> bytes:
    """Write an access token, and change its claims."""
    message = captured(
        Purpose.TOKEN,
        lambda signer: write_access(client="bus-1", scopes=frozenset({"scan"}), issuer=ORIGIN, signer=signer, now=NOW),
    )
    header, claims = (jws.parse_json(jws.decode(part)) for part in message.decode().split("."))
    changed = {name: value for name, value in (claims | changes).items() if value is not None}
    return b".".join(
        jws.encode(json.dumps(part, separators=(",", ":")).encode()).encode() for part in (header, changed)
    )


def retitled(**changes: str) -> bytes:
    """Write an access token under another header."""
    header, _, claims = access().decode().partition(".")
    changed = jws.parse_json(jws.decode(header)) | changes
    return f"{jws.encode(json.dumps(changed, separators=(',', ':')).encode())}.{claims}".encode()


def respelt(change: Callable[[str], str]) -> bytes:
    """Write an access token whose claims are spelt in another way."""
    header, claims = access().decode().split(".")
    spelt = change(jws.decode(claims).decode())
    assert spelt != jws.decode(claims).decode()
    return f"{header}.{jws.encode(spelt.encode())}".encode()


def checkpoint(size: object = 7, root: object = ROOT_HASH, at: object = NOW) -> bytes:
    """Write a checkpoint."""
    return structure(Purpose.CHECKPOINT, dumps({"size": size, "root": root, "at": at}), CHECKPOINT_AAD)


def structure(purpose: Purpose, payload: bytes, aad: bytes, **header: Any) -> bytes:
    """Write a Sig_structure under the header of a purpose's key."""
    protected = {ALG: ES256.cose, KID: ISSUERS[purpose].kid} | {int(name[1:]): value for name, value in header.items()}
    return sig_structure(dumps(protected), aad, payload)


def ask(purpose: Purpose, message: bytes, now: int = NOW) -> Statement:
    return POLICY(ISSUERS[purpose].key(purpose, verify_until=NOW + 999 * DAY), message, now)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_issuer_writes_is_signed(kind: Kind) -> None:
    purpose = KINDS[kind]
    message = captured(purpose, lambda signer: issue(grant_of(kind), signer=signer, now=NOW, kind=kind))
    said = ask(purpose, message)
    assert said == Statement("place:1/4000077", NOW + LIFETIMES[kind], binding_of(kind, grant_of(kind).device))


def test_an_access_token_is_signed() -> None:
    assert ask(Purpose.TOKEN, access()) == Statement("client:bus-1", NOW + TOKEN_LIFE)


def test_a_checkpoint_is_signed() -> None:
    message = captured(
        Purpose.CHECKPOINT,
        lambda signer: sign1(
            checkpoint_payload(7, ROOT_HASH, NOW),
            alg=ES256.cose,
            kid=signer.key.kid,
            external_aad=CHECKPOINT_AAD,
            sign=signer.raw_sign,
        ),
    )
    assert ask(Purpose.CHECKPOINT, message) == Statement("checkpoint:7", NOW)
    assert message == checkpoint()


def test_a_place_is_bound_to_kind_and_key() -> None:
    """A renewal never takes the place of another grant, so another key for a place is a fault or a theft."""
    bindings = [binding_of(Kind.DEVICE, PHONE.point), binding_of(Kind.DEVICE, OTHER_PHONE.point)]
    bindings += [binding_of(Kind.SERVED, None), binding_of(Kind.PAPER, None)]
    assert len(set(bindings)) == 4


@pytest.mark.parametrize("late", [0, SKEW])
def test_a_request_may_take_its_time(late: int) -> None:
    """The worker has looked at the clock first; a device grant is backdated by as much as the issuer permits."""
    ask(Purpose.GRANT, unchecked(Kind.DEVICE, issued=NOW - 60, expires=NOW + DAY), NOW + late)
    ask(Purpose.TOKEN, access(), NOW + late)
    ask(Purpose.CHECKPOINT, checkpoint(), NOW + late)


BAD_GRANTS = {
    "lives too long": {"expires": NOW + LIFETIMES[Kind.DEVICE] + 1},
    "ends before it begins": {"expires": NOW - 1},
    "begins in the future": {"issued": NOW + SKEW + 1, "expires": NOW + DAY},
    "begins in the past": {"issued": NOW - 60 - SKEW - 1},
    "no scene": {"scenes": 0},
    "scenes that no mask has": {"scenes": 1 << 16},
    "a key that is no point": {"device": b"\x02" + b"\xff" * 32},
    "too many entitlements": {"entitlements": dict.fromkeys(range(17), 1)},
    "too large for a code": {"entitlements": dict.fromkeys(range(200, 216), 60_000)},
    "a place that no list has": {"idx": 1 << 32},
}


@pytest.mark.parametrize("changes", BAD_GRANTS.values(), ids=BAD_GRANTS)
def test_a_grant_beyond_the_issuers_limits_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        ask(Purpose.GRANT, unchecked(Kind.DEVICE, **changes))


@pytest.mark.parametrize("kind", [Kind.SERVED, Kind.PAPER])
def test_each_kind_has_its_own_longest_life(kind: Kind) -> None:
    ask(KINDS[kind], unchecked(kind))
    with pytest.raises(RefusedError):
        ask(KINDS[kind], unchecked(kind, expires=NOW + LIFETIMES[kind] + 1))


def test_a_grant_that_outlives_its_key_is_refused() -> None:
    key = ISSUERS[Purpose.PAPER].key(Purpose.PAPER)
    with pytest.raises(RefusedError):
        POLICY(key, unchecked(Kind.PAPER), NOW)


def claims_of_list(**changes: Any) -> StatusClaims:
    """Return the claims of a good status list."""
    good = StatusClaims(f"{ORIGIN}/status-lists/7/revoked", NOW, StatusList.pack([1, 0] * 500, 1))
    return replace(good, **changes)


def status_jwt(**changes: Any) -> bytes:
    return captured(Purpose.STATUS, lambda signer: write_jwt(claims_of_list(**changes), signer=signer, now=NOW))


def status_cwt(**changes: Any) -> bytes:
    return captured(Purpose.STATUS, lambda signer: write_cwt(claims_of_list(**changes), signer=signer, now=NOW))


GOOD = {
    Purpose.GRANT: unchecked(Kind.DEVICE),
    Purpose.SERVED: unchecked(Kind.SERVED),
    Purpose.PAPER: unchecked(Kind.PAPER),
    Purpose.TOKEN: access(),
    Purpose.STATUS: status_jwt(),
    Purpose.CHECKPOINT: checkpoint(),
}


@pytest.mark.parametrize("meant", GOOD)
@pytest.mark.parametrize("asked", Purpose)
def test_no_key_signs_what_is_meant_for_another(meant: Purpose, asked: Purpose) -> None:
    """All pairs."""
    if meant is asked:
        ask(asked, GOOD[meant])
        return
    with pytest.raises(RefusedError):
        ask(asked, GOOD[meant])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_grant_for_another_use_is_refused_under_the_right_key(kind: Kind, other: Kind) -> None:
    """The external data of the signature keeps kinds apart."""
    if kind is other:
        return
    payload = loads(GOOD[KINDS[kind]])[3]
    with pytest.raises(RefusedError):
        ask(KINDS[kind], structure(KINDS[kind], payload, FORMS[other].aad))
    with pytest.raises(RefusedError):
        ask(KINDS[other], structure(KINDS[other], payload, FORMS[other].aad))


BAD_HEADERS = {
    "another algorithm": {"_1": -8},
    "the key of somebody else": {"_4": STRANGER.kid},
    "a further parameter": {"_33": b"x5chain"},
}


@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_another_header_is_refused(header: dict[str, Any]) -> None:
    payload = loads(GOOD[Purpose.GRANT])[3]
    ask(Purpose.GRANT, structure(Purpose.GRANT, payload, FORMS[Kind.DEVICE].aad))
    with pytest.raises(RefusedError):
        ask(Purpose.GRANT, structure(Purpose.GRANT, payload, FORMS[Kind.DEVICE].aad, **header))


BAD_TOKENS = {
    "another issuer": access(iss="https://other.example"),
    "another audience": access(aud="https://other.example"),
    "another client": access(client_id="bus-2"),
    "no client": access(sub=None),
    "a client that is no text": access(sub=1, client_id=1),
    "lives too long": access(exp=NOW + TOKEN_LIFE + 1),
    "never lives": access(exp=NOW),
    "made earlier": access(iat=NOW - SKEW - 1),
    "made later": access(iat=NOW + SKEW + 1, exp=NOW + SKEW + 2),
    "a broken number": access(exp=NOW + 0.5),
    "true for a number": access(iat=True),
    "a further claim": access(admin=True),
    "scopes that are no text": access(scope=["scan"]),
    "another type": retitled(typ="logout+jwt"),
    "another algorithm": retitled(alg="none"),
    "another key": retitled(kid=STRANGER.kid.hex()),
    "a further header": retitled(jku="https://evil.example"),
    "three parts": access() + b".",
    "one part": access().split(b".")[0],
    "not base64url": access() + b"=",
    "a name that stands twice": respelt(lambda text: text.replace("{", '{"sub":"bus-2",', 1)),
    "spaces": respelt(lambda text: text.replace(":", ": ", 1)),
    "a number with a fraction of nothing": respelt(lambda text: text.replace(str(NOW), f"{NOW}.0", 1)),
    "a letter written as a number": respelt(lambda text: text.replace("scan", "sc\\u0061n", 1)),
    "nothing": b"",
}


@pytest.mark.parametrize("message", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_token_that_the_service_would_not_write_is_refused(message: bytes) -> None:
    with pytest.raises(RefusedError):
        ask(Purpose.TOKEN, message)


BAD_CHECKPOINTS = {
    "of nothing": checkpoint(size=0),
    "true for a number": checkpoint(size=True),
    "a short root": checkpoint(root=ROOT_HASH[1:]),
    "of another time": checkpoint(at=NOW - SKEW - 1),
    "of the future": checkpoint(at=NOW + SKEW + 1),
    "a further field": structure(
        Purpose.CHECKPOINT, dumps({"size": 7, "root": ROOT_HASH, "at": NOW, "x": 1}), CHECKPOINT_AAD
    ),
    "for another use": structure(Purpose.CHECKPOINT, checkpoint_payload(7, ROOT_HASH, NOW), FORMS[Kind.DEVICE].aad),
    "under another key": structure(
        Purpose.CHECKPOINT, checkpoint_payload(7, ROOT_HASH, NOW), CHECKPOINT_AAD, _4=STRANGER.kid
    ),
    "not CBOR": structure(Purpose.CHECKPOINT, b"\xff", CHECKPOINT_AAD),
}


@pytest.mark.parametrize("message", BAD_CHECKPOINTS.values(), ids=BAD_CHECKPOINTS)
def test_a_checkpoint_that_the_service_would_not_write_is_refused(message: bytes) -> None:
    with pytest.raises(RefusedError):
        ask(Purpose.CHECKPOINT, message)


@given(purpose=st.sampled_from(sorted(GOOD)), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_good_message_stays_good_with_another_header_or_form(purpose: Purpose, at: int, bit: int) -> None:
    """One bit is flipped: it is refused, or it is another good statement of the same form."""
    good = GOOD[purpose]
    at %= len(good)
    flipped = good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]
    try:
        said = ask(purpose, flipped)
    except RefusedError:
        return
    assert said.expires <= NOW + LIFETIMES[Kind.PAPER]


@given(message=st.binary(max_size=300), purpose=st.sampled_from(sorted(Purpose)))
def test_any_bytes_are_refused_and_never_crash_the_signer(message: bytes, purpose: Purpose) -> None:
    with pytest.raises(RefusedError) as caught:
        ask(purpose, message)
    assert not any(word in str(caught.value) for word in ("b'", "0x"))


@pytest.mark.parametrize("write", [status_jwt, status_cwt])
def test_a_status_list_is_recorded_with_its_address(write: Callable[..., bytes]) -> None:
    assert ask(Purpose.STATUS, write()) == Statement("list:7/revoked", NOW + DAY)
    large = StatusList(1, bytes(range(256)) * 512)
    assert ask(Purpose.STATUS, write(statuses=large)).subject == "list:7/revoked"


@pytest.mark.parametrize("write", [status_jwt, status_cwt])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"address": "https://other.example/status-lists/7/revoked"}, id="another city"),
        pytest.param({"address": f"{ORIGIN}/status-lists/7/valid"}, id="another path"),
        pytest.param({"address": f"{ORIGIN}/status-lists/7/revoked/x"}, id="a longer path"),
        pytest.param({"address": f"{ORIGIN}/status-lists/../revoked"}, id="no number"),
        pytest.param({"issued": NOW - SKEW - 1}, id="made before"),
        pytest.param({"issued": NOW + SKEW + 1}, id="made later"),
        pytest.param({"statuses": StatusList.pack([2], 2)}, id="two bits a place"),
    ],
)
def test_another_status_list_than_the_service_writes_is_refused(
    write: Callable[..., bytes], changes: dict[str, Any]
) -> None:
    with pytest.raises(RefusedError):
        ask(Purpose.STATUS, write(**changes))


STATE = Snapshot.of(NOW - 5, NOW + HOUR, {1: Marks(8, b"\x00", b"\x01")})
LATER = {1: Marks(8, b"\x80", b"\x00")}


def snapshot_message(payload: bytes, aad: bytes) -> bytes:
    return captured(Purpose.STATUS, lambda signer: sign_snapshot(payload, aad, signer=signer, now=NOW))


@pytest.mark.parametrize(
    ("payload", "aad"),
    [
        pytest.param(write_snapshot(NOW, NOW + DAY, LATER), SNAPSHOT_AAD, id="snapshot"),
        pytest.param(write_delta(STATE, NOW, NOW + DAY, LATER), DELTA_AAD, id="delta"),
    ],
)
def test_a_snapshot_and_a_delta_are_recorded_with_their_version(payload: bytes, aad: bytes) -> None:
    assert ask(Purpose.STATUS, snapshot_message(payload, aad)) == Statement(f"{aad.decode()}:{NOW}", NOW + DAY)


@pytest.mark.parametrize("aad", [SNAPSHOT_AAD, DELTA_AAD])
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(write_snapshot(NOW - SKEW - 1, NOW + HOUR, LATER), id="made before"),
        pytest.param(write_snapshot(NOW + SKEW + 1, NOW + HOUR, LATER), id="made later"),
        pytest.param(write_snapshot(NOW, NOW + DAY + 1, LATER), id="lives too long"),
        pytest.param(write_snapshot(NOW, NOW, LATER), id="never lives"),
        pytest.param(dumps({1: NOW, 2: NOW + HOUR}), id="no lists"),
        pytest.param(dumps([]), id="a list"),
        pytest.param(b"", id="empty"),
    ],
)
def test_another_snapshot_than_the_service_writes_is_refused(payload: bytes, aad: bytes) -> None:
    with pytest.raises(RefusedError):
        ask(Purpose.STATUS, snapshot_message(payload, aad))


PROFILE = Profile(
    version=NOW,
    expires=NOW + DAY,
    terminal="gate-1",
    scene="scenic_spot",
    place="lake-park",
    place_name="镜湖景区",
    partner_name="城市文旅",
    events=ORIGIN,
    list_age=HOUR,
    holder_limit=20,
    terminal_limit=20_000,
    capacity=500,
    site_keys={"2027-01-15": bytes(32)},
    tickets={"2027-01-15": {(1, 7): (bytes(8), 1), (1, 9): (bytes(8), 2)}},
)


def profile_message(payload: bytes, aad: bytes = PROFILE_AAD) -> bytes:
    """Write what the status key signs of a profile."""
    return structure(Purpose.STATUS, payload, aad)


def profile_with(**changes: Any) -> bytes:
    """Write a good profile with other fields, or without some."""
    body = loads(write_profile(PROFILE)) | changes
    return profile_message(dumps({name: value for name, value in body.items() if value is not None}))


def test_a_profile_is_recorded_with_its_terminal() -> None:
    message = captured(Purpose.STATUS, lambda signer: sign_profile(PROFILE, signer=signer, now=NOW))
    assert message == profile_message(write_profile(PROFILE))
    assert ask(Purpose.STATUS, message) == Statement("profile:gate-1", NOW + DAY)


BAD_PROFILES = {
    "made before": profile_with(version=NOW - SKEW - 1, expires=NOW),
    "made later": profile_with(version=NOW + SKEW + 1),
    "lives too long": profile_with(expires=NOW + DAY + 1),
    "never lives": profile_with(expires=NOW),
    "true for a number": profile_with(list_age=True),
    "lists that are never too old": profile_with(list_age=DAY + 1),
    "a field too few": profile_with(scene=None),
    "a field too many": profile_with(admin=1),
    "a short key of the site": profile_with(site_keys={"2027-01-15": bytes(31)}),
    "a day that is none": profile_with(site_keys={"today": bytes(32)}),
    "a long handle": profile_with(tickets={"2027-01-15": [[1, 7, bytes(9), 1]]}),
    "a ticket that stands twice": profile_with(tickets={"2027-01-15": [[1, 7, bytes(8), 1], [1, 7, bytes(8), 2]]}),
    "tickets in another order": profile_with(tickets={"2027-01-15": [[1, 9, bytes(8), 1], [1, 7, bytes(8), 1]]}),
    "for another use": profile_message(write_profile(PROFILE), SNAPSHOT_AAD),
    "a snapshot": profile_message(write_snapshot(NOW, NOW + DAY, LATER)),
    "another key": structure(Purpose.STATUS, write_profile(PROFILE), PROFILE_AAD, _4=STRANGER.kid),
    "a list": profile_message(dumps([])),
    "nothing": profile_message(b""),
}


@pytest.mark.parametrize("message", BAD_PROFILES.values(), ids=BAD_PROFILES)
def test_another_profile_than_the_service_writes_is_refused(message: bytes) -> None:
    with pytest.raises(RefusedError):
        ask(Purpose.STATUS, message)


def test_no_other_key_signs_a_profile() -> None:
    for purpose in set(Purpose) - {Purpose.STATUS}:
        with pytest.raises(RefusedError):
            ask(purpose, structure(purpose, write_profile(PROFILE), PROFILE_AAD))


def test_only_status_lists_may_be_long() -> None:
    with pytest.raises(RefusedError, match="too long"):
        ask(Purpose.TOKEN, b"x" * (jws.MAX_JWS + 1))


def destruction_of(at: int) -> bytes:
    tables = (Destroyed("health_change", 3, ROOT_HASH),)
    certificate = Certificate("p1", ("li", "wang"), NOW - DAY, at, tables)
    return captured(Purpose.CHECKPOINT, lambda signer: sign_certificate(certificate, signer=signer))


def test_a_certificate_of_destruction_is_signed_at_its_moment_by_a_checkpoint_key() -> None:
    key = ISSUERS[Purpose.CHECKPOINT].key(Purpose.CHECKPOINT, verify_until=NOW + 999 * DAY)
    assert POLICY(key, destruction_of(NOW), NOW) == Statement("destruction:p1", NOW)
    for message in (destruction_of(NOW + SKEW + 1), destruction_of(NOW)[:-1], destruction_of(NOW) + b"\0"):
        with pytest.raises(RefusedError):
            POLICY(key, message, NOW)


def poster_message(payload: bytes, aad: bytes = POSTER_AAD) -> bytes:
    """Write what the status key signs of a poster."""
    return structure(Purpose.STATUS, payload, aad)


def poster_with(**changes: object) -> bytes:
    """Write a good poster with other fields, named by their numbers."""
    body = loads(poster_payload(POSTER)) | {int(name[1:]): value for name, value in changes.items()}
    return poster_message(dumps(body))


POSTER = Poster("city-library", NOW, NOW + 60, 3, screen=True)


@pytest.mark.parametrize("location", [None, Location(3123042, 12147370, 200)])
def test_a_poster_is_recorded_with_its_place(location: Location | None) -> None:
    poster = replace(POSTER, location=location)
    message = captured(Purpose.STATUS, lambda signer: write_poster(poster, signer=signer, now=NOW))
    assert message == poster_message(poster_payload(poster))
    assert ask(Purpose.STATUS, message) == Statement("poster:city-library", NOW + 60)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(poster_with(_2=NOW - SKEW - 1, _3=NOW), id="made before"),
        pytest.param(poster_with(_3=NOW + 61), id="a screen that lasts"),
        pytest.param(poster_with(_4=True), id="true for a number"),
        pytest.param(poster_with(_7=1), id="a field too many"),
        pytest.param(poster_with(_6=[3123042, 12147370, 0]), id="a location without a radius"),
        pytest.param(poster_message(poster_payload(POSTER), PROFILE_AAD), id="for another use"),
        pytest.param(poster_message(dumps([])), id="a list"),
    ],
)
def test_another_poster_than_the_service_writes_is_refused(message: bytes) -> None:
    with pytest.raises(RefusedError):
        ask(Purpose.STATUS, message)


def test_no_other_key_signs_a_poster() -> None:
    for purpose in set(Purpose) - {Purpose.STATUS}:
        with pytest.raises(RefusedError):
            ask(purpose, structure(purpose, poster_payload(POSTER), POSTER_AAD))
