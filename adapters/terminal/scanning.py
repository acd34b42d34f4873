"""What inputs and screens need of a terminal; `adapters.terminal.runtime` provides it."""

from collections.abc import Mapping
from typing import Protocol

from adapters.terminal.answer import Answer, State


class Scanning(Protocol):
    """A terminal that scans."""

    def scan(self, text: str, *, body: Mapping[str, object] | None = None, act: str | None = None) -> Answer:
        """Decide one scan; returns when it is stored, and raises for no text. Any thread may call.

        `body` is what the scene wants to know beside the code. `act` names the scan: a second one under the same name
        is the same scan. Raises InputError for a body that the scene does not know, or an act used for another code.
        """
        ...

    def state(self) -> State:
        """Say how the terminal is; from any thread."""
        ...
