"""The wallet's pages and files, and the demo city's pages."""

from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, request

from codeservice.errors import NotFoundError
from codeservice.qr import draw_svg
from codeservice.store import account
from codeservice.web.operation import services
from wallet import (
    cards,
    copies,
    corrections,
    devices,
    disputes,
    erasures,
    exports,
    family,
    halls,
    health_records,
    health_status,
    medicines,
    mini_program,
    notices,
    paper,
    passages,
    records,
    session,
    signin,
    tickets,
)
from wallet.client_version import require_served
from wallet.files import send_static

_HERE = Path(__file__).parent
_MESSAGES = 20
_DEVICES = "camera=(self), geolocation=(self), microphone=(), payment=(), serial=()"
"""The one page that may ask for a location: what it compares with a place stays on the phone."""

door = Blueprint("wallet", __name__, template_folder="templates")
for _part in (
    signin.door,
    session.door,
    mini_program.door,
    cards.door,
    copies.door,
    corrections.door,
    disputes.door,
    erasures.door,
    exports.door,
    devices.door,
    notices.door,
    records.door,
    tickets.door,
    passages.door,
    family.door,
    health_records.door,
    health_status.door,
    paper.door,
    halls.door,
    medicines.door,
):
    door.register_blueprint(_part)


@door.before_request
def require_client() -> None:
    """Turn clients away that are too old, from the interface only: the pages bring the new version."""
    if request.path.startswith("/wallet/api/"):
        require_served(services())


@door.get("/wallet/")
def page() -> Response:
    """Show the wallet."""
    response = make_response(render_template("wallet.html", demo=services().settings.demo))
    response.headers["Permissions-Policy"] = _DEVICES
    return response


@door.get("/wallet/service-worker.js")
def service_worker() -> Response:
    """Serve the script that keeps the wallet working without network."""
    response = send_static(_HERE / "static", "service-worker.js")
    response.headers["Service-Worker-Allowed"] = "/wallet/"
    response.headers["Cache-Control"] = "no-cache"
    return response


@door.get("/wallet/static/<path:name>")
def static_file(name: str) -> Response:
    """Serve what is not joined: icon, manifest and the styles of the demo's pages."""
    return send_static(_HERE / "static", name)


@door.get("/wallet/lib/<path:name>")
def library_file(name: str) -> Response:
    """Serve what set-up has made: wallet and scanner, each joined into one script, and the libraries."""
    return send_static(_HERE / "lib", name)


@door.get("/demo/messages")
def demo_messages() -> str:
    """Show the messages that the demo gateway did not send."""
    _require_demo()
    with services().database.read() as connection:
        newest = account.newest_messages(connection, services().vault, limit=_MESSAGES)
    return render_template("messages.html", messages=newest)


@door.get("/demo/wallet.svg")
def demo_wallet_poster() -> Response:
    """Draw the wallet's address for a poster."""
    _require_demo()
    return Response(draw_svg(f"{services().settings.origin}/wallet/"), mimetype="image/svg+xml")


def _require_demo() -> None:
    if not services().settings.demo:
        raise NotFoundError("not_found")
