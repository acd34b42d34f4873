"""Joins inputs, terminal and outputs: one scan after the other, and every answer given out in that order."""

from collections.abc import Callable, Iterator, Sequence
from threading import Lock

from adapters.terminal.answer import State
from adapters.terminal.inputs.reading import Reading, StateRequest
from adapters.terminal.inputs.source import Source
from adapters.terminal.output import Output
from adapters.terminal.runtime import InputError
from adapters.terminal.scanning import Scanning
from codeservice.reason import Words

STUCK = 20.0
"""Seconds after which a scan that does not end means that the terminal hangs."""


STATE_EVERY = 1.0
"""Seconds between two looks at the state: each waits for the store."""


class Desk:
    """Where readings come in and answers go out; any thread may call. `steady` gives seconds that nobody can set."""

    def __init__(
        self, scanning: Scanning, sources: Sequence[Source], outputs: Sequence[Output], steady: Callable[[], float]
    ) -> None:
        """Join them; starts nothing."""
        self._scanning = scanning
        self._sources = sources
        self._outputs = list(outputs)
        self._steady = steady
        self._one_scan = Lock()
        self._one_output = Lock()
        self._since: float | None = None
        self._closed = False
        self._state: State | None = None
        self._asked = 0.0

    def take(self, reading: Reading | StateRequest) -> None:
        """Scan and give the answer out; returns when both are done. After `close` it does nothing."""
        if isinstance(reading, StateRequest):
            state = self._scanning.state()
            self._give(lambda output: output.tell(state))
            return
        # The lock is kept until the answer is out: answers come in the order of the scans.
        with self._one_scan:
            if self._closed:
                return
            self._since = self._steady()
            try:
                answer = self._scanning.scan(reading.text, body=reading.body, act=reading.act)
            except InputError as error:
                words = Words(f"请求无法识别，未扫码：{error}", f"Nothing was scanned: {error}")
                self._give(lambda output: output.refuse(words))
            else:
                self._give(lambda output: output.show(answer, self._steady()))
            finally:
                self._since = None

    def tick(self) -> None:
        """Let outputs renew what they show; the state is asked for once a second."""
        now = self._steady()
        if self._state is None or now - self._asked >= STATE_EVERY:
            self._state, self._asked = self._scanning.state(), now
        state, faults = self._state, tuple(self._faults())
        self._give(lambda output: output.tick(state, faults, now))

    def hangs(self) -> bool:
        """Whether a scan has been going on for too long to end well."""
        since = self._since
        return since is not None and self._steady() - since > STUCK

    def close(self) -> None:
        """Wait for the scan that is going on, take no other, and close the outputs."""
        with self._one_scan:
            self._closed = True
        self._give(lambda output: output.close())
        self._outputs.clear()

    def _faults(self) -> Iterator[Words]:
        parts: tuple[Source | Output, ...] = (*self._sources, *self._outputs)
        yield from (part.fault for part in parts if part.fault is not None)

    def _give(self, give: Callable[[Output], None]) -> None:
        with self._one_output:
            for output in tuple(self._outputs):
                try:
                    give(output)
                except OSError:
                    # Whoever read there has gone. The others go on, and so does scanning.
                    self._outputs.remove(output)
