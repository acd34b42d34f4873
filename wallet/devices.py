"""Devices and their grants: enrolment with a key of one's own, batches of grants, removal and loss."""

from typing import Annotated, Any

import msgspec
from flask import Blueprint

from codeservice.code import FORMS, MAX_INDEX, MAX_LIST, MAX_SERVED_LIFETIME
from codeservice.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
    UnprocessableError,
)
from codeservice.issuer import UnsafeGrantError
from codeservice.issuing import Proxy, Wallet, issue_batch, issue_digits, issue_served
from codeservice.notice import NoticeKind
from codeservice.revoking import change_status
from codeservice.scene import scenes_named
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, device, grant, household, notice, session, tally, wechat
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from keys import jws
from keys.algorithms import ES256
from keys.errors import BadKeyError, KeyNotUsableError, NotSignedError, SignerError
from keys.trustlist import ExpiredListError, TrustList, UnknownKeyError
from wallet.client_version import client_name
from wallet.session import Nothing, require_person

door = Blueprint("devices", __name__)

ListNumber = Annotated[int, msgspec.Meta(ge=0, lt=MAX_LIST)]
Index = Annotated[int, msgspec.Meta(ge=0, lt=MAX_INDEX)]

MAX_BATCH = 16
"""Grants of one request."""

_GRANTS_PER_HOUR = 240
_MAX_NAME = 80
_SESSION = ("sign_in_required", "csrf_token_required", "real_name_required")
_PROOF = ("proof_refused", "clock_skew", "weak_key", "key_used_before", "too_many_devices")
_DEMANDS = ("assurance_required", "device_required", "device_too_new")
_ENROLMENT = (*_SESSION, *_PROOF, "session_has_device")


class DeviceRequest(Body, frozen=True):
    """A name for people, and a proof (JWS, typ device-proof+jwt) that the browser holds the key in its header."""

    name: Annotated[str, msgspec.Meta(max_length=_MAX_NAME)]
    proof: str


class DeviceMade(Answer, frozen=True):
    """The device's identifier."""

    id: str


class GrantRequest(Body, frozen=True):
    """A proof (JWS, typ grant-request+jwt) by the device key that names the scene and the keys to bind.

    `keys` are compressed points of `algorithm` (ES256 if it is not named), by which the city has to sign grants; `for`
    is the tie to the dependant whose code the device is going to show.
    """

    proof: str


class SessionRequest(Body, frozen=True):
    """A proof (JWS, typ session-proof+jwt) by the device key that names the `session`."""

    proof: str


class GrantMade(Answer, frozen=True):
    """One grant. `grant` is COSE_Sign1 in base64url; `key` the compressed point that it binds."""

    grant: str
    list: int
    idx: int
    scene: str
    not_before: int
    expires: int
    key: str


class GrantsMade(Answer, frozen=True):
    """A batch of grants."""

    grants: list[GrantMade]
    server_time: int


class DigitCodeMade(Answer, frozen=True):
    """A handle with the seed of its one-time password (base32); good for one showing."""

    handle: str
    seed: str
    scene: str
    expires: int


class DigitCodesMade(Answer, frozen=True):
    """Digit codes to show."""

    codes: list[DigitCodeMade]
    server_time: int


class ServedRequest(Body, frozen=True):
    """The scene of a served code."""

    scene: str


class ServedMade(Answer, frozen=True):
    """A served code as text."""

    code: str
    expires: int
    server_time: int


class StatusRequest(Body, frozen=True):
    """Places (list, idx) of grants that a wallet holds."""

    grants: Annotated[list[tuple[ListNumber, Index]], msgspec.Meta(max_length=64)]


class Statuses(Answer, frozen=True):
    """The status of each place asked for, in that order."""

    statuses: list[str]
    server_time: int


class Frozen(Answer, frozen=True):
    """How many grants died."""

    revoked: int


@operation(
    door,
    "POST /wallet/api/v1/devices",
    body=DeviceRequest,
    returns=DeviceMade,
    status=201,
    security=Security.SESSION,
    problems=_ENROLMENT,
)
def enrol_device(services: Services, body: DeviceRequest) -> DeviceMade:
    """Enrol this browser's key for the holder."""
    signed_in, holder = require_person(services)
    now = services.clock()
    try:
        public = jws.point_of_jwk(jws.header_of(body.proof).get("jwk"))
    except NotSignedError as error:
        raise UnprocessableError("proof_refused") from error
    except BadKeyError as error:
        raise UnprocessableError("weak_key") from error
    claims = _read_proof(services, body.proof, typ="device-proof+jwt", public=public, now=now)
    if claims.get("sub") != signed_in.session:
        raise UnprocessableError("proof_refused")

    def work(connection: Connection) -> str:
        # A copied session must not bring a second phone: another phone signs in by itself.
        if signed_in.device is not None and device.is_present(connection, signed_in.device):
            raise ConflictError("session_has_device")
        name = body.name.strip()
        is_first = not any(entry.removed is None for entry in device.of_person(connection, holder))
        made = device.enrol(connection, account=signed_in.account, person=holder, public=public, name=name, now=now)
        session.bind(connection, signed_in.session, made)
        if not is_first:
            values = {"client": client_name()}
            notice.add(connection, holder, NoticeKind.DEVICE_ADDED, subject=f"device:{made}", values=values, now=now)
        actor = f"account:{signed_in.account}"
        audit.add(connection, at=now, actor=actor, action="device_enrolled", subject=f"device:{made}", details={})
        return made

    return DeviceMade(services.database.transact(work))


@operation(
    door,
    "POST /wallet/api/v1/sessions/device",
    body=SessionRequest,
    status=204,
    security=Security.SESSION,
    problems=(*_SESSION, "proof_refused", "clock_skew", "device_removed", "session_has_device"),
)
def join_device(services: Services, body: SessionRequest) -> None:
    """Say by the key of an enrolled device that this session is on it; the sessions that it had before end.

    A client that signs in anew has a session that knows no device: what asks for a known one would bar it.
    """
    signed_in, _holder = require_person(services)
    found, claims = read_device_proof(services, body.proof, typ="session-proof+jwt", now=services.clock())
    if claims.get("session") != signed_in.session:
        raise UnprocessableError("proof_refused")
    with services.database.write() as connection:
        session.bind(connection, signed_in.session, found)


@operation(
    door,
    "DELETE /wallet/api/v1/devices/<device_id>",
    status=204,
    security=Security.SESSION,
    problems=(*_SESSION, "device_not_found"),
)
def remove_device(services: Services, device_id: str) -> None:
    """Remove a device; its grants die at once."""
    signed_in, _holder = require_person(services)
    now = services.clock()

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        found = device.find(connection, device_id, account=signed_in.account)
        if found is None:
            raise NotFoundError("device_not_found")
        device.remove(connection, found.id, now=now)
        return grant.live(connection, now=now, device=found.id)

    change_status(services, choose, Status.REVOKED, cause="device_removed", actor=f"account:{signed_in.account}")


@operation(
    door,
    "POST /wallet/api/v1/grants",
    body=GrantRequest,
    returns=GrantsMade,
    security=Security.SESSION,
    problems=(
        *_SESSION,
        *_PROOF,
        "device_removed",
        "scene_not_found",
        "scene_not_allowed",
        *_DEMANDS,
        "tie_not_found",
        "too_many_requests",
        "signing_unavailable",
    ),
)
def fetch_grants(services: Services, body: GrantRequest) -> GrantsMade:
    """Issue a batch of grants to an enrolled device, one for each key in the proof."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    found, claims = read_device_proof(services, body.proof, typ="grant-request+jwt", now=now)
    scene = str(claims.get("scene"))
    scenes = scenes_named(scene)
    if not scenes:
        raise UnprocessableError("scene_not_found")
    points = _points(claims.get("keys"))
    algorithm = str(claims.get("algorithm", ES256.name))
    proxy, holder = _for_whom(services, claims, holder, now)
    _limit(services, found, len(points), now)
    try:
        made = issue_batch(
            services,
            holder,
            found,
            scene=scene,
            scenes=scenes,
            points=points,
            algorithm=algorithm,
            now=now,
            proxy=proxy,
        )
    except UnsafeGrantError as error:
        raise UnprocessableError("weak_key") from error
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=30) from error
    return GrantsMade(
        [
            GrantMade(
                jws.encode(code.signed),
                code.grant.list,
                code.grant.idx,
                scene,
                code.grant.issued,
                code.grant.expires,
                jws.encode(point),
            )
            for code, point in zip(made, points, strict=True)
        ],
        now,
    )


@operation(
    door,
    "POST /wallet/api/v1/digit-codes",
    body=GrantRequest,
    returns=DigitCodesMade,
    security=Security.SESSION,
    problems=(*_SESSION, *_PROOF, *_DEMANDS, "device_removed", "scene_not_found", "too_many_requests"),
)
def fetch_digit_codes(services: Services, body: GrantRequest) -> DigitCodesMade:
    """Issue handles and seeds of digit codes to an enrolled device; each is good for one showing."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    found, claims = read_device_proof(services, body.proof, typ="digit-request+jwt", now=now)
    scene, count = str(claims.get("scene")), claims.get("count")
    if not scenes_named(scene):
        raise UnprocessableError("scene_not_found")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_BATCH:
        raise BadRequestError("body_not_readable")
    _limit(services, found, count, now)
    made = issue_digits(services, holder, found, scene=scene, count=count, now=now)
    return DigitCodesMade([DigitCodeMade(entry.handle, entry.seed, scene, entry.expires) for entry in made], now)


@operation(
    door,
    "POST /wallet/api/v1/served-codes",
    body=ServedRequest,
    returns=ServedMade,
    security=Security.SESSION,
    problems=(*_SESSION, *_DEMANDS, "scene_not_found", "too_many_requests", "signing_unavailable"),
)
def fetch_served_code(services: Services, body: ServedRequest) -> ServedMade:
    """Issue a served code, for a client that cannot hold a key; it is good for a minute."""
    signed_in, holder = require_person(services)
    now = services.clock()
    scenes = scenes_named(body.scene)
    if not scenes:
        raise UnprocessableError("scene_not_found")
    _limit(services, holder, 1, now)
    try:
        code = issue_served(
            services,
            holder,
            scene=body.scene,
            scenes=scenes,
            wallet=Wallet(signed_in.account, signed_in.device),
            now=now,
        )
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=30) from error
    return ServedMade(code, now + MAX_SERVED_LIFETIME, now)


@operation(
    door,
    "POST /wallet/api/v1/grants/status",
    body=StatusRequest,
    returns=Statuses,
    security=Security.SESSION,
    problems=_SESSION,
)
def grant_statuses(services: Services, body: StatusRequest) -> Statuses:
    """Say which of the grants that a wallet holds still count; a place that is not this person's counts as revoked."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        known = grant.of_person(connection, holder, body.grants)
    now, trust_list = services.clock(), services.trust_list()
    stands = [_status(trust_list, known.get(place), now) for place in body.grants]
    return Statuses([status.name.lower() for status in stands], now)


@operation(
    door,
    "POST /wallet/api/v1/freeze",
    body=Nothing,
    returns=Frozen,
    security=Security.SESSION,
    problems=_SESSION,
)
def freeze(services: Services, _body: Nothing) -> Frozen:
    """Report a loss: every code of the holder and in their phones dies at once, every device and other session goes."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        device.remove_all(connection, holder, now=now)
        session.end_of_person(connection, holder, but=signed_in.session)
        # A lost phone is logged in to WeChat, too.
        wechat.unbind(connection, holder)
        return grant.live_in_hands_of(connection, holder, now=now)

    changed = change_status(services, choose, Status.REVOKED, cause="loss", actor=f"account:{signed_in.account}")
    return Frozen(len(changed))


def _for_whom(services: Services, claims: dict[str, Any], holder: str, now: int) -> tuple[Proxy | None, str]:
    """Return by which right codes are fetched, None for one's own, and whose they are; raises NotFoundError."""
    if "for" not in claims:
        return None, holder
    with services.database.read() as connection:
        tie = household.find_of(connection, str(claims["for"])[:_MAX_NAME], holder)
    if tie.guardian != holder or tie.dependant is None or not tie.is_active(now):
        raise NotFoundError("tie_not_found")
    return Proxy(tie.id, holder), tie.dependant


def read_device_proof(services: Services, proof: str, *, typ: str, now: int) -> tuple[str, dict[str, Any]]:
    """Return the enrolled device that made a proof, and what it claims."""
    signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = device.find(connection, _unverified_subject(proof), account=signed_in.account)
    if found is None or found.removed is not None or found.person != holder:
        raise ConflictError("device_removed")
    if signed_in.device not in {None, found.id}:
        raise ConflictError("session_has_device")
    return found.id, _read_proof(services, proof, typ=typ, public=found.public, now=now)


def _read_proof(services: Services, proof: str, *, typ: str, public: bytes, now: int) -> dict[str, Any]:
    try:
        return jws.read_proof(proof, typ=typ, point=public, now=now, audience=services.settings.origin)
    except jws.StaleProofError as error:
        raise UnprocessableError("clock_skew") from error
    except NotSignedError as error:
        raise UnprocessableError("proof_refused") from error


def _status(trust_list: TrustList, found: grant.IssuedGrant | None, now: int) -> Status:
    """Return where a grant stands; one whose key was killed counts as revoked, so that its wallet fetches another."""
    if found is None:
        return Status.REVOKED
    if found.kid is not None:
        try:
            trust_list.find(found.kid, FORMS[found.kind].purpose, now)
        except UnknownKeyError:
            return Status.REVOKED
        except ExpiredListError:
            # Nobody can tell; a wallet that dropped its grants now would be left with nothing.
            pass
    return found.status


def _unverified_subject(proof: str) -> str:
    try:
        return str(jws.parse_json(jws.decode(proof.split(".")[1])).get("sub"))
    except (IndexError, BadKeyError) as error:
        raise UnprocessableError("proof_refused") from error


def _points(keys: object) -> list[bytes]:
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_BATCH or len(set(map(str, keys))) != len(keys):
        raise BadRequestError("body_not_readable")
    try:
        return [jws.decode(key) for key in keys]
    except BadKeyError as error:
        raise UnprocessableError("weak_key") from error


def _limit(services: Services, device_id: str, count: int, now: int) -> None:
    with services.database.write() as connection:
        left = tally.take(connection, f"grants:{now // 3600}", device_id, count, _GRANTS_PER_HOUR)
    if left is None:
        raise TooManyRequestsError("too_many_requests", retry_after=3600)
