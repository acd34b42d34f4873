"""Message gateways: how a one-time password reaches a phone."""

from codeservice.errors import UnavailableError
from codeservice.store import account
from codeservice.store.database import Database
from keys.vault import Vault


class DemoGateway:
    """Keeps messages for a page instead of sending them. For a demo city only: whoever sees the page can sign in."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """Keep where messages go."""
        self._database = database
        self._vault = vault

    def send(self, phone: str, text: str, *, now: int) -> None:
        """Keep a message."""
        with self._database.write() as connection:
            account.add_message(connection, self._vault, phone=phone, text=text, now=now)


class NoGateway:
    """Says that no gateway is configured."""

    def send(self, phone: str, text: str, *, now: int) -> None:  # noqa: ARG002 -- the protocol's names
        """Raise UnavailableError."""
        raise UnavailableError("messages_unavailable")
