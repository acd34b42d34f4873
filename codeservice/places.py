"""Sets of places: kept as one bit each, carried in the smaller of two forms.

On the wire a set is `[count, k, gaps]` in Golomb-Rice coding, or `[bits]`, a bit array compressed as in a Token Status
List, or `[]`, which is empty. Scattered places are smaller as gaps, clustered ones as bits.

As gaps a set has one coding. As bits it has many, because every ZLIB compresses a little differently, and for the same
reason no reader can insist on the smaller form: two sets are compared as bit arrays, never as bytes.
"""

from collections.abc import Iterable

from codeservice import rice
from codeservice.status_list import StatusList, StatusListError

MAX_SIZE = 1 << 20
"""Places of the largest list."""

_SET_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


class PlacesError(Exception):
    """This is no set of places of that size."""


def bits_of(places: Iterable[int], size: int) -> bytes:
    """Make a bit array, the least significant bit first; raises PlacesError for a place beyond it."""
    array = bytearray(-(-size // 8))
    for place in places:
        if not 0 <= place < size:
            raise PlacesError("a place beyond the list")
        array[place >> 3] |= 1 << (place & 7)
    return bytes(array)


def places_of(array: bytes) -> list[int]:
    """Return the places of a bit array, ascending."""
    return [at * 8 + bit for at, byte in enumerate(array) if byte for bit in _SET_BITS[byte]]


def union(left: bytes, right: bytes) -> bytes:
    """Join two bit arrays of one size."""
    return (int.from_bytes(left) | int.from_bytes(right)).to_bytes(len(left))


def without(left: bytes, right: bytes) -> bytes:
    """Take the places of one bit array out of another of the same size."""
    return (int.from_bytes(left) & ~int.from_bytes(right)).to_bytes(len(left))


def changed(left: bytes, right: bytes) -> bytes:
    """Return the places that are in one bit array only; applied to either it gives the other."""
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))


def write(array: bytes) -> list[object]:
    """Write a bit array in the smaller form; of equals as gaps."""
    places = places_of(array)
    if not places:
        return []
    k, gaps = rice.encode(places)
    lst = StatusList(1, array).lst
    return [len(places), k, gaps] if len(gaps) <= len(lst) else [lst]


def read(form: object, size: int) -> bytes:
    """Read either form as a bit array of `size` places; raises PlacesError."""
    try:
        match form:
            case []:
                return bytes(-(-size // 8))
            case [int(count), int(k), bytes(gaps)] if type(count) is int and type(k) is int and count:
                return bits_of(rice.decode(gaps, k, count, size), size)
            case [bytes(lst)]:
                return _whole(StatusList.unpack(lst, 1).array, size)
            case _:
                raise PlacesError("neither of the two forms")
    except (rice.RiceError, StatusListError) as error:
        raise PlacesError("not a set of places") from error


def _whole(array: bytes, size: int) -> bytes:
    spare = -size % 8
    if len(array) != -(-size // 8) or (spare and array[-1] >> (8 - spare)):
        raise PlacesError("an array of another size")
    return array
