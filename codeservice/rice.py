"""Golomb-Rice coding of a sparse set of places: the gaps between them, each as a unary part and `k` bits.

For gaps that fall as they please this comes within a percent of the entropy (Golomb 1966, Rice 1971). One set has one
coding, and no other is read: `k` is the one that gives the fewest bits, the smallest of equals, and the spare bits of
the last byte are zero. So a coding never has more bits than the list has places, because `k` = 0 has no more.
"""

MAX_PARAMETER = 24
"""Largest `k` that is read: gaps of sixteen million."""

_BYTE = 8


class RiceError(Exception):
    """Bytes are not the coding of a set of places."""


def encode(places: list[int]) -> tuple[int, bytes]:
    """Code ascending, distinct places; returns `k` and the bytes. Raises RiceError for another order."""
    gaps = _gaps(places)
    if any(gap < 0 for gap in gaps):
        raise RiceError("places are not ascending and distinct")
    k = _parameter(gaps)
    low = (1 << k) - 1
    bits = "".join(f"{'1' * (gap >> k)}0{gap & low:0{k}b}" if k else "1" * gap + "0" for gap in gaps)
    size = -(-len(bits) // 8)
    return k, int(bits.ljust(size * 8, "0") or "0", 2).to_bytes(size)


def decode(data: bytes, k: int, count: int, size: int) -> list[int]:
    """Read `count` places below `size`; raises RiceError for anything that `encode` does not write."""
    if not 0 <= k <= MAX_PARAMETER or not 0 <= count <= min(size, 8 * len(data)):
        raise RiceError("parameters out of range")
    if len(data) > -(-size // 8):
        raise RiceError("more bits than places")
    bits = f"{int.from_bytes(data):0{8 * len(data)}b}" if data else ""
    places, at, place = [], 0, -1
    for _ in range(count):
        end = bits.find("0", at)
        stop = end + 1 + k
        if end < 0 or stop > len(bits):
            raise RiceError("cut short")
        place += 1 + ((end - at) << k) + (int(bits[end + 1 : stop], 2) if k else 0)
        if place >= size:
            raise RiceError("a place beyond the list")
        places.append(place)
        at = stop
    if len(bits) - at >= _BYTE or "1" in bits[at:]:
        raise RiceError("bytes behind the end")
    if k != _parameter(_gaps(places)):
        raise RiceError("another k would take fewer bits")
    return places


def _gaps(places: list[int]) -> list[int]:
    return [place - before - 1 for before, place in zip([-1, *places], places, strict=False)]


def _parameter(gaps: list[int]) -> int:
    # One more bit each pays while it takes more than that from the unary parts; what it takes only falls with k.
    k = 0
    while k < MAX_PARAMETER and sum((gap >> k) + 1 >> 1 for gap in gaps) > len(gaps):
        k += 1
    return k
