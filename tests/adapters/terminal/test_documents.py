"""Every signed document is good for its own use and for no other, whoever presents it in another's place."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from adapters.terminal.bundle import pin_of, read_pinned
from codeservice.audit import CHECKPOINT_AAD, checkpoint_payload
from codeservice.code import FORMS, SHOW_AAD, Kind, to_digits
from codeservice.errors import Rejected
from codeservice.profile import MAX_LIFETIME, PROFILE_AAD, Profile, ProfileError, accept_profile, write_profile
from codeservice.snapshot import DELTA_AAD, SNAPSHOT_AAD, Snapshot, SnapshotError, accept, write_delta, write_snapshot
from codeservice.upload import UPLOAD_AAD, UploadError, is_signed_by, read_unverified
from codeservice.verifier import Verifier
from keys import trustlist
from keys.cbor import dumps
from keys.cose import read_sign1, sign1
from keys.errors import TrustListError
from keys.key import Purpose
from keys.trustlist import TRUST_AAD
from tests.makers import HOUR, ISSUERS, NOW, PHONE, Pair, make_grant, make_list, sign_grant, sign_list

LIST = make_list()
BASE = Snapshot.of(NOW - 60, NOW + HOUR, {})
PROFILE = Profile(
    version=NOW,
    expires=NOW + MAX_LIFETIME,
    terminal="bus-1",
    scene="bus",
    place="bus-line-1",
    place_name="1路",
    partner_name="城市公交",
    events="https://city.example",
    list_age=24 * HOUR,
    holder_limit=40,
    terminal_limit=50_000,
)
UPLOAD = dumps({1: "bus-1", 2: bytes(8), 3: 0, 4: []})


def takes_lists(data: bytes) -> bool:
    try:
        return accept(BASE, data, trust_list=LIST, now=NOW) is not BASE
    except SnapshotError:
        return False


def takes_profile(data: bytes) -> bool:
    try:
        accept_profile(None, data, terminal="bus-1", trust_list=LIST, now=NOW)
    except ProfileError:
        return False
    return True


def takes_upload(data: bytes) -> bool:
    try:
        signed, _ = read_unverified(data)
    except UploadError:
        return False
    return is_signed_by(PHONE.point, signed)


def takes_code(kind: Kind) -> Callable[[bytes], bool]:
    def takes(data: bytes) -> bool:
        try:
            Verifier(lambda: LIST).prove(kind.value + to_digits(data), now=NOW)
        except Rejected:
            return False
        return True

    return takes


def takes_trust_list(data: bytes) -> bool:
    try:
        trustlist.first(data, roots=LIST.roots, threshold=LIST.threshold, now=NOW)
    except TrustListError:
        return False
    return True


@dataclass(frozen=True)
class Document:
    """One kind of document: what is signed, by whom, for which use, and who reads it."""

    payload: bytes
    key: Pair
    aad: bytes
    takes: Callable[[bytes], bool]
    has_kid: bool = True

    def signed(self, aad: bytes | None = None) -> bytes:
        """Sign it, for its own use or for another."""
        kid = self.key.kid if self.has_kid else None
        return sign1(self.payload, alg=-7, kid=kid, external_aad=self.aad if aad is None else aad, sign=self.key.sign)


def issued(kind: Kind) -> Document:
    """Return what an issuer signs of a kind of code that nobody else signs."""
    life = {"issued": NOW, "expires": NOW + 60, "device": None}
    signed = sign_grant(make_grant(**life, generation=1 if kind is Kind.PAPER else None), kind)
    return Document(read_sign1(signed).payload, ISSUERS[FORMS[kind].purpose], FORMS[kind].aad, takes_code(kind))


STATUS = ISSUERS[Purpose.STATUS]
DOCUMENTS = {
    "snapshot": Document(write_snapshot(NOW, NOW + HOUR, {}), STATUS, SNAPSHOT_AAD, takes_lists),
    "delta": Document(write_delta(BASE, NOW, NOW + HOUR, {}), STATUS, DELTA_AAD, takes_lists),
    "profile": Document(write_profile(PROFILE), STATUS, PROFILE_AAD, takes_profile),
    "upload": Document(UPLOAD, PHONE, UPLOAD_AAD, takes_upload),
    "served code": issued(Kind.SERVED),
    "paper code": issued(Kind.PAPER),
    "device code": Document(
        dumps([NOW, sign_grant(make_grant())]), PHONE, SHOW_AAD, takes_code(Kind.DEVICE), has_kid=False
    ),
}
USES = {document.aad for document in DOCUMENTS.values()} | {FORMS[Kind.DEVICE].aad, TRUST_AAD, CHECKPOINT_AAD, b""}
OTHERS = {
    "trust list": sign_list(LIST),
    "grant": sign_grant(make_grant()),
    "checkpoint": sign1(
        checkpoint_payload(1, bytes(32), NOW), alg=-7, kid=STATUS.kid, external_aad=CHECKPOINT_AAD, sign=STATUS.sign
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_signed_for_its_own_use_is_good_and_for_every_other_is_not(name: str) -> None:
    document = DOCUMENTS[name]
    good = {use for use in USES if document.takes(document.signed(use))}
    assert good == {document.aad}


@pytest.mark.parametrize("place", [*DOCUMENTS, "trust list"])
@pytest.mark.parametrize("name", [*DOCUMENTS, *OTHERS])
def test_no_document_stands_for_another(name: str, place: str) -> None:
    data = OTHERS[name] if name in OTHERS else DOCUMENTS[name].signed()
    takes = takes_trust_list if place == "trust list" else DOCUMENTS[place].takes
    # Lists of both kinds have one reader, and it tells them apart by their use.
    same = name == place or {name, place} == {"snapshot", "delta"}
    assert takes(data) is same


def test_every_use_has_a_name_of_its_own() -> None:
    named = [document.aad for document in DOCUMENTS.values()] + [FORMS[Kind.DEVICE].aad, TRUST_AAD, CHECKPOINT_AAD]
    assert len(set(named)) == len(named)
    # None is the beginning of another: what is signed has its length in front, and still nobody has to think of it.
    assert not [(a, b) for a in named for b in named if a != b and b.startswith(a)]


def test_what_an_enrolment_pins_is_a_trust_list_and_nothing_else() -> None:
    for document in DOCUMENTS.values():
        data = document.signed()
        with pytest.raises(TrustListError):
            read_pinned(data, pin_of(data))
