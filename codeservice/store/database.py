"""Connections and transactions, the same on SQLite and PostgreSQL."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from codeservice.errors import BadRequestError, UnavailableError

__all__ = ["Connection", "Database"]

T = TypeVar("T")

_TRIES = 3
_BUSY_SECONDS = 30
_RETRY_AFTER = 5
_RETRYABLE = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and of a deadlock."""


class Database:
    """One database. Transactions are spans: `read` never waits for a writer, `write` commits at its end."""

    def __init__(self, address: str, *, pool_size: int = 8) -> None:
        """Prepare an engine; connects at the first use."""
        self.engine = _engine(address, pool_size)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only span."""
        with _our_errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a span that commits at its end and rolls back when it is left by an exception.

        The transaction begins at the first statement, so work before it holds nobody up.
        """
        with _our_errors(), self.engine.connect() as connection:
            writing = connection.execution_options(writes=True)
            yield writing
            writing.commit()

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write span; again, at most three times, when it met another writer of the same row."""
        for _ in range(_TRIES - 1):
            try:
                with self.write() as connection:
                    return work(connection)
            except (IntegrityError, _MetAnotherWriterError):
                time.sleep(random.uniform(0, 0.02))  # noqa: S311 -- jitter, not a secret
        with self.write() as connection:
            return work(connection)

    def migrate(self) -> None:
        """Bring the schema to the newest version."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def close(self) -> None:
        """Close every connection that nobody uses."""
        self.engine.dispose()

    def ping(self) -> None:
        """Raise UnavailableError unless the database answers."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))


class _MetAnotherWriterError(UnavailableError):
    """A serialisation failure or a deadlock: the same work may succeed at once."""


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except DataError as error:
        # A value that no column takes; readers refuse such values before they come here.
        raise BadRequestError("body_not_readable") from error
    except OperationalError as error:
        met_another = getattr(error.orig, "sqlstate", None) in _RETRYABLE
        ours = _MetAnotherWriterError if met_another else UnavailableError
        raise ours("database_unavailable", retry_after=_RETRY_AFTER) from error


def _engine(address: str, pool_size: int) -> Engine:
    if not address.startswith("sqlite"):
        return create_engine(address, pool_size=pool_size, max_overflow=0, pool_pre_ping=True)
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=64,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        # SQLAlchemy begins transactions itself; the driver's own way would begin them too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred writer that has read before may find the lock taken and fail at once; an immediate one waits.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
