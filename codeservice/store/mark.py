"""Marks of scans: set and taken away as more becomes known, so that they do not depend on the order of uploads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from codeservice.mark import Mark
from codeservice.store.models import Scan, ScanMark
from codeservice.store.upsert import insert


@dataclass(frozen=True)
class Finding:
    """Why a scan is marked: since when the record forbids it, or which scan came before it."""

    since: int | None = None
    other: str | None = None


@dataclass(frozen=True)
class MarkedScan:
    """A marked scan as an operator sees it; times are epoch seconds. Of the holder nothing."""

    scan: str
    mark: str
    marked: int
    since: int | None
    other: str | None
    client: str
    place: str
    scene: str
    at: int


def put(
    connection: Connection, mark: Mark, wrong: Mapping[str, Finding], right: Sequence[str] = (), *, now: int
) -> int:
    """Mark the scans in `wrong`, and take the mark from those in `right`; returns how many were not marked before."""
    if right:
        connection.execute(delete(ScanMark).where(ScanMark.mark == mark.value, ScanMark.scan.in_(list(right))))
    if not wrong:
        return 0
    known = select(ScanMark.scan).where(ScanMark.mark == mark.value, ScanMark.scan.in_(list(wrong)))
    before = set(connection.scalars(known))
    statement = insert(connection, ScanMark)
    statement = statement.on_conflict_do_update(
        index_elements=[ScanMark.scan, ScanMark.mark],
        set_={"since": statement.excluded.since, "other": statement.excluded.other},
    )
    rows = [{"scan": scan, "mark": mark.value, "at": now, **vars(finding)} for scan, finding in wrong.items()]
    connection.execute(statement, rows)
    return len(wrong.keys() - before)


def of_scans(connection: Connection, scans: Sequence[str]) -> dict[str, list[Mark]]:
    """Return the marks of scans, those that have any."""
    query = select(ScanMark.scan, ScanMark.mark).where(ScanMark.scan.in_(list(scans)))
    found: dict[str, list[Mark]] = {}
    for scan, mark in connection.execute(query.order_by(ScanMark.mark)):
        found.setdefault(scan, []).append(Mark(mark))
    return found


def newest(connection: Connection, *, mark: Mark | None, since: int, limit: int) -> list[MarkedScan]:
    """Return the scans that were marked since a moment, the newest first."""
    query = (
        select(
            ScanMark.scan,
            ScanMark.mark,
            ScanMark.at.label("marked"),
            ScanMark.since,
            ScanMark.other,
            Scan.client,
            Scan.place,
            Scan.scene,
            Scan.at,
        )
        .join(Scan, Scan.id == ScanMark.scan)
        .where(ScanMark.at >= since)
        .order_by(ScanMark.at.desc(), ScanMark.scan, ScanMark.mark)
        .limit(limit)
    )
    if mark is not None:
        query = query.where(ScanMark.mark == mark.value)
    return [MarkedScan(**row) for row in connection.execute(query).mappings()]


def totals(connection: Connection) -> dict[str, int]:
    """Count the scans under each mark."""
    query = select(ScanMark.mark, func.count()).group_by(ScanMark.mark).order_by(ScanMark.mark)
    return {row[0]: row[1] for row in connection.execute(query)}
