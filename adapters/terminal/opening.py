"""Opening a terminal from its folder: the one place where its parts are put together."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.terminal.alone import alone as keep_others_out
from adapters.terminal.bundle import Bundle
from adapters.terminal.clock import LinuxMachine, Machine
from adapters.terminal.enrolment import STORE, open_store, read_identity, read_key
from adapters.terminal.runtime import Terminal
from adapters.terminal.service import Service
from adapters.terminal.site import Marks, Relay, Site
from adapters.terminal.standing import Standing, load_clock
from adapters.terminal.store import DamagedError
from adapters.terminal.sync import Sync

SITE = "site.db"
Address = tuple[str, int]


@contextmanager
def open_terminal(  # noqa: PLR0913 -- the options of one command
    folder: Path,
    *,
    machine: Machine | None = None,
    has_battery: bool = False,
    site: Address | None = None,
    relay: Address | None = None,
    alone: bool = True,
    connect: Callable[[str], Service] = Service,
) -> Iterator[Terminal]:
    """Open the terminal of a folder; its contact with the service begins with `terminal.sync.start()`.

    `has_battery` says that the machine's clock goes on without power, `site` is the address of the place's relay, and
    with `relay` this terminal is the relay itself. `alone` is false for who only looks, beside the program that scans.
    Raises EnrolmentError, StoreError, TerminalError when another program works there, or OSError for a taken address.
    """
    identity, private = read_identity(folder), read_key(folder)
    machine = machine or LinuxMachine()
    with contextlib.ExitStack() as closing:
        if alone:
            closing.enter_context(keep_others_out(folder))
        try:
            kept = _Kept(folder, machine, has_battery=has_battery)
        except DamagedError:
            if not alone:
                raise
            _put_aside(folder)
            kept = _Kept(folder, machine, has_battery=has_battery)
            kept.standing.note_damage()
        bundle, clock, standing = kept.bundle, kept.clock, kept.standing
        closing.callback(kept.store.close)
        sync = Sync(
            identity,
            private,
            bundle=bundle,
            clock=clock,
            standing=standing,
            service=connect(identity.origin),
            news=connect,
        )
        closing.callback(sync.stop)

        def keys() -> dict[str, bytes]:
            return {} if bundle.profile is None else dict(bundle.profile.site_keys)

        if relay is not None:
            marks = Marks(folder / SITE)
            closing.callback(marks.close)
            server = Relay(relay, marks, keys, clock.now)
            closing.callback(server.close)
            site = server.address
        client = None if site is None else Site(site, keys, clock.steady)
        own = connect(identity.origin)
        closing.callback(own.close)
        yield Terminal(
            identity.terminal,
            identity.scene,
            bundle=bundle,
            clock=clock,
            standing=standing,
            sync=sync,
            service=own,
            site=client,
            relay_address=site if relay is not None else None,
        )


class _Kept:
    """What stands in the store; raises DamagedError when any of it is not as it was written."""

    def __init__(self, folder: Path, machine: Machine, *, has_battery: bool) -> None:
        self.store = open_store(folder)
        try:
            self.bundle = Bundle.load(self.store)
            self.clock = load_clock(self.store, machine, has_battery=has_battery)
            self.standing = Standing(self.store, self.clock)
        except BaseException:
            self.store.close()
            raise


def _put_aside(folder: Path) -> None:
    # Kept for whoever looks into it; a new stream begins, and the service sees where the old one ended.
    # Numbered, and not by the clock: one that starts anew with every power cut would give a name twice.
    names = (f"{STORE}.damaged-{number}" for number in itertools.count(1))
    aside = next(name for name in names if not any(folder.glob(f"{name}*")))
    for suffix in ("", "-wal", "-shm"):
        path = folder / f"{STORE}{suffix}"
        if path.exists():
            path.rename(folder / f"{aside}{suffix}")
