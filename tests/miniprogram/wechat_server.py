"""WeChat's server as the city asks it: exchanges the codes of the phone in `wechat.js`, once and for five minutes."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles import serving

_LIFE = 300
_BAD_CODE = 40029
_USED = 40163


@contextmanager
def wechat_server() -> Iterator[str]:
    """Run the double on this machine; gives the address."""
    used: set[str] = set()

    def exchange(code: str) -> tuple[str, int]:
        about, _, rest = code.partition(" ")
        given = rest.partition(" ")[0]
        if not given.isdecimal() or time.time() - int(given) > _LIFE:
            return "", _BAD_CODE
        if code in used:
            return "", _USED
        used.add(code)
        return about, 0

    def told(path: str, body: dict[str, Any]) -> dict[str, Any]:
        parts = urlsplit(path)
        if parts.path.startswith("/cgi-bin/"):
            return {"access_token": "t", "expires_in": 7200}
        if body:
            about, fault = exchange(body["code"])
            return {"errcode": fault, "phone_info": {"purePhoneNumber": about, "countryCode": "86"}}
        about, fault = exchange(parse_qs(parts.query).get("js_code", [""])[0])
        return {"errcode": fault} if fault else {"openid": about, "session_key": "k"}

    with serving(lambda path, _authorization, body: (200, json.dumps(told(path, body)).encode())) as address:
        yield address
