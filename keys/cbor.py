"""Deterministic CBOR (RFC 8949 section 4.2): a strict, total reader and the matching writer.

Only what signed structures of this project need: integers of at most 64 bits, byte strings, text, arrays, maps and
the two booleans. Tags, floats, null, indefinite lengths, non-minimal heads, unordered or repeated map keys, depth
above `MAX_DEPTH` and trailing bytes are refused, because each of them gives one meaning two encodings.
"""

from typing import Any

import cbor2

from keys.errors import NotDeterministicError

MAX_DEPTH = 5
"""Deepest nesting of any structure that is read; the format itself needs four."""

_INLINE = 24
_ONE_BYTE: tuple[int | None, ...] = (
    *range(_INLINE),
    *(None,) * 8,
    *range(-1, -1 - _INLINE, -1),
    *(None,) * 188,
    False,
    True,
    *(None,) * 10,
)
"""What a first byte means that is a whole item: a small number or a boolean. Most items of a grant are one byte."""

_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_SMALLEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)


def dumps(value: object) -> bytes:
    """Write `value` in core deterministic encoding.

    cbor2's own canonical mode sorts map keys by length first (RFC 7049); RFC 8949 sorts them by bytes.
    """
    return cbor2.dumps(_ordered(value))


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=cbor2.dumps)}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    return value


def loads(data: bytes) -> Any:
    """Read exactly one item that fills `data`.

    Raises NotDeterministicError for everything else; never another exception.
    """
    value, end = _item(data, 0, MAX_DEPTH)
    if end != len(data):
        raise NotDeterministicError("trailing bytes")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:  # noqa: C901, PLR0911, PLR0912 -- a branch for each major type
    if at >= len(data):
        raise NotDeterministicError("truncated")
    initial = data[at]
    at += 1
    value = _ONE_BYTE[initial]
    if value is not None:
        return value, at
    major, number = initial >> 5, initial & 0x1F
    if major >= _TAG:
        raise NotDeterministicError("tags, floats, null and other simple values are not permitted")
    if number >= _INLINE:
        # Not a function of its own: most of what remains has a long head, and the call costs more than the work.
        start, smallest = at, _SMALLEST.get(number)
        if smallest is None:
            raise NotDeterministicError("indefinite or reserved length")
        at += _WIDTHS[number]
        number = int.from_bytes(data[start:at])
        if number < smallest or at > len(data):
            raise NotDeterministicError("truncated, or not the shortest form")
    if major == _UNSIGNED:
        return number, at
    if major == _BYTES:
        end = at + number
        if end > len(data):
            raise NotDeterministicError("truncated")
        return data[at:end], end
    if major == _NEGATIVE:
        return -1 - number, at
    if major == _TEXT:
        return _text(data, at, number)
    if depth == 0:
        raise NotDeterministicError("nested too deeply")
    if major == _ARRAY:
        return _array(data, at, number, depth - 1)
    return _map(data, at, number, depth - 1)


def _text(data: bytes, at: int, length: int) -> tuple[str, int]:
    end = at + length
    if end > len(data):
        raise NotDeterministicError("truncated")
    try:
        return data[at:end].decode(), end
    except UnicodeDecodeError as error:
        raise NotDeterministicError("text is not UTF-8") from error


def _array(data: bytes, at: int, length: int, depth: int) -> tuple[list[Any], int]:
    # Every element takes at least one byte, so an honest length never exceeds what is left.
    size = len(data)
    if length > size - at:
        raise NotDeterministicError("truncated")
    values = []
    for _ in range(length):
        # A call costs more than reading one byte.
        value = _ONE_BYTE[data[at]] if at < size else None
        if value is None:
            value, at = _item(data, at, depth)
        else:
            at += 1
        values.append(value)
    return values, at


def _map(data: bytes, at: int, length: int, depth: int) -> tuple[dict[Any, Any], int]:
    size = len(data)
    if length * 2 > size - at:
        raise NotDeterministicError("truncated")
    values: dict[Any, Any] = {}
    previous = b""
    for _ in range(length):
        start = at
        key = _ONE_BYTE[data[at]] if at < size else None
        if key is None:
            key, at = _item(data, at, depth)
        else:
            at += 1
        # In Python 1 == True and lists do not hash: keys are integers or text, nothing else.
        if type(key) is not int and type(key) is not str:
            raise NotDeterministicError("a map key is neither an integer nor text")
        encoded = data[start:at]
        if encoded <= previous:
            raise NotDeterministicError("map keys out of order or repeated")
        previous = encoded
        value = _ONE_BYTE[data[at]] if at < size else None
        if value is None:
            value, at = _item(data, at, depth)
        else:
            at += 1
        values[key] = value
    return values, at
