"""What a signer process signs for this service: what the service itself would write, and nothing that looks like it.

A message passes when the service itself would have written these very bytes for the key's purpose, by the closed schema
and within the limits of the issuer. A refusal names the rule and nothing of the content.
"""

import hashlib
import json
import re
from typing import Any

from codeservice import health_record
from codeservice.audit import CHECKPOINT_AAD, checkpoint_payload
from codeservice.code import FORMS, Kind, read_grant
from codeservice.destruction import DESTRUCTION_AAD, read_certificate
from codeservice.errors import Rejected
from codeservice.export import EXPORT_AAD, read_seal
from codeservice.health_record import CLAIMS, DECISION, DECISION_LIFE
from codeservice.health_record import Purpose as RecordPurpose
from codeservice.issuer import UnsafeGrantError, require_safe
from codeservice.licence_copy import COPY_AAD, CopyError, read_copy, write_copy
from codeservice.poster import POSTER_AAD, PosterError, poster_payload, read_poster_payload
from codeservice.profile import PROFILE_AAD, ProfileError, read_profile, write_profile
from codeservice.snapshot import DELTA_AAD, MAX_LIFETIME, SNAPSHOT_AAD
from codeservice.statement import STATEMENT_AAD, StatementError, read_payload
from codeservice.status_list import StatusList, StatusListError
from codeservice.status_token import JWT_TYPE, LIFE, TTL, cwt_header
from codeservice.token import ACCESS, TOKEN_LIFE
from keys import jws
from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import ALG, KID, UnverifiedSign1, sig_structure
from keys.errors import KeysError, RefusedError
from keys.guard import Policy
from keys.intent import Statement
from keys.key import PublicKey, Purpose

SKEW = 60
"""Seconds between the worker's look at the clock and the signer's: a request may wait for locks and for a retry."""

_HASH_SIZE = 32
_ARRAY_OF_FOUR = b"\x84"
_LIST_PATH = re.compile(r"[0-9]{1,5}/(?:revoked|suspended)", re.ASCII)
_LIST_CLAIMS = {"sub", "iat", "exp", "ttl", "status_list"}
_CLAIMS = {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti"}


def signing_policy(origin: str) -> Policy:
    """Return the policy of a city that is reached at `origin`, the issuer of its tokens."""
    readers: dict[Purpose, Policy] = {
        Purpose.GRANT: _reader_of_grants(Kind.DEVICE),
        Purpose.SERVED: _reader_of_grants(Kind.SERVED),
        Purpose.PAPER: _reader_of_grants(Kind.PAPER),
        Purpose.TOKEN: lambda key, message, now: _read_token(key, message, now, origin),
        Purpose.STATUS: lambda key, message, now: _read_status_list(key, message, now, origin),
        Purpose.CHECKPOINT: _read_checkpoint,
    }

    def read(key: PublicKey, message: bytes, now: int) -> Statement:
        if key.purpose is not Purpose.STATUS and len(message) > jws.MAX_JWS:
            raise RefusedError("too long")
        return readers[key.purpose](key, message, now)

    return read


def subject_of(list_: int, idx: int) -> str:
    """Name a place of a status list as the subject of an intent."""
    return f"place:{list_}/{idx}"


def binding_of(kind: Kind, device: bytes | None) -> bytes:
    """Return what a place of a status list is bound to: its kind of code, and the device's key where there is one."""
    return hashlib.sha256(kind.value.encode() + (device or b"")).digest()


def _reader_of_grants(kind: Kind) -> Policy:
    def read(key: PublicKey, message: bytes, now: int) -> Statement:
        protected, payload = _take_apart(key, message, FORMS[kind].aad)
        signed = UnverifiedSign1(protected, algorithm_named(key.algorithm).cose, key.kid, payload, b"")
        try:
            grant = read_grant(kind, signed)
            require_safe(grant, kind, key, now - SKEW)
        except (Rejected, UnsafeGrantError, KeysError) as error:
            raise RefusedError("no grant that the issuer would write") from error
        if grant.issued > now + SKEW:
            raise RefusedError("a grant of the future")
        return Statement(subject_of(grant.list, grant.idx), grant.expires, binding_of(kind, grant.device))

    return read


def _read_checkpoint(key: PublicKey, message: bytes, now: int) -> Statement:
    if _is_for(key, message, DESTRUCTION_AAD):
        return _read_destruction(key, message, now)
    _protected, payload = _take_apart(key, message, CHECKPOINT_AAD)
    match _loads(payload):
        case {"size": int(size), "root": bytes(root), "at": int(at)} if size > 0 and len(root) == _HASH_SIZE:
            # In Python true is 1; abs and comparison take it for a number, and so would its writer.
            if not isinstance(size, bool) and abs(now - at) <= SKEW and checkpoint_payload(size, root, at) == payload:
                return Statement(f"checkpoint:{size}", at)
        case _:
            pass
    raise RefusedError("no checkpoint of the audit log of this moment")


def _read_destruction(key: PublicKey, message: bytes, now: int) -> Statement:
    _protected, payload = _take_apart(key, message, DESTRUCTION_AAD)
    try:
        certificate = read_certificate(payload)
    except KeysError as error:
        raise RefusedError("no certificate of destruction that the service would write") from error
    if abs(now - certificate.at) > SKEW:
        raise RefusedError("no certificate of this moment")
    return Statement(f"destruction:{certificate.proposal}", certificate.at)


def _read_token(key: PublicKey, message: bytes, now: int, origin: str) -> Statement:
    header, claims = _read_jws(message)
    if header == {"alg": key.algorithm, "kid": key.kid.hex(), "typ": DECISION}:
        return _read_decision(claims, now, origin)
    if header != {"alg": key.algorithm, "kid": key.kid.hex(), "typ": ACCESS}:
        raise RefusedError("no access token under this key")
    match claims:
        case {"sub": str(client), "iat": int(issued), "exp": int(expires)} if claims.keys() == _CLAIMS:
            ours = claims["iss"] == claims["aud"] == origin and claims["client_id"] == client
            texts = all(isinstance(claims[name], str) for name in ("scope", "jti"))
            if ours and texts and abs(now - issued) <= SKEW and 0 < expires - issued <= TOKEN_LIFE:
                return Statement(f"client:{client}", expires)
        case _:
            pass
    raise RefusedError("no access token of this city and this moment")


def _read_decision(claims: dict[str, Any], now: int, origin: str) -> Statement:
    """Read a decision on a health record; whether the patient has consented is the record's matter."""
    match claims:
        case {"aud": health_record.AUDIENCE, "iat": int(issued), "exp": int(expires)} if claims.keys() == CLAIMS:
            texts = all(isinstance(value, str) for name, value in claims.items() if name not in {"iat", "exp"})
            timely = abs(now - issued) <= SKEW and expires - issued == DECISION_LIFE
            if texts and timely and claims["iss"] == origin and claims["purpose"] in set(RecordPurpose):
                return Statement(f"record:{claims['jti']}", expires)
        case _:
            pass
    raise RefusedError("no decision on a record of this city and this moment")


def _read_status_list(key: PublicKey, message: bytes, now: int, origin: str) -> Statement:
    """Read the signing input of a Status List Token, as JWT or as CWT; what the bits say is the record's matter."""
    for aad, read in _DOCUMENTS.items():
        if _is_for(key, message, aad):
            return read(key, message, now)
    for aad in (SNAPSHOT_AAD, DELTA_AAD):
        if _is_for(key, message, aad):
            return _read_snapshot(key, message, aad, now)
    address, issued, expires, ttl, statuses = (
        _claims_of_cwt(key, message) if message[:1] == _ARRAY_OF_FOUR else _claims_of_jwt(key, message)
    )
    times = all(type(time) is int for time in (issued, expires, ttl)) and abs(now - issued) <= SKEW
    path = str(address).removeprefix(f"{origin}/status-lists/")
    if not times or (expires, ttl) != (issued + LIFE, TTL) or not _LIST_PATH.fullmatch(path):
        raise RefusedError("no status list of this city and this moment")
    if statuses.bits != 1:
        raise RefusedError("no status list that the service would write")
    return Statement(f"list:{path}", expires)


def _is_for(key: PublicKey, message: bytes, aad: bytes) -> bool:
    protected = dumps({ALG: algorithm_named(key.algorithm).cose, KID: key.kid})
    return message.startswith(sig_structure(protected, aad, b"")[:-1])


def _read_snapshot(key: PublicKey, message: bytes, aad: bytes, now: int) -> Statement:
    """Read a snapshot or a delta as far as its times go; what it marks is the record's matter."""
    _protected, payload = _take_apart(key, message, aad)
    match _loads(payload):
        case {1: int(version), 2: int(expires), 3: list()} if abs(now - version) <= SKEW:
            if 0 < expires - version <= MAX_LIFETIME:
                return Statement(f"{aad.decode()}:{version}", expires)
        case _:
            pass
    raise RefusedError("no snapshot of this moment")


def _read_profile(key: PublicKey, message: bytes, now: int) -> Statement:
    """Read a terminal's profile; which place it is at and who has tickets is the record's matter."""
    _protected, payload = _take_apart(key, message, PROFILE_AAD)
    try:
        profile = read_profile(payload)
    except ProfileError as error:
        raise RefusedError("no profile that the service would write") from error
    # Entries of a table in another order, or one that stands twice, are not written again.
    if abs(now - profile.version) > SKEW or write_profile(profile) != payload:
        raise RefusedError("no profile of this moment")
    return Statement(f"profile:{profile.terminal}", profile.expires)


def _read_poster(key: PublicKey, message: bytes, now: int) -> Statement:
    """Read a place's poster; whether there is such a place is the record's matter."""
    _protected, payload = _take_apart(key, message, POSTER_AAD)
    try:
        poster = read_poster_payload(payload)
    except PosterError as error:
        raise RefusedError("no poster that the service would write") from error
    if abs(now - poster.begins) > SKEW or poster_payload(poster) != payload:
        raise RefusedError("no poster of this moment")
    return Statement(f"poster:{poster.place}", poster.ends)


def _read_copy(key: PublicKey, message: bytes, now: int) -> Statement:
    """Read a copy of a licence; what it says of the licence is the record's matter."""
    _protected, payload = _take_apart(key, message, COPY_AAD)
    try:
        copy = read_copy(payload)
    except CopyError as error:
        raise RefusedError("no copy that the service would write") from error
    if abs(now - copy.issued) > SKEW or write_copy(copy) != payload:
        raise RefusedError("no copy of this moment")
    return Statement(f"copy:{copy.id}", copy.expires)


def _read_export(key: PublicKey, message: bytes, now: int) -> Statement:
    """Read the seal of an export; whose data it is and whether it is all is the record's matter."""
    _protected, payload = _take_apart(key, message, EXPORT_AAD)
    try:
        seal = read_seal(payload)
    except KeysError as error:
        raise RefusedError("no seal that the service would write") from error
    if abs(now - seal.at) > SKEW:
        raise RefusedError("no seal of this moment")
    return Statement(f"export:{seal.digest.hex()}", seal.at)


def _read_statement(key: PublicKey, message: bytes, now: int) -> Statement:
    """Read the header of a statement of public transport; what its rows say is the record's matter."""
    _protected, payload = _take_apart(key, message, STATEMENT_AAD)
    try:
        header, _totals = read_payload(payload)
    except StatementError as error:
        raise RefusedError("no statement that the service would write") from error
    if abs(now - header.made) > SKEW:
        raise RefusedError("no statement of this moment")
    return Statement(f"statement:{header.operator}/{header.line}/{header.day}/{header.number}", header.made)


def _claims_of_jwt(key: PublicKey, message: bytes) -> tuple[Any, Any, Any, Any, StatusList]:
    header, claims = _read_jws(message)
    if header != {"alg": key.algorithm, "kid": key.kid.hex(), "typ": JWT_TYPE} or claims.keys() != _LIST_CLAIMS:
        raise RefusedError("no status list under this key")
    try:
        statuses = StatusList.from_json(claims["status_list"])
    except StatusListError as error:
        raise RefusedError("no status list that the service would write") from error
    return claims["sub"], claims["iat"], claims["exp"], claims["ttl"], statuses


def _claims_of_cwt(key: PublicKey, message: bytes) -> tuple[Any, Any, Any, Any, StatusList]:
    protected = cwt_header(algorithm_named(key.algorithm).cose, key.kid)
    match _loads(message):
        case [str(), bytes(), bytes(), bytes(payload)] if sig_structure(protected, b"", payload) == message:
            claims = _loads(payload)
        case _:
            raise RefusedError("not under the header and for the use of this key")
    match claims:
        case {2: address, 4: expires, 6: issued, 65534: ttl, 65533: claim, **rest} if not rest:
            try:
                return address, issued, expires, ttl, StatusList.from_cbor(claim)
            except StatusListError as error:
                raise RefusedError("no status list that the service would write") from error
        case _:
            raise RefusedError("no status list under this key")


def _take_apart(key: PublicKey, message: bytes, aad: bytes) -> tuple[bytes, bytes]:
    """Return protected header and payload of a Sig_structure (RFC 9052 section 4.4) for this key and use.

    The payload has one form only: its reader takes deterministic CBOR of a closed schema.
    """
    protected = dumps({ALG: algorithm_named(key.algorithm).cose, KID: key.kid})
    match _loads(message):
        case [str(), bytes(), bytes(), bytes(payload)] if sig_structure(protected, aad, payload) == message:
            return protected, payload
        case _:
            raise RefusedError("not under the header and for the use of this key")


def _read_jws(message: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a JWS signing input (RFC 7515 section 5.1) that the service has written."""
    try:
        first, second = message.decode().split(".")
        header, claims = (jws.parse_json(jws.decode(part, longest=len(message))) for part in (first, second))
    except (KeysError, ValueError) as error:
        raise RefusedError("not a token") from error
    # Whatever Python's reader is lenient about, such as a name that stands twice, is not written again.
    if [first, second] != [jws.encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]:
        raise RefusedError("not a token that the service would write")
    return header, claims


def _loads(data: bytes) -> object:
    try:
        value: object = loads(data)
    except KeysError:
        return None
    return value


_DOCUMENTS: dict[bytes, Policy] = {
    PROFILE_AAD: _read_profile,
    POSTER_AAD: _read_poster,
    COPY_AAD: _read_copy,
    STATEMENT_AAD: _read_statement,
    EXPORT_AAD: _read_export,
}
"""What a status key signs besides status lists and snapshots, by context."""
