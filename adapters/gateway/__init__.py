"""The one HTTP door of the adapters: scans, what terminals fetch and upload, and the scanner page."""

from flask import Blueprint

from adapters.gateway import page, profile, scan, upload

door = Blueprint("gateway", __name__)
for _part in (page, profile, scan, upload):
    door.register_blueprint(_part.door)
