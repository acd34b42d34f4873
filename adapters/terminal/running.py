"""`run`: inputs in threads of their own, outputs renewed by the main thread, until somebody stops it."""

import logging
import threading
from collections.abc import Sequence

from adapters.terminal.desk import Desk
from adapters.terminal.errors import TerminalError
from adapters.terminal.inputs.source import Source
from adapters.terminal.supervisor import Supervisor
from codeservice.reason import Words

TICK = 0.1
"""Seconds between two looks of the main thread: bells and the end of a verdict need them."""

_ALIVE_EVERY = 10
"""Ticks between two words to the supervisor."""

_LAST_READING = 1.0
"""Seconds that an input has to end after it was stopped."""

_log = logging.getLogger(__name__)


class Worker:
    """One input in its thread; notes when it has no more, or broke."""

    def __init__(self, source: Source, desk: Desk, stop: threading.Event) -> None:
        """Begin at once."""
        self._work = (source, desk, stop)
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether it reads no more."""
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait for its end, not for ever."""
        self._thread.join(_LAST_READING)

    def _run(self) -> None:
        source, desk, stop = self._work
        try:
            source.run(desk.take, stop)
        except Exception as error:  # noqa: BLE001 -- the edge of the thread: the terminal would go on, deaf
            _log.exception("input_failed")
            self.failure = error


def work(desk: Desk, sources: Sequence[Source], supervisor: Supervisor, stop: threading.Event, *, serves: bool) -> None:
    """Go on until `stop`, or until all inputs have ended and nothing else is served.

    Raises TerminalError when an input broke, so that whoever started the terminal starts it anew.
    """
    workers = [Worker(source, desk, stop) for source in sources]
    supervisor.ready()
    ticks = 0
    try:
        while not stop.is_set():
            desk.tick()
            if any(worker.failure for worker in workers):
                raise TerminalError(Words("输入意外停止，请重新启动", "An input broke; start the terminal again"))
            if not serves and workers and all(worker.ended for worker in workers):
                return
            if ticks % _ALIVE_EVERY == 0 and not desk.hangs():
                supervisor.alive()
            ticks += 1
            stop.wait(TICK)
    finally:
        supervisor.stopping()
        stop.set()
        for worker in workers:
            worker.join()
