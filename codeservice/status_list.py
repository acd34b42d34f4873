"""The Token Status List (draft-ietf-oauth-status-list): many statuses in one compressed array. Signs nothing.

A status takes 1, 2, 4 or 8 bits; the first stands in the least significant bits of the first byte (section 4.1). The
array is compressed as DEFLATE in the ZLIB format. The claim `status_list` holds it as base64url in JSON (section 4.2)
and as a byte string in CBOR (section 4.3).
"""

import base64
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

WIDTHS = (1, 2, 4, 8)
"""Bits that a status may take."""

MAX_BYTES = 1 << 20
"""Bytes of the largest array that is written or read: a byte for each place of the largest list that is issued."""

_MAX_COMPRESSED = MAX_BYTES + (1 << 12)
"""What does not compress grows by less than a thousandth (RFC 1951 section 3.2.4)."""

_MAX_TEXT = _MAX_COMPRESSED * 4 // 3 + 3
_BEST = 9
"""The strongest compression: a list is written once and fetched by every verifier."""

_BITS, _LST, _AGGREGATION = "bits", "lst", "aggregation_uri"


class StatusListError(Exception):
    """This is no status list, or one that is too large."""


class PlaceError(StatusListError):
    """The list has no such place. That is no status: who asks must not take it for valid."""


@dataclass(frozen=True)
class StatusList:
    """The statuses of a list by place. `bits` is the width of each, `array` the uncompressed bytes."""

    bits: int
    array: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise StatusListError for a width that does not exist and for an array above the bound."""
        _require_width(self.bits)
        if len(self.array) > MAX_BYTES:
            raise StatusListError("too large")

    @classmethod
    def pack(cls, statuses: Iterable[int], bits: int) -> "StatusList":
        """Make a list of statuses in the order of their places; raises StatusListError for one that is too wide.

        The last byte is filled with zeros: its spare places read as valid and are never issued.
        """
        _require_width(bits)
        array = bytearray()
        share = 8 // bits
        for idx, status in enumerate(statuses):
            if not 0 <= status < 1 << bits:
                raise StatusListError("a status does not fit its bits")
            place = idx % share
            if place == 0:
                array.append(0)
            if len(array) > MAX_BYTES:
                raise StatusListError("too large")
            array[-1] |= status << place * bits
        return cls(bits, bytes(array))

    @classmethod
    def unpack(cls, lst: bytes, bits: int) -> "StatusList":
        """Read a compressed array; raises StatusListError. Never unfolds more than MAX_BYTES."""
        if len(lst) > _MAX_COMPRESSED:
            raise StatusListError("too large")
        stream = zlib.decompressobj()
        try:
            array = stream.decompress(lst, MAX_BYTES + 1)
        except zlib.error as error:
            raise StatusListError("not in the ZLIB format") from error
        if len(array) > MAX_BYTES:
            raise StatusListError("too large")
        if not stream.eof or stream.unused_data:
            raise StatusListError("cut short, or bytes behind the end")
        return cls(bits, array)

    @classmethod
    def from_json(cls, claim: object) -> "StatusList":
        """Read the claim `status_list` of a JWT; raises StatusListError."""
        bits, lst = _members(claim)
        if not isinstance(lst, str) or len(lst) > _MAX_TEXT:
            raise StatusListError("lst is no text, or too large")
        return cls.unpack(_decode(lst), bits)

    @classmethod
    def from_cbor(cls, claim: object) -> "StatusList":
        """Read the claim `status_list` of a CWT, taken out of its CBOR; raises StatusListError."""
        bits, lst = _members(claim)
        if not isinstance(lst, bytes):
            raise StatusListError("lst is no byte string")
        return cls.unpack(lst, bits)

    @property
    def lst(self) -> bytes:
        """The compressed array."""
        return zlib.compress(self.array, _BEST)

    def json_claim(self) -> dict[str, object]:
        """Return the claim `status_list` for a JWT."""
        return {_BITS: self.bits, _LST: _encode(self.lst)}

    def cbor_claim(self) -> dict[str, object]:
        """Return the claim `status_list` for a CWT, ready to be written as CBOR."""
        return {_BITS: self.bits, _LST: self.lst}

    def __len__(self) -> int:
        """Count the places, those of a filled last byte included."""
        return len(self.array) * (8 // self.bits)

    def get(self, idx: int) -> int:
        """Return the status at a place; raises PlaceError where there is none."""
        if not 0 <= idx < len(self):
            raise PlaceError("the list has no such place")
        byte, place = divmod(idx, 8 // self.bits)
        return self.array[byte] >> place * self.bits & (1 << self.bits) - 1


def _require_width(bits: int) -> None:
    # True equals 1, and a claim that says true says nothing.
    if isinstance(bits, bool) or bits not in WIDTHS:
        raise StatusListError("bits is not 1, 2, 4 or 8")


def _members(claim: object) -> tuple[int, object]:
    """Take the claim apart; where other lists of the issuer stand (section 9.3) is not asked here."""
    if not isinstance(claim, dict) or claim.keys() - {_AGGREGATION} != {_BITS, _LST}:
        raise StatusListError("not a status_list of this format")
    bits = claim[_BITS]
    if not isinstance(bits, int):
        raise StatusListError("bits is no number")
    return bits, claim[_LST]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Read base64url without padding (RFC 7515 section 2) in its one form."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise StatusListError("lst is no base64url") from error
    # The standard decoder drops characters that it does not know; writing again shows whether it did.
    if _encode(data) != text:
        raise StatusListError("lst is no base64url")
    return data
