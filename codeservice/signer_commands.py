"""What each command of a signer process does: run it, look at its journal, compare the journal with the record."""

import argparse
import os
import pwd
import signal
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from codeservice import logs, one_machine
from codeservice.app import open_passphrase, open_services
from codeservice.code import Kind
from codeservice.commands import CommandError, Result
from codeservice.settings import settings_from
from codeservice.signing_policy import binding_of, signing_policy, subject_of
from codeservice.store import grant
from codeservice.store.database import Connection
from codeservice.store.intent import IntentJournal, RecordedIntents
from keys import ceremony
from keys.errors import SignerError
from keys.guard import Guard
from keys.intent import Intent
from keys.key import Purpose
from keys.keyring import Keyring
from keys.quota import QUOTAS, Quota, Quotas
from keys.signer import backend_of, open_signer
from keys.signing_server import SigningServer

T = TypeVar("T")

_TOGETHER = 500
"""Places that are compared by one query."""

_ONE_CODE = (Kind.DEVICE, Kind.PAPER)
"""Kinds of which each place is signed once; a place of served codes outlives its codes."""


def run(options: argparse.Namespace) -> None:
    """Run a signer process until it is told to stop."""
    logs.configure()
    environment = one_machine.environment_of(options.data.resolve(), options.environment)
    folder = options.keys or Path(environment["CITY_KEYS"])
    origin = options.origin or environment["CITY_ORIGIN"]
    place = options.at or ceremony.signing_folder(folder)
    secret = options.passphrase_file or environment.get("CITY_PASSPHRASE_FILE")
    if not secret:
        raise CommandError("name the file of the passphrase or PIN: --passphrase-file, or CITY_PASSPHRASE_FILE")
    passphrase = open_passphrase(Path(secret))
    _require_private(place)
    keyring = Keyring(folder, passphrase, options.clock)
    keyring.trust_list()
    stopping = _Stopping()
    journal = IntentJournal(options.journal)
    try:
        guard = Guard(
            keyring.trust_list,
            lambda key: open_signer(place, key, passphrase),
            policy=signing_policy(origin),
            quotas=Quotas(QUOTAS | dict(options.quota)),
            journal=journal,
            clock=options.clock,
        )
        server = SigningServer(options.socket, guard.sign, frozenset(options.allow or [os.geteuid()]))
        logs.event("signer_ready")
        server.serve(stopped=lambda: stopping.asked)
        logs.event("signer_stopped")
    finally:
        journal.close()


def intents(options: argparse.Namespace) -> Result:
    """Count the intents of a journal, and show the newest."""
    journal = RecordedIntents(options.journal)
    counts, newest = journal.counts(), journal.newest(options.limit)
    data = {
        "purposes": [vars(count) for count in counts],
        "newest": [_described(intent) for intent in newest],
    }
    lines = [f"{count.purpose:<10} {count.count} intents" for count in counts]
    lines += [f"  {entry['at']}  {entry['purpose']:<10} {entry['kid']}  {entry['subject']}" for entry in data["newest"]]
    return Result(data, lines or ["Nothing was signed yet."])


def check(options: argparse.Namespace) -> Result:
    """Compare the journal with the record: whatever was signed for a place has to be what the record says of it."""
    journal = RecordedIntents(options.journal)
    environment = one_machine.environment_of(options.data.resolve(), options.environment)
    services = open_services(settings_from(environment), options.clock)
    options.opened.append(services.database)
    now, faults, compared, unsigned = services.clock(), [], 0, 0
    # The journal is read first: the record knows a place before anybody asks to have it signed.
    for part in _parts(journal.bound(now), _TOGETHER):
        with services.database.read() as connection:
            faults += _faults(connection, part)
        compared += len(part)
    with services.database.read() as connection:
        for places in grant.live_places(connection, _ONE_CODE, now=now, size=_TOGETHER):
            subjects = [subject_of(*place) for place in places]
            unsigned += len(subjects) - len(journal.known(subjects))
    data = {"compared": compared, "faults": faults, "unsigned": unsigned}
    lines = [f"{compared} intents compared with the record. {len(faults)} do not fit."]
    lines += [f"  FAULT: {fault['subject']} was signed, and {fault['fault']}" for fault in faults]
    if unsigned:
        lines.append(f"{unsigned} grants are on record and were never signed here: an outage, or an earlier signer.")
    return Result(data, lines, good=not faults)


def quota(text: str) -> tuple[Purpose, Quota]:
    """Read a quota such as grant=600/20000: in a minute, in an hour. Raises ValueError."""
    purpose, _, numbers = text.partition("=")
    per_minute, _, per_hour = numbers.partition("/")
    return Purpose(purpose), Quota(int(per_minute), int(per_hour))


def user(text: str) -> int:
    """Read a user's name or number; raises ValueError."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return pwd.getpwnam(text).pw_uid
    except KeyError as error:
        raise ValueError(text) from error


def _faults(connection: Connection, signed: list[Intent]) -> list[dict[str, str]]:
    places = {said.subject: _place(said.subject) for said in (intent.statement for intent in signed)}
    recorded = grant.bound_keys(connection, list(places.values()))
    faults = []
    for intent in signed:
        subject, known = intent.statement.subject, recorded.get(places[intent.statement.subject])
        if known is None:
            faults.append({"subject": subject, "fault": "the record has no such place"})
        elif binding_of(*known) != intent.statement.binding:
            faults.append({"subject": subject, "fault": "the record has another key or kind for it"})
    return faults


def _place(subject: str) -> tuple[int, int]:
    list_, idx = subject.partition(":")[2].split("/")
    return int(list_), int(idx)


def _parts(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(entries)
    while part := list(islice(remaining, size)):
        yield part


def _described(intent: Intent) -> dict[str, object]:
    return {
        "at": intent.at,
        "purpose": intent.purpose.value,
        "kid": intent.kid.hex(),
        "subject": intent.statement.subject,
        "expires": intent.statement.expires,
    }


def _require_private(place: str) -> None:
    if backend_of(place) is backend_of("process:"):
        raise CommandError("a signer process opens keys itself: name a file: or pkcs11: place with --at")
    if urlsplit(place).scheme != "file":
        return
    for path in Path(unquote(urlsplit(place).path)).glob("*.pem"):
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SignerError(f"{path} is open to others; run: chmod 600 {path}")


class _Stopping:
    """Notes SIGINT and SIGTERM."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, _signal: int, _frame: object) -> None:
        self.asked = True
