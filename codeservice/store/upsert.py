"""INSERT ... ON CONFLICT, which both databases speak and SQLAlchemy keeps in their dialects."""

from sqlalchemy import Connection, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from codeservice.store.models import Table


def insert(connection: Connection, table: type[Table]) -> postgresql.Insert | sqlite.Insert:
    """Return the dialect's insert for `table`; both have the same ON CONFLICT methods."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def insert_once(connection: Connection, table: type[Table], **values: object) -> bool:
    """Insert a row unless its key exists; True when this call inserted it."""
    statement = insert(connection, table).values(**values).on_conflict_do_nothing()
    # Row counts of inserts differ between drivers; a returned row does not.
    return connection.execute(statement.returning(literal_column("1"))).first() is not None
