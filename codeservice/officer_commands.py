"""The operators' commands about officers, and about the end of an emergency. None of them gives anybody a status."""

import argparse
import sys

from codeservice import emergency
from codeservice.commands import ACTOR, CommandError, Result, services_of
from codeservice.credential import IdNumber, InvalidIdNumberError, mask_name
from codeservice.destruction import verify_certificate
from codeservice.errors import NotFoundError
from codeservice.notice import NoticeKind
from codeservice.officer import Duty
from codeservice.services import Services
from codeservice.store import audit, health_purge, notice, person
from codeservice.store import enrolment as enrolments
from codeservice.store import officer as officers
from codeservice.store.database import Connection
from codeservice.store.models import Officer
from codeservice.telling import Effect, carry_out
from keys.jws import decode

DUTIES = [duty.value for duty in Duty]
_FIRST = frozenset({Duty.OFFICER_PROPOSE.value, Duty.OFFICER_APPROVE.value})


def officers_add(options: argparse.Namespace) -> Result:
    """Add an officer; ID number and name come by standard input, one a line.

    The first two people, who then admit all others, need nobody's consent and get no other duty.
    """
    services = services_of(options)
    try:
        id_number = IdNumber.read(sys.stdin.readline())
    except InvalidIdNumberError as error:
        raise CommandError("the first line must be a valid ID number, the second the name") from error
    name = sys.stdin.readline().strip()
    if not name:
        raise CommandError("the second line must be the name")
    now = services.clock()

    def work(connection: Connection) -> tuple[str, Effect]:
        is_first = len(officers.people_with(connection, services.vault, Duty.OFFICER_APPROVE)) < 2  # noqa: PLR2004
        state = officers.WAITING if is_first and set(options.duty) <= _FIRST else officers.PROPOSED
        officers.add(
            connection,
            services.vault,
            id_=options.officer,
            authority=options.authority,
            name=name,
            id_number=id_number,
            duties=options.duty,
            state=state,
        )
        details: dict[str, object] = {"authority": options.authority, "duties": sorted(options.duty), "state": state}
        others = [
            entry for entry in officers.accounts_of(connection, services.vault, id_number) if entry != options.officer
        ]
        details |= {"accounts": others}
        subject = f"officer:{options.officer}"
        audit.add(connection, at=now, actor=ACTOR, action="officer_added", subject=subject, details=details)
        return state, _tell(services, connection, id_number, options.officer, options.authority, now)

    state, effect = services.database.transact(work)
    carry_out(services, effect)
    said = "two officers have to admit them" if state == officers.PROPOSED else "hand over: officers enrol"
    return Result({"officer": options.officer, "state": state}, [f"{options.officer}: {state}; {said}."])


def officers_enrol(options: argparse.Namespace) -> Result:
    """Make a one-time code with which an officer binds a key of their own."""
    services = services_of(options)
    now = services.clock()

    def work(connection: Connection) -> str:
        code = enrolments.start(connection, Officer, options.officer, now=now)
        if code is None:
            raise NotFoundError("officer_not_found")
        subject = f"officer:{options.officer}"
        audit.add(connection, at=now, actor=ACTOR, action="officer_enrolment", subject=subject, details={})
        return code

    code = services.database.transact(work)
    return Result({"officer": options.officer, "code": code}, [code])


def officers_suspend(options: argparse.Namespace) -> Result:
    """Refuse everything from an officer from now on."""
    services = services_of(options)

    def work(connection: Connection) -> None:
        officers.suspend(connection, options.officer)
        subject = f"officer:{options.officer}"
        audit.add(connection, at=services.clock(), actor=ACTOR, action="officer_suspended", subject=subject, details={})

    services.database.transact(work)
    return Result({"officer": options.officer, "state": "suspended"}, [f"{options.officer}: suspended."])


def officers_list(options: argparse.Namespace) -> Result:
    """List officers, masked."""
    services = services_of(options)
    with services.database.read() as connection:
        found = officers.every(connection, services.vault)
    data = [
        {
            "id": entry.id,
            "authority": entry.authority,
            "name": mask_name(entry.name),
            "state": entry.state,
            "duties": sorted(entry.duties),
        }
        for entry in found
    ]
    lines = [
        f"{entry.id}  {entry.authority}  {mask_name(entry.name)}  {entry.state}  {' '.join(sorted(entry.duties))}"
        for entry in found
    ]
    return Result(data, lines)


def health_purge_all(options: argparse.Namespace) -> Result:
    """Destroy what an ended emergency has gathered, and sign the certificate."""
    id_, certificate = emergency.purge(services_of(options), actor=ACTOR)
    data = {"certificate": id_, "deleted": {entry.table: entry.count for entry in certificate.tables}}
    lines = [f"certificate {id_}", *(f"  {entry.table}: {entry.count} deleted" for entry in certificate.tables)]
    return Result(data, lines)


def health_certificates(options: argparse.Namespace) -> Result:
    """Verify every certificate of destruction and say what it tells; raises KeysError for one that is not genuine."""
    services = services_of(options)
    with services.database.read() as connection:
        stored = health_purge.certificates(connection)
    data, lines = [], []
    for id_, _proposal, _at, signed in stored:
        certificate = verify_certificate(decode(signed, longest=1 << 16), services.trust_list(), services.clock())
        tables = {entry.table: {"deleted": entry.count, "digest": entry.digest.hex()} for entry in certificate.tables}
        data.append(
            {
                "id": id_,
                "at": certificate.at,
                "ended": certificate.ended,
                "people": list(certificate.people),
                "proposal": certificate.proposal,
                "tables": tables,
                "signed": signed,
            }
        )
        deleted = sum(entry.count for entry in certificate.tables)
        lines.append(f"{id_}  genuine; {deleted} rows destroyed by decision of {' and '.join(certificate.people)}")
    return Result(data, lines)


def _tell(  # noqa: PLR0913, PLR0917 -- one notice
    services: Services, connection: Connection, id_number: IdNumber, officer: str, authority: str, now: int
) -> Effect:
    # Nobody becomes an officer in silence: who lends a name without knowing gets a notice.
    found = person.find_by_id_number(connection, services.vault, id_number)
    if found is None:
        return Effect()
    values: dict[str, object] = {"officer": officer, "authority": authority}
    notice.add(connection, found.id, NoticeKind.OFFICER_ADDED, subject=f"officer:{officer}", values=values, now=now)
    return Effect(told=(found.id,))
