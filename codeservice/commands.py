"""What each command does. A command returns a Result, or None when it has said everything itself."""

import argparse
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from codeservice import demo, demo_phone, keeper, logs, one_machine, registering
from codeservice.app import open_services
from codeservice.audit import CHECKPOINT_AAD
from codeservice.credential import (
    STATE_TITLES,
    TITLES,
    CredentialState,
    IdNumber,
    InvalidIdNumberError,
    mask,
    mask_name,
)
from codeservice.errors import ServiceError
from codeservice.revoking import change_status
from codeservice.services import Services
from codeservice.settings import settings_from
from codeservice.status import Status
from codeservice.store import audit, client, device, grant, person, session
from codeservice.store.database import Connection
from codeservice.token import sign_assertion
from codeservice.web.problems import PROBLEMS
from keys.algorithms import algorithm_named
from keys.cose import read_sign1
from keys.errors import KeysError
from keys.key import Purpose
from keys.p256 import compressed

CARD_STATES = [state.value for state in CredentialState]
ACTOR = "operator:command-line"
"""Who acts, in the audit log."""


class CommandError(Exception):
    """A command cannot be carried out; the message says what to do."""


@dataclass(frozen=True)
class Result:
    """What a command has to say: data for machines, lines for people, and whether all is well."""

    data: object
    lines: list[str]
    good: bool = True


def explain(error: Exception) -> str:
    """Say what is wrong and what to do."""
    if isinstance(error, ServiceError):
        title, detail = PROBLEMS[error.code]
        return f"{title.en} ({error.code}). {detail.en}."
    return str(error)


def run(options: argparse.Namespace) -> None:
    """Run a whole city until Ctrl-C."""
    one_machine.run(
        options.data.resolve(),
        options.environment,
        port=options.port,
        origin=options.origin,
        workers=options.workers,
        people=options.people,
        seed=options.seed,
        suite=algorithm_named(options.suite),
    )


def migrate(options: argparse.Namespace) -> Result:
    """Migrate the database."""
    services_of(options).database.migrate()
    return Result({"migrated": True}, ["The database has the newest schema."])


def keep(options: argparse.Namespace) -> None:
    """Run the keeper until it is told to stop."""
    logs.configure()
    stop = False

    def end(_signal: int, _frame: object) -> None:
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    keeper.keep(services_of(options), stopped=lambda: stop)


def make_demo(options: argparse.Namespace) -> Result:
    """Make a demo city."""
    services = services_of(options)
    services.database.migrate()
    if not demo.make_city(services, people=options.people, seed=options.seed, progress=one_machine.show_progress):
        raise CommandError("this database has a demo city already; use another one, or delete the data folder")
    return Result({"people": options.people, "seed": options.seed}, [f"A demo city of {options.people} people."])


def demo_code(options: argparse.Namespace) -> Result:
    """Act as a demo person's phone."""
    services = services_of(options)
    if not services.settings.demo:
        raise CommandError("only a demo city (CITY_DEMO=1) plays its citizens' phones")
    text = demo_phone.show_code(services, options.phone, scene=options.scene)
    if text is None:
        raise CommandError(f"no demo person has the phone {options.phone}, or there is no scene '{options.scene}'")
    return Result({"code": text}, [text])


def people_list(options: argparse.Namespace) -> Result:
    """List people, masked."""
    services = services_of(options)
    with services.database.read() as connection:
        found = person.page(connection, services.vault, after=options.after, limit=options.limit)
    data = [_holder(entry) for entry in found]
    return Result(data, [f"{entry['id']}  {entry['name']}  {entry['id_number']}  {entry['region']}" for entry in data])


def people_show(options: argparse.Namespace) -> Result:
    """Show one person."""
    services = services_of(options)
    now = services.clock()
    with services.database.read() as connection:
        holder = person.find_holder(connection, services.vault, options.person)
        cards = [_card(card) for card in person.cards_of(connection, services.vault, holder.id)]
        devices = [vars_of_device(entry) for entry in device.of_person(connection, holder.id)]
        grants = [_grant(entry) for entry in grant.live(connection, now=now, person=holder.id)]
    data = _holder(holder) | {"cards": cards, "devices": devices, "grants": grants}
    lines = [f"{data['id']}  {data['name']}  {data['id_number']}  {data['region']}"]
    lines += [f"  card    {card['id']}  {card['title']}  {card['number']}  {card['state']}" for card in cards]
    lines += [f"  device  {entry['id']}  {entry['name']}" for entry in devices]
    lines += [f"  grant   {entry['list']} {entry['idx']}  {entry['scene']}  {entry['status']}" for entry in grants]
    return Result(data, lines)


def people_find(options: argparse.Namespace) -> Result:
    """Find by ID number; the number comes by standard input so that it stays out of the shell's history."""
    services = services_of(options)
    try:
        id_number = IdNumber.read(sys.stdin.readline())
    except InvalidIdNumberError as error:
        raise CommandError("that is not a valid ID number; type all 18 characters") from error
    now = services.clock()

    def work(connection: Connection) -> person.Holder | None:
        found = person.find_by_id_number(connection, services.vault, id_number)
        details: dict[str, object] = {"reason": options.reason, "found": found is not None}
        subject = f"person:{found.id}" if found else "person:none"
        audit.add(connection, at=now, actor=ACTOR, action="person_searched", subject=subject, details=details)
        return found

    found = services.database.transact(work)
    if found is None:
        return Result(None, ["Nobody has this ID number."], good=False)
    data = _holder(found)
    return Result(data, [f"{data['id']}  {data['name']}  {data['id_number']}  {data['region']}"])


def cards_list(options: argparse.Namespace) -> Result:
    """List the cards of a person."""
    services = services_of(options)
    with services.database.read() as connection:
        person.find_holder(connection, services.vault, options.person)
        data = [_card(card) for card in person.cards_of(connection, services.vault, options.person)]
    return Result(data, [f"{card['id']}  {card['title']}  {card['number']}  {card['state']}" for card in data])


def cards_state(options: argparse.Namespace) -> Result:
    """Change the state of a card by its life cycle; a grant is a snapshot, so the holder's grants go with it."""
    services = services_of(options)
    state = CredentialState(options.state)
    registering.transition(
        services,
        options.card,
        find=registering.leading_to(state),
        reason=options.reason,
        actor=ACTOR,
        require=lambda _card: None,
    )
    data: dict[str, object] = {"card": options.card, "state": state.value}
    return Result(data, [f"The card is {state.value} ({STATE_TITLES[state].zh}); the holder's grants were revoked."])


def revoke(options: argparse.Namespace) -> Result:
    """Revoke grants. With a person or a device, the devices lose their enrolment too, or they would fetch new ones."""
    services = services_of(options)
    now = services.clock()

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        if options.grant:
            found = grant.find(connection, *options.grant)
            if found is None:
                raise CommandError("the record knows no such grant; `people show` lists them")
            return [found]
        if options.person:
            person.find_holder(connection, services.vault, options.person)
            device.remove_all(connection, options.person, now=now)
            session.end_of_person(connection, options.person)
            return grant.live_in_hands_of(connection, options.person, now=now)
        if not device.remove(connection, options.device, now=now):
            raise CommandError("the record knows no such device, or it was removed before; `people show` lists them")
        return grant.live(connection, now=now, device=options.device)

    changed = change_status(services, choose, Status.REVOKED, cause=options.cause, actor=ACTOR)
    data = {"revoked": [[entry.list, entry.idx] for entry in changed]}
    return Result(data, [f"{len(changed)} grants are revoked, for ever."])


def keys_list(options: argparse.Namespace) -> Result:
    """List the keys of the trust list in force."""
    services = services_of(options)
    now, found = services.clock(), services.trust_list()
    data = [
        {
            "kid": key.kid.hex(),
            "purpose": key.purpose.value,
            "algorithm": key.algorithm,
            "state": "killed" if key.kid in found.killed else key.state(now).value,
            "sign_until": key.sign_until,
        }
        for key in found.keys.values()
    ]
    lines = [f"version {found.version}"]
    lines += [f"  {key['purpose']:<10} {key['kid']}  {key['algorithm']}  {key['state']}" for key in data]
    return Result({"version": found.version, "keys": data}, lines)


def audit_check(options: argparse.Namespace) -> Result:
    """Check the audit log."""
    services = services_of(options)
    now = services.clock()

    def is_signed(payload: bytes, signed: bytes) -> bool:
        try:
            sign1 = read_sign1(signed)
            if sign1.kid is None or sign1.payload != payload:
                return False
            key = services.trust_list().find(sign1.kid, Purpose.CHECKPOINT, now)
            key.verify(sign1.signature, sign1.signed_bytes(CHECKPOINT_AAD))
        except KeysError:
            return False
        return True

    with services.database.read() as connection:
        report = audit.check(connection, is_signed)
    data = {"sealed": report.sealed, "waiting": report.waiting, "fault": report.fault}
    said = f"FAULT: {report.fault}." if report.fault else "Every entry fits its signed checkpoint."
    return Result(
        data, [f"{report.sealed} entries sealed, {report.waiting} waiting. {said}"], good=report.fault is None
    )


def assertion(options: argparse.Namespace) -> Result:
    """Sign a client assertion."""
    services = services_of(options)
    try:
        private = load_pem_private_key(options.key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise CommandError(f"cannot read a private key from {options.key}; make one with `enrol-back-end`") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise CommandError(f"{options.key} holds no P-256 key")
    text = sign_assertion(options.client, private, issuer=services.settings.origin, now=services.clock())
    return Result({"assertion": text}, [text])


def enrol_back_end(options: argparse.Namespace) -> Result:
    """Make a key for a back end and enrol it."""
    services = services_of(options)
    with services.database.read() as connection:
        found = client.find(connection, options.client)
    if found is None or found.kind != client.BACK_END:
        raise CommandError(f"there is no back end '{options.client}'; `terminals list` names them")
    private = ec.generate_private_key(ec.SECP256R1())
    public = compressed(private.public_key())

    def work(connection: Connection) -> None:
        now = services.clock()
        code = client.start_enrolment(connection, options.client, now=now)
        client.enrol(connection, options.client, code, public, now=now)

    write_pem(options.key, private)
    return on_client(options, options.client, "enrolled", work)


def write_pem(path: Path, private: ec.EllipticCurvePrivateKey) -> None:
    """Write a private key for a partner to a file of mode 0600; raises CommandError when it exists."""
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.touch(0o600, exist_ok=False)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}; name a new file") from error
    path.write_bytes(pem)


def vars_of_device(entry: device.StoredDevice) -> dict[str, object]:
    """Say what an operator may see of a device."""
    return {"id": entry.id, "name": entry.name, "enrolled": entry.enrolled, "removed": entry.removed}


def services_of(options: argparse.Namespace) -> Services:
    """Open the city that a command is about; it is closed when the command has ended."""
    environment = one_machine.environment_of(options.data.resolve(), options.environment)
    services = open_services(settings_from(environment), options.clock)
    options.opened.append(services.database)
    return services


def on_client(options: argparse.Namespace, id_: str, action: str, work: Callable[[Connection], None]) -> Result:
    """Do something to a terminal or back end, with its audit entry in the same transaction."""
    services = services_of(options)

    def all_of_it(connection: Connection) -> None:
        work(connection)
        audit.add(connection, at=services.clock(), actor=ACTOR, action=action, subject=f"client:{id_}", details={})

    services.database.transact(all_of_it)
    return Result({"client": id_, "done": action}, [f"{id_}: {action.replace('_', ' ')}."])


def _holder(holder: person.Holder) -> dict[str, object]:
    return {
        "id": holder.id,
        "name": mask_name(holder.name),
        "id_number": holder.id_number.masked,
        "region": holder.region,
        "household": holder.household,
    }


def _card(card: person.Card) -> dict[str, object]:
    return {
        "id": card.id,
        "type": card.type.value,
        "title": TITLES[card.type].zh,
        "number": mask(card.number),
        "state": card.state.value,
        "valid_until": card.valid_until,
    }


def _grant(entry: grant.IssuedGrant) -> dict[str, object]:
    return {
        "list": entry.list,
        "idx": entry.idx,
        "scene": entry.scene,
        "expires": entry.expires,
        "status": entry.status.name.lower(),
    }
