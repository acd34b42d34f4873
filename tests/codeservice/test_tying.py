"""Ties as acts: officers decide, limits hold under races, counters and ties never part."""

import secrets
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from codeservice import tying
from codeservice.credential import IdNumber, id_check_character
from codeservice.errors import ConflictError, NotFoundError, ServiceError
from codeservice.household import EndReason, Proof, TieKind, TieState
from codeservice.store import grant, household, notice, person
from codeservice.store.models import HouseholdTie, Tally
from codeservice.store.person import Holder
from tests.conftest import City
from tests.families import adults, families, parent_of
from tests.phone import at_once

ACTOR = "operator:test"


def people(city: City, count: int, born: str, role: str, household_: str, *, start: int = 0) -> list[Holder]:
    """Add people of one household to the record."""
    made = []
    for number in range(start, start + count):
        first17 = f"349901{born}{number + 700:03d}"
        id_number = IdNumber(first17 + id_check_character(first17))
        made.append(Holder(secrets.token_hex(16), f"测试{number}", id_number, "349901", household_, role))
    with city.services.database.write() as connection:
        person.add_holders(connection, city.services.vault, made)
    return made


def request(city: City, guardian: Holder, about: Holder, kind: TieKind = TieKind.PARENT) -> household.Tie:
    """Ask for a tie."""
    asked = tying.Asked(kind, about.name, about.id_number.text, None, None)
    return tying.request(city.services, guardian.id, asked, actor=ACTOR)


def outcome(city: City, guardian: Holder, about: Holder) -> str:
    """Ask for a tie; returns its state or the problem."""
    try:
        return request(city, guardian, about).state.value
    except ServiceError as error:
        return error.code


def counters(city: City) -> tuple[int, int, int]:
    """Return what the two kinds of counters say, and how many active ties there are."""
    with city.services.database.read() as connection:
        sums = {
            row.name: int(row.used)
            for row in connection.execute(
                select(Tally.name, func.sum(Tally.used).label("used"))
                .where(Tally.name.in_(["household:dependants", "household:guardians"]))
                .group_by(Tally.name)
            )
        }
        active = connection.scalar(
            select(func.count()).select_from(HouseholdTie).where(HouseholdTie.state == TieState.ACTIVE.value)
        )
    return sums.get("household:dependants", 0), sums.get("household:guardians", 0), active or 0


def test_a_guardian_has_eight_dependants_at_most_among_64_threads(any_city: City) -> None:
    (head,) = people(any_city, 1, "19850101", "head", "big")
    children = people(any_city, 64, "20150101", "child", "big")
    # The day's limit of requests is not what is tried here.
    waiting = [wait(any_city, head, child) for child in children]
    codes = at_once(64, lambda number: decide(any_city, waiting[number]))
    assert codes.count("active") == 8
    assert codes.count("too_many_dependants") == 56
    assert counters(any_city) == (8, 8, 8)


def test_a_dependant_has_three_guardians_at_most_among_64_threads(any_city: City) -> None:
    heads = people(any_city, 64, "19850101", "head", "many")
    (child,) = people(any_city, 1, "20150101", "child", "many")
    codes = at_once(64, lambda number: outcome(any_city, heads[number], child))
    assert codes.count("active") == 3
    assert codes.count("too_many_guardians") == 61
    assert counters(any_city) == (3, 3, 3)


def test_the_same_tie_is_asked_for_once_among_64_threads(any_city: City) -> None:
    (head,) = people(any_city, 1, "19850101", "head", "one")
    (child,) = people(any_city, 1, "20150101", "child", "one")
    codes = at_once(64, lambda _number: outcome(any_city, head, child))
    assert codes.count("active") == 1
    assert set(codes) == {"active", "tie_exists", "too_many_tries"}
    assert counters(any_city) == (1, 1, 1)


def test_a_tie_that_both_sides_end_at_once_ends_once_and_frees_one_place(any_city: City) -> None:
    (head,) = people(any_city, 1, "19850101", "head", "end")
    first, second = people(any_city, 2, "20150101", "child", "end")
    tie = request(any_city, head, first)
    request(any_city, head, second)

    def end(number: int) -> bool:
        try:
            tying.end_by_side(any_city.services, (head, first)[number % 2].id, tie.id, actor=ACTOR)
        except ConflictError:
            return False
        return True

    assert sum(at_once(64, end)) == 1
    assert counters(any_city) == (1, 1, 1)


def test_no_grant_under_a_tie_outlives_a_race_with_its_end(any_city: City) -> None:
    """A grant that is being fetched while the tie ends is refused or revoked."""
    phone, tie = parent_of(any_city, families(any_city)[0])

    def act(number: int) -> None:
        if number == 7:
            tying.remove_by_court(any_city.services, tie["id"], actor=ACTOR, reason="test")
        else:
            other = type(phone)(phone.http)
            other.key, other.me, other.device = phone.key, phone.me, phone.device
            other.fetch(any_city.clock.now, tie=tie["id"], count=1)

    at_once(16, act)
    with any_city.services.database.write() as connection:
        assert grant.live(connection, now=any_city.clock.now, proxy=tie["id"]) == []


def test_an_ended_tie_frees_its_place_for_another(city: City) -> None:
    heads = people(city, 4, "19850101", "head", "free")
    (child,) = people(city, 1, "20150101", "child", "free")
    ties = [request(city, head, child) for head in heads[:3]]
    assert outcome(city, heads[3], child) == "too_many_guardians"
    tying.end_by_side(city.services, heads[0].id, ties[0].id, actor=ACTOR)
    assert outcome(city, heads[3], child) == "active"
    assert counters(city) == (3, 3, 3)


@pytest.mark.parametrize(("accepted", "state"), [(True, "active"), (False, "refused")])
def test_an_officer_decides_once_and_both_sides_are_told(any_city: City, accepted: bool, state: str) -> None:  # noqa: FBT001
    (head,) = people(any_city, 1, "19850101", "head", "h1")
    (child,) = people(any_city, 1, "20150101", "child", "h2")
    tie = request(any_city, head, child)
    assert tie.state is TieState.WAITING_REVIEW
    decided = tying.review(any_city.services, tie.id, accepted=accepted, actor=ACTOR, reason="户口簿")
    assert decided.state == state
    assert decided.proof is (Proof.REVIEW if accepted else None)
    with pytest.raises(ConflictError):
        tying.review(any_city.services, tie.id, accepted=True, actor=ACTOR, reason="again")
    with any_city.services.database.read() as connection:
        for side in (head.id, child.id):
            kinds = [entry.kind.value for entry in notice.of_person(connection, side, limit=5)]
            assert kinds == [f"tie_{state}", "tie_in_review"]


def test_an_officer_can_only_refuse_what_matches_nobody(city: City) -> None:
    (head,) = people(city, 1, "19850101", "head", "h1")
    (child,) = people(city, 1, "20150101", "child", "h2")
    stranger = Holder("", "无此人", child.id_number, "349901")
    tie = request(city, head, stranger)
    with pytest.raises(ConflictError, match="tie_not_matched"):
        tying.review(city.services, tie.id, accepted=True, actor=ACTOR, reason="x")
    assert tying.review(city.services, tie.id, accepted=False, actor=ACTOR, reason="x").reason is EndReason.NOT_PROVED


def test_an_officer_accepts_no_helper_without_the_adults_own_word(city: City) -> None:
    first, second = (citizen.holder for citizen in adults(city)[:2])
    tie = request(city, first, second, TieKind.HELPER)
    with pytest.raises(ConflictError, match="tie_not_waiting"):
        tying.review(city.services, tie.id, accepted=True, actor=ACTOR, reason="x")


def test_a_child_who_came_of_age_while_waiting_is_not_accepted(city: City) -> None:
    (head,) = people(city, 1, "19850101", "head", "h1")
    (child,) = people(city, 1, "20090301", "child", "h2")
    tie = request(city, head, child)
    city.clock.now += 60 * 86400
    with pytest.raises(ConflictError, match="tie_not_waiting"):
        tying.review(city.services, tie.id, accepted=True, actor=ACTOR, reason="x")


def test_a_minor_guards_nobody(city: City) -> None:
    (minor,) = people(city, 1, "20100101", "head", "h1")
    (child,) = people(city, 1, "20150101", "child", "h1")
    assert outcome(city, minor, child) == "guardian_is_minor"


def test_the_limits_are_settings(open_city: Callable[..., City]) -> None:
    city = open_city(most_dependants=1, most_guardians=1)
    (head,) = people(city, 1, "19850101", "head", "h1")
    children = people(city, 2, "20150101", "child", "h1")
    assert [outcome(city, head, child) for child in children] == ["active", "too_many_dependants"]


def test_what_no_one_knows_cannot_be_decided(city: City) -> None:
    with pytest.raises(NotFoundError):
        tying.review(city.services, "none", accepted=True, actor=ACTOR, reason="x")
    with pytest.raises(NotFoundError):
        tying.remove_by_court(city.services, "none", actor=ACTOR, reason="x")
    with pytest.raises(NotFoundError):
        tying.end_for_death(city.services, "none", actor=ACTOR)


def wait(city: City, guardian: Holder, child: Holder) -> household.Tie:
    """Record a request that waits for an officer."""
    new = household.NewTie(
        guardian.id, child.id, TieKind.PARENT, TieState.WAITING_REVIEW, None, child.name, child.id_number.text
    )
    with city.services.database.write() as connection:
        return household.add(connection, city.services.vault, new, now=city.clock.now)


def decide(city: City, tie: household.Tie) -> str:
    """Accept a request as an officer; returns its state or the problem."""
    try:
        return tying.review(city.services, tie.id, accepted=True, actor=ACTOR, reason="x").state.value
    except ServiceError as error:
        return error.code
