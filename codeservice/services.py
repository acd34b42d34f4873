"""Services: what a request may use, and the few acts that join rules and record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from codeservice.assurance import Assurance
from codeservice.city import City
from codeservice.rate import RateLimiter
from codeservice.settings import Settings
from codeservice.store.database import Database
from codeservice.store.events import EventStream
from codeservice.store.policy import PolicyBook
from codeservice.store.status import RevokedCache
from codeservice.verifier import Verifier
from keys.key import Purpose
from keys.signer import Signer
from keys.trustlist import TrustList
from keys.vault import Vault


class MessageGateway(Protocol):
    """Sends a short message to a phone."""

    def send(self, phone: str, text: str, *, now: int) -> None:
        """Hand a message over; raises UnavailableError when the gateway does not take it."""
        ...


class MiniProgram(Protocol):
    """The platform that a mini-program runs on; both ask it with a code that its client was given, good for one use.

    Both raise UnprocessableError for a code that is refused, TooManyRequestsError, and UnavailableError.
    """

    def openid_of(self, login_code: str) -> str:
        """Return the platform's own identifier of the user who has logged in."""
        ...

    def phone_of(self, phone_code: str) -> str:
        """Return the phone number that the user has allowed to be read."""
        ...


class IdentityConfirmation(Protocol):
    """Confirms that somebody has the document of a name and an ID number in their hands."""

    def confirm(self, name: str, id_number: str, assertion: str) -> Assurance:
        """Return what a one-time assertion is worth.

        Raises UnprocessableError for a no, TooManyRequestsError, UnavailableError.
        """
        ...


@dataclass(frozen=True)
class Services:
    """The parts of a running service, made once by the composition root."""

    settings: Settings
    database: Database
    revoked: RevokedCache
    events: EventStream
    vault: Vault
    trust_list: Callable[[], TrustList]
    signed_list: Callable[[int], bytes]
    signer: Callable[[Purpose], Signer]
    verifier: Verifier
    messages: MessageGateway
    mini_program: MiniProgram
    identity: IdentityConfirmation
    limiter: RateLimiter
    policies: PolicyBook
    clock: Callable[[], int]

    @property
    def city(self) -> City:
        """The city that issues."""
        return City(self.settings.region, self.settings.neighbours)
