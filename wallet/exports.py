"""Export: everything that the wallet shows its holder, and what it masks, in one signed file."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app

from codeservice.city import city_day
from codeservice.errors import TooManyRequestsError, UnavailableError
from codeservice.export import MEDIA, write_export
from codeservice.services import Services
from codeservice.store import audit, household, person, scan, tally
from codeservice.store.database import Connection
from codeservice.web.operation import Operation, Security, operation
from keys.errors import KeyNotUsableError, SignerError
from keys.key import Purpose
from wallet.records import records_of
from wallet.session import Nothing, require_person

door = Blueprint("exports", __name__)

FORMAT = "city-code-export/1"
NOT_OF_THE_HOLDER = frozenset({"me", "card_types", "ticket_offers", "record_choices", "erasure_notice"})
"""Operations that show a holder nothing of theirs, or the secrets of this very session."""

_PREFIX = "/wallet/api/v1/"
_EVERY_RECORD = 1_000_000
_A_DAY = 5


@operation(
    door,
    "POST /wallet/api/v1/exports",
    body=Nothing,
    media=MEDIA,
    security=Security.SESSION,
    problems=("sign_in_required", "real_name_required", "csrf_token_required", "too_many_tries", "signing_unavailable"),
)
def export(services: Services, _body: Nothing) -> Response:
    """Give the holder a file with all that the city's wallet knows of them, signed by the city."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def count(connection: Connection) -> bool:
        if tally.take(connection, f"exports:{city_day(now)}", holder, 1, _A_DAY) is None:
            return False
        actor = f"account:{signed_in.account}"
        audit.add(connection, at=now, actor=actor, action="exported", subject=f"person:{holder}", details={})
        return True

    if not services.database.transact(count):
        raise TooManyRequestsError("too_many_tries", retry_after=86400)
    data: dict[str, object] = {"format": FORMAT, "issuer": services.settings.origin, "at": now}
    data["identity"] = _identity(services, holder, signed_in.phone)
    data |= dict(_sections())
    data["records"] = _records(services, holder)
    try:
        file = write_export(data, signer=services.signer(Purpose.STATUS), now=now)
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=30) from error
    answer = Response(file, mimetype=MEDIA)
    answer.headers["Content-Disposition"] = f'attachment; filename="city-code-{city_day(now)}.jsonl"'
    return answer


def sections() -> list[Operation]:
    """Return the operations that show a holder something of theirs: what is shown can be taken away."""
    return [view.operation for view in _views()]


def _views() -> Iterator[Any]:
    for view in current_app.view_functions.values():
        found: Operation | None = getattr(view, "operation", None)
        if found is None or found.method != "GET" or found.security is not Security.SESSION or "<" in found.path:
            continue
        if found.path.startswith(_PREFIX) and found.name not in NOT_OF_THE_HOLDER:
            yield view


def _sections() -> Iterator[tuple[str, object]]:
    for view in _views():
        # As the holder would be answered: nothing is read here that the wallet itself does not read.
        yield view.operation.path.removeprefix(_PREFIX), json.loads(view().get_data())


def _identity(services: Services, holder: str, phone: str) -> dict[str, object]:
    with services.database.read() as connection:
        found = person.find_holder(connection, services.vault, holder)
    return {"name": found.name, "id_number": found.id_number.text, "phone": phone}


def _records(services: Services, holder: str) -> object:
    with services.database.read() as connection:
        found = scan.of_person(connection, holder, limit=_EVERY_RECORD)
        found += household.scans_shown(connection, holder, limit=_EVERY_RECORD)
        written = records_of(services, connection, found, reader=holder, most=_EVERY_RECORD)
    return msgspec.to_builtins(written)
