"""OAuth 2 token endpoint, and the enrolment of terminals and back ends with a key of their own."""

import msgspec
from flask import Blueprint, Response

from codeservice.errors import ForbiddenError, UnavailableError, UnprocessableError
from codeservice.officer import CLIENT_PREFIX
from codeservice.services import Services
from codeservice.store import audit, client
from codeservice.store.database import Connection
from codeservice.token import TOKEN_LIFE, read_assertion, unverified_client, write_access
from codeservice.web.operation import Answer, Body, operation
from keys.errors import BadKeyError, KeyNotUsableError, NotSignedError, SignerError
from keys.jws import point_of_jwk
from keys.key import Purpose

door = Blueprint("token", __name__)

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


_RETRY_AFTER = 5
"""Seconds to wait for a signer that is down: the token that a terminal holds lasts longer."""


class TokenRequest(msgspec.Struct, frozen=True):
    """RFC 6749 section 4.4.2 with RFC 7523 section 2.2; fields that nobody knows are ignored (section 3.2)."""

    grant_type: str
    client_assertion_type: str
    client_assertion: str
    scope: str = ""
    client_id: str = ""


class Token(Answer, frozen=True):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class EnrolmentRequest(Body, frozen=True):
    """A terminal's first word: the operator's one-time code and the terminal's own public key."""

    terminal: str
    enrolment_code: str
    jwk: dict[str, str]


class Named(Answer, frozen=True):
    """Something with a name."""

    name: str


class Enrolment(Answer, frozen=True):
    """What a terminal is from now on."""

    terminal: str
    scene: str
    place: Named
    partner: Named
    issuer: str


@operation(door, "POST /oauth/token", form=TokenRequest, returns=Token, problems=("signing_unavailable",))
def fetch_token(services: Services, form: TokenRequest) -> Token | Response:
    """Exchange a signed assertion for a ten-minute access token."""
    if form.grant_type != "client_credentials":
        return _oauth_error("unsupported_grant_type", 400)
    if form.client_assertion_type != _ASSERTION_TYPE:
        return _oauth_error("invalid_request", 400)
    now = services.clock()
    found = _authenticate(services, form.client_assertion, now)
    # One answer for an unknown client, a wrong key, a used assertion and a suspended client.
    if found is None:
        return _oauth_error("invalid_client", 401)
    wanted = frozenset(form.scope.split()) or found.scopes
    if not wanted <= found.scopes:
        return _oauth_error("invalid_scope", 400)
    try:
        signer = services.signer(Purpose.TOKEN)
        token = write_access(client=found.id, scopes=wanted, issuer=services.settings.origin, signer=signer, now=now)
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=_RETRY_AFTER) from error
    return Token(token, "Bearer", TOKEN_LIFE, " ".join(sorted(wanted)))


@operation(
    door,
    "POST /terminals/v1/enrolments",
    body=EnrolmentRequest,
    returns=Enrolment,
    status=201,
    problems=("enrolment_refused", "weak_key"),
)
def enrol_terminal(services: Services, body: EnrolmentRequest) -> Enrolment:
    """Bind a terminal's public key with a one-time enrolment code."""
    now = services.clock()
    try:
        public = point_of_jwk(body.jwk)
    except BadKeyError as error:
        raise UnprocessableError("weak_key") from error

    def work(connection: Connection) -> client.StoredClient | None:
        if not client.enrol(connection, body.terminal, body.enrolment_code, public, now=now):
            return None
        audit.add(
            connection,
            at=now,
            actor=f"client:{body.terminal}",
            action="enrolled",
            subject=f"client:{body.terminal}",
            details={},
        )
        return client.find(connection, body.terminal)

    found = services.database.transact(work)
    if found is None:
        raise ForbiddenError("enrolment_refused")
    return Enrolment(
        found.id, found.scene, Named(found.place_name), Named(found.partner_name), services.settings.origin
    )


def is_authentic(services: Services, assertion: str, id_: str, public: bytes | None, now: int) -> bool:
    """Whether an assertion was signed by the key of `id_` for this moment and never used before; uses it up."""
    try:
        # A decoy key makes an unknown client cost the same as a wrong key.
        decoy = services.trust_list().signing(Purpose.TOKEN, now)[0].public
        read = read_assertion(assertion, client=id_, point=public or decoy, issuer=services.settings.origin, now=now)
    except (NotSignedError, BadKeyError, KeyNotUsableError):
        return False
    if public is None:
        return False
    with services.database.write() as connection:
        return client.use_assertion(connection, id_, read.jti, read.expires)


def _authenticate(services: Services, assertion: str, now: int) -> client.StoredClient | None:
    try:
        id_ = unverified_client(assertion)
    except NotSignedError:
        return None
    with services.database.read() as connection:
        # Officers have another door, with a second factor; no client goes by such a name.
        found = None if id_.startswith(CLIENT_PREFIX) else client.find(connection, id_)
    usable = found if found is not None and found.state == client.ACTIVE else None
    authentic = is_authentic(services, assertion, id_, None if usable is None else usable.public, now)
    return usable if authentic else None


def _oauth_error(name: str, status: int) -> Response:
    response = Response(msgspec.json.encode({"error": name}), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
