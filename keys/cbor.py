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
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_SMALLEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_FALSE, _TRUE = 0xF4, 0xF5


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


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:  # noqa: C901, PLR0911 -- a branch for each major type
    if at >= len(data):
        raise NotDeterministicError("truncated")
    initial = data[at]
    at += 1
    if initial < _INLINE:
        return initial, at
    major, number = initial >> 5, initial & 0x1F
    if major >= _TAG:
        if initial in (_FALSE, _TRUE):
            return initial == _TRUE, at
        raise NotDeterministicError("tags, floats, null and other simple values are not permitted")
    if number >= _INLINE:
        number, at = _long_head(data, at, number)
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


def _long_head(data: bytes, at: int, info: int) -> tuple[int, int]:
    width = _WIDTHS.get(info)
    if width is None:
        raise NotDeterministicError("indefinite or reserved length")
    end = at + width
    if end > len(data):
        raise NotDeterministicError("truncated")
    number = int.from_bytes(data[at:end])
    if number < _SMALLEST[info]:
        raise NotDeterministicError("not the shortest form")
    return number, end


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
        # A small number is its own byte; most elements are one, and a call costs more than reading it.
        if at < size and data[at] < _INLINE:
            value, at = data[at], at + 1
        else:
            value, at = _item(data, at, depth)
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
        if at < size and data[at] < _INLINE:
            key, at = data[at], at + 1
        else:
            key, at = _item(data, at, depth)
            # In Python 1 == True and lists do not hash: keys are integers or text, nothing else.
            if isinstance(key, bool) or not isinstance(key, int | str):
                raise NotDeterministicError("a map key is neither an integer nor text")
        encoded = data[start:at]
        if encoded <= previous:
            raise NotDeterministicError("map keys out of order or repeated")
        previous = encoded
        values[key], at = _item(data, at, depth)
    return values, at
