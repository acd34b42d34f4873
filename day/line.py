"""A terminal's machine and its network on the day: the clock is the city's, and the network can be cut."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.terminal.service import Reply, Service, UnreachableError


class TownMachine:
    """A machine whose clocks follow the city's."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock

    def wall(self) -> float:
        """Return what the machine says."""
        return float(self._clock())

    def steady(self) -> float:
        """Return seconds that nobody sets."""
        return float(self._clock())

    def boot(self) -> str:
        """Name this start."""
        return "the day"


class Line:
    """The network of one terminal; while it is `cut` nothing is reached."""

    def __init__(self, origin: str, clock: Callable[[], int]) -> None:
        self.origin, self.clock = origin, clock
        self.cut = False

    def connect(self, origin: str) -> Service:
        """Open a connection."""
        return _Connection(origin, self)


class _Connection(Service):
    def __init__(self, origin: str, line: Line) -> None:
        super().__init__(origin)
        self._line = line

    def _ask(  # noqa: PLR0913, PLR0917 -- the parts of one HTTP request
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], longest: int, seconds: float
    ) -> Reply:
        if self._line.cut:
            raise UnreachableError("no network")
        reply = super()._ask(method, path, body, headers, longest, seconds)
        # The Date header is of the machine on which the day is played.
        self.said_at = self._line.clock()
        return reply

    def news(self, *, seconds: float) -> Any:
        """Say that nobody pushes: contacts are made when the script says so."""
        raise UnreachableError(f"no events within {seconds} seconds")
