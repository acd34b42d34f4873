"""The one HTTP door of the adapters: scans, what terminals fetch and upload, and the scanner page."""

from flask import Blueprint

from adapters.gateway import (
    emergency_access,
    encounter,
    fhir,
    government,
    health_record,
    insurance,
    page,
    pharmacy,
    poster,
    profile,
    scan,
    upload,
)

door = Blueprint("gateway", __name__)
for _part in (
    page,
    profile,
    scan,
    upload,
    encounter,
    insurance,
    health_record,
    emergency_access,
    fhir,
    pharmacy,
    government,
    poster,
):
    door.register_blueprint(_part.door)
