"""An authority's back end for tests, by HTTP; and statements about the people of the demo city."""

import secrets
from typing import Any

from codeservice.city import city_date
from codeservice.credential import CredentialType
from codeservice.demo_authorities import AUTHORITIES, DemoAuthority
from codeservice.store import client, person
from codeservice.store.person import Card
from codeservice.token import write_access
from keys.key import Purpose
from tests.conftest import City
from tests.phone import Answer

BY_ID = {entry.id: entry for entry in AUTHORITIES}


class BackEnd:
    """One back end with a token; `scopes` narrow what it may do."""

    def __init__(self, city: City, authority: str, scopes: frozenset[str] | None = None, client_id: str = "") -> None:
        self.city = city
        self.authority: DemoAuthority = BY_ID[authority]
        name, now = client_id or self.authority.back_end, city.clock.now
        with city.services.database.write() as connection:
            code = client.start_enrolment(connection, name, now=now)
            assert client.enrol(connection, name, code, secrets.token_bytes(33), now=now)
            found = client.find(connection, name)
        assert found is not None
        self.token = write_access(
            client=name,
            scopes=found.scopes if scopes is None else scopes,
            issuer=city.services.settings.origin,
            signer=city.services.signer(Purpose.TOKEN),
            now=now,
        )

    def call(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        """Call the authorities' interface."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        if body is not None:
            options["json"] = body
        return self.city.app.test_client().open(path, method=method, headers=headers, **options)

    def put(self, body: object) -> Answer:
        """Write one credential."""
        return self.call("PUT", "/authority/v1/credentials", body)

    def move(self, card: Card | str, name: str) -> Answer:
        """Ask for a transition."""
        id_ = card if isinstance(card, str) else card.id
        return self.call("POST", f"/authority/v1/credentials/{id_}/transitions", {"name": name, "reason": "test"})


def statement(city: City, card: Card, **changes: object) -> dict[str, object]:
    """Return what the card's authority would say of it."""
    holder = next(entry.holder for entry in city.people if entry.holder.id == card.person)
    return {
        "type": card.type.value,
        "number": card.number,
        "id_number": holder.id_number.text,
        "name": holder.name,
        "claims": card.claims,
        "valid_from": city_date(card.valid_from).isoformat(),
    } | changes


def card_of(city: City, type_: CredentialType) -> Card:
    """Return some credential of a type, of the showcased adult where there is one."""
    cards = [*city.citizen().cards, *(card for entry in city.people for card in entry.cards)]
    return next(card for card in cards if card.type is type_)


def stored(city: City, id_: str) -> Card:
    """Open a credential of the record."""
    with city.services.database.read() as connection:
        return person.find_card(connection, city.services.vault, id_)
