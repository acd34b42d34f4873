"""Inputs, terminal and outputs together: one answer a reading, in order, and nothing that goes away stops the rest."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pytest

from adapters.terminal.answer import Answer, State
from adapters.terminal.desk import STATE_EVERY, STUCK, Desk
from adapters.terminal.errors import TerminalError
from adapters.terminal.inputs.reading import Reading, StateRequest
from adapters.terminal.running import work
from adapters.terminal.supervisor import ADDRESS, Supervisor
from codeservice.reason import Words
from tests.scanning import GOOD, UNKNOWN, USED, FakeScanning, healthy
from tests.waiting import wait_until

FAULT = Words("扫码器未连接", "no scanner")


@dataclass
class Paper:
    """An output that remembers; one that was torn fails for ever."""

    fault: Words | None = None
    torn: bool = False
    shown: list[Answer] = field(default_factory=list)
    refused: list[Words] = field(default_factory=list)
    told: list[State] = field(default_factory=list)
    ticked: list[tuple[Words, ...]] = field(default_factory=list)
    closed: int = 0

    def show(self, answer: Answer, now: float) -> None:
        if self.torn:
            raise BrokenPipeError
        self.shown.append(answer)

    def refuse(self, words: Words) -> None:
        self.refused.append(words)

    def tell(self, state: State) -> None:
        self.told.append(state)

    def tick(self, state: State, faults: tuple[Words, ...], now: float) -> None:
        self.ticked.append(faults)

    def close(self) -> None:
        self.closed += 1


@dataclass
class Hand:
    """An input that does what a test says."""

    act: Callable[[Callable[[Reading | StateRequest], None], Event], None]
    fault: Words | None = None

    def run(self, take: Callable[[Reading | StateRequest], None], stop: Event) -> None:
        self.act(take, stop)


def nothing(take: object, stop: Event) -> None:
    """Have no more."""


def wait(take: object, stop: Event) -> None:
    """Have no news."""
    assert stop.wait(30)


@dataclass
class SlowScanning(FakeScanning):
    """A terminal that answers when it is let."""

    let: Event = field(default_factory=Event)

    def scan(self, text: str, *, body: Mapping[str, object] | None = None, act: str | None = None) -> Answer:
        assert self.let.wait(30)
        return super().scan(text, body=body, act=act)


class Moment:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def still() -> float:
    return 0.0


def test_every_reading_has_one_answer_on_every_output() -> None:
    scanning, papers = FakeScanning(), (Paper(), Paper())
    desk = Desk(scanning, (), papers, still)
    for text in (GOOD, USED, UNKNOWN, "?"):
        desk.take(Reading(text))
    for paper in papers:
        assert [answer.decision.value for answer in paper.shown] == ["accepted", "refused", "undetermined", "refused"]
        assert [answer.seq for answer in paper.shown] == [1, 2, 3, 4]


def test_what_a_machine_says_beside_the_code_reaches_the_terminal() -> None:
    scanning = FakeScanning()
    Desk(scanning, (), (), still).take(Reading(GOOD, {"document_checked": True}, "visit-1"))
    assert scanning.scanned == [(GOOD, {"document_checked": True}, "visit-1")]


def test_a_request_that_the_scene_does_not_know_is_refused_and_scans_nothing() -> None:
    scanning, paper = FakeScanning(), Paper()
    desk = Desk(scanning, (), (paper,), still)
    desk.take(Reading(GOOD, {"medicin": 1}))
    desk.take(Reading(GOOD))
    assert (len(paper.refused), len(paper.shown)) == (1, 1)
    assert "未扫码" in paper.refused[0].zh


def test_a_machine_that_asks_how_the_terminal_is_gets_its_state_and_no_scan() -> None:
    scanning, paper = FakeScanning(), Paper()
    Desk(scanning, (), (paper,), still).take(StateRequest())
    assert (paper.told, scanning.scanned) == ([healthy()], [])


def test_an_output_whose_reader_has_gone_stops_no_other_one() -> None:
    torn, whole = Paper(torn=True), Paper()
    desk = Desk(FakeScanning(), (), (torn, whole), still)
    desk.take(Reading(GOOD))
    desk.take(Reading(USED))
    desk.close()
    assert (len(whole.shown), whole.closed, torn.closed) == (2, 1, 0)


def test_many_threads_are_answered_in_the_order_of_the_scans() -> None:
    scanning, paper = FakeScanning(), Paper()
    desk = Desk(scanning, (), (paper,), still)

    def show(thread: int) -> None:
        for number in range(50):
            desk.take(Reading(f"{thread}-{number}"))

    threads = [Thread(target=show, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.seq for answer in paper.shown] == list(range(1, 201))


def test_faults_of_inputs_and_outputs_are_shown_and_the_state_is_asked_for_once_a_second() -> None:
    clock, scanning, paper = Moment(), FakeScanning(), Paper()
    states = []

    def state() -> State:
        states.append(1)
        return healthy()

    scanning.state = state  # type: ignore[method-assign]
    desk = Desk(scanning, (Hand(nothing, fault=FAULT),), (paper,), clock)
    for _ in range(25):
        desk.tick()
        clock.now += 0.1 * STATE_EVERY
    assert paper.ticked == [(FAULT,)] * 25
    assert len(states) == 3


def test_a_scan_that_does_not_end_shows_and_one_that_ends_does_not() -> None:
    clock, scanning = Moment(), SlowScanning()
    desk = Desk(scanning, (), (), clock)
    thread = Thread(target=desk.take, args=(Reading(GOOD),))
    thread.start()
    wait_until(lambda: desk._since is not None)
    assert not desk.hangs()
    clock.now += STUCK + 1
    assert desk.hangs()
    scanning.let.set()
    thread.join()
    assert not desk.hangs()


def test_closing_waits_for_the_scan_that_is_going_on_and_takes_no_other() -> None:
    scanning, paper = SlowScanning(), Paper()
    desk = Desk(scanning, (), (paper,), still)
    scan = Thread(target=desk.take, args=(Reading(GOOD),))
    scan.start()
    wait_until(lambda: desk._since is not None)
    close = Thread(target=desk.close)
    close.start()
    scanning.let.set()
    scan.join()
    close.join()
    desk.take(Reading(USED))
    assert (len(paper.shown), paper.closed, scanning.texts) == (1, 1, [GOOD])


def run(desk: Desk, *sources: Hand, stop: Event | None = None, serves: bool = False) -> None:
    work(desk, sources, Supervisor({}), stop or Event(), serves=serves)


def test_the_work_ends_when_every_input_has_ended() -> None:
    scanning = FakeScanning()
    run(
        Desk(scanning, (), (), still),
        Hand(lambda take, _: take(Reading("1"))),
        Hand(lambda take, _: take(Reading("2"))),
    )
    assert sorted(scanning.texts) == ["1", "2"]


def test_the_work_goes_on_without_inputs_where_something_is_served() -> None:
    stop, paper = Event(), Paper()
    desk = Desk(FakeScanning(), (), (paper,), still)
    thread = Thread(target=run, args=(desk, Hand(nothing)), kwargs={"stop": stop, "serves": True})
    thread.start()
    wait_until(lambda: len(paper.ticked) > 3)
    assert thread.is_alive()
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_an_input_that_breaks_ends_the_work_so_that_it_is_begun_anew() -> None:
    def act(take: object, stop: Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(TerminalError):
        run(Desk(FakeScanning(), (), (), still), Hand(act), Hand(wait))


@pytest.mark.parametrize("abstract", [False, True], ids=["file", "abstract"])
def test_the_supervisor_is_told_ready_alive_and_stopping(tmp_path: Path, *, abstract: bool) -> None:
    name = f"@city-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name[1:]}" if abstract else name)
        systemd.settimeout(30)
        stop = Event()
        desk = Desk(FakeScanning(), (), (), still)
        thread = Thread(
            target=work, args=(desk, (), Supervisor({ADDRESS: name}), stop), kwargs={"serves": True}, daemon=True
        )
        thread.start()
        assert [systemd.recv(100) for _ in range(2)] == [b"READY=1", b"WATCHDOG=1"]
        stop.set()
        thread.join()
        said = systemd.recv(100)
        while said == b"WATCHDOG=1":
            said = systemd.recv(100)
        assert said == b"STOPPING=1"


def test_a_terminal_that_hangs_is_not_called_alive(tmp_path: Path) -> None:
    clock, scanning = Moment(), SlowScanning()
    desk = Desk(scanning, (), (), clock)
    scan = Thread(target=desk.take, args=(Reading(GOOD),))
    scan.start()
    wait_until(lambda: desk._since is not None)
    clock.now += STUCK + 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        stop = Event()
        supervisor = Supervisor({ADDRESS: str(tmp_path / "notify")})
        thread = Thread(target=work, args=(desk, (), supervisor, stop), kwargs={"serves": True}, daemon=True)
        thread.start()
        assert systemd.recv(100) == b"READY=1"
        wait_until(lambda: desk._state is not None)
        stop.set()
        thread.join()
        assert systemd.recv(100) == b"STOPPING=1"
    scanning.let.set()
    scan.join()


def test_a_supervisor_that_is_gone_or_was_never_there_stops_nobody(tmp_path: Path) -> None:
    for environment in ({}, {ADDRESS: ""}, {ADDRESS: str(tmp_path / "nobody")}):
        supervisor = Supervisor(environment)
        supervisor.ready()
        supervisor.alive()
        supervisor.stopping()
