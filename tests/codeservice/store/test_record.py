"""The record under pressure: a million remembered uses, and still no code counts twice."""

from sqlalchemy import func, select, text

from codeservice.code import MAX_GRANT_LIFETIME
from codeservice.scan import MAX_WINDOW, Caller
from codeservice.store.models import FirstUse
from codeservice.store.record import Record
from codeservice.store.retention import FIRST_USE_LIFE, purge
from tests.conftest import NOW, City

MILLION = 1_000_000
OLDEST = NOW - FIRST_USE_LIFE
FILL = text("""
    INSERT INTO first_use (list, idx, iat)
    WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < :count)
    SELECT n % 7, n % 262144 * 4001 % 1048576, :oldest + n / 4 FROM counted
""")
"""One statement for both databases; the uses lie in every list, all over it, from the oldest moment on."""

SPREAD = MILLION // 4


def use(number: int) -> tuple[int, int, int]:
    """Return the use that the statement wrote as this one."""
    return number % 7, number % 262144 * 4001 % 1048576, OLDEST + number // 4


def test_among_a_million_remembered_uses_the_oldest_is_still_found_and_none_is_evicted(any_city: City) -> None:
    services = any_city.services
    with services.database.write() as connection:
        connection.execute(FILL, {"count": MILLION, "oldest": OLDEST})
    with services.database.write() as connection:
        record = Record(connection, services.revoked, Caller("bus-1", "bus", "line-1", "bus"))
        for number in (0, 1, MILLION // 2, MILLION - 1):
            assert not record.first_use(use(number))
        fresh = (use(0)[0], use(0)[1], OLDEST + SPREAD + 1)
        assert [record.first_use(fresh), record.first_use(fresh)] == [True, False]
    with services.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(FirstUse)) == MILLION + 1


def test_a_use_is_remembered_longer_than_its_code_can_be_shown(any_city: City) -> None:
    """What the keeper deletes is refused as expired by then: the bound is the window, not the size of the store."""
    assert MAX_WINDOW < FIRST_USE_LIFE <= MAX_GRANT_LIFETIME
    services = any_city.services
    with services.database.write() as connection:
        record = Record(connection, services.revoked, Caller("bus-1", "bus", "line-1", "bus"))
        uses = [(1, 1, OLDEST - 1), (1, 1, OLDEST), (1, 1, NOW - MAX_WINDOW)]
        assert all(record.first_use(each) for each in uses)
        purge(connection, now=NOW)
        assert [record.first_use(each) for each in uses] == [True, False, False]
