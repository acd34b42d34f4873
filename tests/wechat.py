"""A double of WeChat's server interface that behaves like the real one: one-time codes, their time, quotas, tokens.

Errors come as HTTP 200 with an errcode, as they do there.
"""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles import serving

APP, SECRET = "wx0123456789abcdef", "app secret of the double"
CODE_LIFE = 300
LOG_INS_A_MINUTE = 100
TOKEN_LIFE = 7200

Json = dict[str, Any]


@dataclass
class WechatServer:
    """What the double knows; tests move `now`, set `busy`, and take tokens back."""

    now: float = 0.0
    busy: bool = False
    address: str = ""
    asked: list[str] = field(default_factory=list)
    """The paths that were asked, without what was sent."""
    tokens: dict[str, float] = field(default_factory=dict)
    _codes: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _log_ins: dict[str, list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def log_in(self, openid: str) -> str:
        """Do what wx.login does for a user: give a code."""
        return self._give("login", openid)

    def allow_phone(self, phone: str, country: str = "86") -> str:
        """Do what a tap on the getPhoneNumber button does: give a code."""
        return self._give("phone", f"{country} {phone}")

    def answer(self, path: str, query: dict[str, str], body: Json) -> Json:
        """Answer one request."""
        with self._lock:
            self.asked.append(path)
            if self.busy:
                return {"errcode": -1, "errmsg": "system error"}
            match path:
                case "/sns/jscode2session":
                    return self._session(query)
                case "/cgi-bin/stable_token":
                    return self._token(body)
                case "/wxa/business/getuserphonenumber":
                    return self._phone(query, body)
                case _:
                    return {"errcode": 40066, "errmsg": "invalid url"}

    def _give(self, kind: str, what: str) -> str:
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = (kind, what, self.now)
        return code

    def _session(self, query: dict[str, str]) -> Json:
        if query.get("appid") != APP:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if query.get("secret") != SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        openid = self._use("login", query.get("js_code", ""))
        if isinstance(openid, dict):
            return openid
        recent = [at for at in self._log_ins.get(openid, []) if at > self.now - 60]
        self._log_ins[openid] = [*recent, self.now]
        if len(recent) >= LOG_INS_A_MINUTE:
            return {"errcode": 45011, "errmsg": "api minute-quota reach limit"}
        return {"openid": openid, "session_key": secrets.token_urlsafe(16)}

    def _token(self, body: Json) -> Json:
        if body.get("appid") != APP or body.get("secret") != SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        token = secrets.token_urlsafe(32)
        self.tokens[token] = self.now + TOKEN_LIFE
        return {"access_token": token, "expires_in": TOKEN_LIFE}

    def _phone(self, query: dict[str, str], body: Json) -> Json:
        token = query.get("access_token", "")
        if token not in self.tokens:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        if self.tokens[token] <= self.now:
            return {"errcode": 42001, "errmsg": "access_token expired"}
        found = self._use("phone", str(body.get("code")))
        if isinstance(found, dict):
            return found
        country, phone = found.split(" ")
        info = {"phoneNumber": f"+{country}{phone}", "purePhoneNumber": phone, "countryCode": country}
        return {"errcode": 0, "errmsg": "ok", "phone_info": info}

    def _use(self, kind: str, code: str) -> str | Json:
        known = self._codes.get(code)
        if known is None or known[0] != kind or known[2] <= self.now - CODE_LIFE:
            return {"errcode": 40029, "errmsg": "invalid code"}
        if code in self._used:
            return {"errcode": 40163, "errmsg": "code been used"}
        self._used.add(code)
        return known[1]


@contextmanager
def wechat_server() -> Iterator[WechatServer]:
    """Run the double on this machine."""
    double = WechatServer()

    def answer(path: str, _authorization: str, body: Json) -> tuple[int, bytes]:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return 200, json.dumps(double.answer(parts.path, query, body)).encode()

    with serving(answer) as double.address:
        yield double
