"""The demo city: the same seed makes the same people, and none of them can be real."""

from itertools import islice

from codeservice import demo
from codeservice.credential import CredentialType, IdNumber
from codeservice.store import person
from tests.conftest import PEOPLE, SEED, City

MANY = 3000


def people(seed: int = 1, count: int = MANY) -> list[demo.Citizen]:
    return list(islice(demo.generate(seed=seed), count))


def test_the_same_seed_makes_the_same_people_and_another_seed_others() -> None:
    assert people(1, 50) == people(1, 50)
    assert people(1, 50) != people(2, 50)


def test_every_id_number_is_valid_and_stands_once() -> None:
    numbers = [citizen.holder.id_number.text for citizen in people()]
    assert len(set(numbers)) == MANY
    assert all(IdNumber.read(number).text == number for number in numbers)


def test_no_id_number_and_no_phone_can_be_a_real_persons() -> None:
    """No division code ends in 99xx below a province, and no mobile number begins with 100."""
    for citizen in people():
        assert citizen.holder.id_number.text[2:4] == "99"
        assert citizen.phone is None or citizen.phone.startswith("100")


def test_the_city_has_every_kind_of_credential_both_generations_and_neighbours() -> None:
    cards = [card for citizen in people() for card in citizen.cards]
    assert {card.type for card in cards} == set(CredentialType)
    generations = {card.claims["generation"] for card in cards if card.type is CredentialType.SOCIAL_SECURITY_CARD}
    assert generations == {2, 3}
    assert len({citizen.holder.region for citizen in people()}) == 5


def test_households_have_members_of_all_ages() -> None:
    roles = {citizen.holder.household_role for citizen in people()}
    assert roles == {"head", "spouse", "child", "parent"}


def test_a_second_demo_city_is_not_made_over_the_first(any_city: City) -> None:
    made = demo.make_city(any_city.services, people=5, seed=9, progress=lambda _done, _all: None)
    assert not made
    with any_city.services.database.read() as connection:
        assert len(person.page(connection, any_city.services.vault, after="", limit=1000)) == PEOPLE


def test_the_people_to_sign_in_as_are_people_of_the_city() -> None:
    shown = demo.showcase(seed=SEED, people=PEOPLE)
    assert len(shown) == 4
    assert len({citizen.holder.id for _title, citizen in shown}) == 4
