"""Notices in a wallet: what the holder was told, the newest first."""

from flask import Blueprint

from codeservice.errors import NotFoundError
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import notice
from codeservice.web.operation import Answer, Security, operation
from wallet.session import require_person

door = Blueprint("notices", __name__)

_NEWEST = 100
_SESSION = ("sign_in_required", "real_name_required")


class Notice(Answer, frozen=True):
    """One notice; `subject` names what it is about, for an appeal for example."""

    id: int
    kind: str
    subject: str
    message: Words
    at: int
    read: bool


class Notices(Answer, frozen=True):
    """The newest notices."""

    notices: list[Notice]


@operation(door, "GET /wallet/api/v1/notices", returns=Notices, security=Security.SESSION, problems=_SESSION)
def notices(services: Services) -> Notices:
    """List the holder's newest notices."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = notice.of_person(connection, holder, limit=_NEWEST)
    return Notices(
        [
            Notice(entry.id, entry.kind.value, entry.subject, entry.words, entry.at, entry.read is not None)
            for entry in found
        ]
    )


@operation(
    door,
    "POST /wallet/api/v1/notices/<number>/read",
    status=204,
    security=Security.SESSION,
    problems=(*_SESSION, "csrf_token_required", "notice_not_found"),
)
def mark_notice_read(services: Services, number: str) -> None:
    """Note that a notice was read."""
    _signed_in, holder = require_person(services)
    known = number.isascii() and number.isdigit() and len(number) < 16  # noqa: PLR2004 -- below any identifier's bound

    def is_marked() -> bool:
        with services.database.write() as connection:
            return notice.mark_read(connection, holder, int(number), now=services.clock())

    if not (known and is_marked()):
        raise NotFoundError("notice_not_found")
