"""Uploads: what terminals decided without the service. The signature of the terminal's own key is all that counts."""

import math
import time

from flask import Blueprint, g

from adapters import ADAPTERS
from codeservice.errors import BadRequestError, NotAuthenticatedError, TooManyRequestsError
from codeservice.rate import UPLOAD_RATE
from codeservice.receiving import receive
from codeservice.services import Services
from codeservice.store import client
from codeservice.upload import UploadError, is_signed_by, read_unverified
from codeservice.web.operation import Answer, operation
from codeservice.web.published import COSE

door = Blueprint("upload", __name__)

_DECOY = bytes.fromhex("036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
"""Base point of P-256: with it an unknown terminal costs the same as a wrong key."""


class Received(Answer, frozen=True):
    """What became of each number, as (from, to) the gaps below the highest that came, and whether the terminal may act.

    A terminal deletes what stands in `stored` or `quarantined`, and nothing else.
    """

    stored: list[int]
    quarantined: list[int]
    missing: list[tuple[int, int]]
    server_time: int
    state: str


@operation(
    door,
    "POST /terminals/v1/uploads",
    binary=COSE,
    returns=Received,
    problems=("body_not_readable", "cose_required", "too_large", "upload_refused", "too_many_requests"),
)
def receive_upload(services: Services, body: bytes) -> Received:
    """Receive numbered scans of a terminal, signed by its enrolled key; an upload may come any number of times."""
    now = services.clock()
    try:
        signed, upload = read_unverified(body)
    except UploadError as error:
        raise BadRequestError("body_not_readable") from error
    with services.database.read() as connection:
        found = client.find(connection, upload.terminal)
    point = None if found is None or found.kind != client.TERMINAL else found.public
    good = is_signed_by(point or _DECOY, signed)
    # A good signature by the decoy says nothing: everybody knows its private half.
    if found is None or point is None or not good:
        raise NotAuthenticatedError("upload_refused")
    g.client = found.id
    wait = services.limiter.wait(f"upload {found.id}", UPLOAD_RATE, time.monotonic())
    if wait > 0:
        raise TooManyRequestsError("too_many_requests", retry_after=math.ceil(wait))
    receipt = receive(services, found, upload, scene=ADAPTERS[found.scene], now=now)
    return Received(**vars(receipt), server_time=now)
