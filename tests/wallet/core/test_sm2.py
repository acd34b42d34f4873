"""SM2 in the wallet's modules and in the service: each verifies the other, and no look-alike."""

import pytest

from keys.algorithms import ALGORITHMS, SM2
from keys.errors import BadSignatureError
from tests import sm2
from tests.sm2 import EXAMPLE_MESSAGE, EXAMPLE_SIGNATURE, written
from tests.wallet.core.javascript import in_node

PRIVATE = sm2.EXAMPLE_PRIVATE
POINT = sm2.compressed(sm2.multiply(PRIVATE, sm2.BASE))
IDENTITIES = [b"", b"1234567812345678", b"city 349901", bytes(range(64))]


def tried(signature: bytes, message: bytes = b"message", point: bytes = POINT, identity: bytes = b"") -> dict[str, str]:
    """Describe one attempt."""
    return {
        "point": point.hex(),
        "identity": identity.hex(),
        "message": message.hex(),
        "signature": signature.hex(),
    }


def test_the_published_example_verifies() -> None:
    """GB/T 32918.5 appendix A."""
    assert in_node("verify", algorithm="SM2", tried=[tried(EXAMPLE_SIGNATURE, EXAMPLE_MESSAGE)]) == [True]


@pytest.mark.parametrize("identity", IDENTITIES)
def test_the_wallet_verifies_what_the_service_signs(identity: bytes) -> None:
    key = SM2.generate()
    messages = [b"", b"a", bytes(300)]
    attempts = [tried(key.sign(message, identity), message, key.public, identity) for message in messages]
    assert in_node("verify", algorithm="SM2", tried=attempts) == [True] * len(messages)
    others = [attempt | {"identity": b"another".hex()} for attempt in attempts]
    assert in_node("verify", algorithm="SM2", tried=others) == [False] * len(messages)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_service_verifies_what_the_wallet_signs(algorithm: str) -> None:
    messages = [b"", b"a", bytes(300)]
    made = in_node("sign", algorithm=algorithm, messages=[message.hex() for message in messages])
    verify = ALGORITHMS[algorithm].load(bytes.fromhex(made["point"]))
    for message, signature in zip(messages, made["signatures"], strict=True):
        verify(bytes.fromhex(signature), message)
        with pytest.raises(BadSignatureError):
            verify(bytes.fromhex(signature), message + b"!")


def test_no_look_alike_verifies() -> None:
    signature = sm2.sign(PRIVATE, b"message")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    wrong = {
        "n - s": written(r, sm2.ORDER - s),
        "n - r": written(sm2.ORDER - r, s),
        "swapped": written(s, r),
        "r + s is n": written(r, sm2.ORDER - r),
        "r is 0": written(0, s),
        "r is n": written(sm2.ORDER, s),
        "s is 0": written(r, 0),
        "s is n": written(r, sm2.ORDER),
        "all ones": b"\xff" * 64,
        "all zero": bytes(64),
        "empty": b"",
        "63 bytes": signature[:63],
        "65 bytes": signature + b"\0",
    }
    answers = in_node("verify", algorithm="SM2", tried=[tried(signature), *map(tried, wrong.values())])
    assert dict(zip(["right", *wrong], answers, strict=True)) == {"right": True} | dict.fromkeys(wrong, False)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(33), id="infinity"),
        pytest.param(POINT + b"\0", id="34 bytes"),
        pytest.param(b"\x04" + POINT[1:], id="wrong prefix"),
        pytest.param(b"\x02" + sm2.PRIME.to_bytes(32), id="x is the prime"),
        pytest.param(b"\x02" + (5).to_bytes(32), id="no point has this x"),
    ],
)
def test_what_is_no_point_of_the_curve_is_no_key(point: bytes) -> None:
    attempt = tried(sm2.sign(PRIVATE, b"message"), point=point)
    assert in_node("verify", algorithm="SM2", tried=[attempt]) == [None]
