"""What a holder takes away: one file of two lines, the data and a signature over its very bytes. No I/O.

The first line is a JSON object, the second {"sha256": hex, "signature": COSE_Sign1 in base64url} under a status key
with the context below. Whoever gets the file can check with the trust list alone that the city wrote it and when
(Personal Information Protection Law, article 45: to read, to copy and to take along).
"""

import hashlib
import json
from dataclasses import dataclass

from keys import jws
from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sign1
from keys.errors import BadKeyError, KeysError, NotSignedError
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList

EXPORT_AAD = b"CC1 export"
MEDIA = "application/jsonl"
MAX_EXPORT = 64 * 1024 * 1024
"""Bytes of the largest file that is checked."""

_HASH_SIZE = 32


@dataclass(frozen=True)
class ExportSeal:
    """What is signed of an export: SHA-256 of its data, and when it was made."""

    digest: bytes
    at: int


def write_seal(seal: ExportSeal) -> bytes:
    """Write what is signed."""
    return dumps({"at": seal.at, "sha256": seal.digest})


def read_seal(payload: bytes) -> ExportSeal:
    """Read what was signed; raises NotSignedError unless it is exactly what `write_seal` writes."""
    try:
        match loads(payload):
            case {"at": int(at), "sha256": bytes(digest)} if len(digest) == _HASH_SIZE:
                if write_seal(ExportSeal(digest, at)) == payload:
                    return ExportSeal(digest, at)
            case _:
                pass
    except KeysError as error:
        raise NotSignedError("not the seal of an export") from error
    raise NotSignedError("not the seal of an export")


def write_export(data: dict[str, object], *, signer: Signer, now: int) -> bytes:
    """Write and sign an export; raises KeyNotUsableError or SignerError."""
    # JSON escapes line breaks inside of texts, so the first line is all of the data.
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    digest = hashlib.sha256(line).digest()
    signed = sign1(
        write_seal(ExportSeal(digest, now)),
        alg=algorithm_named(signer.key.algorithm).cose,
        kid=signer.key.kid,
        external_aad=EXPORT_AAD,
        sign=lambda message: signer.sign(message, now=now),
    )
    seal = json.dumps({"sha256": digest.hex(), "signature": jws.encode(signed)}).encode()
    return line + b"\n" + seal + b"\n"


def verify_export(file: bytes, *, trust_list: TrustList, now: int) -> ExportSeal:
    """Check a whole file; raises KeysError for one that the city did not write or that was changed."""
    lines = file.split(b"\n")
    if len(file) > MAX_EXPORT or len(lines) != 3 or lines[2]:  # noqa: PLR2004 -- two lines, each with its end
        raise NotSignedError("not an export")
    try:
        signed = jws.decode(str(jws.parse_json(lines[1])["signature"]))
    except (BadKeyError, KeyError, TypeError) as error:
        raise NotSignedError("an export without a signature") from error
    parts = read_sign1(signed)
    key = trust_list.find(parts.kid or b"", Purpose.STATUS, now)
    key.verify(parts.signature, parts.signed_bytes(EXPORT_AAD))
    seal = read_seal(parts.payload)
    if seal.digest != hashlib.sha256(lines[0]).digest():
        raise NotSignedError("the data is not what was signed")
    return seal
