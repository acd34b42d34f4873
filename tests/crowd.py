"""A crowd with phones: as many fresh codes as a load needs, each of them shown once."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeservice.assurance import Assurance
from codeservice.code import write_device_code
from codeservice.issuing import issue_batch
from codeservice.scene import scenes_named
from codeservice.services import Services
from codeservice.store import account, device
from codeservice.store.database import Connection
from keys.algorithms import ES256, PrivateKey
from keys.p256 import generate

GRANTS = 16
"""Grants of one batch, as many as a phone may fetch."""


@dataclass(frozen=True)
class Held:
    """One grant on a phone, with its key."""

    person: str
    signed: bytes
    place: tuple[int, int]
    key: PrivateKey

    def show(self, iat: int) -> str:
        """Show a code."""
        return write_device_code(self.signed, iat=iat, algorithm=ES256, sign=self.key.sign)


def fetch(
    services: Services, people: Sequence[str], *, now: int, scene: str = "all", count: int = GRANTS
) -> list[Held]:
    """Enrol a phone for each of these people and fetch its grants."""
    held = []
    for number, person in enumerate(people):
        mine = services.database.transact(
            lambda connection, person=person, number=number: _enrol(  # type: ignore[misc]
                services, connection, person, f"000{number:08d}", now
            )
        )
        keys = [generate() for _ in range(count)]
        made = issue_batch(
            services,
            person,
            mine,
            scene=scene,
            scenes=scenes_named(scene),
            points=[key.public for key in keys],
            algorithm=ES256.name,
            now=now,
        )
        held += [
            Held(person, code.signed, (code.grant.list, code.grant.idx), key)
            for code, key in zip(made, keys, strict=True)
        ]
    return held


def fresh_codes(held: Sequence[Held], now: Iterator[int]) -> Iterator[str]:
    """Yield codes of the moment that `now` gives for each, the grants in turn, so that no two are the same."""
    for grant, moment in zip(itertools.cycle(held), now, strict=False):
        yield grant.show(moment)


def _enrol(services: Services, connection: Connection, person: str, phone: str, now: int) -> str:
    owner = account.find_or_add(connection, services.vault, phone, now=now)
    account.bind_person(connection, owner, person, assurance=Assurance.DOCUMENT)
    return device.enrol(connection, account=owner, person=person, public=generate().public, name="crowd", now=now)
