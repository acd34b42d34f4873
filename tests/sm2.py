"""A second SM2 (GB/T 32918.2) from the standard's own formulas: slow, of the default identity, and the same each run.

Nonces come from key and message as in RFC 6979 with SM3, so that vectors can be rebuilt. The hash is OpenSSL's.
"""

from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC

Point = tuple[int, int]

PRIME = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
A = PRIME - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
BASE = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
IDENTITY = b"1234567812345678"

EXAMPLE_PRIVATE = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
"""GB/T 32918.5 appendix A, with the three below."""

EXAMPLE_NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
EXAMPLE_MESSAGE = b"message digest"
EXAMPLE_SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def sm3(*parts: bytes) -> bytes:
    """Hash."""
    digest = Hash(SM3())
    for part in parts:
        digest.update(part)
    return digest.finalize()


def add(left: Point | None, right: Point | None) -> Point | None:
    """Add two points; None is the point at infinity."""
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % PRIME == 0:
        return None
    over, under = (3 * x1 * x1 + A, 2 * y1) if left == right else (y2 - y1, x2 - x1)
    slope = over * pow(under, -1, PRIME) % PRIME
    x = (slope * slope - x1 - x2) % PRIME
    return x, (slope * (x1 - x) - y1) % PRIME


def multiply(number: int, point: Point) -> Point:
    """Add a point to itself."""
    result: Point | None = None
    doubled: Point | None = point
    for bit in range(number.bit_length()):
        if number >> bit & 1:
            result = add(result, doubled)
        doubled = add(doubled, doubled)
    assert result is not None
    return result


def compressed(point: Point) -> bytes:
    """Write as 33 bytes."""
    return bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32)


def identity_hash(public: Point, identity: bytes = IDENTITY) -> bytes:
    """Return Z (section 5.5)."""
    numbers = (A, B, *BASE, *public)
    return sm3((8 * len(identity)).to_bytes(2), identity, *(number.to_bytes(32) for number in numbers))


def digest(message: bytes, public: Point, identity: bytes = IDENTITY) -> int:
    """Return e (section 6.1, A1 and A2)."""
    return int.from_bytes(sm3(identity_hash(public, identity), message))


def sign(private: int, message: bytes, *, nonce: int | None = None, identity: bytes = IDENTITY) -> bytes:
    """Sign (section 6.1) under a nonce, or under the one that follows from key and message."""
    e = digest(message, multiply(private, BASE), identity)
    k = _nonce(private, e) if nonce is None else nonce
    r = (e + multiply(k, BASE)[0]) % ORDER
    s = pow(1 + private, -1, ORDER) * (k - r * private) % ORDER
    assert r
    assert s
    assert r + k != ORDER
    return written(r, s)


def written(r: int, s: int) -> bytes:
    """Write a signature as the format has it."""
    return r.to_bytes(32) + s.to_bytes(32)


def is_signed(signature: bytes, message: bytes, public: Point, identity: bytes = IDENTITY) -> bool:
    """Verify (section 7.1)."""
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    t = (r + s) % ORDER
    if not (0 < r < ORDER and 0 < s < ORDER and t):
        return False
    point = add(multiply(s, BASE), multiply(t, public))
    return point is not None and (digest(message, public, identity) + point[0]) % ORDER == r


def _nonce(private: int, e: int) -> int:
    # RFC 6979 section 3.2 with HMAC-SM3; the order has as many bits as the hash.
    seed = private.to_bytes(32) + (e % ORDER).to_bytes(32)
    v, k = b"\1" * 32, b"\0" * 32
    for separator in (b"\0", b"\1"):
        k = _hmac(k, v + separator + seed)
        v = _hmac(k, v)
    while True:
        v = _hmac(k, v)
        if 0 < int.from_bytes(v) < ORDER:
            return int.from_bytes(v)
        k = _hmac(k, v + b"\0")
        v = _hmac(k, v)


def _hmac(key: bytes, message: bytes) -> bytes:
    made = HMAC(key, SM3())
    made.update(message)
    return made.finalize()
