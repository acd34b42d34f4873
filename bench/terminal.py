"""The terminal runtime with lists for five million grants: start, memory, verification, from a line to its answer."""

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.terminal.bundle import Bundle
from adapters.terminal.clock import Anchor, LinuxMachine
from adapters.terminal.enrolment import Identity, open_store
from bench.lists import LISTS, REVOKED, SEED, SIZE, lists_of
from codeservice.code import Grant, write_device_code
from codeservice.issuer import issue
from codeservice.profile import Profile, write_profile
from codeservice.snapshot import write_snapshot
from keys import rotation, trustlist
from keys.algorithms import ES256
from keys.key import PublicKey, Purpose, kid_of
from keys.signer import KeySigner
from keys.trustlist import Root

ROOT = Path(__file__).resolve().parent.parent
SCANS = 400
STARTS = 5

START_BOUND, MEMORY_BOUND, VERIFY_BOUND, LINE_BOUND = 2.0, 80.0, 5.0, 30.0
"""Seconds to the first answer, MB, milliseconds at the 99th percentile, and milliseconds in the median."""

_IN_THE_LIBRARY = """
import json, sys, time
from pathlib import Path
from adapters.terminal.opening import open_terminal

texts = Path(sys.argv[2]).read_text().split()
with open_terminal(Path(sys.argv[1])) as terminal:
    first = terminal.scan("9100")
    ready = time.time()
    bundle, clock = terminal._bundle, terminal._clock
    verifier, policy = terminal._verifier_of(bundle.profile), terminal._policy().checks
    costs = []
    for text in texts:
        begin = time.perf_counter()
        proved = verifier.verify(text, policy=policy, now=clock.now())
        assert bundle.snapshot.status(proved.grant.list, proved.grant.idx) == 0
        costs.append((time.perf_counter() - begin) * 1e3)
    print(json.dumps({"ready": ready, "costs": costs, "first": first.reason}))
"""
_BARE = "import sqlite3, ssl, msgspec, jwt, cryptography.hazmat.primitives.asymmetric.ec, time; print(time.time())"


def measure() -> bool:
    """Print the figures; True when all are within their bounds."""
    with tempfile.TemporaryDirectory(prefix="city-terminal-") as folder:
        path = Path(folder)
        bench = _Outpost(path)
        good = _print_start(bench, path)
        return _print_lines(bench, path) and good


def _print_start(bench: "_Outpost", path: Path) -> bool:
    texts = path / "codes"
    pairs = []
    said: dict[str, Any] = {}
    for _ in range(STARTS):
        texts.write_text("\n".join(bench.codes(SCANS)))
        begin = time.time()
        said = json.loads(_python("-c", _IN_THE_LIBRARY, str(path), str(texts)))
        assert said["first"] == "malformed"
        pairs.append((said["ready"] - begin, _bare_start()))
    seconds, bare = (statistics.median(pair[number] for pair in pairs) for number in (0, 1))
    costs = sorted(said["costs"])
    p99 = costs[len(costs) * 99 // 100]
    print(f"  lists for {LISTS * SIZE} places, {REVOKED} of them revoked")
    ratio = statistics.median(first / second for first, second in pairs)
    rows = (
        (
            "start to the first stored answer",
            seconds,
            "s",
            START_BOUND,
            f"{ratio:.1f} times the bare imports, {bare:.2f} s",
        ),
        (
            "verification in the library, p99",
            p99,
            "ms",
            VERIFY_BOUND,
            f"median {statistics.median(costs):.2f} ms, no grant cached",
        ),
    )
    return _print(rows)


def _bare_start() -> float:
    begin = time.time()
    return float(_python("-c", _BARE)) - begin


def _print_lines(bench: "_Outpost", path: Path) -> bool:
    program = subprocess.Popen(
        [sys.executable, "-m", "adapters.terminal", "run", "--data", str(path), "--input", "lines", "--output", "json"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    costs = []
    with program:
        for code in ["9100", *bench.codes(SCANS)]:
            begin = time.perf_counter()
            program.stdin.write(code + "\n")
            program.stdin.flush()
            answer = _answer(program.stdout)
            costs.append((time.perf_counter() - begin) * 1e3)
            assert code == "9100" or answer["decision"] == "accepted", answer
        memory = _memory(program.pid)
        program.stdin.close()
    costs = sorted(costs[1:])
    median, p99 = statistics.median(costs), costs[len(costs) * 99 // 100]
    bare = _bare_commit(path)
    note = f"p99 {p99:.1f} ms; {median / bare:.1f} times a bare row with a full sync, {bare:.2f} ms"
    return _print(
        (
            ("from line to answer, stored and synced", median, "ms", LINE_BOUND, note),
            ("memory, at its highest", memory, "MB", MEMORY_BOUND, f"resident, of the whole program, {SCANS} scans"),
        )
    )


def _memory(process: int) -> float:
    """Return the most memory that a process has had resident, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _answer(stream: Any) -> dict[str, Any]:
    while True:
        line = json.loads(stream.readline())
        if "decision" in line:
            return dict(line)


def _bare_commit(path: Path) -> float:
    connection = sqlite3.connect(path / "bare.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE scan (seq INTEGER PRIMARY KEY, sealed BLOB)")
    costs = []
    for _ in range(SCANS):
        begin = time.perf_counter()
        connection.execute("INSERT INTO scan (sealed) VALUES (?)", (os.urandom(160),))
        costs.append((time.perf_counter() - begin) * 1e3)
    connection.close()
    return statistics.median(costs)


def _print(rows: tuple[tuple[str, float, str, float, str], ...]) -> bool:
    for name, value, unit, bound, note in rows:
        verdict = "ok" if value <= bound else "ABOVE THE BOUND"
        print(f"  {name:<40} {value:7.2f} {unit}, bound {bound:g}  {verdict}  ({note})", flush=True)
    return all(value <= bound for _, value, _, bound, _ in rows)


def _python(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


class _Outpost:
    """A bus validator in a folder, as an enrolment and a contact have left it a moment ago."""

    def __init__(self, folder: Path) -> None:
        self.now = int(time.time())
        root, status, own = ES256.generate(), ES256.generate(), ec.generate_private_key(ec.SECP256R1())
        self._issuer = ES256.generate()
        times = self.now - 100, self.now + 10**6, self.now + 2 * 10**6
        keys = [
            PublicKey(kid_of(ES256.name, pair.public), ES256.name, purpose, pair.public, *times)
            for pair, purpose in ((self._issuer, Purpose.GRANT), (status, Purpose.STATUS))
        ]
        self._key = keys[0]
        holder = Root(ES256.name, root.public)
        trust_list = rotation.begin((holder,), 1, keys, now=self.now - 100, lifetime=10**6)
        signed = trustlist.sign(trustlist.write(trust_list), [(holder, root.sign)])
        folder.chmod(0o700)
        key = folder / "key.pem"
        key.touch(0o600)
        key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        # A port that nobody serves: the terminal is alone.
        identity = Identity("http://127.0.0.1:9", "bus-1", "bus", 1, "0" * 32)
        (folder / "terminal.json").write_text(json.dumps(asdict(identity)))
        self._revoked = random.Random(SEED).sample(range(LISTS * SIZE), REVOKED)
        state = write_snapshot(self.now, self.now + 24 * 3600, lists_of(self._revoked))
        profile = Profile(
            self.now,
            self.now + 24 * 3600,
            "bus-1",
            "bus",
            "line-1",
            "Line 1",
            "City bus",
            "http://127.0.0.1:9",
            86400,
            10**6,
            10**6,
        )
        machine = LinuxMachine()
        anchor = Anchor(float(self.now), machine.steady(), machine.boot())
        store = open_store(folder)
        with store.transaction():
            store.put("state", state)
            store.put("profile", write_profile(profile))
            store.put("clock", json.dumps(asdict(anchor) | {"mark": self.now}).encode())
        Bundle(store).begin(signed, trust_list)
        store.close()
        self._free = iter(sorted(set(range(SIZE)) - set(self._revoked)))

    def codes(self, count: int) -> list[str]:
        """Return codes of this moment, each of a grant of its own."""
        return [self._code(next(self._free)) for _ in range(count)]

    def _code(self, idx: int) -> str:
        device, now = ES256.generate(), int(time.time())
        grant = Grant(0, idx, 31, {1: 1, 2: 1, 3: 1}, now - 60, now + 80_000, device.public)
        signed = issue(grant, signer=KeySigner(self._key, self._issuer.sign), now=now)
        return write_device_code(signed, iat=now, algorithm=ES256, sign=device.sign)
