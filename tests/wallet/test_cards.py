"""Cards: only one's own, masked, and one answer for every way to fail."""

import pytest

from codeservice.credential import CredentialType
from tests.conftest import City


def card_number(city: City, number: int) -> str:
    return next(card.number for card in city.people[number].cards if card.type is CredentialType.SOCIAL_SECURITY_CARD)


def test_a_citizen_links_the_own_card_and_sees_it_masked(any_city: City) -> None:
    phone, citizen = any_city.phone(), any_city.citizen()
    number = next(card.number for card in citizen.cards if card.type is CredentialType.SOCIAL_SECURITY_CARD)
    made = phone.call("POST", "/cards", {"type": "social_security_card", "number": number})
    assert made.status_code == 201
    assert "*" in made.get_json()["number"]
    assert phone.call("GET", "/cards").get_json()["cards"] == [made.get_json()]


@pytest.mark.parametrize("number", ["S99999999", "", "' OR 1=1--", "x" * 9999])
def test_a_card_that_is_not_confirmed_says_nothing_more(city: City, number: str) -> None:
    answer = city.phone().call("POST", "/cards", {"type": "social_security_card", "number": number})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "card_not_confirmed")


def test_somebody_elses_card_looks_like_no_card(city: City) -> None:
    other = next(n for n, entry in enumerate(city.people) if entry.holder.id != city.citizen().holder.id)
    answer = city.phone().call("POST", "/cards", {"type": "social_security_card", "number": card_number(city, other)})
    assert answer.get_json()["code"] == "card_not_confirmed"


def test_the_owner_is_told_once_a_day_that_somebody_tried_their_card(any_city: City) -> None:
    number, citizen = next(
        (number, entry)
        for number, entry in enumerate(any_city.people)
        if entry.phone and entry.holder.id != any_city.citizen().holder.id
    )
    body = {"type": "social_security_card", "number": card_number(any_city, number)}
    owner, stranger = any_city.phone(citizen), any_city.phone()

    def told() -> list[dict[str, object]]:
        notices = owner.call("GET", "/notices").get_json()["notices"]
        return [entry for entry in notices if entry["kind"] == "card_tried"]

    for _ in range(2):
        assert stranger.call("POST", "/cards", body).status_code == 422
    assert len(told()) == 1
    assert body["number"] not in str(told())
    any_city.clock.now += 24 * 3600
    stranger.call("POST", "/cards", body)
    assert len(told()) == 2


def test_linking_is_tried_ten_times_an_hour(city: City) -> None:
    phone = city.phone()
    body = {"type": "social_security_card", "number": "S1"}
    assert [phone.call("POST", "/cards", body).status_code for _ in range(11)] == [422] * 10 + [429]


def test_linking_twice_is_one_card(city: City) -> None:
    phone, citizen = city.phone(), city.citizen()
    body = {"type": citizen.cards[0].type.value, "number": citizen.cards[0].number}
    assert {phone.call("POST", "/cards", body).status_code for _ in range(2)} == {201}
    assert len(phone.call("GET", "/cards").get_json()["cards"]) == 1


def test_every_type_of_card_has_a_title_in_both_languages(city: City) -> None:
    types = city.app.test_client().get("/wallet/api/v1/card-types").get_json()["types"]
    assert len(types) == len(CredentialType)
    assert all(entry["title"]["zh"] and entry["title"]["en"] for entry in types)
