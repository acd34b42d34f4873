"""The targets: one function for each reader of outside bytes, in one table.

A target returns whether the input was read or accepted. It lets only the documented errors pass, and raises
BrokenPromiseError when something was accepted that nobody made, or has two forms.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from flask import Flask

from adapters import ADAPTERS
from codeservice import rice
from codeservice.code import FORMS, MAX_DIGITS, SHOW_AAD, Grant, Kind, from_digits, read_code, to_digits
from codeservice.credential import IdNumber, InvalidIdNumberError
from codeservice.errors import BadRequestError, Rejected
from codeservice.issuer import PAPER_LIFE
from codeservice.places import PlacesError, places_of
from codeservice.places import read as read_places
from codeservice.places import write as write_places
from codeservice.profile import MAX_LIFETIME as PROFILE_LIFETIME
from codeservice.profile import PROFILE_AAD, ProfileError, accept_profile, read_profile, write_profile
from codeservice.reason import Reason
from codeservice.scan import Decision, Outcome, Policy, Verified
from codeservice.scene import SCENES
from codeservice.signing_policy import SKEW, signing_policy
from codeservice.snapshot import (
    DELTA_AAD,
    MAX_LIFETIME,
    SNAPSHOT_AAD,
    Snapshot,
    SnapshotError,
    accept,
    sign,
    write_snapshot,
)
from codeservice.status import Status
from codeservice.status_list import StatusList, StatusListError
from codeservice.token import read_access, read_assertion, unverified_client
from codeservice.upload import (
    MAX_ITEM,
    MAX_UPLOAD,
    ItemError,
    UploadError,
    is_signed_by,
    read_item,
    read_unverified,
    write_item,
    write_upload,
)
from codeservice.verifier import Verifier
from codeservice.web.operation import _read_json
from codeservice.web.verification import VerificationRequest
from fuzz import seeds
from keys import cose, jws, trustlist
from keys.algorithms import ES256
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sig_structure
from keys.errors import (
    BadKeyError,
    BadSignatureError,
    NotDeterministicError,
    NotSignedError,
    RefusedError,
    TrustListError,
)
from keys.key import Purpose
from keys.signing_protocol import MAX_FRAME, MAX_MESSAGE, read_request, write_request
from keys.trustlist import TrustList
from tests.makers import ISSUERS, NOW, PHONE, ROOTS, header_of, make_grant, sign_grant

MAX_TEXT = 4_096
MAX_TRUST_LIST = trustlist.MAX_TRUST_LIST + 64
MAX_PAYLOAD = 320
"""Bytes of a snapshot that is really signed: thirty lists of the largest size, and no more than the bound of memory."""


class BrokenPromiseError(Exception):
    """A reader accepted what it must not accept."""


@dataclass(frozen=True)
class Target:
    """One reader under attack. `max_len` is the longest input in bytes, a little above the reader's own limit."""

    read: Callable[[bytes], bool]
    seeds: Callable[[], Iterable[bytes]]
    max_len: int = MAX_TEXT

    @property
    def name(self) -> str:
        """The name on the command line."""
        return self.read.__name__


def code_text(data: bytes) -> bool:
    """Any text is a code or is rejected for a reason of the reader; a code has one text."""
    return _reads(_text(data), None)


def code_text_with_guide(data: bytes) -> bool:
    """The guide is accepted exactly or not at all."""
    return _reads(_text(data), seeds.GUIDE)


def code_bytes(data: bytes) -> bool:
    """Any bytes are a code or are rejected: the same reader, past the digits."""
    if not data:
        return False
    kind = seeds.KINDS[data[0] % len(seeds.KINDS)]
    return _reads(kind.value + to_digits(data[1:]), None)


def _reads(text: str, guide: str | None) -> bool:
    try:
        read_code(text, guide=guide)
    except Rejected as rejection:
        _require(rejection.reason in (Reason.MALFORMED, Reason.UNSUPPORTED_VERSION), "another reason")
        return False
    digits = text if guide is None else text.removeprefix(guide)
    _require(to_digits(from_digits(digits[2:])) == digits[2:], "a code with two texts")
    return True


class _Open:
    """A memory in which every grant is valid and no code was used."""

    def status(self, _grant: Grant) -> Status | None:
        return Status.VALID

    def first_use(self, _use: tuple[int, int, int]) -> bool:
        return True

    def attempt(self) -> AbstractContextManager[object]:
        return nullcontext()


def _no_rules(_verified: Verified, _memory: _Open) -> Mapping[str, object]:
    return {}


_MADE = {text.removeprefix(seeds.GUIDE) for text in (*seeds.GOOD_CODES.values(), *seeds.vector_texts())}
_POLICY = Policy(SCENES["bus"], frozenset(FORMS))
_WARM = Verifier(lambda: seeds.LIST, guide=seeds.GUIDE)
_GRANT = make_grant()
_SIGNED_GRANT = sign_grant(_GRANT)


def decide_text(data: bytes) -> bool:
    """A verifier decides any text, and accepts only the codes that were made."""
    text = _text(data)
    accepted = _decide(text)
    _require(not accepted or text.removeprefix(seeds.GUIDE) in _MADE, "a forged code")
    return accepted


def decide_bytes(data: bytes) -> bool:
    """The same past the digits."""
    if not data:
        return False
    text = seeds.KINDS[data[0] % len(seeds.KINDS)].value + to_digits(data[1:])
    accepted = _decide(text)
    _require(not accepted or text in _MADE, "a forged code")
    return accepted


def decide_signed(data: bytes) -> bool:
    """The same past the signatures: claims, moments and headers that issuer or phone really signed."""
    if not data:
        return False
    layer, inner = data[0] % 6, data[1:]
    issuer = dumps(header_of(ISSUERS[Purpose.GRANT]))
    match layer:
        case 0:
            return _decide(_shown(_sealed(Kind.DEVICE, dumps(header_of(ISSUERS[Purpose.GRANT])), inner)))
        case 1 | 2:
            kind = seeds.KINDS[layer]
            header = dumps(header_of(ISSUERS[FORMS[kind].purpose]))
            return _decide(kind.value + to_digits(_sealed(kind, header, inner)))
        case 3:
            return _decide(_text_of(dumps(header_of(None)), inner))
        case 4:
            accepted = _decide(_shown(_sealed(Kind.DEVICE, inner, loads(_SIGNED_GRANT)[2])))
            _require(not accepted or inner == issuer, "a foreign header")
            return accepted
        case _:
            return _decide(_text_of(inner, dumps([NOW, _SIGNED_GRANT])))


def _sealed(kind: Kind, protected: bytes, payload: bytes) -> bytes:
    signature = ISSUERS[FORMS[kind].purpose].sign(sig_structure(protected, FORMS[kind].aad, payload))
    return dumps([protected, {}, payload, signature])


def _shown(grant: bytes) -> str:
    return _text_of(dumps(header_of(None)), dumps([NOW, grant]))


def _text_of(protected: bytes, payload: bytes) -> str:
    signature = PHONE.sign(sig_structure(protected, SHOW_AAD, payload))
    return Kind.DEVICE.value + to_digits(dumps([protected, {}, payload, signature]))


def _decide(text: str) -> bool:
    cold = Verifier(lambda: seeds.LIST, guide=seeds.GUIDE)
    first, second, fresh = (_decision(verifier, text) for verifier in (_WARM, _WARM, cold))
    _require(first == second == fresh, "what a verifier remembers changes its decision")
    return fresh.outcome is Outcome.ACCEPTED


def _decision(verifier: Verifier, text: str) -> Decision:
    return verifier.decide(text, policy=_POLICY, memory=_Open(), rules=_no_rules, now=NOW)


def cbor(data: bytes) -> bool:
    """Any bytes are one item in its only form, or NotDeterministicError."""
    try:
        value = loads(data)
    except NotDeterministicError:
        return False
    _require(dumps(value) == data, "an item with two forms")
    return True


def sign1(data: bytes) -> bool:
    """Any bytes are a COSE_Sign1, or NotDeterministicError or NotSignedError."""
    try:
        read = read_sign1(data)
    except (NotDeterministicError, NotSignedError):
        return False
    _require(dumps([read.protected, {}, read.payload, read.signature]) == data, "a structure with two forms")
    return True


def trust_list_first(data: bytes) -> bool:
    """Any bytes are a trust list by roots handed over, or TrustListError; only signed lists are read."""
    try:
        found = trustlist.first(data, roots=seeds.LIST.roots, threshold=2, now=NOW)
    except TrustListError:
        return False
    _require(found in (seeds.LIST, seeds.NEXT_LIST), "a forged list")
    return True


def trust_list_next(data: bytes) -> bool:
    """Any bytes are the successor of the list in force, or TrustListError; only signed lists are accepted."""
    found = _next(data)
    _require(found in (None, seeds.LIST, seeds.NEXT_LIST), "a forged list")
    return found is not None


def trust_list_signed(data: bytes) -> bool:
    """The same past the signatures: any payload that two roots really signed."""
    found = _next(trustlist.sign(data, [(pair.root, pair.sign) for pair in ROOTS[:2]]))
    _require(found is None or found.version in (seeds.LIST.version, seeds.LIST.version + 1), "a version was skipped")
    return found is not None


def _next(data: bytes) -> TrustList | None:
    try:
        return trustlist.accept(seeds.LIST, data, now=NOW)
    except TrustListError:
        return None


def jws_token(data: bytes) -> bool:
    """Any text is a token by our key, or NotSignedError; its header is read, or NotSignedError."""
    token = _text(data)
    try:
        jws.header_of(token)
    except NotSignedError:
        header = False
    else:
        header = True
    try:
        jws.read(token, typ=seeds.TYP, point=PHONE.point, audience=seeds.ISSUER)
    except NotSignedError:
        return False
    _require(header and token.rpartition(".")[0] in _SIGNED, "a forged token")
    return True


_SIGNED = {seed.decode().rpartition(".")[0] for seed in seeds.tokens()}


def jws_claims(data: bytes) -> bool:
    """The same past the signature: any claims that the client really signed, in every place that reads claims."""
    key = ISSUERS[Purpose.TOKEN].key(Purpose.TOKEN)
    accepted = 0
    for typ in (seeds.TYP, "client-authentication+jwt", "at+jwt"):
        pair = ISSUERS[Purpose.TOKEN] if typ == "at+jwt" else PHONE
        signed = f"{jws.encode(_HEADERS[typ])}.{jws.encode(data)}"
        token = f"{signed}.{jws.encode(pair.sign(signed.encode()))}"
        try:
            match typ:
                case "at+jwt":
                    read_access(token, key=key, issuer=seeds.ISSUER, now=NOW)
                case seeds.TYP:
                    jws.read_proof(token, typ=typ, point=pair.point, now=NOW, audience=seeds.ISSUER)
                case _:
                    read_assertion(token, client=seeds.CLIENT, point=pair.point, issuer=seeds.ISSUER, now=NOW)
            accepted += 1
        except NotSignedError:
            pass
    return accepted > 0


_HEADERS = {
    typ: b'{"alg":"ES256","typ":"' + typ.encode() + b'"}' for typ in (seeds.TYP, "client-authentication+jwt", "at+jwt")
}


def assertion(data: bytes) -> bool:
    """Any text claims to be from a client, or NotSignedError; only what the client signed is its assertion."""
    text = _text(data)
    try:
        unverified_client(text)
        read_assertion(text, client=seeds.CLIENT, point=PHONE.point, issuer=seeds.ISSUER, now=NOW)
    except NotSignedError:
        return False
    _require(text.rpartition(".")[0] == seeds.ASSERTION.rpartition(".")[0], "a forged assertion")
    return True


def jwk(data: bytes) -> bool:
    """Any JSON is a public key on the curve, or BadKeyError."""
    try:
        point = jws.point_of_jwk(jws.parse_json(data))
    except BadKeyError:
        return False
    _require(len(point) == len(PHONE.point), "a point of another size")
    return True


def point(data: bytes) -> bool:
    """Any bytes are a point of the suite's curve, or BadKeyError; only the signature that was made verifies."""
    if not data:
        return False
    pair, size = seeds.PAIRS[data[0] % len(seeds.PAIRS)], len(PHONE.point)
    public, signature = data[1 : 1 + size], data[1 + size :]
    try:
        verify = pair.suite.load(public)
    except BadKeyError:
        return False
    try:
        verify(signature, seeds.MESSAGE)
    except BadSignatureError:
        return True
    _require((public, signature) == (pair.point, pair.sign(seeds.MESSAGE)), "a forged signature")
    return True


def base64url(data: bytes) -> bool:
    """Any text is base64url in its one form, or BadKeyError."""
    text = _text(data)
    try:
        found = jws.decode(text)
    except BadKeyError:
        return False
    _require(jws.encode(found) == text, "bytes with two texts")
    return True


def id_number(data: bytes) -> bool:
    """Any text is a citizen ID number, or InvalidIdNumberError."""
    try:
        number = IdNumber.read(_text(data))
    except InvalidIdNumberError:
        return False
    _require(IdNumber.read(number.text) == number and number.born is not None, "a number with two forms")
    return True


_APP = Flask(__name__)
_BODIES = sorted(
    {adapter.body for adapter in ADAPTERS.values()} | {VerificationRequest}, key=lambda body: body.__name__
)


def scan_body(data: bytes) -> bool:
    """Any body is a scan of the scene, or BadRequestError."""
    accepted = 0
    for body in _BODIES:
        with _APP.test_request_context(method="POST", data=data, content_type="application/json"):
            try:
                _read_json(body)
                accepted += 1
            except BadRequestError:
                pass
    return accepted > 0


def status_list(data: bytes) -> bool:
    """Any claim of any width is a status list that is written again as it was read, or StatusListError."""
    if not data:
        return False
    bits, lst = data[0], data[1:]
    try:
        found = StatusList.from_cbor({"bits": bits, "lst": lst})
        StatusList.from_json({"bits": bits, "lst": jws.encode(lst)})
    except StatusListError:
        return False
    _require(StatusList.from_cbor(found.cbor_claim()) == found, "a list that is read as another")
    return True


def places(data: bytes) -> bool:
    """Any CBOR is a set of places below a size that comes back, or PlacesError; as gaps it has one form."""
    if not data[2:]:
        return False
    size = 1 + int.from_bytes(data[:2])
    try:
        form = loads(data[2:])
        array = read_places(form, size)
    except (NotDeterministicError, PlacesError):
        return False
    marked = places_of(array)
    _require(len(array) == -(-size // 8) and all(place < size for place in marked), "a place beyond the list")
    _require(read_places(write_places(array), size) == array, "a set that is read as another")
    _require(len(form) == 1 or form == ([len(marked), *rice.encode(marked)] if marked else []), "a set with two forms")
    return True


_SIGNED_DOCUMENTS = frozenset(seeds.snapshots())


def snapshot(data: bytes) -> bool:
    """Any bytes are a snapshot or a delta, or SnapshotError; only what the city signed is accepted."""
    accepted = [_accepted(current, data) for current in (None, seeds.STATE)]
    _require(accepted == [None, None] or data in _SIGNED_DOCUMENTS, "a forged document")
    return accepted != [None, None]


def snapshot_signed(data: bytes) -> bool:
    """The same past the signature: what the status key really signed brings nobody back and unfolds within bounds."""
    if not data:
        return False
    aad, current = (SNAPSHOT_AAD, DELTA_AAD)[data[0] & 1], (None, seeds.STATE)[data[0] >> 1 & 1]
    after = _accepted(current, sign(data[1:], aad, signer=seeds.STATUS_SIGNER, now=NOW))
    if after is None:
        return False
    _require(after.version < after.expires <= after.version + MAX_LIFETIME, "a state that lives too long")
    for id_, marks in after.lists.items():
        _require(after.status(id_, marks.size) is Status.REVOKED, "a place beyond the list")
        before = current.lists.get(id_) if current else None
        for idx in places_of(before.revoked) if before else ():
            _require(after.status(id_, idx) is Status.REVOKED, "a revoked place came back")
    again = write_snapshot(after.version, after.expires, after.lists)
    whole = _accepted(None, sign(again, SNAPSHOT_AAD, signer=seeds.STATUS_SIGNER, now=NOW))
    _require(whole is not None and whole.lists == after.lists, "a state that is read as another")
    return True


def _accepted(current: Snapshot | None, data: bytes) -> Snapshot | None:
    try:
        return accept(current, data, trust_list=seeds.LIST, now=NOW)
    except SnapshotError:
        return None


def upload(data: bytes) -> bool:
    """Any bytes are an upload in its one form, or UploadError; only what the terminal signed verifies."""
    try:
        unverified, read = read_unverified(data)
    except UploadError:
        return False
    if unverified.kid is not None:
        again = write_upload(read, kid=unverified.kid, sign=lambda _: unverified.signature)
        _require(again == data, "an upload with two forms")
    _require(not is_signed_by(PHONE.point, unverified) or data in _UPLOADS, "a forged upload")
    for _, item in read.items:
        upload_item(item)
    return True


_UPLOADS = frozenset(seeds.uploads())


def upload_item(data: bytes) -> bool:
    """Any bytes are a scan that is written again as it was read, or ItemError."""
    try:
        scan = read_item(data)
    except ItemError:
        return False
    _require(read_item(write_item(scan)) == scan, "a scan that is read as another")
    _require((scan.outcome is Outcome.ACCEPTED) == (scan.reason is None), "a scan that contradicts itself")
    return True


def profile(data: bytes) -> bool:
    """Any bytes are a profile for this terminal, or ProfileError: as they come, and really signed by the status key."""
    if not data:
        return False
    document = data[1:]
    if data[0] & 1:
        key = seeds.STATUS_SIGNER.key
        document = cose.sign1(
            document,
            alg=ES256.cose,
            kid=key.kid,
            external_aad=PROFILE_AAD,
            sign=lambda message: seeds.STATUS_SIGNER.sign(message, now=NOW),
        )
    try:
        found = accept_profile(None, document, terminal=seeds.PROFILE.terminal, trust_list=seeds.LIST, now=NOW)
    except ProfileError:
        return False
    _require(data[0] & 1 == 1 or found == seeds.PROFILE, "a forged profile")
    _require(found.version < found.expires <= found.version + PROFILE_LIFETIME, "a profile that lives too long")
    _require(read_profile(write_profile(found)) == found, "a profile that is read as another")
    return True


def signing_request(data: bytes) -> bool:
    """Any bytes are a request to a signer process or refused; a request has one form."""
    try:
        kid, messages = read_request(data)
    except RefusedError:
        return False
    _require(write_request(kid, messages) == data, "a request with two forms")
    return True


_MAY_SIGN = signing_policy(seeds.ISSUER)


def to_be_signed(data: bytes) -> bool:
    """Any bytes are what one key at most may sign now, and then live no longer than the longest print."""
    permitted = []
    for purpose, pair in ISSUERS.items():
        try:
            said = _MAY_SIGN(pair.key(purpose), data, NOW)
        except RefusedError:
            continue
        permitted.append(purpose)
        _require(said.expires <= NOW + PAPER_LIFE + SKEW, "a statement that lives too long")
    _require(len(permitted) <= 1, "bytes that two keys would sign")
    return bool(permitted)


def _text(data: bytes) -> str:
    """Read any bytes as text, lone surrogates included: what is no UTF-8 becomes one."""
    return data.decode(errors="surrogateescape")


def _require(promise: bool, broken: str) -> None:  # noqa: FBT001 -- a condition
    if not promise:
        raise BrokenPromiseError(broken)


TARGETS = {
    target.name: target
    for target in (
        Target(code_text, seeds.texts),
        Target(code_text_with_guide, seeds.texts),
        Target(code_bytes, seeds.codes, MAX_DIGITS // 2),
        Target(decide_text, seeds.texts),
        Target(decide_bytes, seeds.codes, MAX_DIGITS // 2),
        Target(decide_signed, seeds.layers, MAX_DIGITS // 2),
        Target(cbor, seeds.items, MAX_TEXT),
        Target(sign1, seeds.sealed, MAX_DIGITS // 2),
        Target(trust_list_first, seeds.trust_lists, MAX_TRUST_LIST),
        Target(trust_list_next, seeds.trust_lists, MAX_TRUST_LIST),
        Target(trust_list_signed, seeds.trust_payloads, MAX_TRUST_LIST),
        Target(jws_token, seeds.tokens, jws.MAX_JWS + 64),
        Target(jws_claims, seeds.claims, jws.MAX_JWS),
        Target(assertion, seeds.tokens, jws.MAX_JWS + 64),
        Target(jwk, seeds.jwks),
        Target(point, seeds.points, 256),
        Target(base64url, seeds.words),
        Target(id_number, seeds.id_numbers, 64),
        Target(scan_body, seeds.scan_bodies),
        Target(status_list, seeds.status_lists, MAX_TEXT),
        Target(places, seeds.sets_of_places, MAX_TEXT),
        Target(snapshot, seeds.snapshots, MAX_TEXT),
        Target(snapshot_signed, seeds.snapshot_payloads, MAX_PAYLOAD),
        Target(upload, seeds.uploads, MAX_UPLOAD + 64),
        Target(upload_item, seeds.upload_items, MAX_ITEM + 64),
        Target(profile, seeds.profiles, MAX_TEXT),
        Target(signing_request, seeds.signing_requests, MAX_FRAME),
        Target(to_be_signed, seeds.to_be_signed, MAX_MESSAGE),
    )
}
"""Every reader under attack, by name."""
