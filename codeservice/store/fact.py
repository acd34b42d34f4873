"""Small facts of this installation."""

from sqlalchemy import Connection, select

from codeservice.store.models import Fact
from codeservice.store.upsert import insert

TRUST_LIST_USED = "trust_list_used"
"""Highest version of the trust list that this city has used."""


def get(connection: Connection, name: str) -> str | None:
    """Return a fact."""
    return connection.scalar(select(Fact.value).where(Fact.name == name))


def put(connection: Connection, name: str, value: str) -> None:
    """Set a fact."""
    statement = insert(connection, Fact).values(name=name, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=[Fact.name], set_={"value": value}))
