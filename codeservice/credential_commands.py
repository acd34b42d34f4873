"""What each command about authorities and their bulk files does."""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TextIO

from codeservice import importing, reconciling, sample
from codeservice.authority import every_remit
from codeservice.bulk import HeaderError, write_csv
from codeservice.city import city_date
from codeservice.commands import ACTOR, CommandError, Result, services_of
from codeservice.licence_copy import CopyError, accept_copy
from codeservice.services import Services
from codeservice.store import audit, authority
from codeservice.store.database import Connection
from codeservice.store.importing import StoredFault
from codeservice.store.person import Card
from codeservice.web.problems import PROBLEMS
from keys import jws
from keys.errors import KeysError

REMITS = every_remit()
_WORDS = {
    "person_unknown": "nobody in the city has this ID number",
    "person_incomplete": "region or phone cannot be read",
    "encoding_broken": "not UTF-8, or a NUL in it",
    "row_too_long": "longer than a row may be",
    "quoting_broken": "broken quoting, or a line break in a cell",
    "cells_do_not_fit_header": "more or fewer cells than the header has",
    "not_a_json_object": "not a JSON object of texts",
    "field_unknown": "a field that no row has",
    "field_missing": "a field is missing",
    "duplicate_in_file": "the file said this before",
}
_COLUMNS = ("id", "type", "number", "state", "state_code", "valid_from", "valid_until", "claims")


def credentials_import(options: argparse.Namespace) -> Result:
    """Import a bulk file, or go on with one that was broken off."""
    services = services_of(options)
    require_partner(services, options.authority)
    started = time.monotonic()
    begun: list[int] = []

    def progress(done: int, size: int) -> None:
        begun.append(done)
        sys.stderr.write(f"\r  import: {100 * done // max(size, 1)} %" + ("\n" if done == size else ""))

    try:
        run = importing.import_file(
            services, options.file, partner=options.authority, creates=options.create_people, progress=progress
        )
    except (HeaderError, OSError) as error:
        raise CommandError(f"{options.file}: {error}") from error
    seconds = time.monotonic() - started
    with options.report.open("w", encoding="utf-8", newline="") as report:
        kinds = _report(report, importing.faults(services, run))
    data = {
        "run": run.id,
        "rows": run.rows,
        "created": run.created,
        "updated": run.updated,
        "unchanged": run.unchanged,
        "refused": run.refused,
        "faults": dict(kinds),
        "seconds": round(seconds, 1),
        "rows_per_second": round(run.rows / seconds) if begun and seconds > 0 else None,
    }
    lines = [
        f"{run.rows} rows: {run.created} created, {run.updated} updated, {run.unchanged} unchanged.",
        f"{run.refused} refused; {options.report} says which and why.",
        f"{seconds:.1f} s, {data['rows_per_second']} rows a second." if begun else "This file was imported before.",
    ]
    lines += [f"  {count:>8}  {kind}: {words_of(kind)}" for kind, count in kinds.most_common()]
    return Result(data, lines, good=run.refused == 0)


def credentials_export(options: argparse.Namespace) -> Result:
    """Write everything that an authority owns as CSV, without names and ID numbers."""
    services = services_of(options)
    require_partner(services, options.authority)
    count = 0

    def rows(cards: Iterable[Card]) -> Iterator[dict[str, object]]:
        nonlocal count
        for card in cards:
            count += 1
            yield _row(card)

    with services.database.read() as connection, options.file.open("x", encoding="utf-8", newline="") as file:
        remits = authority.remits_of(connection, options.authority)
        file.writelines(write_csv(rows(reconciling.every(connection, services.vault, remits)), _COLUMNS))
    details: dict[str, object] = {"partner": options.authority, "rows": count}
    services.database.transact(
        lambda connection: audit.add(
            connection,
            at=services.clock(),
            actor=ACTOR,
            action="credentials_exported",
            subject=f"partner:{options.authority}",
            details=details,
        )
    )
    return Result({"rows": count}, [f"{count} rows in {options.file}."])


def credentials_sample(options: argparse.Namespace) -> Result:
    """Write a bulk file of people who do not exist, to try an import with."""
    with options.file.open("x", encoding="utf-8", newline="") as file:
        file.writelines(sample.rows(options.rows, seed=options.seed, bad=options.bad))
    return Result({"rows": options.rows}, [f"{options.rows} rows in {options.file}; import them with --create-people."])


def authorities_list(options: argparse.Namespace) -> Result:
    """List who owns what."""
    with services_of(options).database.read() as connection:
        owners = authority.every_remit(connection)
    data = [{"remit": remit, "authority": owners.get(remit)} for remit in REMITS]
    return Result(data, [f"{remit:<28} {owners.get(remit) or '-'}" for remit in REMITS])


def authorities_give(options: argparse.Namespace) -> Result:
    """Let a partner own a type of credentials, or a category of benefits."""
    services = services_of(options)
    require_partner(services, options.authority)

    def work(connection: Connection) -> None:
        before = authority.owner_of(connection, options.remit)
        authority.give_remit(connection, options.remit, options.authority)
        audit.add(
            connection,
            at=services.clock(),
            actor=ACTOR,
            action="remit_given",
            subject=f"remit:{options.remit}",
            details={"from": before, "to": options.authority},
        )

    services.database.transact(work)
    data = {"remit": options.remit, "authority": options.authority}
    return Result(data, [f"{options.authority} owns {options.remit}."])


def copies_check(options: argparse.Namespace) -> Result:
    """Check the copy of a licence on standard input by the trust list in force."""
    services = services_of(options)
    try:
        data = jws.decode(sys.stdin.readline().strip())
        copy = accept_copy(data, trust_list=services.trust_list(), now=services.clock())
    except (CopyError, KeysError) as error:
        return Result({"good": False, "why": str(error)}, [f"Refused: {error}."], good=False)
    said = {"type": copy.type, "number": copy.number, "requester": copy.requester, "purpose": copy.purpose}
    until = city_date(copy.expires).isoformat()
    lines = [f"Good until {until}, for {copy.requester}: {copy.purpose}. {copy.type} {copy.number}, {copy.authority}."]
    return Result({"good": True, "expires": copy.expires} | said, lines)


def require_partner(services: Services, partner: str) -> None:
    """Raise CommandError unless there is such a partner."""
    with services.database.read() as connection:
        if authority.name_of(connection, partner) is None:
            raise CommandError(f"there is no partner '{partner}'; `authorities list` names those that own something")


def words_of(kind: str) -> str:
    """Say what a reason means."""
    return _WORDS.get(kind) or PROBLEMS[kind][0].en


def _report(report: TextIO, found: Iterable[StoredFault]) -> Counter[str]:
    kinds: Counter[str] = Counter()

    def rows() -> Iterator[dict[str, object]]:
        for fault in found:
            kinds[fault.kind] += 1
            yield {
                "line": fault.line,
                "reason": fault.kind,
                "first_line": fault.other,
                "explanation": words_of(fault.kind),
            }

    report.writelines(write_csv(rows(), ("line", "reason", "first_line", "explanation")))
    return kinds


def _row(card: Card) -> dict[str, object]:
    last = None if card.valid_until is None else city_date(card.valid_until - 1).isoformat()
    return {
        "id": card.id,
        "type": card.type.value,
        "number": card.number,
        "state": card.state.value,
        "state_code": card.state.field_code,
        "valid_from": city_date(card.valid_from).isoformat(),
        "valid_until": last,
        "claims": json.dumps(card.claims, ensure_ascii=False, sort_keys=True),
    }
