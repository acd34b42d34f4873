"""Snapshots and deltas: what a verifier without a network accepts, and that nothing refused leaves a trace."""

import random
import tracemalloc
import zlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.lists import Size, sizes
from codeservice import places
from codeservice.audit import CHECKPOINT_AAD
from codeservice.code import MAX_LIST, MAX_TIME
from codeservice.places import MAX_SIZE
from codeservice.snapshot import (
    DELTA_AAD,
    MAX_DOCUMENT,
    MAX_LIFETIME,
    MAX_LISTS,
    MAX_PLACES,
    SKEW,
    SNAPSHOT_AAD,
    BaseError,
    Marks,
    OlderError,
    Snapshot,
    SnapshotError,
    accept,
    sign,
    write_delta,
    write_snapshot,
)
from codeservice.status import Status
from codeservice.status_list import StatusList
from keys import trustlist
from keys.cbor import dumps, loads
from keys.key import Purpose
from tests.makers import (
    HOUR,
    ISSUERS,
    NOW,
    SM2_ISSUERS,
    STRANGER,
    Pair,
    cose,
    flips,
    header_of,
    make_list,
    replace_part,
    truncations,
)

STATUS, SM2_STATUS = ISSUERS[Purpose.STATUS], SM2_ISSUERS[Purpose.STATUS]
SUITES = [pytest.param(STATUS, id="ES256"), pytest.param(SM2_STATUS, id="SM2")]
LIST = make_list(
    keys={
        pair.kid: pair.key(purpose)
        for issuers in (ISSUERS, SM2_ISSUERS)
        for purpose, pair in issuers.items()
        if purpose in (Purpose.STATUS, Purpose.CHECKPOINT)
    }
)
VERSION, EXPIRES, LISTS, BASE, DIGEST, RETIRED = range(1, 7)


def marks(size: int, revoked: Collection[int] = (), suspended: Collection[int] = ()) -> Marks:
    return Marks(size, places.bits_of(revoked, size), places.bits_of(suspended, size))


def signed(payload: object, aad: bytes = SNAPSHOT_AAD, signer: Pair = STATUS) -> bytes:
    """Sign any payload as the city."""
    return cose(payload, header_of(signer), signer, aad)


def taken(current: Snapshot | None, data: bytes, *, trust_list: trustlist.TrustList = LIST, now: int = NOW) -> Snapshot:
    return accept(current, data, trust_list=trust_list, now=now)


def snapshot(lists: Mapping[int, Marks], *, version: int = NOW, signer: Pair = STATUS) -> bytes:
    payload = write_snapshot(version, version + HOUR, lists)
    return sign(payload, SNAPSHOT_AAD, signer=signer.signer(Purpose.STATUS), now=NOW)


def delta(before: Snapshot, lists: Mapping[int, Marks], *, version: int = NOW, signer: Pair = STATUS) -> bytes:
    payload = write_delta(before, version, version + HOUR, lists)
    return sign(payload, DELTA_AAD, signer=signer.signer(Purpose.STATUS), now=NOW)


BEGUN = {1: marks(100, {3, 50}, {7, 50}), 4: marks(64, {0, 63}), 9: marks(9)}
FIRST = snapshot(BEGUN, version=NOW - 60)
STATE = taken(None, FIRST)
LATER = {1: marks(100, {3, 50, 99}, {8}), 4: BEGUN[4], 12: marks(20, {19})}
"""One more revoked, one suspension lifted and one begun, list 9 retired, list 12 new."""

DELTA = delta(STATE, LATER)


# What a state says


@pytest.mark.parametrize(
    ("list_", "idx", "status"),
    [
        pytest.param(1, 0, Status.VALID, id="not marked"),
        pytest.param(1, 3, Status.REVOKED, id="revoked"),
        pytest.param(1, 7, Status.SUSPENDED, id="suspended"),
        pytest.param(1, 50, Status.REVOKED, id="revoked wins over suspended"),
        pytest.param(1, 99, Status.VALID, id="the last place"),
        pytest.param(1, 100, Status.REVOKED, id="the first place beyond"),
        pytest.param(1, 103, Status.REVOKED, id="a spare bit"),
        pytest.param(1, 104, Status.REVOKED, id="beyond the bytes"),
        pytest.param(1, -1, Status.REVOKED, id="below zero"),
        pytest.param(1, 1 << 40, Status.REVOKED, id="far beyond"),
        pytest.param(2, 3, None, id="a list that is not there"),
        pytest.param(4, 63, Status.REVOKED, id="another list"),
        pytest.param(9, 3, Status.VALID, id="a list without marks"),
    ],
)
def test_the_status_of_a_place(list_: int, idx: int, status: Status | None) -> None:
    assert STATE.status(list_, idx) is status


@pytest.mark.parametrize("signer", SUITES)
def test_a_snapshot_and_a_delta_of_either_suite_are_accepted(signer: Pair) -> None:
    first = snapshot(BEGUN, version=NOW - 60, signer=signer)
    state = taken(None, first)
    assert (state.version, state.expires, state.lists) == (NOW - 60, NOW - 60 + HOUR, BEGUN)
    after = taken(state, delta(state, LATER, signer=signer))
    assert (after.version, after.expires, after.lists) == (NOW, NOW + HOUR, LATER)
    assert after.digest != state.digest


def test_documents_of_both_suites_follow_each_other() -> None:
    """A city that changes its suite needs no new beginning."""
    assert taken(STATE, delta(STATE, LATER, signer=SM2_STATUS)).lists == LATER


def test_a_snapshot_of_no_lists_knows_no_place() -> None:
    assert taken(None, snapshot({})).status(1, 3) is None


def test_an_expired_document_says_so_itself() -> None:
    """Expiry is a rule of use, as with trust lists: an expired state may lead to a newer one."""
    late = NOW + 10 * HOUR
    assert taken(None, FIRST, now=late).expires < late
    assert taken(taken(STATE, DELTA, now=late), snapshot(LATER, version=late), now=late).expires > late


# Changes


def test_a_delta_revokes_suspends_lifts_retires_and_begins() -> None:
    after = taken(STATE, DELTA)
    changes = [(1, 99), (1, 8), (1, 7), (9, 0), (12, 19), (12, 0), (1, 3)]
    before = [Status.VALID, Status.VALID, Status.SUSPENDED, Status.VALID, None, None, Status.REVOKED]
    assert [STATE.status(*place) for place in changes] == before
    assert [after.status(*place) for place in changes] == [
        Status.REVOKED,
        Status.SUSPENDED,
        Status.VALID,
        None,
        Status.REVOKED,
        Status.VALID,
        Status.REVOKED,
    ]


def test_a_delta_carries_only_what_changed() -> None:
    body = loads(write_delta(STATE, NOW, NOW + HOUR, LATER))
    assert [entry[0] for entry in body[LISTS]] == [1, 12]
    assert body[LISTS][0] == [1, places.write(places.bits_of({99}, 100)), places.write(places.bits_of({7, 8, 50}, 100))]
    assert (body[BASE], body[DIGEST], body[RETIRED]) == (STATE.version, STATE.digest, [9])


def test_a_delta_of_no_change_moves_the_time_on() -> None:
    after = taken(STATE, delta(STATE, BEGUN))
    assert (after.lists, after.version, after.expires) == (BEGUN, NOW, NOW + HOUR)


WITHOUT_REVOKED = BEGUN | {1: marks(100, (), {7, 50})}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(snapshot(WITHOUT_REVOKED), id="snapshot"),
        pytest.param(delta(STATE, WITHOUT_REVOKED), id="delta"),
        pytest.param(
            signed(
                {
                    VERSION: NOW,
                    EXPIRES: NOW + 1,
                    LISTS: [[1, places.write(places.bits_of({3}, 100)), []]],
                    BASE: STATE.version,
                    DIGEST: STATE.digest,
                    RETIRED: [],
                },
                DELTA_AAD,
            ),
            id="delta that revokes it again",
        ),
    ],
)
def test_what_was_revoked_stays_revoked(document: bytes) -> None:
    """A fresh verifier would take the place for valid; one that knows better does not."""
    after = taken(STATE, document)
    assert [after.status(1, idx) for idx in (3, 50)] == [Status.REVOKED, Status.REVOKED]


@pytest.mark.parametrize("write", [snapshot, delta])
def test_a_suspension_can_be_lifted(write: Any) -> None:
    lists = BEGUN | {1: marks(100, {3, 50})}
    document = write(lists) if write is snapshot else write(STATE, lists)
    assert STATE.status(1, 7) is Status.SUSPENDED
    assert taken(STATE, document).status(1, 7) is Status.VALID


def test_a_list_that_a_snapshot_leaves_out_has_retired() -> None:
    after = taken(STATE, snapshot({4: BEGUN[4]}))
    assert (after.status(1, 3), after.status(4, 63)) == (None, Status.REVOKED)


def test_the_same_document_again_is_the_same_state() -> None:
    after = taken(STATE, DELTA)
    assert taken(STATE, FIRST) is STATE
    assert taken(after, DELTA) is after


def test_a_list_that_would_change_its_size_is_not_written() -> None:
    for size in (99, 101, 104, 800):
        with pytest.raises(SnapshotError, match="size"):
            write_delta(STATE, NOW, NOW + 1, BEGUN | {1: marks(size)})


# Chains


STEPS = st.lists(
    st.dictionaries(
        st.integers(0, 3),
        st.tuples(st.sets(st.integers(0, 39), max_size=8), st.sets(st.integers(0, 39), max_size=8)),
        max_size=3,
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=40)
@given(STEPS)
def test_a_chain_of_deltas_gives_the_state_of_the_snapshot(steps: list[dict[int, tuple[set[int], set[int]]]]) -> None:
    """Two verifiers, one fed with deltas and one with snapshots, agree at every version."""
    revoked: dict[int, set[int]] = {}
    by_delta = by_snapshot = None
    for version, step in enumerate(steps, start=NOW - 60):
        # What the city holds: revoked is final while a list lives.
        revoked = {id_: revoked.get(id_, set()) | more for id_, (more, _) in step.items()}
        lists = {id_: marks(40, revoked[id_], suspended) for id_, (_, suspended) in step.items()}
        whole = snapshot(lists, version=version)
        by_snapshot = taken(by_snapshot, whole)
        by_delta = taken(by_delta, whole if by_delta is None else delta(by_delta, lists, version=version))
        assert by_delta.lists == by_snapshot.lists == lists
        assert (by_delta.version, by_delta.expires) == (by_snapshot.version, by_snapshot.expires)


@settings(max_examples=40)
@given(STEPS, st.randoms(use_true_random=False))
def test_deltas_in_any_order_never_give_a_partial_state(
    steps: list[dict[int, tuple[set[int], set[int]]]], chance: random.Random
) -> None:
    """However they come, and however often, the state is always one that the city had, and never an older one."""
    states = [taken(None, snapshot({0: marks(40)}, version=NOW - 60))]
    documents = []
    for version, step in enumerate(steps, start=NOW - 59):
        lists = {id_: marks(40, revoked, suspended) for id_, (revoked, suspended) in step.items()}
        documents.append(delta(states[-1], lists, version=version))
        states.append(taken(states[-1], documents[-1]))
    current = states[0]
    for document in chance.choices(documents, k=3 * len(documents)):
        try:
            after = taken(current, document)
        except (BaseError, OlderError):
            continue
        assert after is current or after == states[states.index(current) + 1]
        current = after


SECOND = taken(STATE, DELTA)
THIRD = delta(SECOND, LATER | {4: marks(64, {0, 1, 63})}, version=NOW + 1)
OTHER = taken(None, snapshot(LATER, version=NOW - 60))
TWIN = taken(None, snapshot(LATER))
"""The same version with the same lists, made by another document."""


def test_a_delta_continues_a_state_whichever_document_led_to_it() -> None:
    """Who fetched the whole and who followed step by step go on together."""
    assert TWIN == SECOND
    assert taken(TWIN, THIRD) == taken(SECOND, THIRD)


@pytest.mark.parametrize(
    "document", [snapshot(LATER), snapshot(BEGUN), delta(SECOND, BEGUN)], ids=["same", "other", "delta"]
)
def test_a_second_document_of_the_same_second_changes_nothing(document: bytes) -> None:
    assert taken(SECOND, document) is SECOND


@pytest.mark.parametrize(
    ("current", "document", "error"),
    [
        pytest.param(None, DELTA, BaseError, id="a delta without a snapshot"),
        pytest.param(STATE, THIRD, BaseError, id="a delta is missing"),
        pytest.param(OTHER, DELTA, BaseError, id="another state of the same version"),
        pytest.param(
            SECOND, delta(replace(SECOND, version=STATE.version), LATER, version=NOW + 1), BaseError, id="base"
        ),
        pytest.param(SECOND, delta(replace(SECOND, digest=bytes(16)), LATER, version=NOW + 1), BaseError, id="digest"),
        pytest.param(taken(SECOND, THIRD), DELTA, OlderError, id="a delta from before"),
        pytest.param(SECOND, FIRST, OlderError, id="a snapshot from before"),
    ],
)
def test_what_does_not_fit_the_state_is_refused(
    current: Snapshot | None, document: bytes, error: type[SnapshotError]
) -> None:
    before = repr(current)
    with pytest.raises(error):
        taken(current, document)
    assert repr(current) == before


def test_the_whole_helps_where_a_delta_does_not_fit() -> None:
    with pytest.raises(BaseError):
        taken(STATE, THIRD)
    assert taken(STATE, snapshot(LATER, version=NOW + 2)).lists == LATER


# Who signed


def key_of(pair: Pair, purpose: Purpose = Purpose.STATUS, **changes: Any) -> trustlist.TrustList:
    return make_list(keys={pair.kid: pair.key(purpose, **changes)})


UNNAMED = cose(write_snapshot(NOW, NOW + HOUR, BEGUN), {1: -7}, STATUS, SNAPSHOT_AAD)
RENAMED = cose(write_snapshot(NOW, NOW + HOUR, BEGUN), header_of(SM2_STATUS) | {4: STATUS.kid}, STATUS, SNAPSHOT_AAD)
GOOD = snapshot(BEGUN)


@pytest.mark.parametrize(
    ("document", "trust_list"),
    [
        pytest.param(GOOD, key_of(STATUS, Purpose.GRANT), id="wrong purpose"),
        pytest.param(GOOD, replace(LIST, killed=frozenset({STATUS.kid})), id="killed key"),
        pytest.param(GOOD, replace(LIST, expires=NOW), id="expired trust list"),
        pytest.param(GOOD, replace(LIST, keys={}), id="unknown key"),
        pytest.param(GOOD, key_of(STATUS, sign_from=NOW + 1), id="key not yet in its time"),
        pytest.param(GOOD, key_of(STATUS, sign_until=NOW - 1, verify_until=NOW), id="key past its time"),
        pytest.param(UNNAMED, LIST, id="no key named"),
        pytest.param(RENAMED, LIST, id="algorithm of the other suite"),
        pytest.param(replace_part(GOOD, 3, bytes(64)), LIST, id="no signature"),
        pytest.param(replace_part(GOOD, 3, loads(GOOD)[3][:-1]), LIST, id="a signature too short"),
        pytest.param(replace_part(GOOD, 3, loads(FIRST)[3]), LIST, id="signature of another document"),
        pytest.param(cose(loads(GOOD)[2], header_of(STATUS), STRANGER, SNAPSHOT_AAD), LIST, id="signed by a stranger"),
        pytest.param(signed(loads(GOOD)[2], CHECKPOINT_AAD), LIST, id="made for a checkpoint"),
        pytest.param(signed(loads(GOOD)[2], trustlist.TRUST_AAD), LIST, id="made for a trust list"),
        pytest.param(signed(loads(GOOD)[2], b""), LIST, id="made for nothing"),
        pytest.param(signed(loads(GOOD)[2], DELTA_AAD), LIST, id="a snapshot as a delta"),
        pytest.param(signed(loads(DELTA)[2], SNAPSHOT_AAD), LIST, id="a delta as a snapshot"),
        pytest.param(
            signed(loads(GOOD)[2], signer=ISSUERS[Purpose.CHECKPOINT]), LIST, id="signed by the key of checkpoints"
        ),
    ],
)
@pytest.mark.parametrize("current", [pytest.param(None, id="first"), pytest.param(STATE, id="next")])
def test_only_what_the_status_key_signed_for_this_use_is_read(
    current: Snapshot | None, document: bytes, trust_list: trustlist.TrustList
) -> None:
    assert taken(current, GOOD).lists == BEGUN
    with pytest.raises(SnapshotError):
        taken(current, document, trust_list=trust_list)


def test_a_key_that_only_verifies_still_does() -> None:
    assert taken(None, GOOD, trust_list=key_of(STATUS, sign_until=NOW - 1, verify_until=NOW + 1)).lists == BEGUN


# What is signed

WHOLE: dict[Any, Any] = loads(loads(GOOD)[2])
CHANGE: dict[Any, Any] = loads(loads(DELTA)[2])
TIMES_AND_LISTS = [
    pytest.param({VERSION: NOW + SKEW + 1, EXPIRES: NOW + HOUR}, id="made in the future"),
    pytest.param({EXPIRES: NOW + MAX_LIFETIME + 1}, id="lives too long"),
    pytest.param({EXPIRES: NOW}, id="ends when it begins"),
    pytest.param({EXPIRES: NOW - 1}, id="ends before it begins"),
    pytest.param({VERSION: MAX_TIME, EXPIRES: MAX_TIME + 1}, id="version out of range"),
    pytest.param({EXPIRES: MAX_TIME}, id="end out of range"),
    pytest.param({VERSION: -1, EXPIRES: 1}, id="version below zero"),
    pytest.param({VERSION: True, EXPIRES: 2}, id="version is true"),
    pytest.param({VERSION: 0, EXPIRES: True}, id="end is true"),
    pytest.param({VERSION: str(NOW)}, id="version as text"),
    pytest.param({LISTS: {}}, id="lists as a map"),
    pytest.param({LISTS: [[id_, 8, [], []] for id_ in range(MAX_LISTS + 1)]}, id="too many lists"),
    pytest.param({7: 0}, id="a field that nobody knows"),
    pytest.param({"lists": []}, id="a field with a name"),
    pytest.param({LISTS: [None]}, id="null"),
    pytest.param({LISTS: [1]}, id="a number for a list"),
    pytest.param({LISTS: [[]]}, id="an empty list"),
    pytest.param({LISTS: [[20, 8, []]]}, id="a list of three parts that is not known"),
    pytest.param({LISTS: [[20, 8, [], [], []]]}, id="a list of five parts"),
    pytest.param({LISTS: [[20, 8, [], []], [20, 8, [], []]]}, id="a list twice"),
    pytest.param({LISTS: [[21, 8, [], []], [20, 8, [], []]]}, id="lists out of order"),
    pytest.param({LISTS: [[True, 8, [], []]]}, id="a list number is true"),
    pytest.param({LISTS: [[MAX_LIST, 8, [], []]]}, id="a list number too large"),
    pytest.param({LISTS: [[-1, 8, [], []]]}, id="a list number below zero"),
    pytest.param({LISTS: [["20", 8, [], []]]}, id="a list number as text"),
    pytest.param({LISTS: [[20, 0, [], []]]}, id="size zero"),
    pytest.param({LISTS: [[20, -8, [], []]]}, id="size below zero"),
    pytest.param({LISTS: [[20, MAX_SIZE + 1, [], []]]}, id="size above the largest"),
    pytest.param({LISTS: [[20, True, [], []]]}, id="size is true"),
    pytest.param({LISTS: [[20, 8, [1, 0, b"\xff\x00"], []]]}, id="a place beyond the list is revoked"),
    pytest.param({LISTS: [[20, 8, [], [1, 0, b"\xff\x00"]]]}, id="a place beyond the list is suspended"),
    pytest.param({LISTS: [[20, 8, [StatusList(1, bytes(2)).lst], []]]}, id="an array of another size"),
    pytest.param({LISTS: [[20, 8, [zlib.compress(bytes(1 << 24))], []]]}, id="a bomb"),
    pytest.param({LISTS: [[20, 8, b"", []]]}, id="no set of places"),
]


@pytest.mark.parametrize("flaw", TIMES_AND_LISTS)
@pytest.mark.parametrize(
    ("good", "aad"), [pytest.param(WHOLE, SNAPSHOT_AAD, id="snapshot"), pytest.param(CHANGE, DELTA_AAD, id="delta")]
)
def test_a_document_of_another_schema_is_refused(good: dict[Any, Any], aad: bytes, flaw: dict[Any, Any]) -> None:
    taken(STATE, signed(good, aad))
    with pytest.raises(SnapshotError) as refused:
        taken(STATE, signed(good | flaw, aad))
    assert refused.type is SnapshotError


@pytest.mark.parametrize(
    "flaw",
    [
        pytest.param({LISTS: [[9, [], []]]}, id="a list changes and retires"),
        pytest.param({RETIRED: [13]}, id="a list retires that is not there"),
        pytest.param({RETIRED: [12]}, id="a list begins and retires"),
        pytest.param({RETIRED: [9, 9]}, id="a list retires twice"),
        pytest.param({RETIRED: [9, 4]}, id="lists retire out of order"),
        pytest.param({RETIRED: [True]}, id="a list number is true"),
        pytest.param({RETIRED: ["9"]}, id="a list number as text"),
        pytest.param({RETIRED: [MAX_LIST]}, id="a list number too large"),
        pytest.param({RETIRED: {}}, id="retired lists as a map"),
        pytest.param({LISTS: [[1, 100, [], []]]}, id="a known list begins anew"),
        pytest.param({LISTS: [[1, [], []], [1, [], []]]}, id="a list changes twice"),
        pytest.param({LISTS: [[4, [], []], [1, [], []]]}, id="lists change out of order"),
        pytest.param({LISTS: [[True, [], []]]}, id="the number of a changed list is true"),
        pytest.param({LISTS: [[1, [1, *[6, b"\xfe\xff"]], []]]}, id="a place beyond the known list"),
    ],
)
def test_a_delta_that_does_not_fit_its_lists_is_refused(flaw: dict[Any, Any]) -> None:
    with pytest.raises(SnapshotError) as refused:
        taken(STATE, signed(CHANGE | flaw, DELTA_AAD))
    assert refused.type is SnapshotError


@pytest.mark.parametrize(("field", "error"), [(BASE, BaseError), (DIGEST, BaseError), (RETIRED, SnapshotError)])
def test_a_delta_lacks_none_of_its_fields(field: int, error: type[SnapshotError]) -> None:
    with pytest.raises(error):
        taken(STATE, signed({name: value for name, value in CHANGE.items() if name != field}, DELTA_AAD))


@pytest.mark.parametrize("size", [99, 101, 800, MAX_SIZE])
def test_a_list_never_changes_its_size(size: int) -> None:
    """Else a list of one place more would bring everybody back who was revoked."""
    with pytest.raises(SnapshotError, match="size"):
        taken(STATE, snapshot(BEGUN | {1: marks(size)}))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({VERSION: NOW + SKEW}, id="as far ahead as a clock may be"),
        pytest.param({EXPIRES: NOW + MAX_LIFETIME}, id="as long as it may live"),
        pytest.param({EXPIRES: NOW + 1}, id="for a second"),
        pytest.param({LISTS: []}, id="no lists"),
        pytest.param({LISTS: [[0, 1, [], []], [MAX_LIST - 1, MAX_SIZE, [], []]]}, id="the smallest and largest list"),
        pytest.param({LISTS: [[id_, 8, [], []] for id_ in range(20, 20 + MAX_LISTS)]}, id="as many lists as may be"),
    ],
)
def test_what_is_just_within_the_bounds_is_accepted(changes: dict[Any, Any]) -> None:
    assert len(taken(None, signed(WHOLE | changes)).lists) == len((WHOLE | changes)[LISTS])


@pytest.mark.parametrize("document", [GOOD, DELTA], ids=["snapshot", "delta"])
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="no CBOR"),
        pytest.param(dumps([]), id="an empty array"),
        pytest.param(dumps({}), id="a map"),
        pytest.param(None, id="a byte behind"),
    ],
)
def test_other_bytes_are_refused(document: bytes, other: bytes | None) -> None:
    with pytest.raises(SnapshotError):
        taken(STATE, document + b"\0" if other is None else other)
    with pytest.raises(SnapshotError):
        taken(STATE, signed(loads(document)[2] + b"\0" if other is None else other))


@pytest.mark.parametrize("document", [GOOD, DELTA], ids=["snapshot", "delta"])
def test_no_flipped_bit_and_no_truncation_is_accepted(document: bytes) -> None:
    """Every third bit, another one in each byte, and every length."""
    assert taken(STATE, document) != STATE
    for spoilt in (*flips(document, range(0, 8 * len(document), 3)), *truncations(document)):
        with pytest.raises(SnapshotError):
            taken(STATE, spoilt)


# Bounds


def peak_of_refusing(current: Snapshot | None, document: bytes) -> int:
    """Return the most bytes that were allocated while a document was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(SnapshotError):
            taken(current, document)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_is_too_large_is_refused_unread() -> None:
    document = signed(bytes(MAX_DOCUMENT))
    assert peak_of_refusing(None, document) < 1 << 16
    with pytest.raises(SnapshotError, match="too large"):
        taken(None, document)


HEADER = dumps(header_of(STATUS))
MILLIONS = b"\x9a" + (1 << 20).to_bytes(4) + b"\x80" * (1 << 20)
"""An array of a million empty arrays, which would take sixty bytes each."""


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([MILLIONS, b"\xa0", b"\x40", b"\x40"], id="as the header"),
        pytest.param([dumps(HEADER), MILLIONS, b"\x40", b"\x40"], id="as the unprotected header"),
        pytest.param([dumps(HEADER), b"\xa0", MILLIONS, b"\x40"], id="as the payload"),
        pytest.param([dumps(HEADER), b"\xa0", b"\x40", MILLIONS], id="as the signature"),
        pytest.param([dumps(b"\xa1\x01" + MILLIONS), b"\xa0", b"\x40", b"\x40"], id="inside the header"),
    ],
)
def test_what_nobody_signed_is_not_unfolded(parts: list[bytes]) -> None:
    document = b"\x84" + b"".join(parts)
    assert peak_of_refusing(None, document) < 1 << 16


def test_a_document_unfolds_to_no_more_than_a_terminal_holds() -> None:
    """Signed by a stolen key: forty kilobytes that would make a gigabyte of bit arrays."""
    flood = [[id_, MAX_SIZE, [], []] for id_ in range(MAX_LISTS)]
    document = signed({VERSION: NOW, EXPIRES: NOW + 1, LISTS: flood})
    assert len(document) < 1 << 16
    assert peak_of_refusing(None, document) < MAX_PLACES // 4 + (8 << 20)


def full(count: int) -> list[list[object]]:
    return [[id_, MAX_SIZE, [], []] for id_ in range(count)]


def test_deltas_do_not_add_up_to_more_than_a_terminal_holds() -> None:
    most = MAX_PLACES // MAX_SIZE
    state = taken(None, signed({VERSION: NOW - 2, EXPIRES: NOW, LISTS: full(most)}))
    body = {VERSION: NOW - 1, EXPIRES: NOW, BASE: state.version, DIGEST: state.digest}
    added = [[most, 1, [], []]]
    with pytest.raises(SnapshotError, match="more lists or places"):
        taken(state, signed(body | {LISTS: added, RETIRED: []}, DELTA_AAD))
    assert len(taken(state, signed(body | {LISTS: added, RETIRED: [0]}, DELTA_AAD)).lists) == most


def test_deltas_do_not_add_up_to_more_lists_than_there_may_be() -> None:
    lists = [[id_, 1, [], []] for id_ in range(MAX_LISTS)]
    state = taken(None, signed({VERSION: NOW - 2, EXPIRES: NOW, LISTS: lists}))
    body = {VERSION: NOW - 1, EXPIRES: NOW, BASE: state.version, DIGEST: state.digest}
    added = [[MAX_LISTS, 1, [], []]]
    with pytest.raises(SnapshotError, match="more lists or places"):
        taken(state, signed(body | {LISTS: added, RETIRED: []}, DELTA_AAD))
    assert len(taken(state, signed(body | {LISTS: added, RETIRED: [0]}, DELTA_AAD)).lists) == MAX_LISTS


CBOR = st.recursive(
    st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=3) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 7), inner, max_size=6),
    max_leaves=12,
)
ENTRIES = st.lists(st.lists(st.integers(0, 20) | st.just([]) | CBOR, min_size=2, max_size=5), max_size=3)


@settings(max_examples=200)
@given(st.sampled_from([SNAPSHOT_AAD, DELTA_AAD]), CBOR, ENTRIES)
def test_reading_is_total(aad: bytes, value: object, entries: list[object]) -> None:
    """Anything at all that the city signed, in the place of each field, is a state or SnapshotError."""
    good = WHOLE if aad is SNAPSHOT_AAD else CHANGE
    before = repr(STATE)
    for payload in (
        value,
        good | {LISTS: value},
        good | {LISTS: entries},
        good | {RETIRED: value},
        good | {BASE: value},
    ):
        try:
            after = taken(STATE, signed(payload, aad))
        except SnapshotError:
            continue
        assert all(after.status(1, idx) in (Status.REVOKED, None) for idx in (3, 50))
    assert repr(STATE) == before


# Sizes


@pytest.fixture(scope="module")
def figures() -> list[Size]:
    """The bytes of `bench lists`, which follow from a fixed seed."""
    return sizes()


def test_five_million_places_come_close_to_the_entropy(figures: list[Size]) -> None:
    assert sum(figure.limit is not None for figure in figures) == 3
    assert [str(figure) for figure in figures if not figure.is_good] == []


def test_places_side_by_side_cost_what_a_token_status_list_costs(figures: list[Size]) -> None:
    """And not what their gaps would; the rest is the signature and what stands around five lists."""
    *_, clustered, as_bits, as_gaps = figures
    assert as_bits.size < clustered.size < as_bits.size + 256 < as_gaps.size
