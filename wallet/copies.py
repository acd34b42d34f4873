"""Copies of licences for one purpose: the holder makes one for a named requester, and sees all that were made."""

import secrets

from flask import Blueprint

from codeservice.authority import remit_of
from codeservice.credential import LICENCES, TITLES
from codeservice.errors import ConflictError, NotFoundError, UnprocessableError
from codeservice.licence_copy import LONGEST_TEXT, MAX_LIFETIME, LicenceCopy, sign_copy
from codeservice.reason import Words
from codeservice.services import Services
from codeservice.store import audit, authority, licence_copy, person
from codeservice.store.database import Connection
from codeservice.store.licence_copy import StoredCopy
from codeservice.web.operation import Answer, Body, Security, operation
from keys import jws
from keys.key import Purpose
from wallet.session import require_person

door = Blueprint("copies", __name__)

_DAY = 24 * 3600
_NEWEST = 100
_SESSION = ("sign_in_required", "real_name_required")


class CopyRequest(Body, frozen=True):
    """For whom and for what the copy is, and for how many days it is good."""

    requester: str
    purpose: str
    days: int = 7


class SignedCopy(Answer, frozen=True):
    """A copy to hand over: `copy` is base64url of a COSE_Sign1."""

    id: str
    copy: str
    expires: int


class Copy(Answer, frozen=True):
    """A copy that was made."""

    id: str
    card: str
    title: Words
    requester: str
    purpose: str
    issued: int
    expires: int


class Copies(Answer, frozen=True):
    """The newest copies."""

    copies: list[Copy]


@operation(
    door,
    "POST /wallet/api/v1/cards/<card>/copies",
    body=CopyRequest,
    returns=SignedCopy,
    status=201,
    security=Security.SESSION,
    problems=(*_SESSION, "csrf_token_required", "card_not_found", "copy_not_possible", "text_not_readable"),
)
def make_copy(services: Services, body: CopyRequest, card: str) -> SignedCopy:
    """Make a signed copy of a licence for one requester and purpose; making it is the holder's consent."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    requester, purpose = _clean(body.requester), _clean(body.purpose)
    if not 0 < body.days <= MAX_LIFETIME // _DAY:
        raise UnprocessableError("text_not_readable")
    signer = services.signer(Purpose.STATUS)

    def work(connection: Connection) -> LicenceCopy:
        found = person.find_card(connection, services.vault, card)
        if found.person != holder:
            raise NotFoundError("card_not_found")
        owner = authority.owner_of(connection, remit_of(found.type, found.claims))
        if found.type not in LICENCES or not found.holds(now) or owner is None:
            raise ConflictError("copy_not_possible")
        end = now + body.days * _DAY
        made = LicenceCopy(
            id=secrets.token_hex(16),
            type=found.type.value,
            number=found.number,
            holder=person.find_holder(connection, services.vault, holder).name,
            authority=authority.name_of(connection, owner) or owner,
            claims=found.claims,
            requester=requester,
            purpose=purpose,
            issued=now,
            expires=end if found.valid_until is None else min(end, found.valid_until),
        )
        stored = StoredCopy(made.id, found.id, requester, purpose, made.issued, made.expires)
        # Noted before it is signed: no copy exists that the holder cannot see.
        licence_copy.add(connection, services.vault, holder, stored)
        audit.add(
            connection,
            at=now,
            actor=f"person:{holder}",
            action="licence_copied",
            subject=f"card:{found.id}",
            details={"copy": made.id},
        )
        return made

    made = services.database.transact(work)
    return SignedCopy(made.id, jws.encode(sign_copy(made, signer=signer, now=now)), made.expires)


@operation(door, "GET /wallet/api/v1/copies", returns=Copies, security=Security.SESSION, problems=_SESSION)
def copies(services: Services) -> Copies:
    """List the copies that the holder has made, the newest first."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = licence_copy.of_person(connection, services.vault, holder, limit=_NEWEST)
        titles = {entry.credential: _title(services, connection, entry.credential) for entry in found}
    return Copies(
        [
            Copy(
                entry.id,
                entry.credential,
                titles[entry.credential],
                entry.requester,
                entry.purpose,
                entry.issued,
                entry.expires,
            )
            for entry in found
        ]
    )


def _title(services: Services, connection: Connection, card: str) -> Words:
    return TITLES[person.find_card(connection, services.vault, card).type]


def _clean(text: str) -> str:
    stripped = text.strip()
    if not (0 < len(stripped) <= LONGEST_TEXT and stripped.isprintable()):
        raise UnprocessableError("text_not_readable")
    return stripped
