"""What each command for statements and disputes does."""

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path

from adapters.bus import BusPolicy
from adapters.policies import opened, standard
from codeservice import dispute, statement
from codeservice.city import city_date
from codeservice.commands import ACTOR, CommandError, Result, services_of
from codeservice.dispute import DisputeState
from codeservice.errors import NotFoundError
from codeservice.policy import PolicyError
from codeservice.services import Services
from codeservice.settling import import_claims, rows_of_day, settle
from codeservice.spreadsheet import SpreadsheetError, write_rows
from codeservice.statement import Difference, Row, Statement, StatementError
from codeservice.store import audit, policy, transit
from codeservice.store.database import Connection
from codeservice.tariff import Tariff


def make(options: argparse.Namespace) -> Result:
    """Make the statements of a day that are due."""
    services, day = services_of(options), city_date(options.day)
    with services.database.read() as connection:
        span = options.day, options.day + 24 * 3600
        found = [options.operator] if options.operator else transit.operators(connection, span)
    made = [entry for operator in found for entry in settle(services, operator, day, tariffs(services), actor=ACTOR)]
    data = [_described(entry) for entry in made]
    lines = [f"{entry.operator}  {entry.line}  {entry.day}  number {entry.number}  {entry.id}" for entry in made]
    if services.clock() < options.day + 24 * 3600:
        lines.append("The day is not over: what comes later makes supplementary statements.")
    return Result(data, lines or ["Nothing is due: what was stated is what is known."])


def list_(options: argparse.Namespace) -> Result:
    """List statements."""
    services = services_of(options)
    with services.database.read() as connection:
        day = None if options.day is None else city_date(options.day).isoformat()
        found = transit.statements(connection, operator=options.operator, day=day)
    lines = [f"{entry.operator}  {entry.line}  {entry.day}  number {entry.number}  {entry.id}" for entry in found]
    return Result([_described(entry) for entry in found], lines or ["No statements were made."])


def show(options: argparse.Namespace) -> Result:
    """Write a statement to a file."""
    services = services_of(options)
    with services.database.read() as connection:
        found = transit.find_statement(connection, options.statement)
    if found is None:
        raise NotFoundError("statement_not_found")
    read = statement.read(found.file)
    data = statement.write_json(read) if options.format == "json" else statement.write_csv(read, bom=options.bom)
    _write(options.out, data)
    return Result({"file": str(options.out), "rows": len(read.rows)}, [f"{options.out}: {len(read.rows)} rows."])


def check(options: argparse.Namespace) -> Result:
    """Check a statement by itself, and row by row against another file or the record."""
    services, ours = services_of(options), _statement(options.file)
    faults = statement.faults(ours, services.trust_list())
    found: list[Difference] = []
    if options.against is not None:
        theirs = _of_record(services, ours) if options.against == "record" else _statement(Path(options.against)).rows
        found = statement.differences(ours.rows, theirs)
    if options.out is not None:
        _write(options.out, write_rows([Difference._fields, *([_shown(cell) for cell in entry] for entry in found)]))
    lines = [*faults, *(f"row {e.ref}: {e.field}: {_shown(e.ours)} here, {_shown(e.theirs)} there" for e in found)]
    data = {"faults": faults, "differences": [entry._asdict() for entry in found]}
    return Result(data, lines or [f"{len(ours.rows)} rows: everything fits."], good=not lines)


def rows(options: argparse.Namespace) -> Result:
    """Say what a day is worth as far as is known now, whatever was stated."""
    services, day = services_of(options), city_date(options.day)
    with services.database.read() as connection:
        span = options.day, options.day + 24 * 3600
        found = [options.operator] if options.operator else transit.operators(connection, span)
        lines = {operator: rows_of_day(connection, operator, day, tariffs(services)) for operator in found}
    data = [
        {"operator": operator, "line": line, "totals": statement.totals_of(each)}
        for operator, by_line in lines.items()
        for line, each in sorted(by_line.items())
    ]
    said = [f"{row['operator']}  {row['line']}  {row['totals']}" for row in data]
    return Result(data, said or ["Nobody rode on that day."])


def import_disputes(options: argparse.Namespace) -> Result:
    """Take a dispute file."""
    services = services_of(options)
    try:
        found = import_claims(services, options.operator, _bytes(options.file), actor=ACTOR)
    except SpreadsheetError as error:
        raise CommandError(f"{options.file}: {error}") from error
    data = {
        "added": found.added,
        "known": found.known,
        "faults": [{"line": entry.line, "fault": entry.fault.value} for entry in found.faults],
    }
    lines = [f"{found.added} disputes are new, {found.known} had come before, {len(found.faults)} were not taken."]
    lines += [f"  line {entry.line}: {entry.fault.value}" for entry in found.faults]
    return Result(data, lines, good=not found.faults)


def list_disputes(options: argparse.Namespace) -> Result:
    """List disputes."""
    services = services_of(options)
    state = None if options.state is None else DisputeState(options.state)
    with services.database.read() as connection:
        found = transit.disputes(connection, operator=options.operator, state=state)
    data = [{"operator": operator, **_fields(entry)} for operator, entry in found]
    lines = [
        f"{operator} {entry.dispute}  {entry.day} {entry.line} {entry.ref}  {entry.stated} -> {entry.claimed}  "
        f"{entry.reason.value}  {entry.state.value}"
        for operator, entry in found
    ]
    return Result(data, lines or ["No disputes."])


def decide_dispute(options: argparse.Namespace) -> Result:
    """Decide a dispute, once."""
    services, state = services_of(options), DisputeState(options.state)
    now = services.clock()

    def work(connection: Connection) -> None:
        decided = transit.decide(
            connection, options.operator, options.dispute, state, answer=options.reason, actor=ACTOR, now=now
        )
        if not decided:
            raise NotFoundError("dispute_not_found")
        subject = f"dispute:{options.operator}/{options.dispute}"
        audit.add(connection, at=now, actor=ACTOR, action=f"dispute_{state.value}", subject=subject, details={})

    services.database.transact(work)
    return Result({"dispute": options.dispute, "state": state.value}, [f"{options.dispute} is {state.value}."])


def decisions(options: argparse.Namespace) -> Result:
    """Write the decision file of an operator."""
    services = services_of(options)
    with services.database.read() as connection:
        found = [entry for _, entry in transit.disputes(connection, operator=options.operator)]
    as_json = options.format == "json"
    data = dispute.write_decisions_json(found) if as_json else dispute.write_decisions(found, bom=options.bom)
    _write(options.out, data)
    return Result({"file": str(options.out), "disputes": len(found)}, [f"{options.out}: {len(found)} disputes."])


def tariffs(services: Services) -> Callable[[str], Tariff | None]:
    """Return what finds the tariff of a policy by the label that scans record."""

    @cache
    def find(label: str) -> Tariff | None:
        name, _, number = label.partition("@")
        if label == f"{transit.SCENE}@0":
            document = standard(transit.SCENE).document
        else:
            try:
                with services.database.read() as connection:
                    version = policy.find(connection, name, int(number))
                document = opened(version).document
            except (NotFoundError, PolicyError, ValueError):
                return None
        return document.tariff if isinstance(document, BusPolicy) else None

    return find


def _of_record(services: Services, ours: Statement) -> tuple[Row, ...]:
    header = ours.header
    with services.database.read() as connection:
        found = transit.statements(connection, operator=header.operator, day=header.day, line=header.line)
    same = [entry for entry in found if entry.number == header.number]
    if not same:
        raise NotFoundError("statement_not_found")
    return statement.read(same[0].file).rows


def _described(entry: transit.StoredStatement) -> dict[str, object]:
    read = statement.read(entry.file)
    return {
        "id": entry.id,
        "operator": entry.operator,
        "line": entry.line,
        "day": entry.day,
        "number": entry.number,
        "made": entry.made,
        "rows": len(read.rows),
        "totals": read.totals,
    }


def _fields(entry: dispute.Decided) -> dict[str, object]:
    return {name: getattr(entry, name) for name in dispute.DECIDED_COLUMNS}


def _shown(value: object) -> object:
    return "nothing" if value is None else value


def _statement(path: Path) -> Statement:
    try:
        return statement.read(_bytes(path))
    except StatementError as error:
        raise CommandError(f"{path}: {error}") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from error
