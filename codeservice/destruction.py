"""Certificates of destruction: signed, that data was deleted, how much, when, and by whose decision; nothing of it.

A certificate is one COSE_Sign1 under a checkpoint key. The digests are of the rows as they were: whoever kept a copy
against the rules can be shown that it is one; nobody can read a row out of them.
"""

from dataclasses import dataclass
from typing import Any

from keys.algorithms import algorithm_named
from keys.cbor import dumps, loads
from keys.cose import read_sign1, sign1
from keys.errors import KeysError, NotSignedError
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList

DESTRUCTION_AAD = b"CC1 destruction"
_NAMES = ("at", "ended", "people", "proposal", "tables")
_HASH_SIZE = 32


@dataclass(frozen=True)
class Destroyed:
    """Rows of one table that were deleted: how many, and SHA-256 over them in the order of their digests."""

    table: str
    count: int
    digest: bytes


@dataclass(frozen=True)
class Certificate:
    """What was destroyed at `at`, after the emergency `ended`, by decision of two `people` in a proposal."""

    proposal: str
    people: tuple[str, str]
    ended: int
    at: int
    tables: tuple[Destroyed, ...]


def write_certificate(certificate: Certificate) -> bytes:
    """Write what is signed."""
    tables = [[entry.table, entry.count, entry.digest] for entry in certificate.tables]
    values = dict(vars(certificate)) | {"people": list(certificate.people), "tables": tables}
    return dumps({name: values[name] for name in _NAMES})


def read_certificate(payload: bytes) -> Certificate:
    """Read what was signed; raises NotSignedError unless it is exactly what `write_certificate` writes."""
    try:
        match loads(payload):
            case {"at": int(at), "ended": int(ended), "people": [str(first), str(second)], **rest}:
                tables = tuple(_destroyed(entry) for entry in _list(rest.get("tables")))
                read = Certificate(str(rest.get("proposal")), (first, second), ended, at, tables)
                if write_certificate(read) == payload:
                    return read
            case _:
                pass
    except KeysError as error:
        raise NotSignedError("not a certificate of destruction") from error
    raise NotSignedError("not a certificate of destruction")


def sign_certificate(certificate: Certificate, *, signer: Signer) -> bytes:
    """Sign a certificate; raises KeyNotUsableError or SignerError."""
    return sign1(
        write_certificate(certificate),
        alg=algorithm_named(signer.key.algorithm).cose,
        kid=signer.key.kid,
        external_aad=DESTRUCTION_AAD,
        sign=lambda message: signer.sign(message, now=certificate.at),
    )


def verify_certificate(signed: bytes, trust_list: TrustList, now: int) -> Certificate:
    """Verify a certificate under the trust list; raises KeysError."""
    parts = read_sign1(signed)
    key = trust_list.find(parts.kid or b"", Purpose.CHECKPOINT, now)
    key.verify(parts.signature, parts.signed_bytes(DESTRUCTION_AAD))
    return read_certificate(parts.payload)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _destroyed(value: object) -> Destroyed:
    match value:
        case [str(table), int(count), bytes(digest)] if count >= 0 and len(digest) == _HASH_SIZE:
            return Destroyed(table, count, digest)
        case _:
            raise NotSignedError("not a certificate of destruction")
