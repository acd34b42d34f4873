"""The published keys: every trust list as its roots signed it, and the keys as a JWK set for partners."""

import msgspec
from flask import Blueprint, Response

from codeservice.errors import NotFoundError, UnavailableError
from codeservice.services import Services
from codeservice.web.operation import operation
from codeservice.web.published import COSE, VERSION, published
from keys.errors import TrustListError
from keys.jws import jwk_of_key
from keys.key import KeyState

door = Blueprint("trust_list", __name__)

JWK_SET = "application/jwk-set+json"
_FRESH = 60
"""Seconds for which an answer may be kept: a killed key is not to live on in somebody's cache."""

_FOR_EVER = 365 * 24 * 3600
_PUBLISHED = frozenset({KeyState.PUBLISHED, KeyState.SIGNING, KeyState.VERIFYING})


@operation(door, "GET /trust-list", media=COSE, problems=("keys_unavailable",))
def newest_trust_list(services: Services) -> Response:
    """Give the trust list in force: one COSE_Sign (RFC 9052), signed by the roots."""
    return published(_signed(services, services.trust_list().version), COSE, seconds=_FRESH)


@operation(door, "GET /trust-list/<version>", media=COSE, problems=("trust_list_not_found", "keys_unavailable"))
def trust_list_version(services: Services, version: str) -> Response:
    """Give one version, so that a verifier that was away follows step by step."""
    number = int(version) if VERSION.fullmatch(version) else 0
    if not 1 <= number <= services.trust_list().version:
        raise NotFoundError("trust_list_not_found")
    return published(_signed(services, number), COSE, seconds=_FOR_EVER)


@operation(door, "GET /.well-known/jwks.json", media=JWK_SET, problems=("keys_unavailable",))
def jwk_set(services: Services) -> Response:
    """Give the living keys as a JWK set (RFC 7517) for systems that take keys over TLS; `purpose` names their use."""
    now, trust_list = services.clock(), services.trust_list()
    alive = [
        key
        for key in trust_list.keys.values()
        if key.kid not in trust_list.killed and key.state(now) in _PUBLISHED and now < trust_list.expires
    ]
    body = {"keys": [jwk_of_key(key) for key in sorted(alive, key=lambda key: (key.purpose, key.kid))]}
    return published(msgspec.json.encode(body), JWK_SET, seconds=_FRESH)


def _signed(services: Services, version: int) -> bytes:
    try:
        return services.signed_list(version)
    except (OSError, TrustListError) as error:
        raise UnavailableError("keys_unavailable", retry_after=30) from error
