"""A double of an identity service: assertions for one person each, good once; and the ways in which it fails."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.doubles import serving

SECRET = "secret of the double"


@dataclass
class IdentityServer:
    """What the double knows. `fault` is empty, or how it fails: down, broken, a level of its own, a wrong secret."""

    address: str = ""
    fault: str = ""
    _vouched: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def vouch(self, name: str, id_number: str, worth: str) -> str:
        """Do what the service's own program does when a person has proved themselves: give an assertion."""
        assertion = secrets.token_urlsafe(24)
        self._vouched[assertion] = name, id_number, worth
        return assertion

    def answer(self, secret: str, body: dict[str, str]) -> tuple[int, bytes]:
        """Answer one request."""
        if self.fault == "broken":
            return 200, b"<html>maintenance</html>"
        if self.fault == "down":
            return 502, b""
        if secret != f"Bearer {SECRET}" or self.fault == "wrong secret":
            return 401, b""
        name, id_number, worth = self._vouched.pop(body["assertion"], ("", "", ""))
        if (name, id_number) != (body["name"], body["id_number"]):
            return 422, b""
        return 200, json.dumps({"assurance": self.fault or worth}).encode()


@contextmanager
def identity_server() -> Iterator[IdentityServer]:
    """Run the double on this machine."""
    double = IdentityServer()
    with serving(lambda _path, secret, body: double.answer(secret, body)) as address:
        double.address = f"{address}/confirm"
        yield double
