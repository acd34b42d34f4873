"""One JSON object a line: for a machine that drives the terminal."""

from typing import BinaryIO

import msgspec

from adapters.terminal.answer import Answer, State
from codeservice.reason import Words

ANSWER, ERROR, STATE = "answer", "error", "state"
"""Values of the field `type`: machines ignore a line of another type, and fields that they do not know."""


class Problem(msgspec.Struct, frozen=True):
    """Why a request could not be read."""

    message: Words


class JsonLines:
    """Writes every answer, and the state when it is asked for."""

    fault: Words | None = None

    def __init__(self, out: BinaryIO) -> None:
        """Write to `out`, whole lines only."""
        self._out = out

    def show(self, answer: Answer, _now: float) -> None:
        """Write an answer."""
        self._write(ANSWER, answer)

    def refuse(self, words: Words) -> None:
        """Write why a request could not be read."""
        self._write(ERROR, Problem(words))

    def tell(self, state: State) -> None:
        """Write the state."""
        self._write(STATE, state)

    def tick(self, _state: State, _faults: tuple[Words, ...], _now: float) -> None:
        """Do nothing: a machine asks."""

    def close(self) -> None:
        """Leave the stream to its owner."""

    def _write(self, kind: str, value: msgspec.Struct) -> None:
        self._out.write(line_of(kind, value))
        self._out.flush()


def line_of(kind: str, value: msgspec.Struct) -> bytes:
    """Write one line."""
    return msgspec.json.encode({"type": kind} | msgspec.to_builtins(value)) + b"\n"
