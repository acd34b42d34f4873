"""An input: runs in a thread of its own and hands on readings, in their order, until it is stopped or has no more."""

from collections.abc import Callable
from threading import Event
from typing import Protocol

from adapters.terminal.inputs.reading import Reading, StateRequest
from codeservice.reason import Words


class Source(Protocol):
    """One input."""

    @property
    def fault(self) -> Words | None:
        """What somebody must see to before it reads again; None while it reads."""
        ...

    def run(self, take: Callable[[Reading | StateRequest], None], stop: Event) -> None:
        """Hand every reading to `take`, which returns when it is answered. Raises nothing for what outside does."""
        ...
