"""What each command of `city-terminal` does. It returns the exit code; what goes wrong is raised."""

import argparse
import contextlib
import logging
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Protocol

import msgspec

from adapters.terminal import enrolment
from adapters.terminal.answer import State
from adapters.terminal.desk import Desk
from adapters.terminal.heartbeat import figures_of, heartbeat_of, moment_of
from adapters.terminal.inputs.address import STANDARD_INPUT, open_source, read_picture
from adapters.terminal.inputs.keyboard import unseen
from adapters.terminal.inputs.splitter import Splitter
from adapters.terminal.json_lines import ANSWER, STATE, JsonLines, line_of
from adapters.terminal.kiosk.kiosk import Kiosk
from adapters.terminal.output import Output
from adapters.terminal.running import work
from adapters.terminal.scanning import Scanning
from adapters.terminal.screen import both, figure_line, open_screen, plain_lines, plain_state
from adapters.terminal.service import Service
from adapters.terminal.signal_line import SignalLine
from adapters.terminal.supervisor import Supervisor
from adapters.terminal.verdict import WORDS, verdict_of
from adapters.terminal.waiting import Waiting, queue_of
from codeservice import logs
from codeservice.reason import MESSAGES, Reason, Words
from codeservice.scan import Outcome
from codeservice.scene import SCENES

DEFAULT_INPUT, NO_INPUT = "lines", "none"
STANDARD = "-"
"""Where an argument stands for standard input."""

_LARGEST_INPUT = 65536
_PROGRESS = 0.5
"""Seconds between two looks at how far a sync has come."""


Address = tuple[str, int]


class Exit(IntEnum):
    """Exit codes. The first three are decisions of `check`; every other command has `DONE` and `ERROR`."""

    DONE = 0
    REFUSED = 1
    UNDETERMINED = 2
    ERROR = 3


EXITS = {Outcome.ACCEPTED: Exit.DONE, Outcome.REFUSED: Exit.REFUSED, Outcome.UNDETERMINED: Exit.UNDETERMINED}


class Contact(Protocol):
    """A terminal's contact with the service."""

    def start(self) -> None:
        """Keep it up in the background."""
        ...

    def step(self) -> None:
        """Fetch and send everything once; raises UnreachableError or RefusedError."""
        ...


class Terminal(Scanning, Protocol):
    """An enrolled terminal with its store open."""

    @property
    def sync(self) -> Contact:
        """Its contact with the service."""
        ...


class OpenTerminal(Protocol):
    """`adapters.terminal.opening.open_terminal`, or what stands for it in a test."""

    def __call__(
        self,
        folder: Path,
        *,
        has_battery: bool,
        site: Address | None = None,
        relay: Address | None = None,
        alone: bool = True,
    ) -> AbstractContextManager[Terminal]:
        """Open the terminal of a folder; raises EnrolmentError, StoreError or OSError."""
        ...


def enrol(options: argparse.Namespace) -> int:
    """Make this machine the terminal that a link names."""
    try:
        link = enrolment.read_link(_link(options))
        service: Service = options.connect(link.origin)
    except ValueError as error:
        raise enrolment.EnrolmentError(f"this is no enrolment link: {error}") from error
    with service:
        identity = enrolment.enrol(options.data, link, service)
    title = SCENES[identity.scene].title if identity.scene in SCENES else Words(identity.scene, identity.scene)
    done = Words(
        f"已登记为终端 {identity.terminal}（{title.zh}）", f"Enrolled as terminal {identity.terminal} ({title.en})"
    )
    print(both(done))
    return Exit.DONE


def _link(options: argparse.Namespace) -> str:
    if options.picture is not None:
        return read_picture(options.picture)
    return _standard_input() if options.link == STANDARD else str(options.link)


def _standard_input() -> str:
    """Read one line."""
    data = sys.stdin.buffer.read(_LARGEST_INPUT)
    lines = Splitter()
    found = (*lines.feed(data), *lines.end())
    return found[0].decode(errors="replace") if found else ""


def run(options: argparse.Namespace) -> int:
    """Scan until somebody stops it."""
    sources = [open_source(address) for address in options.input or [DEFAULT_INPUT] if address != NO_INPUT]
    with ExitStack() as closing:
        terminal: Terminal = closing.enter_context(
            options.open_terminal(options.data, has_battery=options.rtc, relay=options.relay, site=options.site)
        )
        kiosk = None if options.kiosk is None else Kiosk(options.kiosk)
        stop = closing.enter_context(_stopped_by_signals())
        closing.enter_context(unseen(STANDARD_INPUT))
        _keep_logs_off_the_screen()
        desk = Desk(terminal, sources, tuple(_outputs(options, kiosk)), time.monotonic)
        closing.callback(desk.close)
        terminal.sync.start()
        if kiosk is not None:
            kiosk.serve(desk.take)
        serves = kiosk is not None or options.relay is not None or not sources
        work(desk, sources, Supervisor(options.environment), stop, serves=serves)
    return Exit.DONE


def _outputs(options: argparse.Namespace, kiosk: Kiosk | None) -> Iterator[Output]:
    if kiosk is not None:
        yield kiosk
    if options.signal is not None:
        yield SignalLine(options.signal)
    yield _screen(options)


def _screen(options: argparse.Namespace) -> Output:
    if options.output == "json":
        return JsonLines(sys.stdout.buffer)
    return open_screen(sys.stdout, options.environment, _window)


def _window() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.columns, size.lines


def _keep_logs_off_the_screen() -> None:
    # What is wrong stands on the screen already; a line of a log in the middle of a verdict would hide it.
    if sys.stderr.isatty():
        logging.getLogger().addHandler(logging.NullHandler())
    else:
        logs.configure(logging.WARNING)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and SIGTERM set; a second one of them ends the process as usual."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def check(options: argparse.Namespace) -> int:
    """Scan one code; the exit code says the decision."""
    code = _standard_input() if options.code == STANDARD else options.code
    body = {"document_checked": True} if options.document_checked else None
    with _open(options) as terminal:
        if options.sync:
            terminal.sync.step()
        answer = terminal.scan(code, body=body, act=options.act)
    if options.json:
        _write(line_of(ANSWER, answer))
    else:
        print("\n".join(plain_lines(verdict_of(answer))))
    return EXITS[answer.decision]


def state(options: argparse.Namespace) -> int:
    """Say how the terminal is, from what is stored here."""
    with _open(options, alone=False) as terminal:
        found = terminal.state()
    _say_state(found, options)
    return Exit.DONE


def sync(options: argparse.Namespace) -> int:
    """Fetch and send everything once, and tell how far it has come."""
    with _open(options) as terminal:
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(terminal.sync.step)
            said = ""
            while not wait([done], timeout=_PROGRESS).done:
                now = "  ".join(map(figure_line, figures_of(terminal.state())))
                if now != said and not options.json:
                    print(now, flush=True)
                said = now
        done.result()
        found = terminal.state()
    _say_state(found, options)
    return Exit.DONE


def _say_state(found: State, options: argparse.Namespace) -> None:
    if options.json:
        _write(line_of(STATE, found))
    else:
        print("\n".join(plain_state(heartbeat_of(found))))


def queue(options: argparse.Namespace) -> int:
    """List what waits for the service."""
    enrolment.read_identity(options.data)
    with contextlib.closing(enrolment.open_store(options.data)) as store:
        found = queue_of(store, options.limit)
    if options.json:
        _write(msgspec.json.encode(found) + b"\n")
        return Exit.DONE
    print(both(Words(f"待上传 {found.waiting} 条", f"{found.waiting} to send")))
    for scan in found.scans:
        print(f"{scan.seq:>8}  {_in_words(scan)}")
    return Exit.DONE


def _in_words(scan: Waiting) -> str:
    if scan.at is None or scan.decision is None:
        return both(Words("记录已损坏", "damaged"))
    said = [moment_of(scan.at), both(WORDS[scan.decision])]
    if scan.reason is not None:
        said.append(both(MESSAGES[Reason(scan.reason)][0]))
    return "  ".join(said)


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _open(options: argparse.Namespace, *, alone: bool = True) -> AbstractContextManager[Terminal]:
    opened: AbstractContextManager[Terminal] = options.open_terminal(options.data, has_battery=options.rtc, alone=alone)
    return opened
