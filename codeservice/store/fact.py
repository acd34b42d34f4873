"""Small facts of this installation."""

from sqlalchemy import BigInteger, Connection, String, cast, select

from codeservice.store.models import Fact
from codeservice.store.upsert import insert

TRUST_LIST_USED = "trust_list_used"
"""Highest version of the trust list that this city has used."""

STATUS_CHANGES = "status_changes"
"""How often a status of a grant has changed."""

SNAPSHOT_BASIS, LISTS_BASIS = "snapshot_basis", "lists_basis"
"""What the newest snapshot and the status lists were made from."""

CHORE_DONE = "chore_done:"
"""Begin of the names under which the keeper notes when each chore was done well (epoch seconds)."""


def get(connection: Connection, name: str) -> str | None:
    """Return a fact."""
    return connection.scalar(select(Fact.value).where(Fact.name == name))


def put(connection: Connection, name: str, value: str) -> None:
    """Set a fact."""
    statement = insert(connection, Fact).values(name=name, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=[Fact.name], set_={"value": value}))


def count(connection: Connection, name: str) -> None:
    """Count a fact up by one; whoever counts too waits until this transaction has ended.

    So a count that can be seen stands behind everything that was counted before it, whatever the order of commits.
    """
    statement = insert(connection, Fact).values(name=name, value="1")
    more = cast(cast(Fact.value, BigInteger) + 1, String)
    connection.execute(statement.on_conflict_do_update(index_elements=[Fact.name], set_={"value": more}))


def beginning(connection: Connection, prefix: str) -> dict[str, str]:
    """Return the facts whose names begin with `prefix`, by the rest of their names."""
    rows = connection.execute(select(Fact.name, Fact.value).where(Fact.name.startswith(prefix, autoescape=True)))
    return {row.name.removeprefix(prefix): row.value for row in rows}
