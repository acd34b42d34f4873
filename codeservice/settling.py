"""Settling a day of public transport: recorded taps become statements, and later knowledge becomes supplements.

What a day is worth is a pure function of what is recorded, so that it does not depend on when statements are made or
in which order taps came in.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from codeservice import dispute, statement
from codeservice.city import city_day, midnight
from codeservice.dispute import Claim, Fault, FaultyRow
from codeservice.errors import ConflictError
from codeservice.mark import Mark
from codeservice.services import Services
from codeservice.statement import Header, Row, digest_of, seal, standing, supplement
from codeservice.store import audit, transit
from codeservice.store.database import Connection
from codeservice.store.retention import SCAN_LIFE
from codeservice.store.transit import RecordedTap, StoredStatement
from codeservice.tariff import LONGEST_TRIP, Tap, Tariff, Trip, TripKind, rate, tap_of
from keys.key import Purpose

UNKNOWN = "unknown"
"""The line of taps whose line nobody knows."""

EXCLUDED = frozenset({Mark.DOUBLE_USE})
"""Marks of taps that are no rides: the same showing had been used before. Every other mark is listed and rated."""

_DAY = timedelta(days=1)
_STANDARD = f"{transit.SCENE}@0"
"""What taps went by before policies had versions: the standard of their scene."""

TariffOf = Callable[[str], Tariff | None]
"""Returns the tariff of a policy's label, None for one that cannot be read."""


def rows_of_day(connection: Connection, operator: str, day: date, tariff_of: TariffOf) -> dict[str, list[Row]]:
    """Return the rows that hold for a day by line, as far as is known now: every accepted tap of the day is in one."""
    # From the day before, because a trip of this day may be a transfer; into the next, because it may end there.
    span = midnight(day - _DAY), midnight(day + _DAY) + LONGEST_TRIP
    recorded = {tap.id: tap for tap in transit.taps(connection, operator, span)}
    tariffs = _tariffs(recorded.values(), tariff_of)
    holders: dict[str, list[Tap]] = defaultdict(list)
    trips: list[tuple[str, Trip]] = []
    for tap in recorded.values():
        read = tap_of(tap.id, tap.at, tap.place, tap.effect, operator=operator, policy=tap.policy or _STANDARD)
        if EXCLUDED & set(tap.marks):
            tariff = tariffs.get(read.policy)
            line = None if tariff is None else tariff.line_at(read.line, read.place)
            trips.append(("excluded", Trip(TripKind.UNRATED, read, read.line if line is None else line.id)))
        else:
            holders[tap.person or f"scan {tap.id}"].append(read)
    for taps in holders.values():
        trips += [(trip.kind.value, trip) for trip in rate(taps, tariffs)]
    lines: dict[str, list[Row]] = defaultdict(list)
    wanted = day.isoformat()
    agreed = transit.agreed(connection, operator, wanted)
    for kind, trip in trips:
        if city_day(trip.tap.at) != wanted:
            continue
        row = _row(kind, trip, recorded)
        lines[trip.line or UNKNOWN].append(row)
        corrected = None if row.ref not in agreed else dispute.correction(row, agreed[row.ref])
        if corrected is not None:
            lines[trip.line or UNKNOWN].append(corrected)
    return dict(lines)


def _tariffs(taps: Iterable[RecordedTap], tariff_of: TariffOf) -> Mapping[str, Tariff]:
    labels = {tap.policy or _STANDARD for tap in taps}
    found = {label: tariff_of(label) for label in labels}
    return {label: tariff for label, tariff in found.items() if tariff is not None}


def _row(kind: str, trip: Trip, recorded: Mapping[str, RecordedTap]) -> Row:
    tap, out = trip.tap, trip.out
    marks = {mark.value for each in (tap, out) if each is not None for mark in recorded[each.id].marks}
    return Row(
        entry="add",
        kind=kind,  # type: ignore[arg-type]
        ref=tap.id,
        out_ref="" if out is None else out.id,
        at=tap.at,
        out_at=0 if out is None else out.at,
        terminal=recorded[tap.id].client,
        stop=tap.stop,
        out_stop="" if out is None else out.stop,
        fare_class=tap.fare_class,
        companions=tap.companions,
        full=trip.full,
        subsidy=trip.subsidy,
        payer=trip.payer,
        companion_subsidy=trip.companion_subsidy,
        companion_payer=trip.companion_payer,
        transfer=trip.transfer,
        cap=trip.cap,
        paid=trip.paid,
        marks=" ".join(sorted(marks)),
        policy=tap.policy,
    )


def settle(services: Services, operator: str, day: date, tariff_of: TariffOf, *, actor: str) -> list[StoredStatement]:
    """Make what statements of a day are due: one for each line, a supplement where something differs by now.

    Nothing is made where nothing changed. Raises ConflictError for a day whose taps may have been deleted,
    KeyNotUsableError or SignerError.
    """
    now = services.clock()
    if midnight(day - _DAY) < now - SCAN_LIFE:
        raise ConflictError("statement_too_old")
    with services.database.read() as connection:
        lines = rows_of_day(connection, operator, day, tariff_of)
        before: dict[str, list[StoredStatement]] = defaultdict(list)
        for entry in transit.statements(connection, operator=operator, day=day.isoformat()):
            before[entry.line].append(entry)
    made = []
    for line in sorted({*lines, *before}):
        entered = [row for entry in before[line] for row in statement.read(entry.file).rows]
        due = supplement(standing(entered), lines.get(line, []))
        if not due:
            continue
        number = 1 + max((entry.number for entry in before[line]), default=0)
        policies = tuple(sorted({row.policy for row in due}))[: statement.MAX_POLICIES]
        header = Header(1, operator, line, day.isoformat(), number, now, policies, len(due), digest_of(due))
        sealed = seal(header, due, signer=services.signer(Purpose.STATUS), now=now)
        file = statement.write_json(sealed)
        new = StoredStatement(transit.new_id(), operator, line, day.isoformat(), number, now, file)
        if services.database.transact(lambda connection, new=new: _keep(connection, new, actor)):  # type: ignore[misc]
            made.append(new)
    return made


def _keep(connection: Connection, new: StoredStatement, actor: str) -> bool:
    # Of two makers at once one is first; the other's statement is none, and the next run finds what is still due.
    if not transit.add_statement(connection, new):
        return False
    details: dict[str, object] = {"operator": new.operator, "line": new.line, "day": new.day, "number": new.number}
    subject = f"statement:{new.id}"
    audit.add(connection, at=new.made, actor=actor, action="statement_made", subject=subject, details=details)
    return True


@dataclass(frozen=True)
class Imported:
    """What became of a dispute file: claims that were new, those that had come before, and rows that were not taken."""

    added: int
    known: int
    faults: tuple[FaultyRow, ...]


def import_claims(services: Services, operator: str, data: bytes, *, actor: str) -> Imported:
    """Take an operator's dispute file; the same file again changes nothing. Raises SpreadsheetError."""
    claims = list(dispute.read_claims(data))
    now = services.clock()

    def work(connection: Connection) -> Imported:
        stated: dict[tuple[str, str], dict[str, int]] = {}
        added = known = 0
        faults: list[FaultyRow] = []
        for line, claim in claims:
            outcome = claim if isinstance(claim, Fault) else _take(connection, operator, claim, stated, now)
            if isinstance(outcome, Fault):
                faults.append(FaultyRow(line, outcome))
            elif outcome:
                added += 1
            else:
                known += 1
        details: dict[str, object] = {"added": added, "known": known, "faults": len(faults)}
        name = f"partner:{operator}"
        audit.add(connection, at=now, actor=actor, action="disputes_imported", subject=name, details=details)
        return Imported(added, known, tuple(faults))

    return services.database.transact(work)


def _take(
    connection: Connection, operator: str, claim: Claim, stated: dict[tuple[str, str], dict[str, int]], now: int
) -> bool | Fault:
    earlier = transit.find_claim(connection, operator, claim.dispute)
    if earlier is not None:
        return False if earlier == claim else Fault.NUMBER_REUSED
    key = claim.day, claim.line
    if key not in stated:
        files = transit.statements(connection, operator=operator, day=claim.day, line=claim.line)
        entered = [row for entry in files for row in statement.read(entry.file).rows]
        paid: dict[str, int] = defaultdict(int)
        for row in standing(entered):
            paid[row.ref] += row.paid
        stated[key] = dict(paid)
    if not stated[key]:
        return Fault.STATEMENT_NOT_FOUND
    if claim.ref not in stated[key]:
        return Fault.ROW_NOT_FOUND
    if transit.add_dispute(connection, operator, claim, stated=stated[key][claim.ref], now=now):
        return True
    return Fault.NUMBER_REUSED
