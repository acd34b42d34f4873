"""A terminal of a city, with its network in the test's hands."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.terminal.opening import open_terminal
from adapters.terminal.runtime import Terminal
from codeservice.publishing import publish_snapshot
from tests.conftest import City
from tests.terminals import FakeMachine, Wire, enrol_terminal


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that answers is heard, however busy the machine is; those that never answer refuse at once here."""
    monkeypatch.setattr("adapters.terminal.site.ANSWER_SECONDS", 30.0)
    # The same for the service; who tries one that never answers says how long.
    monkeypatch.setattr("adapters.terminal.runtime.ONLINE_SECONDS", 30.0)


@dataclass
class Outpost:
    """One enrolled terminal, with its folder, its machine and its wire."""

    city: City
    wire: Wire
    machine: FakeMachine
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _terminal: Terminal | None = None

    @property
    def terminal(self) -> Terminal:
        """The running program."""
        if self._terminal is None:
            self._terminal = self._open.enter_context(
                open_terminal(self.folder, machine=self.machine, connect=self.wire.connect, **self.options)
            )
        return self._terminal

    def stop(self) -> None:
        """End the program; the folder stays."""
        self._open.close()
        self._terminal = None

    def sync(self) -> None:
        """Let the service publish, and make one contact."""
        publish_snapshot(self.city.services)
        self.terminal.sync.step()

    def leave(self) -> None:
        """Make one contact, and lose the network."""
        self.sync()
        self.wire.cut = True

    def limit(self, **limits: int) -> None:
        """Give the terminal narrower limits than its profile's."""
        profile = self.terminal._bundle.profile
        assert profile is not None
        self.terminal._bundle.profile = replace(profile, **limits)  # type: ignore[arg-type]

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.city.clock.now += seconds


@pytest.fixture
def outposts(city: City, tmp_path: Path) -> Iterator[Callable[..., Outpost]]:
    """Enrol terminals of one city by name."""
    made: list[Outpost] = []

    def make(name: str, **options: Any) -> Outpost:
        wire, machine = Wire(city.app, city.clock), FakeMachine(city.clock)
        folder = enrol_terminal(city, wire, tmp_path / f"terminal-{name}", name)
        made.append(Outpost(city, wire, machine, folder, options))
        return made[-1]

    yield make
    for outpost in made:
        outpost.stop()


@pytest.fixture
def bus(outposts: Callable[..., Outpost]) -> Outpost:
    """A validator of a bus."""
    return outposts("bus-1")
