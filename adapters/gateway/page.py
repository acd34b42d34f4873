"""The scanner page of every scene."""

from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, send_from_directory

from adapters import ADAPTERS
from codeservice.errors import NotFoundError
from codeservice.scene import SCENES

_PAGE = Path(__file__).resolve().parent.with_name("scanner")
_DEVICES = "camera=(self), serial=(self), geolocation=(), microphone=(), payment=()"
"""The one page that may ask for a serial port: hand scanners have one."""

door = Blueprint("page", __name__, template_folder=str(_PAGE))


@door.get("/scanner/<scene>")
def scanner_page(scene: str) -> Response:
    """Show the scanner of one scene."""
    if scene not in ADAPTERS:
        raise NotFoundError("scene_not_found")
    page = make_response(render_template("scanner.html", scene=scene, title=SCENES[scene].title))
    page.headers["Permissions-Policy"] = _DEVICES
    return page


@door.get("/scanner/service-worker.js")
def scanner_service_worker() -> Response:
    """Serve the script that lets the scanner start without network."""
    response = send_from_directory(_PAGE / "static", "service-worker.js")
    response.headers["Cache-Control"] = "no-cache"
    return response
