"""What terminals upload becomes part of the record: each scan once, in any order, nothing lost and nothing hidden."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from codeservice.city import city_day
from codeservice.code import Kind
from codeservice.rate import RateLimiter
from codeservice.reason import Reason
from codeservice.receiving import SKEW
from codeservice.scan import Caller, Outcome
from codeservice.status import Status
from codeservice.store import audit, client, quarantine, retention, stream
from codeservice.store.models import AuditEntry, FirstUse, Quarantine, Scan, ScanMark, Stream, StreamRange, Table, Tally
from codeservice.store.record import Record
from codeservice.store.retention import SCAN_LIFE
from codeservice.upload import write_item
from tests.conftest import City
from tests.phone import Phone, at_once, decision
from tests.uploading import EFFECTS, Queue, marks, rows, scan_of

DAY = 24 * 3600


def queue_of(city: City, name: str = "bus-1") -> Queue:
    return Queue(city, city.terminal(name))


def book(city: City, phone: Phone) -> None:
    body = {"place": "lake-park", "day": city_day(city.clock.now)}
    assert phone.call("POST", "/tickets", body).status_code == 201


def reasons(city: City, queue: Queue) -> dict[int, str]:
    """Return why numbers are in quarantine."""
    with city.services.database.read() as connection:
        found = quarantine.newest(connection, since=0, limit=1000)
    return {entry.seq: entry.reason for entry in found if entry.stream == queue.stream.hex()}


def account(city: City, queue: Queue) -> stream.StreamAccount:
    with city.services.database.read() as connection:
        (found,) = [entry for entry in stream.accounts(connection) if entry.stream == queue.stream.hex()]
    return found


def audited(city: City, action: str) -> list[tuple[str, str]]:
    """Return subject and details of the audit entries for an action."""
    with city.services.database.read() as connection:
        query = select(AuditEntry.subject, AuditEntry.details).where(AuditEntry.action == action)
        return [(row.subject, row.details) for row in connection.execute(query.order_by(AuditEntry.id))]


def test_a_scan_that_is_uploaded_is_part_of_the_record(any_city: City) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    now = any_city.clock.now
    queue.accept(phone, now - 5, device_at=now - 605)
    queue.refuse(now - 3)
    expected = {"stored": [1, 2], "quarantined": [], "missing": [], "server_time": now, "state": "active"}
    assert queue.upload() == expected
    accepted, refused = rows(any_city)
    assert (accepted["outcome"], accepted["person"]) == ("accepted", any_city.citizen().holder.id)
    assert (accepted["place"], accepted["partner"], accepted["scene"]) == ("bus-line-1", "city-bus", "bus")
    assert (refused["outcome"], refused["reason"], refused["person"]) == ("refused", "expired", None)
    assert marks(any_city, queue) == {}


def test_a_scan_keeps_the_raw_and_the_corrected_time(city: City) -> None:
    phone, queue, now = city.phone(), queue_of(city), city.clock.now
    queue.accept(phone, now - 5, device_at=now - 86_405)
    queue.upload()
    (row,) = rows(city)
    assert (row["at"], row["device_at"], row["received"]) == (now - 5, now - 86_405, now)


def test_refused_scans_are_kept_without_a_code(city: City) -> None:
    """For statistics of fraud: the reason, and where the code was proved, whose it was."""
    phone, queue, now = city.phone(), queue_of(city), city.clock.now
    held = phone.grants[0][0]
    code = phone.show(now)
    queue.refuse(now - 2, Reason.BAD_SIGNATURE)
    queue.refuse(now - 1, Reason.REPLAYED, kind=Kind.DEVICE, use=(held["list"], held["idx"], now - 1))
    queue.upload()
    stranger, known = rows(city)
    assert (stranger["reason"], stranger["person"], stranger["list"]) == ("bad_signature", None, None)
    assert (known["reason"], known["person"]) == ("replayed", city.citizen().holder.id)
    assert code[:40] not in str(rows(city))


@pytest.mark.parametrize("count", [1, 5])
def test_the_same_upload_again_is_nothing_new_and_the_same_answer(any_city: City, count: int) -> None:
    phone, queue = any_city.phone(count=4), queue_of(any_city)
    for index in range(4):
        queue.accept(phone, any_city.clock.now - 9 + index, index=index)
    queue.add_bytes(b"junk")
    first = queue.upload()
    before = rows(any_city)
    assert [queue.upload() for _ in range(count)] == [first] * count
    assert rows(any_city) == before
    assert len(audited(any_city, "scans_received")) == 1


def test_the_same_upload_at_the_same_time_in_whole_and_in_pieces_is_stored_once(any_city: City) -> None:
    phone, queue = any_city.phone(count=8), queue_of(any_city)
    for index in range(8):
        queue.accept(phone, any_city.clock.now - 20 + index, index=index)
    pieces: list[tuple[int, ...]] = [(), (), (1, 2, 3), (4, 5), (6, 7, 8), (2, 4, 6), (8,), (1, 8)]
    answers = at_once(len(pieces), lambda number: queue.upload(*pieces[number]))
    assert all(answer["stored"] == list(piece or range(1, 9)) for answer, piece in zip(answers, pieces, strict=True))
    assert sorted(row["seq"] for row in rows(any_city)) == list(range(1, 9))
    assert (account(any_city, queue).stored, account(any_city, queue).adds_up) == (8, True)


def test_an_upload_cut_off_at_any_byte_stores_nothing_and_the_whole_one_everything(city: City) -> None:
    phone, queue = city.phone(), queue_of(city)
    queue.accept(phone, city.clock.now - 5)
    queue.refuse(city.clock.now - 4)
    signed = queue.signed()
    assert {queue.post(signed[:size]).status_code for size in range(len(signed))} == {400}
    assert rows(city) == []
    assert queue.post(signed).get_json()["stored"] == [1, 2]


def test_an_answer_that_was_lost_is_given_again(any_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the commit nothing is there; after it everything is, and the terminal hears it the next time."""
    phone, queue = any_city.phone(), queue_of(any_city)
    queue.accept(phone, any_city.clock.now - 5)
    seal = audit.add

    def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("the plug was pulled")

    monkeypatch.setattr(audit, "add", fail)
    any_city.app.testing = False
    assert queue.post(queue.signed()).status_code == 500
    assert rows(any_city) == []
    monkeypatch.setattr(audit, "add", seal)
    assert queue.upload()["stored"] == [1]


def test_gaps_are_named_until_they_are_closed(any_city: City) -> None:
    queue = queue_of(any_city)
    for number in range(12):
        queue.refuse(any_city.clock.now - 60 + number)
    assert queue.upload(5, 6, 9)["missing"] == [[1, 4], [7, 8]]
    assert queue.upload(2, 3)["missing"] == [[1, 1], [4, 4], [7, 8]]
    assert queue.upload(1, 4, 7, 8)["missing"] == []
    assert account(any_city, queue).missing == 3
    assert queue.upload()["missing"] == []
    assert account(any_city, queue).missing == 0


def test_an_upload_that_was_late_takes_no_number_back(city: City) -> None:
    queue = queue_of(city)
    queue.refuse(city.clock.now)
    late = queue.signed()
    queue.refuse(city.clock.now)
    queue.upload(2)
    assert queue.post(late).get_json()["stored"] == [1]
    assert (account(city, queue).last, account(city, queue).highest) == (2, 2)


def test_at_most_fifty_gaps_are_named(city: City) -> None:
    queue = queue_of(city)
    for number in range(200):
        queue.refuse(city.clock.now - 300 + number)
    missing = queue.upload(*range(2, 201, 2))["missing"]
    assert missing == [[number, number] for number in range(1, 101, 2)]


def test_other_bytes_under_a_known_number_are_a_clone_and_suspend_the_terminal(any_city: City) -> None:
    """Two that count on with one key: both are stopped until somebody has looked."""
    phone, queue = any_city.phone(count=4), queue_of(any_city)
    now = any_city.clock.now
    queue.accept(phone, now - 9)
    queue.upload()
    clone = queue.again()
    queue.accept(phone, now - 8, index=1)
    clone.accept(phone, now - 7, index=2)
    assert queue.upload()["state"] == "active"
    clone.refuse(now - 6)
    answer = clone.upload()
    assert (answer["stored"], answer["quarantined"], answer["state"]) == ([1], [2, 3], "suspended")
    assert reasons(any_city, clone) == {2: "fork", 3: "terminal_suspended"}
    assert len(audited(any_city, "clone_suspected")) == 1
    assert queue.terminal.scan(phone.show(now, 3)).status_code == 403
    assert clone.upload() == answer
    assert len(audited(any_city, "clone_suspected")) == 1
    # The number stands for what came first; the other bytes are kept beside it.
    assert account(any_city, queue).adds_up
    assert (account(any_city, queue).stored, account(any_city, queue).quarantined) == (2, 1)


def test_after_a_new_enrolment_the_numbers_that_a_clone_has_taken_stop_the_terminal_no_more(any_city: City) -> None:
    """What it decided under them is kept aside; its next number counts."""
    phone, queue = any_city.phone(count=4), queue_of(any_city)
    clone = queue.again()
    for index in range(2):
        clone.accept(phone, any_city.clock.now - 9 + index, index=index)
        queue.refuse(any_city.clock.now - 5 + index)
    clone.upload()
    assert queue.upload(1)["state"] == "suspended"
    any_city.clock.now += 60
    with any_city.services.database.write() as connection:
        client.resume(connection, "bus-1")
    queue.terminal = any_city.terminal("bus-1")
    queue.accept(phone, any_city.clock.now, index=3)
    answer = queue.upload()
    assert (answer["stored"], answer["quarantined"], answer["state"]) == ([3], [1, 2], "active")
    assert clone.post(clone.signed()).status_code == 401
    assert account(any_city, queue).adds_up


def test_of_two_clones_that_upload_at_once_one_is_a_fork(any_city: City) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    clone = queue.again()
    queue.accept(phone, any_city.clock.now - 9)
    clone.accept(phone, any_city.clock.now - 8, index=1)
    answers = at_once(2, lambda number: (queue, clone)[number].upload())
    assert sorted((answer["stored"], answer["quarantined"]) for answer in answers) == [([], [1]), ([1], [])]
    assert set(reasons(any_city, queue).values()) == {"fork"}


def test_what_a_suspended_terminal_uploads_is_kept_aside(any_city: City) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    queue.accept(phone, any_city.clock.now - 9)
    with any_city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    answer = queue.upload()
    assert (answer["stored"], answer["quarantined"], answer["state"]) == ([], [1], "suspended")
    assert rows(any_city) == []
    assert reasons(any_city, queue) == {1: "terminal_suspended"}
    with any_city.services.database.write() as connection:
        client.resume(connection, "bus-1")
    assert queue.upload()["quarantined"] == [1]


JUNK = {
    "no CBOR": b"\xff",
    "another schema": b"\xa0",
    "too long": bytes(1025),
    "a later version": write_item(scan_of(1, outcome=Outcome.REFUSED, reason=Reason.EXPIRED)) + b"\x00",
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK.keys())
def test_an_item_that_cannot_be_read_spoils_no_other(any_city: City, junk: bytes) -> None:
    queue = queue_of(any_city)
    queue.refuse(any_city.clock.now - 3)
    queue.add_bytes(junk)
    queue.refuse(any_city.clock.now - 1)
    answer = queue.upload()
    assert (answer["stored"], answer["quarantined"]) == ([1, 3], [2])
    assert reasons(any_city, queue) == {2: "malformed"}


def test_a_damaged_item_is_told_from_a_malformed_one(city: City) -> None:
    queue = queue_of(city)
    queue.add_bytes(b"")
    assert queue.upload()["quarantined"] == [1]
    assert reasons(city, queue) == {1: "damaged"}


@pytest.mark.parametrize(
    ("after_now", "expected"),
    [
        pytest.param(SKEW, None, id="a little ahead"),
        pytest.param(SKEW + 1, "future", id="in the future"),
        pytest.param(-SKEW, None, id="a little before its enrolment"),
        pytest.param(-SKEW - 1, "before_enrolment", id="before its enrolment"),
        pytest.param(-SCAN_LIFE - 1, "before_enrolment", id="long before its enrolment"),
    ],
)
def test_a_scan_of_an_impossible_moment_is_kept_aside_and_counted(
    any_city: City, after_now: int, expected: str | None
) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    queue.accept(phone, any_city.clock.now + after_now)
    queue.upload()
    assert reasons(any_city, queue) == ({} if expected is None else {1: expected})
    assert (account(any_city, queue).quarantined, account(any_city, queue).adds_up) == (int(expected is not None), True)


def test_enrolling_again_makes_no_earlier_scan_suspicious(city: City) -> None:
    queue = queue_of(city)
    queue.refuse(city.clock.now)
    city.clock.now += DAY
    queue.terminal = city.terminal("bus-1")
    assert queue.upload()["stored"] == [1]


@pytest.mark.parametrize("days", [7, 30, 179])
def test_a_scan_counts_after_weeks(any_city: City, days: int) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    queue.accept(phone, any_city.clock.now + 5)
    any_city.clock.now += days * DAY
    assert queue.upload()["stored"] == [1]
    assert len(rows(any_city)) == 1


def test_beyond_retention_a_scan_is_only_counted(any_city: City) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    queue.accept(phone, any_city.clock.now + 5)
    any_city.clock.now += SCAN_LIFE + 60
    assert [queue.upload()["stored"] for _ in range(2)] == [[1], [1]]
    assert rows(any_city) == []
    assert (account(any_city, queue).too_old, account(any_city, queue).adds_up) == (1, True)


def test_a_grant_that_the_record_does_not_know_is_kept_aside(city: City) -> None:
    queue, now = queue_of(city), city.clock.now
    queue.add(scan_of(now, kind=Kind.DEVICE, use=(1, 2, now), effect={"fare_class": "adult"}))
    assert queue.upload()["quarantined"] == [1]
    assert reasons(city, queue) == {1: "unknown_grant"}


@pytest.mark.parametrize(
    "effect",
    [
        pytest.param({}, id="none"),
        pytest.param({"fare_class": "adult", "fare_cents": 200}, id="a field too few"),
        pytest.param({"fare_class": "adult", "fare_cents": 200, "counted": True, "x": 1}, id="a field too many"),
        pytest.param({"fare_class": "adult", "fare_cents": "200", "counted": True}, id="another type"),
        pytest.param({"check_in": True}, id="of another scene"),
    ],
)
def test_an_effect_that_the_scene_does_not_have_is_kept_aside(city: City, effect: dict[str, Any]) -> None:
    phone, queue, now = city.phone(), queue_of(city), city.clock.now
    held = phone.grants[0][0]
    queue.add(scan_of(now, kind=Kind.DEVICE, use=(held["list"], held["idx"], now), effect=effect))
    assert queue.upload()["quarantined"] == [1]
    assert reasons(city, queue) == {1: "wrong_effect"}
    assert rows(city) == []


def test_one_business_act_is_stored_once(any_city: City) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    for index in range(2):
        queue.accept(phone, any_city.clock.now - 5 + index, index=index, act="same")
    assert queue.upload()["quarantined"] == [2]
    assert reasons(any_city, queue) == {2: "act_reused"}
    again = Queue(any_city, queue.terminal)
    again.accept(phone, any_city.clock.now - 2, act="same")
    assert again.upload()["quarantined"] == [1]


def test_a_code_that_was_accepted_without_network_is_used_up(any_city: City) -> None:
    phone, queue = any_city.phone(), queue_of(any_city)
    now = any_city.clock.now
    code = phone.show(now)
    queue.accept(phone, now)
    queue.upload()
    assert decision(any_city.terminal("bus-2").scan(code)) == ("refused", "replayed")


def test_a_scan_that_the_service_answered_itself_gets_its_number_and_no_second_row(any_city: City) -> None:
    phone, queue, now = any_city.phone(), queue_of(any_city), any_city.clock.now
    answer = queue.terminal.scan(phone.show(now), act="online").get_json()
    queue.accept(phone, now, act="online", online=True)
    assert queue.upload()["stored"] == [1]
    (row,) = rows(any_city)
    assert (row["id"], row["seq"], row["stream"]) == (answer["scan"], 1, queue.stream.hex())
    assert marks(any_city, queue) == {}
    again = queue.terminal.scan(phone.show(now), act="online").get_json()
    assert (again["scan"], again["repeat"]) == (answer["scan"], True)
    assert queue.upload()["stored"] == [1]


def test_a_scan_by_network_and_its_upload_at_the_same_time_are_one_scan(any_city: City) -> None:
    """The answer is late, the terminal decides by itself and uploads at once: whoever is first, it is one row."""
    phone, queue, now = any_city.phone(count=6), queue_of(any_city), any_city.clock.now
    for index in range(6):
        code, seq = phone.show(now, index), queue.accept(phone, now, index=index, act=f"late-{index}")

        def act(number: int, code: str = code, seq: int = seq) -> object:
            if number:
                return queue.upload(seq)["stored"]
            return queue.terminal.on(any_city.app.test_client()).scan(code, act=f"late-{seq - 1}").status_code

        by_network, by_upload = at_once(2, act)
        assert by_network in {200, 409}
        assert by_upload == [seq]
    assert sorted(row["seq"] for row in rows(any_city)) == list(range(1, 7))
    assert marks(any_city, queue) == {}


def test_of_a_scan_that_the_service_answered_the_terminal_need_not_know_whose_code_it_was(city: City) -> None:
    """A digit code tells a terminal nothing."""
    phone, queue, now = city.phone(), queue_of(city), city.clock.now
    queue.terminal.scan(phone.show(now), act="good")
    queue.terminal.scan("184444444444444444", act="wrong")
    queue.add(scan_of(now, act="good", online=True))
    queue.refuse(now, act="wrong", online=True)
    assert queue.upload()["stored"] == [1, 2]
    assert [row["seq"] for row in rows(city)] == [1, 2]


def test_an_answer_that_the_record_does_not_have_is_kept_aside(any_city: City) -> None:
    """Somebody lies, or the record has lost what it said: both have to be looked at."""
    queue, now = queue_of(any_city), any_city.clock.now
    queue.add(scan_of(now, act="good", online=True))
    queue.refuse(now, act="bad", online=True)
    assert queue.upload()["quarantined"] == [1, 2]
    assert reasons(any_city, queue) == {1: "unknown_answer", 2: "unknown_answer"}


def test_a_terminal_that_decided_otherwise_than_the_service_is_marked(any_city: City) -> None:
    """The answer came too late: the terminal let somebody through whom the service refused."""
    phone, queue, now = any_city.phone(), queue_of(any_city), any_city.clock.now
    any_city.give(phone, Status.REVOKED)
    assert decision(queue.terminal.scan(phone.show(now), act="late")) == ("refused", "revoked")
    queue.accept(phone, now, act="late")
    queue.upload()
    assert marks(any_city, queue) == {1: {"disagreed"}}
    assert rows(any_city)[0]["outcome"] == "refused"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_terminals_that_accepted_one_code_are_both_kept_and_the_later_is_marked(
    any_city: City, order: tuple[int, int]
) -> None:
    phone, now = any_city.phone(), any_city.clock.now
    queues = [queue_of(any_city, name) for name in ("bus-1", "bus-2")]
    queues[0].accept(phone, now - 20, iat=now - 20)
    queues[1].accept(phone, now - 10, iat=now - 20)
    for number in order:
        queues[number].upload()
    assert len(rows(any_city)) == 2
    assert [marks(any_city, queue) for queue in queues] == [{}, {1: {"double_use"}}]
    with any_city.services.database.read() as connection:
        assert connection.scalar(select(ScanMark.other)) == rows(any_city)[0]["id"]


def test_terminals_that_upload_one_code_at_once_leave_one_unmarked(any_city: City) -> None:
    phone, now = any_city.phone(), any_city.clock.now
    names = ("bus-1", "bus-2", "clinic-1", "clinic-2", "till-east", "till-west")
    queues = [queue_of(any_city, name) for name in names]
    for number, queue in enumerate(queues):
        queue.accept(phone, now - 20 + number, iat=now - 20)
        # Another use in another order: whoever waited for a use in the order of its own scans would be stopped here.
        for index in (1, 0) if number % 2 else (0, 1):
            queue.accept(phone, now - 9 + number, iat=now - 10, index=index)
    at_once(len(queues), lambda number: queues[number].upload())
    assert len(rows(any_city)) == 18
    marked = [marks(any_city, queue) for queue in queues]
    assert marked == [{}] + [{seq: {"double_use"} for seq in (1, 2, 3)}] * 5


def test_an_upload_that_waits_for_a_showing_holds_no_later_one(open_city: Callable[..., City]) -> None:
    """All take showings in one order, whatever the order of their scans: so nobody waits in a circle."""
    city = open_city("postgresql")
    phone, queue, now = city.phone(), queue_of(city), city.clock.now
    uses = sorted((held["list"], held["idx"], now) for held, _ in phone.grants)
    for use in reversed(uses):
        queue.add(scan_of(now, kind=Kind.DEVICE, use=use, effect=EFFECTS["bus"]))
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    caller = Caller("bus-2", "city-bus", "bus-line-1", "bus")
    with ThreadPoolExecutor(1) as pool, city.services.database.write() as connection:
        record = Record(connection, city.services.revoked, caller)
        record.hold_uses(uses[:1])
        answer = pool.submit(queue.upload)
        while not answer.done():
            with city.services.database.read() as other:
                if other.scalar(waiting):
                    break
        connection.execute(text("SET LOCAL lock_timeout = '300ms'"))
        record.hold_uses(uses[1:])
        connection.commit()
        assert answer.result()["stored"] == [1, 2]


def test_a_code_that_was_accepted_by_network_first_marks_the_other_terminal(any_city: City) -> None:
    phone, now = any_city.phone(), any_city.clock.now
    assert decision(any_city.terminal("bus-2").scan(phone.show(now))) == ("accepted", None)
    queue = queue_of(any_city)
    queue.accept(phone, now + 5, iat=now)
    any_city.clock.now += 10
    queue.upload()
    assert marks(any_city, queue) == {1: {"double_use"}}


@pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED])
def test_a_code_that_was_revoked_or_suspended_before_is_kept_and_marked_with_both_times(
    any_city: City, status: Status
) -> None:
    phone, queue, now = any_city.phone(), queue_of(any_city), any_city.clock.now
    any_city.give(phone, status)
    queue.accept(phone, now - 1)
    queue.accept(phone, now + 30, index=1)
    any_city.clock.now += 60
    assert queue.upload()["stored"] == [1, 2]
    assert marks(any_city, queue) == {2: {status.name.lower()}}
    with any_city.services.database.read() as connection:
        assert connection.scalar(select(ScanMark.since)) == now
    assert [row["at"] for row in rows(any_city)] == [now - 1, now + 30]


@pytest.mark.parametrize("newest_first", [False, True])
def test_more_admissions_than_tickets_are_kept_and_the_later_ones_marked(any_city: City, newest_first: bool) -> None:  # noqa: FBT001 -- a parameter
    phone, now = any_city.phone(), any_city.clock.now
    book(any_city, phone)
    gates = [queue_of(any_city, name) for name in ("gate-1", "gate-2")]
    for number in range(3):
        gates[number % 2].accept(phone, now - 30 + number)
    for gate in reversed(gates) if newest_first else gates:
        gate.upload()
    assert [marks(any_city, gate) for gate in gates] == [{2: {"over_limit"}}, {1: {"over_limit"}}]
    assert decision(gates[0].terminal.scan(phone.show(now))) == ("refused", "limit_reached")


def test_gates_that_upload_at_once_settle_every_admission_once(any_city: City) -> None:
    """The same people in another order at each gate: their counters are taken one upload after the other."""
    phones = [any_city.phone(citizen) for citizen in [c for c in any_city.people if c.phone][:6]]
    now = any_city.clock.now
    for phone in phones:
        book(any_city, phone)
    gates = [queue_of(any_city, name) for name in ("gate-1", "gate-2")]
    for gate, shift in zip(gates, (-60, -30), strict=True):
        for number, phone in enumerate(phones if shift == -60 else reversed(phones)):
            gate.accept(phone, now + shift + number)
    at_once(2, lambda number: gates[number].upload())
    assert marks(any_city, gates[0]) == {}
    assert marks(any_city, gates[1]) == {seq: {"over_limit"} for seq in range(1, 7)}
    with any_city.services.database.read() as connection:
        counters = select(Tally.name, Tally.used).where(Tally.name.startswith("admi"))
        used = {(row.name.partition(":")[0], row.used) for row in connection.execute(counters)}
    assert used == {("admission", 2), ("admitted", 12)}


def test_admissions_without_network_count_for_the_place(any_city: City) -> None:
    phone, other = (any_city.phone(citizen) for citizen in [c for c in any_city.people if c.phone][:2])
    now = any_city.clock.now
    for holder in (phone, other):
        book(any_city, holder)
    gate = queue_of(any_city, "gate-1")
    gate.accept(phone, now - 5)
    gate.upload()
    answer = gate.terminal.scan(other.show(now)).get_json()
    assert (answer["decision"], answer["details"]["admitted"]) == ("accepted", 2)


def test_marks_are_taken_away_when_more_is_known(any_city: City) -> None:
    """A booking at the gate after the second admission: the next upload finds that there was a right to it."""
    phone, now = any_city.phone(), any_city.clock.now
    gate = queue_of(any_city, "gate-1")
    gate.accept(phone, now - 30)
    gate.upload()
    assert marks(any_city, gate) == {1: {"over_limit"}}
    book(any_city, phone)
    gate.accept(phone, now - 20)
    gate.upload()
    assert marks(any_city, gate) == {2: {"over_limit"}}


def test_an_upload_that_marked_something_leaves_a_trace(city: City) -> None:
    phone, queue, now = city.phone(), queue_of(city), city.clock.now
    city.give(phone, Status.REVOKED)
    queue.accept(phone, now)
    queue.upload()
    ((subject, details),) = audited(city, "scans_received")
    assert subject == "client:bus-1"
    assert json.loads(details)["marked"] == {"revoked": 1}
    assert city.citizen().holder.id not in details


def test_the_holder_reads_what_was_found_wrong(city: City) -> None:
    phone, other, queue, now = city.phone(), city.phone(), queue_of(city), city.clock.now
    city.give(phone, Status.REVOKED)
    queue.accept(phone, now)
    queue.accept(other, now - 1)
    queue.upload()
    records = other.call("GET", "/records").get_json()["records"]
    assert [len(record["marks"]) for record in records] == [1, 0]
    assert records[0]["marks"][0]["zh"].startswith("此码在扫码前已作废")


def test_retention_deletes_scans_marks_and_items_and_the_account_still_adds_up(any_city: City) -> None:
    phone, queue, now = any_city.phone(), queue_of(any_city), any_city.clock.now
    any_city.give(phone, Status.REVOKED)
    queue.accept(phone, now)
    queue.add_bytes(b"junk")
    queue.upload()
    clone = queue.again()
    clone.items[1] = b"other"
    clone.upload(1)
    any_city.clock.now += SCAN_LIFE + 1
    with any_city.services.database.write() as connection:
        retention.purge(connection, now=any_city.clock.now)
        left = [connection.execute(select(table)).first() for table in (Scan, ScanMark, Quarantine)]
    assert left == [None, None, None]
    kept = account(any_city, queue)
    assert (kept.stored, kept.quarantined, kept.adds_up) == (1, 1, True)
    any_city.clock.now += 3 * SCAN_LIFE
    with any_city.services.database.write() as connection:
        retention.purge(connection, now=any_city.clock.now)
        left = [connection.execute(select(table)).first() for table in (Stream, StreamRange)]
    assert left == [None, None]


UPLOADED: tuple[type[Table], ...] = (ScanMark, Quarantine, StreamRange, Stream, FirstUse, Tally)


def state_of(city: City) -> list[Any]:
    """Everything that uploads write, without the moments of their arrival."""
    with city.services.database.read() as connection:
        scans = [
            {name: value for name, value in row.items() if name not in {"fingerprint", "received"}}
            for row in connection.execute(select(Scan.__table__).order_by(Scan.id)).mappings()
        ]
        found = connection.execute(select(ScanMark.scan, ScanMark.mark, ScanMark.since, ScanMark.other))
        held = connection.execute(select(Quarantine.client, Quarantine.stream, Quarantine.seq, Quarantine.reason))
        ranges = connection.execute(select(StreamRange.client, StreamRange.stream, StreamRange.first, StreamRange.last))
        uses = connection.execute(select(FirstUse.__table__))
        tallies = connection.execute(select(Tally.__table__))
        return [scans, *(sorted(tuple(row) for row in part) for part in (found, held, ranges, uses, tallies))]


def forget_uploads(city: City, online: list[dict[str, Any]], before: dict[type[Table], list[dict[str, Any]]]) -> None:
    """Put the record back to before the first upload."""
    with city.services.database.write() as connection:
        for table in UPLOADED:
            connection.execute(delete(table))
        ids = [row["id"] for row in online]
        connection.execute(delete(Scan).where(Scan.id.not_in(ids)))
        values = dict.fromkeys(("stream", "seq", "item_hash", "device_at", "received"))
        connection.execute(update(Scan).values(values))
        for table, kept in before.items():
            if kept:
                connection.execute(insert(table), kept)


def a_day_of_terminals(city: City, chance: random.Random) -> list[Queue]:
    """Several terminals that scan the same few codes by chance, with and without network."""
    people = [citizen for citizen in city.people if citizen.phone][:3]
    phones = [city.phone(citizen, count=3) for citizen in people]
    book(city, phones[0])
    book(city, phones[1])
    city.give(phones[2], Status.REVOKED)
    now = city.clock.now
    queues = [Queue(city, city.terminal(name)) for name in ("bus-1", "bus-2", "gate-1", "gate-2", "clinic-1")]
    for _ in range(60):
        queue, phone = chance.choice(queues), chance.choice(phones)
        # Few moments and few grants, so that codes meet.
        at, index = now + chance.randint(-5, 5), chance.randrange(3)
        match chance.randrange(10):
            case 0:
                queue.refuse(at, chance.choice([Reason.EXPIRED, Reason.STATUS_STALE]))
            case 1:
                queue.add_bytes(chance.randbytes(chance.randrange(4)))
            case 2:
                queue.accept(phone, now + 2 * SKEW, index=index)
            case 3:
                act = f"online-{len(queue.items)}"
                queue.terminal.scan(phone.show(now, index), act=act)
                queue.accept(phone, now, index=index, act=act, online=True)
            case _:
                queue.accept(phone, at, index=index, iat=now + chance.randint(-2, 2))
    return queues


@pytest.mark.parametrize("seed", range(3))
def test_in_every_order_and_in_any_pieces_the_final_state_is_the_same(any_city: City, seed: int) -> None:
    chance = random.Random(seed)
    any_city.app.extensions["services"] = replace(any_city.services, limiter=RateLimiter())
    queues = a_day_of_terminals(any_city, chance)
    online = rows(any_city)
    with any_city.services.database.read() as connection:
        before: dict[type[Table], list[dict[str, Any]]] = {
            table: [dict(row) for row in connection.execute(select(table.__table__)).mappings()]
            for table in (FirstUse, Tally)
        }
    states = []
    for _ in range(3):
        sends = [(queue, seq) for queue in queues for seq in queue.items]
        # What is lost on the way, or answered and not heard, is sent again.
        sends += chance.sample(sends, len(sends) // 3)
        chance.shuffle(sends)
        while sends:
            queue = sends[0][0]
            piece = [seq for other, seq in sends[: chance.randint(1, 12)] if other is queue]
            for seq in piece:
                sends.remove((queue, seq))
            queue.upload(*piece)
        for queue in queues:
            found = account(any_city, queue)
            assert (found.adds_up, found.missing) == (True, 0)
            assert found.stored + found.quarantined == len(queue.items)
        states.append(state_of(any_city))
        forget_uploads(any_city, online, before)
    assert states[1:] == states[:1] * 2
    assert {mark for _, mark, _, _ in states[0][1]} >= {"double_use", "over_limit", "revoked"}
