"""Plain HTTP to a server on this machine, for everybody of the day who is no terminal program."""

import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass
class Answer:
    """An answer, read like Flask's."""

    status_code: int
    text: str

    def get_json(self) -> Any:
        """Return the body."""
        return json.loads(self.text)


class Http:
    """Calls a server with a cookie jar of its own, the way Flask's test client calls an application."""

    def __init__(self, origin: str) -> None:
        self._parts = urlsplit(origin)
        self._cookies: dict[str, str] = {}

    def open(self, path: str, **options: Any) -> Answer:
        """Send one request: `method`, `headers`, and `json`, a form in `data`, or bytes with `content_type`."""
        headers = dict(options.get("headers", {}))
        body: str | bytes | None = None
        if "json" in options:
            body, headers["Content-Type"] = json.dumps(options["json"]), "application/json"
        if isinstance(options.get("data"), bytes):
            body, headers["Content-Type"] = options["data"], options["content_type"]
        elif "data" in options:
            body, headers["Content-Type"] = urlencode(options["data"]), "application/x-www-form-urlencoded"
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=30)
        with closing(connection):
            connection.request(options.get("method", "GET"), path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            for header in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = header.split(";")[0].partition("=")
                self._cookies[name] = value
            return Answer(answer.status, text)
