"""Where answers go: screens, machines, lamps."""

from typing import Protocol

from adapters.terminal.answer import Answer, State
from codeservice.reason import Words


class Output(Protocol):
    """One output. No two of its methods run at the same time; OSError from any means that it has gone for good."""

    @property
    def fault(self) -> Words | None:
        """What somebody must see to; None while it works."""
        ...

    def show(self, answer: Answer, now: float) -> None:
        """Give out one answer; `now` is in steady seconds."""
        ...

    def refuse(self, words: Words) -> None:
        """Say that a request could not be read, so that nothing was scanned."""
        ...

    def tell(self, state: State) -> None:
        """Give out the state: a machine has asked for it."""
        ...

    def tick(self, state: State, faults: tuple[Words, ...], now: float) -> None:
        """Renew what changes by itself, several times a second; `faults` are those of inputs and outputs."""
        ...

    def close(self) -> None:
        """Leave everything as it was found."""
        ...
