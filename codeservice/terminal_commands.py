"""What each command about terminals and their scans does."""

import argparse
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from codeservice.commands import CommandError, Result, on_client, services_of
from codeservice.enrolment import write_link
from codeservice.mark import TITLES, Mark
from codeservice.qr import draw_characters, draw_png
from codeservice.store import client, mark, quarantine, stream
from codeservice.store.database import Connection
from codeservice.store.stream import StreamAccount

MARKS = [kind.value for kind in Mark]
CONSOLE = "-"
"""Stands for the console where a file could be named."""

_SCOPE = re.compile(r"[a-z_]+(:[a-z_]+)?", re.ASCII)
_GAP_PATIENCE = 24 * 3600
"""Seconds after which a number below one that came is missed: a terminal sends its oldest scans first."""


def terminals_list(options: argparse.Namespace) -> Result:
    """List terminals and back ends."""
    services = services_of(options)
    with services.database.read() as connection:
        found = client.every(connection)
        uploads = stream.last_uploads(connection)
    data = [
        {"id": entry.id, "kind": entry.kind, "scene": entry.scene, "place": entry.place, "partner": entry.partner}
        | {"name": entry.name, "state": entry.state, "scopes": sorted(entry.scopes)}
        | {"last_upload": uploads.get(entry.id)}
        for entry in found
    ]
    lines = [
        f"{entry.id:<20} {entry.scene:<12} {entry.state:<10} {_moment(uploads.get(entry.id)):<20} {entry.place_name}"
        for entry in found
    ]
    return Result(data, lines)


def terminals_add(options: argparse.Namespace) -> Result:
    """Add a terminal."""
    return _add(options, options.terminal, client.TERMINAL, frozenset({"scan"}))


def back_ends_add(options: argparse.Namespace) -> Result:
    """Add a partner's back end with what it may do; `enrol-back-end` gives it a key."""
    scopes = frozenset(options.scope)
    wrong = sorted(scope for scope in scopes if not _SCOPE.fullmatch(scope) or scope == "scan")
    if wrong:
        raise CommandError(f"{wrong[0]} is no scope of a back end")
    return _add(options, options.client, client.BACK_END, scopes)


def _add(options: argparse.Namespace, id_: str, kind: str, scopes: frozenset[str]) -> Result:
    if not id_.replace("-", "").isalnum() or not id_.isascii():
        raise CommandError("an identifier has letters, digits and dashes")

    def work(connection: Connection) -> None:
        if client.find(connection, id_) is not None:
            raise CommandError(f"there is a client {id_} already")
        client.add_client(connection, id_=id_, kind=kind, place=options.place, name=options.name, scopes=scopes)

    return on_client(options, id_, f"{kind}_added", work)


def terminals_enrol(options: argparse.Namespace) -> Result:
    """Make an enrolment code, and the link and symbol that carry it."""
    services = services_of(options)
    now = services.clock()
    code = services.database.transact(lambda connection: client.start_enrolment(connection, options.terminal, now=now))
    with services.database.read() as connection:
        found = client.find(connection, options.terminal)
    assert found is not None  # noqa: S101 -- start_enrolment has raised otherwise
    link = write_link(services, found, code)
    data = {"terminal": found.id, "enrolment_code": code, "link": link, "expires_in": client.ENROLMENT_LIFE}
    lines = [f"Open this link on the terminal within ten minutes; it works once:\n  {link}"]
    if options.qr == CONSOLE:
        lines += draw_characters(link)
    elif options.qr is not None:
        _write_secret(Path(options.qr), draw_png(link))
        lines.append(f"{options.qr} shows the same link; delete it afterwards.")
    return Result(data, lines)


def terminals_suspend(options: argparse.Namespace) -> Result:
    """Suspend a terminal."""
    work = lambda connection: client.suspend(connection, options.terminal)  # noqa: E731 -- the act itself
    return on_client(options, options.terminal, "terminal_suspended", work)


def terminals_resume(options: argparse.Namespace) -> Result:
    """Let a terminal act again."""
    work = lambda connection: client.resume(connection, options.terminal)  # noqa: E731 -- the act itself
    return on_client(options, options.terminal, "terminal_resumed", work)


def terminals_reconcile(options: argparse.Namespace) -> Result:
    """Account for every number that terminals have given; good only when all add up and no gap is old."""
    services = services_of(options)
    now = services.clock()
    with services.database.read() as connection:
        accounts = stream.accounts(connection)
        marks = mark.totals(connection)
    faults = {(entry.client, entry.stream): _faults(entry, now) for entry in accounts}
    data = {
        "streams": [vars(entry) | {"faults": faults[entry.client, entry.stream]} for entry in accounts],
        "marks": marks,
    }
    lines = [_described(entry, faults[entry.client, entry.stream]) for entry in accounts] or ["Nothing was uploaded."]
    lines += [f"{count:>9} marked {name}: {TITLES[Mark(name)].en}" for name, count in marks.items()]
    return Result(data, lines, good=not any(faults.values()))


def scans_marked(options: argparse.Namespace) -> Result:
    """List marked scans, the newest first."""
    services = services_of(options)
    kind = None if options.mark is None else Mark(options.mark)
    with services.database.read() as connection:
        found = mark.newest(connection, mark=kind, since=options.since, limit=options.limit)
    lines = [
        f"{_moment(entry.at)}  {entry.mark:<10} {entry.client:<20} {entry.place:<20} {entry.scan}" for entry in found
    ]
    return Result([vars(entry) for entry in found], lines or ["No scan is marked."])


def scans_quarantined(options: argparse.Namespace) -> Result:
    """List quarantined items, the newest first."""
    services = services_of(options)
    with services.database.read() as connection:
        found = quarantine.newest(connection, since=options.since, limit=options.limit)
    data = [vars(entry) | {"item_hash": entry.item_hash.hex(), "item": entry.item.hex()} for entry in found]
    lines = [
        f"{_moment(entry.received)}  {entry.reason:<18} {entry.client:<20} {entry.stream} {entry.seq}"
        for entry in found
    ]
    return Result(data, lines or ["Nothing is in quarantine."])


def _faults(entry: StreamAccount, now: int) -> Sequence[str]:
    faults = []
    if not entry.adds_up:
        faults.append("does_not_add_up")
    if entry.oldest_gap is not None and now - entry.oldest_gap > _GAP_PATIENCE:
        faults.append("old_gap")
    return faults


def _described(entry: StreamAccount, faults: Sequence[str]) -> str:
    waiting = entry.last - entry.highest
    lost = entry.missing - waiting
    return (
        f"{entry.client:<20} {entry.stream}  given {entry.last} = stored {entry.stored}"
        f" + quarantined {entry.quarantined} + too old {entry.too_old} + waiting {waiting} + gaps {lost}"
        f"{''.join(f'  FAULT: {fault}' for fault in faults)}"
    )


def _moment(at: int | None) -> str:
    return "never" if at is None else datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _write_secret(path: Path, content: bytes) -> None:
    try:
        path.touch(0o600, exist_ok=False)
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}; name a new file") from error
