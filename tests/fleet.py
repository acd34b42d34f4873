"""Many terminals and many phones at once, made past HTTP on the database of a running city."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.app import open_services
from codeservice.code import write_device_code
from codeservice.issuing import IssuedCode, issue_batch
from codeservice.one_machine import environment_of
from codeservice.revoking import change_status
from codeservice.scene import scenes_named
from codeservice.services import Services
from codeservice.settings import settings_from
from codeservice.status import Status
from codeservice.store import account, client, device, grant, person
from codeservice.store.database import Connection
from codeservice.token import write_access
from keys.algorithms import ES256, PrivateKey
from keys.key import Purpose
from keys.p256 import compressed
from tests.running import HttpAnswer, RealHttp, RunningCity

_PHONES = itertools.count()


@contextmanager
def services_of(city: RunningCity) -> Iterator[Services]:
    """Open the services of a running city in this process, on its database, its keys and its Redis."""
    services = open_services(settings_from(environment_of(city.data, city.environment)))
    yield services
    services.events.close()
    services.database.close()


@dataclass(frozen=True)
class Held:
    """One grant with its key, as a phone holds it."""

    issued: IssuedCode
    key: PrivateKey

    @property
    def place(self) -> tuple[int, int]:
        """Its place in a status list."""
        return self.issued.grant.list, self.issued.grant.idx

    def show(self, now: int) -> str:
        """Show a code of this moment."""
        return write_device_code(self.issued.signed, iat=now, algorithm=ES256, sign=self.key.sign)

    def revoke(self, services: Services) -> None:
        """Revoke it by the path of the service."""

        def choose(connection: Connection) -> list[grant.IssuedGrant]:
            found = grant.find(connection, *self.place)
            assert found is not None
            return [found]

        change_status(services, choose, Status.REVOKED, cause="test", actor="operator:test")


def phone_with(services: Services, count: int, *, scene: str = "bus") -> list[Held]:
    """Enrol a new phone of some person and give it grants."""
    now, number = services.clock(), next(_PHONES)
    with services.database.read() as connection:
        holders = person.page(connection, services.vault, after="", limit=50)
    holder = holders[number % len(holders)]
    public = compressed(ec.generate_private_key(ec.SECP256R1()).public_key())
    with services.database.write() as connection:
        owner = account.find_or_add(connection, services.vault, f"1999{number:07d}", now=now)
        enrolled = device.enrol(connection, account=owner, person=holder.id, public=public, name="x", now=now)
    keys = [ES256.generate() for _ in range(count)]
    issued = issue_batch(
        services,
        holder.id,
        enrolled,
        scene=scene,
        scenes=scenes_named(scene),
        points=[key.public for key in keys],
        algorithm=ES256.name,
        now=now,
    )
    return [Held(code, key) for code, key in zip(issued, keys, strict=True)]


def tokens(services: Services, count: int) -> list[str]:
    """Enrol terminals on buses and write their tokens as the endpoint would."""
    now, names = services.clock(), [f"validator-{secrets.token_hex(4)}" for _ in range(count)]
    with services.database.write() as connection:
        for name in names:
            public = compressed(ec.generate_private_key(ec.SECP256R1()).public_key())
            client.add_client(
                connection, id_=name, kind=client.TERMINAL, place="bus-line-1", name=name, scopes=frozenset({"scan"})
            )
            client.enrol(connection, name, client.start_enrolment(connection, name, now=now), public, now=now)
    issuer, signer = services.settings.origin, services.signer(Purpose.TOKEN)
    return [
        write_access(client=name, scopes=frozenset({"scan"}), issuer=issuer, signer=signer, now=now + 3000)
        # For an hour, not for ten minutes: a load may last longer than a token does.
        for name in names
    ]


def ask(http: RealHttp, token: str, code: str, act: str | None = None) -> HttpAnswer:
    """Scan a code at a bus; every request comes over a connection of its own."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": act or secrets.token_hex(8)}
    return http.open("/scan/v1/bus", method="POST", json={"code": code}, headers=headers)
