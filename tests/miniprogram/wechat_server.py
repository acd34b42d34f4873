"""WeChat's server as the city asks it: exchanges the codes of the phone in `wechat.js`, once and for five minutes."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_LIFE = 300
_BAD_CODE = 40029
_USED = 40163


class _Handler(BaseHTTPRequestHandler):
    used: set[str]

    def do_GET(self) -> None:
        """Exchange the code of wx.login."""
        code = parse_qs(urlsplit(self.path).query).get("js_code", [""])[0]
        about, fault = self._exchange(code)
        self._answer({"errcode": fault} if fault else {"openid": about, "session_key": "k"})

    def do_POST(self) -> None:
        """Give an access token, or exchange the code of getPhoneNumber."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/cgi-bin/"):
            self._answer({"access_token": "t", "expires_in": 7200})
            return
        about, fault = self._exchange(body["code"])
        self._answer({"errcode": fault or 0, "phone_info": {"purePhoneNumber": about, "countryCode": "86"}})

    def _exchange(self, code: str) -> tuple[str, int]:
        about, _, rest = code.partition(" ")
        given = rest.partition(" ")[0]
        if not given.isdecimal() or time.time() - int(given) > _LIFE:
            return "", _BAD_CODE
        if code in self.used:
            return "", _USED
        self.used.add(code)
        return about, 0

    def _answer(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name of the base class
        """Say nothing."""


@contextmanager
def wechat_server() -> Iterator[str]:
    """Serve on a port of 127.0.0.1; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"used": set()}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
