"""The format of uploads: what is written is read again, and whatever else comes is refused in one way."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.code import MAX_INDEX, MAX_LIST, MAX_TIME, Kind
from codeservice.reason import UNDETERMINED, Reason
from codeservice.scan import Outcome
from codeservice.upload import (
    MAX_ITEM,
    MAX_SCANS,
    MAX_SEQ,
    MAX_UPLOAD,
    STREAM_SIZE,
    UPLOAD_AAD,
    ItemError,
    Upload,
    UploadedScan,
    UploadError,
    is_signed_by,
    read_item,
    read_unverified,
    write_item,
    write_upload,
)
from keys.cbor import dumps, loads
from keys.cose import sign1
from tests.makers import NOW, PHONE, STRANGER, flips, high_s_twin, replace_part, truncations

times = st.integers(0, MAX_TIME - 1)
uses = st.tuples(st.integers(0, MAX_LIST - 1), st.integers(0, MAX_INDEX - 1), times)
acts = st.text("abcXYZ019_-", min_size=1, max_size=64)
effects = st.dictionaries(st.text(max_size=8), st.integers() | st.booleans() | st.text(max_size=20), max_size=4)


@st.composite
def scans(draw: st.DrawFn) -> UploadedScan:
    """Draw a scan as a terminal may have decided it."""
    outcome, online = draw(st.sampled_from(Outcome)), draw(st.booleans())
    accepted = outcome is Outcome.ACCEPTED
    undetermined = outcome is Outcome.UNDETERMINED
    reason = None if accepted else draw(st.sampled_from([r for r in Reason if (r in UNDETERMINED) is undetermined]))
    is_named = (accepted and not online) or draw(st.booleans())
    return UploadedScan(
        act=draw(acts),
        at=draw(times),
        device_at=draw(times),
        outcome=outcome,
        reason=reason,
        kind=draw(st.sampled_from(Kind)) if is_named else None,
        use=draw(uses) if is_named else None,
        effect=draw(effects) if accepted else {},
        snapshot=draw(times),
        online=online,
    )


uploads = st.builds(
    lambda stream, items, more: Upload("bus-1", stream, max(items, default=0) + more, tuple(sorted(items.items()))),
    st.binary(min_size=STREAM_SIZE, max_size=STREAM_SIZE),
    st.dictionaries(st.integers(1, MAX_SEQ - 1000), st.binary(max_size=MAX_ITEM), max_size=20),
    st.integers(0, 900),
)


def sign(upload: Upload) -> bytes:
    return write_upload(upload, kid=PHONE.kid, sign=PHONE.sign)


def signed(body: object) -> bytes:
    return sign1(dumps(body), alg=-7, kid=PHONE.kid, external_aad=UPLOAD_AAD, sign=PHONE.sign)


@given(scan=scans())
def test_a_scan_is_read_as_it_was_written(scan: UploadedScan) -> None:
    assert read_item(write_item(scan)) == scan


@given(upload=uploads)
def test_an_upload_is_read_as_it_was_written(upload: Upload) -> None:
    unverified, read = read_unverified(sign(upload))
    assert read == upload
    assert is_signed_by(PHONE.point, unverified)
    assert not is_signed_by(STRANGER.point, unverified)


@given(data=st.binary(max_size=400))
def test_any_bytes_are_a_scan_or_refused(data: bytes) -> None:
    try:
        scan = read_item(data)
    except ItemError:
        return
    assert read_item(write_item(scan)) == scan


@given(data=st.binary(max_size=400))
def test_any_bytes_are_an_upload_or_refused(data: bytes) -> None:
    with pytest.raises(UploadError):
        read_unverified(data)


trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 12), inner, max_size=4),
    max_leaves=12,
)


@given(body=trees)
def test_any_structure_is_a_scan_and_an_upload_or_refused(body: object) -> None:
    for read, error in ((read_item, ItemError), (read_unverified, UploadError)):
        with suppress(error):
            read(cbor2.dumps(body) if read is read_item else signed_any(body))


def signed_any(body: object) -> bytes:
    return sign1(cbor2.dumps(body), alg=-7, kid=None, external_aad=UPLOAD_AAD, sign=PHONE.sign)


GOOD = UploadedScan(
    act="a1",
    at=NOW,
    device_at=NOW,
    outcome=Outcome.ACCEPTED,
    reason=None,
    kind=Kind.DEVICE,
    use=(1, 2, NOW),
    effect={"fare_cents": 200},
    snapshot=NOW - 60,
)
REFUSED = replace(GOOD, outcome=Outcome.REFUSED, reason=Reason.REVOKED, effect={})
UPLOAD = Upload("bus-1", bytes(STREAM_SIZE), 9, ((1, write_item(GOOD)), (3, write_item(REFUSED))))


def changed(**parts: Any) -> bytes:
    """Write the good scan with other parts, or without some; a part is named by its number."""
    body = loads(write_item(GOOD)) | {int(name[1:]): value for name, value in parts.items()}
    return cbor2.dumps({key: value for key, value in sorted(body.items()) if value != "none"})


BAD_ITEMS = {
    "an act of other characters": changed(_1="a b"),
    "an act too long": changed(_1="a" * 65),
    "no act": changed(_1="none"),
    "an act that is no text": changed(_1=b"a1"),
    "a time below zero": changed(_2=-1),
    "a time beyond all": changed(_2=MAX_TIME),
    "true for a time": changed(_2=True),
    "no time of the machine": changed(_3="none"),
    "an outcome that nobody knows": changed(_4="maybe"),
    "a reason that nobody knows": changed(_4="refused", _5="because", _8="none"),
    "an acceptance with a reason": changed(_5="revoked"),
    "an acceptance of nobody": changed(_7="none"),
    "an acceptance of no kind": changed(_6="none"),
    "a refusal without a reason": changed(_4="refused", _8="none"),
    "a refusal that booked something": changed(_4="refused", _5="revoked"),
    "a refusal for what nobody can tell": changed(_4="refused", _5="status_stale", _8="none"),
    "undetermined for a reason that is clear": changed(_4="undetermined", _5="revoked", _8="none"),
    "a kind that nobody knows": changed(_6="99"),
    "a use of two": changed(_7=[1, 2]),
    "a use beyond the lists": changed(_7=[MAX_LIST, 2, NOW]),
    "a use with true": changed(_7=[True, 2, NOW]),
    "an effect that is no JSON": changed(_8=b"{"),
    "an effect that is a list": changed(_8=b"[]"),
    "an effect in nested brackets": changed(_8=b"[" * 900),
    "a snapshot below zero": changed(_9=-1),
    "one for online": changed(_10=1),
    "a further part": changed(_11=1),
    "too long": changed(_8=b'{"x":"' + b"x" * MAX_ITEM + b'"}'),
    "not in order": cbor2.dumps(dict(reversed(loads(write_item(GOOD)).items()))),
    "followed by more": write_item(GOOD) + b"\x00",
    "a list": dumps([1]),
}


@pytest.mark.parametrize("item", BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_a_scan_that_no_terminal_writes_is_refused(item: bytes) -> None:
    with pytest.raises(ItemError):
        read_item(item)


def test_an_acceptance_of_the_service_need_not_name_whom() -> None:
    online = replace(GOOD, kind=None, use=None, effect={}, online=True)
    assert read_item(write_item(online)) == online
    with pytest.raises(ItemError):
        read_item(write_item(replace(online, online=False)))


BODY = loads(dumps({1: "bus-1", 2: bytes(STREAM_SIZE), 3: 9, 4: [[1, b"a"], [3, b"b"]]}))
BAD_UPLOADS = {
    "a name of other characters": {1: "../bus"},
    "an empty name": {1: ""},
    "a name too long": {1: "a" * 33},
    "a short stream": {2: bytes(STREAM_SIZE - 1)},
    "a last number beyond all": {3: MAX_SEQ},
    "a last number below one that is sent": {3: 2},
    "true for the last number": {3: True, 4: [[1, b"a"]]},
    "number zero": {4: [[0, b"a"]]},
    "a number twice": {4: [[1, b"a"], [1, b"b"]]},
    "numbers not in order": {4: [[3, b"a"], [1, b"b"]]},
    "an item that is no bytes": {4: [[1, "a"]]},
    "an item of three": {4: [[1, b"a", 1]]},
    "too many": {3: 999, 4: [[seq, b""] for seq in range(1, MAX_SCANS + 2)]},
    "a further part": {5: 1},
}


@pytest.mark.parametrize("changes", BAD_UPLOADS.values(), ids=BAD_UPLOADS)
def test_an_upload_that_no_terminal_writes_is_refused(changes: dict[int, Any]) -> None:
    read_unverified(signed(BODY))
    with pytest.raises(UploadError):
        read_unverified(signed(BODY | changes))


def test_as_many_scans_as_an_upload_may_have_fit_into_it() -> None:
    """A bus tap has about 150 bytes; longer items make shorter uploads."""
    items = tuple((seq, write_item(GOOD)) for seq in range(1, MAX_SCANS + 1))
    assert len(sign(replace(UPLOAD, last=MAX_SCANS, items=items))) <= MAX_UPLOAD
    with pytest.raises(UploadError, match="too large"):
        read_unverified(bytes(MAX_UPLOAD + 1))


def test_another_algorithm_than_a_terminals_is_refused() -> None:
    other = sign1(dumps(BODY), alg=-8, kid=None, external_aad=UPLOAD_AAD, sign=PHONE.sign)
    with pytest.raises(UploadError, match="algorithm"):
        read_unverified(other)


def verifies(data: bytes) -> bool:
    try:
        unverified, _ = read_unverified(data)
    except UploadError:
        return False
    return is_signed_by(PHONE.point, unverified)


def test_no_flipped_bit_and_no_cut_verifies() -> None:
    good = sign(UPLOAD)
    assert verifies(good)
    assert not any(map(verifies, flips(good)))
    assert not any(map(verifies, truncations(good)))


def test_a_signature_for_another_use_and_its_twin_do_not_verify() -> None:
    """Of an ECDSA signature (r, s) also (r, n - s) fits; one form counts."""
    good = sign(UPLOAD)
    assert not verifies(sign1(loads(good)[2], alg=-7, kid=PHONE.kid, external_aad=b"CC1 show", sign=PHONE.sign))
    assert not verifies(replace_part(good, 3, high_s_twin(loads(good)[3])))
