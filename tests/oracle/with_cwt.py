"""COSE by other hands: signs and verifies with python-cwt. Knows nothing of this project and imports nothing of it.

Runs in .venv-oracle. Questions as a JSON list on standard input, answers on standard output; bytes are hex.

{"do": "verify", "message", "aad", "x", "y", "kid"} gives {"protected", "unprotected", "payload"} or {"refused"}.
{"do": "sign", "payload", "aad", "x", "y", "d", "kid"} gives {"message"}, an untagged COSE_Sign1.
A payload to be signed comes in the notation of `_write`, so that its CBOR is written here too.
"""

import json
import sys
from typing import Any

import cbor2
from cwt import COSE, COSEKey
from cwt.exceptions import DecodeError, VerifyError

_ALG, _KID, _ES256 = 1, 4, -7
_KTY, _CRV, _X, _Y, _D, _EC2, _P256 = 1, -1, -2, -3, -4, 2, 1
_SIGN1 = b"\xd2"
"""CBOR tag 18. The library reads and writes tagged messages; the tag is no part of what is signed (RFC 9052 4.4)."""

_HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Answer one question."""
    match question["do"]:
        case "verify":
            return _verify(question)
        case "sign":
            return {"message": _sign(question).hex()}
        case other:
            raise ValueError(other)


def _verify(question: dict[str, Any]) -> dict[str, Any]:
    message = _SIGN1 + bytes.fromhex(question["message"])
    aad = bytes.fromhex(question["aad"])
    try:
        protected, unprotected, payload = COSE.new().decode_with_headers(message, _key(question), external_aad=aad)
    except (DecodeError, VerifyError, ValueError) as error:
        return {"refused": type(error).__name__}
    return {"protected": _show(protected), "unprotected": _show(unprotected), "payload": _show(cbor2.loads(payload))}


def _sign(question: dict[str, Any]) -> bytes:
    header: dict[int, Any] = {_ALG: _ES256}
    if question["kid"] is not None:
        header[_KID] = bytes.fromhex(question["kid"])
    payload, aad, key = cbor2.dumps(_write(question["payload"])), bytes.fromhex(question["aad"]), _key(question)
    # The library does not normalise s, and every second signature has it in the lower half: sign until it has.
    while True:
        message = COSE.new().encode_and_sign(payload, key, protected=header, external_aad=aad)
        if int.from_bytes(message[-32:], "big") <= _HALF_ORDER:
            return bytes(message.removeprefix(_SIGN1))


def _key(question: dict[str, Any]) -> Any:
    fields: dict[int, Any] = {_KTY: _EC2, _CRV: _P256, 3: _ES256}
    fields |= {_X: bytes.fromhex(question["x"]), _Y: bytes.fromhex(question["y"])}
    if "d" in question:
        fields[_D] = bytes.fromhex(question["d"])
    if question["kid"] is not None:
        fields[2] = bytes.fromhex(question["kid"])
    return COSEKey.new(fields)


def _write(value: Any) -> Any:
    """Read {"map": [[key, value], ...]} as a map and {"bytes": hex} as a byte string."""
    match value:
        case {"map": pairs}:
            return {key: _write(item) for key, item in pairs}
        case {"bytes": text}:
            return bytes.fromhex(text)
        case list():
            return [_write(item) for item in value]
        case _:
            return value


def _show(value: Any) -> Any:
    """Write what `_write` reads."""
    match value:
        case dict():
            return {"map": [[key, _show(item)] for key, item in value.items()]}
        case bytes():
            return {"bytes": value.hex()}
        case list():
            return [_show(item) for item in value]
        case _:
            return value


if __name__ == "__main__":
    json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
