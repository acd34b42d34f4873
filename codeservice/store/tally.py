"""Bounded counters: one statement counts and compares, so no race can exceed a limit."""

from sqlalchemy import Connection

from codeservice.store.models import Tally
from codeservice.store.upsert import insert


def take(connection: Connection, name: str, subject: str, amount: int, limit: int) -> int | None:
    """Add `amount` to a counter unless that exceeds `limit`; return what is left, or None."""
    if amount > limit:
        return None
    statement = insert(connection, Tally).values(name=name, subject=subject, used=amount)
    statement = statement.on_conflict_do_update(
        index_elements=[Tally.name, Tally.subject],
        set_={"used": Tally.used + amount},
        where=Tally.used + amount <= limit,
    )
    row = connection.execute(statement.returning(Tally.used)).first()
    return None if row is None else limit - int(row.used)
