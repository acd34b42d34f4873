"""A demo person's phone, played by the command line: a device with keys in memory that shows one code."""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.assurance import Assurance
from codeservice.code import write_device_code
from codeservice.issuing import issue_batch
from codeservice.scene import scenes_named
from codeservice.services import Services
from codeservice.store import account, device, person
from codeservice.store.database import Connection
from keys.algorithms import algorithm_named
from keys.key import Purpose
from keys.p256 import compressed


def show_code(services: Services, phone: str, *, scene: str) -> str | None:
    """Enrol a device for the demo person with this phone and return a code of this moment; None when there is none."""
    scenes = scenes_named(scene)
    now = services.clock()

    def enrol(connection: Connection) -> tuple[str, str] | None:
        holder = person.find_by_phone(connection, services.vault, phone)
        if holder is None:
            return None
        owner = account.find_or_add(connection, services.vault, phone, now=now)
        account.bind_person(connection, owner, holder, assurance=Assurance.RECORD)
        key = compressed(ec.generate_private_key(ec.SECP256R1()).public_key())
        name = f"command line {secrets.token_hex(2)}"
        return holder, device.enrol(connection, account=owner, person=holder, public=key, name=name, now=now)

    found = services.database.transact(enrol)
    if found is None or not scenes:
        return None
    algorithm = algorithm_named(services.signer(Purpose.GRANT).key.algorithm)
    private = algorithm.generate()
    holder, mine = found
    points = [private.public]
    made = issue_batch(
        services, holder, mine, scene=scene, scenes=scenes, points=points, algorithm=algorithm.name, now=now
    )
    return write_device_code(made[0].signed, iat=now, algorithm=algorithm, sign=private.sign)
