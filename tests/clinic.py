"""A hospital for tests: its desk, its server, and a second hospital that must learn nothing."""

import secrets
from typing import Any

from codeservice.store import client
from tests.conftest import City
from tests.phone import Answer, Phone, Terminal

SCOPES = frozenset({"encounters", "insurance", "records", "emergency", "fhir"})
OPERATOR = "nurse-7"


class BackEnd:
    """A hospital's own server."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def call(self, method: str, path: str, body: object = None, act: str | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.terminal.token}", "Idempotency-Key": act or secrets.token_hex(8)}
        options: dict[str, Any] = {} if body is None else {"json": body}
        return self.terminal.http.open(path, method=method, headers=headers, **options)

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def visit(self, day: str, number: str) -> dict[str, Any]:
        answer = self.get(f"/api/v1/encounters/{day}/{number}")
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found


def back_end(city: City, name: str = "hospital-back-end") -> BackEnd:
    """Return the server of the demo city's hospital."""
    return BackEnd(city.terminal(name))


def other_hospital(city: City) -> BackEnd:
    """Open a second hospital with a desk `clinic-9`, and return its server."""
    with city.services.database.write() as connection:
        client.add_partner(connection, id_="second-hospital", name="市第二人民医院")
        client.add_place(connection, id_="second", partner="second-hospital", scene="hospital", name="二院门诊")
        for name, kind, scopes in (("second-server", client.BACK_END, SCOPES), ("clinic-9", client.TERMINAL, {"scan"})):
            client.add_client(connection, id_=name, kind=kind, place="second", name=name, scopes=frozenset(scopes))
    return back_end(city, "second-server")


def consent(phone: Phone) -> None:
    """Let hospitals see the holder in full."""
    assert phone.call("PUT", "/consents/hospital", {"given": True}).status_code == 200
