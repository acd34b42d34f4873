"""Signing at each place where keys can live, as a ratio to the bare signature of the library in the same run."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.code import Grant, Kind, write_grant
from keys import ceremony
from keys.algorithms import ES256
from keys.backends import process
from keys.ceremony import Place
from keys.errors import SignerError
from keys.key import PublicKey, Purpose
from keys.signer import open_signer

ROUNDS = 7
TOGETHER = 16
"""Messages of one request, as many as a phone may fetch at once, and callers at one time."""

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
SECRET = b"of a measurement"

FILE_BOUND = 1.6
"""Largest good ratio in a file: deriving the nonce (RFC 6979) and halving s are all that comes on top."""


@dataclass(frozen=True)
class _Way:
    """One way to sign: `repeats` calls make a round, each of which signs `messages`."""

    name: str
    call: Callable[[], object]
    repeats: int
    messages: int = 1


def measure() -> bool:
    """Print the ratios; True when the one that only computes is within its bound. Disks and modules have none."""
    good = True
    bare_key = ec.generate_private_key(ec.SECP256R1())
    algorithm = ec.ECDSA(hashes.SHA256())

    def bare() -> None:
        bare_key.sign(b"m" * 150, algorithm)

    with ExitStack() as closing:
        for way in _ways(closing):
            pairs = [
                (_microseconds(way.call, way.repeats) / way.messages, _microseconds(bare, 1000)) for _ in range(ROUNDS)
            ]
            ratio = statistics.median(first / second for first, second in pairs)
            cost = statistics.median(first for first, _ in pairs)
            verdict = ""
            if way.name == "file":
                good = ratio <= FILE_BOUND
                verdict = f", bound {FILE_BOUND}  {'ok' if good else 'ABOVE THE BOUND'}"
            print(f"  {way.name:<44} {cost:8.1f} us a signature, ratio {ratio:6.2f}{verdict}", flush=True)
    print(f"  to the bare signature of the library, medians of {ROUNDS} rounds", flush=True)
    return good


def _ways(closing: ExitStack) -> Iterator[_Way]:
    folder = Path(tempfile.mkdtemp(prefix="city-bench-"))
    closing.callback(shutil.rmtree, folder, ignore_errors=True)
    yield from _through("file", (folder / "signing").as_uri(), SECRET, folder, closing)
    try:
        uri = _token(folder)
        yield from _through("pkcs11 (SoftHSM)", uri, SECRET, folder, closing)
    except SignerError as error:
        print(f"  pkcs11 (SoftHSM): not measured, because {error}", flush=True)


def _through(name: str, uri: str, secret: bytes, folder: Path, closing: ExitStack) -> Iterator[_Way]:
    own = folder / name.partition(" ")[0]
    now = int(time.time())
    place = Place(uri, secret)
    begun = ceremony.begin(own, place, root_passphrases={"one": secret}, threshold=1, now=now - 100)
    key = begun.signing(Purpose.GRANT, now)[0]
    signer = open_signer(uri, key, lambda: secret)
    messages = [_message(key, number, now) for number in range(TOGETHER)]

    def one() -> None:
        process.sign_all(address, key, messages[:1])

    def batch() -> None:
        process.sign_all(address, key, messages)

    yield _Way(name, lambda: signer.sign(messages[0], now=now), 200)
    try:
        address = closing.enter_context(_signer_process(own, uri, secret))
    except SignerError as error:
        print(f"  process before {name}: not measured, because {error}", flush=True)
        return
    pool = closing.enter_context(ThreadPoolExecutor(TOGETHER))
    yield _Way(f"process before {name}", one, 100)
    yield _Way(f"process before {name}, {TOGETHER} in a request", batch, 10, TOGETHER)
    yield _Way(f"process before {name}, {TOGETHER} callers", lambda: _at_once(pool, one), 10, TOGETHER)


@contextmanager
def _signer_process(folder: Path, uri: str, secret: bytes) -> Iterator[str]:
    passphrase, address = folder / "passphrase", folder / "signer.sock"
    passphrase.touch(0o600)
    passphrase.write_bytes(secret)
    command = [sys.executable, "-m", "codeservice", "signer", "run", "--socket", str(address), "--at", uri]
    command += ["--keys", str(folder), "--journal", str(folder / "journal"), "--passphrase-file", str(passphrase)]
    with (folder / "signer.log").open("wb") as log:
        started = subprocess.Popen(command, stderr=log)
    try:
        for _ in range(400):
            if address.exists() or started.poll() is not None:
                break
            time.sleep(0.05)
        if not address.exists():
            raise SignerError((folder / "signer.log").read_text()[-200:])
        yield str(address)
    finally:
        started.terminate()
        started.wait(30)


def _token(folder: Path) -> str:
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    tool = shutil.which("softhsm2-util")
    if tool is None or not MODULE.exists():
        raise SignerError("SoftHSM is not installed; setup/softhsm.sh does it")
    command = [
        tool,
        "--init-token",
        "--free",
        "--label",
        "bench",
        "--so-pin",
        SECRET.decode(),
        "--pin",
        SECRET.decode(),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return f"pkcs11:token=bench?module-path={MODULE}"


def _message(key: PublicKey, number: int, now: int) -> bytes:
    messages: list[bytes] = []

    def sign(message: bytes) -> bytes:
        messages.append(message)
        return b""

    grant = Grant(300, number, 31, {1: 3, 2: 1, 3: 1}, now, now + 86_400, key.public)
    write_grant(Kind.DEVICE, grant, key=key, algorithm=ES256, sign=sign)
    return messages[0]


def _at_once(pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    for done in [pool.submit(work) for _ in range(TOGETHER)]:
        done.result()


def _microseconds(work: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats * 1e6
