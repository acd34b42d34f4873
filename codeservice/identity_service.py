"""The identity service: confirms that somebody has the document of a name and an ID number in their hands.

A city ties its own behind this port: the national network identity service, the police's, a bank's. The client is given
a one-time assertion by that service's own program; this module asks what it is worth. One POST to its address:

    Authorization: Bearer <secret>
    {"name": "…", "id_number": "…", "assertion": "…"}

answered with 200 and {"assurance": "document"} or {"assurance": "presence"}, with 422 for a no, 429 for too often.
"""

import json
import urllib.error
import urllib.request
from http import HTTPStatus

from codeservice import logs
from codeservice.assurance import Assurance
from codeservice.errors import TooManyRequestsError, UnavailableError, UnprocessableError

_SECONDS = 5
_LARGEST = 64 * 1024
_WORTH = {"document": Assurance.DOCUMENT, "presence": Assurance.PRESENCE}


class NoIdentityService:
    """Says that no identity service is configured."""

    def confirm(self, name: str, id_number: str, assertion: str) -> Assurance:  # noqa: ARG002 -- the protocol's names
        """Raise UnavailableError."""
        raise UnavailableError("identity_service_unavailable")


class IdentityService:
    """An identity service at an address."""

    def __init__(self, address: str, secret: str) -> None:
        """Keep what is asked with; nothing is contacted yet."""
        self._address, self._secret = address, secret

    def confirm(self, name: str, id_number: str, assertion: str) -> Assurance:
        """Return what an assertion is worth for this person.

        Raises UnprocessableError for a no, TooManyRequestsError, UnavailableError for everything else: a broken answer
        confirms nobody.
        """
        body = json.dumps({"name": name, "id_number": id_number, "assertion": assertion}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._secret}"}
        request = urllib.request.Request(self._address, data=body, headers=headers)  # noqa: S310 -- the operator's
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 -- the same
                answer = json.loads(response.read(_LARGEST))
        except urllib.error.HTTPError as error:
            with error:
                self._explain(error.code)
            raise UnavailableError("identity_service_unavailable", retry_after=_SECONDS) from None
        except (OSError, ValueError) as error:
            logs.event("identity_service_failed", kind=type(error).__name__)
            raise UnavailableError("identity_service_unavailable", retry_after=_SECONDS) from None
        worth = _WORTH.get(str(answer.get("assurance"))) if isinstance(answer, dict) else None
        if worth is None:
            logs.event("identity_service_failed", kind="unreadable")
            raise UnavailableError("identity_service_unavailable", retry_after=_SECONDS)
        return worth

    def _explain(self, status: int) -> None:
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise UnprocessableError("identity_not_confirmed")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise TooManyRequestsError("too_many_tries", retry_after=60)
        # A wrong secret or a wrong address: the operator's to mend.
        logs.event("identity_service_refused", kind=status)
