"""The site relay: what the terminals of one place tell each other."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.terminal.memory import Mark
from adapters.terminal.site import (
    MAX_HANDLERS,
    WINDOW,
    Claim,
    Marks,
    Relay,
    Site,
    SiteError,
    mac_of,
    read_claim,
    write_claim,
)
from keys.cbor import dumps

NOW = 1_800_000_000
DAY = "2027-01-15"
KEYS = {DAY: bytes(range(32))}
USE = Mark("use", "7-12-1800000000", 1, 1)


@pytest.fixture
def marks(tmp_path: Path) -> Iterator[Marks]:
    made = Marks(tmp_path / "site.db")
    yield made
    made.close()


@pytest.fixture
def relay(marks: Marks) -> Iterator[Relay]:
    made = Relay(("127.0.0.1", 0), marks, lambda: KEYS, lambda: NOW)
    yield made
    made.close()


def site_of(relay: Relay, keys: dict[str, bytes] = KEYS) -> Site:
    return Site(relay.address, lambda: keys, lambda: 0.0)


def claim(terminal: str, act: str = "act-1", *marks: Mark, at: int = NOW) -> Claim:
    return Claim(terminal, act, at, marks or (USE,))


def test_the_second_terminal_is_refused_and_the_first_may_ask_again(relay: Relay) -> None:
    gate_1, gate_2 = site_of(relay), site_of(relay)
    assert gate_1.claim(claim("gate-1")) == frozenset()
    assert gate_2.claim(claim("gate-2")) == {USE}
    assert gate_1.claim(claim("gate-1")) == frozenset()


def test_a_claim_is_taken_whole_or_not_at_all(marks: Marks) -> None:
    ticket = Mark("admission", "holder", 1, 1)
    assert marks.claim(claim("gate-1", "a", ticket)) == []
    assert marks.claim(claim("gate-2", "b", USE, ticket)) == [1]
    assert marks.claim(claim("gate-3", "c", USE)) == []


def test_a_counter_of_the_place_ends_at_its_bound(marks: Marks) -> None:
    bound = Mark("admitted", "", 1, 3)
    answers = [marks.claim(claim(f"gate-{number}", "a", bound)) for number in range(5)]
    assert answers == [[], [], [], [0], [0]]


def test_of_sixteen_gates_at_once_one_opens(relay: Relay) -> None:
    answers: list[frozenset[Mark]] = []

    def come(number: int) -> None:
        site = site_of(relay)
        # A relay that is busy for longer than anybody waits counts as away; here all are to be heard.
        for _ in range(600):
            try:
                answers.append(site.claim(claim(f"gate-{number}")))
                break
            except SiteError:
                site._silent_until = 0.0
                time.sleep(0.05)

    threads = [threading.Thread(target=come, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, answers)) == [0] + [1] * 15


def test_marks_outlive_the_relay(tmp_path: Path) -> None:
    first = Marks(tmp_path / "site.db")
    first.claim(claim("gate-1"))
    first.close()
    second = Marks(tmp_path / "site.db")
    assert second.claim(claim("gate-2")) == [0]
    second.purge(NOW + 30 * 86400)
    assert second.claim(claim("gate-2")) == []
    second.close()


def test_who_lacks_the_key_of_the_day_is_refused_and_learns_nothing(relay: Relay) -> None:
    stranger = site_of(relay, {DAY: bytes(32)})
    with pytest.raises(SiteError):
        stranger.claim(claim("gate-9"))
    with pytest.raises(SiteError, match="no key"):
        site_of(relay, {}).claim(claim("gate-9"))
    body = write_claim(claim("gate-1"))
    assert relay.answer("/claims", mac_of(bytes(32), b"CC1 claim", body), body) == (403, b"", "")
    assert relay.answer("/other", mac_of(KEYS[DAY], b"CC1 claim", body), body)[0] == 403


def test_an_old_claim_is_not_played_back(relay: Relay) -> None:
    site = site_of(relay)
    with pytest.raises(SiteError):
        site.claim(claim("gate-1", at=NOW - WINDOW - 1))


def test_an_answer_for_another_claim_is_not_believed(relay: Relay) -> None:
    first, second = (write_claim(claim("gate-1", act)) for act in ("a", "b"))
    _, answer, mac = relay.answer("/claims", mac_of(KEYS[DAY], b"CC1 claim", first), first)
    assert mac == mac_of(KEYS[DAY], b"CC1 claimed", first, answer)
    assert mac != mac_of(KEYS[DAY], b"CC1 claimed", second, answer)


def test_a_relay_that_is_away_is_left_alone_for_a_while(tmp_path: Path) -> None:
    now = 0.0
    site = Site(("127.0.0.1", 9), lambda: KEYS, lambda: now)
    with pytest.raises(SiteError, match="does not answer"):
        site.claim(claim("gate-1"))
    with pytest.raises(SiteError, match="no relay"):
        site.claim(claim("gate-1"))
    now = 6.0
    with pytest.raises(SiteError, match="does not answer"):
        site.claim(claim("gate-1"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00" * 9000, id="too long"),
        pytest.param(write_claim(claim("gate-1"))[:-1], id="cut"),
        pytest.param(write_claim(Claim("gate-1", "a", NOW, (Mark("use", "x", 0, 1),))), id="nothing is taken"),
        pytest.param(write_claim(Claim("gate-1", "a", NOW, (Mark("use", "x", 2, 1),))), id="more than there is"),
        pytest.param(write_claim(Claim("gate-1", "a", NOW, (USE,) * 17)), id="too many marks"),
    ],
)
def test_what_is_no_claim_is_refused(relay: Relay, body: bytes) -> None:
    with pytest.raises(SiteError):
        read_claim(body)
    assert relay.answer("/claims", mac_of(KEYS[DAY], b"CC1 claim", body), body)[0] == 400


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param([1], id="a mark that was not claimed"),
        pytest.param([-1], id="a mark from the end"),
        pytest.param([True], id="true"),
        pytest.param(["0"], id="a text"),
        pytest.param({0: 0}, id="a map"),
        pytest.param(0, id="a number"),
        pytest.param(b"", id="bytes"),
    ],
)
def test_a_relay_of_this_place_that_answers_nonsense_is_no_relay(lie: object) -> None:
    class Liar(Relay):
        def answer(self, path: str, mac: str, body: bytes) -> tuple[int, bytes, str]:
            del path, mac
            said = dumps(lie)
            return 200, said, mac_of(KEYS[DAY], b"CC1 claimed", body, said)

    liar = Liar(("127.0.0.1", 0), None, lambda: KEYS, lambda: NOW)  # type: ignore[arg-type]
    with pytest.raises(SiteError):
        site_of(liar).claim(claim("gate-1"))
    liar.close()


@pytest.mark.parametrize("at", [1 << 63, (1 << 64) - 1, -(1 << 63), True])
def test_a_moment_that_is_none_is_refused_before_anything_is_reckoned_with_it(relay: Relay, at: int) -> None:
    body = write_claim(Claim("gate-1", "act", at, (USE,)))
    assert relay.answer("/claims", "", body) == (409, b"", "")


def test_a_code_that_is_no_ascii_is_refused(relay: Relay) -> None:
    assert relay.answer("/claims", "码", write_claim(claim("gate-1"))) == (403, b"", "")


def test_an_amount_that_no_counter_holds_is_no_claim(relay: Relay) -> None:
    body = write_claim(Claim("gate-1", "act", NOW, (Mark("use", "x", 1 << 63, 1 << 63),)))
    assert relay.answer("/claims", mac_of(KEYS[DAY], b"CC1 claim", body), body)[0] == 400


def test_an_act_that_is_named_again_for_something_else_is_counted(marks: Marks) -> None:
    other = Mark("use", "8-13-1800000060", 1, 1)
    assert marks.claim(claim("gate-1", "sale-1")) == []
    assert marks.claim(claim("gate-1", "sale-1", other)) == []
    assert marks.claim(claim("gate-2", "sale-2", other)) == [0]


def test_what_a_relay_knows_goes_by_itself(marks: Marks) -> None:
    now = NOW
    relay = Relay(("127.0.0.1", 0), marks, lambda: {DAY: bytes(32), "2027-01-17": bytes(32)}, lambda: now)
    for later in (0, 2 * 86400):
        now = NOW + later
        body = write_claim(claim("gate-1", f"act-{later}", Mark("use", str(later), 1, 1), at=now))
        assert relay.answer("/claims", mac_of(bytes(32), b"CC1 claim", body), body)[0] == 200
    relay.close()
    assert marks._connection.execute("SELECT subject FROM mark").fetchall() == [("172800",)]
    assert marks._connection.execute("SELECT count(*) FROM claim").fetchone() == (1,)


def test_a_damaged_file_of_a_relay_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "site.db").write_bytes(b"\xff" * 8192)
    marks = Marks(tmp_path / "site.db")
    assert marks.claim(claim("gate-1")) == []
    assert (tmp_path / "site.db").stat().st_mode & 0o077 == 0
    marks.close()


def test_a_relay_whose_disk_fails_says_that_it_is_none(marks: Marks, relay: Relay) -> None:
    marks._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(SiteError):
        site_of(relay).claim(claim("gate-1"))


def test_a_crowd_of_silent_connections_leaves_the_gate_its_memory(relay: Relay) -> None:
    before = threading.active_count()
    crowd = [socket.create_connection(relay.address) for _ in range(MAX_HANDLERS + 20)]
    most = 0
    for _ in range(20):
        most = max(most, threading.active_count() - before)
        time.sleep(0.05)
    for each in crowd:
        each.close()
    assert 0 < most <= MAX_HANDLERS
