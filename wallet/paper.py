"""Paper codes: printed for oneself or for a dependant, listed, and revoked when they are lost."""

from typing import Annotated

import msgspec
from flask import Blueprint

from codeservice.code import Kind
from codeservice.credential import mask_name
from codeservice.errors import NotFoundError, UnavailableError, UnprocessableError
from codeservice.household import PRINTS_A_DAY, may_print
from codeservice.issuing import Proxy, Wallet, print_paper
from codeservice.notice import NoticeKind
from codeservice.qr import draw_png, draw_svg
from codeservice.revoking import change_status
from codeservice.scene import SCENES
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, grant, household, notice, person
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from keys import jws
from keys.errors import KeyNotUsableError, SignerError
from wallet.paper_card import draw_pdf
from wallet.session import require_person

door = Blueprint("paper", __name__)

_SESSION = ("sign_in_required", "real_name_required")
_CHANGE = (*_SESSION, "csrf_token_required")
_MOST_DIGITS = 16

_TieId = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class PaperRequest(Body, frozen=True):
    """Whose code to print: null for one's own, or the tie to a dependant."""

    tie: _TieId | None = None


class PaperMade(Answer, frozen=True):
    """A printed code: its text, the symbol as SVG text and as PNG, the whole sheet as PDF, and its place in its list.

    PNG and PDF are in base64url. The text is given once and kept nowhere.
    """

    list: int
    idx: int
    name: str
    code: str
    svg: str
    png: str
    pdf: str
    issued: int
    expires: int


class Paper(Answer, frozen=True):
    """A print that counts: whose it is (masked), the tie that it was printed under, and until when."""

    list: int
    idx: int
    name: str
    tie: str | None
    issued: int
    expires: int


class Papers(Answer, frozen=True):
    """The prints that count, of the holder and of those they print for."""

    papers: list[Paper]


@operation(door, "GET /wallet/api/v1/papers", returns=Papers, security=Security.SESSION, problems=_SESSION)
def papers(services: Services) -> Papers:
    """List the holder's print that counts, and those that the holder printed for dependants."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        found = grant.papers(connection, now=now, person=holder)
        ties = household.active_of(connection, holder)
        for tie in ties:
            if tie.guardian == holder and tie.is_active(now):
                found += grant.papers(connection, now=now, proxy=tie.id)
        return Papers([_paper(services, connection, entry) for entry in found])


@operation(
    door,
    "POST /wallet/api/v1/papers",
    body=PaperRequest,
    returns=PaperMade,
    status=201,
    security=Security.SESSION,
    problems=(
        *_CHANGE,
        "tie_not_found",
        "scene_not_allowed",
        "assurance_required",
        "device_required",
        "device_too_new",
        "printed_too_often",
        "signing_unavailable",
    ),
)
def make_paper(services: Services, body: PaperRequest) -> PaperMade:
    """Print a code on paper, good for 180 days at counters that look at a document too; the earlier print dies."""
    signed_in, holder = require_person(services)
    now = services.clock()
    proxy, whose = _for_whom(services, body.tie, holder, now)
    try:
        made = print_paper(
            services,
            whose,
            scenes=tuple(SCENES.values()),
            actor=f"account:{signed_in.account}",
            now=now,
            proxy=proxy,
            wallet=Wallet(signed_in.account, signed_in.device),
            most_a_day=PRINTS_A_DAY,
        )
    except (KeyNotUsableError, SignerError) as error:
        raise UnavailableError("signing_unavailable", retry_after=30) from error
    with services.database.read() as connection:
        name = mask_name(person.find_holder(connection, services.vault, whose).name)
    place = made.grant
    return PaperMade(
        list=place.list,
        idx=place.idx,
        name=name,
        code=made.text,
        svg=draw_svg(made.text).decode(),
        png=jws.encode(draw_png(made.text)),
        pdf=jws.encode(draw_pdf(made.text, name=name, issued=place.issued, expires=place.expires)),
        issued=place.issued,
        expires=place.expires,
    )


@operation(
    door,
    "DELETE /wallet/api/v1/papers/<list_>/<idx>",
    status=204,
    security=Security.SESSION,
    problems=(*_CHANGE, "paper_not_found"),
)
def revoke_paper(services: Services, list_: str, idx: str) -> None:
    """Revoke a lost print: the holder's own, whoever printed it, or one that this guardian printed."""
    signed_in, holder = require_person(services)
    place = _place(list_, idx)
    now = services.clock()

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        found = grant.find(connection, *place)
        if found is None or found.kind is not Kind.PAPER or not _is_theirs(connection, found, holder, now):
            raise NotFoundError("paper_not_found")
        if found.status is not Status.VALID or found.expires <= now:
            raise NotFoundError("paper_not_found")
        subject = f"grant:{found.list}/{found.idx}"
        actor = f"account:{signed_in.account}"
        audit.add(connection, at=now, actor=actor, action="paper_revoked", subject=subject, details={})
        for side in sorted({found.person, holder}):
            notice.add(connection, side, NoticeKind.PAPER_REVOKED, subject=subject, values={}, now=now)
        return [found]

    change_status(services, choose, Status.REVOKED, cause="paper_lost", actor=f"account:{signed_in.account}")


def _for_whom(services: Services, tie: str | None, holder: str, now: int) -> tuple[Proxy | None, str]:
    """Return by which right is printed, None for oneself, and whose code it is."""
    if tie is None:
        return None, holder
    with services.database.read() as connection:
        found = household.find_of(connection, tie, holder)
    if found.guardian != holder or found.dependant is None or not found.is_active(now):
        raise NotFoundError("tie_not_found")
    if not may_print(found.scenes):
        raise UnprocessableError("scene_not_allowed")
    return Proxy(found.id, holder), found.dependant


def _is_theirs(connection: Connection, paper: grant.IssuedGrant, holder: str, now: int) -> bool:
    if paper.person == holder:
        return True
    if paper.proxy is None:
        return False
    tie = household.find(connection, paper.proxy)
    return tie.guardian == holder and tie.is_active(now)


def _place(list_: str, idx: str) -> tuple[int, int]:
    for text in (list_, idx):
        if not (text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS):
            raise NotFoundError("paper_not_found")
    return int(list_), int(idx)


def _paper(services: Services, connection: Connection, entry: grant.IssuedGrant) -> Paper:
    name = mask_name(person.find_holder(connection, services.vault, entry.person).name)
    return Paper(entry.list, entry.idx, name, entry.proxy, entry.issued, entry.expires)
