"""Bulk files: every bad row is named by line and reason, and kill -9 loses and doubles nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from codeservice import importing, sample
from codeservice.authority import StatementError
from codeservice.bulk import MAX_ROW, Csv, HeaderError, JsonLines, write_csv
from codeservice.credential import CredentialState, CredentialType
from codeservice.store import notice, person
from codeservice.store.importing import Run
from codeservice.store.models import Credential, ImportRun
from tests.authorities import card_of, statement, stored
from tests.conftest import City, Operate

ROOT = Path(__file__).resolve().parents[2]
SS = CredentialType.SOCIAL_SECURITY_CARD
HEADER = b"type,number,id_number,name,region,state,valid_from,valid_until,claims.generation\r\n"


def run(city: City, path: Path, *, creates: bool = True, batch: int = 7, partner: str = "human-resources") -> Run:
    return importing.import_file(
        city.services, path, partner=partner, creates=creates, progress=lambda _done, _all: None, batch=batch
    )


def faults(city: City, done: Run) -> dict[int, str]:
    return {entry.line: entry.kind for entry in importing.faults(city.services, done)}


def row(city: City, **changes: str) -> bytes:
    """A row of CSV about the showcased adult's own card."""
    said = statement(city, card_of(city, SS))
    cells = {"type": said["type"], "number": "S-1", "id_number": said["id_number"], "name": said["name"]}
    cells |= {"region": "", "state": "", "valid_from": "2026-01-31", "valid_until": "", "generation": "3"}
    return ",".join(str(value) for value in (cells | changes).values()).encode() + b"\r\n"


def test_every_bad_row_is_named_by_its_line_and_reason(any_city: City, tmp_path: Path) -> None:
    licence = card_of(any_city, CredentialType.SOCIAL_SECURITY_LICENCE).number
    wrong = licence[:-1] + ("A" if licence[-1] != "A" else "B")
    good = row(any_city)
    rows = {
        good: None,
        row(any_city, valid_from="2026-02-01"): "duplicate_in_file",
        row(any_city, type="social_security_licence", number=wrong): "licence_identifier_wrong",
        row(any_city, id_number="110105194912310021"): "id_number_not_readable",
        row(any_city, id_number="11010519491231002X"): "person_unknown",
        row(any_city, name="别人", number="S-9"): "subject_mismatch",
        row(any_city, type="library_card"): "credential_type_unknown",
        row(any_city, type="id_card", number=licence, generation=""): "claims_not_readable",
        row(any_city, type="medical_insurance", generation=""): "claims_not_readable",
        row(any_city, generation="4"): "claims_not_readable",
        row(any_city, name="=cmd()"): "formula_refused",
        row(any_city, number="@SUM"): "formula_refused",
        row(any_city, valid_from="31/01/2026"): "validity_not_readable",
        row(any_city, valid_from=""): "field_missing",
        row(any_city, state="suspended"): "state_not_readable",
        row(any_city, name="\xff").replace("\xff".encode(), b"\xff"): "encoding_broken",
        row(any_city, name="a\0b"): "encoding_broken",
        row(any_city, name='"open'): "quoting_broken",
        row(any_city).rstrip() + b",more\r\n": "cells_do_not_fit_header",
        b"\r\n": "cells_do_not_fit_header",
        row(any_city, name="x" * MAX_ROW * 3): "row_too_long",
        row(any_city, number="S-2"): None,
    }
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xef\xbb\xbf" + HEADER + b"".join(rows))
    done = run(any_city, path, creates=False)
    expected = {line: reason for line, reason in enumerate(rows.values(), start=2) if reason is not None}
    assert faults(any_city, done) == expected
    assert (done.created, done.refused, done.rows) == (2, len(expected), len(rows))
    assert next(entry.other for entry in importing.faults(any_city.services, done) if entry.line == 3) == 2


def test_a_row_of_another_authority_is_refused(city: City, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(HEADER + row(city))
    assert faults(city, run(city, path, partner="police")) == {2: "type_of_another_authority"}
    assert faults(city, run(city, path, partner="city-bus")) == {2: "type_of_another_authority"}


def test_json_lines_say_the_same(any_city: City, tmp_path: Path) -> None:
    said = statement(any_city, card_of(any_city, SS), number="S-json")
    e_card = said | {"type": "e_social_security_card", "number": "E-json", "claims": {"card": "S-json"}}
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps(entry) for entry in (e_card, said)]
    bad = ["{", "[]", '{"type": "x", "type": "y"}', '{"a": NaN}', json.dumps(said | {"admin": "yes"}), "[" * 5000]
    path.write_text("\n".join(lines + bad))
    done = run(any_city, path, creates=False)
    assert done.created == 2
    broken = "not_a_json_object"
    assert list(faults(any_city, done).values()) == [broken, broken, broken, broken, "field_unknown", broken]


def test_the_same_file_again_changes_nothing(any_city: City, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("".join(sample.rows(20, seed=1)))
    assert run(any_city, path) == run(any_city, path)


def test_another_file_with_the_same_rows_changes_nothing_either(any_city: City, tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    text = "".join(sample.rows(20, seed=1))
    first.write_text(text)
    second.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run(any_city, first).created == 20
    assert run(any_city, second).unchanged == 20


def test_a_row_moves_a_card_only_as_its_life_cycle_allows_and_tells_the_holder(any_city: City, tmp_path: Path) -> None:
    card = card_of(any_city, SS)
    for number, (state, outcome) in enumerate(
        [("lost", "updated"), ("not_activated", "refused"), ("normal", "updated")]
    ):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(HEADER + row(any_city, number=card.number, state=state))
        done = run(any_city, path)
        assert getattr(done, outcome) == 1, state
    assert stored(any_city, card.id).state is CredentialState.NORMAL
    with any_city.services.database.read() as connection:
        assert len(notice.of_person(connection, card.person, limit=20)) >= 4


@pytest.mark.parametrize(
    "header", [b"", b"\xff\n", b"type\n", b"type,type\n", HEADER.replace(b"name", b"nickname"), b'"']
)
def test_a_file_without_our_header_is_refused_whole(city: City, tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(header + row(city))
    with pytest.raises(HeaderError):
        run(city, path)


@given(st.binary(max_size=200))
def test_reading_a_row_is_total(data: bytes) -> None:
    for reader in (Csv(HEADER), JsonLines()):
        with pytest.raises(StatementError):
            reader.read(data)


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_cells_of_an_export_are_no_formulas(cell: str) -> None:
    """PA21."""
    assert list(write_csv([{"a": cell}], ["a"]))[1].lstrip('"').startswith("'" + cell[0])


def test_a_million_rows_would_be_a_million_people() -> None:
    lines = list(sample.rows(70_000, seed=1))[1:]
    assert len({line.split(",")[2] for line in lines}) == len(lines)
    assert list(sample.rows(100, seed=1)) == list(sample.rows(100, seed=1))


def test_an_import_that_was_killed_goes_on_without_a_lost_or_doubled_row(
    open_city: Callable[..., City], tmp_path: Path
) -> None:
    """Killed -9 twice on the way; then every row is there as in a city that imported without a break."""
    path = tmp_path / "rows.csv"
    path.write_text("".join(sample.rows(20_000, seed=3, bad=500)))
    whole = open_city()
    expected = run(whole, path, batch=1000)
    city = open_city()
    folder = Path(str(city.services.database.engine.url.database)).parent
    for share in (4, 2):
        kill_behind(city, folder, path, path.stat().st_size // share)
    done = run(city, path, batch=1000)
    assert (done.created, done.refused, done.rows) == (expected.created, expected.refused, 20_000)
    assert records(city) == records(whole)
    assert faults(city, done) == faults(whole, expected)


def kill_behind(city: City, folder: Path, path: Path, size: int) -> None:
    """Import in a process of its own and kill it when so many bytes are committed."""
    command = [sys.executable, "-m", "codeservice", "--data", str(folder), "credentials", "import", str(path)]
    command += ["--authority", "human-resources", "--create-people", "--report", str(folder / "report.csv")]
    settings = city.services.settings
    environment = os.environ | {
        "CITY_DATABASE": settings.database,
        "CITY_KEYS": str(settings.keys),
        "CITY_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CITY_VAULT_FILE": str(settings.vault_file),
        "CITY_MASTER_KEY": settings.master_key,
    }
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        with city.services.database.read() as connection:
            done = connection.scalar(select(ImportRun.bytes_done)) or 0
        if done >= size:
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.02)
    assert process.wait() == -signal.SIGKILL


def records(city: City) -> list[tuple[Any, ...]]:
    """What every imported credential says, with the person's ID number."""
    vault = city.services.vault
    with city.services.database.read() as connection:
        rows = connection.execute(select(Credential.__table__).where(Credential.source.is_not(None))).all()
        cards = [person.open_card(vault, row) for row in rows]
        people = {holder.id: holder.id_number.text for holder in person.page(connection, vault, after="", limit=30_000)}
    return sorted(
        (card.number, people[card.person], str(card.claims), card.state, card.valid_from, card.source_line)
        for card in cards
    )


def test_the_commands_import_report_and_export(city: City, operate: Operate, tmp_path: Path) -> None:
    file, report, out = tmp_path / "sample.csv", tmp_path / "report.csv", tmp_path / "out.csv"
    assert operate("credentials", "sample", str(file), "--rows", "50", "--bad", "10")[0] == 0
    options = ("--authority", "human-resources", "--create-people", "--report", str(report))
    code, said = operate("credentials", "import", str(file), *options)
    assert (code, said["created"], said["refused"]) == (1, 45, 5)
    lines = report.read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["11", "21", "31", "41", "51"]
    assert operate("credentials", "export", str(out), "--authority", "human-resources")[0] == 0
    assert "T000000001" in out.read_text()
    code, said = operate("credentials", "import", str(file), "--authority", "nobody", "--report", str(report))
    assert (code, "authorities list" in said) == (1, True)


def test_an_operator_gives_a_type_to_another_authority(city: City, operate: Operate) -> None:
    assert operate("authorities", "give", "benefit.student", "human-resources")[0] == 0
    owners = {entry["remit"]: entry["authority"] for entry in operate("authorities", "list")[1]}
    assert owners["benefit.student"] == "human-resources"
    assert None not in owners.values()
