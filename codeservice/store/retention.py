"""Retention: what is deleted, and when."""

from sqlalchemy import ColumnElement, Connection, delete

from codeservice.store import status_list
from codeservice.store.models import (
    Challenge,
    DigitHandle,
    FirstUse,
    Message,
    Moment,
    Scan,
    Session,
    Table,
    UsedAssertion,
)

FIRST_USE_LIFE = 3 * 24 * 3600
"""Seconds a used code is remembered: its window is 120 seconds at most, and its grant lives 72 hours at most."""

SCAN_LIFE = 180 * 24 * 3600
"""Seconds a scan is kept: long enough to settle and to dispute, not long enough for a history of movements."""

_MESSAGE_LIFE = 24 * 3600
_MOMENT_LIFE = 24 * 3600
_HANDLE_REST = 24 * 3600
"""Seconds an expired handle rests before its number may be drawn again."""


def purge(connection: Connection, *, now: int) -> int:
    """Delete rows that have had their time; returns how many."""
    rules: tuple[tuple[type[Table], ColumnElement[bool]], ...] = (
        (FirstUse, FirstUse.iat < now - FIRST_USE_LIFE),
        (UsedAssertion, UsedAssertion.expires < now),
        (Challenge, Challenge.created < now - 3600),
        (Session, Session.expires < now),
        (Message, Message.at < now - _MESSAGE_LIFE),
        (DigitHandle, DigitHandle.expires < now - _HANDLE_REST),
        (Scan, Scan.at < now - SCAN_LIFE),
        (Moment, Moment.at < now - _MOMENT_LIFE),
    )
    withdrawn = status_list.withdraw(connection, now=now)
    return withdrawn + sum(connection.execute(delete(table).where(rule)).rowcount for table, rule in rules)
