"""Copies of licences: for one requester and purpose, checkable by anybody, ended in time, listed for the holder."""

from dataclasses import replace

import pytest

from codeservice.credential import CredentialState, CredentialType
from codeservice.licence_copy import COPY_AAD, CopyError, accept_copy, read_copy, write_copy
from codeservice.store import credential
from keys import jws
from keys.cose import sign1
from keys.key import Purpose
from tests.authorities import card_of
from tests.conftest import City
from tests.makers import flips

BODY = {"requester": "市图书馆", "purpose": "办理借阅证", "days": 3}
DAY = 24 * 3600


def make(city: City) -> bytes:
    card = card_of(city, CredentialType.ID_CARD)
    answer = city.phone().call("POST", f"/cards/{card.id}/copies", BODY)
    assert answer.status_code == 201, answer.get_json()
    return jws.decode(answer.get_json()["copy"], longest=8192)


def test_a_copy_says_for_whom_for_what_and_until_when(configured_city: City) -> None:
    city, now = configured_city, configured_city.clock
    data = make(city)
    copy = accept_copy(data, trust_list=city.services.trust_list(), now=now())
    assert (copy.requester, copy.purpose, copy.expires - copy.issued) == ("市图书馆", "办理借阅证", 3 * DAY)
    assert (copy.holder, copy.authority) == (city.citizen().holder.name, "市公安局")
    with pytest.raises(CopyError, match="expired"):
        accept_copy(data, trust_list=city.services.trust_list(), now=copy.expires)
    with pytest.raises(CopyError, match="future"):
        accept_copy(data, trust_list=city.services.trust_list(), now=copy.issued - 100)


def test_no_bit_of_a_copy_can_be_changed(city: City) -> None:
    data, trust_list = make(city), city.services.trust_list()
    for flipped in flips(data, range(0, 8 * len(data), 5)):
        with pytest.raises(CopyError):
            accept_copy(flipped, trust_list=trust_list, now=city.clock.now)


def test_what_was_signed_for_another_use_is_no_copy(city: City) -> None:
    """Domain separation: the same bytes under the same key for a profile are refused."""
    copy = accept_copy(make(city), trust_list=city.services.trust_list(), now=city.clock.now)
    signer = city.services.signer(Purpose.STATUS)
    for aad, good in ((COPY_AAD, True), (b"CC1 profile", False)):
        data = sign1(
            write_copy(copy),
            alg=-7,
            kid=signer.key.kid,
            external_aad=aad,
            sign=lambda message: signer.sign(message, now=city.clock.now),
        )
        if good:
            assert accept_copy(data, trust_list=city.services.trust_list(), now=city.clock.now) == copy
        else:
            with pytest.raises(CopyError):
                accept_copy(data, trust_list=city.services.trust_list(), now=city.clock.now)


@pytest.mark.parametrize(
    "changes", [{"expires": 0}, {"purpose": ""}, {"id": "x"}, {"requester": "x" * 101}, {"expires": 2_000_000_000}]
)
def test_a_payload_out_of_range_is_refused(city: City, changes: dict[str, object]) -> None:
    copy = accept_copy(make(city), trust_list=city.services.trust_list(), now=city.clock.now)
    with pytest.raises(CopyError):
        read_copy(write_copy(replace(copy, **changes)))  # type: ignore[arg-type]


def test_the_holder_sees_every_copy(any_city: City) -> None:
    phone, card = any_city.phone(), card_of(any_city, CredentialType.ID_CARD)
    made = phone.call("POST", f"/cards/{card.id}/copies", BODY).get_json()
    (seen,) = phone.call("GET", "/copies").get_json()["copies"]
    assert (seen["id"], seen["requester"], seen["purpose"]) == (made["id"], "市图书馆", "办理借阅证")


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"days": 0}, 422), ({"days": 91}, 422), ({"requester": " "}, 422), ({"purpose": "a\nb"}, 422)],
)
def test_a_copy_needs_a_requester_a_purpose_and_an_end(city: City, changes: dict[str, object], status: int) -> None:
    card = card_of(city, CredentialType.ID_CARD)
    assert city.phone().call("POST", f"/cards/{card.id}/copies", BODY | changes).status_code == status


def test_only_ones_own_licence_in_force_is_copied(city: City) -> None:
    phone, card = city.phone(), card_of(city, CredentialType.ID_CARD)
    other = next(entry for entry in city.people if entry.holder.id != city.citizen().holder.id)
    social = card_of(city, CredentialType.SOCIAL_SECURITY_CARD)
    for id_, status in ((other.cards[0].id, 404), ("f" * 32, 404), (social.id, 409)):
        assert phone.call("POST", f"/cards/{id_}/copies", BODY).status_code == status
    with city.services.database.write() as connection:
        credential.move(connection, card, CredentialState.SUSPENDED, now=city.clock.now)
    assert phone.call("POST", f"/cards/{card.id}/copies", BODY).status_code == 409
