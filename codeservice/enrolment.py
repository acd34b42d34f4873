"""Enrolment links: by one of them a terminal becomes one, and knows from then on whose trust lists to believe."""

import hashlib

from codeservice.services import Services
from codeservice.store.client import StoredClient
from keys.errors import TrustListError

PIN_SIZE = 16
"""Bytes of the digest (the first of SHA-256) by which a link names the signed trust list in force."""


def write_link(services: Services, terminal: StoredClient, code: str) -> str:
    """Write the link by which a terminal enrols with its one-time code; raises TrustListError.

    Everything secret stands behind the #, which no browser sends.
    """
    try:
        signed = services.signed_list(services.trust_list().version)
    except OSError as error:
        raise TrustListError(f"the folder of the keys lacks the list in force: {error.strerror}") from error
    pin = hashlib.sha256(signed).digest()[:PIN_SIZE].hex()
    page = f"{services.settings.origin}/scanner/{terminal.scene}"
    return f"{page}#terminal={terminal.id}&enrol={code}&trust={pin}"
