"""Bounded counters: one statement counts and compares, so no race can exceed a limit."""

from sqlalchemy import Connection, select, update

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


def add(connection: Connection, name: str, subject: str, change: int, limit: int) -> int | None:
    """Change a balance, which may be negative, unless it grew beyond `limit`; return it then, or None."""
    if change > limit:
        return None
    statement = insert(connection, Tally).values(name=name, subject=subject, used=change)
    statement = statement.on_conflict_do_update(
        index_elements=[Tally.name, Tally.subject],
        set_={"used": Tally.used + change},
        where=None if change <= 0 else Tally.used + change <= limit,
    )
    return connection.scalar(statement.returning(Tally.used))


def give_back(connection: Connection, name: str, subject: str, amount: int) -> None:
    """Take `amount` off a counter again, for something that has ended."""
    connection.execute(
        update(Tally)
        .where(Tally.name == name, Tally.subject == subject, Tally.used >= amount)
        .values(used=Tally.used - amount)
    )


def used(connection: Connection, name: str, subject: str) -> int:
    """Read a counter or a balance; 0 when nothing was counted."""
    return connection.scalar(select(Tally.used).where(Tally.name == name, Tally.subject == subject)) or 0
