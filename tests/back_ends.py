"""Back ends of partners for tests: enrolled with the scopes that a test gives them, calling by HTTP."""

import secrets
from typing import Any

from codeservice.store import client
from tests.conftest import City
from tests.phone import Answer, Terminal


class BackEnd:
    """One back end with a token."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def call(self, method: str, path: str, body: object = None, *, act: str | None = None) -> Answer:
        """Call the interface for partners."""
        headers = {"Authorization": f"Bearer {self.terminal.token}", "Idempotency-Key": act or secrets.token_hex(8)}
        options: dict[str, Any] = {"method": method, "headers": headers}
        if body is not None:
            options["json"] = body
        return self.terminal.http.open(path, **options)

    def on(self, city: City) -> "BackEnd":
        """Return this back end on another connection."""
        return BackEnd(self.terminal.on(city.app.test_client()))


def open_back_end(city: City, name: str, place: str, *scopes: str) -> BackEnd:
    """Enrol a new back end at a place."""
    with city.services.database.write() as connection:
        client.add_client(connection, id_=name, kind=client.BACK_END, place=place, name=name, scopes=frozenset(scopes))
    return BackEnd(city.terminal(name))
