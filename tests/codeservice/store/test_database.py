"""The database: the same promises on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from codeservice.errors import UnavailableError
from codeservice.store import fact, tally
from codeservice.store.database import Database
from codeservice.store.models import FirstUse, Table
from codeservice.store.upsert import insert_once
from tests.conftest import City


def test_migrations_lead_to_the_models(any_city: City) -> None:
    """What the migrations make is what the models describe."""
    with any_city.services.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def test_migrating_twice_changes_nothing(any_city: City) -> None:
    any_city.services.database.migrate()
    any_city.services.database.ping()


def test_a_write_span_left_by_an_exception_leaves_nothing(any_city: City) -> None:
    database = any_city.services.database

    def half() -> None:
        with database.write() as connection:
            fact.put(connection, "half", "done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with database.read() as connection:
        assert fact.get(connection, "half") is None


def test_a_unique_row_has_one_inserter_among_64_threads(any_city: City) -> None:
    database = any_city.services.database

    def use(_number: int) -> bool:
        return database.transact(lambda connection: insert_once(connection, FirstUse, list=1, idx=2, iat=3))

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(use, range(64))) == 1


def test_a_counter_never_passes_its_limit_among_64_threads(any_city: City) -> None:
    database = any_city.services.database

    def take(_number: int) -> bool:
        return database.transact(lambda connection: tally.take(connection, "packages", "somebody", 2, 7)) is not None

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(take, range(64))) == 3


def test_a_database_that_is_gone_says_so_and_when_to_try_again() -> None:
    """An outage is an outage, not a verdict."""
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(UnavailableError) as caught:
        database.ping()
    assert caught.value.code == "database_unavailable"
    assert caught.value.retry_after
