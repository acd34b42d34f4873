"""Making the service: its parts from settings, and the Flask application around them."""

import secrets
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from codeservice import logs
from codeservice.messages import DemoGateway, NoGateway
from codeservice.rate import RateLimiter
from codeservice.services import Services
from codeservice.settings import Settings, SettingsError
from codeservice.store.database import Database
from codeservice.store.status import RevokedCache
from codeservice.verifier import Verifier
from codeservice.web import health, openapi, problems, token, verification
from codeservice.web.operation import MAX_BODY
from keys.keyring import Keyring
from keys.vault import Vault

_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
}
PUBLISHED_KIDS = (
    "b55ba916ea2b0d32",
    "f106c90e8e2defa8",
    "2105ce18481ac0fe",
    "b3b1d3f722ff1b29",
    "611deb36e412a936",
    "1279333f8fd91bc4",
)
"""Keys of the test vectors: everybody has their private halves."""

_FOLDER_PREFIXES = ("/wallet/static/", "/wallet/core/", "/wallet/lib/", "/scanner/static/")


def wall_clock() -> int:
    """Return epoch seconds of this machine."""
    return int(time.time())


def open_services(settings: Settings, clock: Callable[[], int] = wall_clock) -> Services:
    """Make the parts of a service; raises SettingsError when a secret cannot be read."""
    database = Database(settings.database)
    vault = Vault(read_vault_secrets(settings.vault_file))
    keyring = Keyring(settings.keys, lambda: read_secret(settings.passphrase_file), clock)
    return Services(
        settings=settings,
        database=database,
        revoked=RevokedCache(settings.redis),
        vault=vault,
        trust_list=keyring.trust_list,
        signer=keyring.signer,
        verifier=Verifier(keyring.trust_list, guide=settings.guide),
        messages=DemoGateway(database, vault) if settings.demo else NoGateway(),
        limiter=RateLimiter(),
        clock=clock,
    )


def require_no_published_keys(services: Services) -> None:
    """Raise SettingsError when the trust list in force names a key whose private half is published with the vectors."""
    known = {bytes.fromhex(kid) for kid in PUBLISHED_KIDS} & services.trust_list().keys.keys()
    if known:
        raise SettingsError(f"the trust list names a published test key, {min(known).hex()}; hold a new ceremony")


def create_app(services: Services, doors: Sequence[Blueprint] = ()) -> Flask:
    """Make the application; `doors` are the blueprints of wallet and adapters, which the service does not know."""
    app = Flask("codeservice", static_folder=None)
    app.extensions["services"] = services
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.add_url_rule("/", "home", lambda: Response(status=303, headers={"Location": "/wallet/"}))
    if services.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=services.settings.proxies, x_proto=1)  # type: ignore[method-assign]
    for door in (health.door, openapi.door, token.door, verification.door, *doors):
        app.register_blueprint(door)
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
    return secret


def read_vault_secrets(path: Path) -> dict[int, bytes]:
    """Read the secrets of the field encryption; raises SettingsError."""
    try:
        lines = [line.split(":") for line in read_secret(path).decode().splitlines()]
        return {int(version): bytes.fromhex(secret) for version, secret in lines}
    except ValueError as error:
        raise SettingsError(f"{path} must hold lines of version:hex") from error


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
