"""Somebody between the terminal and its service, at whom the encryption ends: what their lies bring about."""

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.terminal.runtime import InputError
from adapters.terminal.service import RefusedError, UnreachableError
from codeservice.store import client
from tests.adapters.terminal.conftest import Outpost
from tests.adapters.terminal.test_runtime import book, give_status, holder, said

Outposts = Callable[..., Outpost]

YES: dict[str, Any] = {
    "scan": "0" * 32,
    "decision": "accepted",
    "reason": None,
    "message": {"zh": "已核验", "en": "Verified"},
    "advice": {"zh": "", "en": ""},
    "scene": "hospital",
    "at": 1_800_000_000,
    "repeat": False,
    "holder_check_required": True,
    "details": {"name": "X", "id_number": "Y", "insured": None},
}


@pytest.fixture
def clinic(outposts: Outposts) -> Outpost:
    """A desk that asks the service for every scan, with a fresh contact."""
    made = outposts("clinic-1")
    made.sync()
    return made


def lie(outpost: Outpost, path: str, body: object, status: int = 200) -> None:
    """Let somebody on the way answer for the service."""
    outpost.wire.forged[path] = (status, body if isinstance(body, bytes) else json.dumps(body).encode())


def contact(outpost: Outpost) -> None:
    with contextlib.suppress(RefusedError, UnreachableError):
        outpost.terminal.sync.step()


@pytest.mark.parametrize(
    ("seconds_ago", "reason"),
    [pytest.param(0, None, id="a code of now"), pytest.param(120, "expired", id="an old code")],
)
def test_a_yes_of_the_service_is_believed_only_of_a_code_that_can_be_good(
    clinic: Outpost, seconds_ago: int, reason: str | None
) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    lie(clinic, "/scan/", YES)
    answer = clinic.terminal.scan(phone.show(clinic.city.clock.now - seconds_ago))
    assert answer.reason == reason


def test_a_yes_to_a_forged_code_is_a_lie(clinic: Outpost) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    lie(clinic, "/scan/", YES)
    code = phone.show(clinic.city.clock.now)
    forged = code[:-3] + f"{(int(code[-3:]) + 1) % 256:03d}"
    assert said(clinic.terminal.scan(forged))[0] == "refused"


def test_a_code_that_the_service_has_accepted_is_used_up_here_too(clinic: Outpost) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    code = phone.show(clinic.city.clock.now)
    assert said(clinic.terminal.scan(code)) == ("accepted", None)
    clinic.wire.cut = True
    clinic.wait(5)
    assert said(clinic.terminal.scan(code)) == ("refused", "replayed")


def test_a_yes_to_a_code_that_was_accepted_here_is_a_lie(clinic: Outpost) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    code = phone.show(clinic.city.clock.now)
    assert said(clinic.terminal.scan(code)) == ("accepted", None)
    clinic.wait(5)
    lie(clinic, "/scan/", YES)
    assert said(clinic.terminal.scan(code)) == ("refused", "replayed")


def test_a_yes_to_a_grant_that_is_known_as_revoked_is_a_lie(clinic: Outpost) -> None:
    from codeservice.status import Status  # noqa: PLC0415

    phone = clinic.city.phone()
    give_status(clinic.city, Status.REVOKED, person=holder(clinic.city))
    clinic.wait(10)
    clinic.sync()
    lie(clinic, "/scan/", YES)
    assert said(clinic.terminal.scan(phone.show(clinic.city.clock.now))) == ("refused", "revoked")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param([], id="a list"),
        pytest.param(YES | {"at": 10**30}, id="a moment beyond every number"),
        pytest.param(YES | {"at": -5}, id="a moment before all"),
        pytest.param(YES | {"at": True}, id="a moment that is none"),
        pytest.param(json.dumps(YES).replace("1800000000", "1e999").encode(), id="an endless moment"),
        pytest.param(YES | {"reason": "revoked"}, id="a yes with a reason"),
        pytest.param(YES | {"decision": "refused"}, id="a no without one"),
        pytest.param(YES | {"decision": "refused", "reason": "status_stale"}, id="a no that is a maybe"),
        pytest.param(YES | {"details": None}, id="a yes without details"),
        pytest.param(YES | {"details": [1]}, id="details of another form"),
        pytest.param(YES | {"message": "ok"}, id="a message in one language"),
        pytest.param(YES | {"decision": {}}, id="a decision that is none"),
        pytest.param(b"\xff" * 1000, id="no text"),
        pytest.param(b"[" * 100_000, id="a bomb"),
        pytest.param(b'{"at": ' + b"9" * 5000 + b"}", id="a number of five thousand digits"),
    ],
)
def test_an_answer_that_nobody_can_read_is_no_answer(clinic: Outpost, answer: object) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    lie(clinic, "/scan/", answer)
    decided = clinic.terminal.scan(phone.show(clinic.city.clock.now))
    assert (said(decided), decided.online) == (("accepted", None), False)
    del clinic.wire.forged["/scan/"]
    clinic.sync()
    assert clinic.terminal.state().waiting == 0


def test_a_yes_that_the_trust_list_is_too_old_to_judge_is_none(clinic: Outpost) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    trust_list = clinic.terminal._bundle.trust_list
    assert trust_list is not None
    clinic.terminal._bundle.trust_list = replace(trust_list, expires=clinic.city.clock.now)
    lie(clinic, "/scan/", YES)
    assert said(clinic.terminal.scan(phone.show(clinic.city.clock.now))) == ("undetermined", "status_stale")


def test_with_old_lists_a_code_that_the_service_accepts_is_used_up_here_too(clinic: Outpost) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    snapshot = clinic.terminal._bundle.snapshot
    clinic.terminal._bundle.snapshot = None
    code = phone.show(clinic.city.clock.now)
    assert said(clinic.terminal.scan(code)) == ("accepted", None)
    clinic.terminal._bundle.snapshot = snapshot
    clinic.wire.cut = True
    clinic.wait(5)
    assert said(clinic.terminal.scan(code)) == ("refused", "replayed")


def test_a_scan_that_nobody_named_is_never_sent_away_without_an_answer(clinic: Outpost) -> None:
    clinic.city.phone()
    lie(clinic, "/scan/", {"code": "idempotency_key_reused"}, 409)
    assert clinic.terminal.scan("9112").seq == 1


def test_a_service_that_never_ends_its_answer_holds_up_neither_this_scan_nor_the_next(
    clinic: Outpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.terminal.runtime.ONLINE_SECONDS", 2.0)
    phone, go_on = clinic.city.phone(), threading.Event()
    clinic.sync()

    def hang(path: str, body: bytes) -> bytes:
        if path.startswith("/scan/"):
            assert go_on.wait(60)
        return body

    clinic.wire.change = hang
    for _ in range(2):
        answer = clinic.terminal.scan(phone.show(clinic.city.clock.now))
        assert (said(answer), answer.online) == (("accepted", None), False)
        clinic.terminal._standing.make_contact(clinic.machine.steady())
        clinic.wait(5)
    go_on.set()
    assert clinic.terminal._patience._asking is not None
    clinic.terminal._patience._asking.join()
    clinic.wire.change = None
    clinic.sync()
    records = phone.call("GET", "/records").get_json()["records"]
    assert [entry["decision"] for entry in records] == ["accepted", "accepted"]


def test_an_act_whose_answer_is_forgotten_is_not_taken_for_another_code(clinic: Outpost) -> None:
    phone = clinic.city.phone()
    clinic.sync()
    clinic.terminal.scan(phone.show(clinic.city.clock.now), act="visit-1")
    clinic.wait(900)
    clinic.sync()
    with pytest.raises(InputError, match="another code"):
        clinic.terminal.scan(phone.show(clinic.city.clock.now), act="visit-1")
    assert clinic.terminal.state().last_seq == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(403, b"<html>sign in to the hotel network</html>", id="the page of a hotel"),
        pytest.param(401, b"", id="nothing at all"),
        pytest.param(403, json.dumps({"code": "x" * 100_000}).encode(), id="a reason without end"),
    ],
)
def test_a_no_of_somebody_else_suspends_nobody(bus: Outpost, status: int, body: bytes) -> None:
    phone = bus.city.phone()
    bus.sync()
    for path in ("/oauth/token", "/terminals/v1/profile", "/trust-list", "/terminals/v1/uploads"):
        lie(bus, path, body, status)
        bus.wait(700)
        contact(bus)
        bus.wire.forged.clear()
        assert "suspended" not in bus.terminal.state().faults
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)


def suspended(bus: Outpost) -> None:
    """Suspend the terminal, and let it hear of it."""
    with bus.city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    bus.wait(700)
    contact(bus)
    assert bus.terminal.state().faults == ("suspended",)


def test_an_upload_that_is_answered_by_somebody_else_lifts_no_suspension(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    suspended(bus)
    for answer in ({}, {"state": "active", "stored": [], "quarantined": []}):
        lie(bus, "/terminals/v1/uploads", answer)
        bus.terminal.scan("9112")
        with contextlib.suppress(RefusedError):
            bus.terminal.sync.flush()
        bus.wait(5)
        assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("refused", "terminal_not_allowed")


def test_a_profile_from_before_lifts_no_suspension(bus: Outpost) -> None:
    phone = bus.city.phone()
    kept: dict[str, bytes] = {}
    bus.wire.change = lambda path, body: kept.setdefault(path, body) and body
    bus.sync()
    bus.wire.change = None
    suspended(bus)
    lie(bus, "/oauth/token", {"access_token": "x", "expires_in": 600})
    lie(bus, "/terminals/v1/profile", kept["/terminals/v1/profile"])
    bus.wait(120)
    contact(bus)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("refused", "terminal_not_allowed")


def test_a_suspended_terminal_hands_over_what_it_has_scanned(bus: Outpost) -> None:
    bus.leave()
    bus.terminal.scan("9112")
    with bus.city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    bus.wait(700)
    bus.wire.cut = False
    contact(bus)
    state = bus.terminal.state()
    assert (state.waiting, state.faults) == (0, ("suspended",))


def test_a_profile_that_was_kept_back_on_the_way_sets_no_time(bus: Outpost) -> None:
    bus.sync()
    bus.stop()
    bus.machine.restart()

    def slowly(path: str, body: bytes) -> bytes:
        if path.startswith("/terminals/v1/profile"):
            bus.wait(600)
        return body

    bus.wire.change = slowly
    contact(bus)
    bus.wire.change = None
    now = bus.terminal.state().now
    assert now is None or abs(now - bus.city.clock.now) <= 10


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"access_token": "a\r\nX: y", "expires_in": 600}, id="a line break"),
        pytest.param({"access_token": "城市", "expires_in": 600}, id="no ASCII"),
        pytest.param({"access_token": "x", "expires_in": "soon"}, id="no number"),
        pytest.param({"access_token": "x", "expires_in": 10**400}, id="for ever"),
        pytest.param({"access_token": "x", "expires_in": None}, id="null"),
        pytest.param({"access_token": ["x"], "expires_in": 600}, id="a list"),
    ],
)
def test_a_token_that_is_none_is_an_unreachable_service(clinic: Outpost, answer: object) -> None:
    clinic.wait(700)
    lie(clinic, "/oauth/token", answer)
    with pytest.raises(UnreachableError):
        clinic.terminal.sync.step()
    phone = clinic.city.phone()
    assert said(clinic.terminal.scan(phone.show(clinic.city.clock.now))) == ("accepted", None)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"stored": [2, 3, 10**30, -1, True, "1", None], "quarantined": "1"}, id="numbers never sent"),
        pytest.param({"stored": {"1": 1}, "quarantined": None}, id="other forms"),
        pytest.param({}, id="nothing"),
    ],
)
def test_only_what_was_sent_and_named_is_forgotten(bus: Outpost, answer: object) -> None:
    bus.leave()
    bus.terminal.scan("9112")
    bus.wire.cut = False
    lie(bus, "/terminals/v1/uploads", answer)
    bus.terminal.sync.flush()
    assert bus.terminal.state().waiting == 1
    bus.wire.forged.clear()
    bus.sync()
    assert bus.terminal.state().waiting == 0


def test_a_terminal_that_is_too_old_says_so_hands_over_its_scans_and_goes_on(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    assert bus.wire.headers["City-Terminal"] == "1"
    bus.terminal.scan("9112")
    for path in ("/oauth/token", "/terminals/v1/profile", "/trust-list", "/snapshot"):
        lie(bus, path, {"code": "terminal_too_old"}, 426)
    bus.wait(700)
    contact(bus)
    state = bus.terminal.state()
    assert (state.waiting, state.faults, state.connected) == (0, ("too_old",), False)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)
    bus.wire.forged.clear()
    bus.sync()
    assert bus.terminal.state().faults == ()


def test_a_ticket_is_admitted_once_whatever_a_profile_that_is_played_back_says(outposts: Outposts) -> None:
    gate = outposts("gate-1")
    phone = gate.city.phone()
    book(gate.city)
    kept: dict[str, bytes] = {}
    gate.wire.change = lambda path, body: kept.setdefault(path, body) and body
    gate.sync()
    gate.wire.change = None
    gate.wait(5)
    assert said(gate.terminal.scan(phone.show(gate.city.clock.now))) == ("accepted", None)
    gate.wait(120)
    gate.sync()
    lie(gate, "/terminals/v1/profile", kept["/terminals/v1/profile"])
    gate.wait(120)
    contact(gate)
    assert said(gate.terminal.scan(phone.show(gate.city.clock.now, 1))) == ("refused", "limit_reached")
