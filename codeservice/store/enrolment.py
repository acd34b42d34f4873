"""Enrolment: a one-time code by which somebody binds a key of their own; the same for terminals and for officers."""

import hashlib
import hmac
import secrets

from sqlalchemy import ColumnElement, Connection, select, update

from codeservice.store.models import Client, Officer

CODE_LIFE = 600
"""Seconds in which an enrolment code may be used."""

MAX_TRIES = 5
"""Wrong codes after which the right one is refused too."""

Enrolled = type[Client] | type[Officer]


def start(connection: Connection, table: Enrolled, id_: str, *, now: int, life: int = CODE_LIFE) -> str | None:
    """Make a new code for a row and return it; only its hash is kept. None for an unknown or a suspended one."""
    # Long enough that its plain hash in a dump gives nothing away within its ten minutes.
    code = f"{secrets.randbelow(10**20):020d}"
    values = {"enrolment_hash": _hash(id_, code), "enrolment_expires": now + life, "enrolment_tries": 0}
    changed = connection.execute(update(table).where(_may_enrol(table, id_)).values(values))
    return code if changed.rowcount == 1 else None


def use(connection: Connection, table: Enrolled, id_: str, code: str, *, now: int) -> bool:
    """Use a code once; False when it is refused. A wrong try is counted."""
    row = connection.execute(
        select(table.enrolment_hash, table.enrolment_expires, table.enrolment_tries)
        .where(_may_enrol(table, id_))
        .with_for_update()
    ).first()
    if row is None or row.enrolment_hash is None or row.enrolment_tries >= MAX_TRIES:
        return False
    if now >= row.enrolment_expires or not hmac.compare_digest(row.enrolment_hash, _hash(id_, code)):
        connection.execute(update(table).where(table.id == id_).values(enrolment_tries=table.enrolment_tries + 1))
        return False
    connection.execute(update(table).where(table.id == id_).values(enrolment_hash=None, enrolment_expires=None))
    return True


def _may_enrol(table: Enrolled, id_: str) -> ColumnElement[bool]:
    return (table.id == id_) & table.state.not_in(("suspended", "proposed"))


def _hash(id_: str, code: str) -> bytes:
    return hashlib.sha256(f"enrolment {id_} {code}".encode()).digest()
