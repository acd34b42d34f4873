"""Officers by HTTP: enrolment of a key of their own, and sign-in by that key and a one-time password together."""

from typing import Annotated

import msgspec
from flask import Blueprint, g

from codeservice.errors import ForbiddenError, NotAuthenticatedError, UnavailableError, UnprocessableError
from codeservice.officer import CLIENT_PREFIX, Duty, address_of_seed, matching_step
from codeservice.services import Services
from codeservice.store import audit
from codeservice.store import officer as officers
from codeservice.store.database import Connection
from codeservice.store.officer import StoredOfficer
from codeservice.token import TOKEN_LIFE, write_access
from codeservice.web import bearer
from codeservice.web.operation import Answer, Body, operation
from codeservice.web.token import is_authentic
from keys.errors import BadKeyError, KeyNotUsableError, SignerError
from keys.jws import point_of_jwk
from keys.key import Purpose

door = Blueprint("officer", __name__)

SCOPE = "officer"
"""The scope of every officer's token; what they may do is in the record, not in the token."""

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=24)]


class OfficerEnrolmentRequest(Body, frozen=True):
    """The one-time code that the operator handed over, and the officer's own public key."""

    officer: _Id
    enrolment_code: str
    jwk: dict[str, str]


class OfficerEnrolment(Answer, frozen=True):
    """What the officer is from now on. `seed_address` (otpauth:) is for an authenticator and is told this once."""

    officer: str
    authority: str
    duties: list[str]
    issuer: str
    seed_address: str


class OfficerSignIn(Body, frozen=True):
    """Both factors: an assertion (RFC 7523) whose issuer is `officer:` and the identifier, and a one-time password."""

    officer: _Id
    client_assertion: str
    one_time_password: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$")]


class OfficerToken(Answer, frozen=True):
    """A short access token."""

    access_token: str
    token_type: str
    expires_in: int


@operation(
    door,
    "POST /officers/v1/enrolments",
    body=OfficerEnrolmentRequest,
    returns=OfficerEnrolment,
    status=201,
    problems=("enrolment_refused", "weak_key"),
)
def enrol_officer(services: Services, body: OfficerEnrolmentRequest) -> OfficerEnrolment:
    """Bind an officer's public key with a one-time code, and hand out the seed of the second factor."""
    now = services.clock()
    try:
        public = point_of_jwk(body.jwk)
    except BadKeyError as error:
        raise UnprocessableError("weak_key") from error

    def work(connection: Connection) -> tuple[str, StoredOfficer] | None:
        seed = officers.enrol(connection, services.vault, body.officer, body.enrolment_code, public, now=now)
        found = officers.find(connection, services.vault, body.officer)
        if seed is None or found is None:
            return None
        subject = f"officer:{body.officer}"
        audit.add(connection, at=now, actor=subject, action="officer_enrolled", subject=subject, details={})
        return seed, found

    done = services.database.transact(work)
    if done is None:
        raise ForbiddenError("enrolment_refused")
    seed, found = done
    address = address_of_seed(seed, found.id)
    return OfficerEnrolment(found.id, found.authority_name, sorted(found.duties), services.settings.origin, address)


@operation(
    door,
    "POST /officers/v1/sign-in",
    body=OfficerSignIn,
    returns=OfficerToken,
    problems=("officer_refused", "signing_unavailable"),
)
def sign_in_officer(services: Services, body: OfficerSignIn) -> OfficerToken:
    """Sign in by both factors; one answer for every way to fail, and each one-time password works once."""
    now = services.clock()
    with services.database.read() as connection:
        found = officers.find(connection, services.vault, body.officer)
        seed = officers.seed_of(connection, services.vault, body.officer)
    usable = found if found is not None and found.state == officers.ACTIVE else None
    public = None if usable is None else usable.public
    if not is_authentic(services, body.client_assertion, CLIENT_PREFIX + body.officer, public, now) or seed is None:
        raise NotAuthenticatedError("officer_refused")
    step = matching_step(seed, body.one_time_password, now=now)

    def work(connection: Connection) -> bool:
        subject = f"officer:{body.officer}"
        if step is None:
            officers.count_wrong(connection, body.officer, now=now)
        is_in = step is not None and officers.use_step(connection, body.officer, step, now=now)
        action = "officer_signed_in" if is_in else "officer_refused"
        audit.add(connection, at=now, actor=subject, action=action, subject=subject, details={})
        return is_in

    if not services.database.transact(work):
        raise NotAuthenticatedError("officer_refused")
    try:
        signer = services.signer(Purpose.TOKEN)
        token = write_access(
            client=CLIENT_PREFIX + body.officer,
            scopes=frozenset({SCOPE}),
            issuer=services.settings.origin,
            signer=signer,
            now=now,
        )
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=5) from error
    return OfficerToken(token, "Bearer", TOKEN_LIFE)


def require_officer(services: Services, *duties: Duty) -> StoredOfficer:
    """Return which officer is calling. Raises NotAuthenticatedError, or ForbiddenError without one of the duties."""
    access = bearer.access_of(services, services.clock())
    if SCOPE not in access.scopes or not access.client.startswith(CLIENT_PREFIX):
        raise ForbiddenError("scope_required")
    with services.database.read() as connection:
        found = officers.find(connection, services.vault, access.client.removeprefix(CLIENT_PREFIX))
    if found is None or found.state != officers.ACTIVE:
        raise ForbiddenError("officer_not_active")
    if duties and not found.duties & {duty.value for duty in duties}:
        raise ForbiddenError("duty_required")
    g.client = access.client
    return found
