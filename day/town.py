"""The demo city of the day: a real HTTP server on loopback whose clock the script moves, and those who call it."""

import contextlib
import io
import itertools
import json
import logging
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from werkzeug.serving import make_server

from adapters import cli as scene_commands
from adapters.gateway import door as gateway
from adapters.terminal.answer import Answer
from adapters.terminal.enrolment import enrol, read_link
from adapters.terminal.opening import open_terminal
from adapters.terminal.runtime import Terminal as Validator
from codeservice import cli, demo, keeper
from codeservice.app import create_app, open_services
from codeservice.city import CITY_ZONE, midnight
from codeservice.one_machine import prepare_keys, prepare_secrets
from codeservice.private_redis import PrivateRedis
from codeservice.services import Services
from codeservice.settings import Settings
from day.http import Http
from day.line import Line, TownMachine
from day.story import Story
from keys.errors import KeysError
from tests.environment import environment_of
from tests.phone import Phone, Terminal
from wallet.views import door as wallet

DAY = "2026-11-27"
PEOPLE, SEED = 400, 20260101
_LIFE_OF_TOKEN = 500


class Clock:
    """The city's clock, in epoch seconds."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        """Return the time."""
        return self.now


@dataclass
class Town:
    """The city, its clock and its people. `dark` says that a third of the terminals will lose their network."""

    services: Services
    clock: Clock
    folder: Path
    origin: str
    story: Story
    dark: bool
    people: list[demo.Citizen]
    closing: ExitStack
    validators: dict[str, tuple[Validator, Line]] = field(default_factory=dict)
    _phones: dict[str, Phone] = field(default_factory=dict)
    _terminals: dict[str, tuple[Terminal, int]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    # -- time and words

    def at(self, time: str) -> None:
        """Move the clock forward to a time of the day, as 08:15 or 08:15:30; it never goes back."""
        hours, minutes, *seconds = (int(part) for part in time.split(":"))
        moment = midnight(datetime.fromisoformat(DAY).date()) + hours * 3600 + minutes * 60 + (seconds or [0])[0]
        if moment < self.clock.now:
            raise ValueError(f"it is {self.time} already")
        self.clock.now = moment

    def wait(self, seconds: int) -> None:
        """Let some time pass."""
        self.clock.now += seconds

    @property
    def time(self) -> str:
        """The time of the day."""
        return datetime.fromtimestamp(self.clock.now, UTC).astimezone(CITY_ZONE).strftime("%H:%M")

    def tell(self, text: str) -> None:
        """Say what has just happened."""
        self.story.tell(self.time, text)

    # -- the operators

    def operate(self, *arguments: str, said: str = "") -> Any:
        """Run a command of the service with --json and return its data; raises RuntimeError when it is refused."""
        return self._command(cli.main, arguments, said)

    def scenes(self, *arguments: str) -> Any:
        """Run a command for scenes with --json and return its data; raises RuntimeError when it is refused."""
        return self._command(scene_commands.main, arguments, "")

    def keep(self) -> None:
        """Let the keeper do all its chores once, as it does every few seconds."""
        for _chore, run in keeper.WORK:
            with contextlib.suppress(KeysError):
                run(self.services)

    # -- citizens

    def citizen(self, wanted: Callable[[demo.Citizen], bool], number: int = 0) -> demo.Citizen:
        """Return the citizen of this number, counted from 0, of those who are wanted."""
        return next(itertools.islice(filter(wanted, self.people), number, None))

    def phone(self, citizen: demo.Citizen) -> Phone:
        """Return a citizen's phone: signed in, confirmed, enrolled, with fresh grants of the moment."""
        phone = self._phones.get(citizen.holder.id)
        if phone is None:
            phone = self._phones[citizen.holder.id] = self.new_phone(citizen)
        return phone

    def new_phone(self, citizen: demo.Citizen) -> Phone:
        """Return one more phone of a citizen."""
        phone = Phone(Http(self.origin))
        self.wait(3)
        phone.sign_in(str(citizen.phone), self._password)
        require(phone.confirm(citizen.holder.name, citizen.holder.id_number.text), 200)
        require(phone.enrol(self.clock.now), 201)
        require(phone.fetch(self.clock.now, "all", 4), 200)
        return phone

    def show(self, citizen: demo.Citizen, *, wait: int = 5) -> str:
        """Let a citizen show a code of this moment, with new grants where the old ones were revoked or have ended."""
        self.wait(wait)
        phone = self.phone(citizen)
        places = [[grant["list"], grant["idx"]] for grant, _key in phone.grants]
        answer = phone.call("POST", "/grants/status", {"grants": places})
        statuses = answer.get_json().get("statuses", []) if answer.status_code == 200 else []
        soon = self.clock.now + 60
        if statuses[:1] != ["valid"] or phone.grants[0][0]["expires"] < soon:
            require(phone.fetch(self.clock.now, "all", 4), 200)
        return phone.show(self.clock.now)

    # -- terminals and back ends

    def terminal(self, name: str) -> Terminal:
        """Return a terminal that is always with network, with a token."""
        return self._authenticated(name, lambda terminal: require(terminal.enrol(self._enrolment_code(name)), 201))

    def back_end(self, name: str) -> Terminal:
        """Return a partner's back end with a token; `call` of it is `ask`."""

        def made(client: Terminal) -> None:
            path = self.folder / f"{name}.pem"
            self.operate("enrol-back-end", name, "--key", str(path))
            key = load_pem_private_key(path.read_bytes(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            client.key, client.issuer = key, self.origin

        return self._authenticated(name, made)

    def ask(self, client: str, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Let a back end call the service, each time for a new act; returns the answer."""
        bearer = {"Authorization": f"Bearer {self.back_end(client).token}", "Idempotency-Key": secrets.token_hex(8)}
        options: dict[str, Any] = {} if body is None else {"json": body}
        return Http(self.origin).open(path, method=method, headers=bearer | headers, **options)

    def validator(self, name: str) -> Validator:
        """Return a terminal that goes on without network, in step with the service."""
        if name not in self.validators:
            line = Line(self.origin, self.clock)
            folder = self.folder / f"terminal-{name}"
            link = self.operate("terminals", "enrol", name)["link"]
            with line.connect(self.origin) as service:
                enrol(folder, read_link(link), service)
            opened = open_terminal(folder, machine=TownMachine(self.clock), connect=line.connect)
            self.validators[name] = self.closing.enter_context(opened), line
            self.sync(name)
        return self.validators[name][0]

    def scan(self, name: str, code: str, **body: object) -> Answer:
        """Let a validator decide a code; with network it tells the service at once."""
        answer = self.validator(name).scan(code, body=body)
        self.sync(name)
        return answer

    def sync(self, name: str) -> None:
        """Let the lists be published and a terminal make its contact, if it has network."""
        validator, line = self.validators[name]
        if line.cut:
            return
        self.keep()
        validator.sync.step()

    def go_dark(self, *names: str) -> None:
        """Take the network from these terminals, after a last contact, if this is the day without."""
        for name in names:
            self.validator(name)
            self.sync(name)
            self.validators[name][1].cut = self.dark
        if self.dark:
            self.tell(f"{'、'.join(names)} 没有网络了。{', '.join(names)} lost the network.")

    def come_home(self) -> None:
        """Give every terminal its network back and let it upload."""
        for name, (validator, line) in self.validators.items():
            line.cut = False
            waiting = validator.state().waiting
            while validator.state().waiting:
                self.wait(1)
                self.sync(name)
            if waiting:
                self.tell(f"{name} 上传 {waiting} 条记录。{name} uploaded {waiting} scans.")

    def _authenticated(self, name: str, make: Callable[[Terminal], object]) -> Terminal:
        held = self._terminals.get(name)
        terminal, since = held or (Terminal(Http(self.origin), name), 0)
        if held is None:
            make(terminal)
        if self.clock.now - since > _LIFE_OF_TOKEN:
            since = self.clock.now
            require(terminal.authenticate(since), 200)
        self._terminals[name] = terminal, since
        return terminal

    def _enrolment_code(self, name: str) -> str:
        link: str = self.operate("terminals", "enrol", name)["link"]
        return link.split("enrol=")[1].split("&", maxsplit=1)[0]

    def _password(self) -> str:
        page: str = Http(self.origin).open("/demo/messages").text
        return page.split("验证码 ")[1][:6]

    def _command(self, main: Callable[..., int], arguments: tuple[str, ...], said: str) -> Any:
        out, err = io.StringIO(), io.StringIO()
        given = io.StringIO(said)
        environment = environment_of(self.services.settings)
        before, sys.stdin = sys.stdin, given
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([*arguments, "--json"], environment, self.clock)
        finally:
            sys.stdin = before
        if code:
            raise RuntimeError(f"{' '.join(arguments)}: {err.getvalue()}{out.getvalue()}")
        return json.loads(out.getvalue()) if out.getvalue() else None


def require(answer: Any, status: int) -> Any:
    """Return the body of an answer that has this status; raises RuntimeError otherwise."""
    if answer.status_code != status:
        raise RuntimeError(f"{answer.status_code} instead of {status}: {answer.text[:500]}")
    return answer.get_json() if answer.text else None


@contextmanager
def open_town(folder: Path, story: Story, *, dark: bool) -> Iterator[Town]:
    """Make the city in an empty folder, before its day begins, and serve it until the block is left."""
    clock = Clock(midnight(datetime.fromisoformat(DAY).date()) + 5 * 3600)
    with ExitStack() as closing:
        redis = PrivateRedis()
        closing.callback(redis.stop)
        port = _free_port()
        prepare_secrets(folder)
        settings = Settings(
            database=f"sqlite:///{folder / 'city.db'}",
            redis=redis.address,
            keys=folder / "keys",
            origin=f"http://127.0.0.1:{port}",
            passphrase_file=folder / "passphrase",
            vault_file=folder / "vault",
            master_key=(folder / "master").as_uri(),
            demo=True,
        )
        prepare_keys(settings, clock.now - 3600)
        services = open_services(settings, clock)
        closing.callback(services.database.close)
        services.database.migrate()
        demo.make_city(services, people=PEOPLE, seed=SEED, progress=lambda _done, _all: None)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = make_server("127.0.0.1", port, create_app(services, (gateway, wallet)), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        closing.callback(thread.join)
        closing.callback(server.shutdown)
        people = list(itertools.islice(demo.generate(seed=SEED), PEOPLE))
        yield Town(services, clock, folder, settings.origin, story, dark, people, closing)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
