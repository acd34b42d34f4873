"""Lists, profiles and uploads in JavaScript: read, refused and written as the service and a terminal do in Python."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from codeservice.code import Kind
from codeservice.policy import PolicyVersion
from codeservice.profile import MAX_PROFILE, PROFILE_AAD, ProfileError, accept_profile, sign_profile
from codeservice.reason import Reason, Words
from codeservice.scan import Outcome
from codeservice.snapshot import (
    DELTA_AAD,
    SNAPSHOT_AAD,
    Marks,
    Snapshot,
    SnapshotError,
    accept,
    sign,
    write_delta,
    write_snapshot,
)
from codeservice.status import Status
from codeservice.upload import Upload, UploadedScan, is_signed_by, read_unverified, write_item
from keys.cbor import dumps, loads
from keys.key import Purpose
from tests.codeservice.test_profile import PROFILE, profiles
from tests.codeservice.test_snapshot import EXPIRES, LISTS, VERSION, marks, signed
from tests.codeservice.test_upload import scans
from tests.makers import HOUR, ISSUERS, NOW, PHONE, ROOTS, flips, make_list, sign_list, truncations
from tests.running import chromium
from tests.wallet.core.javascript import blank, in_node, served

STATUS = ISSUERS[Purpose.STATUS].signer(Purpose.STATUS)
LIST = make_list()
TRUST = {
    "list": sign_list(LIST, *ROOTS).hex(),
    "roots": [{"algorithm": pair.root.algorithm, "public": pair.point.hex()} for pair in ROOTS],
    "threshold": LIST.threshold,
}
STATUSES = {Status.VALID: "valid", Status.REVOKED: "revoked", Status.SUSPENDED: "suspended", None: None}
REFUSED = {"DocumentError", "BaseError", "OlderError"}


def in_python(documents: list[bytes]) -> tuple[list[str], Snapshot | None]:
    """Offer documents one after the other; returns what came of each, as documents.js says it."""
    current, states = None, []
    for document in documents:
        try:
            current = accept(current, document, trust_list=LIST, now=NOW)
            states.append(f"{current.version} {current.digest.hex()}")
        except SnapshotError as error:
            states.append(type(error).__name__.replace("SnapshotError", "DocumentError"))
    return states, current


def history(seed: int) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Make up a city's lists over a while: snapshots and deltas, some left out, doubled or out of turn."""
    drawn = random.Random(seed)
    lists: dict[int, Marks] = {}
    versions = sorted(drawn.sample(range(NOW - 3000, NOW), 12))
    documents: list[bytes] = []
    before: Snapshot | None = None
    for version in versions:
        lists = changed(lists, drawn)
        if before is not None:
            payload = write_delta(before, version, version + HOUR, lists)
            documents.append(sign(payload, DELTA_AAD, signer=STATUS, now=NOW))
        if before is None or drawn.random() < 0.3:
            payload = write_snapshot(version, version + HOUR, lists)
            documents.append(sign(payload, SNAPSHOT_AAD, signer=STATUS, now=NOW))
        before = Snapshot.of(version, version + HOUR, lists)
    documents = [documents[0], *(document for document in documents[1:] if drawn.random() < 0.9)]
    documents += drawn.sample(documents, 2)
    asked = [(list_, drawn.randrange(300)) for list_ in range(6) for _ in range(20)]
    return documents, asked


def changed(lists: Mapping[int, Marks], drawn: random.Random) -> dict[int, Marks]:
    after = dict(lists)
    if len(after) < 2 or drawn.random() < 0.3:
        size = drawn.choice([8, 9, 64, 250, 4096])
        new = max(after, default=-1) + 1
        after[new] = marks(size, drawn.sample(range(size), size // 8), drawn.sample(range(size), size // 9))
    for list_, entry in list(after.items()):
        revoked, suspended = bytearray(entry.revoked), bytearray(entry.suspended)
        for place in drawn.sample(range(entry.size), drawn.choice([0, 1, entry.size // 3])):
            (revoked if place % 2 else suspended)[place >> 3] |= 1 << (place & 7)
        after[list_] = Marks(entry.size, bytes(revoked), bytes(suspended))
    if len(after) > 2 and drawn.random() < 0.2:
        del after[min(after)]
    return after


@pytest.mark.parametrize("seed", range(6))
def test_lists_lead_to_the_same_state_as_in_python(seed: int) -> None:
    """The digest of the state is over every bit of it."""
    documents, asked = history(seed)
    states, current = in_python(documents)
    answer = in_node("documents", trust=TRUST, documents=[each.hex() for each in documents], now=NOW, asked=asked)
    assert answer["states"] == states
    assert current is not None
    assert answer["statuses"] == [STATUSES[current.status(*place)] for place in asked]


def test_a_browser_reads_lists_as_node_does() -> None:
    """Its ZLIB is another one."""
    documents, asked = history(7)
    states, _ = in_python(documents)
    with served() as origin, chromium() as browser:
        page = blank(browser.new_page(), origin)
        script = "(all) => import('/tests/wallet/core/documents.js').then((m) => m.offerLists(all))"
        said = {"trust": TRUST, "documents": [each.hex() for each in documents], "now": NOW, "asked": asked}
        assert page.evaluate(script, said)["states"] == states


def test_lists_that_python_refuses_are_refused() -> None:
    lists = {1: marks(64, {3, 9}), 2: marks(100, {1}, range(50))}
    whole = write_snapshot(NOW, NOW + HOUR, lists)
    good = sign(whole, SNAPSHOT_AAD, signer=STATUS, now=NOW)
    older = sign(write_snapshot(NOW - 9, NOW + HOUR, {}), SNAPSHOT_AAD, signer=STATUS, now=NOW)
    body = loads(whole)
    assert isinstance(body, dict)
    entries = body[LISTS]
    spoilt = [
        signed(body | change)
        for change in (
            {VERSION: NOW + 31},
            {EXPIRES: NOW},
            {EXPIRES: NOW + 25 * HOUR},
            {VERSION: True},
            {7: 1},
            {LISTS: [*entries, *entries]},
            {LISTS: entries[::-1]},
            {LISTS: [[1, 64, [], []], [1 << 16, 64, [], []]]},
            {LISTS: [[1, 0, [], []]]},
            {LISTS: [[1, (1 << 20) + 1, [], []]]},
            {LISTS: [[1, 64, [0, 0, b""], []]]},
            {LISTS: [[1, 64, [1, 0, b"\x00\x00"], []]]},
            {LISTS: [[1, 64, [1, 25, b"\x00"], []]]},
            {LISTS: [[1, 64, [1, 1, b"\x00"], []]]},
            {LISTS: [[1, 64, [b"no zlib"], []]]},
            {LISTS: [[1, 64, [1, 2], []]]},
            {LISTS: [[1, 64, [], []], [2, 64, [], [], []]]},
            {LISTS: [[number, 1 << 20, [], []] for number in range(257)]},
        )
    ]
    spoilt += [signed(body, DELTA_AAD), signed(body, PROFILE_AAD), signed(body, signer=ISSUERS[Purpose.GRANT])]
    spoilt += [*[*truncations(good)][::9], *flips(good, range(0, 8 * len(good), 13))]
    for document in spoilt:
        assert in_python([older, document])[0][1] in REFUSED
    documents = [each for document in spoilt for each in (older, document)]
    answer = in_node("documents", trust=TRUST, documents=[each.hex() for each in documents], now=NOW, asked=[])
    assert set(answer["states"][1::2]) <= REFUSED
    assert set(answer["states"][::2]) == {in_python([older])[0][0]}
    # The same machinery takes the good one: it is the documents that are refused.
    assert (
        in_node("documents", trust=TRUST, documents=[good.hex()], now=NOW, asked=[])["states"] == in_python([good])[0]
    )


def profile_in_python(document: bytes) -> bool:
    try:
        accept_profile(PROFILE, document, terminal=PROFILE.terminal, trust_list=LIST, now=NOW)
    except ProfileError:
        return False
    return True


def profiles_in_node(*documents: bytes, current: bytes | None = None) -> list[Any]:
    """Offer profiles for the terminal of the tests."""
    return list(
        in_node(
            "profiles",
            trust=TRUST,
            documents=[document.hex() for document in documents],
            now=NOW,
            terminal=PROFILE.terminal,
            current=None if current is None else current.hex(),
        )
    )


def test_profiles_are_read_as_in_python() -> None:
    policy = PolicyVersion("lake", 3, "scenic_spot", Words("湖", "Lake"), b'{"kinds":["device"]}')
    full = replace(PROFILE, policy=policy, slots={"2027-01-15": {(1, 7): "09:00"}}, asks_health=True)
    bare = replace(PROFILE, guide=None, capacity=None, tickets={}, site_keys={})
    first, second = profiles_in_node(*(sign_profile(each, signer=STATUS, now=NOW) for each in (full, bare)))
    assert (first["version"], first["expires"], first["listAge"]) == (full.version, full.expires, full.list_age)
    assert (first["holderLimit"], first["terminalLimit"], first["capacity"]) == (20, 20_000, 500)
    assert (first["place"], first["placeName"], first["scene"]) == (full.place, full.place_name, full.scene)
    assert first["policy"] == {"name": "lake", "version": 3, "document": policy.document.hex()}
    assert first["tickets"] == {
        day: {
            f"{list_}-{idx}": {"handle": handle.hex(), "count": count} for (list_, idx), (handle, count) in of.items()
        }
        for day, of in full.tickets.items()
    }
    assert (first["slots"], first["asksHealth"]) == ({"2027-01-15": {"1-7": "09:00"}}, True)
    assert (second["guide"], second["capacity"], second["policy"], second["asksHealth"]) == (None, None, None, False)


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(profiles)
def test_whatever_a_service_may_write_is_read(profile: Any) -> None:
    mine = replace(profile, terminal=PROFILE.terminal, version=NOW, expires=NOW + HOUR)
    (read,) = profiles_in_node(sign_profile(mine, signer=STATUS, now=NOW))
    assert (read["place"], read["placeName"], read["guide"]) == (mine.place, mine.place_name, mine.guide)


def test_profiles_that_python_refuses_are_refused() -> None:
    current = sign_profile(PROFILE, signer=STATUS, now=NOW)
    body = loads(accepted_payload(current))
    assert isinstance(body, dict)
    changes: list[dict[object, object]] = [
        {"terminal": "gate-2"},
        {"version": NOW + 31},
        {"version": NOW - 1},
        {"expires": NOW},
        {"list_age": 24 * HOUR + 1},
        {"capacity": -1},
        {"place": "x" * 201},
        {"unknown": 1},
        {"asks_health": False},
        {"policy": ["lake", 1, "x", "y"]},
        {"site_keys": {"2027-01-15": b"short"}},
        {"tickets": {"today": []}},
        {"tickets": {"2027-01-15": [[1, 7, b"short", 1]]}},
        {"slots": {"2027-01-15": [[1, 7, "9:00"]]}},
    ]
    spoilt = [signed(body | change, PROFILE_AAD) for change in changes]
    spoilt += [signed({name: body[name] for name in body if name != "scene"}, PROFILE_AAD), signed(body, SNAPSHOT_AAD)]
    spoilt += [bytes(MAX_PROFILE + 1), *flips(current, range(0, 8 * len(current), 101))]
    assert not any(map(profile_in_python, spoilt))
    assert set(profiles_in_node(*spoilt, current=current)) == {"DocumentError"}


def accepted_payload(document: bytes) -> bytes:
    """Take the payload out of a signed document."""
    parts = loads(document)
    assert isinstance(parts, list)
    return bytes(parts[2])


SCANS = [
    UploadedScan(
        "act-1", NOW, NOW - 5, Outcome.ACCEPTED, None, Kind.DEVICE, (1, 7, NOW), {"fare": 1, "a": "学生"}, NOW - 60
    ),
    UploadedScan("act-2", NOW, NOW, Outcome.REFUSED, Reason.REPLAYED, Kind.SERVED, (65535, 0, 0), policy="bus@3"),
    UploadedScan(
        "act-3", NOW, 0, Outcome.UNDETERMINED, Reason.STATUS_STALE, None, None, asked={"b": {"z": 1, "c": None}}
    ),
    UploadedScan("act-4", NOW, NOW, Outcome.ACCEPTED, None, None, None, online=True),
]


def written(scan: UploadedScan) -> dict[str, Any]:
    """Return a scan as `writeItem` takes it."""
    return {
        "act": scan.act,
        "at": scan.at,
        "deviceAt": scan.device_at,
        "outcome": scan.outcome.value,
        "reason": scan.reason,
        "kind": scan.kind,
        "use": scan.use,
        "effect": scan.effect,
        "snapshot": scan.snapshot,
        "online": scan.online,
        "policy": scan.policy,
        "asked": scan.asked,
    }


def test_scans_are_sentin_the_same_bytes() -> None:
    answer = in_node("scans", scans=[written(scan) for scan in SCANS])
    assert [bytes.fromhex(item) for item in answer] == [write_item(scan) for scan in SCANS]


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(scans())
def test_whatever_was_decided_is_sentin_the_same_bytes(scan: UploadedScan) -> None:
    (item,) = in_node("scans", scans=[written(scan)])
    assert bytes.fromhex(item) == write_item(scan)


def test_an_upload_is_read_and_its_signature_is_right() -> None:
    """WebCrypto signs in r and s, and in either of the two forms: the service takes one of them only."""
    items = tuple((number + 3, write_item(scan)) for number, scan in enumerate(SCANS))
    stream = bytes(range(8))
    said = [[seq, item.hex()] for seq, item in items]
    for _ in range(4):
        answer = in_node("upload", terminal="bus-1", stream=stream.hex(), last=9, items=said)
        sent = bytes.fromhex(answer["upload"])
        found, upload = read_unverified(sent)
        assert upload == Upload("bus-1", stream, 9, items)
        assert is_signed_by(bytes.fromhex(answer["point"]), found)
        assert not is_signed_by(PHONE.point, found)
        assert dumps(loads(sent)) == sent
