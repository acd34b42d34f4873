"""The terminal runtime in tests: a machine whose clocks a test moves, and a network that can be cut."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask

from adapters.terminal.enrolment import enrol, read_link
from adapters.terminal.service import Reply, Service, UnreachableError, judge
from tests.conftest import City


@dataclass
class FakeMachine:
    """A machine whose steady clock follows a city's clock; its own clock is `off` seconds wrong."""

    clock: Callable[[], int]
    off: int = 0
    name: str = "boot-1"
    started: int = 0

    def wall(self) -> float:
        """Return what the machine says."""
        return float(self.clock() + self.off)

    def steady(self) -> float:
        """Return seconds since the machine was started."""
        return float(self.clock() - self.started)

    def boot(self) -> str:
        """Return the name of this start."""
        return self.name

    def restart(self) -> None:
        """Start the machine anew: its steady clock begins at nought."""
        self.name += "+"
        self.started = self.clock()


@dataclass
class Wire:
    """The network between a terminal and the service; `cut` takes it away, `broken` loses the answers of some paths."""

    app: Flask
    clock: Callable[[], int]
    cut: bool = False
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    change: Callable[[str, bytes], bytes] | None = None
    """Changes what a path answers, as somebody on the way would."""
    forged: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Status and body that somebody on the way gives for a path, of which the service never hears."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of the request that was asked last."""

    def connect(self, origin: str) -> "InProcess":
        """Open a connection."""
        return InProcess(origin, self)


@dataclass
class _Answer:
    status: int
    headers: Any

    def getheader(self, name: str, /) -> str | None:
        value: str | None = self.headers.get(name)
        return value


class InProcess(Service):
    """The service of an application in this process."""

    def __init__(self, origin: str, wire: Wire) -> None:
        super().__init__(origin)
        self._wire = wire
        self._client = wire.app.test_client()

    def _ask(  # noqa: PLR0917
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], longest: int, seconds: float
    ) -> Reply:
        wire = self._wire
        wire.asked.append(path)
        wire.headers = dict(headers)
        if wire.cut:
            raise UnreachableError("no network")
        for begin, (status, forged) in wire.forged.items():
            if path.startswith(begin):
                return judge(_Answer(status, {}), forged)
        answer = self._client.open(path, method=method, data=body, headers=dict(headers))
        self.said_at = wire.clock()
        content = answer.get_data()
        if any(path.startswith(begin) for begin in wire.broken):
            raise UnreachableError("the answer was lost")
        if wire.change is not None and answer.status_code == HTTPStatus.OK:
            content = wire.change(path, content)
        return judge(_Answer(answer.status_code, answer.headers), content)

    def news(self, *, seconds: float) -> Any:
        raise UnreachableError("no events in this process")


def enrol_terminal(city: City, wire: Wire, folder: Path, name: str) -> Path:
    """Enrol a terminal of the city into a folder by the operator's link."""
    with wire.connect(city.services.settings.origin) as service:
        enrol(folder, read_link(link_of(city, name)), service)
    return folder


def link_of(city: City, name: str) -> str:
    """Return a one-time link as the operator's command prints it."""
    from adapters.terminal.bundle import pin_of  # noqa: PLC0415
    from codeservice.store import client  # noqa: PLC0415

    services = city.services
    with services.database.write() as connection:
        code = client.start_enrolment(connection, name, now=city.clock.now)
    pin = pin_of(services.signed_list(services.trust_list().version))
    return f"{services.settings.origin}/scanner/bus#terminal={name}&enrol={code}&trust={pin}"
