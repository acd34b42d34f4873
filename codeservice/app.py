"""Making the service: its parts from settings, and the Flask application around them."""

import secrets
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from codeservice import logs
from codeservice.events import Events
from codeservice.identity_service import IdentityService, NoIdentityService
from codeservice.messages import DemoGateway, NoGateway
from codeservice.rate import RateLimiter
from codeservice.services import IdentityConfirmation, MiniProgram, Services
from codeservice.settings import Settings, SettingsError
from codeservice.store import fact
from codeservice.store.database import Database
from codeservice.store.events import EventStream
from codeservice.store.policy import PolicyBook
from codeservice.store.status import RevokedCache
from codeservice.verifier import Verifier
from codeservice.web import (
    authority,
    correction,
    events,
    hall,
    health,
    health_status,
    medicine,
    officer,
    openapi,
    problems,
    proposal,
    reconciliation,
    snapshot,
    statement,
    status_list,
    token,
    trust_list,
    verification,
    visit,
)
from codeservice.web.operation import MAX_BODY
from codeservice.wechat import NoMiniProgram, Wechat
from keys.envelope import VaultFile
from keys.errors import SignerError, VaultError
from keys.keyring import Keyring
from keys.master import open_master_key
from keys.vault import Vault

_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), serial=()",
}
PUBLISHED_KIDS = (
    "b55ba916ea2b0d32",
    "f106c90e8e2defa8",
    "2105ce18481ac0fe",
    "b3b1d3f722ff1b29",
    "611deb36e412a936",
    "1279333f8fd91bc4",
    "b229218ceb8a7f55",
    "73a71b7a2c707d21",
    "ec9815fd04221da0",
    "d80dc20df05544d8",
    "a2f7d938738cb87c",
    "75b3ae37ac43ee7e",
    "c091b65a517b3ea8",
)
"""Keys of the test vectors: everybody has their private halves."""

SAMPLE_SECRETS = frozenset(
    {b"changeme", b"change-me", b"change_me", b"default", b"example", b"passphrase", b"password", b"secret", b"test"}
    | {b"0000", b"000000", b"0000000", b"00000000", b"1111", b"1234", b"12345", b"123456", b"1234567", b"12345678"}
    | {b"123456789", b"admin", b"qwerty", b"letmein", b"to be changed", b"<passphrase>", b"<pin>"}
)
"""What handbooks write where a passphrase or PIN belongs; a service does not start with it."""

_FOLDER_PREFIXES = ("/wallet/static/", "/wallet/lib/", "/hall/static/")


def wall_clock() -> int:
    """Return epoch seconds of this machine."""
    return int(time.time())


def open_services(settings: Settings, clock: Callable[[], int] = wall_clock) -> Services:
    """Make the parts of a service; raises SettingsError when a secret cannot be read."""
    vault = open_vault(settings, clock)
    passphrase = open_passphrase(settings.passphrase_file)
    database = Database(settings.database)
    keyring = Keyring(settings.keys, passphrase, clock, place=settings.signer)
    return Services(
        settings=settings,
        database=database,
        revoked=RevokedCache(settings.redis),
        events=EventStream(settings.redis),
        vault=vault,
        trust_list=keyring.trust_list,
        signed_list=keyring.signed_list,
        signer=keyring.signer,
        verifier=Verifier(keyring.trust_list, guide=settings.guide),
        messages=DemoGateway(database, vault) if settings.demo else NoGateway(),
        mini_program=open_mini_program(settings),
        identity=open_identity_service(settings),
        limiter=RateLimiter(),
        policies=PolicyBook(database),
        clock=clock,
    )


def require_safe_keys(services: Services) -> None:
    """Raise SettingsError for a trust list that this city must not start with."""
    require_no_published_keys(services)
    require_no_rollback(services)


def require_no_published_keys(services: Services) -> None:
    """Raise SettingsError when the trust list in force names a key whose private half is published with the vectors."""
    known = {bytes.fromhex(kid) for kid in PUBLISHED_KIDS} & services.trust_list().keys.keys()
    if known:
        raise SettingsError(f"the trust list names a published test key, {min(known).hex()}; hold a new ceremony")


def require_no_rollback(services: Services) -> None:
    """Raise SettingsError when the trust list in the folder is older than one that this city has used.

    Somebody who can write the folder could otherwise bring a killed key back by an old list, which its roots did sign.
    """
    with services.database.read() as connection:
        used = int(fact.get(connection, fact.TRUST_LIST_USED) or 0)
    version = services.trust_list().version
    if version < used:
        raise SettingsError(f"the trust list has version {version}, this city has used {used}; copy the newest one")


def create_app(services: Services, doors: Sequence[Blueprint] = ()) -> Flask:
    """Make the application; `doors` are the blueprints of wallet and adapters, which the service does not know."""
    app = _application(services)
    app.add_url_rule("/", "home", lambda: Response(status=303, headers={"Location": "/wallet/"}))
    for door in (
        authority.door,
        correction.door,
        hall.door,
        visit.door,
        health.door,
        health_status.door,
        medicine.door,
        officer.door,
        proposal.door,
        openapi.door,
        reconciliation.door,
        snapshot.door,
        statement.door,
        status_list.door,
        token.door,
        trust_list.door,
        verification.door,
        *doors,
    ):
        app.register_blueprint(door)
    return app


def create_events_app(services: Services) -> Flask:
    """Make the application that holds the connections of terminals; it serves nothing else."""
    app = _application(services)
    app.extensions["events"] = Events(services)
    app.register_blueprint(events.door)
    return app


def _application(services: Services) -> Flask:
    app = Flask("codeservice", static_folder=None)
    app.extensions["services"] = services
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    if services.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=services.settings.proxies, x_proto=1)  # type: ignore[method-assign]
    app.register_blueprint(health.life)
    problems.install(app)
    app.before_request(_begin)
    app.after_request(_end)
    return app


def read_secret(path: Path) -> bytes:
    """Read a secret from a file that only its owner can read; raises SettingsError."""
    try:
        mode, secret = path.stat().st_mode, path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(f"{path} is open to others; run: chmod 600 {path}")
    if not secret:
        raise SettingsError(f"{path} is empty")
    if secret.lower() in SAMPLE_SECRETS:
        raise SettingsError(f"{path} holds a secret that stands in every handbook; write one of your own")
    return secret


def open_passphrase(path: Path | None) -> Callable[[], bytes]:
    """Return what reads the passphrase or PIN of the signing keys, where there is one; raises SettingsError at once.

    It is read anew each time, so that it does not stay in memory; what it then finds wrong is a SignerError.
    """
    if path is not None:
        read_secret(path)

    def read() -> bytes:
        if path is None:
            raise SignerError("this place of keys needs a passphrase or PIN: set CITY_PASSPHRASE_FILE")
        try:
            return read_secret(path)
        except SettingsError as error:
            raise SignerError(str(error)) from error

    return read


def open_mini_program(settings: Settings) -> MiniProgram:
    """Return the platform of the mini-program; raises SettingsError when its secret cannot be read."""
    if settings.wechat_app is None:
        return NoMiniProgram()
    if settings.wechat_secret_file is None:
        raise SettingsError("CITY_WECHAT_APP needs CITY_WECHAT_SECRET_FILE, a file with the app secret")
    secret = read_secret(settings.wechat_secret_file).decode()
    return Wechat(settings.wechat_app, secret, settings.wechat_api)


def open_identity_service(settings: Settings) -> IdentityConfirmation:
    """Return the service that confirms documents; raises SettingsError when its secret cannot be read."""
    if settings.identity_service is None:
        return NoIdentityService()
    if settings.identity_secret_file is None:
        raise SettingsError("CITY_IDENTITY_SERVICE needs CITY_IDENTITY_SECRET_FILE, a file with the secret for it")
    return IdentityService(settings.identity_service, read_secret(settings.identity_secret_file).decode())


def vault_file_of(settings: Settings) -> VaultFile:
    """Return the vault file of a service, not opened yet; raises SettingsError for a master key nowhere known."""
    try:
        return VaultFile(settings.vault_file, open_master_key(settings.master_key))
    except VaultError as error:
        raise SettingsError(f"CITY_MASTER_KEY: {error}") from error


def open_vault(settings: Settings, clock: Callable[[], int]) -> Vault:
    """Open the field encryption; raises SettingsError when its file or the master key cannot be used."""
    file = vault_file_of(settings)
    try:
        file.keys()
    except VaultError as error:
        raise SettingsError(str(error)) from error
    return Vault(file.keys, clock, file.look)


def _begin() -> None:
    g.trace = secrets.token_hex(8)
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.trace
    if not request.path.startswith(_FOLDER_PREFIXES):
        response.headers.setdefault("Cache-Control", "no-store")
    rule = request.url_rule.rule if request.url_rule else "unmatched"
    logs.event(
        "request",
        method=request.method,
        route=rule,
        status=response.status_code,
        milliseconds=round((time.perf_counter() - g.started) * 1000, 1),
        trace=g.trace,
        client=g.get("client"),
    )
    return response
