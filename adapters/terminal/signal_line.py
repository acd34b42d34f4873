"""A line for every answer to a lamp or a gate: a device, a named pipe or a file. It never holds a scan up.

`A` accepted, `R` refused, `U` nobody can tell, `P` nobody can tell and the scene lets pass. Nothing for an answer given
again: whoever shows one code twice within a moment must not open a gate twice.
"""

import os
import stat
import termios

from adapters.terminal.answer import Answer, State
from codeservice.reason import Words
from codeservice.scan import Outcome

LETTERS = {Outcome.ACCEPTED: b"A", Outcome.REFUSED: b"R", Outcome.UNDETERMINED: b"U"}
LET_PASS = b"P"
_HOW = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class SignalLine:
    """Writes to what stands at `path` at that moment; makes no file there, or a gate's pipe could not be made later."""

    def __init__(self, path: str) -> None:
        """Try to open it, so that a wrong name is told at once."""
        self._path = path
        self._descriptor: int | None = None
        self.fault: Words | None = None
        self._open()

    def show(self, answer: Answer, _now: float) -> None:
        """Write one line, or drop it: a signal that comes late would open the gate for somebody else."""
        if answer.repeat:
            return
        letter = LETTERS[answer.decision]
        if answer.decision is Outcome.UNDETERMINED and answer.let_pass:
            letter = LET_PASS
        self._write(letter + b"\n")

    def refuse(self, _words: Words) -> None:
        """Do nothing: nothing was scanned."""

    def tell(self, _state: State) -> None:
        """Do nothing: a lamp asks nothing."""

    def tick(self, _state: State, _faults: tuple[Words, ...], _now: float) -> None:
        """Look for a reader that has come, so that the next answer finds it."""
        if self._descriptor is None:
            self._open()

    def close(self) -> None:
        """Close it."""
        self._drop()

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            self._open()
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, line)
        except BlockingIOError:
            self._forget_unsent()
            self._tell_fault()
        except OSError:
            self._drop()
            self._tell_fault()
        else:
            self.fault = None

    def _open(self) -> None:
        try:
            self._descriptor = os.open(self._path, _HOW)
        except OSError:
            self._tell_fault()
        else:
            self.fault = None

    def _forget_unsent(self) -> None:
        # What a stalled port still holds must not come out when it goes on; a pipe's reader sees to that itself.
        if self._descriptor is not None and stat.S_ISCHR(os.fstat(self._descriptor).st_mode):
            try:
                termios.tcflush(self._descriptor, termios.TCOFLUSH)
            except termios.error:
                return

    def _drop(self) -> None:
        if self._descriptor is not None:
            self._forget_unsent()
            os.close(self._descriptor)
            self._descriptor = None

    def _tell_fault(self) -> None:
        self.fault = Words(
            f"信号线 {self._path} 无人接收，灯或闸机未动作",
            f"Nobody reads the signal line {self._path}; lamp or gate do not act",
        )
