"""Somebody who has the terminal in hand: pulls plugs, starts programs twice, fills the disk, edits the files."""

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from adapters.terminal.errors import TerminalError
from adapters.terminal.opening import open_terminal
from adapters.terminal.runtime import SAME_SCAN
from adapters.terminal.store import BusyError, Store, StoreError
from codeservice.publishing import publish_snapshot
from tests.adapters.terminal.conftest import Outpost
from tests.adapters.terminal.test_runtime import said
from tests.terminals import enrol_terminal

Outposts = Callable[..., Outpost]


def store_of(outpost: Outpost) -> Store:
    return outpost.terminal._bundle.store


def execute(outpost: Outpost, statement: str, *values: str) -> None:
    """Do something to the file of the store that its program would not do."""
    with store_of(outpost).transaction() as connection:
        connection.execute(statement, values)


def test_sixty_four_readings_of_one_code_at_once_are_one_scan(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: bus.terminal.scan(code), range(64)))
    assert {said(answer) for answer in answers} == {("accepted", None)}
    assert sum(not answer.repeat for answer in answers) == 1
    assert bus.terminal.state().last_seq == 1


def test_within_three_seconds_another_act_is_another_scan(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    assert said(bus.terminal.scan(code, act="one")) == ("accepted", None)
    assert said(bus.terminal.scan(code, act="two")) == ("refused", "replayed")
    assert SAME_SCAN <= 3


def test_readings_that_go_on_and_on_are_not_one_scan_for_ever(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    answers = []
    for _ in range(4):
        answers.append(said(bus.terminal.scan(code)))
        bus.wait(1)
    assert answers == [("accepted", None)] * 3 + [("refused", "replayed")]


@pytest.mark.parametrize("text", ["\ud800", "91\udfff", "\ud83d" * 1000])
def test_half_of_a_character_is_no_code_and_breaks_nothing(bus: Outpost, text: str) -> None:
    bus.leave()
    assert said(bus.terminal.scan(text)) == ("refused", "malformed")


def test_a_battery_backed_clock_is_not_walked_back_by_one_restart_after_another(outposts: Outposts) -> None:
    bus = outposts("bus-1", has_battery=True)
    phone = bus.city.phone()
    bus.leave()
    old = phone.show(bus.city.clock.now)
    bus.wait(300)
    bus.terminal.scan("9112")
    for _ in range(12):
        bus.stop()
        bus.machine.restart()
        bus.machine.off -= 29
        bus.terminal.scan("9112")
    assert said(bus.terminal.scan(old)) in {("undetermined", "time_untrusted"), ("refused", "expired")}


def test_a_clock_from_the_future_is_given_up_at_a_contact_and_healed_by_an_enrolment(outposts: Outposts) -> None:
    bus = outposts("bus-1", has_battery=True)
    phone = bus.city.phone()
    bus.leave()
    bus.stop()
    bus.machine.restart()
    bus.machine.off = 5 * 86400
    bus.terminal.scan("9112")
    bus.wire.cut = False
    bus.sync()
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("undetermined", "time_untrusted")
    bus.stop()
    enrol_terminal(bus.city, bus.wire, bus.folder, "bus-1")
    bus.wait(5)
    bus.sync()
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)


def test_who_idles_keeps_the_time_that_was_lived_through(bus: Outpost) -> None:
    bus.leave()
    lived = bus.city.clock.now + 7200
    bus.wait(7200)
    bus.terminal.sync._tidy()
    bus.stop()
    bus.machine.restart()
    assert bus.terminal._clock.mark >= lived


def test_a_full_disk_accepts_nothing_and_is_as_good_as_new_with_room(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    connection = store_of(bus)._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    answers = []
    for _ in range(400):
        answers.append(bus.terminal.scan(phone.show(bus.city.clock.now)))
        bus.wait(4)
        if answers[-1].seq is None:
            break
    assert (said(answers[-1]), answers[-1].seq) == (("undetermined", "temporarily_unavailable"), None)
    connection.execute("PRAGMA max_page_count = 1000000")
    bus.wait(4)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)
    assert bus.terminal.state().faults == ()


def test_a_full_disk_during_a_contact_is_only_full(bus: Outpost) -> None:
    bus.leave()
    bus.terminal._standing.note_failure(BusyError("the disk is full"))
    assert "store_failed" not in bus.terminal.state().faults
    bus.terminal._standing.note_failure(StoreError("the disk failed"))
    assert "store_failed" in bus.terminal.state().faults


def test_a_disk_that_fails_in_the_middle_of_an_answer_of_the_service_accepts_nothing(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    phone = clinic.city.phone()
    clinic.sync()
    store_of(clinic)._connection.execute("PRAGMA query_only = ON")
    answer = clinic.terminal.scan(phone.show(clinic.city.clock.now))
    assert (said(answer), answer.seq) == (("undetermined", "temporarily_unavailable"), None)


def test_a_disk_that_fails_when_the_service_suspends_breaks_no_scan(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    phone = clinic.city.phone()
    clinic.sync()
    clinic.wire.forged["/scan/"] = (403, b'{"code": "terminal_not_allowed"}')
    store_of(clinic)._connection.execute("PRAGMA query_only = ON")
    answer = clinic.terminal.scan(phone.show(clinic.city.clock.now))
    assert (answer.decision.value, answer.seq) == ("undetermined", None)
    assert "suspended" in clinic.terminal.state().faults


def test_a_second_program_in_the_same_folder_is_told_to_stay_out(bus: Outpost) -> None:
    bus.leave()
    with pytest.raises(TerminalError, match="another city-terminal"), open_terminal(bus.folder, machine=bus.machine):
        pass
    bus.wire.cut = False
    with pytest.raises(TerminalError, match="another city-terminal"):
        enrol_terminal(bus.city, bus.wire, bus.folder, "bus-1")
    bus.stop()
    with open_terminal(bus.folder, machine=bus.machine, connect=bus.wire.connect) as second:
        assert second.state().faults == ()


def test_who_only_looks_may_look_while_it_scans(bus: Outpost) -> None:
    bus.leave()
    bus.terminal.scan("9112")
    with open_terminal(bus.folder, machine=bus.machine, connect=bus.wire.connect, alone=False) as looking:
        assert looking.state().waiting == 1
    bus.wait(4)
    assert bus.terminal.scan("9112").seq == 2


def test_every_damaged_store_is_kept(bus: Outpost) -> None:
    bus.leave()
    for content in (b"\xff" * 20_000, b"\xfe" * 20_000):
        bus.stop()
        for path in bus.folder.glob("store.db-*"):
            path.unlink()
        (bus.folder / "store.db").write_bytes(content)
        assert "store_damaged" in bus.terminal.state().faults
    kept = {path.read_bytes()[:1] for path in bus.folder.glob("store.db.damaged-?")}
    assert kept == {b"\xff", b"\xfe"}


@pytest.mark.parametrize("name", ["trust-list", "profile", "state", "clock", "stream"])
def test_a_document_that_somebody_deletes_is_no_acceptance_and_no_crash(bus: Outpost, name: str) -> None:
    phone = bus.city.phone()
    bus.leave()
    execute(bus, "DELETE FROM fact WHERE name = ?", name)
    bus.stop()
    bus.machine.restart()
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now)))[0] == "undetermined"
    bus.wire.cut = False
    bus.wait(60)
    bus.sync()
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)


def test_without_a_trust_list_nothing_is_decided(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    bus.terminal._bundle.trust_list = None
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("undetermined", "temporarily_unavailable")


def test_a_store_put_back_to_an_older_copy_is_seen_by_the_service(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    bus.stop()
    shutil.copy(bus.folder / "store.db", bus.folder / "copy")
    code = phone.show(bus.city.clock.now)
    assert said(bus.terminal.scan(code)) == ("accepted", None)
    bus.sync()
    bus.stop()
    for path in bus.folder.glob("store.db-*"):
        path.unlink()
    shutil.move(bus.folder / "copy", bus.folder / "store.db")
    bus.wait(10)
    # Here nobody can know.
    assert said(bus.terminal.scan(code)) == ("accepted", None)
    bus.sync()
    assert "suspended" in bus.terminal.state().faults


def details_on_disk(outpost: Outpost) -> bytes:
    """Return all that can be read of a store with its key."""
    store, found = store_of(outpost), b""
    with store.transaction() as connection:
        for (act,) in connection.execute("SELECT act FROM answer").fetchall():
            found += store.find_answer(act) or b""
        for (name,) in connection.execute("SELECT name FROM fact").fetchall():
            found += store.get(name) or b""
        found += b"".join(item for _, item in store.scans(100))
    return found


def test_with_its_key_the_store_still_tells_no_code_and_no_name(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    phone = clinic.city.phone()
    clinic.sync()
    codes = []
    for act in (None, "visit-1"):
        codes.append(phone.show(clinic.city.clock.now))
        answer = clinic.terminal.scan(codes[-1], act=act)
        clinic.wait(5)
        if act is None:
            name: Any = answer.details
            assert name.name.encode() not in details_on_disk(clinic)
    assert not any(code.encode() in details_on_disk(clinic) for code in codes)
    clinic.wait(700)
    clinic.sync()
    assert name.name.encode() not in details_on_disk(clinic)


def test_a_profile_of_another_scene_is_refused(bus: Outpost) -> None:
    bus.leave()
    bus.terminal.sync._identity = replace(bus.terminal.sync._identity, scene="hospital")
    before = bus.terminal._bundle.profile
    bus.wire.cut = False
    bus.wait(120)
    publish_snapshot(bus.city.services)
    bus.terminal.sync.step()
    assert bus.terminal._bundle.profile == before


def test_a_damaged_answer_is_not_given_and_stops_nothing(bus: Outpost) -> None:
    bus.leave()
    bus.terminal.scan("9112", act="sale-1")
    execute(bus, "UPDATE answer SET sealed = zeroblob(40)")
    bus.wait(10)
    again = bus.terminal.scan("9112", act="sale-1")
    assert (again.repeat, again.seq, bus.terminal.state().faults) == (False, 2, ())


def test_a_queue_that_somebody_thinned_out_is_a_gap_that_the_service_names(bus: Outpost) -> None:
    bus.leave()
    for number in range(3):
        bus.terminal.scan(f"91{number}")
    bus.stop()
    with sqlite3.connect(bus.folder / "store.db") as connection:
        connection.execute("DELETE FROM scan WHERE seq = 2")
    connection.close()
    assert bus.terminal.state().last_seq == 3
    bus.wire.cut = False
    bus.sync()
    from codeservice.store import stream  # noqa: PLC0415

    with bus.city.services.database.read() as read:
        account = next(entry for entry in stream.accounts(read) if entry.client == "bus-1")
    assert (account.last, account.stored, account.missing) == (3, 2, 1)
