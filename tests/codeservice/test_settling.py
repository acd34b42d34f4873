"""Settling: what a day is worth does not depend on how it became known, and nothing that was stated is changed."""

import json
import random
import secrets
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from adapters.bus import Bus
from adapters.cli import main
from adapters.statement_commands import tariffs
from codeservice import statement
from codeservice.city import city_date, city_day
from codeservice.code import Kind
from codeservice.dispute import CLAIM_COLUMNS, Fault
from codeservice.errors import ConflictError
from codeservice.settling import import_claims, rows_of_day, settle
from codeservice.spreadsheet import write_rows
from codeservice.statement import Statement, StatementError
from codeservice.store import client, transit
from codeservice.store.models import Scan
from tests.conftest import City
from tests.crowd import Held, fetch
from tests.phone import Terminal, at_once
from tests.uploading import Queue, scan_of

OPERATOR = "city-bus"
KIND = Kind.DEVICE


def day_of(city: City) -> date:
    return city_date(city.clock.now)


def made(city: City, operator: str = OPERATOR) -> list[Statement]:
    found = settle(city.services, operator, day_of(city), tariffs(city.services), actor="operator:test")
    return [statement.read(entry.file) for entry in found]


def stored(city: City) -> list[Statement]:
    with city.services.database.read() as connection:
        return [statement.read(entry.file) for entry in transit.statements(connection)]


def held(city: City, people: int = 3) -> list[Held]:
    return fetch(city.services, [citizen.holder.id for citizen in city.people[:people]], now=city.clock.now, count=8)


def queue(city: City, name: str) -> Queue:
    return Queue(city, city.terminal(name))


def ride(queue: Queue, entry: Held, at: int, **effect: Any) -> int:
    values = {"fare_class": "adult", "fare_cents": 200, "counted": True, "line": "city", "provisional": True, **effect}
    return queue.add(scan_of(at, kind=KIND, use=(*entry.place, at), effect=values, policy="bus@0"))


def bus_totals(city: City) -> dict[str, dict[str, int]]:
    with city.services.database.read() as connection:
        lines = rows_of_day(connection, OPERATOR, day_of(city), tariffs(city.services))
    return {line: statement.totals_of(rows) for line, rows in lines.items()}


def test_the_totals_of_a_day_do_not_depend_on_the_order_of_uploads(any_city: City) -> None:
    city, chance, codes = any_city, random.Random(3), held(any_city)
    queues = [queue(city, name) for name in ("bus-1", "bus-2")]
    for number in range(20):
        ride(
            chance.choice(queues),
            codes[number % len(codes)],
            city.clock.now + number * 7,
            fare_class=chance.choice(["adult", "student"]),
        )
    city.clock.now += 1000
    parts = [(each, seq) for each in queues for seq in each.items]
    chance.shuffle(parts)
    seen = []
    for each, seq in parts:
        each.upload(seq)
        seen.append(bus_totals(city)["city"]["trips"])
    assert seen == sorted(seen)
    totals = bus_totals(city)["city"]
    (first,) = made(city)
    assert first.totals == totals
    assert totals["full"] == totals["paid"] + totals.get("subsidy", 0) == 20 * 200


def test_a_statement_accounts_for_every_tap_and_names_nobody(city: City) -> None:
    (phone, terminal), codes = (city.phone(), city.terminal("bus-1")), held(city)
    assert terminal.scan(phone.show(city.clock.now)).get_json()["decision"] == "accepted"
    late = queue(city, "bus-2")
    ride(late, codes[0], city.clock.now + 5)
    ride(late, codes[0], city.clock.now + 6)
    city.clock.now += 100
    late.upload()
    (first,) = made(city)
    assert {name: first.totals[name] for name in ("kind.ride", "kind.same_tap", "trips", "paid")} == {
        "kind.ride": 2,
        "kind.same_tap": 1,
        "trips": 2,
        "paid": 400,
    }
    assert statement.faults(first, city.services.trust_list()) == []
    text = statement.write_json(first).decode() + statement.write_csv(first).decode()
    with city.services.database.read() as connection:
        scans = connection.execute(select(Scan.id, Scan.person)).all()
    assert {row.ref for row in first.rows} <= {scan.id for scan in scans}
    assert not any(scan.person in text for scan in scans if scan.person)
    assert not any(f'"{name}"' in text for name in ("list", "idx", "person", "iat"))


def test_what_comes_late_makes_a_supplement_and_the_first_statement_stays(any_city: City) -> None:
    city, codes = any_city, held(any_city)
    late = queue(city, "bus-1")
    for number in range(3):
        ride(late, codes[number * 8], city.clock.now + number * 10)
    city.clock.now += 100
    late.upload(1, 3)
    (first,) = made(city)
    before = statement.write_json(first)
    assert (first.header.number, first.totals["paid"], made(city)) == (1, 400, [])
    late.upload(2)
    (second,) = made(city)
    assert (second.header.number, second.totals["paid"], len(second.rows)) == (2, 200, 1)
    assert statement.write_json(stored(city)[0]) == before
    entered = [row for each in stored(city) for row in each.rows]
    assert statement.totals_of(statement.standing(entered)) == bus_totals(city)["city"]
    assert made(city) == []


def test_a_supplement_takes_back_what_no_longer_holds(city: City) -> None:
    codes, (first, second) = held(city), (queue(city, "bus-1"), queue(city, "bus-2"))
    ride(second, codes[0], city.clock.now + 2)
    ride(first, codes[0], city.clock.now)
    city.clock.now += 100
    second.upload()
    assert made(city)[0].totals["trips"] == 1
    first.upload()
    (supplement,) = made(city)
    assert sorted(row.entry for row in supplement.rows) == ["add", "add", "reverse"]
    assert (supplement.totals.get("trips", 0), supplement.totals.get("paid", 0)) == (0, 0)
    assert statement.faults(supplement, city.services.trust_list()) == []


def test_a_code_that_was_used_before_is_listed_and_not_charged(city: City) -> None:
    codes, (first, second) = held(city), (queue(city, "bus-1"), queue(city, "bus-2"))
    iat = city.clock.now
    for each, at in ((first, iat), (second, iat + 20)):
        values = {"fare_class": "adult", "fare_cents": 200, "counted": True}
        each.add(scan_of(at, kind=KIND, use=(*codes[0].place, iat), effect=values))
    city.clock.now += 100
    first.upload()
    second.upload()
    (found,) = made(city)
    assert (found.totals["kind.excluded"], found.totals["mark.double_use"], found.totals["paid"]) == (1, 1, 200)


def test_taps_under_a_policy_that_nobody_can_read_are_listed_as_unrated(city: City) -> None:
    each, codes = queue(city, "bus-1"), held(city)
    ride(each, codes[0], city.clock.now, line="gone")
    each.add(
        scan_of(
            city.clock.now,
            kind=KIND,
            use=(*codes[8].place, city.clock.now),
            policy="gone@3",
            effect={"fare_class": "adult", "fare_cents": 0, "counted": True},
        )
    )
    city.clock.now += 10
    each.upload()
    found = made(city)
    assert [(each.header.line, each.totals) for each in found] == [
        ("gone", {"kind.unrated": 1}),
        ("unknown", {"kind.unrated": 1}),
    ]


@pytest.mark.parametrize("form", ["csv", "csv with a mark", "json"])
def test_a_statement_comes_back_from_its_file(city: City, form: str) -> None:
    each, codes = queue(city, "bus-1"), held(city)
    for number, class_ in enumerate(("adult", "student", "disabled")):
        ride(each, codes[number * 8], city.clock.now + number, fare_class=class_, companions=int(class_ == "disabled"))
    city.clock.now += 10
    each.upload()
    (found,) = made(city)
    data = statement.write_json(found) if form == "json" else statement.write_csv(found, bom=form != "csv")
    assert statement.read(data) == found
    assert found.totals["subsidy.disabled-federation.disabled"] == 400
    assert found.totals["class.disabled.companions"] == 1


def test_a_changed_file_is_found(city: City) -> None:
    each, codes = queue(city, "bus-1"), held(city)
    ride(each, codes[0], city.clock.now)
    city.clock.now += 10
    each.upload()
    (found,) = made(city)
    trust = city.services.trust_list()
    row = msgspec.structs.replace(found.rows[0], full=300, paid=300)
    changed = found._replace(rows=(row,))
    assert "the rows are not those of the header's digest" in statement.faults(changed, trust)
    header = msgspec.structs.replace(found.header, digest=statement.digest_of([row]))
    forged = Statement(header, (row,), statement.totals_of([row]), found.signature)
    assert statement.faults(forged, trust) == ["header and totals are not what the city has signed"]
    broken = found._replace(rows=(msgspec.structs.replace(row, paid=1),))
    assert any(row.ref in fault for fault in statement.faults(broken, trust))
    assert any(
        "twice" in fault or "2 times" in fault for fault in statement.faults(found._replace(rows=found.rows * 2), trust)
    )


@pytest.mark.parametrize("data", [b"", b"{}", b"H,statement", b"X,1\r\n", b"\xff\xfe", b'{"header": 1}\n{}\n{}\n'])
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(StatementError):
        statement.read(data)


def test_one_of_two_makers_is_first(any_city: City) -> None:
    city, each, codes = any_city, queue(any_city, "bus-1"), held(any_city)
    ride(each, codes[0], city.clock.now)
    city.clock.now += 10
    each.upload()
    found = at_once(8, lambda _number: len(made(city)))
    assert sum(found) == len(stored(city)) == 1


def test_a_day_whose_taps_may_be_gone_is_not_settled_any_more(city: City) -> None:
    with pytest.raises(ConflictError):
        settle(city.services, OPERATOR, date(2026, 1, 1), tariffs(city.services), actor="operator:test")


def claims(*rows: tuple[object, ...]) -> bytes:
    return write_rows([CLAIM_COLUMNS, *rows])


def test_a_dispute_goes_its_way_and_an_accepted_one_corrects_the_day(any_city: City) -> None:
    city, each, codes = any_city, queue(any_city, "bus-1"), held(any_city)
    for number in range(2):
        ride(each, codes[number * 8], city.clock.now + number)
    city.clock.now += 10
    each.upload()
    (first,) = made(city)
    day, (one, two) = first.header.day, first.rows
    file = claims(
        ("d-1", "city", day, one.ref, 150, "wrong_fare"),
        ("d-2", "city", day, two.ref, 0, "counted_twice"),
        ("d-3", "city", day, "nothing", 0, "other"),
        ("d-4", "city", "2026-01-01", one.ref, 0, "other"),
        ("d-5", "city", day, one.ref, "=1", "other"),
    )
    taken = import_claims(city.services, OPERATOR, file, actor="operator:test")
    assert (taken.added, taken.known) == (2, 0)
    assert [(entry.line, entry.fault) for entry in taken.faults] == [
        (4, Fault.ROW_NOT_FOUND),
        (5, Fault.STATEMENT_NOT_FOUND),
        (6, Fault.UNREADABLE),
    ]
    again = import_claims(city.services, OPERATOR, file, actor="operator:test")
    assert (again.added, again.known) == (0, 2)
    reused = import_claims(city.services, OPERATOR, claims(("d-1", "city", day, one.ref, 1, "other")), actor="x")
    assert [entry.fault for entry in reused.faults] == [Fault.NUMBER_REUSED]
    assert decide(city, "d-1", "accepted") == 0
    assert decide(city, "d-2", "rejected") == 0
    assert decide(city, "d-1", "rejected") == 1
    (second,) = made(city)
    assert [(row.kind, row.ref, row.paid) for row in second.rows] == [("correction", one.ref, -50)]
    assert statement.faults(second, city.services.trust_list()) == []
    assert statement.read(statement.write_csv(second)) == second
    assert b",-50," in statement.write_csv(second)
    assert made(city) == []


def decide(city: City, dispute: str, state: str) -> int:
    return run(city, "decide", dispute, state, "--operator", OPERATOR, "--reason", "looked at it")


def run(city: City, *arguments: str) -> int:
    settings = city.services.settings
    assert settings.vault_file is not None
    folder = settings.vault_file.parent
    environment = {
        "CITY_DATABASE": settings.database,
        "CITY_REDIS": settings.redis,
        "CITY_KEYS": str(settings.keys),
        "CITY_ORIGIN": settings.origin,
        "CITY_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CITY_VAULT_FILE": str(settings.vault_file),
        "CITY_MASTER_KEY": settings.master_key,
        "CITY_DEMO": "1",
    }
    return main(["--data", str(folder), "statements", *arguments], environment, city.clock)


def test_operators_commands_make_check_and_answer(
    city: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    each, codes = queue(city, "bus-1"), held(city)
    ride(each, codes[0], city.clock.now)
    city.clock.now += 10
    each.upload()
    day = city_day(city.clock.now)
    assert run(city, "make", "--day", day, "--json") == 0
    (entry,) = json.loads(capsys.readouterr().out)
    good, bad, differences = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "differences.csv"
    assert run(city, "show", entry["id"], "--out", str(good), "--bom") == 0
    assert run(city, "check", str(good), "--against", "record") == 0
    ref = statement.read(good.read_bytes()).rows[0].ref
    bad.write_bytes(good.read_bytes().replace(b",adult,", b",student,"))
    capsys.readouterr()
    assert run(city, "check", str(bad), "--against", "record", "--out", str(differences)) == 1
    assert f"row {ref}: fare_class: student here, adult there" in capsys.readouterr().out
    assert ref in differences.read_text()
    assert run(city, "check", str(bad), "--against", str(good)) == 1
    file, answer = tmp_path / "disputes.csv", tmp_path / "decisions.csv"
    file.write_bytes(claims(("d-1", "city", day, ref, 0, "counted_twice")))
    assert run(city, "import-disputes", str(file), "--operator", OPERATOR) == 0
    assert decide(city, "d-1", "rejected") == 0
    assert run(city, "decisions", "--operator", OPERATOR, "--out", str(answer)) == 0
    assert "rejected,looked at it" in answer.read_text()
    for name in ("list", "disputes"):
        assert run(city, name) == 0
    assert run(city, "rows", "--day", day) == 0


def back_end(city: City, name: str, place: str) -> Terminal:
    scopes = frozenset({"statements:read"})
    with city.services.database.write() as connection:
        client.add_client(connection, id_=name, kind=client.BACK_END, place=place, name=name, scopes=scopes)
    return city.terminal(name)


def test_an_operators_back_end_fetches_its_own_statements_and_no_others(any_city: City) -> None:
    city, each, codes = any_city, queue(any_city, "bus-1"), held(any_city)
    ride(each, codes[0], city.clock.now)
    city.clock.now += 10
    each.upload()
    (found,) = made(city)
    mine, other = back_end(city, "bus-office", "bus-line-1"), back_end(city, "park-office", "lake-park")

    def get(who: Terminal, path: str) -> Any:
        return city.app.test_client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {who.token}"})

    day = found.header.day
    (entry,) = get(mine, f"/statements?day={day}").get_json()["statements"]
    assert (entry["line"], entry["totals"]) == ("city", found.totals)
    assert statement.read(get(mine, f"/statements/{entry['id']}").data) == found
    assert statement.read(get(mine, f"/statements/{entry['id']}?format=csv").data) == found
    assert get(other, f"/statements?day={day}").get_json() == {"statements": []}
    assert get(other, f"/statements/{entry['id']}").get_json()["code"] == "statement_not_found"
    assert get(other, f"/statements/{secrets.token_hex(16)}").status_code == 404
    assert get(mine, "/statements?day=today").get_json()["code"] == "day_not_readable"
    assert get(mine, f"/disputes?day={day}").get_json() == {"disputes": []}
    assert get(each.terminal, f"/statements?day={day}").get_json()["code"] == "scope_required"


def test_sixty_four_validators_read_one_holder_at_once_and_one_tap_is_charged(any_city: City) -> None:
    city, person = any_city, any_city.citizen().holder.id
    codes = fetch(city.services, [person], now=city.clock.now, count=16)
    terminal = city.terminal("bus-1")
    shown = [codes[number % 16].show(city.clock.now - number // 16) for number in range(64)]

    def tap(number: int) -> dict[str, Any]:
        answer = terminal.on(city.app.test_client()).scan(shown[number]).get_json()
        assert answer["decision"] == "accepted", answer
        details: dict[str, Any] = answer["details"]
        return details

    seen = at_once(64, tap)
    assert sorted(each["fare_cents"] for each in seen) == [0] * 63 + [200]
    assert sum(each["counted"] for each in seen) == 1
    (found,) = made(city)
    assert (found.totals["kind.ride"], found.totals["kind.same_tap"], found.totals["paid"]) == (1, 63, 200)


def test_the_standard_of_a_city_is_what_unversioned_taps_are_rated_by(city: City) -> None:
    assert tariffs(city.services)("bus@0") == Bus.default.tariff
    assert [tariffs(city.services)(label) for label in ("gone@1", "bus", "bus@x", "hospital@0")] == [None] * 4
