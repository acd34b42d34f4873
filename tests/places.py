"""The places where a city's signing keys can live, for tests: what a city needs to be set up with each."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeservice.signing_policy import signing_policy
from codeservice.store.intent import IntentJournal
from keys import ceremony
from keys.algorithms import Algorithm
from keys.ceremony import Place
from keys.guard import Guard
from keys.key import PublicKey
from keys.keyring import Keyring
from keys.quota import Quotas
from keys.signer import open_signer
from keys.signing_server import SigningServer
from tests.tokens import PIN, SoftHsm

ROOT = Path(__file__).resolve().parent.parent
ORIGIN = "http://127.0.0.1:8000"
"""The address of every city in tests."""

PASSPHRASE = b"of the signing keys"
HOLDERS = {"one": b"first", "two": b"second", "three": b"third"}
JOURNAL = "journal"


@dataclass(frozen=True)
class Ground:
    """What a city is set up on. `signer_folder` is out of the workers' reach and has a short path, as sockets need."""

    keys: Path
    signer_folder: Path
    clock: Callable[[], int]
    softhsm: Callable[[], SoftHsm]
    closing: ExitStack


SetUp = Callable[[Ground, Algorithm], dict[str, Any]]
"""Makes the keys, holds the ceremony, and returns the settings that differ from those of a city with files."""


def in_token(ground: Ground, suite: Algorithm) -> dict[str, Any]:
    """Keys in a token of SoftHSM, to which the workers log in."""
    uri = ground.softhsm().new_token()
    _begin(ground, Place(uri, PIN, suite))
    return {"signer": uri, "passphrase_file": _secret(ground, PIN)}


def in_process(ground: Ground, suite: Algorithm) -> dict[str, Any]:
    """Keys in files that only a signer process opens; the workers have no passphrase."""
    place = (ground.signer_folder / "signing").as_uri()
    _begin(ground, Place(place, PASSPHRASE, suite))
    address = ground.signer_folder / "signer.sock"
    ground.closing.enter_context(serving(ground.keys, place, address, ground.clock))
    return {"signer": f"process:{address}", "passphrase_file": None}


@contextmanager
def serving(keys: Path, place: str, address: Path, clock: Callable[[], int]) -> Iterator[IntentJournal]:
    """Run a signer process as a thread, with the clock of a test and the journal beside its socket."""
    journal = IntentJournal(address.with_name(JOURNAL))
    keyring = Keyring(keys, lambda: PASSPHRASE, clock)
    guard = Guard(
        keyring.trust_list,
        lambda key: open_signer(place, key, lambda: PASSPHRASE),
        policy=signing_policy(ORIGIN),
        quotas=Quotas(),
        journal=journal,
        clock=clock,
    )
    stop = threading.Event()
    server = SigningServer(address, guard.sign, frozenset([os.geteuid()]))
    thread = threading.Thread(target=server.serve, kwargs={"stopped": stop.is_set})
    thread.start()
    try:
        yield journal
    finally:
        stop.set()
        thread.join()
        journal.close()


class SignerProcess:
    """A signer process as operators start it, by the clock of this machine, with keys in files of its own."""

    def __init__(self, folder: Path) -> None:
        """Hold the ceremony; `keys` holds the public part, for the workers."""
        self.keys, self.socket, self.journal = folder / "keys", folder / "signer.sock", folder / JOURNAL
        self.place = (folder / "signing").as_uri()
        self.passphrase_file = folder / "signer-passphrase"
        self.passphrase_file.touch(0o600)
        self.passphrase_file.write_bytes(PASSPHRASE)
        place = Place(self.place, PASSPHRASE)
        ceremony.begin(self.keys, place, root_passphrases=HOLDERS, threshold=2, now=int(time.time()) - 3600)
        self._log = folder / "signer.log"

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start it and wait until it answers, or has ended."""
        with self._log.open("ab") as log:
            started = subprocess.Popen([*self.command(), *options], cwd=ROOT, env=self.environment(), stderr=log)
        for _ in range(600):
            if started.poll() is not None or self.is_up():
                break
            time.sleep(0.05)
        return started

    def command(self) -> list[str]:
        """The command line."""
        command = [sys.executable, "-m", "codeservice", "signer", "run", "--socket", str(self.socket)]
        command += ["--journal", str(self.journal), "--at", self.place, "--keys", str(self.keys)]
        return [*command, "--passphrase-file", str(self.passphrase_file), "--origin", ORIGIN]

    def environment(self) -> dict[str, str]:
        """The environment, of which it needs nothing of the service."""
        return {name: value for name, value in os.environ.items() if not name.startswith("CITY_")}

    def is_up(self) -> bool:
        """Whether somebody listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
            return True

    def said(self) -> str:
        """Everything that it has logged."""
        return self._log.read_text()


def sign_and_fork(uri: str, key: PublicKey, passphrase: bytes) -> None:
    """Open a key and sign in a process of its own, then in its child and in it at once, and in it again."""
    program = (
        "import os, sys; from keys.signer import open_signer; from keys.key import PublicKey, Purpose;"
        "uri, passphrase, kid, point = sys.argv[1:];"
        "key = PublicKey(bytes.fromhex(kid), 'ES256', Purpose.GRANT, bytes.fromhex(point), 0, 9, 9);"
        "signer = open_signer(uri, key, passphrase.encode);"
        "sign = lambda: key.verify(signer.sign(b'm', now=1), b'm');"
        "sign(); child = os.fork();"
        "sign();"
        "child or os._exit(0);"
        "sys.exit(os.waitpid(child, 0)[1] or sign())"
    )
    command = [sys.executable, "-c", program, uri, passphrase.decode(), key.kid.hex(), key.public.hex()]
    subprocess.run(command, check=True, cwd=ROOT, timeout=60)


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="city-signer-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _begin(ground: Ground, place: Place) -> None:
    shutil.rmtree(ground.keys, ignore_errors=True)
    now = ground.clock() - 3600
    ceremony.begin(ground.keys, place, root_passphrases=HOLDERS, threshold=2, now=now)
    # Root holders take their shares away.
    shutil.rmtree(ground.keys / ceremony.ROOTS)


def _secret(ground: Ground, secret: bytes) -> Path:
    path = ground.keys.parent / "passphrase"
    path.touch(0o600)
    path.write_bytes(secret)
    return path
