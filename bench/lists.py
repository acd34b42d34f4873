"""Snapshots of five million places: bytes against the entropy bound, time and memory against a bare baseline."""

import math
import random
import statistics
import time
import tracemalloc
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from codeservice import places, rice
from codeservice.snapshot import DELTA_AAD, SNAPSHOT_AAD, Marks, Snapshot, accept, sign, write_delta, write_snapshot
from codeservice.status_list import StatusList
from keys import rotation
from keys.algorithms import ES256
from keys.key import PublicKey, Purpose, kid_of
from keys.signer import KeySigner
from keys.trustlist import Root, TrustList

NOW = 1_800_000_000
HOUR = 3600
LISTS, SIZE = 5, 1_000_000
REVOKED = LISTS * SIZE // 100
CHANGES = 500
RUN = 50
"""Places of one run, as when all grants of a stolen batch are revoked."""

ROUNDS = 5
SEED = 2027

STATUS_LIST_BOUND = 1.4
"""Largest good ratio of Token Status Lists to the entropy: DEFLATE codes bytes, not gaps."""

SNAPSHOT_BOUND = 1.02
"""Largest good ratio of a signed snapshot to the entropy: what Rice coding loses, and a few heads."""

DELTA_BOUND = 1100
"""Largest good delta of 500 revocations, in bytes, with its signature."""


@dataclass(frozen=True)
class Size:
    """One figure in bytes, with its ratio to the entropy. `limit` bounds the ratio, or the bytes if there is none."""

    name: str
    size: int
    ratio: float | None = None
    limit: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether the bound holds, or there is none."""
        return self.limit is None or (self.size if self.ratio is None else self.ratio) <= self.limit

    def __str__(self) -> str:
        """One line for people."""
        ratio = "" if self.ratio is None else f", ratio {self.ratio:.3f}"
        verdict = "" if self.limit is None else f", bound {self.limit}  {'ok' if self.is_good else 'ABOVE THE BOUND'}"
        return f"  {self.name:<44} {self.size:>8} bytes{ratio}{verdict}"


def measure() -> bool:
    """Print the figures; True when every size is within its bound. Times and memory have none."""
    found = sizes()
    for figure in found:
        print(figure, flush=True)
    print(
        f"  ratios to the entropy bound of {_entropy(REVOKED):.0f} bytes: {REVOKED} of {LISTS * SIZE} places at random"
    )
    _print_costs()
    return all(figure.is_good for figure in found)


def sizes() -> list[Size]:
    """Return every figure in bytes; a fixed seed makes them the same each time, but for the ZLIB of the machine."""
    city = _City()
    chance = random.Random(SEED)
    bound = _entropy(REVOKED)
    scattered = lists_of(chance.sample(range(LISTS * SIZE), REVOKED))
    whole = city.snapshot(scattered, NOW - 1)
    change = city.delta(city.accept(None, whole), _joined(scattered, chance.sample(range(LISTS * SIZE), CHANGES)), NOW)
    clustered = lists_of(_runs(chance))
    packed = sum(len(StatusList(1, marks.revoked).lst) for marks in scattered.values())
    return [
        Size("Token Status Lists", packed, packed / bound, STATUS_LIST_BOUND),
        Size("signed snapshot", len(whole), len(whole) / bound, SNAPSHOT_BOUND),
        Size(f"signed delta of {CHANGES} revocations", len(change), None, DELTA_BOUND),
        Size(f"signed snapshot, runs of {RUN}", len(city.snapshot(clustered, NOW))),
        Size("  the same places as bits", sum(len(StatusList(1, marks.revoked).lst) for marks in clustered.values())),
        Size("  the same places as gaps", sum(len(_gaps(marks.revoked)) for marks in clustered.values())),
    ]


class _City:
    """A status key, and a verifier's trust in it."""

    def __init__(self) -> None:
        pair, root = ES256.generate(), ES256.generate()
        times = NOW - 100, NOW + 10**6, NOW + 2 * 10**6
        key = PublicKey(kid_of(ES256.name, pair.public), ES256.name, Purpose.STATUS, pair.public, *times)
        self._signer = KeySigner(key, pair.sign)
        self._trust_list: TrustList = rotation.begin(
            (Root(ES256.name, root.public),), 1, [key], now=NOW - 100, lifetime=10**6
        )

    def snapshot(self, lists: Mapping[int, Marks], version: int) -> bytes:
        return self.sign(write_snapshot(version, version + HOUR, lists), SNAPSHOT_AAD)

    def delta(self, before: Snapshot, lists: Mapping[int, Marks], version: int) -> bytes:
        return self.sign(write_delta(before, version, version + HOUR, lists), DELTA_AAD)

    def sign(self, payload: bytes, aad: bytes) -> bytes:
        return sign(payload, aad, signer=self._signer, now=NOW)

    def accept(self, current: Snapshot | None, data: bytes) -> Snapshot:
        return accept(current, data, trust_list=self._trust_list, now=NOW)


def _print_costs() -> None:
    city = _City()
    chance = random.Random(SEED)
    lists = lists_of(chance.sample(range(LISTS * SIZE), REVOKED))
    after = _joined(lists, chance.sample(range(LISTS * SIZE), CHANGES))
    payload = write_snapshot(NOW - 1, NOW - 1 + HOUR, lists)
    whole = city.sign(payload, SNAPSHOT_AAD)
    state = city.accept(None, whole)
    change = city.delta(state, after, NOW)
    packed = [zlib.compress(marks.revoked, zlib.Z_BEST_COMPRESSION) for marks in lists.values()]

    def deflate() -> None:
        for marks in lists.values():
            zlib.compress(marks.revoked, zlib.Z_BEST_COMPRESSION)

    def bare_sign() -> None:
        bare_key.sign(payload, ecdsa)

    def inflate() -> None:
        for data in packed:
            zlib.decompress(data)

    bare_key, ecdsa = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    works: tuple[tuple[str, Callable[[], object], str, Callable[[], object]], ...] = (
        ("snapshot: building", lambda: write_snapshot(NOW, NOW + HOUR, lists), "bare zlib", deflate),
        ("snapshot: signing", lambda: city.sign(payload, SNAPSHOT_AAD), "bare signing", bare_sign),
        ("snapshot: applying", lambda: city.accept(None, whole), "bare inflating", inflate),
        (f"delta of {CHANGES}: building", lambda: write_delta(state, NOW, NOW + HOUR, after), "bare zlib", deflate),
        (f"delta of {CHANGES}: applying", lambda: city.accept(state, change), "bare inflating", inflate),
    )
    for name, work, bare_name, bare in works:
        # Alternating rounds share whatever else the machine is doing.
        pairs = [(_milliseconds(work), _milliseconds(bare)) for _ in range(ROUNDS)]
        ratio = statistics.median(first / second for first, second in pairs)
        cost = statistics.median(first for first, _ in pairs)
        peak = _peak(work) / 2**20
        print(f"  {name:<28} {cost:8.2f} ms, ratio {ratio:6.2f} to {bare_name:<15} peak {peak:5.1f} MB", flush=True)
    print(f"  to zlib of the same bit arrays and to the library's signature, medians of {ROUNDS} rounds", flush=True)


def lists_of(revoked: list[int]) -> dict[int, Marks]:
    """Make the lists in which these places, numbered through all lists, are revoked."""
    nobody = bytes(-(-SIZE // 8))
    return _joined({id_: Marks(SIZE, nobody, nobody) for id_ in range(LISTS)}, revoked)


def _joined(lists: Mapping[int, Marks], revoked: list[int]) -> dict[int, Marks]:
    """Revoke more places, numbered through all lists."""
    of_list: dict[int, list[int]] = {id_: [] for id_ in lists}
    for place in revoked:
        of_list[place // SIZE].append(place % SIZE)
    return {
        id_: marks._replace(revoked=places.union(marks.revoked, places.bits_of(of_list[id_], SIZE)))
        for id_, marks in lists.items()
    }


def _runs(chance: random.Random) -> list[int]:
    """As many places as are revoked at random, side by side."""
    starts = chance.sample(range(LISTS * SIZE // RUN), REVOKED // RUN)
    return [start * RUN + place for start in starts for place in range(RUN)]


def _gaps(array: bytes) -> bytes:
    return rice.encode(places.places_of(array))[1]


def _entropy(revoked: int) -> float:
    """Bytes that no coding of so many places at random goes below (Shannon 1948): N H(p) / 8."""
    count = LISTS * SIZE
    share = revoked / count
    return -count * (share * math.log2(share) + (1 - share) * math.log2(1 - share)) / 8


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def _peak(work: Callable[[], object]) -> int:
    """Return the most bytes that were allocated at one time on top of what was there."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
