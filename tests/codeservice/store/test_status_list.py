"""Places in status lists: every one once, in an untold order, in lists that open and close by time."""

from itertools import pairwise

from sqlalchemy import select, update

from codeservice.code import MAX_LIST
from codeservice.store.models import StatusList
from codeservice.store.status_list import LASTING_SPAN, SIZE, SPAN, permute, take
from tests.conftest import NOW, City
from tests.phone import at_once

DAY = 24 * 3600
SECRET = bytes(range(16))


def take_many(city: City, count: int, *, now: int = NOW, life: int = DAY) -> list[tuple[int, int]]:
    """Take places in one transaction."""
    with city.services.database.write() as connection:
        return [take(connection, issued=now, expires=now + life) for _ in range(count)]


def test_a_permutation_gives_every_place_once() -> None:
    assert len({permute(SECRET, number) for number in range(SIZE)}) == SIZE


def test_another_secret_gives_another_order() -> None:
    orders = [[permute(bytes([key]) * 16, number) for number in range(100)] for key in range(3)]
    assert not set(orders[0]) & set(orders[1]) & set(orders[2])


def test_neighbours_in_time_are_strangers_in_the_list() -> None:
    """Of ten thousand steps about as many go up as down, and none is short more often than chance has it."""
    placed = [permute(SECRET, number) for number in range(10_000)]
    steps = [after - before for before, after in pairwise(placed)]
    assert 4_500 < sum(step > 0 for step in steps) < 5_500
    assert sum(abs(step) < SIZE // 1000 for step in steps) < 60


def test_places_are_taken_densely_from_one_list_a_day(any_city: City) -> None:
    taken = take_many(any_city, 50)
    assert len(set(taken)) == 50
    assert len({list_ for list_, _idx in taken}) == 1
    (tomorrow, _idx), *_ = take_many(any_city, 1, now=NOW + DAY)
    assert tomorrow != taken[0][0]


def test_codes_that_last_have_lists_of_their_own(any_city: City) -> None:
    (short, _), (paper, _) = take_many(any_city, 1)[0], take_many(any_city, 1, life=365 * DAY)[0]
    assert short != paper
    later = NOW // LASTING_SPAN * LASTING_SPAN + LASTING_SPAN - 1
    assert take_many(any_city, 1, now=later, life=365 * DAY)[0][0] == paper


def test_a_list_retires_with_its_last_grant(any_city: City) -> None:
    list_, _idx = take_many(any_city, 1, life=3 * DAY)[0]
    take_many(any_city, 1, life=DAY)
    with any_city.services.database.read() as connection:
        row = connection.execute(select(StatusList.__table__).where(StatusList.id == list_)).one()
    assert (row.retires, row.closes) == (NOW + 3 * DAY, (NOW // SPAN + 1) * SPAN)


def test_a_full_list_is_followed_by_another(any_city: City) -> None:
    first, _idx = take_many(any_city, 1)[0]
    with any_city.services.database.write() as connection:
        connection.execute(update(StatusList).where(StatusList.id == first).values(used=SIZE - 1))
    taken = take_many(any_city, 3)
    assert taken[0][0] == first
    assert {list_ for list_, _idx in taken[1:]} == {(first + 1) % MAX_LIST}


def test_numbers_of_lists_come_round(any_city: City) -> None:
    first, _idx = take_many(any_city, 1)[0]
    with any_city.services.database.write() as connection:
        connection.execute(update(StatusList).where(StatusList.id == first).values(id=MAX_LIST - 1, used=SIZE))
    assert take_many(any_city, 1)[0][0] == 0


def test_a_number_that_is_taken_is_passed_over(any_city: City) -> None:
    first, _idx = take_many(any_city, 1)[0]
    paper, _idx = take_many(any_city, 1, life=365 * DAY)[0]
    with any_city.services.database.write() as connection:
        connection.execute(update(StatusList).where(StatusList.id == first).values(used=SIZE))
        # The newest is the full one again, and the number behind it belongs to the list of paper codes.
        connection.execute(update(StatusList).where(StatusList.id == paper).values(opened=NOW - 1))
    assert paper == first + 1
    assert take_many(any_city, 1)[0][0] == first + 2


def test_sixteen_who_issue_at_once_never_meet(any_city: City) -> None:
    def issue(_number: int) -> list[tuple[int, int]]:
        return any_city.services.database.transact(
            lambda connection: [take(connection, issued=NOW, expires=NOW + DAY) for _ in range(8)]
        )

    taken = [place for places in at_once(16, issue) for place in places]
    assert len(set(taken)) == len(taken) == 16 * 8
