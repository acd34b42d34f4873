"""What a citizen sees and decides: scan records and consents."""

import msgspec
from flask import Blueprint

from codeservice.credential import mask_name
from codeservice.disclosure import ATTRIBUTE_TITLES, CONSENT_VERSION
from codeservice.errors import NotFoundError
from codeservice.mark import TITLES, Mark
from codeservice.reason import ACCEPTED, MESSAGES, Reason, Words
from codeservice.receiving import was_decided_offline
from codeservice.scan_dispute import STATE_TITLES
from codeservice.scene import SCENES, Scene
from codeservice.services import Services
from codeservice.store import account, audit, household, mark, person, scan, scan_dispute
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from wallet.session import require_person

door = Blueprint("records", __name__)

_RECORDS = 100
_SESSION = ("sign_in_required", "real_name_required")


class Record(Answer, frozen=True):
    """One scan: who, where, when, what was decided, what was disclosed, and what was found wrong with it later.

    `online` says whether the service decided, or a terminal by itself; `dispute` where the holder's objection stands.
    `shown_by` is the guardian who showed the code for its holder, `shown_for` the holder where the reader was that
    guardian; both masked.
    """

    id: str
    at: int
    place: str
    scene: str
    scene_title: Words
    decision: str
    reason: str | None
    message: Words
    disclosed: list[str]
    marks: list[Words]
    shown_by: str | None = None
    shown_for: str | None = None
    online: bool = True
    dispute: str | None = None
    dispute_title: Words | None = None


class Records(Answer, frozen=True):
    """The newest scans."""

    records: list[Record]


class Attribute(Answer, frozen=True):
    """Something that a place may be told."""

    name: str
    title: Words


class Consent(Answer, frozen=True):
    """The holder's word on one scene."""

    scene: str
    title: Words
    attributes: list[Attribute]
    given: bool


class Consents(Answer, frozen=True):
    """The holder's word on every scene that may be told something."""

    consents: list[Consent]


class ConsentRequest(Body, frozen=True):
    """Yes or no."""

    given: bool


@operation(door, "GET /wallet/api/v1/records", returns=Records, security=Security.SESSION, problems=_SESSION)
def records(services: Services) -> Records:
    """List the holder's newest scans, refused ones too, and those of codes that the holder showed for others."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        found = scan.of_person(connection, holder, limit=_RECORDS)
        found += household.scans_shown(connection, holder, limit=_RECORDS)
        return records_of(services, connection, found, reader=holder)


def records_of(
    services: Services,
    connection: Connection,
    scans: list[tuple[scan.StoredScan, str]],
    *,
    reader: str,
    most: int = _RECORDS,
) -> Records:
    """Write scans with the names of their places for `reader`, the newest first, with who showed a code for whom."""
    newest = sorted(scans, key=lambda entry: (-entry[0].at, entry[0].id))[:most]
    ids = [stored.id for stored, _ in newest]
    marks = mark.of_scans(connection, ids)
    disputes = scan_dispute.of_scans(connection, reader, ids)
    places = [(stored.list, stored.idx) for stored, _ in newest if stored.list is not None and stored.idx is not None]
    ties = household.shown_by(connection, places)
    names: dict[str, str] = {}

    def name_of(holder: str | None) -> str | None:
        if holder is not None and holder not in names:
            names[holder] = mask_name(person.find_holder(connection, services.vault, holder).name)
        return None if holder is None else names[holder]

    written = []
    for stored, place in newest:
        tie = None if stored.list is None or stored.idx is None else ties.get((stored.list, stored.idx))
        shown_for = name_of(tie.dependant) if tie is not None and tie.guardian == reader else None
        shown_by = None if tie is None else name_of(tie.guardian)
        described = _record(stored, place, marks.get(stored.id, []), shown_by=shown_by, shown_for=shown_for)
        dispute = disputes.get(stored.id)
        written.append(
            msgspec.structs.replace(
                described,
                online=not was_decided_offline(services, stored),
                dispute=None if dispute is None else dispute.value,
                dispute_title=None if dispute is None else STATE_TITLES[dispute],
            )
        )
    return Records(written)


@operation(door, "GET /wallet/api/v1/consents", returns=Consents, security=Security.SESSION, problems=_SESSION)
def consents(services: Services) -> Consents:
    """List the holder's consents; silence is no."""
    _signed_in, holder = require_person(services)
    with services.database.read() as connection:
        return Consents(
            [
                _consent(scene, given=account.has_consent(connection, holder, scene.name))
                for scene in SCENES.values()
                if scene.attributes
            ]
        )


@operation(
    door,
    "PUT /wallet/api/v1/consents/<scene>",
    body=ConsentRequest,
    returns=Consent,
    security=Security.SESSION,
    problems=(*_SESSION, "csrf_token_required", "scene_not_found"),
)
def set_consent(services: Services, body: ConsentRequest, scene: str) -> Consent:
    """Give or withdraw consent; it counts from the next scan."""
    signed_in, holder = require_person(services)
    found = SCENES.get(scene)
    if found is None or not found.attributes:
        raise NotFoundError("scene_not_found")
    now = services.clock()

    def work(connection: Connection) -> None:
        account.record_consent(connection, holder, scene, given=body.given, version=CONSENT_VERSION, now=now)
        audit.add(
            connection,
            at=now,
            actor=f"account:{signed_in.account}",
            action="consent_given" if body.given else "consent_withdrawn",
            subject=f"person:{holder}",
            details={"scene": scene, "version": CONSENT_VERSION},
        )

    services.database.transact(work)
    return _consent(found, given=body.given)


def _record(
    stored: scan.StoredScan, place: str, marks: list[Mark], *, shown_by: str | None, shown_for: str | None
) -> Record:
    words = ACCEPTED if stored.reason is None else MESSAGES[Reason(stored.reason)][0]
    return Record(
        id=stored.id,
        at=stored.at,
        place=place,
        scene=stored.scene,
        scene_title=SCENES[stored.scene].title,
        decision=stored.outcome,
        reason=stored.reason,
        message=words,
        disclosed=[f"{name}_{form}" for name, form in stored.disclosed.items()],
        marks=[TITLES[kind] for kind in marks],
        shown_by=shown_by,
        shown_for=shown_for,
    )


def _consent(scene: Scene, *, given: bool) -> Consent:
    attributes = [Attribute(name, ATTRIBUTE_TITLES[name]) for name in scene.attributes]
    return Consent(scene.name, scene.title, attributes, given)
