"""Importing a bulk file: row by row, a batch in one transaction with how far it is.

Killed at any moment and started again with the same file, an import goes on behind the last batch that was committed:
no row is lost and none is doubled. Started again when it is done, it changes nothing. Rows that are refused are kept
as line number and reason.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from codeservice.authority import StatementError
from codeservice.bulk import MAX_ROW, Csv, Format, JsonLines
from codeservice.registering import Prepared, Writer, Written, prepare, write_batch
from codeservice.services import Services
from codeservice.store import audit, authority, importing
from codeservice.store.database import Connection
from codeservice.store.importing import Run, StoredFault

BATCH = 1000
"""Rows of one transaction: short enough that no scan waits long for its turn to write."""

_CHUNK = 1 << 20
_FAULTS = 5000


@dataclass(frozen=True)
class _Line:
    number: int
    data: bytes
    end: int


def import_file(  # noqa: PLR0913 -- which file, whose, and how
    services: Services,
    path: Path,
    *,
    partner: str,
    creates: bool,
    progress: Callable[[int, int], None],
    batch: int = BATCH,
) -> Run:
    """Import a file for an authority and return how it ended; `progress` gets (done, all) bytes.

    CSV when the name ends in `.csv`, JSON lines otherwise. With `creates`, rows that have a region make people who are
    not known yet. Raises HeaderError, OSError, and ConflictError when the same file is being imported by another
    process.
    """
    size, digest = path.stat().st_size, _digest(path)
    with services.database.read() as connection:
        importing.widen(connection)
        remits = authority.remits_of(connection, partner)
    run = services.database.transact(
        lambda connection: importing.begin(connection, partner, digest, now=services.clock())
    )
    writer = Writer(f"import:{run.id}", remits, run.id, creates)
    with path.open("rb") as file:
        reader: Format = JsonLines()
        if path.suffix == ".csv":
            reader = Csv(file.readline(MAX_ROW + 1))
            run = replace(run, lines_done=max(run.lines_done, 1))
        file.seek(max(run.bytes_done, file.tell()))
        while run.finished is None:
            lines = list(_lines(file, run.lines_done, batch))
            run = _import_lines(services, reader, lines, run, writer, is_last=len(lines) < batch)
            progress(run.bytes_done, size)
    return run


def faults(services: Services, run: Run) -> Iterator[StoredFault]:
    """Return every refused row in the order of lines."""
    after = 0
    while True:
        with services.database.read() as connection:
            found = importing.faults_of(connection, run.id, after=after, limit=_FAULTS)
        yield from found
        if len(found) < _FAULTS:
            return
        after = found[-1].line


def _import_lines(  # noqa: PLR0913 -- one batch
    services: Services, reader: Format, lines: list[_Line], run: Run, writer: Writer, *, is_last: bool
) -> Run:
    """Import a batch and return the run as it is behind it."""
    prepared: list[Prepared] = []
    refused: list[StoredFault] = []
    for line in lines:
        try:
            # Sealed before the transaction begins, so that the database is held for the writing only.
            prepared.append(prepare(services.vault, reader.read(line.data), run=run.id, line=line.number))
        except StatementError as error:
            refused.append(StoredFault(line.number, error.fault))
    after: list[Run] = []

    def note(connection: Connection, written: list[Written]) -> None:
        faults = [*refused, *_refused(prepared, written)]
        counts = Counter(entry.outcome.value for entry in written if entry.outcome is not None)
        done = replace(
            run,
            bytes_done=lines[-1].end if lines else run.bytes_done,
            lines_done=lines[-1].number if lines else run.lines_done,
            created=run.created + counts["created"],
            updated=run.updated + counts["updated"],
            unchanged=run.unchanged + counts["unchanged"],
            refused=run.refused + len(faults),
            finished=services.clock() if is_last else None,
        )
        importing.advance(connection, run, done, faults)
        if is_last:
            details: dict[str, object] = {"partner": run.partner, "rows": done.rows, "refused": done.refused}
            audit.add(
                connection,
                at=services.clock(),
                actor=writer.actor,
                action="credentials_imported",
                subject=f"import:{run.id}",
                details=details,
            )
        after[:] = [done]

    write_batch(services, prepared, writer, note)
    return after[0]


def _refused(prepared: list[Prepared], written: list[Written]) -> Iterator[StoredFault]:
    for entry, result in zip(prepared, written, strict=True):
        if result.fault is not None and entry.line is not None:
            yield StoredFault(entry.line, result.fault, result.other)


def _lines(file: BinaryIO, before: int, count: int) -> Iterator[_Line]:
    """Read up to `count` lines behind line `before`; of one that is too long only so much that it shows."""
    for number in range(before + 1, before + count + 1):
        data = file.readline(MAX_ROW + 1)
        if not data:
            return
        rest = data
        while len(data) > MAX_ROW and rest and not rest.endswith(b"\n"):
            rest = file.readline(_CHUNK)
        yield _Line(number, data, file.tell())


def _digest(path: Path) -> bytes:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.digest()
